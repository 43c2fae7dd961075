"""Subscribers at the start of a test."""

from dataclasses import replace
from datetime import UTC, datetime

from course import delivery
from course.record import Held, SignUp
from course.subscriber import Subscriber

PLAN = ("intro", "acknowledge", "own-it", "keep-showing-up")
PLAN_AGAIN = PLAN[1:]
MONDAY = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # 21:00 in Berlin
ID = "aaaaaaaaaaaaaaaa"


def pending(now: datetime = MONDAY) -> Subscriber:
    """A subscriber who has sent the sign-up form but not confirmed."""
    someone = Subscriber(ID, "rebuild-trust", "ann@example.net")
    return someone.signing_up(SignUp(1057, now, "Ann", "Europe/Berlin", 7))


def confirmed(now: datetime = MONDAY) -> Subscriber:
    """A subscriber who has just confirmed: the introduction is due."""
    return pending(now).confirmed(1057, PLAN, now)


def sent(subscriber: Subscriber, now: datetime | None = None) -> Subscriber:
    """The subscriber after the due email was sent, at its due time or at `now`."""
    at = now or subscriber.due_at
    assert at
    assert delivery.decide(subscriber, at, None) is delivery.Step.SEND
    return delivery.commit(delivery.claim(subscriber, "attempt", at), "attempt", "ses-id", at)


def after(lessons: int) -> Subscriber:
    """A subscriber after the introduction and this many lessons were sent."""
    subscriber = confirmed()
    for _ in range(lessons + 1):
        subscriber = sent(subscriber)
    return subscriber


def held(subscriber: Subscriber) -> Subscriber:
    """The subscriber, held."""
    return replace(subscriber, held=Held.IN_DOUBT)
