"""The daily account: the line in which each subscriber is counted, so that nobody is lost unnoticed."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from course.record import CONFIRM, EPOCH_START, Status
from course.subscriber import Subscriber

DAY = timedelta(days=1)
KEEP_NOTICE = "keep"
"""The notice that asks whether to keep the journal. Only its button answers it, not a reply."""
ASKED_BEFORE = 7 * DAY
"""How long before the end of its time a paused subscriber is asked whether to keep the journal."""

GOING_ON = frozenset({Status.ACTIVE, Status.PAUSED})
"""The states of subscribers whose course is going on. Each such subscriber is counted in exactly one line."""


class Line(StrEnum):
    """The lines of the account. Together they count every subscriber whose course is going on."""

    SENT = "sent"
    CLAIMED = "claimed"
    NOT_DUE = "not due"
    DUE = "due"
    OVERDUE = "overdue"
    PAUSED = "paused"
    HELD = "held"


def standing(subscriber: Subscriber, now: datetime) -> Line | Status:
    """The line of the account that counts a subscriber, or their status if their course is not going on."""
    if subscriber.status not in GOING_ON:
        return subscriber.status
    if subscriber.held:
        return Line.HELD
    if subscriber.status is Status.PAUSED and not subscriber.paused_until:
        return Line.PAUSED
    if subscriber.claim:
        return Line.CLAIMED
    if subscriber.due_at is None or subscriber.due_at < now - DAY:
        return Line.OVERDUE
    if subscriber.status is Status.PAUSED:
        return Line.PAUSED
    if subscriber.due_at <= now:
        return Line.DUE
    sent_today = subscriber.last_at is not None and subscriber.last_at > now - DAY
    return Line.SENT if sent_today else Line.NOT_DUE


def confirmation_overdue(subscriber: Subscriber, now: datetime) -> bool:
    """Whether a confirmation email has been due for more than a day."""
    waits = subscriber.next_email == CONFIRM and subscriber.due_at is not None
    return waits and subscriber.due_at is not None and subscriber.due_at < now - DAY


def in_doubt(subscriber: Subscriber, now: datetime) -> bool:
    """Whether an attempt is in doubt at its next slot or later, and the subscriber waits for an email or is held."""
    matters = subscriber.has_next_email or bool(subscriber.held)
    return matters and subscriber.claim is not None and subscriber.claim.retry_at <= now


def paused_by_bounces(subscriber: Subscriber) -> bool:
    """Whether the course is paused because of bounces, and not because the subscriber asked."""
    return subscriber.status is Status.PAUSED and subscriber.bounce_pauses is not None


def kept_until(subscriber: Subscriber, retention_days: int) -> datetime | None:
    """The time (UTC) until which the journal is kept; None while lessons come and before the sign-up is confirmed.

    The time counts from the last lesson, or from the day of the sign-up if no lesson was ever sent.
    """
    if subscriber.status is Status.PENDING or (subscriber.status is Status.ACTIVE and not subscriber.held):
        return None
    since = subscriber.last_at or EPOCH_START + subscriber.epoch * DAY
    if subscriber.kept_on:
        since = max(since, datetime.combine(subscriber.kept_on + DAY, time(), UTC))
    return since + retention_days * DAY


def past_keeping(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether the time for which the journal is kept is over, no matter what the course waits for."""
    until = kept_until(subscriber, retention_days)
    return until is not None and now > until


def keeping_ends(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether to ask a paused subscriber about keeping the journal: its last week has begun, and no lesson comes in it.

    Also after that time, if the subscriber was not asked yet: they still get a week.
    """
    until = kept_until(subscriber, retention_days)
    if until is None or subscriber.status is not Status.PAUSED or subscriber.held:
        return False
    goes_on = subscriber.paused_until and subscriber.due_at is not None and subscriber.due_at < until
    return not goes_on and until - ASKED_BEFORE <= now
