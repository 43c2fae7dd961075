"""SES's events: the first one settles an attempt, and a bounce or a complaint ends the emails for good."""

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from cli import operate
from local_cloud import ses_events
from local_cloud.cloud import TEMPLATE, World
from local_cloud.mime import SentEmail
from local_cloud.physical import arn
from tests.conftest import MONDAY
from tests.metrics import goes_off
from tests.people import Person
from tests.stories import next_email, nothing_comes, unchanged, without_schedules


def records(*bodies: dict[str, Any]) -> dict[str, Any]:
    """Queue messages as Lambda gets them."""
    kinds = {"eventSource": "aws:sqs", "attributes": {}, "messageAttributes": {}}
    return {"Records": [{"messageId": str(n), "body": json.dumps(body), **kinds} for n, body in enumerate(bodies)]}


def by_sns(event: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "Notification", "TopicArn": arn("sns", "email-course-FeedbackTopic"), "Message": json.dumps(event)}


def stored(world: World) -> dict[str, Any]:
    """The only subscriber as stored, read without the world's lock: the thread that holds it waits for the sender."""
    items = world.clients.dynamodb.scan(TableName=world.resources.ref("Subscribers"))["Items"]
    (ann,) = [item for item in items if "address" in item]
    return dict(ann)


def test_f1_an_event_before_the_answer_of_ses_is_one_commit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Send event is handled before SES's own answer has arrived."""
    ann = Person(world)
    ann.signs_up()
    take = world.ses.send
    settled: list[Any] = []

    def and_tells_first(request: dict[str, Any]) -> Any:
        email = take(request)
        event = records(by_sns(ses_events.send(email, world.now()).body))
        settled.append(world.functions.invoke(world.functions.by_name["record_delivery"], event).payload)
        settled.append("claim" not in stored(world))
        return email

    monkeypatch.setattr(world.ses, "send", and_tells_first)
    ann.confirms()
    assert settled == [{"batchItemFailures": []}, True]
    sent = ann.row["sent"]
    assert isinstance(sent, dict)
    assert list(sent) == ["intro"]
    assert ann.row["next_lesson"] == "acknowledge"
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]
    lesson = next_email(world)
    assert lesson.tags["email"] == "acknowledge"


Events = list[dict[str, Any]]
OTHER_COURSE = "rebuild-trust-again"


def told(world: World, email: SentEmail, what: str) -> dict[str, Any]:
    """One event about an email."""
    if what == "full mailbox":
        return ses_events.bounce(email, world.now(), "Transient", "MailboxFull").body
    return dict(getattr(ses_events, what)(email, world.now()).body)


def with_tags(event: dict[str, Any], **tags: str | None) -> dict[str, Any]:
    """The same event with other tags, or without some."""
    other = copy.deepcopy(event)
    for name, value in tags.items():
        other["mail"]["tags"] |= {name: [value]} if value else {}
        if value is None:
            del other["mail"]["tags"][name]
    return other


def unanswered(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[Person, SentEmail]:
    """SES took the first lesson and its answer was lost. No event has come, and the world sends none."""
    world.ses.destinations.clear()
    ann, take, lost = Person(world).joins(), world.ses.send, [ReadTimeoutError(endpoint_url="https://ses.example")]

    def send(request: dict[str, Any]) -> Any:
        email = take(request)
        if lost:
            raise lost.pop()
        return email

    monkeypatch.setattr(world.ses, "send", send)
    lesson = next_email(world)
    assert "claim" in ann.row
    assert ann.row["next_lesson"] == "acknowledge"
    return ann, lesson


def end_state(world: World, *batches: Events) -> dict[str, Any]:
    """Returns the stored state after these events, without the number of writes and the time of a suppression."""
    for batch in batches:
        answer = world.invoke("record_delivery", records(*map(by_sns, batch)))
        assert answer.payload == {"batchItemFailures": []}
    suppressed = [{name: row[name] for name in ("address_hash", "reason")} for row in world.rows("Suppressions")]
    [ann] = world.subscribers()
    return {name: value for name, value in ann.items() if name != "version"} | {"suppressed": suppressed}


def put_back(world: World, item: dict[str, Any]) -> None:
    """Stores the subscriber as before, and empties the suppression list."""
    world.clients.dynamodb.put_item(TableName=world.resources.ref("Subscribers"), Item=item)
    for row in world.rows("Suppressions"):
        key = {"address_hash": {"S": str(row["address_hash"])}}
        world.clients.dynamodb.delete_item(TableName=world.resources.ref("Suppressions"), Key=key)


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (("send", "delivery"), "active"),
        (("send", "bounce"), "bounced"),
        (("send", "full mailbox"), "active"),
        (("send", "delivery", "complaint"), "complained"),
    ],
    ids=["delivered", "bounced", "full mailbox", "complained"],
)
def test_f2_events_that_come_twice_reversed_or_late_have_the_same_result(
    world: World, monkeypatch: pytest.MonkeyPatch, kinds: tuple[str, ...], status: str
) -> None:
    """Only the events tell the outcome of the attempt: the first of them settles it."""
    ann, lesson = unanswered(world, monkeypatch)
    before = stored(world)
    events = [told(world, lesson, kind) for kind in kinds]
    on_time = end_state(world, *([event] for event in events))
    assert (ann.row["status"], ann.row["next_lesson"], "claim" in ann.row) == (status, "own-it", False)
    assert ann.row["message_id"] == lesson.id

    of_the_introduction = told(world, ann.emails[-2], "delivery")
    strange = [with_tags(events[0], subscriber="aaaaaaaaaaaaaaaa"), with_tags(events[-1], epoch=None)]
    strange += [with_tags(events[0], epoch="1"), with_tags(events[0], attempt="0123456789abcdef"), of_the_introduction]
    for hours in (0, 20):  # and dispatch runs, for which the attempt is in doubt
        without_schedules(world, timedelta(hours=hours))
        put_back(world, before)
        world.invoke("dispatch", {})
        world.drain()
        assert "claim" in ann.row
        waiting, undecided = stored(world), end_state(world)
        assert end_state(world, strange) == undecided
        for order in permutations(events):
            for came in ([*order], [event for event in order for _ in range(2)], [*order, *order], [*strange, *order]):
                put_back(world, waiting)
                assert end_state(world, came) == on_time, came
                assert end_state(world, *([event] for event in came)) == on_time, "once more, each by itself"


def test_f2_events_that_come_days_late_settle_a_held_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No events came for three days. The stored state is the same for each order; only the next slot is later."""
    ann, lesson = unanswered(world, monkeypatch)
    for _ in range(3):
        without_schedules(world, timedelta(days=1))
        world.invoke("dispatch", {})
        world.drain()
    assert ann.row["held"] == "in doubt"
    held = stored(world)
    send, delivery = (told(world, lesson, kind) for kind in ("send", "delivery"))
    ends = []
    for order in ([send, delivery], [delivery, send], [delivery, delivery, send, send]):
        put_back(world, held)
        ends.append(end_state(world, order))
    assert ends[0] == ends[1] == ends[2]
    assert (ann.row["next_lesson"], ann.row.get("held", ""), "claim" in ann.row) == ("own-it", "", False)
    assert next_email(world).tags["email"] == "own-it"
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro", "acknowledge", "own-it"]


def test_f2_events_that_are_not_ours_change_nothing(world: World) -> None:
    ann = Person(world).joins()
    good = ses_events.complaint(ann.emails[-1], world.now()).body

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
def test_f3_only_a_permanent_bounce_or_a_complaint_stops_a_subscriber_for_good(
    world: World, what: str, status: str
) -> None:
    ann = Person(world).joins()
    introduction = ann.emails[-1]
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

    if not goes_on:  # not even a new sign-up starts the emails again
        sent = len(ann.emails)
        assert "look in your inbox" in ann.signs_up().text
        assert nothing_comes(world)
        assert len(ann.emails) == sent
        assert "your mail provider told us not to send to your address" in ann.page


def test_f4_a_delivery_after_a_bounce_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    world.bounced(ann.emails[-1])
    row = dict(ann.row)
    with unchanged(world):
        world.delivered(ann.emails[-1])
        world.ses.publish(ses_events.send(ann.emails[-1], world.now()))
        world.drain()
    assert ann.row == row
    assert row["status"] == "bounced"


def test_f4_an_old_epochs_event_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    introduction = ann.emails[-1]
    world.request("POST", ann.link("/unsubscribe/"))
    without_schedules(world, timedelta(days=2))
    ann.joins()
    with unchanged(world):
        for event in (ses_events.send, ses_events.delivery):
            world.ses.publish(event(introduction, introduction.at))
            world.drain()
        world.bounced(introduction, "Transient", "MailboxFull")
    assert ann.row["status"] == "active"


def test_f4_an_erased_subscribers_event_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    email = ann.emails[-1]
    key = {"id": {"S": str(ann.row["id"])}}
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key=key)
    with unchanged(world):
        world.ses.publish(ses_events.send(email, world.now()))
        world.delivered(email)
    world.complained(email)
    assert not world.subscribers()


def reasons(world: World) -> list[str]:
    return [str(row["reason"]) for row in world.rows("Suppressions")]


@pytest.mark.parametrize(("event", "stopped"), [(ses_events.complaint, "complained"), (ses_events.bounce, "bounced")])
def test_f8_a_complaint_or_bounce_of_an_earlier_epoch_also_stops_the_waiting_sign_up(
    world: World, event: Callable[[SentEmail, datetime], ses_events.SesEvent], stopped: str
) -> None:
    """A stranger types in the address of a former subscriber, who then reports our last email as spam."""
    ann = Person(world).joins()
    introduction = ann.emails[-1]
    ann.presses("stop")
    without_schedules(world, timedelta(days=2))
    ann.signs_up(first_name="Mallory")
    confirmation = ann.emails[-1]
    assert "sign_up" in ann.row
    world.ses.publish(event(introduction, world.now()))
    world.drain()
    assert (ann.row["status"], "sign_up" in ann.row, reasons(world)) == (stopped, False, [stopped])
    assert world.request("POST", ann.link("/confirm/", confirmation), form={}).status == 404
    assert nothing_comes(world)


@pytest.fixture
def two_courses(tmp_path: Path) -> Iterator[World]:
    """The local cloud with a second course in addition to the first."""
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, tmp_path / "template.yaml")
    emails = shutil.copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    shutil.copytree(emails / "rebuild-trust", emails / OTHER_COURSE)
    with World(tmp_path / "template.yaml", start=MONDAY) as world:
        yield world


def test_f8_a_complaint_stops_every_course_of_the_address_in_every_epoch(two_courses: World) -> None:
    """It is about an earlier epoch of one course, while the other course goes on. Nobody else is stopped."""
    world = two_courses
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9").joins()
    introduction = ann.emails[-1]
    ann.presses("stop")
    without_schedules(world, timedelta(days=2))
    ann.joins()
    without_schedules(world, timedelta(days=2))
    ann.signs_up(course=OTHER_COURSE)
    ann.confirms()
    world.complained(introduction)
    stored = {(row["course"], row["address"]): row["status"] for row in world.subscribers()}
    assert stored == {
        ("rebuild-trust", ann.address): "complained",
        (OTHER_COURSE, ann.address): "complained",
        ("rebuild-trust", bob.address): "active",
    }
    assert reasons(world) == ["complained"]
    assert any('"Complained":[1.0]' in line for line in world.logs)


def test_f8_a_complaint_after_an_erasure_suppresses_the_address(world: World) -> None:
    """A new sign-up would begin with one more email to a mailbox that reports ours as spam."""
    ann = Person(world).joins()
    introduction = ann.emails[-1]
    ann.erases()
    world.complained(introduction)
    assert not world.subscribers()
    assert reasons(world) == ["complained"]
    assert ann.address not in str(world.rows("Suppressions"))
    without_schedules(world, timedelta(days=2))
    sent = len(ann.emails)
    assert ann.signs_up().status == 200
    assert nothing_comes(world)
    assert len(ann.emails) == sent
    assert not world.subscribers()


@pytest.mark.parametrize("kind", ["eventType", "notificationType"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_f5_events_of_both_formats_are_read_with_and_without_a_wrapper(world: World, kind: str, wrapped: bool) -> None:
    ann = Person(world).joins()
    event = copy.deepcopy(ses_events.complaint(ann.emails[-1], world.now()).body)
    event[kind] = event.pop("eventType")
    answer = world.invoke("record_delivery", records(by_sns(event) if wrapped else event))
    assert answer.payload == {"batchItemFailures": []}
    assert ann.row["status"] == "complained"
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]


def test_an_email_that_ses_took_and_rejected_is_counted_for_its_alarm(world: World) -> None:
    """SES found a virus (SES guide, "Reject object"): the email is counted as sent, and nobody gets it."""
    ann = Person(world).joins()
    event = ses_events.send(ann.emails[-1], world.now()).body | {
        "eventType": "Reject",
        "reject": {"reason": "Bad content"},
    }
    answer = world.invoke("record_delivery", records(by_sns(event)))
    assert answer.payload == {"batchItemFailures": []}
    assert any('"Rejected":[1.0]' in line for line in world.logs)


def test_f6_one_poison_message_holds_up_no_other(world: World) -> None:
    """Nine of ten are handled; the tenth fails five times and goes to a queue that has an alarm (test_template.py)."""
    people = [Person(world, f"p{n}@example.net", source_ip=f"198.51.100.{n}") for n in range(9)]
    told = [json.dumps(by_sns(ses_events.complaint(one.joins().emails[-1], world.now()).body)) for one in people]
    poison = "not JSON: p4@example.net"
    for body in (*told[:4], poison, *told[4:]):
        world.clients.sqs.send_message(QueueUrl=world.resources.ref("Feedback"), MessageBody=body)
    world.drain()
    assert [one.row["status"] for one in people] == ["complained"] * 9
    without_schedules(world, timedelta(hours=1))
    assert [failure.function for failure in world.failures] == ["record_delivery"] * 5
    world.failures.clear()
    dead = {queue.logical_id: queue.waiting for queue in world.queues() if queue.is_dead_letters}
    assert dead == {"OutboxDeadLetters": (), "InboundDeadLetters": (), "FeedbackDeadLetters": (poison,)}
    assert "p4@example.net" not in "\n".join(world.logs)


def test_f7_an_event_of_another_topic_is_ignored(world: World) -> None:
    """Otherwise a publisher to another topic of the account could end anybody's emails."""
    ann = Person(world).joins()
    ours = by_sns(ses_events.complaint(ann.emails[-1], world.now()).body)
    topics = (arn("sns", "another-topic"), ours["TopicArn"] + "-2", "", None)
    foreign = [ours | {"TopicArn": topic} for topic in topics]
    foreign.append({name: value for name, value in ours.items() if name != "TopicArn"})
    with unchanged(world):
        answer = world.invoke("record_delivery", records(*foreign))
    assert answer.payload == {"batchItemFailures": []}
    world.invoke("record_delivery", records(ours))
    assert ann.row["status"] == "complained"


def full(world: World, email: SentEmail) -> None:
    """The mailbox is too full for this email."""
    world.bounced(email, "Transient", "MailboxFull")


def rings_for_bounces(world: World) -> bool:
    alarms = [alarm for _, alarm in world.resources.resources("AWS::CloudWatch::Alarm")]
    [alarm] = [alarm for alarm in alarms if alarm.get("MetricName") == "PausedByBounces"]
    return goes_off(alarm, world)


def test_f3_five_transient_bounces_pause_the_course(world: World) -> None:
    """The mailbox is full each day: the course is paused, and goes on at the same place."""
    ann = Person(world).joins()
    for _ in range(4):
        full(world, ann.emails[-1])
        next_email(world)
    assert not rings_for_bounces(world)
    full(world, ann.emails[-1])
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-11-30")
    assert rings_for_bounces(world)
    account = world.invoke("audit", {}).payload
    assert (account["account"]["paused"], account["account"]["paused by bounces"]) == (1, 1)
    assert account["paused by bounces"] == [{"id": ann.row["id"], "until": "2026-11-30"}]
    assert "Paused until 30 November 2026" in ann.page
    assert not world.rows("Suppressions")
    ann.presses("resume")
    lesson = next_email(world)
    assert lesson.tags["email"] == "safety-first"
    full(world, lesson)  # the first of five again
    assert next_email(world).tags["email"] == "keep-showing-up"


def test_f9_a_pause_for_bounces_ends_after_three_days_and_the_third_in_a_row_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("course.subscriber.SOFT_BOUNCES", 4)  # so that three pauses fit into the course
    ann = Person(world).joins()
    for _ in range(3):
        full(world, ann.emails[-1])
        next_email(world)
    for lesson in ("no-rush-to-forgiveness", "safety-first"):
        full(world, ann.emails[-1])
        full(world, ann.emails[-1])
        assert ann.row["status"] == "paused"
        before = ann.emails[-1].at
        assert next_email(world).tags["email"] == lesson
        assert timedelta(days=2, hours=22) < ann.emails[-1].at - before < timedelta(days=4)
    full(world, ann.emails[-1])
    assert nothing_comes(world, 5)
    account = world.invoke("audit", {}).payload
    assert account["paused by bounces"] == [{"id": ann.row["id"], "until": ""}]
    assert "until they resume, after the third such pause in a row" in operate.account(account)
    ann.presses("resume")
    assert next_email(world).tags["email"] == "keep-showing-up"


def test_f9_out_of_office_replies_are_not_counted_as_bounces(world: World) -> None:
    """SES reports them as bounces (SES guide, "Bounce types": Transient, General)."""
    ann = Person(world).joins()
    for _ in range(6):
        world.bounced(ann.emails[-1], "Transient", "General")
        assert "soft_bounces" not in ann.row
        next_email(world)
    assert ann.row["status"] == "completed"
    assert not rings_for_bounces(world)


def test_f3_a_transient_bounce_that_is_reported_five_times_counts_once(world: World) -> None:
    ann = Person(world).joins()
    for _ in range(5):
        world.bounced(ann.emails[-1], "Transient", "MailboxFull")
    assert ann.row["status"] == "active"
    assert next_email(world).tags["email"] == "acknowledge"
