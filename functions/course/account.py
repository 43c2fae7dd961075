"""The account of the day: where every subscriber stands, so that nobody is lost silently."""

from datetime import datetime, timedelta

from course.subscriber import Status, Subscriber

DAY = timedelta(days=1)


def standing(subscriber: Subscriber, now: datetime) -> str:
    """Which line of the account a subscriber stands in: their status, and what is going on with the active ones."""
    if subscriber.held:
        return "held"
    if subscriber.status is not Status.ACTIVE:
        return str(subscriber.status)
    if subscriber.claim:
        return "claimed"
    if subscriber.due_at and subscriber.due_at < now - DAY:
        return "overdue"
    sent_today = subscriber.last_at is not None and subscriber.last_at > now - DAY
    return "sent" if sent_today else "not due"


def past_keeping(subscriber: Subscriber, now: datetime, retention_days: int) -> bool:
    """Whether what the subscriber wrote has had its time: the last lesson is long ago, and no other is on its way."""
    if subscriber.status is Status.ACTIVE or subscriber.last_at is None:
        return False
    return now > subscriber.last_at + retention_days * DAY
