"""Courses and lessons, read from the folder `emails/` once per process. Mistakes name file and line."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, TemplateSyntaxError, nodes

from content import languages, markdown
from content.languages import Language
from content.markdown import Prose
from course.errors import CourseError
from course.syllabus import Syllabus
from course.tokens import LEAVE, lesson_tag


@dataclass(frozen=True, slots=True)
class Lesson:
    """One email of a course: the introduction, a day's lesson, or the closing letter."""

    id: str
    subject: str
    preheader: str
    question: str | None
    """What the subscriber is asked to answer by reply."""
    echoes: tuple[str, ...]
    """The lessons whose answers its text quotes, by `reflections['own-it']`."""
    prose: Prose


@dataclass(frozen=True, slots=True)
class Course(Syllabus):
    """One course: its folder's `course.toml`, `about.md` and lessons, in the order of their file names."""

    id: str
    title: str
    sender_name: str
    language: Language
    tagline: str
    hold_in_doubt: bool
    """Whether an attempt that nobody knows the outcome of is never tried again by itself."""
    thread: bool
    """Whether a mail client shows the lessons of a round as one conversation."""
    support: Mapping[str, str]
    """`text` and `link` of where to go when the course is over, or nothing."""
    about: str
    lessons: Mapping[str, Lesson]

    @property
    def way_back_question(self) -> str | None:
        """What the way back asks."""
        return self.lessons[self.way_back].question if self.way_back else None


@dataclass(frozen=True, slots=True)
class Library:
    """Everything in `emails/`: the courses, and what all of them share."""

    courses: Mapping[str, Course]
    languages: Mapping[str, Language]
    layout_html: Template
    layout_text: Template

    @property
    def first(self) -> Course:
        """The course of a page that names none."""
        return next(iter(self.courses.values()))

    def course_or_first(self, fields: Mapping[str, str]) -> Course:
        """The course that the field `course` of a form or a query names, or the first one."""
        return self.courses.get(fields.get("course", "")) or self.first

    def email_of(self, course: str, tag: bytes) -> tuple[str, str]:
        """The lesson or the notice that a reply address stands for: one of the two ids is empty, or both."""
        notice = next((name for name in self.notices if lesson_tag(name) == tag), "")
        return self.courses[course].lesson_of(tag) or "", notice

    @property
    def notices(self) -> list[str]:
        """The ids of the notices, which are the same in every language."""
        return list(next(iter(self.languages.values())).notices)


@cache
def load(folder: Path) -> Library:
    """Reads and compiles all courses and languages, once per process. Raises CourseError."""
    loader = FileSystemLoader(folder)
    html = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    # Plain text has nothing to escape; what becomes HTML is rendered by the environment above.
    text = html.overlay(autoescape=False)
    spoken = languages.load(folder, html, text)
    courses = [_course(path.parent, spoken, html, text) for path in sorted(folder.glob("*/course.toml"))]
    if not courses:
        raise CourseError(folder, "holds no course: a course is a folder with a course.toml")
    layouts = html.get_template("layout.html.j2"), text.get_template("layout.txt.j2")
    return Library({course.id: course for course in courses}, spoken, *layouts)


def _course(folder: Path, spoken: Mapping[str, Language], html: Environment, text: Environment) -> Course:
    path = folder / "course.toml"
    settings = markdown.read_toml(path)
    if not re.fullmatch(r"[a-z0-9-]{1,40}", folder.name):
        raise CourseError(folder, "must be named in lower-case letters, digits and hyphens: it is the course's id")
    lessons = [_lesson(lesson, html, text) for lesson in sorted(folder.glob("*.md.j2"))]
    plan = tuple(lesson.id for lesson in lessons)
    _check_ids(folder, plan, [*next(iter(spoken.values())).notices, LEAVE])
    _check_settings(path, settings, plan, spoken)
    return Course(
        plan=plan,
        closing=markdown.need(settings, "closing", path),
        way_back=settings.get("way_back"),
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


def _check_ids(folder: Path, ids: Sequence[str], others: Sequence[str]) -> None:
    """Raises CourseError when two emails could be taken for each other. `others` are not lessons: the notices."""
    for lesson in ids:
        if lesson in others:
            raise CourseError(folder, f"no lesson can have the id {lesson}, which is another email's")
        if ids.count(lesson) > 1:
            raise CourseError(folder, f"two lessons have the id {lesson}: rename one of the files")
    tags = {lesson_tag(other): other for other in others}
    for lesson in ids:
        other = tags.setdefault(lesson_tag(lesson), lesson)
        if other != lesson:
            what = f"the ids {lesson} and {other} have the same tag in reply addresses: rename the lesson's file"
            raise CourseError(folder, what)


def _check_settings(path: Path, settings: dict[str, Any], ids: Sequence[str], spoken: Mapping[str, Language]) -> None:
    """Raises CourseError when a setting has a value that means nothing."""
    for key in ("closing", "way_back"):
        if key in settings and settings[key] not in ids:
            raise CourseError(path, f"{key} names no lesson of this course: {settings[key]}")
    for key, values in (("in_doubt", ("resend", "hold")), ("thread", (True, False))):
        if settings.get(key, values[0]) not in values:
            raise CourseError(path, f"{key} is {' or '.join(map(json.dumps, values))}, and {settings[key]} is neither")
    support = settings.get("support") or {"text": "none", "link": "https://"}
    wanted = isinstance(support, dict) and sorted(support) == ["link", "text"]
    if not wanted or not str(support["text"]).strip() or not str(support["link"]).startswith("https://"):
        raise CourseError(path, "support is {} or has a text and a link that begins with https://")
    language = markdown.need(settings, "language", path)
    if language not in spoken:
        raise CourseError(path, f"language is one of {', '.join(spoken)}, and {language} is none of them")


def _lesson(path: Path, html: Environment, text: Environment) -> Lesson:
    number, _, lesson = path.name.removesuffix(".md.j2").partition("-")
    if not number.isdigit() or not re.fullmatch(r"[a-z0-9-]{1,40}", lesson):
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
    )


def _echoes(path: Path, body: str, first_line: int, html: Environment) -> tuple[str, ...]:
    """Which answers a lesson quotes. Raises CourseError with the line of a name that no earlier lesson has."""
    try:
        source = html.parse(body)
    except TemplateSyntaxError:
        return ()  # compiling it says where
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
