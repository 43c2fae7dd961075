"""Erasure: how long everything is kept, and that only hashes are left after an erasure."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from botocore.exceptions import ConnectTimeoutError

from aws.inbound import RawMail
from aws.items import consent_item
from aws.settings import settings
from aws.subscribers import GIVEN, Subscribers
from course.record import Consent
from local_cloud.cloud import World
from services import erasure
from tests.people import Person
from tests.services.test_receiving import reply_to, written
from tests.stories import is_asked_to_keep, next_email, nothing_comes, reads, unchanged, without_schedules


def test_the_days_for_which_data_is_kept_are_those_of_the_template(world: World) -> None:
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


def test_o2_an_erasure_asks_once_more_and_deletes_everything(world: World) -> None:
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


def test_o2_an_interrupted_erasure_by_reply_is_completed_by_the_retry(world: World) -> None:
    """The subscriber is deleted after the raw mail, so that the retried reply still finds them."""
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


def test_o2_a_proof_of_consent_stored_during_an_erasure_is_deleted_too(world: World) -> None:
    """A confirmation reads the proof before, and stores it between the two steps of the erasure."""
    ann = Person(world).joins()
    erase = Subscribers.erase

    def erase_late(subscribers: Subscribers, subscriber_id: str) -> None:
        proof = Consent("2026-11", "en", "page", world.now(), given_at=world.now(), by="button")
        subscribers._put(consent_item(GIVEN + subscriber_id, proof, world.now()))
        erase(subscribers, subscriber_id)

    with patch.object(Subscribers, "erase", erase_late):
        assert "It is erased" in ann.erases().text
    assert [row["id"] for row in world.rows("Subscribers")] == ["home"]


def test_o2_a_suppression_is_kept_after_its_subscriber_is_erased(world: World) -> None:
    ann = Person(world).joins()
    journal = ann.journal_url
    world.complained(ann.emails[-1])
    sent = len(ann.emails)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert not world.subscribers()
    assert len(ann.emails) == sent, "not even the last email"
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]


def test_o2_after_an_erasure_no_table_bucket_or_queue_holds_personal_data(world: World) -> None:
    """After every kind of reply, counter and mark, a journal and a complaint, only hashes are left."""
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
    without_schedules(world, timedelta(days=1))
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

    stored = {table: str(world.rows(table)) for table in world.tables()}
    stored |= {queue.logical_id: str([*queue.waiting, *queue.delayed, *queue.in_flight]) for queue in world.queues()}
    for bucket in world.clients.s3.list_buckets()["Buckets"]:
        for found in world.clients.s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            body = world.clients.s3.get_object(Bucket=bucket["Name"], Key=found["Key"])["Body"].read()
            stored[found["Key"]] = body.decode(errors="replace")
    assert stored.keys() >= {"Subscribers", "Reflections", "Suppressions", "Limits", "Outbox", "Inbound", "Feedback"}
    for place, content in stored.items():
        for word in ("quux", "philippa", "example.net", "zwischenwelt", *tokens_known):
            assert word.lower() not in content.lower(), (place, word)
        assert subscriber not in content, place
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]
    assert all("expires_at" in row for row in world.rows("Limits") if row["key"] not in ("breaker", "events"))


def test_o2_mail_set_aside_is_erased_with_the_subscriber_of_its_reply_address(world: World) -> None:
    """Auto-replies with and without words are no reflections, but hold the subscriber's address."""
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
def test_a_subscriber_who_bounced_or_complained_is_erased_without_a_question(world: World, stopped: str) -> None:
    """The question would be an email to an address that never gets an email again."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    getattr(world, stopped)(lesson)
    ann.replies("DELETE MY DATA", lesson)
    assert not world.subscribers()
