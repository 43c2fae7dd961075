"""Once a day → every subscriber accounted for; what the index forgot is put back; old reflections are deleted."""

from collections import Counter
from typing import Any

from aws import clients
from aws.log import count, logger, observed
from aws.settings import settings
from course import account


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, int]:
    """A schedule's event. sent today + claimed + not due + overdue + held = active, counted on the base table."""
    now = clients.now()
    counted: Counter[str] = Counter()
    finished: set[str] = set()
    for subscriber, in_index in clients.subscribers().all():
        counted[account.standing(subscriber, now)] += 1
        if subscriber.waiting and not in_index:
            clients.subscribers().save(subscriber)
            counted["put back into the index"] += 1
        if account.past_keeping(subscriber, now, settings().retention_days):
            finished.add(subscriber.id)
    if finished:
        before = now - settings().retention_days * account.DAY
        counted["reflections deleted"] = clients.reflections().forget(finished, before)
    logger.info("account of the day", account=dict(counted))
    count("Overdue", counted["overdue"])
    return dict(counted)
