"""Every five minutes → due subscribers go to the outbox, at most as many as SES can send before the next run."""

from typing import Any

from aws import clients
from aws.log import count, logger, observed
from aws.outbox import SENDERS, SHARED_FROM, ids_a_message
from course.limits import FORMS_OF_DAY, FORMS_PART
from services.sending import halted

TICK = 300
"""Seconds between two runs, the same as in template.yaml."""


@observed
def handler(_event: dict[str, Any], _context: Any) -> None:
    """Handles a schedule's event. The oldest slots come first; all that do not fit wait for the next run.

    From the first run of a UTC day that finds an email due, forms may use at most 1/FORMS_PART of SES's daily quota on
    that day.
    """
    now = clients.now()
    for subscriber in clients.erasures().due(now):
        clients.outbox().erase(subscriber)
    if not clients.subscribers().due(now, limit=1):
        return
    capacity = clients.quota().capacity()
    halt = halted(now)
    if halt or capacity.refusal:
        logger.error("nothing is sent", reason=halt.reason if halt else capacity.refusal)
        count("BreakerOpen")
        return
    clients.limits().allow_of_day(FORMS_OF_DAY, capacity.daily // FORMS_PART, now)
    if capacity.left_today == 0:
        logger.warning("SES's quota of the last 24 hours is used up")
        count("Refused")
    senders, rate = (SENDERS, capacity.rate // SENDERS) if capacity.rate >= SHARED_FROM else (1, capacity.rate)
    waiting = clients.outbox().waiting()
    fits = min(int(capacity.rate * TICK), capacity.left_today) - waiting * ids_a_message(rate)
    if fits > 0:
        due = clients.subscribers().due(now, limit=fits)
        clients.outbox().lessons(due, rate, senders, waiting)
        logger.info("queued", subscribers=len(due))
