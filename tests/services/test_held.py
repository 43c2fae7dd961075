"""Held: one subscriber waits for an operator, the others go on, and a release acts the same day."""

import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from course.record import Held
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_account import audit
from tests.services.test_sending import BERLIN, URL, emails, ses_answers
from tests.stories import unchanged, without_schedules, without_schedules_until

TUESDAY = MONDAY.replace(day=24, hour=6, minute=50)
"""The time by which every first lesson is due: 7:50 in Berlin."""
DAY = timedelta(days=1)


@pytest.fixture
def ann(world: World) -> Person:
    """A subscriber who has got the introduction."""
    return Person(world).joins()


@pytest.fixture
def bob(world: World) -> Person:
    """Another one, queued in the same message as Ann."""
    return Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()


def tick(world: World) -> None:
    world.invoke("dispatch", {})
    world.drain()


def id_of(person: Person) -> str:
    return str(person.row["id"])


def item(world: World, subscriber: str) -> dict[str, Any]:
    """A subscriber's item, in DynamoDB's typed JSON."""
    found = world.clients.dynamodb.get_item(TableName=world.resources.ref("Subscribers"), Key={"id": {"S": subscriber}})
    return dict(found["Item"])


def store(world: World, subscriber: str, field: str, value: dict[str, Any] | None) -> None:
    """Overwrites one field, or removes it if the value is None."""
    changed = {**item(world, subscriber), field: value}
    stored = {name: kept for name, kept in changed.items() if kept is not None}
    world.clients.dynamodb.put_item(TableName=world.resources.ref("Subscribers"), Item=stored)


def held(world: World) -> dict[str, str]:
    """The held subscribers that the audit lists, each with the reason."""
    outcome = world.invoke("audit", {})
    assert outcome.error is None
    return {listed["id"]: listed["why"] for listed in outcome.payload["held"]}


def release(world: World, subscriber: str, *, arrived: bool = False) -> dict[str, Any]:
    outcome = world.invoke("audit", {"release": subscriber, "arrived": arrived})
    assert outcome.error is None
    return dict(outcome.payload)


def counted(world: World, metric: str) -> bool:
    """Whether an alarm has seen the metric above zero: the audit writes it every day, mostly as zero."""
    lines = [json.loads(line) for line in world.logs if f'"{metric}"' in line]
    return any(number for line in lines for number in line.get(metric, []))


def days(person: Person, lesson: str) -> list[int]:
    """The days of the month on which a lesson came, in Berlin."""
    return [email.at.astimezone(BERLIN).day for email in person.emails if email.tags["email"] == lesson]


# ---------------------------------------------------------------- D8: a subscriber whose data breaks

UNREADABLE: dict[str, tuple[str, dict[str, Any] | None]] = {
    "unknown zone": ("zone", {"S": "Mars/Olympus"}),
    "zone that is a file": ("zone", {"S": "../../../etc/passwd"}),
    "hour out of range": ("hour", {"N": "24"}),
    "next lesson not in the plan": ("next_lesson", {"S": "no-such-lesson"}),
    "no address": ("address", None),
    "no version": ("version", None),
    "text instead of a map": ("sent", {"S": "everything"}),
    "unknown status": ("status", {"S": "asleep"}),
    "invalid time": ("last_at", {"S": "last Monday"}),
    "time without a zone": ("last_at", {"S": "2026-11-23T09:00:10"}),
    "due at a time without a zone": ("due_at", {"S": "2026-11-24T06:10:00"}),
    "address that is a number": ("address", {"N": "5"}),
    "course that is a list": ("course", {"L": []}),
    "epoch below zero": ("epoch", {"N": "-1"}),
    "claim cut short": ("claim", {"M": {"attempt": {"S": "0123456789abcdef"}}}),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_d8_an_unreadable_item_holds_only_its_subscriber(world: World, ann: Person, bob: Person, what: str) -> None:
    field, value = UNREADABLE[what]
    subscriber = id_of(ann)
    before = item(world, subscriber).get(field)
    store(world, subscriber, field, value)
    without_schedules_until(world, TUESDAY)
    tick(world)
    assert [email.address for email in world.emails[4:]] == [bob.address]
    assert counted(world, "Held")
    assert held(world) == {subscriber: "what is stored cannot be read"}
    assert audit(world) == {"sent": 1, "held": 1, "active": 2}
    with unchanged(world):
        tick(world)
        refused = release(world, subscriber)
    assert not refused["released"]
    assert str(refused["why"]).startswith("the stored item still cannot be read")

    store(world, subscriber, field, before)
    assert release(world, subscriber)["released"]
    world.advance(timedelta(minutes=6))
    assert days(ann, "acknowledge") == days(bob, "acknowledge") == [24]
    assert held(world) == {}
    told = "\n".join(world.logs)
    assert not [kept for kept in ("ann@example.net", "Olympus", "passwd", "everything", "last Monday") if kept in told]


BROKEN = {
    "deleted course": ("course", {"S": "no-such-course"}, "there is no such course any more"),
    "changed address": ("address", {"S": "eve@example.org"}, Held.ADDRESS_CHANGED.value),
}


@pytest.mark.parametrize("what", BROKEN)
def test_d8_a_missing_course_or_changed_address_holds_only_its_subscriber(
    world: World, ann: Person, bob: Person, what: str
) -> None:
    field, value, why = BROKEN[what]
    subscriber = id_of(ann)
    before = item(world, subscriber)[field]
    store(world, subscriber, field, value)
    without_schedules_until(world, TUESDAY)
    tick(world)
    assert [email.address for email in world.emails[4:]] == [bob.address]
    assert counted(world, "Held")
    assert held(world) == {subscriber: why}
    assert release(world, subscriber)["released"]
    tick(world)
    assert held(world) == {subscriber: why}  # released too early

    store(world, subscriber, field, before)
    answer = release(world, subscriber)
    assert answer == {"released": True, "why": why, "next": world.now().isoformat(timespec="seconds")}
    world.advance(timedelta(minutes=6))
    assert days(ann, "acknowledge") == [24]
    assert held(world) == {}


def test_d8_a_closing_letter_that_cannot_be_made_waits_without_holding_its_subscriber(
    world: World, ann: Person, bob: Person
) -> None:
    """The closing letter quotes a reflection that is unreadable; it is sent once that is repaired."""
    for day in range(5):
        without_schedules_until(world, TUESDAY + day * DAY)
        world.advance(timedelta(minutes=6))
    ann.replies("What I saw today.")
    table = world.resources.ref("Reflections")
    [written] = world.clients.dynamodb.scan(TableName=table)["Items"]
    world.clients.dynamodb.put_item(TableName=table, Item={k: v for k, v in written.items() if k != "text"})
    without_schedules_until(world, TUESDAY + 5 * DAY)
    world.advance(timedelta(minutes=6))
    assert (days(ann, "keep-showing-up"), days(bob, "keep-showing-up")) == ([], [29])
    assert counted(world, "Broken")
    assert not counted(world, "Held")
    assert held(world) == {}

    world.clients.dynamodb.put_item(TableName=table, Item=written)
    world.advance(timedelta(minutes=21))
    assert days(ann, "keep-showing-up") == [29]
    assert "What I saw today." in (ann.emails[-1].text or "")


def test_d8_the_audit_finds_a_subscriber_who_would_never_be_due(world: World, ann: Person) -> None:
    """Their due time is unreadable, so the dispatcher never finds them."""
    subscriber = id_of(ann)
    before = item(world, subscriber)["due_at"]
    store(world, subscriber, "due_at", {"S": "soon"})
    without_schedules_until(world, TUESDAY)
    tick(world)
    assert emails(ann) == ["confirm", "intro"]
    assert held(world) == {subscriber: "what is stored cannot be read"}
    store(world, subscriber, "due_at", before)
    world.advance(timedelta(minutes=6))
    assert days(ann, "acknowledge") == [24]


# ---------------------------------------------------------------- held in doubt, and released


def test_only_an_email_in_doubt_can_be_released_as_arrived(world: World, ann: Person, bob: Person) -> None:
    """Otherwise the lesson would be sent although the operator said that it arrived."""
    world.ses.refused[ann.address] = "Address blocked."
    without_schedules_until(world, TUESDAY)
    tick(world)
    with unchanged(world):
        answer = release(world, id_of(ann), arrived=True)
    why = "has no email in doubt that could have arrived; is held: SES refused the address"
    assert answer == {"released": False, "why": why}
    assert emails(bob)[-1] == "acknowledge"


def test_an_email_in_doubt_that_is_held_for_another_reason_is_judged_after_its_release(
    world: World, monkeypatch: pytest.MonkeyPatch, ann: Person
) -> None:
    """No operator said whether it arrived, so it is not sent again only because its course exists again."""
    world.ses.destinations.clear()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL), taken=True)
    without_schedules_until(world, TUESDAY)
    tick(world)
    course = item(world, id_of(ann))["course"]
    store(world, id_of(ann), "course", {"S": "no-such-course"})
    without_schedules_until(world, TUESDAY + DAY)
    tick(world)
    assert held(world) == {id_of(ann): "there is no such course any more"}
    store(world, id_of(ann), "course", course)
    assert release(world, id_of(ann))["released"]
    tick(world)
    assert days(ann, "acknowledge") == [24]
    assert held(world) == {id_of(ann): "in doubt"}


def test_the_link_to_confirm_is_valid_from_the_time_its_email_is_sent(world: World) -> None:
    """E6: the sandbox held the email for six days; without this its link would have expired unnoticed."""
    world.ses.refused["ann@example.net"] = "Address blocked."
    ann = Person(world)
    ann.signs_up()
    assert held(world) == {id_of(ann): "SES refused the address"}
    without_schedules(world, 6 * DAY)
    world.ses.refused.clear()
    release(world, id_of(ann))
    without_schedules(world, timedelta(minutes=10))
    tick(world)
    assert emails(ann) == ["confirm"]
    expires = float(item(world, id_of(ann))["expires_at"]["N"])
    assert expires - world.now().timestamp() > 6 * DAY.total_seconds()
    without_schedules(world, timedelta(hours=70))
    ann.confirms()
    assert ann.row["status"] == "active"


def test_p8_a_held_sign_up_expires_after_seven_days_like_any_other(world: World) -> None:
    """The owner of the address never agreed to anything, whoever typed it in."""
    world.ses.refused["ann@example.net"] = "Address blocked."
    ann = Person(world)
    ann.signs_up()
    assert held(world) == {id_of(ann): "SES refused the address"}
    expires = float(item(world, id_of(ann))["expires_at"]["N"])
    assert expires - world.now().timestamp() == pytest.approx(7 * DAY.total_seconds(), abs=60)


@pytest.mark.parametrize(("taken", "arrived"), [(True, True), (False, False), (True, False)])
def test_an_operator_says_whether_an_email_in_doubt_arrived(
    world: World, monkeypatch: pytest.MonkeyPatch, ann: Person, taken: bool, arrived: bool
) -> None:
    """SES's answer and all of its events are lost.

    An operator who wrongly says that the email did not arrive sends it twice.
    """
    world.ses.destinations.clear()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL), taken=taken)
    without_schedules_until(world, TUESDAY)
    tick(world)
    without_schedules_until(world, TUESDAY + DAY)
    tick(world)
    assert held(world) == {id_of(ann): "in doubt"}
    assert audit(world) == {"held": 1, "in doubt": 1, "active": 1}
    assert counted(world, "Held")
    assert counted(world, "InDoubt")
    without_schedules(world, timedelta(hours=4))
    tick(world)
    assert days(ann, "acknowledge") == [24] * taken

    answer = release(world, id_of(ann), arrived=arrived)
    assert (answer["released"], answer["why"]) == (True, "in doubt")
    assert answer["next"] == str(ann.row["due_at"]).replace("Z", "+00:00")
    assert counted(world, "Released")
    with unchanged(world):
        assert release(world, id_of(ann), arrived=arrived) == {"released": False, "why": "is not held"}
    world.advance(timedelta(minutes=6))
    assert days(ann, "acknowledge") == [24] * taken + [25] * (not arrived)
    without_schedules_until(world, TUESDAY + 2 * DAY)
    world.advance(timedelta(minutes=6))
    assert days(ann, "own-it") == [26]
    lessons = [email.at.astimezone(BERLIN).date() for email in ann.emails[2:]]
    assert len(lessons) == len(set(lessons))


def test_a_subscriber_who_is_not_held_cannot_be_released(world: World, ann: Person, bob: Person) -> None:
    bob.presses("stop")
    store(world, id_of(bob), "zone", {"S": "Mars/Olympus"})
    with unchanged(world):
        assert release(world, id_of(ann)) == {"released": False, "why": "is not held"}
        assert release(world, "aaaaaaaaaaaaaaaa") == {"released": False, "why": "there is no such subscriber"}
        unreadable = release(world, id_of(bob))
    assert unreadable == {"released": False, "why": "the stored item still cannot be read: ZoneInfoNotFoundError"}
    assert not counted(world, "Released")


# ---------------------------------------------------------------- E6: the account is still in SES's sandbox


def test_e6_in_the_sandbox_an_unverified_recipient_is_held_and_the_others_go_on(
    world: World, ann: Person, bob: Person
) -> None:
    world.ses.production_access = False
    world.clients.sesv2.create_email_identity(EmailIdentity=bob.address)
    carl = Person(world, "carl@example.net", "Carl", source_ip="203.0.113.10")
    carl.signs_up()
    without_schedules_until(world, TUESDAY)
    tick(world)
    assert days(bob, "acknowledge") == [24]
    assert (emails(ann), emails(carl)) == (["confirm", "intro"], [])
    why = "SES is in its sandbox and mails verified addresses only: ask AWS for production access"
    assert held(world) == {id_of(ann): why, id_of(carl): why}
    assert counted(world, "Held")
    assert not counted(world, "BreakerOpen")

    world.ses.production_access = True
    for person in (ann, carl):
        assert release(world, id_of(person))["released"]
    world.advance(timedelta(minutes=6))
    assert days(ann, "acknowledge") == days(carl, "confirm") == [24]


def test_e6_in_the_sandbox_an_unverified_sender_domain_stops_all_sending(
    world: World, ann: Person, bob: Person
) -> None:
    """SES names the recipient as well, but the sender is the cause: the breaker opens instead."""
    world.ses.production_access = False
    world.ses.unverified = {"mail.example.org"}
    without_schedules_until(world, TUESDAY)
    tick(world)
    assert counted(world, "BreakerOpen")
    assert not counted(world, "Held")
    assert held(world) == {}
    world.ses.production_access, world.ses.unverified = True, set()
    world.advance(timedelta(minutes=21))
    assert days(ann, "acknowledge") == days(bob, "acknowledge") == [24]
