"""The tables Limits and Suppressions: members, counts, promises, marks, breaker, latest event."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from aws.limits import BREAKER_OPEN_FOR, EVENTS_NOTED_EVERY, MARK_LIFE, Limits, Suppressions
from course.limits import ASKS_REMEMBERED, Ask, Asks

if TYPE_CHECKING:
    from tests.aws.dynalite import Database


NOW = datetime(2026, 11, 23, 9, 59, 58, tzinfo=UTC)
ASK = Ask(NOW, "rebuild-trust", "key")


@pytest.fixture
def limits(database: "Database") -> Limits:
    return Limits(database.client, database.table("Limits"))


def table_of(limits: Limits) -> str:
    return limits._table


# ---------------------------------------------------------------- forms of an hour and of a day


def test_the_first_few_of_a_day_are_counted_up_once_the_number_is_set(limits: Limits) -> None:
    assert all(limits.count_up_of_day("forms", NOW) for _ in range(3)), "no number is set yet"
    limits.allow_of_day("forms", 4, NOW)
    assert [limits.count_up_of_day("forms", NOW) for _ in range(2)] == [True, False]
    limits.allow_of_day("forms", 5, NOW)
    assert limits.count_up_of_day("forms", NOW)
    assert limits.count_up_of_day("forms", NOW + timedelta(days=1)), "another day"


def test_a_day_may_allow_no_forms(limits: Limits) -> None:
    limits.allow_of_day("forms", 0, NOW)
    assert not limits.count_up_of_day("forms", NOW)


def test_the_first_few_of_an_hour_are_counted_up_in_an_item_that_does_not_grow(
    limits: Limits, database: "Database"
) -> None:
    assert [limits.count_up("forms", 2, NOW) for _ in range(4)] == [True, True, False, False]
    assert limits.count_up("network#1", 2, NOW)
    assert limits.count_up("forms", 2, NOW + timedelta(seconds=2)), "ten o'clock"
    expires = {"N": str(int((NOW + timedelta(hours=2)).timestamp()))}
    assert {"key": {"S": "forms#2026-11-23T09"}, "count": {"N": "2"}, "expires_at": expires} in database.items(
        table_of(limits)
    )


# ---------------------------------------------------------------- members of an hour


def test_the_first_few_of_an_hour_are_admitted(limits: Limits) -> None:
    assert [limits.admit("answers#1", who, 2, NOW) for who in ("ann", "bob", "cleo", "dora")] == [
        True,
        True,
        False,
        False,
    ]
    assert limits.admit("answers#2", "cleo", 2, NOW)
    assert limits.admit("answers#1", "cleo", 2, NOW + timedelta(seconds=2))  # ten o'clock


def test_a_member_that_comes_again_takes_no_second_place(limits: Limits) -> None:
    """A form sent a hundred times is one sign-up, even when the hour is full."""
    assert all(limits.admit("network#1", "ann", 2, NOW) for _ in range(100))
    assert limits.admit("network#1", "bob", 2, NOW)
    assert not limits.admit("network#1", "cleo", 2, NOW)
    assert limits.admit("network#1", "ann", 2, NOW)


def test_the_members_of_an_hour_are_kept_longer_than_it_and_then_expire(limits: Limits, database: "Database") -> None:
    limits.admit("sign-ups", "ann", 2, NOW)
    item = database.items(table_of(limits))[0]
    assert item["expires_at"] == {"N": str(int((NOW + timedelta(hours=2)).timestamp()))}


def test_the_first_few_of_a_utc_day_are_admitted_and_each_counts_once(limits: Limits, database: "Database") -> None:
    later = NOW + timedelta(hours=14)
    admitted = [limits.admit_of_day("unproven#a", mail, 2, at) for mail in ("1", "2", "3") for at in (NOW, later)]
    assert admitted == [True, True, True, True, False, False]
    assert limits.admit_of_day("unproven#a", "3", 2, NOW + timedelta(hours=15)), "the next day"
    assert limits.admit_of_day("unproven#b", "3", 2, NOW), "another subscriber"
    life = {int(item["expires_at"]["N"]) for item in database.items(table_of(limits))}
    assert life == {int(datetime(2026, 11, day, tzinfo=UTC).timestamp()) for day in (25, 26)}


# ---------------------------------------------------------------- emails that forms ask for


def test_a_mailbox_without_emails_has_no_promises(limits: Limits) -> None:
    assert limits.asks("mailbox") == Asks()


def test_a_promise_is_read_as_it_was_made(limits: Limits) -> None:
    assert limits.promise("mailbox", Asks(), Asks((ASK,)))
    assert limits.asks("mailbox") == Asks((ASK,))


def test_only_one_of_two_requests_at_once_may_promise(limits: Limits) -> None:
    """Also in the same second."""
    before = Asks()
    for number in range(3):
        promised = [before.promised(Ask(NOW, course, f"{course}{number}")) for course in ("one", "two")]
        assert [limits.promise("mailbox", before, after) for after in promised] == [True, False]
        before = limits.asks("mailbox")
        assert before == promised[0]


def test_a_promise_expires_when_it_no_longer_limits(limits: Limits, database: "Database") -> None:
    limits.promise("mailbox", Asks(), Asks((ASK,)))
    assert database.items(table_of(limits))[0]["expires_at"] == {"N": str(int((NOW + ASKS_REMEMBERED).timestamp()))}


def test_a_mailbox_is_closed_for_one_course(limits: Limits) -> None:
    limits.close("mailbox", ASK.course, NOW)
    limits.close("mailbox", ASK.course, NOW + timedelta(hours=1))
    assert limits.asks("mailbox") == Asks((Ask(NOW + timedelta(hours=1), ASK.course, ""),))


# ---------------------------------------------------------------- marks


def test_a_mark_has_one_owner(limits: Limits) -> None:
    assert limits.mark("notice#1", "first", NOW)
    assert not limits.mark("notice#1", "second", NOW)
    assert limits.mark("notice#2", "second", NOW)


def test_an_owner_may_set_its_own_mark_again(limits: Limits) -> None:
    """A retried call must not take its own mark for another owner's."""
    assert [limits.mark("mail#1", "me", NOW) for _ in range(2)] == [True, True]


def test_a_removed_mark_can_be_set_by_another_owner(limits: Limits) -> None:
    limits.mark("notice#1", "first", NOW)
    limits.unmark("notice#1")
    limits.unmark("notice#1")
    assert limits.mark("notice#1", "second", NOW)


def test_the_owner_that_began_keeps_the_first_note_and_no_other_owner_begins(limits: Limits) -> None:
    assert limits.begin("mail#1", "ann", "1#own-it#in", NOW) == "1#own-it#in"
    assert limits.begin("mail#1", "ann", "1#safety-first#in", NOW + timedelta(minutes=6)) == "1#own-it#in"
    assert limits.begin("mail#1", "bob", "", NOW) is None
    assert limits.begin("mail#2", "bob", "", NOW) == ""


def test_beginning_again_changes_nothing(limits: Limits, database: "Database") -> None:
    limits.begin("told#1", "ann", "", NOW)
    before = database.items(table_of(limits))
    limits.begin("told#1", "ann", "", NOW + timedelta(days=1))
    assert database.items(table_of(limits)) == before


def test_only_a_mark_that_was_marked_as_done_is_done(limits: Limits) -> None:
    limits.mark_done("inbound#1", NOW)
    limits.mark("inbound#2", "ann", NOW)
    assert [limits.done(f"inbound#{number}") for number in (1, 2, 3)] == ["", None, None]
    assert limits.begin("inbound#1", "ann", "", NOW) is None
    assert limits.all_done([f"inbound#{number}" for number in range(250)]) == {"inbound#1"}
    assert limits.all_done([]) == set()
    limits.mark_done("inbound#2", NOW, "for good")
    assert limits.done("inbound#2") == "for good"


def test_the_time_of_the_last_delete_question_is_kept(limits: Limits) -> None:
    assert limits.asked_to_erase("annannannannanna") is None
    limits.ask_to_erase("annannannannanna", NOW)
    limits.ask_to_erase("annannannannanna", NOW + timedelta(days=1))
    assert limits.asked_to_erase("annannannannanna") == NOW + timedelta(days=1)
    assert limits.asked_to_erase("bobbobbobbobbobb") is None


def test_a_mark_expires(limits: Limits, database: "Database") -> None:
    limits.mark("mail#1", "me", NOW)
    assert database.items(table_of(limits))[0]["expires_at"] == {"N": str(int((NOW + MARK_LIFE).timestamp()))}


# ---------------------------------------------------------------- the breaker


def test_the_breaker_stays_open_for_a_quarter_of_an_hour(limits: Limits) -> None:
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


def test_no_event_is_noted_at_first(limits: Limits) -> None:
    assert limits.events_until() is None


def test_the_latest_event_is_kept_in_whatever_order_events_come(limits: Limits, database: "Database") -> None:
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


def test_an_owner_loses_a_mark_after_seven_minutes_unless_it_is_done(limits: Limits) -> None:
    """A mark that is done stays done, however long ago."""
    limits.mark("notice#1", "first", NOW)
    limits.mark_done("notice#2", NOW)
    assert not limits.mark("notice#1", "second", NOW + timedelta(minutes=7))
    later = NOW + timedelta(minutes=7, seconds=1)
    assert limits.mark("notice#1", "second", later)
    assert not limits.mark("notice#1", "first", later)
    assert not limits.mark("notice#2", "second", later)
