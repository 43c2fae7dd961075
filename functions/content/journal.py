"""The journal: every reflection under its question, in the order of the course, as it was written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from markupsafe import escape

from content import dates
from content.lessons import Course
from course.reflection import Reflection, cut_to_bytes

IN_A_LETTER = 40_000
"""Bytes as HTML: Gmail cuts an email at 102 KB, and the links to stop would be lost. The journal page has the rest."""
LAST_TIME = 12_000
"""Bytes as HTML of the reflections of an earlier round, which a lesson shows below its question."""
ECHO = 300
"""The most characters of a reflection that a later lesson quotes."""
IN_A_FILE = 4_000_000
"""Bytes as HTML, which is longer than text."""
ON_A_PAGE = 1_000_000
"""Bytes as HTML: Lambda answers with at most 6 MB."""
AROUND = 700
"""Bytes as HTML around each reflection: its date and the styles of its elements."""

_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*(?= |$)|[。！？]")  # no space follows the last kind


@dataclass(frozen=True, slots=True)
class Entry:
    """One reflection as the journal shows it."""

    at: str
    text: str
    unproven: bool = False
    """Whether nothing proves that the subscriber sent it. Each page that shows the reflection also shows this."""
    mail_id: str = ""
    """The id by which the subscriber can delete the reflection."""


@dataclass(frozen=True, slots=True)
class Page:
    """One question of one round with its reflections."""

    round: int
    lesson: str
    title: str
    question: str | None
    reflections: list[Entry]


def proven(reflections: Iterable[Reflection]) -> list[Reflection]:
    """The reflections that are proven. Only these come into emails, so that nobody else puts words into them."""
    return [reflection for reflection in reflections if reflection.proven]


def journal(course: Course, reflections: Iterable[Reflection], zone: str) -> list[Page]:
    """All reflections, sorted by round, place in the course and time. Dates are local days of `zone`."""
    order = {lesson: place for place, lesson in enumerate(course.lessons)}

    def place(reflection: Reflection) -> tuple[int, int, str]:
        return reflection.round, order.get(reflection.lesson, len(order)), reflection.lesson

    ordered = sorted(reflections, key=lambda reflection: (*place(reflection), reflection.received_at))
    return [_page(course, list(group), zone) for _, group in groupby(ordered, place)]


def within(pages: list[Page], budget: int) -> tuple[list[Page], bool]:
    """The first pages that fit into a budget of bytes, and whether there are more."""
    fitting: list[Page] = []
    for page in pages:
        budget -= sum(_size(entry.text) for entry in page.reflections)
        if budget < 0:
            return fitting, True
        fitting.append(page)
    return fitting, False


def as_text(pages: list[Page], course: Course) -> str:
    """The journal as plain text, with the lines as they were written."""
    say = course.language.words["pages"]["journal"]
    rounds = max((page.round for page in pages), default=1)
    lines = [f"{say['title']} – {course.title}", ""]
    for page in pages:
        heading = page.question or page.title or say["between"]
        lines += ["", f"{say['round'].format(round=page.round)}: {heading}" if rounds > 1 else heading]
        for entry in page.reflections:
            lines += ["", entry.at, *([say["unproven"]] if entry.unproven else []), "", entry.text]
        lines.append("")
    return "\n".join(lines if pages else [*lines, say["empty"], ""])


def to_earlier(reflections: Iterable[Reflection], lesson: str, before_round: int) -> list[Reflection]:
    """The reflections on this lesson in earlier rounds."""
    return [found for found in reflections if found.lesson == lesson and found.round < before_round]


def last_time(reflections: Iterable[Reflection], lesson: str, before_round: int) -> list[str]:
    """The texts of the proven reflections on this lesson in the latest earlier round that has any."""
    earlier = to_earlier(proven(reflections), lesson, before_round)
    latest = max((found.round for found in earlier), default=0)
    of_latest = [found for found in earlier if found.round == latest]
    return [found.text for found in sorted(of_latest, key=lambda found: found.received_at)]


def echo(reflections: Iterable[Reflection], lesson: str, round_number: int) -> str:
    """The quote of this round's first proven reflection on a lesson: one line, cut at a sentence. Empty if none.

    It is always the first reflection, so that a later one does not change an email that was sent.
    """
    answers = [found for found in proven(reflections) if (found.lesson, found.round) == (lesson, round_number)]
    first = min(answers, key=lambda found: found.received_at, default=None)
    return _cut_at_a_sentence(" ".join(first.text.split())) if first else ""


def _cut_at_a_sentence(text: str) -> str:
    """At most ECHO characters of a text: whole sentences if the first one fits, otherwise whole words."""
    if len(text) <= ECHO:
        return text
    if ends := [found.end() for found in _SENTENCE_END.finditer(text, 0, ECHO + 1)]:
        return text[: ends[-1]]
    return f"{text[:ECHO].rpartition(' ')[0] or text[:ECHO]} …"


def beginning(texts: list[str], budget: int) -> tuple[list[str], bool]:
    """The first texts that fit into a budget of bytes, the last one cut, and whether there is more."""
    shown: list[str] = []
    for text in texts:
        if _size(text) > budget:
            start = cut_to_bytes(text, max(budget - AROUND, 0))
            while start and _size(start) > budget:
                start = start[: len(start) * 9 // 10]
            return ([*shown, f"{start.rstrip()} …"] if start.strip() else shown), True
        budget -= _size(text)
        shown.append(text)
    return shown, False


def _size(text: str) -> int:
    return len(escape(text).encode()) + len("<br>") * text.count("\n") + AROUND


def _page(course: Course, reflections: list[Reflection], zone: str) -> Page:
    first, lesson = reflections[0], course.lessons.get(reflections[0].lesson)
    title, question = (lesson.subject, lesson.question) if lesson else ("", None)
    entries = [
        Entry(dates.date(found.received_at, zone, course.language), found.text, not found.proven, found.mail_id)
        for found in reflections
    ]
    return Page(first.round, first.lesson, title, question, entries)
