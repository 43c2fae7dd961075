"""Dispatch: which subscribers are queued at a tick, in which order, how many, and what follows an outage."""

import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ReadTimeoutError

from aws.subscribers import Subscribers
from course.record import Status
from course.subscriber import Subscriber
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_sending import emails, ses_answers
from tests.stories import id_of, next_email, reads, unchanged, without, without_schedules_until

BERLIN = ZoneInfo("Europe/Berlin")
PLAN = ("intro", "acknowledge", "own-it", "keep-showing-up")


def subscribe(world: World, *due: datetime) -> list[str]:
    """Stores one subscriber for each of these due times, and returns their ids in this order."""
    table = Subscribers(world.clients.dynamodb, world.resources.ref("Subscribers"))
    ids = []
    for number, at in enumerate(due):
        address = f"p{number}@example.net"
        someone = Subscriber(
            id=id_of(world, address),
            course="rebuild-trust",
            address=address,
            status=Status.ACTIVE,
            epoch=1000,
            round=1,
            plan=PLAN,
            next_lesson="intro",
            due_at=at,
        )
        assert table.save(someone)
        ids.append(someone.id)
    return ids


def queued(world: World) -> list[str]:
    """The ids in the outbox, in order."""
    return [id_ for message in outbox(world) for id_ in message["subscribers"]]


def outbox(world: World) -> list[dict[str, Any]]:
    """The messages in the outbox, delayed ones included."""
    queue = next(queue for queue in world.queues() if queue.logical_id == "Outbox")
    return [json.loads(message) for message in (*queue.waiting, *queue.delayed)]


def asked_ses(world: World) -> int:
    """How often dispatch asked SES for its quota."""
    return sum(call.function == "dispatch" and call.operation == "ses:GetAccount" for call in world.calls)


def test_dispatch_does_not_ask_ses_if_nobody_is_due(world: World) -> None:
    ann = Person(world)
    with unchanged(world):
        world.invoke("dispatch", {})
    ann.joins()
    with unchanged(world):
        world.invoke("dispatch", {})
    assert asked_ses(world) == 0
    assert {call.operation for call in world.calls if call.function == "dispatch"} == {"dynamodb:Query"}
    next_email(world)
    assert asked_ses(world) == 1


def test_subscribers_who_wait_longest_come_first(world: World) -> None:
    now = world.now()
    ids = subscribe(
        world, *(now - timedelta(minutes=minutes) for minutes in (5, 30, 1, 20, 10)), now + timedelta(hours=1)
    )
    with without(world, "send"):
        world.invoke("dispatch", {})
        assert queued(world) == [ids[n] for n in (1, 3, 4, 0, 2)]


def test_no_more_are_queued_than_the_daily_quota_allows(world: World) -> None:
    now = world.now()
    ids = subscribe(world, *(now - timedelta(minutes=minutes) for minutes in range(1, 8)))
    world.ses.max_24_hour_send = 3
    with without(world, "send"):
        world.invoke("dispatch", {})
        assert queued(world) == [ids[n] for n in (6, 5, 4)]
    world.drain()
    assert len(world.emails) == 3
    with unchanged(world):
        world.invoke("dispatch", {})

    world.ses.max_24_hour_send = 50_000
    world.invoke("dispatch", {})
    world.drain()
    assert len(world.emails) == 7


def test_no_more_are_queued_than_the_rate_allows_before_the_next_tick(world: World) -> None:
    world.ses.max_send_rate = 0.5  # 150 in five minutes
    now = world.now()
    ids = subscribe(world, *(now - timedelta(seconds=170 - n) for n in range(160)))
    with without(world, "send"):
        world.invoke("dispatch", {})
        assert queued(world) == ids[:150]
        # The rate is too low to be halved: one message at a time, and none takes longer than a sender has (60 s).
        assert {message["rate"] for message in outbox(world)} == {0.5}
        assert max(len(message["subscribers"]) for message in outbox(world)) / 0.5 < 60 - 25
        with unchanged(world):
            world.invoke("dispatch", {})  # waiting emails are counted


def test_each_of_two_senders_has_half_the_rate(world: World) -> None:
    world.ses.max_send_rate = 14
    subscribe(world, *[world.now()] * 60)
    with without(world, "send"):
        world.invoke("dispatch", {})
        assert [(message["rate"], len(message["subscribers"])) for message in outbox(world)] == [(7, 30), (7, 30)]
        assert not next(queue for queue in world.queues() if queue.logical_id == "Outbox").delayed


def test_a_message_that_waits_in_the_outbox_counts_against_the_quota(world: World) -> None:
    now = world.now()
    subscribe(world, *(now - timedelta(minutes=n + 1) for n in range(5)))
    url = world.resources.ref("Outbox")
    world.clients.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"subscribers": [], "rate": 1}))
    world.ses.max_24_hour_send = 140 + 2  # at 7 a second for each sender, a message is 20 seconds' work
    with without(world, "send"):
        world.invoke("dispatch", {})
        assert len(queued(world)) == 2


def test_nothing_is_queued_while_the_breaker_is_open_or_the_account_is_paused(world: World) -> None:
    subscribe(world, world.now() - timedelta(minutes=1))
    for attribute in ("sending_enabled", "suspended"):
        usual = getattr(world.ses, attribute)
        setattr(world.ses, attribute, not usual)
        with unchanged(world):
            world.invoke("dispatch", {})
        setattr(world.ses, attribute, usual)
    assert any("BreakerOpen" in line for line in world.logs)

    until = (world.now() + timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    item = {"key": {"S": "breaker"}, "reason": {"S": "AccountSuspendedException"}, "until": {"S": until}}
    world.clients.dynamodb.put_item(TableName=world.resources.ref("Limits"), Item=item)
    with unchanged(world):
        world.invoke("dispatch", {})
    world.advance(timedelta(minutes=16))
    assert len(world.emails) == 1


def test_an_attempt_in_doubt_takes_no_other_subscribers_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One email is left of the day's quota, and the subscriber who waits longest can get none before tomorrow."""
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", "Bob", hour=8, source_ip="203.0.113.9").joins()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url="https://email.eu-west-1.amazonaws.com"))
    with without(world, "record_delivery"):
        without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
        world.invoke("dispatch", {})
        world.drain()
        assert "claim" in ann.row
        world.ses.max_24_hour_send = len(world.emails) + 1
        without_schedules_until(world, MONDAY.replace(day=24, hour=7, minute=50))
        world.advance(timedelta(minutes=11))
    world.drain()
    assert emails(bob) == ["confirm", "intro", "acknowledge"]


@pytest.mark.parametrize(("wakes", "sent"), [((2, 10), (7, 0)), ((14, 0), (15, 0)), ((22, 50), None)])
def test_d3_after_three_days_without_the_scheduler_one_email_comes(
    world: World, wakes: tuple[int, int], sent: tuple[int, int] | None
) -> None:
    """One email comes, no burst, and none at night: if the scheduler is back at night, the email waits for its hour."""
    ann = reads(Person(world), 1)
    hour, minute = wakes
    back = datetime(2026, 11, 27, hour, minute, tzinfo=BERLIN)
    without_schedules_until(world, back)
    world.advance(timedelta(minutes=30))
    woken_at_night = hour < 7
    assert len(ann.emails) == (3 if woken_at_night else 4)
    lesson = next_email(world) if woken_at_night else ann.emails[-1]
    local = lesson.at.astimezone(BERLIN)
    assert lesson.tags["email"] == "own-it"
    assert local.date() == back.date()
    assert (local.hour == 7) if woken_at_night else (local - back < timedelta(minutes=10))
    assert "claim" not in ann.row

    following = next_email(world)
    assert following.tags["email"] == "apology-in-action"
    local = following.at.astimezone(BERLIN)
    late = hour > 19  # there are at least twelve hours between two lessons
    assert (local.day, local.hour) == ((29 if late else 28), 7)
    assert emails(ann) == ["confirm", "intro", "acknowledge", "own-it", "apology-in-action"]


def test_d3_a_schedule_that_fires_twice_sends_one_email(world: World) -> None:
    ann = Person(world).joins()
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    with without(world, "send"):
        world.invoke("dispatch", {})
        world.invoke("dispatch", {})
        assert len(queued(world)) == 2
    world.drain()
    assert emails(ann) == ["confirm", "intro", "acknowledge"]


def test_paused_stopped_and_bounced_subscribers_are_not_in_the_index(world: World) -> None:
    people = [Person(world, f"p{n}@example.net", source_ip=f"203.0.113.{n}").joins() for n in range(3)]
    people[0].presses("pause")
    people[1].presses("stop")
    world.bounced(people[2].emails[-1])
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    with unchanged(world):
        world.invoke("dispatch", {})
        world.drain()
    assert not [row for row in world.subscribers() if "due_shard" in row]
