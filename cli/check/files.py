"""Findings in the files themselves: encoding, numbers, ids, subjects, undefined names."""

import dataclasses
import re
import tomllib
import traceback
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError, TemplateSyntaxError, nodes

from cli.check.finding import Finding, line_of
from cli.samples import samples
from content import markdown
from content.languages import ASK, PROVE, with_commands
from content.lessons import Course, Library
from content.markdown import Prose
from course.errors import CourseError

BROKEN = (TemplateError, ArithmeticError, LookupError, TypeError, ValueError)
NAMES = {
    *("first_name", "course", "round", "coming_back", "site_url", "me_url", "yes_url", "not_yet_url", "reply_url"),
    *("ask_journal_url", "unsubscribe_url", "lesson_url", "postal_address", "subject", "preheader"),
    *("helplines", "directory", "helplines_url", "words", "loop"),
}
"""Names that the text of every email may use."""
IN_LESSONS = {"reflections"}
IN_NOTICES = {
    *("next_at", "next_subject", "next_is_closing", "hour", "zone", "erase_days"),
    *("way_back_question", "journal_hours", "backup_days"),
}
IN_CONFIRMATION = {"confirm_url", "hours"}
BRINGS_A_LINK = {"journal_url"}
IN_OFFERS = {"wish", "button", "word", "command"}
IN_NOTICE = {
    "confirm.md.j2": IN_CONFIRMATION,
    "ask-confirm.md.j2": IN_CONFIRMATION,
    "journal.md.j2": BRINGS_A_LINK,
    "export.md.j2": BRINGS_A_LINK,
    ASK: IN_OFFERS,
    PROVE: IN_OFFERS,
}
"""Further names that the text of one notice may use."""
FRONT_MATTER = {"subject", "preheader", "question"}
IN_HELP = "commands"
"""The list of commands: a table in the front matter, and the name of its place in the text."""
SETTINGS = {"title", "sender_name", "language", "tagline", "way_back", "closing", "in_doubt", "thread", "support"}
_template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def check(emails: Path) -> list[Finding]:
    """All findings that need no rendered email, in all files at once."""
    found = [finding for path in sorted(emails.rglob("*.*")) if path.is_file() for finding in _readable(path)]
    if found:
        return found
    for settings in sorted(emails.glob("*/course.toml")):
        found += _unknown(settings, tomllib.loads(settings.read_text("utf-8")), SETTINGS)
        found += _numbers(settings.parent)
        found += [finding for lesson in _lessons(settings.parent) for finding in _text(lesson, NAMES | IN_LESSONS)]
        found += (
            []
            if (settings.parent / "about.md").is_file()
            else [Finding(f"{settings.parent}/about.md", 1, "is missing")]
        )
    for notice in sorted(emails.glob("*/notices/*.md.j2")):
        found += _text(notice, NAMES | IN_NOTICES | IN_NOTICE.get(notice.name, set()))
    found += _languages(emails)
    return found


def check_templates(library: Library, emails: Path) -> list[Finding]:
    """Findings that need a rendered email: a missing attribute, a filter that fails."""
    found = []
    for sample in samples(_as_authors_see_it(library, emails), emails):
        try:
            sample.make()
        except BROKEN as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno for frame in frames if frame.filename == str(sample.source) and frame.lineno]
            found.append(Finding(str(sample.source), lines[-1] if lines else 1, str(error)))
    return found


def _readable(path: Path) -> Iterator[Finding]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
        if path.suffix == ".toml":
            tomllib.loads(text)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        yield Finding(str(path), line, f"is not UTF-8 (byte {error.start}): save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        line = int(found[1]) if (found := re.search(r"line (\d+)", str(error))) else 1
        yield Finding(str(path), line, f"is not TOML: {error}")


def _lessons(course: Path) -> list[Path]:
    return sorted(course.glob("*.md.j2"))


def _numbers(course: Path) -> Iterator[Finding]:
    """Lessons must be numbered without a gap, so that a lost lesson is noticed."""
    before: int | None = None
    ids: dict[str, Path] = {}
    for lesson in _lessons(course):
        number, _, name = lesson.name.removesuffix(".md.j2").partition("-")
        if not number.isdigit() or not name:
            yield Finding(str(lesson), 1, "must be named by number and id, such as 01-acknowledge.md.j2")
            continue
        if before is not None and int(number) == before:
            yield Finding(str(lesson), 1, f"is a second lesson with the number {number}: renumber one of them")
        elif before is not None and int(number) != before + 1:
            yield Finding(str(lesson), 1, f"follows number {before:02}: {before + 1:02} is missing, or renumber")
        if name in ids:
            yield Finding(str(lesson), 1, f"has the id {name}, which {ids[name].name} has too: rename one of them")
        before, ids = int(number), ids | {name: lesson}


def _text(path: Path, names: set[str]) -> Iterator[Finding]:
    """Findings in a lesson or notice: in its front matter, and in the names that its text uses."""
    try:
        matter, body, first_line = markdown.read(path)
        tree = _template.parse(body)
    except CourseError as error:
        yield Finding.of(error)
        return
    except TemplateSyntaxError as error:
        yield Finding(str(path), _first_line(path) + error.lineno - 1, str(error.message))
        return
    if path.name == "help.md.j2":
        names = names | {IN_HELP}
        matter = {key: value for key, value in matter.items() if key != IN_HELP}
    offers = path.name in (ASK, PROVE)  # their subjects come from the command that is asked about
    more = {"asks"} if path.name == ASK else set() if path.parent.name == "notices" else {"was"}
    yield from _unknown(path, matter, FRONT_MATTER | more)
    for key in ("preheader",) if offers else ("subject", "preheader"):
        if not str(matter.get(key, "")).strip():
            yield Finding(str(path), line_of(path, f"{key} ") or 1, f"has no {key}: write one, mailboxes show it")
    if "question" in matter and not str(matter["question"]).strip():
        yield Finding(
            str(path), line_of(path, "question ") or 1, "has an empty question: write one, or delete the line"
        )
    made = {node.name for node in tree.find_all(nodes.Name) if node.ctx == "store"}
    for node in tree.find_all(nodes.Name):
        if node.ctx == "load" and node.name not in names | made | _template.globals.keys():
            yield Finding(str(path), first_line + node.lineno - 1, f"uses {node.name}, which is not known here")
    known = {field.name for field in dataclasses.fields(Course)} | set(dir(Course))
    for part in tree.find_all(nodes.Getattr):
        if isinstance(part.node, nodes.Name) and part.node.name == "course" and part.attr not in known:
            yield Finding(str(path), first_line + part.lineno - 1, f"uses course.{part.attr}, which no course has")


def _first_line(path: Path) -> int:
    return path.read_text("utf-8").split("\n+++\n", 1)[0].count("\n") + 3


def _unknown(path: Path, given: dict[str, Any], known: set[str]) -> Iterator[Finding]:
    for key in given.keys() - known:
        yield Finding(
            str(path), line_of(path, f"{key} ", key) or 1, f"has {key}, which is not one of {', '.join(sorted(known))}"
        )


def _languages(emails: Path) -> Iterator[Finding]:
    """Every language must have the same keys: an email that needs a missing one would fail when it is sent."""
    folders = sorted(path.parent for path in emails.glob("*/email.toml"))
    for name in sorted({path.name for folder in folders for path in folder.glob("*.toml")}):
        words = {folder: _words(folder / name) for folder in folders}
        for folder, has in words.items():
            lacks = set().union(*words.values()) - has
            yield from (Finding(str(folder / name), 1, f"has no words for {key}") for key in lacks)


def _words(path: Path) -> set[str]:
    given = tomllib.loads(path.read_text("utf-8")) if path.is_file() else {}
    return {key for key, value in given.items() if not isinstance(value, dict)} | {
        f"{table}.{key}"
        for table, value in given.items()
        if isinstance(value, dict) and table != "countries"
        for key in value
    }


def _as_authors_see_it(library: Library, emails: Path) -> Library:
    """The library with each text as one template, whose line numbers are those of its file."""
    plain = cache(_plain)  # the notices that ask about a command share one file
    languages = {
        language.code: replace(
            language,
            notices={
                name: replace(notice, prose=plain(emails / language.code / "notices" / notice.file))
                for name, notice in language.notices.items()
            },
        )
        for language in library.languages.values()
    }
    courses = {
        course.id: replace(
            course,
            lessons={
                name: replace(lesson, prose=plain(next((emails / course.id).glob(f"*-{name}.md.j2"))))
                for name, lesson in course.lessons.items()
            },
            language=languages[course.language.code],
        )
        for course in library.courses.values()
    }
    return replace(library, courses=courses, languages=languages)


def _plain(path: Path) -> Prose:
    matter, body, first_line = markdown.read(path)
    body = with_commands(matter, body, path)
    code = _template.compile("\n" * (first_line - 1) + body, filename=str(path))
    template = Template.from_code(_template, code, _template.make_globals(None))
    return Prose(template, template)
