"""The daily account: every subscriber is counted in exactly one line."""

from dataclasses import replace
from datetime import timedelta

import pytest

from course import delivery
from course.record import EPOCH_START, Status
from course.standing import GOING_ON, Line, in_doubt, keeping_ends, past_keeping, standing
from course.subscriber import Subscriber
from tests.course.subscribers import MONDAY, after, confirmed, held, pending, sent

NOON = MONDAY + timedelta(days=1, hours=-8)  # the day after the introduction; the first lesson was sent
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("subscriber", "line"),
    [
        (after(1), "sent"),
        (replace(after(1), due_at=NOON + 2 * DAY, last_at=NOON - 3 * DAY), "not due"),
        (replace(after(1), due_at=NOON - timedelta(hours=3)), "due"),
        (replace(after(1), due_at=NOON - 2 * DAY), "overdue"),
        (delivery.claim(confirmed(), "first", MONDAY), "claimed"),
        (held(after(1)), "held"),
        (after(1).paused(), "paused"),
        (after(3), "completed"),
        (after(1).stopped(Status.BOUNCED), "bounced"),
        (pending(), "pending"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_subscriber_is_counted_in_one_line(subscriber: Subscriber, line: str) -> None:
    assert standing(subscriber, NOON) == line


def test_a_pause_until_a_day_is_overdue_if_no_email_comes_after_it() -> None:
    paused = after(1).paused(NOON.date() + 9 * DAY)
    assert paused.due_at
    assert standing(paused, NOON) == standing(paused, paused.due_at) == "paused"
    assert standing(paused, paused.due_at + 2 * DAY) == "overdue"


def test_a_journal_is_kept_for_its_time_after_the_last_lesson_and_while_the_course_goes_on() -> None:
    done = after(3)
    assert done.last_at
    assert not past_keeping(done, done.last_at + 90 * DAY, 90)
    assert past_keeping(done, done.last_at + 90 * DAY + timedelta(minutes=1), 90)
    assert past_keeping(done, done.last_at + 1000 * DAY, 90)
    assert not past_keeping(replace(done, status=Status.ACTIVE), done.last_at + 91 * DAY, 90)
    assert not past_keeping(pending(), MONDAY + 99 * DAY, 90)
    never_sent = replace(confirmed(), status=Status.UNSUBSCRIBED)
    assert not past_keeping(never_sent, EPOCH_START + (never_sent.epoch + 90) * DAY, 90)
    assert past_keeping(never_sent, EPOCH_START + (never_sent.epoch + 91) * DAY, 90)
    assert past_keeping(after(2).paused(), MONDAY + 99 * DAY, 90)


def test_p7_the_time_of_a_journal_ends_even_while_the_subscriber_is_held_or_paused() -> None:
    lesson = after(2)
    assert lesson.last_at
    end = lesson.last_at + 90 * DAY
    for waits in (held(lesson), lesson.paused(), lesson.paused(MONDAY.date() + 200 * DAY), held(lesson.paused())):
        assert not past_keeping(waits, end, 90)
        assert past_keeping(waits, end + timedelta(seconds=1), 90)


def test_p7_a_paused_subscriber_is_asked_in_the_last_week_and_can_keep_the_journal_for_the_same_time_again() -> None:
    paused = after(2).paused()
    assert paused.last_at
    end = paused.last_at + 90 * DAY
    assert not keeping_ends(paused, end - 7 * DAY - timedelta(seconds=1), 90)
    assert keeping_ends(paused, end - 7 * DAY, 90)
    assert keeping_ends(paused, end, 90)
    assert keeping_ends(paused, end + timedelta(seconds=1), 90), "if the subscriber was not asked yet"
    pressed = end - 3 * DAY
    kept = paused.keeping(pressed)
    assert not keeping_ends(kept, end, 90)
    assert not past_keeping(kept, pressed + 90 * DAY, 90)
    assert past_keeping(kept, pressed + 91 * DAY, 90)
    assert keeping_ends(kept, pressed + 85 * DAY, 90), "then the subscriber is asked once more"
    assert sent(replace(kept.resumed(end), due_at=end)).kept_on is None


def test_p7_no_other_subscriber_is_asked_whether_to_keep_the_journal() -> None:
    day = after(2).last_at
    assert day
    end = day + 89 * DAY
    goes_on_before = after(2).paused(end.date())
    for other in (after(2), after(3), held(after(2)), held(after(2).paused()), goes_on_before, pending()):
        assert not keeping_ends(other, end, 90)
    assert keeping_ends(after(2).paused(end.date() + 9 * DAY), end, 90)
    assert after(2).keeping(end).kept_on is None


def test_every_subscriber_whose_course_goes_on_is_counted_in_a_line_of_the_sum() -> None:
    claimed, pauses = delivery.claim(confirmed(), "first", MONDAY), after(1).paused(MONDAY.date() + 3 * DAY)
    for subscriber in (confirmed(), claimed, held(claimed), after(1), after(1).paused(), pauses, held(pauses)):
        for hours in range(-48, 96, 12):
            assert standing(subscriber, MONDAY + timedelta(hours=hours)) in Line
    for status in Status:
        known = standing(replace(after(1), status=status, due_at=None), NOON)
        assert (known in Line) is (status in GOING_ON)


def test_a_held_subscriber_is_counted_as_held_and_not_as_paused_claimed_or_overdue() -> None:
    for subscriber in (after(1).paused(), delivery.claim(confirmed(), "first", MONDAY), after(1)):
        assert standing(held(subscriber), NOON + 9 * DAY) == "held"


def test_an_attempt_is_in_doubt_from_its_next_slot() -> None:
    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "first", due.due_at)
    assert claimed.claim
    assert not in_doubt(claimed, claimed.claim.retry_at - timedelta(seconds=1))
    assert in_doubt(claimed, claimed.claim.retry_at)
    assert in_doubt(held(claimed), claimed.claim.retry_at), "even while the subscriber is held"
    assert not in_doubt(delivery.commit(claimed, "first", "ses-id", due.due_at), claimed.claim.retry_at)
    assert not in_doubt(held(after(1)), NOON + 9 * DAY)
    for without_email in (claimed.paused(), claimed.stopped(Status.UNSUBSCRIBED)):
        assert not in_doubt(without_email, claimed.claim.retry_at)
