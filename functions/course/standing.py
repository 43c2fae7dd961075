"""The account of the day: where every subscriber stands, so that nobody is lost silently."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from course.record import CONFIRM, EPOCH_START, Status
from course.subscriber import Subscriber

DAY = timedelta(days=1)
KEEP_NOTICE = "keep"
"""The notice that asks whether to keep what was written. Its button answers, and no reply."""
ASKED_BEFORE = 7 * DAY
"""The time that a paused subscriber has to keep what they wrote."""

GOING_ON = frozenset({Status.ACTIVE, Status.PAUSED})
"""Who is in the middle of a course: each of them stands in exactly one line."""


class Line(StrEnum):
    """The lines of the account. They add up to everyone whose course is going on."""

    SENT = "sent"
    CLAIMED = "claimed"
    NOT_DUE = "not due"
    DUE = "due"
    OVERDUE = "overdue"
    PAUSED = "paused"
    HELD = "held"


def standing(subscriber: Subscriber, now: datetime) -> Line | Status:
    """Which line of the account a subscriber stands in, or their status when no course of theirs is going on."""
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
    """Whether somebody has waited for more than a day for the email that lets them confirm."""
    waits = subscriber.due_email == CONFIRM and subscriber.due_at is not None
    return waits and subscriber.due_at is not None and subscriber.due_at < now - DAY


def in_doubt(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the outcome of an attempt is unknown although its next slot has come, and something hangs on it."""
    matters = subscriber.waiting or bool(subscriber.held)
    return matters and subscriber.claim is not None and subscriber.claim.retry_at <= now


def paused_by_bounces(subscriber: Subscriber) -> bool:
    """Whether the course waits because their mailbox kept sending emails back, and not because they asked."""
    return subscriber.status is Status.PAUSED and subscriber.bounce_pauses is not None


def kept_until(subscriber: Subscriber, retention_days: int) -> datetime | None:
    """Until when (UTC) what the subscriber wrote is kept; None while lessons come, and before it is confirmed.

    It counts from the last lesson, or from the day of the sign-up where none was ever sent.
    """
    if subscriber.status is Status.PENDING or (subscriber.status is Status.ACTIVE and not subscriber.held):
        return None
    since = subscriber.last_at or EPOCH_START + subscriber.epoch * DAY
    if subscriber.kept_on:
        since = max(since, datetime.combine(subscriber.kept_on + DAY, time(), UTC))
    return since + retention_days * DAY


def past_keeping(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether what the subscriber wrote has had its time, whatever the course waits for."""
    until = kept_until(subscriber, retention_days)
    return until is not None and now > until


def keeping_ends(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether a paused subscriber is to be asked whether to keep it: its last week has begun, and no lesson comes.

    Also after its time, if they were not asked yet: they are given that week.
    """
    until = kept_until(subscriber, retention_days)
    if until is None or subscriber.status is not Status.PAUSED or subscriber.held:
        return False
    goes_on = subscriber.paused_until and subscriber.due_at is not None and subscriber.due_at < until
    return not goes_on and until - ASKED_BEFORE <= now
