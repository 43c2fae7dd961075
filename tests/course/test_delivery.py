"""The delivery protocol, step by step."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from course import delivery
from course.delivery import Step, decide
from course.record import Held, Status
from course.schedule import local_day, slot
from course.subscriber import Subscriber
from tests.course.subscribers import MONDAY, PLAN, after, confirmed, held, pending, sent

HOUR = timedelta(hours=1)


def test_the_confirmation_email_is_claimed_and_sent_and_never_due_again() -> None:
    waiting = pending()
    assert decide(waiting, MONDAY, None) is Step.SEND
    claimed = delivery.claim(waiting, "first", MONDAY)
    assert decide(claimed, MONDAY, None) is Step.SKIP
    mailed = delivery.commit(claimed, "first", "ses-id", MONDAY)
    assert not mailed.has_next_email
    assert mailed.last_day is None, "a confirmation email does not use the local day"


def test_nothing_is_sent_before_it_is_due_or_to_a_subscriber_who_does_not_wait() -> None:
    due = sent(confirmed())
    assert due.due_at
    assert decide(due, due.due_at - timedelta(seconds=1), None) is Step.SKIP
    assert decide(due, due.due_at, None) is Step.SEND
    for other in (due.paused(), due.stopped(Status.UNSUBSCRIBED), held(due), after(3)):
        assert decide(other, MONDAY + timedelta(days=30), None) is Step.SKIP


def test_a_claim_uses_the_local_day_and_blocks_every_other_worker() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert claimed.last_day == local_day(due.due_at, "Europe/Berlin")
    assert decide(claimed, due.due_at + timedelta(seconds=25), due.due_at) is Step.SKIP


def test_a_claim_just_before_midnight_uses_the_day_after_midnight() -> None:
    """SES may accept the email a few seconds later, and that day must not get another lesson."""
    due = replace(sent(confirmed()), hour=23)
    midnight = slot(date(2026, 11, 25), "Europe/Berlin", 0)
    late = delivery.claim(due, "first", midnight - timedelta(seconds=20))
    assert late.last_day == date(2026, 11, 25)
    done = delivery.commit(late, "first", "ses-id", midnight)
    assert done.due_at
    assert local_day(done.due_at, "Europe/Berlin") == date(2026, 11, 26)
    assert delivery.claim(due, "first", midnight - timedelta(minutes=2)).last_day == date(2026, 11, 24)
    assert delivery.release(late, "first") == due


def test_an_attempt_of_unknown_outcome_moves_to_its_retry_time() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    later = due.due_at + HOUR
    assert decide(claimed, later, later) is Step.POSTPONE
    moved = delivery.postpone(claimed, later)
    assert claimed.claim
    assert (moved.due_at, moved.claim) == (claimed.claim.retry_at, claimed.claim)
    assert decide(moved, later, later) is Step.SKIP


def test_a_released_claim_frees_its_day() -> None:
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


def test_an_attempt_in_doubt_is_retried_only_after_later_events_arrived() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert claimed.claim
    next_slot = claimed.claim.retry_at
    assert local_day(next_slot, "Europe/Berlin") > local_day(due.due_at, "Europe/Berlin")
    assert decide(claimed, next_slot, None) is Step.HOLD
    assert decide(claimed, next_slot, due.due_at) is Step.HOLD
    assert decide(claimed, next_slot, due.due_at + timedelta(seconds=50)) is Step.HOLD, "SES may accept it later"
    assert decide(claimed, next_slot, due.due_at + HOUR) is Step.SEND
    assert decide(claimed, next_slot, due.due_at + HOUR, hold_in_doubt=True) is Step.HOLD


def test_an_event_settles_the_attempt_of_a_held_subscriber() -> None:
    due = sent(confirmed())
    assert due.due_at
    doubtful = delivery.hold(delivery.claim(due, "first", due.due_at), Held.IN_DOUBT)
    settled = delivery.commit(doubtful, "first", "ses-id", due.due_at + 30 * HOUR)
    assert (settled.held, settled.next_lesson, settled.has_next_email) == ("", "own-it", True)


def test_a_missed_lesson_waits_for_the_hour_of_a_later_day() -> None:
    due = sent(confirmed())
    assert due.due_at
    three_at_night = due.due_at + timedelta(days=3) - 4 * HOUR
    assert decide(due, three_at_night, None) is Step.POSTPONE
    postponed = delivery.postpone(due, three_at_night)
    assert postponed.due_at == due.due_at + timedelta(days=3)
    later_that_day = due.due_at + timedelta(days=3, hours=9)
    assert decide(due, later_that_day, None) is Step.SEND


def test_the_day_rule_and_the_gap_hold_even_if_the_due_time_is_wrong() -> None:
    morning = after(1)
    assert morning.last_at
    wrong = replace(morning, due_at=morning.last_at)
    assert decide(wrong, morning.last_at + HOUR, None) is Step.POSTPONE
    late = replace(wrong, last_day=local_day(morning.last_at - timedelta(days=1), "Europe/Berlin"))
    assert decide(late, morning.last_at + 11 * HOUR, None) is Step.POSTPONE
    assert decide(late, morning.last_at + 12 * HOUR, None) is Step.SEND


def test_nothing_is_sent_in_a_pause_even_if_the_due_time_is_wrong() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    too_early = replace(paused, due_at=MONDAY + 3 * 24 * HOUR)
    now = MONDAY + 3 * 24 * HOUR
    assert decide(too_early.after_pause(now), now, None) is Step.POSTPONE
    assert delivery.postpone(too_early, now) == paused
    assert paused.due_at
    assert decide(paused.after_pause(paused.due_at), paused.due_at, None) is Step.SEND


def test_after_a_commit_in_a_pause_the_next_lesson_comes_when_the_pause_ends() -> None:
    due = sent(confirmed())
    assert due.due_at
    paused = delivery.claim(due, "first", due.due_at).paused(date(2026, 12, 3))
    done = delivery.commit(paused, "first", "ses-id", due.due_at)
    assert done.due_at
    assert (done.status, done.next_lesson) == (Status.PAUSED, "own-it")
    assert local_day(done.due_at, "Europe/Berlin") == date(2026, 12, 3)
    refused = delivery.release(paused, "first")
    assert (refused.next_lesson, refused.due_at) == ("acknowledge", paused.due_at)


def test_an_attempt_in_doubt_is_judged_once_and_not_at_every_dispatch_of_a_pause() -> None:
    due = sent(confirmed())
    assert due.due_at
    paused = delivery.claim(due, "first", due.due_at).paused(date(2026, 12, 3))
    assert paused.claim
    now = paused.claim.retry_at + HOUR
    wrong = replace(paused, due_at=now)
    assert decide(wrong, now, now) is Step.POSTPONE
    assert delivery.postpone(wrong, now).due_at == paused.due_at


def test_a_lesson_that_the_course_no_longer_has_is_skipped() -> None:
    due = sent(confirmed())
    passed = delivery.pass_over(due, {"intro", "own-it", "keep-showing-up"})
    assert (passed.next_lesson, passed.due_at) == ("own-it", due.due_at)
    assert delivery.pass_over(due, {"intro"}).status is Status.COMPLETED
    assert delivery.pass_over(due, {"acknowledge"}) is due


def test_a_claim_without_a_due_email_raises_an_error() -> None:
    with pytest.raises(ValueError, match="nothing is due"):
        delivery.claim(after(3), "first", MONDAY)


# ---------------------------------------------------------------- an operator releases a subscriber


def in_doubt() -> Subscriber:
    """A subscriber held because the first lesson's attempt has no outcome although its next slot has come."""
    due = sent(confirmed())
    assert due.due_at
    return delivery.hold(delivery.claim(due, "first", due.due_at), Held.IN_DOUBT)


def test_a_release_changes_nothing_for_a_subscriber_who_is_not_held() -> None:
    for subscriber in (after(1), after(1).paused(), delivery.claim(confirmed(), "first", MONDAY)):
        assert delivery.release_held(subscriber, MONDAY, arrived=True) is subscriber


def test_after_a_release_on_a_free_day_the_lesson_comes_that_day_if_its_hour_has_come() -> None:
    due = sent(confirmed())
    assert due.due_at
    refused = delivery.release(delivery.claim(due, "first", due.due_at), "first", held=Held.ADDRESS)
    free = delivery.release_held(refused, due.due_at + 5 * HOUR)
    assert (free.held, free.next_lesson, free.due_at) == ("", "acknowledge", due.due_at + 5 * HOUR)
    assert decide(free, due.due_at + 5 * HOUR, None) is Step.SEND
    at_night = delivery.release_held(refused, due.due_at + 20 * HOUR)
    assert decide(at_night, due.due_at + 20 * HOUR, None) is Step.POSTPONE


def test_after_a_release_on_a_day_with_a_lesson_the_next_lesson_waits() -> None:
    morning = after(1)
    assert morning.last_at
    free = delivery.release_held(held(morning), morning.last_at + 13 * HOUR)
    assert decide(free, morning.last_at + 13 * HOUR, None) is Step.POSTPONE
    postponed = delivery.postpone(free, morning.last_at + 13 * HOUR)
    assert postponed.due_at == morning.due_at


def test_an_attempt_in_doubt_that_arrived_counts_as_sent_at_its_time() -> None:
    doubtful = in_doubt()
    assert doubtful.claim
    done = delivery.release_held(doubtful, doubtful.claim.retry_at + HOUR, arrived=True)
    assert done.sent["acknowledge"] == doubtful.claim.at
    assert (done.held, done.claim, done.next_lesson, done.message_id) == ("", None, "own-it", doubtful.message_id)
    assert done.due_at == done.next_due(doubtful.claim.retry_at + HOUR)
    assert delivery.release_held(done, doubtful.claim.retry_at + HOUR, arrived=True) is done


def test_an_email_in_doubt_that_did_not_arrive_is_sent_again_on_another_day() -> None:
    doubtful = in_doubt()
    assert doubtful.claim
    again = delivery.release_held(doubtful, doubtful.claim.retry_at)
    assert (again.held, again.claim, again.next_lesson) == ("", None, "acknowledge")
    assert (again.due_at, again.last_day) == (doubtful.claim.retry_at, doubtful.last_day)
    assert decide(again, doubtful.claim.retry_at, None) is Step.SEND
    assert decide(again, doubtful.claim.at + 13 * HOUR, None) is Step.SKIP
    too_early = replace(again, due_at=doubtful.claim.at)
    assert decide(too_early, doubtful.claim.at + 13 * HOUR, None) is Step.POSTPONE, "its day is used"


def test_a_release_keeps_a_claim_whose_event_may_still_come() -> None:
    doubtful = in_doubt()
    assert doubtful.claim
    early = delivery.release_held(doubtful, doubtful.claim.at + HOUR)
    assert (early.held, early.claim, early.due_at) == ("", doubtful.claim, doubtful.due_at)


def test_a_release_sends_nothing_to_a_subscriber_who_paused_or_stopped() -> None:
    for subscriber in (held(after(1)).paused(), held(after(1)).stopped(Status.UNSUBSCRIBED), held(after(3))):
        free = delivery.release_held(subscriber, MONDAY + timedelta(days=9))
        assert (free.held, free.status, free.has_next_email) == ("", subscriber.status, False)


def test_a_release_does_not_change_a_pause_until_a_day() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    free = delivery.release_held(held(after(1)).paused(date(2026, 12, 3)), MONDAY + timedelta(days=3))
    assert (free.held, free.due_at) == ("", paused.due_at)


def test_a_confirmation_email_in_doubt_counts_as_sent_or_is_sent_again() -> None:
    doubtful = delivery.hold(delivery.claim(pending(), "first", MONDAY), Held.IN_DOUBT)
    later = MONDAY + 2 * HOUR
    arrived = delivery.release_held(doubtful, later, arrived=True)
    assert arrived.sign_up
    assert (arrived.sign_up.email_sent, arrived.has_next_email) == (True, False)
    again = delivery.release_held(doubtful, later)
    assert (again.due_at, decide(again, later, None)) == (later, Step.SEND)


# ---------------------------------------------------------------- late events


def claimed_again() -> Subscriber:
    """A subscriber whose first lesson was attempted without an answer and is claimed again the next day."""
    due = sent(confirmed())
    assert due.due_at
    first = delivery.claim(due, "first", due.due_at)
    assert first.claim
    return delivery.claim(first, "second", first.claim.retry_at)


def test_a_late_event_of_the_first_attempt_settles_the_second_claim() -> None:
    again = claimed_again()
    assert again.unsettled == {"first": "acknowledge"}
    assert again.claim
    later = again.claim.at + timedelta(hours=1)
    done = delivery.commit(again, "first", "ses-id", later)
    assert done == delivery.commit(again, "second", "ses-id", later)
    assert (done.unsettled, done.claim, done.next_lesson) == ({}, None, again.plan[2])
    assert delivery.commit(done, "second", "ses-id", MONDAY) == done, "it counts only once"


def test_a_late_event_is_stored_in_the_claim_until_the_second_attempt_has_an_outcome() -> None:
    """Its worker must find the claim: after a refusal, the day is free and the lesson counts as sent."""
    again = claimed_again()
    assert again.claim
    told = delivery.commit(again, "first", "ses-id", again.claim.at)
    assert told.claim
    assert (told.claim.earlier_message_id, told.next_lesson) == ("ses-id", again.next_lesson)
    assert delivery.commit(told, "first", "ses-id", again.claim.at) == told
    refused = delivery.release(told, "second")
    assert (refused.claim, refused.next_lesson, refused.message_id) == (None, again.plan[2], "ses-id")
    assert refused.last_at == again.claim.previous_at, "the day is free again"
    assert delivery.commit(told, "second", "other-id", again.claim.at).next_lesson == again.plan[2]
    assert delivery.commit_earlier_copy(told, again.claim.at) == told
    assert delivery.commit_earlier_copy(told, again.claim.at + timedelta(minutes=2)).next_lesson == again.plan[2]


def test_a_late_event_counts_even_after_a_refusal() -> None:
    refused = delivery.release(claimed_again(), "second")
    assert refused.unsettled == {"first": "acknowledge"}
    assert delivery.commit(refused, "first", "ses-id", MONDAY).next_lesson == refused.plan[2]


def test_a_late_event_settles_an_email_that_an_operator_released() -> None:
    due = sent(confirmed())
    assert due.due_at
    first = delivery.claim(due, "first", due.due_at)
    assert first.claim
    free = delivery.release_held(delivery.hold(first, Held.IN_DOUBT), first.claim.retry_at)
    assert free.claim is None
    assert delivery.commit(free, "first", "ses-id", MONDAY).next_lesson == due.plan[2]


def test_an_event_of_a_removed_lesson_settles_no_other_lesson() -> None:
    due = sent(confirmed())
    assert due.due_at
    first = delivery.claim(due, "first", due.due_at)
    assert first.claim
    passed = delivery.pass_over(first, set(first.plan) - {first.plan[1]})
    second = delivery.claim(passed, "second", first.claim.retry_at)
    assert delivery.commit(second, "first", "ses-id", MONDAY) == second


def test_a_refusal_after_a_change_of_zone_keeps_the_later_of_both_days() -> None:
    """Kiritimati is a day ahead of Honolulu: the restored day of the old zone must not replace that of the new zone."""
    in_honolulu = replace(sent(confirmed()), zone="Pacific/Honolulu")
    assert in_honolulu.due_at
    claimed = delivery.claim(in_honolulu, "first", in_honolulu.due_at)
    moved = claimed.at_time("Pacific/Kiritimati", 7, in_honolulu.due_at)
    released = delivery.release(moved, "first")
    assert in_honolulu.last_at
    assert released.last_day == local_day(in_honolulu.last_at, "Pacific/Kiritimati")


def test_a_day_without_its_lesson_is_noticed() -> None:
    due = sent(confirmed())
    assert due.due_at
    assert not delivery.missed_a_day(due, due.due_at + timedelta(hours=2))
    assert delivery.missed_a_day(due, due.due_at + timedelta(hours=20))
    in_doubt = delivery.claim(due, "first", due.due_at)
    assert not delivery.missed_a_day(in_doubt, due.due_at + timedelta(hours=20))


def test_an_email_that_arrived_is_not_sent_again_even_if_a_later_attempt_was_refused() -> None:
    held = delivery.release(claimed_again(), "second", Held.ADDRESS)
    assert delivery.release_held(held, MONDAY, arrived=True).next_lesson == held.plan[2]
    assert delivery.release_held(held, MONDAY).next_lesson == held.plan[1]


def test_an_event_of_an_unsettled_confirmation_email_settles_no_lesson() -> None:
    """The subscriber confirmed with the email in doubt, or unsubscribed with its link."""
    first = delivery.claim(pending(), "first", MONDAY)
    assert first.claim
    again = delivery.claim(first, "second", first.claim.retry_at)
    refused = delivery.release(again, "second")
    assert refused.sign_up
    started = refused.confirmed(refused.sign_up.epoch, PLAN, MONDAY)
    assert delivery.commit(started, "first", "ses-id", MONDAY) == started
    left = refused.stopped(Status.UNSUBSCRIBED)
    assert delivery.commit(left, "first", "ses-id", MONDAY) == left
    assert delivery.commit(refused, "first", "ses-id", MONDAY).sign_up == replace(refused.sign_up, email_sent=True)


def test_an_event_of_an_earlier_round_settles_nothing_in_the_next_round() -> None:
    refused = delivery.release(claimed_again(), "second")
    again = refused.beginning_again(PLAN[1:], MONDAY)
    assert again.round == refused.round + 1
    assert delivery.commit(again, "first", "ses-id", MONDAY) == again


def test_after_a_refusal_an_event_of_a_skipped_or_removed_lesson_settles_no_other_lesson() -> None:
    refused = delivery.release(claimed_again(), "second")
    for moved in (refused.skipping(), delivery.pass_over(refused, set(refused.plan) - {refused.plan[1]})):
        assert moved.next_lesson == refused.plan[2]
        assert delivery.commit(moved, "first", "ses-id", MONDAY) == moved


def test_an_introduction_in_doubt_is_sent_again_only_at_the_chosen_hour() -> None:
    claimed = delivery.claim(confirmed(), "first", MONDAY)
    night, events = slot(date(2026, 11, 26), "Europe/Berlin", 2), MONDAY + timedelta(days=2)
    postponed = delivery.postpone(claimed, MONDAY + HOUR)
    assert decide(postponed, night, events) is Step.POSTPONE
    assert decide(postponed, night + 5 * HOUR, events) is Step.SEND


def test_the_closing_letter_does_not_complete_a_subscriber_who_stopped() -> None:
    last = after(2)
    assert last.due_at
    stopped = delivery.claim(last, "last", last.due_at).stopped(Status.UNSUBSCRIBED)
    done = delivery.commit(stopped, "last", "ses-id", last.due_at)
    assert (done.status, done.next_lesson, done.claim) == (Status.UNSUBSCRIBED, None, None)


@pytest.mark.parametrize("order", [("first", "second"), ("second", "first")])
def test_arrived_settles_the_attempt_of_the_next_email_in_any_stored_order(
    order: tuple[str, str],
) -> None:
    """DynamoDB returns the entries of a map in any order."""
    subscriber = sent(confirmed())
    emails = {"first": subscriber.next_lesson or "", "second": "skipped-since"}
    unsettled = {attempt: emails[attempt] for attempt in order}
    doubtful = delivery.hold(replace(subscriber, unsettled=unsettled), Held.ADDRESS)
    assert delivery.release_held(doubtful, MONDAY, arrived=True).next_lesson == subscriber.plan[2]
