"""SES's events: an attempt is settled by whichever comes, and a bounce or a complaint ends the emails for good."""

import copy
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from cli.local import ses_events
from cli.local.cloud import World
from cli.local.physical import arn
from tests.people import Person
from tests.stories import asleep, next_email, nothing_comes, reads, unchanged


def records(*bodies: dict[str, Any]) -> dict[str, Any]:
    """Queue messages as Lambda gets them."""
    kinds = {"eventSource": "aws:sqs", "attributes": {}, "messageAttributes": {}}
    return {"Records": [{"messageId": str(n), "body": json.dumps(body), **kinds} for n, body in enumerate(bodies)]}


def by_sns(event: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": arn("sns", "email-course-FeedbackTopic"), "Message": json.dumps(event)}


def stored(world: World) -> dict[str, Any]:
    """The only subscriber as stored, read without the world's lock: its own thread waits for the sender's."""
    items = world.clients.dynamodb.scan(TableName=world.resources.ref("Subscribers"))["Items"]
    (ann,) = [item for item in items if "address" in item]
    return dict(ann)


def test_f1_an_event_before_the_commit_is_one_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Send event is worked on while SES's own answer is still on its way."""
    ann = Person(world)
    ann.signs_up()
    take = world.ses.send
    settled: list[Any] = []

    def and_tells_first(request: dict[str, Any]) -> Any:
        mail = take(request)
        event = records(by_sns(ses_events.send(mail, world.now()).body))
        settled.append(world.functions.invoke(world.functions.by_name["record_delivery"], event).payload)
        settled.append("claim" not in stored(world))
        return mail

    monkeypatch.setattr(world.ses, "send", and_tells_first)
    ann.confirms()
    assert settled == [{"batchItemFailures": []}, True]
    sent = ann.row["sent"]
    assert isinstance(sent, dict)
    assert list(sent) == ["intro"]
    assert ann.row["next_lesson"] == "acknowledge"
    assert [mail.tags["email"] for mail in ann.mails] == ["confirm", "intro"]
    lesson = next_email(world)
    assert lesson.tags["email"] == "acknowledge"


def test_f2_events_twice_reversed_and_late_end_the_same(world: World) -> None:
    ann = reads(Person(world), 1)
    events = [event.body for event in world.ses.events]
    row = dict(ann.row)
    for order in (events, events[::-1], events * 2):
        world.invoke("record_delivery", records(*map(by_sns, order)))
    assert ann.row == row
    asleep(world, timedelta(days=30))
    with unchanged(world):
        world.invoke("record_delivery", records(*map(by_sns, events)))


def test_f2_events_that_are_not_ours_change_nothing(world: World) -> None:
    ann = Person(world).joins()
    good = ses_events.complaint(ann.mails[-1], world.now()).body

    def without(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        event = copy.deepcopy(good)
        change(event)
        return event

    foreign = [
        without(lambda event: event["mail"].pop("tags")),
        without(lambda event: event["mail"]["tags"].pop("subscriber")),
        without(lambda event: event["mail"]["tags"].pop("epoch")),
        without(lambda event: event["mail"]["tags"].update(epoch=["x"])),
        without(lambda event: event["mail"]["tags"].update(epoch=[])),
        without(lambda event: event.pop("mail")),
        {"Type": "Notification", "Message": "{}"},
        {},
    ]
    with unchanged(world):
        answer = world.invoke("record_delivery", records(*foreign, *map(by_sns, foreign)))
    assert answer.payload == {"batchItemFailures": []}

    unknown = without(lambda event: event["mail"]["tags"].update(subscriber=["aaaaaaaaaaaaaaaa"]))
    world.invoke("record_delivery", records(unknown))
    assert ann.row["status"] == "active"
    assert not world.rows("Suppressions")


@pytest.mark.parametrize(
    ("what", "status"),
    [
        ("bounce", "bounced"),
        ("complaint", "complained"),
        ("suppressed", "bounced"),
        ("full mailbox", "active"),
        ("undetermined", "active"),
    ],
)
def test_f3_what_stops_a_subscriber_for_good(world: World, what: str, status: str) -> None:
    ann = Person(world).joins()
    introduction = ann.mails[-1]
    if what == "bounce":
        world.bounced(introduction)
    elif what == "complaint":
        world.complained(introduction)
    elif what == "suppressed":
        world.ses.suppressed["ann@example.net"] = "BOUNCE"
        next_email(world)
    else:
        world.bounced(introduction, "Transient" if what == "full mailbox" else "Undetermined", "MailboxFull")
    assert ann.row["status"] == status
    goes_on = status == "active"
    assert nothing_comes(world, 1) is not goes_on
    assert len(world.rows("Suppressions")) == (0 if goes_on else 1)

    if not goes_on:  # not even a sign-up brings them back
        sent = len(ann.mails)
        assert "look in your inbox" in ann.signs_up().text
        assert nothing_comes(world)
        assert len(ann.mails) == sent
        assert "your mail provider told us not to send to your address" in ann.page


def test_f4_a_delivery_after_a_bounce_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    world.bounced(ann.mails[-1])
    row = dict(ann.row)
    with unchanged(world):
        world.delivered(ann.mails[-1])
        world.ses.publish(ses_events.send(ann.mails[-1], world.now()))
        world.drain()
    assert ann.row == row
    assert row["status"] == "bounced"


def test_f4_an_old_epochs_event_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    introduction = ann.mails[-1]
    world.request("POST", ann.link("/unsubscribe/"))
    asleep(world, timedelta(days=2))
    ann.joins()
    with unchanged(world):
        for event in (ses_events.bounce, ses_events.complaint, ses_events.delivery):
            world.ses.publish(event(introduction, introduction.at))
            world.drain()
    assert ann.row["status"] == "active"


def test_f4_an_erased_subscribers_event_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    mail = ann.mails[-1]
    key = {"id": {"S": str(ann.row["id"])}}
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key=key)
    with unchanged(world):
        world.delivered(mail)
    world.complained(mail)
    assert not world.subscribers()


@pytest.mark.parametrize("kind", ["eventType", "notificationType"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_f5_both_shapes_and_both_ways(world: World, kind: str, wrapped: bool) -> None:
    ann = Person(world).joins()
    event = copy.deepcopy(ses_events.complaint(ann.mails[-1], world.now()).body)
    event[kind] = event.pop("eventType")
    answer = world.invoke("record_delivery", records(by_sns(event) if wrapped else event))
    assert answer.payload == {"batchItemFailures": []}
    assert ann.row["status"] == "complained"
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]


def test_an_email_that_ses_took_and_rejected_rings_an_alarm(world: World) -> None:
    """It found a virus (SES guide, "Reject object"): counted as sent, and nobody gets it."""
    ann = Person(world).joins()
    event = ses_events.send(ann.mails[-1], world.now()).body | {
        "eventType": "Reject",
        "reject": {"reason": "Bad content"},
    }
    answer = world.invoke("record_delivery", records(by_sns(event)))
    assert answer.payload == {"batchItemFailures": []}
    assert any('"Rejected":[1.0]' in line for line in world.logs)


def test_f6_one_poison_message_holds_up_no_other(world: World) -> None:
    """Nine of ten are done; the tenth comes back five times, and then lies where an alarm looks (test_template.py)."""
    people = [Person(world, f"p{n}@example.net", source_ip=f"198.51.100.{n}") for n in range(9)]
    told = [json.dumps(by_sns(ses_events.complaint(one.joins().mails[-1], world.now()).body)) for one in people]
    poison = "not JSON: p4@example.net"
    for body in (*told[:4], poison, *told[4:]):
        world.clients.sqs.send_message(QueueUrl=world.resources.ref("Feedback"), MessageBody=body)
    world.drain()
    assert [one.row["status"] for one in people] == ["complained"] * 9
    asleep(world, timedelta(hours=1))
    assert [failure.function for failure in world.failures] == ["record_delivery"] * 5
    world.failures.clear()
    dead = {queue.logical_id: queue.waiting for queue in world.queues() if queue.is_dead_letters}
    assert dead == {"OutboxDeadLetters": (), "InboundDeadLetters": (), "FeedbackDeadLetters": (poison,)}
    assert "p4@example.net" not in "\n".join(world.logs)


def test_f3_five_soft_bounces_pause_the_course(world: World) -> None:
    """A mailbox that is full each day: the course waits for its subscriber, who goes on at the same place."""
    ann = Person(world).joins()
    for _ in range(4):
        world.bounced(ann.mails[-1], "Transient", "MailboxFull")
        next_email(world)
    world.bounced(ann.mails[-1], "Transient", "MailboxFull")
    assert ann.row["status"] == "paused"
    assert any('"PausedByBounces":[1.0]' in line for line in world.logs)
    assert world.invoke("audit", {}).payload["account"]["paused by bounces"] == 1
    assert nothing_comes(world)
    assert not world.rows("Suppressions")
    ann.presses("resume")
    lesson = next_email(world)
    assert lesson.tags["email"] == "safety-first"
    world.bounced(lesson, "Transient", "MailboxFull")  # the first of five again
    assert next_email(world).tags["email"] == "keep-showing-up"


def test_f3_the_same_soft_bounce_told_five_times_counts_once(world: World) -> None:
    ann = Person(world).joins()
    for _ in range(5):
        world.bounced(ann.mails[-1], "Transient", "MailboxFull")
    assert ann.row["status"] == "active"
    assert next_email(world).tags["email"] == "acknowledge"
