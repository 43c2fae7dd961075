"""The audit, which counts every subscriber and repairs the index, and the release of held subscribers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aws import clients
from aws.log import count, logger
from aws.settings import settings
from aws.subscribers import Row
from course import delivery, standing, tokens
from course.errors import NewerItem, UnreadableSubscriber
from course.record import Held
from course.standing import KEEP_NOTICE, Line
from course.subscriber import Subscriber
from services import inbox
from services.sending import halted

MOST_LISTED = 1000
"""The most subscribers in each list of one answer, which has a limit of 6 MB."""


@dataclass
class Account:
    """What the audit counts while it reads the table once."""

    now: datetime
    counted: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(("active", *Line), 0)))
    held: list[dict[str, str]] = field(default_factory=list)
    overdue: list[str] = field(default_factory=list)
    bounced: list[dict[str, str]] = field(default_factory=list)
    """Subscribers paused because of bounces, and the local day on which the pause ends; empty if it has no end."""
    finished: set[str] = field(default_factory=set)
    """Subscribers whose reflections have reached the end of their retention."""
    ending: list[Subscriber] = field(default_factory=list)
    """Paused subscribers whose reflections have at most a week of their retention left."""
    forgotten: list[str] = field(default_factory=list)
    """Subscribers who did not confirm a sign-up in time, and had confirmed an earlier one."""
    latest: datetime | None = None
    """When the last lesson was sent to any subscriber."""

    def add(self, row: Row) -> None:
        """Counts one subscriber, and repairs their place in the index."""
        subscriber = row.subscriber
        if row.newer:
            self.counted["of newer code"] += 1
            return
        if subscriber is None:
            self._count(Line.HELD, active=True)
            self.held.append({"id": row.id, "why": Held.UNREADABLE})
            return
        line = standing.standing(subscriber, self.now)
        self._count(line, active=subscriber.status in standing.GOING_ON)
        if subscriber.held:
            self.held.append({"id": row.id, "why": subscriber.held})
        if line is Line.OVERDUE or standing.confirmation_overdue(subscriber, self.now):
            self.overdue.append(row.id)
        if standing.paused_by_bounces(subscriber):
            self.counted["paused by bounces"] += 1
            self.bounced.append({"id": row.id, "until": str(subscriber.paused_until or "")})
        self.counted["lessons passed over"] += _passed_over(subscriber)
        self.counted["in doubt"] += standing.in_doubt(subscriber, self.now)
        if subscriber.without_old_sign_up(self.now) != subscriber:
            self.forgotten.append(subscriber.id)
        self.latest = max(filter(None, (self.latest, subscriber.last_at)), default=None)
        if subscriber.has_next_email != row.in_index:
            clients.subscribers().save(subscriber)
            self.counted["put right in the index"] += 1
        ends = standing.keeping_ends(subscriber, self.now, settings().retention_days)
        if ends and not _had_a_week(subscriber, self.now):
            self.ending.append(subscriber)
        elif standing.past_keeping(subscriber, self.now, settings().retention_days):
            self.finished.add(subscriber.id)

    def _count(self, line: str, *, active: bool) -> None:
        self.counted[line] += 1
        self.counted["active"] += active


def _passed_over(subscriber: Subscriber) -> int:
    """Counts the lessons of the plan that were not sent and that the course no longer has."""
    course = clients.library().courses.get(subscriber.course)
    if course is None or subscriber.status not in standing.GOING_ON:
        return 0
    known = subscriber.with_new_lesson_ids(course.renamed)
    return sum(lesson not in course.lessons and lesson not in known.sent for lesson in known.plan)


def of_the_day(now: datetime) -> dict[str, Any]:
    """Runs the audit on the base table, and returns the account and the lists for the operator.

    In the account, sent + claimed + not due + due + overdue + paused + held = active.

    The audit also sets lost mail aside, and deletes reflections and unconfirmed sign-ups after their time. A week
    before the reflections of a paused subscriber are deleted, it asks the subscriber whether to keep them.
    """
    account = Account(now)
    for row in clients.subscribers().all():
        account.add(row)
    counted = account.counted
    if account.finished:
        before = now - settings().retention_days * standing.DAY
        counted["reflections deleted"] = clients.reflections().forget(account.finished, before)
    for subscriber_id in account.forgotten:
        clients.subscribers().change(subscriber_id, lambda current: current.without_old_sign_up(now))
        counted["sign-ups forgotten"] += 1
    for subscriber in account.ending:
        counted["asked whether to keep"] += _ask_to_keep(subscriber, now)
    counted["lost mail set aside"] = inbox.take_up_lost(now)
    logger.info("account of the day", account=dict(counted))
    halt = halted(now)
    count("Overdue", len(account.overdue))
    count("Held", len(account.held))
    count("InDoubt", counted["in doubt"])
    count("RepliesLost", counted["lost mail set aside"])
    return {
        "at": now.isoformat(),
        "account": dict(counted),
        "held": account.held[:MOST_LISTED],
        "held in all": len(account.held),
        "overdue": account.overdue[:MOST_LISTED],
        "paused by bounces": account.bounced[:MOST_LISTED],
        "latest": account.latest.isoformat() if account.latest else "",
        "stopped": halt.reason if halt else "",
        "moved": halt is not None and halt.moved,
    }


def _ask_to_keep(subscriber: Subscriber, now: datetime) -> bool:
    """Asks whether to keep the reflections, if there are any; returns whether there are.

    The audit asks on each day of the last week with the same key, so the subscriber gets one email.
    """
    if not clients.reflections().any_of(subscriber.id):
        return False
    key = _key_of_asking(subscriber)
    clients.outbox().notice(KEEP_NOTICE, subscriber.id, subscriber.epoch, key)
    if clients.limits().done(f"asked#{key}") is None:
        clients.limits().mark_done(f"asked#{key}", now, now.isoformat())
    return True


def _had_a_week(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the subscriber was asked at least a week ago whether to keep their reflections."""
    asked = clients.limits().done(f"asked#{_key_of_asking(subscriber)}")
    return asked is not None and now >= datetime.fromisoformat(asked) + standing.ASKED_BEFORE


def _key_of_asking(subscriber: Subscriber) -> str:
    until = standing.kept_until(subscriber, settings().retention_days)
    return f"{KEEP_NOTICE}#{tokens.nameless(subscriber.id)}#{until}"


def release(subscriber_id: str, *, arrived: bool, now: datetime) -> dict[str, Any]:
    """Releases a held subscriber. An email in doubt counts as sent if it `arrived`.

    Returns `released`, `why` it was held or is not released, and when the `next` email is due.
    """
    try:
        before = clients.subscribers().get(subscriber_id)
    except (UnreadableSubscriber, NewerItem) as error:
        return _not_released(f"the stored item still cannot be read: {error}")
    if before is None:
        return _not_released("there is no such subscriber")
    if not before.held:
        return _not_released("is not held")
    if arrived and not (before.claim or before.unsettled):
        return _not_released(f"has no email in doubt that could have arrived; is held: {before.held}")
    after = clients.subscribers().change(
        subscriber_id, lambda current: delivery.release_held(current, now, arrived=arrived)
    )
    count("Released")
    return {"released": True, "why": before.held, "next": _next(after)}


def _next(subscriber: Subscriber | None) -> str:
    return subscriber.due_at.isoformat() if subscriber and subscriber.has_next_email and subscriber.due_at else ""


def _not_released(why: str) -> dict[str, Any]:
    return {"released": False, "why": why}
