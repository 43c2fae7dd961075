"""Reads no more of a journal than an email or a page uses: a subscriber may have written 2 GB."""

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
"""Bytes of text. No page and no email shows more; each of them says if there is more."""
ROUNDS_BACK = 20
"""How many earlier rounds a lesson looks back on."""


def beginning(subscriber: Subscriber, course: Course) -> list[Reflection]:
    """The journal by round and lesson. If it is long: its beginning, which is more than any page shows."""
    return _first(clients.reflections().of(subscriber.id), course)


def around_lesson(subscriber: Subscriber, lesson: Lesson, course: Course) -> list[Reflection]:
    """The reflections that an email of this lesson shows. Reads nothing if it shows none.

    They are the answers that its text quotes and the reflections on it in earlier rounds; in the closing letter, the
    journal.
    """
    if lesson.id == course.closing:
        return beginning(subscriber, course)
    return _first(_looked_back_on(subscriber, lesson, course), course)


def parts(subscriber: Subscriber, after: str = "") -> list[str]:
    """The key after which each part of the export begins, from the key `after` on.

    If there are more parts than a page lists, it returns one key more than the page lists.
    """
    found = islice(export.parts(clients.reflections().of(subscriber.id, after)), export.LISTED + 1)
    ends = [reflection_key(part[-1]) for part in found if part]
    return [after, *ends[:-1]]


def part(subscriber: Subscriber, after: str, course: Course) -> list[Reflection]:
    """One part of the export: the reflections after the key `after`."""
    found = next(export.parts(clients.reflections().of(subscriber.id, after)))
    return [_as_called_now(reflection, course) for reflection in found]


def _looked_back_on(subscriber: Subscriber, lesson: Lesson, course: Course) -> Iterator[Reflection]:
    """The answers that a lesson quotes, and the reflections on it in earlier rounds, latest round first."""
    earlier = range(subscriber.round - 1, max(0, subscriber.round - 1 - ROUNDS_BACK), -1)
    asked = [*((subscriber.round, each) for each in lesson.echoes), *((number, lesson.id) for number in earlier)]
    for number, each in asked:
        yield from to(subscriber, number, each, course)


def to(subscriber: Subscriber, round_number: int, lesson: str, course: Course) -> Iterator[Reflection]:
    """The reflections on a lesson in one round, under each id that the lesson has had."""
    for each in course.ids_of(lesson):
        yield from clients.reflections().to_lesson(subscriber.id, round_number, each)


def _first(reflections: Iterable[Reflection], course: Course) -> list[Reflection]:
    """The first reflections, until they exceed AT_MOST, with the present ids of their lessons."""
    found, left = [], AT_MOST
    for reflection in reflections:
        found.append(_as_called_now(reflection, course))
        left -= len(reflection.text.encode())
        if left < 0:
            break
    return found


def _as_called_now(reflection: Reflection, course: Course) -> Reflection:
    """The reflection with the present id of its lesson."""
    return replace(reflection, lesson=course.renamed.get(reflection.lesson, reflection.lesson))
