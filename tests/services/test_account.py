"""The audit's account: no subscriber is lost unnoticed, and nothing is kept longer than was promised."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import World
from local_cloud.functions import forget_everything
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_receiving import emails_of
from tests.stories import edit, next_email, reads, unchanged, without_schedules, without_schedules_until

RETENTION = timedelta(days=90)


def audit(world: World) -> dict[str, int]:
    """The account, without the lines that count zero."""
    outcome = world.invoke("audit", {})
    assert outcome.error is None
    return {line: number for line, number in outcome.payload["account"].items() if number}


def kept(world: World) -> list[Any]:
    return [row["text"] for row in world.rows("Reflections") if row["subscriber"] != "set-aside"]


def test_every_subscriber_is_counted_in_one_line_of_the_account(world: World) -> None:
    people = [Person(world, f"p{n}@example.net", source_ip=f"203.0.113.{n}") for n in range(6)]
    people[0].signs_up()
    for person in people[1:]:
        person.joins()
    people[2].presses("pause")
    people[3].presses("stop")
    world.bounced(people[4].emails[-1])
    world.ses.refused[people[5].address] = "Address blocked."
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.advance(timedelta(minutes=6))
    with unchanged(world):
        account = audit(world)
    stopped = {"pending": 1, "unsubscribed": 1, "bounced": 1}
    assert account == stopped | {"sent": 1, "paused": 1, "held": 1, "active": 3}

    without_schedules(world, timedelta(days=2, hours=4))
    account = audit(world)
    assert account["overdue"] == 1  # the scheduler was down: an operator must know
    assert any('"Overdue":[1.0]' in line for line in world.logs)
    assert world.invoke("audit", {}).payload["overdue"] == [people[1].row["id"]]


def test_d5_a_subscriber_missing_from_the_index_is_put_back(world: World) -> None:
    ann = Person(world).joins()
    key = {"id": {"S": str(ann.row["id"])}}
    table = world.resources.ref("Subscribers")
    world.clients.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_shard")
    without_schedules(world, timedelta(days=1))
    world.invoke("dispatch", {})
    world.drain()
    assert len(ann.emails) == 2  # no dispatch found that she was due

    assert audit(world)["put right in the index"] == 1
    assert next_email(world).tags["email"] == "acknowledge"
    with unchanged(world):
        assert "put right in the index" not in audit(world)


def make_due(world: World, person: Person) -> None:
    """Adds an index entry that the subscriber's state does not justify, and dispatches."""
    stale = {":shard": {"S": "0"}, ":at": {"S": world.now().strftime("%Y-%m-%dT%H:%M:%SZ")}}
    world.clients.dynamodb.update_item(
        TableName=world.resources.ref("Subscribers"),
        Key={"id": {"S": str(person.row["id"])}},
        UpdateExpression="SET due_shard = :shard, due_at = :at",
        ExpressionAttributeValues=stale,
    )
    world.invoke("dispatch", {})
    world.drain()


def test_d5_a_stale_index_entry_is_refused_by_the_claim(world: World) -> None:
    ann = Person(world).joins()
    ann.presses("pause")
    make_due(world, ann)
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro", "paused"]
    assert ann.row["status"] == "paused"

    assert audit(world)["put right in the index"] == 1  # it would take another subscriber's place at every tick
    assert "due_shard" not in ann.row
    with unchanged(world):
        assert "put right in the index" not in audit(world)


def test_d5_even_a_wrong_due_time_does_not_send_a_second_lesson_on_a_day(world: World) -> None:
    ann = reads(Person(world, hour=0), 1)
    assert len(ann.emails) == 3
    for hours in (6, 14, 22):  # of the same local day, the last two more than twelve hours later
        without_schedules_until(world, MONDAY.replace(hour=23) + timedelta(hours=hours))
        make_due(world, ann)
        assert len(ann.emails) == 3
    assert next_email(world).tags["email"] == "own-it"


@pytest.mark.parametrize("end", ["completed", "unsubscribed", "paused"])
def test_reflections_are_deleted_90_days_after_the_last_lesson_and_not_before(world: World, end: str) -> None:
    ann = reads(Person(world), 6 if end == "completed" else 1)
    last = ann.emails[-1].at
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    ann.replies("What I saw today.")
    without_schedules(world, timedelta(minutes=10))
    ann.replies("And later the same day.")
    bob.replies("Bob is still in the course.")
    if end != "completed":
        ann.presses("pause" if end == "paused" else "stop")
    assert ann.row["status"] == end

    for before in (timedelta(days=7), timedelta(minutes=5)):
        without_schedules_until(world, last + RETENTION - before)
        audit(world)
    bob.presses("resume")
    audit(world)
    assert len(kept(world)) == 3
    without_schedules(world, timedelta(hours=1))
    assert audit(world)["reflections deleted"] == 2
    assert kept(world) == ["Bob is still in the course."]
    with unchanged(world):
        assert "reflections deleted" not in audit(world)


def test_a_reflection_written_after_the_90_days_is_not_kept_for_ever(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    ann.presses("stop")
    without_schedules(world, RETENTION + timedelta(days=10))
    ann.replies("I still think of it.", email)
    for _ in range(4):
        without_schedules(world, timedelta(days=30))
        audit(world)
    assert kept(world) == []


def test_p7_a_paused_subscriber_is_asked_a_week_before_and_only_the_reflections_are_deleted(world: World) -> None:
    ann = reads(Person(world), 1)
    last = ann.emails[-1].at
    ann.replies("What I saw today.")
    ann.presses("pause")
    place = ann.row["next_lesson"]
    sent = len(ann.emails)
    for day in (82, 83, 84, 89, 90):
        without_schedules_until(world, last + timedelta(days=day, hours=1))
        audit(world)
        world.drain()
        assert [email.tags["email"] for email in ann.emails[sent:]] == (["keep"] if day > 82 else []), day
        assert kept(world) == (["What I saw today."] if day < 90 else []), day
    assert (ann.row["status"], ann.row["next_lesson"]) == ("paused", place)
    without_schedules(world, timedelta(days=80))
    audit(world)
    world.drain()
    assert len(ann.emails) == sent + 1, "there is nothing left to ask about"


def test_p7_a_subscriber_who_is_asked_late_still_has_a_week(world: World) -> None:
    """A pause would have ended in time, and is extended two days before the reflections would be deleted."""
    ann = reads(Person(world), 1)
    last = ann.emails[-1].at
    ann.replies("What I saw today.")
    ann.presses("pause", until=str((last + timedelta(days=89)).date()))
    without_schedules_until(world, last + timedelta(days=88))
    audit(world)
    world.drain()
    assert "keep" not in emails_of(ann)
    ann.replies("PAUSE", ann.emails[2])
    for day in (88.1, 90, 91, 94, 95, 96):
        without_schedules_until(world, last + timedelta(days=day, hours=1))
        audit(world)
        world.drain()
        assert kept(world) == (["What I saw today."] if day < 95.1 else []), day
    assert emails_of(ann)[-2:] == ["paused", "keep"]


def test_p7_reflections_are_deleted_even_if_no_lesson_was_ever_sent(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    world.ses.refused[ann.address] = "Address blocked."
    ann.confirms()
    ann.replies("I hurt her, and I know it.", ann.emails[0])
    assert kept(world) == ["I hurt her, and I know it."]
    without_schedules(world, RETENTION + timedelta(days=2))
    audit(world)
    assert kept(world) == []


def test_p7_a_press_keeps_the_reflections_for_as_long_again(world: World) -> None:
    ann = reads(Person(world), 1)
    last = ann.emails[-1].at
    ann.replies("What I saw today.")
    ann.presses("pause")
    without_schedules_until(world, last + timedelta(days=84))
    audit(world)
    world.drain()
    button = ann.link("/keep")
    with unchanged(world):
        assert "Your course stays paused" in world.request("GET", button).text
    for _ in range(2):  # twice is the same as once
        pressed = world.request("POST", button, form={})
        assert "is kept for the same time again" in world.request("GET", pressed.headers["location"]).text
    assert ann.row["status"] == "paused"
    sent = len(ann.emails)
    for day in (91, 166, 168, 174):
        without_schedules_until(world, last + timedelta(days=day, hours=1))
        audit(world)
        world.drain()
        assert kept(world) == ["What I saw today."]
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["keep"]
    without_schedules_until(world, last + timedelta(days=176))
    audit(world)
    assert kept(world) == []


def test_p7_a_subscriber_without_reflections_or_held_is_not_asked(world: World) -> None:
    ann, bob = reads(Person(world), 1), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    last = ann.emails[-1].at
    ann.presses("pause")
    world.ses.refused[bob.address] = "Address blocked."
    bob.replies("Bob has written this.")
    without_schedules_until(world, datetime.fromisoformat(str(bob.row["due_at"])) + timedelta(minutes=1))
    world.invoke("dispatch", {})
    world.drain()
    assert bob.row["held"]
    sent = len(world.emails)
    for day in (85, 95):
        without_schedules_until(world, last + timedelta(days=day))
        audit(world)
        world.drain()
    assert len(world.emails) == sent
    assert kept(world) == [], "the reflections of a held subscriber expire as well"
    assert bob.row["held"]


def test_a_day_without_an_audit_does_no_harm(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("What I saw today.")
    ann.presses("stop")
    without_schedules(world, RETENTION + timedelta(days=3))
    audit(world)
    assert kept(world) == []


def test_a4_lessons_that_are_passed_over_are_counted_and_renamed_ones_are_not(own_course: tuple[World, Path]) -> None:
    """They count until the round is over, whether their turn has come or not, unless already sent."""
    world, course = own_course
    reads(Person(world), 1)
    (course / "01-acknowledge.md.j2").unlink()
    edit(course / "02-own-it.md.j2", "+++\nsubject", '+++\nwas = ["own-it"]\nsubject')
    (course / "02-own-it.md.j2").rename(course / "02-say-it.md.j2")
    edit(course / "03-apology-in-action.md.j2", "reflections['own-it']", "reflections['say-it']")
    assert "lessons passed over" not in audit(world)
    (course / "04-no-rush-to-forgiveness.md.j2").unlink()
    forget_everything(lessons=True)
    assert audit(world)["lessons passed over"] == 1
    for _ in range(3):
        next_email(world)
    assert audit(world)["lessons passed over"] == 1
    next_email(world)
    assert "lessons passed over" not in audit(world)


def test_p8_a_new_sign_up_of_a_former_subscriber_is_forgotten_after_seven_days(world: World) -> None:
    """A stranger may have typed in the address: only the typed data is deleted."""
    ann = reads(Person(world), 1)
    ann.presses("stop")
    before = ann.row
    without_schedules(world, timedelta(days=2))
    stranger = Person(world, ann.address, "Mallory", zone="Asia/Tokyo", hour=3)
    stranger.signs_up()
    assert "Mallory" in str(ann.row)
    without_schedules(world, timedelta(days=6, hours=23))
    assert "sign-ups forgotten" not in audit(world)
    without_schedules(world, timedelta(hours=2))
    assert audit(world)["sign-ups forgotten"] == 1
    changed = {name for name in before | ann.row if before.get(name) != ann.row.get(name)}
    assert changed == {"version"}
    with unchanged(world):
        assert "sign-ups forgotten" not in audit(world)
    ann.signs_up()
    ann.confirms()
    assert (ann.row["status"], ann.row["first_name"]) == ("active", "Ann")
