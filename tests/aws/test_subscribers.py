"""The table Subscribers: the sparse index, and one write at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from aws.items import stamp
from aws.subscribers import Consents, Contended, Subscribers
from course.limits import UNCONFIRMED_LIFE
from course.record import Claim, Consent, Held, SignUp, Status
from course.subscriber import Subscriber
from tests.aws.dynalite import asked_for
from tests.aws.test_items import NOW, waiting

if TYPE_CHECKING:
    from tests.aws.dynalite import Database


@pytest.fixture
def subscribers(database: "Database") -> Subscribers:
    return Subscribers(database.client, database.table("Subscribers"))


# ---------------------------------------------------------------- the index


def test_only_subscribers_who_wait_for_an_email_are_in_the_index(subscribers: Subscribers) -> None:
    someone = waiting("active__________")
    sign_up = SignUp(1057, NOW, "Ann", "Europe/Berlin", 7)
    asked = replace(someone, id="asked___________", status=Status.PENDING, sign_up=sign_up)
    not_waiting = [
        replace(asked, id="mailed__________", sign_up=replace(sign_up, email_sent=True)),
        replace(someone, id="paused__________", status=Status.PAUSED),
        replace(someone, id="completed_______", status=Status.COMPLETED),
        replace(someone, id="unsubscribed____", status=Status.UNSUBSCRIBED),
        replace(someone, id="bounced_________", status=Status.BOUNCED),
        replace(someone, id="complained______", status=Status.COMPLAINED),
        replace(someone, id="held____________", held=Held.IN_DOUBT),
        replace(someone, id="no-due-time_____", due_at=None),
        replace(someone, id="no-lesson_______", next_lesson=None),
    ]
    for subscriber in (someone, asked, *not_waiting):
        assert subscribers.save(subscriber)
    assert sorted(subscribers.due(NOW + timedelta(days=9999), limit=100)) == ["active__________", "asked___________"]
    assert {row.id for row in subscribers.all() if row.in_index} == {"active__________", "asked___________"}
    assert len(list(subscribers.all())) == 11


def test_a_pause_removes_a_subscriber_from_the_index_and_a_resume_adds_them(subscribers: Subscribers) -> None:
    subscribers.save(waiting("annannannannanna"))
    subscribers.change("annannannannanna", lambda current: current.paused())
    assert subscribers.due(NOW, limit=9) == []
    subscribers.change("annannannannanna", lambda current: current.resumed(NOW))
    assert subscribers.due(NOW + timedelta(days=1), limit=9) == ["annannannannanna"]


def test_the_longest_overdue_come_first_and_at_most_the_limit(subscribers: Subscribers) -> None:
    minutes = [7, 0, 3, 9, 1]
    for minute in minutes:
        subscribers.save(waiting(f"due-at-minute-{minute:02}", NOW + timedelta(minutes=minute)))
    seven = NOW + timedelta(minutes=7)
    assert [subscriber[-1] for subscriber in subscribers.due(seven, limit=100)] == ["0", "1", "3", "7"]
    assert [subscriber[-1] for subscriber in subscribers.due(seven, limit=2)] == ["0", "1"]
    assert subscribers.due(NOW - timedelta(seconds=1), limit=100) == []


def test_the_index_holds_keys_only(subscribers: Subscribers, database: "Database") -> None:
    """An address in the index would be a second copy of it."""
    subscribers.save(waiting("annannannannanna"))
    found = database.client.query(
        TableName=subscribers._table,
        IndexName="due",
        KeyConditionExpression="due_shard = :shard",
        ExpressionAttributeValues={":shard": {"S": "0"}},
    )
    assert [set(item) for item in found["Items"]] == [{"id", "due_shard", "due_at"}]


def test_every_subscriber_is_counted_however_many_pages_there_are(
    subscribers: Subscribers, database: "Database"
) -> None:
    for number in range(12):
        subscribers.save(waiting(f"subscriber-{number:05}"))
    with asked_for(database, "Scan", Limit=5):
        assert len({row.id for row in subscribers.all()}) == 12
    with asked_for(database, "Query", Limit=5):
        assert len(set(subscribers.due(NOW, limit=100))) == 12


# ---------------------------------------------------------------- one write at a time


def test_one_of_two_writers_at_once_wins(subscribers: Subscribers) -> None:
    read = subscribers.save(waiting("annannannannanna"))
    assert read
    assert subscribers.save(replace(read, hour=8))
    assert subscribers.save(replace(read, hour=9)) is None
    stored = subscribers.get("annannannannanna")
    assert stored
    assert (stored.hour, stored.version) == (8, 2)


def test_a_new_subscriber_never_overwrites_an_existing_one(subscribers: Subscribers) -> None:
    subscribers.save(waiting("annannannannanna", first_name="Ann"))
    assert subscribers.save(waiting("annannannannanna", first_name="Eve")) is None


def test_an_erased_subscriber_is_not_written_again(subscribers: Subscribers, database: "Database") -> None:
    read = subscribers.save(waiting("annannannannanna"))
    assert read
    database.client.delete_item(TableName=subscribers._table, Key={"id": {"S": read.id}})
    assert subscribers.save(replace(read, hour=8)) is None
    assert subscribers.change(read.id, lambda current: current.paused()) is None


@contextmanager
def reply_lost(database: "Database") -> Iterator[list[str]]:
    """The next PutItem takes effect, its reply is lost, and boto3 sends it again."""
    sent: list[str] = []

    def once_more(**_: Any) -> Any:
        """Returns the seconds to wait before the same request is sent again; None means never."""
        sent.append("PutItem")
        return 0 if len(sent) == 1 else None

    event = "needs-retry.dynamodb.PutItem"
    database.client.meta.events.register_first(event, once_more)
    try:
        yield sent
    finally:
        database.client.meta.events.unregister(event, once_more)


@pytest.mark.parametrize("new", [True, False], ids=["new", "known"])
def test_a_writer_recognises_its_own_write(subscribers: Subscribers, database: "Database", new: bool) -> None:
    subscriber = waiting("annannannannanna")
    if not new:
        known = subscribers.save(subscriber)
        assert known
        subscriber = replace(known, hour=8)
    with reply_lost(database) as sent:
        stored = subscribers.save(subscriber)
    assert len(sent) == 2
    assert stored == replace(subscriber, version=subscriber.version + 1)


def test_a_writer_with_a_lost_reply_does_not_take_another_write_for_its_own(
    subscribers: Subscribers, database: "Database"
) -> None:
    """Both writers claimed in the same second; the attempt id tells them apart."""
    read = subscribers.save(waiting("annannannannanna"))
    assert read
    claim = Claim("0123456789abcdef", "acknowledge", NOW, NOW + timedelta(days=1), None, None)
    assert subscribers.save(replace(read, claim=replace(claim, attempt="fedcba9876543210")))
    with reply_lost(database):
        assert subscribers.save(replace(read, claim=claim)) is None


def test_a_change_is_decided_again_on_the_latest_state(subscribers: Subscribers) -> None:
    subscribers.save(waiting("annannannannanna"))
    seen = []

    def decide(current: Subscriber) -> Subscriber:
        seen.append(current.hour)
        if len(seen) < 3:  # another writer is faster, twice
            subscribers.save(replace(current, hour=current.hour + 1))
        return current.paused()

    changed = subscribers.change("annannannannanna", decide)
    assert seen == [7, 8, 9]
    assert changed
    assert (changed.hour, changed.status) == (9, Status.PAUSED)
    assert subscribers.get("annannannannanna") == changed


def test_a_change_that_changes_nothing_writes_nothing(subscribers: Subscribers) -> None:
    stored = subscribers.save(waiting("annannannannanna"))
    assert subscribers.change("annannannannanna", lambda current: current.resumed(NOW)) == stored
    assert subscribers.get("annannannannanna") == stored


def test_a_change_gives_up_if_others_write_first_every_time(subscribers: Subscribers) -> None:
    subscribers.save(waiting("annannannannanna"))

    def decide(current: Subscriber) -> Subscriber:
        subscribers.save(replace(current, round=current.round + 1))
        return current.paused()

    with pytest.raises(Contended):
        subscribers.change("annannannannanna", decide)


# ---------------------------------------------------------------- proofs of consent

AGREED = Consent("2026-11", "en", "embed", NOW, epoch=1057)


@pytest.fixture
def consents(database: "Database") -> Consents:
    return Consents(database.client, database.table("Subscribers"))


def test_a_consent_counts_once_its_sign_up_is_confirmed(consents: Consents) -> None:
    consents.store("annannannannanna", AGREED, NOW)
    later = NOW + timedelta(hours=1)
    consents.confirm("annannannannanna", 1056, "button", later)
    assert consents.of_last_confirmed("annannannannanna") is None, "of another sign-up"
    consents.confirm("annannannannanna", 1057, "reply", later)
    assert consents.of_last_confirmed("annannannannanna") == replace(AGREED, given_at=later, by="reply")


def test_an_unconfirmed_sign_up_does_not_change_the_proof(consents: Consents) -> None:
    consents.store("annannannannanna", AGREED, NOW)
    consents.confirm("annannannannanna", 1057, "button", NOW)
    consents.store("annannannannanna", replace(AGREED, epoch=1060, language="es"), NOW)
    consents.confirm("annannannannanna", 1057, "button", NOW)
    given = consents.of_last_confirmed("annannannannanna")
    assert given
    assert (given.epoch, given.language) == (1057, "en")


def test_only_an_unconfirmed_proof_expires(consents: Consents, database: "Database") -> None:
    consents.store("annannannannanna", AGREED, NOW)
    consents.confirm("annannannannanna", 1057, "button", NOW)
    kept = {item["id"]["S"]: item.get("expires_at") for item in database.items(consents._table)}
    expires = {"N": str(int((NOW + UNCONFIRMED_LIFE).timestamp()))}
    assert kept == {"asked#annannannannanna": expires, "consent#annannannannanna": None}


def test_proofs_are_not_listed_as_subscribers_and_are_erased_with_theirs(
    subscribers: Subscribers, database: "Database"
) -> None:
    consents = Consents(database.client, subscribers._table)
    subscribers.save(waiting("annannannannanna"))
    consents.store("annannannannanna", AGREED, NOW)
    consents.confirm("annannannannanna", 1057, "button", NOW)
    assert [row.id for row in subscribers.all()] == ["annannannannanna"]
    consents.erase("annannannannanna")
    assert [item["id"]["S"] for item in database.items(consents._table)] == ["annannannannanna"]


# ---------------------------------------------------------------- the dates of earlier rounds


def test_the_dates_of_the_latest_rounds_are_kept(subscribers: Subscribers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aws.subscribers.MOST_ROUNDS", 2)
    subscribers.save(replace(waiting("annannannannanna"), round=9, sent={}))
    for at in (NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)):
        subscribers.change("annannannannanna", partial(replace, sent={"own-it": at}))
        subscribers.change("annannannannanna", lambda current: replace(current, round=current.round + 1, sent={}))
    assert subscribers.earlier_rounds("annannannannanna") == {
        "10": {"own-it": stamp(NOW + timedelta(days=1))},
        "11": {"own-it": stamp(NOW + timedelta(days=2))},
    }
    assert len(list(subscribers.all())) == 1
