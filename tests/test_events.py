"""The sample events in events/: each is as AWS sends it, and makes its function do its work.

They tell one story: Ann signs up on a Monday at 9:00 UTC. Their tokens are signed with KEY, which no stack has.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from aws import clients as aws_clients
from course import tokens
from course.subscriber import new_epoch
from course.tokens import Keyring, Purpose
from local_cloud import clients
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.people import Person

EVENTS = Path(__file__).parent.parent / "events"
KEY = "example key of the sample events"
KEYS = Keyring({"1": KEY})
ANN = tokens.subscriber_id(KEYS, "rebuild-trust", "ann@example.net")
EPOCH = new_epoch(MONDAY)


def event(name: str) -> Any:
    """The sample event of a function."""
    return json.loads((EVENTS / f"{name}.json").read_text("utf-8"))


def before_her_first_event(world: World) -> Person:
    """Ann, in a world that has the sample events' key."""
    secret = world.resources.ref("SigningSecret")
    world.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString=json.dumps({"1": KEY}))
    return Person(world)


@pytest.fixture
def ann(world: World) -> Person:
    """Ann, before her first event."""
    return before_her_first_event(world)


def after(ann: Person, *functions: str) -> Any:
    """Gives these functions their events, in this order, and returns the last one's answer."""
    answer = None
    for name in functions:
        outcome = ann.world.invoke(name, event(name))
        assert outcome.error is None
        if name == "sign_up":
            ann.world.drain()  # the work that it leaves to `send`
        answer = outcome.payload
        if name in ("send", "receive_reply", "record_delivery"):
            assert answer == {"batchItemFailures": []}
    return answer


def test_sign_up_stores_a_pending_subscriber(ann: Person) -> None:
    answer = after(ann, "sign_up")
    assert answer["statusCode"] == 200
    assert ann.row["status"] == "pending"
    assert ann.row["id"] == ANN


def test_confirm_starts_the_course(ann: Person) -> None:
    answer = after(ann, "sign_up", "confirm")
    assert answer["statusCode"] == 200
    assert (ann.row["status"], ann.row["epoch"]) == ("active", EPOCH)
    assert event("confirm")["pathParameters"]["token"] == tokens.link(
        KEYS, Purpose.CONFIRM, ANN, EPOCH, MONDAY + tokens.CONFIRM_LIFE
    )


def test_dispatch_queues_due_subscribers(ann: Person) -> None:
    with patch.object(ann.world.ses, "max_24_hour_send", 0):  # so that the confirmation email is still due
        after(ann, "sign_up")
    after(ann, "dispatch")
    outbox = next(queue for queue in ann.world.queues() if queue.logical_id == "Outbox")
    assert [json.loads(body)["subscribers"] for body in outbox.waiting] == [[ANN]]


def test_send_sends_the_introduction(ann: Person) -> None:
    after(ann, "sign_up", "confirm", "send")
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]


def test_receive_reply_keeps_the_reflection(ann: Person) -> None:
    after(ann, "sign_up", "confirm", "send")
    notification = json.loads(json.loads(event("receive_reply")["Records"][0]["body"])["Message"])
    assert notification["receipt"]["recipients"] == list(ann.emails[-1].reply_to)

    raw = clients.reply("gmail", ann.emails[-1], "I am ready to look at it.", ann.world.now())
    key = notification["receipt"]["action"]["objectKey"]
    ann.world.clients.s3.put_object(Bucket=ann.world.resources.ref("RawMail"), Key=key, Body=raw)
    after(ann, "receive_reply")
    assert [(found["lesson"], found["text"]) for found in ann.reflections] == [("intro", "I am ready to look at it.")]
    assert ann.reflections[0]["verified"] is True


def test_record_delivery_stops_a_bounced_address_for_good(ann: Person) -> None:
    after(ann, "sign_up", "confirm", "record_delivery")
    assert ann.row["status"] == "bounced"
    assert [row["reason"] for row in ann.world.rows("Suppressions")] == ["bounced"]


def test_my_course_changes_the_hour(ann: Person) -> None:
    answer = after(ann, "sign_up", "confirm", "my_course")
    assert answer["statusCode"] == 303
    assert ann.row["hour"] == 20


def test_my_journal_shows_the_journal_for_a_valid_link(ann: Person) -> None:
    after(ann, "sign_up", "confirm")
    link = tokens.read_journal(event("my_journal")["pathParameters"]["token"])
    assert after(ann, "my_journal")["statusCode"] == 404
    aws_clients.journal_links().add(link, ann.world.now())
    answer = after(ann, "my_journal")
    assert answer["statusCode"] == 200
    assert "Nothing here yet." in answer["body"]


def test_unsubscribe_needs_one_click(ann: Person) -> None:
    answer = after(ann, "sign_up", "confirm", "unsubscribe")
    assert answer["statusCode"] == 200
    assert ann.row["status"] == "unsubscribed"


def test_audit_accounts_for_everyone(ann: Person) -> None:
    answer = after(ann, "sign_up", "confirm", "audit")
    assert {line: number for line, number in answer["account"].items() if number} == {"active": 1, "due": 1}


def test_the_events_work_in_a_world_without_subscribers(ann: Person) -> None:
    """Without a subscriber, the events are answered with pages, not with errors."""
    assert after(ann, "confirm")["statusCode"] == 404
    assert after(ann, "my_course")["statusCode"] == 404
    assert after(ann, "my_journal")["statusCode"] == 404
    assert after(ann, "unsubscribe")["statusCode"] == 200
    after(ann, "dispatch", "send", "record_delivery")
    assert not any(after(ann, "audit")["account"].values())
    assert not ann.world.emails


# ---------------------------------------------------------------- what AWS would send


def records(name: str) -> list[dict[str, Any]]:
    """The queue messages of an event; none if it is a request or comes from a schedule."""
    return event(name).get("Records", [])  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("*.json")))
def test_an_event_holds_only_example_addresses(name: str) -> None:
    text = json.dumps(event(name)) + base64.b64decode(event(name).get("body", "")).decode()
    domains = set(re.findall(r"(?:@|%40)([\w.-]+\w)", text))
    assert domains <= {"example.net", "mail.example.net", "mail.example.org", "reply.example.org"}
    assert all(re.match(r"(198\.51\.100|192\.0\.2)\.", ip) for ip in re.findall(r"\b\d+\.\d+\.\d+\.\d+\b", text))


@pytest.mark.parametrize("name", ["send", "receive_reply", "record_delivery"])
def test_a_queue_message_has_the_checksum_of_its_body(name: str) -> None:
    for record in records(name):
        assert record["md5OfBody"] == hashlib.md5(record["body"].encode(), usedforsecurity=False).hexdigest()


@pytest.fixture
def seen(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Every event that the local cloud hands to its functions, by function."""
    seen: dict[str, list[Any]] = {}
    invoke = world.functions.invoke

    def noted(function: Any, given: Any, seconds: float | None = None) -> Any:
        seen.setdefault(function.name, []).append(given)
        return invoke(function, given, seconds)

    monkeypatch.setattr(world.functions, "invoke", noted)
    return seen


def test_the_local_cloud_sends_events_of_the_same_shape_as_the_samples(
    world: World, seen: dict[str, list[Any]]
) -> None:
    """Every field that the local cloud gives a function is in the sample event as well, with the same type."""
    ann = Person(world).joins()
    ann.replies("Thank you.")
    ann.presses("time", hour="8", zone="Europe/Berlin")
    assert ann.journal
    world.request("POST", ann.link("/unsubscribe/"), form={"List-Unsubscribe": "One-Click"})
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    world.bounced(bob.emails[-1])
    world.step(world.schedules[0].next_at)
    world.invoke("audit", world.schedules[1].event())
    assert set(seen) == {path.stem for path in EVENTS.glob("*.json")} - {"activate_rules"}
    for name, events in seen.items():
        sample = dict(shape(event(name)))
        for path, kind in shape(events[-1]):
            assert sample.get(path) == kind, f"{name}: {path} is {kind} here and {sample.get(path)} in the sample"


OPEN = {"headers", "tags", "attributes", "bounce", "commonHeaders"}
"""Fields whose members differ from event to event: compared as a whole."""


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yields every path in an event with the type of its value; JSON within a string is read as well."""
    if isinstance(value, str) and value.startswith("{") and len(value) > 2:
        value = json.loads(value)
    yield path, "number" if isinstance(value, int | float) else type(value).__name__
    name = path.rpartition(".")[2]
    if isinstance(value, dict) and name not in OPEN:
        for key, part in value.items():
            yield from shape(part, f"{path}.{key}")
    if isinstance(value, list) and name not in OPEN:
        for part in value:
            yield from shape(part, f"{path}[]")
