"""Mail set aside: listed with its reason but not its words, until an operator accepts it."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from aws.limits import Limits
from aws.reflections import Reflections
from aws.settings import settings
from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import WORDS, inbound, raw_mails, reply_to, texts, written
from tests.stories import reads, unchanged, without_schedules
from tests.test_privacy import erasing_meanwhile

LOST = "lost on its way, or failed: nobody knows whether it is genuine"


def inbox(world: World) -> list[tuple[str, str]]:
    """The ids and reasons of mail set aside, the latest first."""
    outcome = world.invoke("audit", {"inbox": True})
    assert outcome.error is None
    assert "she is" not in str(outcome.payload)
    return [(one["id"], one["why"]) for one in outcome.payload["inbox"]]


def accepts(world: World, mail_id: str, subscriber: object = "", lesson: str = "") -> Any:
    outcome = world.invoke("audit", {"accept": mail_id, "subscriber": subscriber, "lesson": lesson})
    assert outcome.error is None
    return outcome.payload


def loses(world: World, raw: bytes, to: str, mail_id: str) -> None:
    """Stores the raw mail, and loses its notification."""
    world.deliver(raw, to, mail_id=mail_id, drain=False)
    for queue in world.queues():
        if queue.logical_id == "Inbound":
            world.clients.sqs.purge_queue(QueueUrl=world.resources.ref("Inbound"))


def test_mail_set_aside_is_listed_and_accepted_by_its_reply_address(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    aside = world.deliver(written(WORDS, email, To=reply_to(email), Precedence="bulk"), reply_to(email))
    world.advance(timedelta(minutes=1))
    other = world.deliver(written(WORDS, None), "course@reply.example.org")
    assert inbox(world) == [(other.id, "no valid reply address"), (aside.id, "precedence")]

    answer = accepts(world, aside.id)
    assert answer == {"accepted": True, "subscriber": ann.row["id"], "lesson": "acknowledge", "round": 1}
    assert texts(ann) == [WORDS]
    assert [(row["attributed_by"], row["verified"]) for row in ann.reflections] == [("operator", False)]
    assert [mail_id for mail_id, _ in inbox(world)] == [other.id]
    with unchanged(world):
        assert accepts(world, aside.id)["why"] == "no mail with this id is set aside"


def test_accepting_a_mail_without_a_reply_address_needs_a_subscriber_and_may_name_a_lesson(world: World) -> None:
    ann = reads(Person(world), 2)
    first, second = (
        world.deliver(written(text, None), "course@reply.example.org") for text in (WORDS, "And this too.")
    )
    with unchanged(world):
        assert accepts(world, first.id)["why"] == "no valid reply address: name its subscriber with --subscriber"
        assert accepts(world, first.id, "aaaaaaaaaaaaaaaa")["why"] == "there is no such subscriber"
        assert accepts(world, first.id, ann.row["id"], "nothing")["why"] == "the course has no lesson nothing"
    assert accepts(world, first.id, ann.row["id"])["lesson"] == "own-it"
    assert accepts(world, second.id, ann.row["id"], "acknowledge")["lesson"] == "acknowledge"
    assert [(row["lesson"], row["text"]) for row in ann.reflections] == [
        ("acknowledge", "And this too."),
        ("own-it", WORDS),
    ]


def test_mail_that_cannot_be_a_reflection_is_refused_and_stays_set_aside(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9")
    bob.signs_up()
    email = ann.emails[-1]
    virus = world.deliver(written(WORDS, email, To=reply_to(email)), reply_to(email), verdicts={"virus": "FAIL"})
    large = world.deliver(written(WORDS, email) + b"x" * 10_500_000, reply_to(email))
    gone = world.deliver(written(WORDS, None), "course@reply.example.org")
    empty = world.deliver(written("\n", None), "course@reply.example.org")
    waiting = world.deliver(written(WORDS, None, To=reply_to(bob.emails[0])), "course@reply.example.org")
    world.clients.s3.delete_object(Bucket=world.resources.ref("RawMail"), Key=f"inbound/{gone.id}")
    with unchanged(world):
        assert accepts(world, virus.id)["why"] == "mail like this is never accepted: virus"
        assert accepts(world, large.id, ann.row["id"])["why"] == "larger than 10 MB"
        assert accepts(world, gone.id, ann.row["id"])["why"] == "its raw mail no longer exists"
        assert accepts(world, empty.id, ann.row["id"])["why"] == "nothing in it is the person's own words"
        assert accepts(world, waiting.id)["why"] == "its subscriber has not confirmed the sign-up"
    assert len(inbox(world)) == 5


def test_r12_raw_mail_without_a_record_is_found_by_the_audit_and_can_be_accepted(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    ann.replies("One that came through.")
    ann.replies("help")
    world.deliver(written("Spam.", email), reply_to(email), verdicts={"spam": "FAIL"})
    loses(world, written(WORDS, email, To=reply_to(email)), reply_to(email), "lost")
    world.advance(timedelta(minutes=50))
    assert world.invoke("audit", {}).payload["account"]["lost mail set aside"] == 0, "it may still come"

    without_schedules(world, timedelta(minutes=11))
    assert world.invoke("audit", {}).payload["account"]["lost mail set aside"] == 1
    assert ("lost", LOST) in inbox(world)
    assert any('"RepliesLost":[1.0]' in line for line in world.logs)
    assert world.invoke("audit", {}).payload["account"]["lost mail set aside"] == 0, "counted once"

    assert accepts(world, "lost")["lesson"] == "acknowledge"
    assert WORDS in texts(ann)
    assert world.invoke("audit", {}).payload["account"]["lost mail set aside"] == 0
    assert [why for _, why in inbox(world)] == ["spam"]


def test_r12_a_late_notification_is_processed_and_its_mail_not_accepted_as_well(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    world.deliver(written(WORDS, email, To=reply_to(email)), reply_to(email), mail_id="late", drain=False)
    source = next(source for source in world.event_sources if source.function.name == "receive_reply")
    source.enabled = False
    without_schedules(world, timedelta(hours=2))
    world.invoke("audit", {})
    source.enabled = True
    world.drain()
    assert texts(ann) == [WORDS]
    assert accepts(world, "late")["why"] == "it has been worked on meanwhile"
    assert inbox(world) == []
    assert texts(ann) == [WORDS]


def test_r12_a_notification_that_comes_after_its_mail_was_accepted_changes_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    raw = written(WORDS, email, To=reply_to(email))
    body = inbound(world, raw, reply_to(email))
    (key,) = raw_mails(world)
    world.clients.sqs.purge_queue(QueueUrl=world.resources.ref("Inbound"))
    without_schedules(world, timedelta(hours=2))
    world.invoke("audit", {})
    assert accepts(world, key.removeprefix("inbound/"))["accepted"]
    world.clients.sqs.send_message(QueueUrl=world.resources.ref("Inbound"), MessageBody=body)
    world.drain()
    assert texts(ann) == [WORDS]
    assert raw_mails(world) == [key]


def test_accepting_a_mail_during_an_erasure_keeps_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    aside = world.deliver(written(WORDS, email, To=reply_to(email), Precedence="bulk"), reply_to(email))
    with erasing_meanwhile(world, ann, Reflections, "add"):
        assert accepts(world, aside.id)["why"] == "its subscriber was erased meanwhile"
    world.drain()
    assert not world.subscribers()
    assert not world.rows("Reflections")
    assert not raw_mails(world)


def test_r12_a_notification_of_a_missing_raw_mail_fails_until_it_is_a_dead_letter(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    world.deliver(written(WORDS, email), reply_to(email), mail_id="gone", drain=False)
    world.clients.s3.delete_object(Bucket=world.resources.ref("RawMail"), Key="inbound/gone")
    for _ in range(6):
        world.drain()
        world.advance(timedelta(minutes=7))
    dead = next(queue for queue in world.queues() if queue.logical_id == "InboundDeadLetters")
    assert len(dead.waiting) == 1
    assert not ann.reflections
    world.failures.clear()


@pytest.mark.parametrize("number", [99, 100, 201])
def test_many_marks_are_read_in_batches_and_unprocessed_keys_are_requested_again(world: World, number: int) -> None:
    limits = Limits(world.clients.dynamodb, settings().limits_table)
    for mark in range(0, number, 2):
        limits.mark_done(f"mark {mark}", world.now())
    limits.mark("mark 1", "somebody", world.now())
    ask = world.clients.dynamodb.batch_get_item

    def half(RequestItems: dict[str, Any]) -> Any:
        ((table, given),) = RequestItems.items()
        keys = given["Keys"]
        assert 1 <= len(keys) <= 100
        first, rest = keys[: len(keys) // 2 + 1], keys[len(keys) // 2 + 1 :]
        answer = ask(RequestItems={table: {**given, "Keys": first}})
        return answer | {"UnprocessedKeys": {table: {**given, "Keys": rest}} if rest else {}}

    with patch.object(world.clients.dynamodb, "batch_get_item", half):
        done = limits.all_done([f"mark {mark}" for mark in range(number)])
    assert done == {f"mark {mark}" for mark in range(0, number, 2)}
