"""The delivery protocol, step by step."""

from dataclasses import replace
from datetime import timedelta

import pytest

from course import delivery
from course.delivery import Decision, decide
from course.schedule import local_day
from course.subscriber import Status
from tests.course.subscribers import MONDAY, after, confirmed, held, pending, sent

HOUR = timedelta(hours=1)


def test_the_confirmation_is_claimed_sent_and_never_due_again() -> None:
    waiting = pending()
    assert decide(waiting, MONDAY, None) is Decision.SEND
    claimed = delivery.claim(waiting, "first", MONDAY)
    assert decide(claimed, MONDAY, None) is Decision.SKIP
    mailed = delivery.commit(claimed, "first", "ses-id", MONDAY)
    assert not mailed.waiting
    assert mailed.last_day is None, "a confirmation takes no day"


def test_nothing_is_sent_before_it_is_due_or_to_who_does_not_wait() -> None:
    due = sent(confirmed())
    assert due.due_at
    assert decide(due, due.due_at - timedelta(seconds=1), None) is Decision.SKIP
    assert decide(due, due.due_at, None) is Decision.SEND
    for other in (due.paused(), due.stopped(Status.UNSUBSCRIBED), held(due), after(3)):
        assert decide(other, MONDAY + timedelta(days=30), None) is Decision.SKIP


def test_a_claim_takes_the_day_and_keeps_everyone_else_out() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert claimed.last_day == local_day(due.due_at, "Europe/Berlin")
    assert decide(claimed, due.due_at + timedelta(seconds=25), due.due_at) is Decision.SKIP


def test_an_attempt_of_unknown_outcome_moves_to_when_it_can_be_judged() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    later = due.due_at + HOUR
    assert decide(claimed, later, later) is Decision.SLIDE
    moved = delivery.slide(claimed, later)
    assert claimed.claim
    assert (moved.due_at, moved.claim) == (claimed.claim.retry_at, claimed.claim)
    assert decide(moved, later, later) is Decision.SKIP


def test_a_release_puts_the_claim_and_its_day_back() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert delivery.release(claimed, "first") == due
    assert delivery.release(claimed, "another") is claimed


def test_a_commit_counts_only_for_its_own_attempt_and_only_once() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert delivery.commit(claimed, "another", "ses-id", due.due_at) is claimed
    done = delivery.commit(claimed, "first", "ses-id", due.due_at)
    assert (done.next_lesson, done.claim, done.message_id) == ("own-it", None, "ses-id")
    assert delivery.commit(done, "first", "ses-id", due.due_at) is done


def test_an_attempt_in_doubt_is_tried_again_only_when_later_events_came_through() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert claimed.claim
    next_slot = claimed.claim.retry_at
    assert local_day(next_slot, "Europe/Berlin") > local_day(due.due_at, "Europe/Berlin")
    assert decide(claimed, next_slot, None) is Decision.HOLD
    assert decide(claimed, next_slot, due.due_at) is Decision.HOLD
    assert decide(claimed, next_slot, due.due_at + HOUR) is Decision.SEND
    assert decide(claimed, next_slot, due.due_at + HOUR, hold_in_doubt=True) is Decision.HOLD


def test_an_event_settles_even_what_is_held() -> None:
    due = sent(confirmed())
    assert due.due_at
    doubtful = delivery.hold(delivery.claim(due, "first", due.due_at), "in doubt")
    settled = delivery.commit(doubtful, "first", "ses-id", due.due_at + 30 * HOUR)
    assert (settled.held, settled.next_lesson, settled.waiting) == ("", "own-it", True)


def test_what_was_missed_waits_for_the_hour_of_another_day() -> None:
    due = sent(confirmed())
    assert due.due_at
    three_at_night = due.due_at + timedelta(days=3) - 4 * HOUR
    assert decide(due, three_at_night, None) is Decision.SLIDE
    slid = delivery.slide(due, three_at_night)
    assert slid.due_at == due.due_at + timedelta(days=3)
    later_that_day = due.due_at + timedelta(days=3, hours=9)
    assert decide(due, later_that_day, None) is Decision.SEND


def test_the_day_rule_and_the_gap_hold_even_if_the_due_time_is_wrong() -> None:
    morning = after(1)
    assert morning.last_at
    wrong = replace(morning, due_at=morning.last_at)
    assert decide(wrong, morning.last_at + HOUR, None) is Decision.SLIDE
    late = replace(wrong, last_day=local_day(morning.last_at - timedelta(days=1), "Europe/Berlin"))
    assert decide(late, morning.last_at + 11 * HOUR, None) is Decision.SLIDE
    assert decide(late, morning.last_at + 12 * HOUR, None) is Decision.SEND


def test_a_lesson_that_is_gone_is_passed_over() -> None:
    due = sent(confirmed())
    passed = delivery.pass_over(due, {"intro", "own-it", "keep-showing-up"})
    assert (passed.next_lesson, passed.due_at) == ("own-it", due.due_at)
    assert delivery.pass_over(due, {"intro"}).status is Status.COMPLETED
    assert delivery.pass_over(due, {"acknowledge"}) is due


def test_nothing_due_cannot_be_claimed() -> None:
    with pytest.raises(ValueError, match="nothing is due"):
        delivery.claim(after(3), "first", MONDAY)
