"""Subscribers to begin a test with."""

from dataclasses import replace
from datetime import UTC, datetime

from course import delivery
from course.record import Held, SignUp
from course.subscriber import Subscriber

PLAN = ("intro", "acknowledge", "own-it", "keep-showing-up")
PLAN_AGAIN = PLAN[1:]
MONDAY = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # nine in the evening in Berlin
ID = "aaaaaaaaaaaaaaaa"


def pending(now: datetime = MONDAY) -> Subscriber:
    """Has filled in the form and not confirmed."""
    someone = Subscriber(ID, "rebuild-trust", "ann@example.net")
    return someone.signing_up(SignUp(1057, now, "Ann", "Europe/Berlin", 7))


def confirmed(now: datetime = MONDAY) -> Subscriber:
    """Has just confirmed: the introduction is due."""
    return pending(now).confirmed(1057, PLAN, now)


def sent(subscriber: Subscriber, now: datetime | None = None) -> Subscriber:
    """With the email that was due sent, when it was due or at `now`."""
    at = now or subscriber.due_at
    assert at
    assert delivery.decide(subscriber, at, None) is delivery.Decision.SEND
    return delivery.commit(delivery.claim(subscriber, "attempt", at), "attempt", "ses-id", at)


def after(lessons: int) -> Subscriber:
    """With the introduction and this many lessons sent."""
    subscriber = confirmed()
    for _ in range(lessons + 1):
        subscriber = sent(subscriber)
    return subscriber


def held(subscriber: Subscriber) -> Subscriber:
    """With a reason to look."""
    return replace(subscriber, held=Held.IN_DOUBT)
