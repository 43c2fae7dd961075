"""What a subscriber wrote, read only as far as an email or a page has use for it: somebody may have written 2 GB."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

from aws import clients
from aws.items import reflection_key
from content import export
from content.journal import IN_A_FILE
from content.lessons import Course, Lesson
from course.reflection import Reflection
from course.subscriber import Subscriber

AT_MOST = IN_A_FILE
"""Bytes of text. No page and no email has room for more, so each of them says that there is more."""
ROUNDS_BACK = 20
"""How many earlier rounds a lesson looks back on."""


def beginning(subscriber: Subscriber, course: Course) -> list[Reflection]:
    """All that they wrote, or the first of it by round and lesson, which is then more than any page holds."""
    return _first(clients.reflections().of(subscriber.id), course)


def around_lesson(subscriber: Subscriber, lesson: Lesson, course: Course) -> list[Reflection]:
    """What an email of this lesson looks back on; nothing is read where it does not.

    The answers that its text quotes, what was written to it in earlier rounds, and in the closing letter the journal.
    """
    if lesson.id == course.closing:
        return beginning(subscriber, course)
    return _first(_looked_back_on(subscriber, lesson, course), course)


def parts(subscriber: Subscriber, after: str = "") -> list[str]:
    """Behind which key each part of the export begins, from one on; one more than are listed where there are more."""
    found = islice(export.parts(clients.reflections().of(subscriber.id, after)), export.LISTED + 1)
    ends = [reflection_key(part[-1]) for part in found if part]
    return [after, *ends[:-1]]


def part(subscriber: Subscriber, after: str, course: Course) -> list[Reflection]:
    """One part of the export: what was written behind a key."""
    found = next(export.parts(clients.reflections().of(subscriber.id, after)))
    return [_as_called_now(reflection, course) for reflection in found]


def _looked_back_on(subscriber: Subscriber, lesson: Lesson, course: Course) -> Iterator[Reflection]:
    """The answers that a lesson quotes, and what was written to it in earlier rounds, the latest first."""
    earlier = range(subscriber.round - 1, max(0, subscriber.round - 1 - ROUNDS_BACK), -1)
    asked = [*((subscriber.round, each) for each in lesson.echoes), *((number, lesson.id) for number in earlier)]
    for number, each in asked:
        yield from to(subscriber, number, each, course)


def to(subscriber: Subscriber, round_number: int, lesson: str, course: Course) -> Iterator[Reflection]:
    """What was written to a lesson in one round, under each id that the lesson has had."""
    for each in course.ids_of(lesson):
        yield from clients.reflections().to_lesson(subscriber.id, round_number, each)


def _first(reflections: Iterable[Reflection], course: Course) -> list[Reflection]:
    """Those that come first, until they are more than AT_MOST; to the lessons as they are called now."""
    found, left = [], AT_MOST
    for reflection in reflections:
        found.append(_as_called_now(reflection, course))
        left -= len(reflection.text.encode())
        if left < 0:
            break
    return found


def _as_called_now(reflection: Reflection, course: Course) -> Reflection:
    """With the id that its lesson has now."""
    return replace(reflection, lesson=course.renamed.get(reflection.lesson, reflection.lesson))
