"""Courses and lessons, read from the folder `emails/` once in each process. Errors name the file and line."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError, nodes

from content import ids, languages, markdown
from content.languages import NONE, UNREADABLE, Language
from content.markdown import Prose
from course.errors import CourseError
from course.syllabus import Syllabus
from course.tokens import LEAVE, lesson_tag


@dataclass(frozen=True, slots=True)
class Lesson:
    """One email of a course's plan: the introduction, the lesson of a day, or the closing letter."""

    id: str
    subject: str
    preheader: str
    question: str | None
    """The question that the subscriber answers by reply."""
    echoes: tuple[str, ...]
    """The lessons whose reflections its text quotes, such as by `reflections['own-it']`."""
    prose: Prose
    was: tuple[str, ...] = ()
    """The ids that the lesson had before its file was renamed."""


@dataclass(frozen=True, slots=True)
class Course(Syllabus):
    """One course: its folder's `course.toml`, `about.md` and lessons, in the order of their file names."""

    id: str
    title: str
    sender_name: str
    language: Language
    tagline: str
    hold_in_doubt: bool
    """Whether an attempt of unknown outcome is never retried without an operator."""
    thread: bool
    """Whether a mail client shows the lessons of a round as one conversation."""
    support: Mapping[str, str]
    """`text` and `link` for support after the course, or nothing."""
    about: str
    lessons: Mapping[str, Lesson]

    @property
    def way_back_question(self) -> str | None:
        """The question of the way back."""
        return self.lessons[self.way_back].question if self.way_back else None


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in `emails/`: the courses and everything that they share."""

    courses: Mapping[str, Course]
    languages: Mapping[str, Language]
    layout_html: Template
    layout_text: Template
    folders: tuple[str, ...] = ()
    """The ids of all courses, including those that cannot be read."""
    faults: tuple[CourseError, ...] = ()
    """The reasons why a course, a language or a notice cannot be used."""

    @property
    def first(self) -> Course:
        """The course for a page that names no course. Raises CourseError if none can be read."""
        for course in self.courses.values():
            return course
        raise self.faults[0]

    @property
    def language(self) -> Language:
        """The language of a page without a course: the language of the first course that can be read."""
        return next((spoken.language for spoken in self.courses.values()), next(iter(self.languages.values()), NONE))

    def with_stand_in(self, course: str, plan: tuple[str, ...], language: str) -> "Library":
        """The library with a substitute for a missing or unreadable course: it has only the ids of its lessons."""
        speaks = self.languages.get(language, self.language)
        name = str(speaks.words.get("email", {}).get("some_course", ""))
        stand_in = Course(
            plan=plan,
            closing=plan[-1] if plan else "",
            way_back=None,
            id=course,
            title=name,
            sender_name=name,
            language=speaks,
            tagline="",
            hold_in_doubt=True,
            thread=False,
            about="",
            lessons={},
            support={},
        )
        return replace(self, courses={**self.courses, course: stand_in})

    def course_or_first(self, fields: Mapping[str, str]) -> Course:
        """The course that the field `course` of a form or a query names, or the first one."""
        return self.courses.get(fields.get("course", "")) or self.first

    def notice_of(self, tag: bytes) -> str:
        """The id of the notice that a reply address was made for, or empty."""
        return next((name for name in self.notices if lesson_tag(name) == tag), "")

    @property
    def notices(self) -> list[str]:
        """The ids of the notices, which are the same in every language."""
        return list(next(iter(self.languages.values()), NONE).notices)


def load(folder: Path) -> Library:
    """Everything in a folder. Raises CourseError if any part of it cannot be used."""
    library = usable(folder)
    for fault in library.faults:
        raise fault
    return library


@cache
def usable(folder: Path) -> Library:
    """Reads and compiles all courses and languages that can be used, once in each process; the rest are `faults`."""
    loader = FileSystemLoader(folder)
    html = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    # Plain text needs no escaping; the environment above renders HTML.
    text = html.overlay(autoescape=False)
    faults: list[CourseError] = []
    spoken = languages.load(folder, html, text, faults)
    courses = {}
    folders = [path.parent for path in sorted(folder.glob("*/course.toml"))]
    for course in folders:
        try:
            courses[course.name] = _course(course, spoken, html, text)
        except UNREADABLE as error:
            faults.append(CourseError.of(course, error))
    if not folders:
        faults.append(CourseError(folder, "holds no course: a course is a folder with a course.toml"))
    layout_html = languages.template(html, folder / "layout.html.j2", faults)
    layout_text = languages.template(text, folder / "layout.txt.j2", faults)
    ids = tuple(course.name for course in folders)
    return Library(courses, spoken, layout_html, layout_text, ids, tuple(faults))


def _course(folder: Path, spoken: Mapping[str, Language], html: Environment, text: Environment) -> Course:
    path = folder / "course.toml"
    settings = markdown.read_toml(path)
    if not re.fullmatch(ids.ID, folder.name):
        raise CourseError(
            folder, "must be named in lower-case letters, digits and hyphens: the name is the course's id"
        )
    lessons = [_lesson(lesson, html, text) for lesson in sorted(folder.glob("*.md.j2"))]
    plan = tuple(lesson.id for lesson in lessons)
    notices = {notice for language in spoken.values() for notice in language.notices}
    ids.check(folder, [(lesson.id, lesson.was) for lesson in lessons], [*sorted(notices), LEAVE])
    _check_settings(path, settings, plan, spoken)
    return Course(
        plan=plan,
        closing=markdown.need(settings, "closing", path),
        way_back=settings.get("way_back"),
        renamed={before: lesson.id for lesson in lessons for before in lesson.was},
        id=folder.name,
        title=markdown.need(settings, "title", path),
        sender_name=markdown.need(settings, "sender_name", path),
        language=spoken[settings["language"]],
        tagline=markdown.need(settings, "tagline", path),
        hold_in_doubt=settings.get("in_doubt") == "hold",
        thread=settings.get("thread") is True,
        support=settings.get("support", {}),
        about=markdown.to_html((folder / "about.md").read_text("utf-8")),
        lessons={lesson.id: lesson for lesson in lessons},
    )


def _check_settings(path: Path, settings: dict[str, Any], plan: Sequence[str], spoken: Mapping[str, Language]) -> None:
    """Raises CourseError if a setting has an invalid value."""
    for key in ("closing", "way_back"):
        if key in settings and settings[key] not in plan:
            raise CourseError(path, f"{key} names no lesson of this course: {settings[key]}")
    for key, values in (("in_doubt", ("resend", "hold")), ("thread", (True, False))):
        if settings.get(key, values[0]) not in values:
            raise CourseError(path, f"{key} must be {' or '.join(map(json.dumps, values))}, not {settings[key]}")
    support = settings.get("support") or {"text": "none", "link": "https://"}
    wanted = isinstance(support, dict) and sorted(support) == ["link", "text"]
    if not wanted or not str(support["text"]).strip() or not str(support["link"]).startswith("https://"):
        raise CourseError(path, "support must be {} or have a text and a link that begins with https://")
    language = markdown.need(settings, "language", path)
    if language not in spoken:
        raise CourseError(path, f"language must be one of {', '.join(spoken)}, not {language}")


def _lesson(path: Path, html: Environment, text: Environment) -> Lesson:
    number, _, lesson = path.name.removesuffix(".md.j2").partition("-")
    if not number.isdigit() or not re.fullmatch(ids.ID, lesson):
        raise CourseError(
            path, "must be named by number and id (lower-case letters, digits, hyphens), such as 01-acknowledge.md.j2"
        )
    matter, body, line = markdown.read(path)
    return Lesson(
        id=lesson,
        subject=markdown.need(matter, "subject", path),
        preheader=markdown.need(matter, "preheader", path),
        question=matter.get("question"),
        echoes=_echoes(path, body, line, html),
        prose=markdown.compile_prose(path, body, line, html, text),
        was=ids.was(matter, path),
    )


def _echoes(path: Path, body: str, first_line: int, html: Environment) -> tuple[str, ...]:
    """The ids of the lessons whose reflections a lesson quotes. Raises CourseError if one is no earlier lesson."""
    try:
        source = html.parse(body)
    except TemplateSyntaxError:
        return ()  # compiling it raises the error with its line
    earlier = {
        other.name.removesuffix(".md.j2").partition("-")[2] for other in path.parent.glob("*.md.j2") if other < path
    }
    found: list[str] = []
    for item in source.find_all(nodes.Getitem):
        if isinstance(item.node, nodes.Name) and item.node.name == "reflections":
            lesson = item.arg.value if isinstance(item.arg, nodes.Const) else "?"
            if lesson not in earlier:
                line = first_line + item.lineno - 1
                raise CourseError(path, f"reflections['{lesson}'] names no earlier lesson", line)
            found.append(lesson)
    return tuple(dict.fromkeys(found))
