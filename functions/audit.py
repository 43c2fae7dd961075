"""Once a day, or when an operator asks → every subscriber accounted for; what was lost sight of is put back.

Operators ask by the email-course command: for the account, to let a held subscriber go on, to send from a restored
table, or for the mail that was set aside. Reflections past their time are deleted.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from aws import clients
from aws.log import count, logger, observed
from aws.settings import settings
from aws.subscribers import Row
from course import delivery, standing
from course.errors import UnreadableSubscriber
from services import inbox
from services.sending import MOVED, stopped_for_all

MOST_LISTED = 1000
"""Held or overdue subscribers in one answer, which has room for 6 MB."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A schedule's event, or what an operator asks.

    `{"release": id, "arrived": bool}`, `{"resume_all": true}`, `{"inbox": true}`, or
    `{"accept": mail id, "subscriber": id, "lesson": id}`, of which the last two may be empty.
    """
    now = clients.now()
    if event.get("inbox") is True:
        return inbox.listed()
    if "accept" in event:
        return inbox.accept(event["accept"], event.get("subscriber", ""), event.get("lesson", ""), now)
    if "release" in event:
        return _release(event["release"], arrived=event.get("arrived") is True, now=now)
    if event.get("resume_all") is True:
        clients.subscribers().move_in(settings().stack)
        logger.warning("an operator let this stack send from the table")
    return _account(now)


def _account(now: datetime) -> dict[str, Any]:
    """sent + claimed + not due + due + overdue + paused + held = active, counted on the base table."""
    counted: Counter[str] = Counter(dict.fromkeys(("active", *standing.LINES), 0))
    held: list[dict[str, str]] = []
    overdue: list[str] = []
    finished: set[str] = set()
    latest: datetime | None = None
    for row in clients.subscribers().all():
        line, subscriber = _line(row, now), row.subscriber
        counted[line] += 1
        counted["active"] += subscriber is None or subscriber.status in standing.GOING_ON
        if subscriber is None or subscriber.held:
            held.append({"id": row.id, "why": subscriber.held if subscriber else "what is stored cannot be read"})
        if line == "overdue" or (subscriber and standing.confirmation_overdue(subscriber, now)):
            overdue.append(row.id)
        if subscriber is None:
            continue
        counted["paused by bounces"] += standing.paused_by_bounces(subscriber)
        counted["in doubt"] += standing.in_doubt(subscriber, now)
        latest = max(filter(None, (latest, subscriber.last_at)), default=None)
        if subscriber.waiting != row.in_index:
            clients.subscribers().save(subscriber)
            counted["put right in the index"] += 1
        if standing.past_keeping(subscriber, now, settings().retention_days):
            finished.add(subscriber.id)
    if finished:
        before = now - settings().retention_days * standing.DAY
        counted["reflections deleted"] = clients.reflections().forget(finished, before)
    counted["lost mail set aside"] = inbox.take_up_lost(now)
    logger.info("account of the day", account=dict(counted))
    stopped = stopped_for_all(now)
    count("Overdue", len(overdue))
    count("Held", len(held))
    count("InDoubt", counted["in doubt"])
    count("RepliesLost", counted["lost mail set aside"])
    return {
        "at": now.isoformat(),
        "account": dict(counted),
        "held": held[:MOST_LISTED],
        "held in all": len(held),
        "overdue": overdue[:MOST_LISTED],
        "latest": latest.isoformat() if latest else "",
        "stopped": stopped or "",
        "moved": stopped == MOVED,
    }


def _line(row: Row, now: datetime) -> str:
    return standing.standing(row.subscriber, now) if row.subscriber else "held"


def _release(subscriber_id: str, *, arrived: bool, now: datetime) -> dict[str, Any]:
    """What became of it: `released`, `why` not, and when the next email is due."""
    try:
        before = clients.subscribers().get(subscriber_id)
    except UnreadableSubscriber as error:
        return {"released": False, "why": f"what is stored still cannot be read: {error}"}
    if before is None or not before.held:
        return {"released": False, "why": "is not held" if before else "there is no such subscriber"}
    if arrived and not (before.claim or before.unsettled):
        return {"released": False, "why": f"has no email in doubt that could have arrived; is held: {before.held}"}
    after = clients.subscribers().change(subscriber_id, lambda current: delivery.let_go(current, now, arrived=arrived))
    count("Released")
    next_at = after.due_at.isoformat() if after and after.waiting and after.due_at else ""
    return {"released": True, "why": before.held, "next": next_at}
