"""The tables Limits and Suppressions: promises, marks, the breaker, who is admitted, and which events came."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aws.limits import BREAKER_OPEN_FOR, EVENTS_NOTED_EVERY, MARK_LIFE, Limits, Suppressions
from course.limits import SIGN_UPS_AN_HOUR_IN_ALL, THREE_CONFIRMATIONS_IN, Confirmations
from course.subscriber import Subscriber

if TYPE_CHECKING:
    from tests.aws.dynalite import Database


NOW = datetime(2026, 11, 23, 9, 59, 58, tzinfo=UTC)
ANN = Subscriber("annannannannanna", "rebuild-trust", "ann@example.net")


@pytest.fixture
def limits(database: "Database") -> Limits:
    return Limits(database.client, database.table("Limits"))


def table_of(limits: Limits) -> str:
    return limits._table


# ---------------------------------------------------------------- sign-ups an hour


def test_the_first_few_of_an_hour_are_admitted(limits: Limits) -> None:
    assert [limits.admit("network#1", who, 2, NOW) for who in ("ann", "bob", "cleo", "dora")] == [
        True,
        True,
        False,
        False,
    ]
    assert limits.admit("network#2", "cleo", 2, NOW)
    assert limits.admit("network#1", "cleo", 2, NOW + timedelta(seconds=2))  # ten o'clock


def test_who_comes_again_takes_no_second_place(limits: Limits) -> None:
    """A form sent a hundred times is one sign-up, also when the hour is full."""
    assert all(limits.admit("network#1", "ann", 2, NOW) for _ in range(100))
    assert limits.admit("network#1", "bob", 2, NOW)
    assert not limits.admit("network#1", "cleo", 2, NOW)
    assert limits.admit("network#1", "ann", 2, NOW)


def test_two_hundred_in_an_hour_and_not_one_more(limits: Limits) -> None:
    admitted = [limits.admit("sign-ups", f"mailbox-{number}", SIGN_UPS_AN_HOUR_IN_ALL, NOW) for number in range(205)]
    assert admitted.count(True) == admitted.index(False) == 200


def test_an_hours_members_outlive_it_and_then_expire(limits: Limits, database: "Database") -> None:
    limits.admit("sign-ups", "ann", 2, NOW)
    item = database.items(table_of(limits))[0]
    assert item["expires_at"] == {"N": str(int((NOW + timedelta(hours=2)).timestamp()))}


def test_the_first_few_of_a_utc_day_are_admitted_and_each_once(limits: Limits, database: "Database") -> None:
    later = NOW + timedelta(hours=14)
    admitted = [limits.admit_of_day("unproven#a", mail, 2, at) for mail in ("1", "2", "3") for at in (NOW, later)]
    assert admitted == [True, True, True, True, False, False]
    assert limits.admit_of_day("unproven#a", "3", 2, NOW + timedelta(hours=15)), "the next day"
    assert limits.admit_of_day("unproven#b", "3", 2, NOW), "another subscriber"
    life = {int(item["expires_at"]["N"]) for item in database.items(table_of(limits))} - {
        int((NOW + timedelta(days=2, hours=number)).timestamp()) for number in (0, 14, 15)
    }
    assert life == set()


# ---------------------------------------------------------------- confirmation emails


def test_a_mailbox_nobody_wrote_to_has_no_promises(limits: Limits) -> None:
    assert limits.confirmations("mailbox") == Confirmations()


def test_a_promise_is_read_as_it_was_made(limits: Limits) -> None:
    promised = Confirmations().promised(ANN.id, NOW)
    assert limits.promise("mailbox", Confirmations(), promised)
    assert limits.confirmations("mailbox") == promised
    assert promised.open_to(ANN, NOW)
    assert not promised.allowed(NOW)


def test_of_two_first_requests_at_once_one_may_promise(limits: Limits) -> None:
    assert two_promise_at_once(limits, Confirmations(), NOW) == [True, False]


def test_of_two_later_requests_at_once_one_may_promise(limits: Limits) -> None:
    first = Confirmations().promised(ANN.id, NOW)
    assert limits.promise("mailbox", Confirmations(), first)
    assert two_promise_at_once(limits, first, NOW + timedelta(days=1)) == [True, False]
    second = limits.confirmations("mailbox")
    assert two_promise_at_once(limits, second, NOW + timedelta(days=2)) == [True, False]
    assert len(limits.confirmations("mailbox").times) == 3


def two_promise_at_once(limits: Limits, read: Confirmations, now: datetime) -> list[bool]:
    """Two requests that read the same promises; each thinks it may make one more."""
    assert read.allowed(now)
    return [limits.promise("mailbox", read, read.promised(who, now)) for who in (ANN.id, "bobbobbobbobbobb")]


def test_one_a_day_and_three_in_thirty_days_through_the_table(limits: Limits) -> None:
    """Asked for every six hours for 60 days: it is the stored times that count, not the table's TTL."""
    sent = []
    for quarter in range(60 * 4):
        now = NOW + timedelta(hours=6 * quarter)
        before = limits.confirmations("mailbox")
        if before.allowed(now):
            assert limits.promise("mailbox", before, before.promised(ANN.id, now))
            sent.append((now - NOW).days)
    assert sent == [0, 1, 2, 30, 31, 32]


def test_a_promise_expires_when_it_no_longer_limits(limits: Limits, database: "Database") -> None:
    limits.promise("mailbox", Confirmations(), Confirmations().promised(ANN.id, NOW))
    item = database.items(table_of(limits))[0]
    assert item["expires_at"] == {"N": str(int((NOW + THREE_CONFIRMATIONS_IN).timestamp()))}


# ---------------------------------------------------------------- marks


def test_a_mark_has_one_owner(limits: Limits) -> None:
    assert limits.mark("notice#1", "first", NOW)
    assert not limits.mark("notice#1", "second", NOW)
    assert limits.mark("notice#2", "second", NOW)


def test_an_owner_meets_their_own_mark_again(limits: Limits) -> None:
    """A retried call must not take its own mark for somebody else's."""
    assert [limits.mark("mail#1", "me", NOW) for _ in range(2)] == [True, True]


def test_what_was_unmarked_can_be_done_after_all(limits: Limits) -> None:
    limits.mark("notice#1", "first", NOW)
    limits.unmark("notice#1")
    limits.unmark("notice#1")
    assert limits.mark("notice#1", "second", NOW)


def test_whoever_began_keeps_the_note_of_the_first_time_and_nobody_else_begins(limits: Limits) -> None:
    assert limits.begin("mail#1", "ann", "1#own-it#in", NOW) == "1#own-it#in"
    assert limits.begin("mail#1", "ann", "1#safety-first#in", NOW + timedelta(minutes=6)) == "1#own-it#in"
    assert limits.begin("mail#1", "bob", "", NOW) is None
    assert limits.begin("mail#2", "bob", "", NOW) == ""


def test_done_is_only_what_was_marked_as_done(limits: Limits) -> None:
    limits.mark_done("inbound#1", NOW)
    limits.mark("inbound#2", "ann", NOW)
    assert [limits.done(f"inbound#{number}") for number in (1, 2, 3)] == ["", None, None]
    assert limits.begin("inbound#1", "ann", "", NOW) is None
    assert limits.all_done([f"inbound#{number}" for number in range(250)]) == {"inbound#1"}
    assert limits.all_done([]) == set()
    limits.mark_done("inbound#2", NOW, "for good")
    assert limits.done("inbound#2") == "for good"


def test_when_somebody_was_last_asked_whether_to_delete_everything(limits: Limits) -> None:
    assert limits.asked_to_erase("annannannannanna") is None
    limits.ask_to_erase("annannannannanna", NOW)
    limits.ask_to_erase("annannannannanna", NOW + timedelta(days=1))
    assert limits.asked_to_erase("annannannannanna") == NOW + timedelta(days=1)
    assert limits.asked_to_erase("bobbobbobbobbobb") is None


def test_a_mark_expires(limits: Limits, database: "Database") -> None:
    limits.mark("mail#1", "me", NOW)
    assert database.items(table_of(limits))[0]["expires_at"] == {"N": str(int((NOW + MARK_LIFE).timestamp()))}


# ---------------------------------------------------------------- the breaker


def test_the_breaker_stands_open_for_a_quarter_of_an_hour(limits: Limits) -> None:
    assert limits.breaker_open(NOW) is None
    limits.open_breaker("SendingPausedException", NOW)
    assert limits.breaker_open(NOW) == "SendingPausedException"
    assert limits.breaker_open(NOW + BREAKER_OPEN_FOR - timedelta(seconds=1)) == "SendingPausedException"
    assert limits.breaker_open(NOW + BREAKER_OPEN_FOR) is None  # the item is still there


def test_the_breaker_opened_again_stays_open_longer(limits: Limits) -> None:
    limits.open_breaker("SendingPausedException", NOW)
    limits.open_breaker("AccountSuspendedException", NOW + timedelta(minutes=10))
    assert limits.breaker_open(NOW + timedelta(minutes=20)) == "AccountSuspendedException"


# ---------------------------------------------------------------- events


def test_no_event_has_come_through_yet(limits: Limits) -> None:
    assert limits.events_until() is None


def test_the_latest_event_is_kept_whatever_their_order(limits: Limits, database: "Database") -> None:
    limits.note_event(NOW)
    limits.note_event(NOW - timedelta(hours=5))
    assert limits.events_until() == NOW
    other_process = Limits(database.client, table_of(limits))
    other_process.note_event(NOW - timedelta(hours=1))
    assert limits.events_until() == NOW
    other_process.note_event(NOW + timedelta(hours=1))
    assert limits.events_until() == NOW + timedelta(hours=1)


def test_a_flood_of_events_is_noted_every_ten_seconds(limits: Limits, database: "Database") -> None:
    written = []
    database.client.meta.events.register("before-call.dynamodb.PutItem", noted := lambda **_: written.append(1))
    for second in range(0, 60, 2):
        limits.note_event(NOW + timedelta(seconds=second))
    database.client.meta.events.unregister("before-call.dynamodb.PutItem", noted)
    assert len(written) == 6
    assert limits.events_until() == NOW + 5 * EVENTS_NOTED_EVERY


# ---------------------------------------------------------------- suppressed addresses


def test_a_suppressed_address_stays_suppressed(database: "Database") -> None:
    suppressions = Suppressions(database.client, database.table("Suppressions"))
    assert not suppressions.has("hash")
    suppressions.add("hash", "complained", NOW)
    assert suppressions.has("hash")
    assert not suppressions.has("hash2")
    assert "expires_at" not in database.items(suppressions._table)[0]


def test_a_mark_is_lost_by_an_owner_of_whom_nothing_is_heard_for_seven_minutes(limits: Limits) -> None:
    """Unless it is done: that stays so, however long ago."""
    limits.mark("notice#1", "first", NOW)
    limits.mark_done("notice#2", NOW)
    assert not limits.mark("notice#1", "second", NOW + timedelta(minutes=7))
    later = NOW + timedelta(minutes=7, seconds=1)
    assert limits.mark("notice#1", "second", later)
    assert not limits.mark("notice#1", "first", later)
    assert not limits.mark("notice#2", "second", later)
