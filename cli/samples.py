"""Every email of every course, as a reader would get it: `check` tests these emails, `preview` shows them."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

from content.emails import TELLS_OF_A_PRESS, Email, Site, lesson_email, notice_email
from content.lessons import Course, Library
from course.commands import ASK_CONFIRM, ROWS
from course.record import CONFIRM, SignUp
from course.reflection import Reflection
from course.subscriber import Subscriber, new_epoch
from course.tokens import Keyring
from services.links import WITH_JOURNAL_LINK

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SITE = "https://course.example.org"
ZONE = "Europe/London"
POSTAL_ADDRESS = "Example Press, 1 Example Street, Example Town"
WRITTEN = (
    "I kept saying that I was busy. I wasn’t busy.\nI was hiding from what I had done.",
    "It was how alone it left you. I had never said that out loud, not even to myself.",
)
"""The reflections of the samples' reader, in the first and in the second round."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One email as one reader gets it."""

    name: str
    """Course, email and, unless this is the plain email, variant: `rebuild-trust/intro.again`."""
    course: Course
    source: Path
    """The file that an author would open to change it."""
    make: Callable[[], Email]
    """Renders the email once. Raises the errors of a broken template."""

    @property
    def email_id(self) -> str:
        """The id of the lesson or notice."""
        return self.name.partition("/")[2].partition(".")[0]

    @property
    def is_variant(self) -> bool:
        """Whether this is a variant of the sample before it, which most readers get."""
        return "." in self.name

    @property
    def email(self) -> Email:
        """The rendered email."""
        return self.make()


def samples(library: Library, folder: Path) -> Iterator[Sample]:
    """Yields each course's lessons, with a variant if they differ in a second round, and its notices.

    For a language that no course uses yet, yields its notices as the first course would send them.
    """
    site = Site(library, Keyring({"1": "sample" * 10}), SITE, "reply.example.org", POSTAL_ADDRESS)
    for course in library.courses.values():
        reader = _reader(course)
        again = replace(reader, round=2, first_name="")
        for lesson in course.lessons.values():
            source = next((folder / course.id).glob(f"*-{lesson.id}.md.j2"))
            closing = lesson.id == course.closing
            asks = re.search(r"\{[{%][^}]*\b(?:coming_back|round)\b", source.read_text("utf-8"))
            for variant, who, written in (
                ("", reader, _written(course, reader) if closing else []),
                *([("again", again, _written(course, again))] if asks or lesson.id == course.way_back else []),
                *([("answered", reader, _written(course, reader))] if lesson.echoes else []),
                *([("nothing-written", reader, [])] if closing else []),
            ):
                make = cache(partial(lesson_email, site, who, lesson, written, NOW))
                yield Sample(_name(course.id, lesson.id, variant), course, source, make)
        yield from _notices(site, course, folder, course.id)
    spoken = {course.language.code for course in library.courses.values()}
    for language in library.languages.values():
        if language.code not in spoken:
            course = replace(next(iter(library.courses.values())), language=language)
            its_site = replace(site, library=replace(library, courses={course.id: course}))
            yield from _notices(its_site, course, folder, language.code)


def _notices(site: Site, course: Course, folder: Path, prefix: str) -> Iterator[Sample]:
    reader = _reader(course)
    for notice, text in course.language.notices.items():
        source = folder / course.language.code / "notices" / text.file
        who = _waiting(reader) if notice in (CONFIRM, ASK_CONFIRM) else reader
        token = f"{who.id}{'j' * 32}" if notice in WITH_JOURNAL_LINK else ""
        make = cache(partial(notice_email, site, who, notice, NOW, journal_token=token))
        yield Sample(_name(prefix, notice, ""), course, source, make)
        if any(row.told and row.notice == notice for row in ROWS.values()):
            told = cache(partial(notice_email, site, who, notice, NOW, told=TELLS_OF_A_PRESS))
            yield Sample(_name(prefix, notice, "by-link"), course, source, told)


def _name(course: str, email: str, variant: str) -> str:
    return f"{course}/{email}" + (f".{variant}" if variant else "")


def _reader(course: Course) -> Subscriber:
    """A confirmed subscriber in their first round."""
    someone = Subscriber("a" * 16, course.id, "robin@example.net")
    return replace(_waiting(someone).confirmed(new_epoch(NOW), course.plan, NOW), message_id="0102-last")


def _waiting(subscriber: Subscriber) -> Subscriber:
    """The subscriber with a sign-up that waits for its confirmation."""
    sign_up = SignUp(new_epoch(NOW), NOW, "Robin", ZONE, 7)
    return replace(subscriber, sign_up=sign_up, due_at=NOW)


def _written(course: Course, reader: Subscriber) -> list[Reflection]:
    """A reflection for every question of every round so far."""
    asked = [lesson.id for lesson in course.lessons.values() if lesson.question]
    return [
        Reflection(
            subscriber=reader.id,
            round=number,
            lesson=lesson,
            received_at=NOW + timedelta(days=7 * number + day),
            mail_id=f"{number}-{day}",
            text=WRITTEN[number - 1],
            attributed_by="token",
            proven=True,
        )
        for number in range(1, reader.round + 1)
        for day, lesson in enumerate(asked)
    ]
