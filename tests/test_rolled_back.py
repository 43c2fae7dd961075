"""Code that was rolled back finds items of newer code: it leaves them, sets off an alarm, and loses nothing."""

import json
from datetime import timedelta
from typing import Any

import pytest

from cli import operate
from local_cloud.cloud import World
from tests.metrics import goes_off
from tests.people import Person, one_click
from tests.services.test_held import id_of, item, store
from tests.stories import next_email, nothing_comes, reads, unchanged, without_schedules

NEWER = {"N": "2"}


@pytest.fixture
def ann(world: World) -> Person:
    """Ann, who has answered the first lesson. Newer code has stored her item since."""
    ann = reads(Person(world), 1)
    ann.replies("I never said it aloud.")
    store(world, id_of(ann), "schema", NEWER)
    return ann


def newer_code_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws.items.SCHEMA", 2)


def alarm_rings(world: World, metric: str) -> bool:
    alarms = [alarm for _, alarm in world.resources.resources("AWS::CloudWatch::Alarm")]
    [alarm] = [alarm for alarm in alarms if alarm.get("MetricName") == metric]
    return goes_off(alarm, world)


def dead_letters(world: World) -> dict[str, tuple[str, ...]]:
    return {queue.logical_id: queue.waiting for queue in world.queues() if queue.is_dead_letters and queue.waiting}


def moved_back(world: World, queue: str) -> None:
    """Moves a dead letter back into its queue, as an operator does once its cause is mended."""
    [body] = dead_letters(world)[f"{queue}DeadLetters"]
    world.clients.sqs.send_message(QueueUrl=world.resources.ref(queue), MessageBody=body)
    world.drain()


def test_p9_a_subscriber_of_newer_code_gets_no_email_and_stays_due(
    world: World, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = item(world, id_of(ann))
    assert nothing_comes(world)
    assert item(world, id_of(ann)) == before, "it is not held, and its slot is the same"
    assert alarm_rings(world, "NewerItems")
    assert not alarm_rings(world, "Held")
    newer_code_is_back(monkeypatch)
    assert next_email(world).tags["email"] == "own-it"
    assert item(world, id_of(ann))["schema"] == NEWER


def test_p9_the_account_counts_items_of_newer_code_separately(world: World, ann: Person) -> None:
    Person(world, "bob@example.net", source_ip="203.0.113.9").joins()
    with unchanged(world):
        answer = world.invoke("audit", {}).payload
        refused = world.invoke("audit", {"release": id_of(ann)}).payload
    assert (answer["account"]["active"], answer["account"]["of newer code"], answer["held"]) == (1, 1, [])
    assert operate.adds_up(answer)
    assert "of newer code 1" in operate.account(answer)
    assert not refused["released"]
    assert alarm_rings(world, "NewerItems")


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("POST", "/stop"), ("POST", "/journal"), ("GET", "/journal"), ("GET", "/lessons/acknowledge")],
)
def test_p9_the_pages_of_its_subscriber_are_the_error_page_with_the_helplines(
    world: World, ann: Person, method: str, path: str
) -> None:
    with unchanged(world):
        shown = world.request(method, ann.page_url + path, form={} if method == "POST" else None)
    assert shown.status == 503
    assert "National Domestic Violence Hotline" in shown.text
    assert "never said it aloud" not in shown.text
    assert alarm_rings(world, "NewerItems")


def test_p9_no_link_claims_to_have_stopped_the_emails(world: World, ann: Person) -> None:
    with unchanged(world):
        assert world.request("POST", one_click(ann.emails[-1]), form={"List-Unsubscribe": "One-Click"}).status == 503
        assert world.request("POST", ann.link("/unsubscribe/"), form={}).status == 503


@pytest.mark.parametrize("text", ["STOP", "I see it now."])
def test_p9_a_reply_is_handled_once_the_newer_code_is_back(
    world: World, ann: Person, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    ann.replies(text)
    without_schedules(world, timedelta(hours=1))
    assert [failure.function for failure in world.failures] == ["receive_reply"] * 5
    world.failures.clear()
    assert len(ann.reflections) == 1
    newer_code_is_back(monkeypatch)
    moved_back(world, "Inbound")
    assert (ann.row["status"], len(ann.reflections)) == (("unsubscribed", 1) if text == "STOP" else ("active", 2))


def test_p9_an_event_waits_for_the_newer_code_and_its_address_is_suppressed_at_once(
    world: World, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = item(world, id_of(ann))
    world.complained(ann.emails[-1])
    without_schedules(world, timedelta(hours=1))
    assert [failure.function for failure in world.failures] == ["record_delivery"] * 5
    world.failures.clear()
    assert item(world, id_of(ann)) == before
    assert [row["reason"] for row in world.rows("Suppressions")] == ["complained"]
    newer_code_is_back(monkeypatch)
    moved_back(world, "Feedback")
    assert ann.row["status"] == "complained"


def test_p9_a_notice_waits_for_the_newer_code(world: World, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"notice": "help", "subscriber": id_of(ann), "epoch": int(str(ann.row["epoch"])), "key": "a-mail"}
    world.clients.sqs.send_message(QueueUrl=world.resources.ref("Outbox"), MessageBody=json.dumps(asked))
    sent = len(ann.emails)
    without_schedules(world, timedelta(minutes=20))
    assert len(ann.emails) == sent
    newer_code_is_back(monkeypatch)
    without_schedules(world, timedelta(minutes=6))
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["help"]


def keep_newer(world: World, table: str, key: dict[str, Any]) -> None:
    stored = world.clients.dynamodb.get_item(TableName=world.resources.ref(table), Key=key)["Item"]
    world.clients.dynamodb.put_item(TableName=world.resources.ref(table), Item={**stored, "schema": NEWER})


def test_p9_a_journal_with_a_reflection_of_newer_code_is_not_shown_in_part(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it aloud.")
    [written] = ann.reflections
    keep_newer(world, "Reflections", {"subscriber": {"S": id_of(ann)}, "key": {"S": str(written["key"])}})
    journal = ann.journal_url
    assert world.request("POST", journal, form={}).status == 503
    assert alarm_rings(world, "NewerItems")
    newer_code_is_back(monkeypatch)
    assert "I never said it aloud." in world.request("POST", journal, form={}).text
