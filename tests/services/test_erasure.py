"""Erasure: how long everything is kept, and that after erasing nothing is left but hashes."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from botocore.exceptions import ConnectTimeoutError

from aws.inbound import RawMail
from aws.items import Consent, consent_item
from aws.settings import settings
from aws.subscribers import GIVEN, Subscribers
from local_cloud.cloud import World
from services import erasure
from tests.people import Person
from tests.services.test_receiving import reply_to, written
from tests.stories import asleep, is_asked_to_keep, next_email, nothing_comes, reads, unchanged


def test_the_days_that_data_is_kept_are_those_of_the_template(world: World) -> None:
    assert world.request("GET", "/privacy").status == 200
    days = erasure.days_kept()
    logs = {given["RetentionInDays"] for _, given in world.resources.resources("AWS::Logs::LogGroup")}
    [(_, bucket)] = world.resources.resources("AWS::S3::Bucket")
    assert logs == {days["logs"]}
    assert bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"] == days["mail"]
    queues = {given["MessageRetentionPeriod"] for _, given in world.resources.resources("AWS::SQS::Queue")}
    assert queues == {days["queues"] * 86_400}
    assert days["retention"] == settings().retention_days
    assert (days["unconfirmed"], days["backups"]) == (7, 35)


def test_o2_erasing_asks_once_more_and_leaves_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it aloud.")
    key = f"inbound/{world.received[-1].id}"
    bucket = world.resources.ref("RawMail")
    assert world.clients.s3.get_object(Bucket=bucket, Key=key)
    page_url = ann.page_url
    assert ann.journal_url
    with unchanged(world):
        assert "cannot be undone" in ann.in_the_journal("erase").text
    assert "It is erased" in ann.erases().text
    assert not world.subscribers()
    assert not world.rows("Reflections")
    assert not world.clients.s3.list_objects_v2(Bucket=bucket).get("Contents")
    assert "ann@example.net" not in str({table: world.rows(table) for table in world.tables()})
    assert world.request("GET", page_url).status == 404
    assert nothing_comes(world)


def test_o2_erasing_that_broke_off_can_be_asked_for_again(world: World) -> None:
    """By reply, the subscriber is deleted after the raw mail, so that the queue brings the answer back to somebody."""
    ann = reads(Person(world), 1)
    ann.replies("I never said it aloud.")
    ann.replies("DELETE MY DATA")
    with patch.object(RawMail, "delete", side_effect=ConnectTimeoutError(endpoint_url="https://s3.example")):
        ann.replies("YES")
    assert world.subscribers()
    world.failures.clear()
    world.advance(timedelta(minutes=7))
    assert not world.subscribers()
    assert not world.rows("Reflections")
    assert not world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail")).get("Contents")


def test_o2_a_proof_of_consent_that_is_stored_while_everything_is_erased_goes_too(world: World) -> None:
    """Read before, as when somebody confirms at that moment, and written between the two halves of erasing."""
    ann = Person(world).joins()
    erase = Subscribers.erase

    def erase_late(subscribers: Subscribers, subscriber_id: str) -> None:
        proof = Consent("2026-11", "en", "page", world.now(), given_at=world.now(), by="button")
        subscribers._put(consent_item(GIVEN + subscriber_id, proof, world.now()))
        erase(subscribers, subscriber_id)

    with patch.object(Subscribers, "erase", erase_late):
        assert "It is erased" in ann.erases().text
    assert [row["id"] for row in world.rows("Subscribers")] == ["home"]


def test_o2_a_suppression_outlives_its_subscriber(world: World) -> None:
    ann = Person(world).joins()
    journal = ann.journal_url
    world.complained(ann.emails[-1])
    sent = len(ann.emails)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert not world.subscribers()
    assert len(ann.emails) == sent, "not even the last email"
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]


def test_o2_after_erasing_no_table_bucket_or_queue_knows_them(world: World) -> None:
    """A long life: replies of every kind, every counter and mark, a journal, a complaint. Then nothing but hashes."""
    ann = reads(Person(world, "Philippa.Quux@example.net", "Philippa"), 1)
    ann.address = ann.address.lower()
    for text in ("Zwischenwelt: I never said it.", "Another Zwischenwelt.", "And Zwischenwelt once more, at length."):
        ann.replies(text)
    ann.replies("I might stop the course, not sure yet.")
    ann.replies("How do I change my address?")
    for unproven in ("PAUSE", "I see."):
        mail = written(unproven, ann.emails[-1], ann.address)
        world.deliver(mail, reply_to(ann.emails[-1]), verdicts={"dmarc": "FAIL"})
    ann.replies("Delete my data")
    is_asked_to_keep(ann)
    asleep(world, timedelta(days=1))
    ann.signs_up()
    assert ann.emails[-1].tags["email"] == "already-here"
    way_back = next_email(world)
    while way_back.tags["email"] != "safety-first":
        way_back = next_email(world)
    ann.replies("Sometimes.", way_back)
    assert ann.emails[-1].tags["email"] == "ask-way-back"
    ann.asks_for_a_link()
    assert ann.emails[-1].tags["email"] == "fresh-link"
    page_url, journal, subscriber = ann.page_url, ann.journal_url, str(ann.row["id"])
    world.complained(ann.emails[-1])
    tokens_known = {page_url.rpartition("/")[2], *(email.reply_to[0].partition("@")[0] for email in ann.emails)}
    assert "It is erased" in world.request("POST", f"{journal}/erase", form={"sure": "yes"}).text
    world.drain()

    held = {table: str(world.rows(table)) for table in world.tables()}
    held |= {queue.logical_id: str([*queue.waiting, *queue.delayed, *queue.in_flight]) for queue in world.queues()}
    for bucket in world.clients.s3.list_buckets()["Buckets"]:
        for found in world.clients.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = world.clients.s3.get_object(Bucket=bucket["Name"], Key=found["Key"])["Body"].read()
            held[found["Key"]] = body.decode(errors="replace")
    assert held.keys() >= {"Subscribers", "Reflections", "Suppressions", "Limits", "Outbox", "Inbound", "Feedback"}
    for place, content in held.items():
        for word in ("quux", "philippa", "example.net", "zwischenwelt", *tokens_known):
            assert word.lower() not in content.lower(), (place, word)
        assert subscriber not in content, place
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]
    assert all("expires_at" in row for row in world.rows("Limits") if row["key"] not in ("breaker", "events"))


def test_o2_mail_that_was_set_aside_is_erased_with_the_one_it_was_addressed_by(world: World) -> None:
    """An automatic answer, spam and a mail without a word: nothing was kept as a reflection, and yet it holds them."""
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9").joins()
    for person in (ann, bob):
        away = f"From: {person.address}\r\nSubject: Out of office\r\nAuto-Submitted: auto-replied\r\n\r\nI am away."
        world.deliver(away.encode(), person.emails[-1].reply_to[0])
        world.deliver(away.replace("I am away.", "").encode(), person.emails[-1].reply_to[0])
    bucket = world.resources.ref("RawMail")
    before = world.clients.s3.list_objects_v2(Bucket=bucket)["KeyCount"]
    ann.erases()
    left = world.clients.s3.list_objects_v2(Bucket=bucket)
    raw = [world.clients.s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in left["Contents"]]
    assert 0 < left["KeyCount"] == before / 2
    assert not any(b"ann@example.net" in mail for mail in raw)
    assert {row["addressed_by"] for row in world.rows("Reflections")} == {bob.row["id"]}


@pytest.mark.parametrize("stopped", ["bounced", "complained"])
def test_whoever_can_no_longer_be_asked_is_erased_at_the_first_word(world: World, stopped: str) -> None:
    """The question would be an email to an address that is never mailed again."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    getattr(world, stopped)(lesson)
    ann.replies("DELETE MY DATA", lesson)
    assert not world.subscribers()
