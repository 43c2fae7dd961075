"""Reflections: only those that are used are read, under each id that a lesson has had."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aws import clients
from aws.items import reflection_item, to_wire
from aws.reflections import Reflections
from content import export
from content.lessons import Course, load
from course.reflection import MAX_BYTES, Reflection
from local_cloud.cloud import World
from services import written
from tests.people import Person
from tests.stories import next_email, reads

COURSE = load(Path(__file__).parents[2] / "emails").courses["rebuild-trust"]
MEGABYTE = 1_000_000


class Reading:
    """Counts the bytes of text that queries return; DynamoDB has read at most one page of 1 MB more."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.read = 0
        items = Reflections._items

        def counted(table: Any, operation: Any, **asked: Any) -> Iterator[Any]:
            for item in items(table, operation, **asked):
                self.read += len(item.get("text", "").encode())
                yield item

        monkeypatch.setattr(Reflections, "_items", counted)


def many(world: World, person: Person, number: int, text: str, lesson: str, round_number: int = 1) -> None:
    """Stores `number` reflections to a lesson, a minute apart; the first one begins with “First of all.”"""
    for at in range(number):
        kept = Reflection(
            str(person.row["id"]),
            round_number,
            lesson,
            world.now() + timedelta(minutes=at),
            f"mail-{round_number}-{lesson}-{at:05}",
            text if at else f"First of all. {text}"[: len(text)],
            "token",
            proven=True,
        )
        world.clients.dynamodb.put_item(
            TableName=world.resources.ref("Reflections"), Item=to_wire(reflection_item(kept))
        )


def test_p10_a_lesson_reads_only_the_answers_that_it_quotes(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """There are 100 long reflections to the lesson that is quoted, and 100 to another one."""
    ann = reads(Person(world), 2)
    long = ("word " * MAX_BYTES)[:MAX_BYTES]
    many(world, ann, 100, long, "acknowledge")
    many(world, ann, 100, long, "own-it")
    reading = Reading(monkeypatch)
    lesson = next_email(world)
    assert lesson.tags["email"] == "apology-in-action"
    assert "First of all." in (lesson.text or "")
    assert reading.read < written.AT_MOST + 2 * MEGABYTE, "50 MB are there"
    for _ in range(2):
        next_email(world)
    before = reading.read
    closing = next_email(world)
    assert closing.tags["email"] == "keep-showing-up"
    assert "You have written more than an email can hold." in " ".join((closing.text or "").split())
    assert reading.read - before < written.AT_MOST + 2 * MEGABYTE
    assert not world.failures


def test_p10_pages_files_and_replies_read_a_bounded_part_of_the_journal(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = reads(Person(world), 3)
    many(world, ann, 200, ("word " * MAX_BYTES)[:MAX_BYTES], "acknowledge")
    reading = Reading(monkeypatch)
    listed = (export.LISTED + 1) * export.IN_A_ZIP
    journal = ann.journal_url
    for path, most in (("", 0), ("/text", 0), ("/data", listed)):
        reading.read = 0
        assert world.request("POST", journal + path, form={}).status == 200
        assert reading.read < written.AT_MOST + most + 2 * MEGABYTE, path
    for path in ("", "/lessons/own-it", "/journal"):
        reading.read = 0
        assert world.request("GET", ann.page_url + path).status == 200
        assert reading.read == 0, "the course page reads no reflections"
    reading.read = 0
    assert world.request("POST", f"{journal}/export", form={}).status == 200
    assert reading.read < 3 * MEGABYTE
    reading.read = 0
    ann.replies("I said it.", ann.emails[-1])
    assert reading.read < written.AT_MOST + 2 * MEGABYTE
    assert not world.failures


def test_p10_every_reflection_is_in_exactly_one_part_of_the_export(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part begins after the one before."""
    monkeypatch.setattr(export, "IN_A_ZIP", 1000)
    ann = Person(world).joins()
    many(world, ann, 300, "x" * 100, "own-it")
    many(world, ann, 3, "y" * 100, "")
    subscriber, found, after = subscriber_of(ann), [], ""
    while True:
        starts = written.parts(subscriber, after)
        found += [one for start in starts[: export.LISTED] for one in written.part(subscriber, start, COURSE)]
        if len(starts) <= export.LISTED:
            break
        after = starts[export.LISTED]
    assert len(found) == 303
    assert len({one.mail_id for one in found}) == 303


def subscriber_of(person: Person) -> Any:
    subscriber = clients.subscribers().get(str(person.row["id"]))
    assert subscriber
    return subscriber


def test_a_lesson_reads_its_answers_of_earlier_rounds_and_the_answers_that_it_quotes(world: World) -> None:
    ann = Person(world).joins()
    for number in range(1, 4):
        many(world, ann, 1, f"round {number}", "apology-in-action", number)
        many(world, ann, 1, f"own {number}", "own-it", number)
    third = replace(subscriber_of(ann), round=3)

    def texts(course: Course, lesson: str) -> list[str]:
        return [one.text for one in written.around_lesson(third, course.lessons[lesson], course)]

    assert [len(texts(COURSE, lesson)) for lesson in ("intro", "own-it", "apology-in-action")] == [0, 2, 3]
    assert len(texts(COURSE, COURSE.closing)) == 6


def test_a4_reflections_to_a_lesson_from_before_it_was_renamed_are_found(world: World) -> None:
    ann = Person(world).joins()
    many(world, ann, 1, "to the old one", "before")
    course = replace(COURSE, renamed={"before": "own-it"})
    first, second = subscriber_of(ann), replace(subscriber_of(ann), round=2)
    found = [
        *written.around_lesson(first, course.lessons["apology-in-action"], course),
        *written.around_lesson(second, course.lessons["own-it"], course),
        *written.beginning(first, course),
        *written.part(first, "", course),
    ]
    assert [one.lesson for one in found] == ["own-it"] * 4
