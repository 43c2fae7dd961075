"""The account of the day: where every subscriber stands, so that nobody is lost silently."""

from datetime import datetime, timedelta

from course.subscriber import CONFIRM, SOFT_BOUNCES, Status, Subscriber

DAY = timedelta(days=1)


GOING_ON = frozenset({Status.ACTIVE, Status.PAUSED})
"""Who is in the middle of a course: each of them stands in exactly one line."""

LINES = ("sent", "claimed", "not due", "due", "overdue", "paused", "held")
"""The lines of the account. They add up to everyone whose course is going on."""


def standing(subscriber: Subscriber, now: datetime) -> str:
    """Which line of the account a subscriber stands in, or their status when no course of theirs is going on."""
    if subscriber.status not in GOING_ON:
        return str(subscriber.status)
    if subscriber.held:
        return "held"
    if subscriber.status is Status.PAUSED and not subscriber.paused_until:
        return "paused"
    if subscriber.claim:
        return "claimed"
    if subscriber.due_at is None or subscriber.due_at < now - DAY:
        return "overdue"
    if subscriber.status is Status.PAUSED:
        return "paused"
    if subscriber.due_at <= now:
        return "due"
    sent_today = subscriber.last_at is not None and subscriber.last_at > now - DAY
    return "sent" if sent_today else "not due"


def confirmation_overdue(subscriber: Subscriber, now: datetime) -> bool:
    """Whether somebody has waited for more than a day for the email that lets them confirm."""
    waits = subscriber.due_email == CONFIRM and subscriber.due_at is not None
    return waits and subscriber.due_at is not None and subscriber.due_at < now - DAY


def in_doubt(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the outcome of an attempt is unknown although its next slot has come, and something hangs on it."""
    matters = subscriber.waiting or bool(subscriber.held)
    return matters and subscriber.claim is not None and subscriber.claim.retry_at <= now


def paused_by_bounces(subscriber: Subscriber) -> bool:
    """Whether the course waits because their mailbox kept sending emails back, and not because they asked."""
    return subscriber.status is Status.PAUSED and len(subscriber.soft_bounces) == SOFT_BOUNCES


def past_keeping(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether what the subscriber wrote has had its time: the last lesson is long ago, and no other is on its way."""
    if subscriber.status is Status.ACTIVE or subscriber.paused_until or subscriber.last_at is None:
        return False
    return now > subscriber.last_at + retention_days * DAY
