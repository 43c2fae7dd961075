"""Once a day → every subscriber accounted for; what the index forgot is put back; old reflections are deleted."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from aws import clients
from aws.log import count, logger, observed
from aws.settings import settings
from course.subscriber import Status, Subscriber

DAY = timedelta(days=1)


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """A schedule's event. sent today + claimed + not due + overdue + held = active, counted on the base table."""
    now = clients.now()
    account: Counter[str] = Counter()
    for subscriber, in_index in clients.subscribers().all():
        account[_standing(subscriber, now)] += 1
        if subscriber.waiting and not in_index:
            clients.subscribers().save(subscriber)
            account["put back into the index"] += 1
        if _past_keeping(subscriber, now):
            account["reflections deleted"] += clients.reflections().forget(subscriber.id)
    logger.info("account of the day", account=dict(account))
    count("Overdue", account["overdue"])
    return dict(account)


def _standing(subscriber: Subscriber, now: datetime) -> str:
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


def _past_keeping(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the reflections' time is over. Asked for a week, so that a day without an audit does no harm."""
    if subscriber.status is Status.ACTIVE or subscriber.last_at is None:
        return False
    over = now - subscriber.last_at - settings().retention_days * DAY
    return timedelta(0) < over < 7 * DAY
