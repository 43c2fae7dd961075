"""The account of the day: everyone stands in exactly one line."""

from dataclasses import replace
from datetime import timedelta

import pytest

from course import delivery
from course.account import past_keeping, standing
from course.subscriber import Status, Subscriber
from tests.course.subscribers import MONDAY, after, confirmed, held, pending

NOON = MONDAY + timedelta(days=1, hours=-8)  # the day after the introduction, the first lesson has been sent
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("subscriber", "line"),
    [
        (after(1), "sent"),
        (replace(after(1), due_at=NOON + 2 * DAY, last_at=NOON - 3 * DAY), "not due"),
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
def test_everyone_stands_in_one_line(subscriber: Subscriber, line: str) -> None:
    assert standing(subscriber, NOON) == line


def test_reflections_are_kept_until_their_time_after_the_last_lesson_and_while_somebody_is_active() -> None:
    done = after(3)
    assert done.last_at
    assert not past_keeping(done, done.last_at + 90 * DAY, 90)
    assert past_keeping(done, done.last_at + 90 * DAY + timedelta(minutes=1), 90)
    assert past_keeping(done, done.last_at + 1000 * DAY, 90)
    assert not past_keeping(replace(done, status=Status.ACTIVE), done.last_at + 91 * DAY, 90)
    assert not past_keeping(pending(), MONDAY + 99 * DAY, 90)
