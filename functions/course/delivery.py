"""The delivery protocol: each lesson is sent once, in order, and at most one a local day.

SES has no idempotency token. So a claim is stored before the request to SES; until the outcome is known, the email may
or may not have been sent. SES's answer commits or releases the claim; an event with the attempt's tag commits it.
"""

from collections.abc import Container
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum, auto

from course import schedule
from course.record import CONFIRM, INTRODUCTION, Claim, Held, Status
from course.subscriber import Subscriber

CONFIRM_RETRY = timedelta(hours=1)
IN_FLIGHT = timedelta(minutes=1)
"""After this time nobody works on a claim any more: its outcome is unknown."""


class Step(Enum):
    """The next step for one subscriber."""

    SKIP = auto()
    """Nothing is due, or an attempt is under way."""
    POSTPONE = auto()
    """Due, but postponed to the next slot, or to the time when an attempt of unknown outcome can be judged."""
    SEND = auto()
    HOLD = auto()
    """In doubt, and no event can settle it: an operator must look."""


def decide(subscriber: Subscriber, now: datetime, events_until: datetime | None, hold_in_doubt: bool = False) -> Step:
    """Whether to send to this subscriber now.

    `events_until` is the time of the latest attempt whose event has arrived. An attempt without an event is retried
    only if events of later attempts have arrived, which proves that events arrive. With `hold_in_doubt` it never is.
    """
    if not subscriber.has_next_email or subscriber.due_at is None or subscriber.due_at > now:
        return Step.SKIP
    if claim := subscriber.claim:
        if now < claim.retry_at:
            return Step.SKIP if now <= claim.at + IN_FLIGHT else Step.POSTPONE
        # SES may take an email up to IN_FLIGHT after its claim, so only events of later attempts prove anything.
        if hold_in_doubt or events_until is None or events_until <= claim.at + IN_FLIGHT:
            return Step.HOLD
    if subscriber.next_email == CONFIRM:
        return Step.SEND
    if subscriber.status is Status.PAUSED:
        return Step.POSTPONE
    return Step.SEND if _day_is_free(subscriber, now) else Step.POSTPONE


def _day_is_free(subscriber: Subscriber, now: datetime) -> bool:
    today = schedule.local_day(now, subscriber.zone)
    if subscriber.last_day and subscriber.last_day >= today:
        return False
    if subscriber.last_at and now < subscriber.last_at + subscriber.gap:
        return False
    at_once = subscriber.next_lesson == INTRODUCTION and not subscriber.claim
    return at_once or schedule.hour_has_come(now, subscriber.zone, subscriber.hour)


def claim(subscriber: Subscriber, attempt: str, now: datetime) -> Subscriber:
    """Claims the email that is due, and for a lesson the local day too."""
    email = subscriber.next_email
    if email is None:
        raise ValueError("nothing is due")
    new_claim = Claim(attempt, email, now, now + CONFIRM_RETRY, subscriber.last_day, subscriber.last_at)
    subscriber = _without_claim(subscriber)
    if email == CONFIRM:
        return replace(subscriber.with_link_time_restarted(now), claim=new_claim)
    # The last local day on which SES may still accept this email. Just before midnight that is the next day, which
    # must not get another lesson.
    day = schedule.local_day(now + IN_FLIGHT, subscriber.zone)
    claimed = replace(subscriber, last_day=day, last_at=now)
    return replace(claimed, claim=replace(new_claim, retry_at=claimed.next_due(now)))


def commit(subscriber: Subscriber, attempt: str, message_id: str, now: datetime) -> Subscriber:
    """Counts the email as sent and gives the next one its slot. Safe to repeat, and in any order.

    An event may come late, when the email was already claimed again, or when an operator has released the subscriber.
    It still counts, unless a later email comes next by now.
    """
    claim = subscriber.claim
    if claim and claim.attempt == attempt:
        return _count_as_sent(subscriber, claim.email, message_id, now)
    email = subscriber.unsettled.get(attempt)
    if email is None or email != _next(subscriber):
        return subscriber
    if claim and now <= claim.at + IN_FLIGHT:
        # The process that made this claim may still be working, so the earlier copy is only noted. If SES refuses the
        # new copy, `release` frees its day and counts the earlier one.
        return replace(subscriber, claim=replace(claim, earlier_message_id=message_id))
    return _count_as_sent(subscriber, email, message_id, now)


def _next(subscriber: Subscriber) -> str | None:
    """The email that comes next, held or not."""
    return CONFIRM if subscriber.sign_up else subscriber.next_lesson


def commit_earlier_copy(subscriber: Subscriber, now: datetime) -> Subscriber:
    """Commits a claim that nobody works on any more if an earlier attempt already sent its email."""
    claim = subscriber.claim
    if claim and claim.earlier_message_id and now > claim.at + IN_FLIGHT:
        return _count_as_sent(subscriber, claim.email, claim.earlier_message_id, now)
    return subscriber


def _count_as_sent(subscriber: Subscriber, email: str, message_id: str, now: datetime) -> Subscriber:
    free = replace(subscriber, claim=None, unsettled={}, held=Held.NOT)
    if email == CONFIRM:
        sign_up = replace(subscriber.sign_up, email_sent=True) if subscriber.sign_up else None
        return replace(free, sign_up=sign_up, due_at=None)
    sent = {**subscriber.sent, email: subscriber.last_at or now}
    moved = replace(free, sent=sent, message_id=message_id, kept_on=None)
    moved = replace(moved, mention_other_address_in=_counted_down(subscriber.mention_other_address_in))
    moved = replace(moved, mention_reply_in=_counted_down(subscriber.mention_reply_in)).lesson_sent()
    if moved.next_lesson == email:  # otherwise it was skipped while it was being sent
        moved = _after(moved, email)
    return replace(moved, due_at=moved.next_due(now)) if moved.next_lesson else moved


def _counted_down(which: int | None) -> int | None:
    """One less, since a lesson was sent; None if that lesson had the mention, or if there is nothing to mention."""
    return which - 1 or None if which else None


def pass_over(subscriber: Subscriber, lessons: Container[str]) -> Subscriber:
    """Skips lessons that the course no longer has. It goes forward in the plan, and never back to an earlier lesson."""
    while subscriber.next_lesson and subscriber.next_lesson not in lessons:
        subscriber = _after(subscriber, subscriber.next_lesson)
    return subscriber


def _after(subscriber: Subscriber, lesson: str) -> Subscriber:
    following = subscriber.plan[subscriber.plan.index(lesson) + 1 :]
    if following:
        return replace(subscriber, next_lesson=following[0])
    going_on = subscriber.status is Status.ACTIVE or subscriber.paused_until
    status = Status.COMPLETED if going_on else subscriber.status
    return replace(subscriber, status=status, next_lesson=None, due_at=None, paused_until=None)


def release(subscriber: Subscriber, attempt: str, held: Held = Held.NOT) -> Subscriber:
    """Drops the claim and frees its day, since SES did not accept the email. `held` says why to stop trying."""
    claim = subscriber.claim
    if claim is None or claim.attempt != attempt:
        return subscriber
    before = replace(subscriber, claim=None, held=held)
    if claim.email != CONFIRM:
        before = replace(before, last_day=claim.previous_day, last_at=claim.previous_at)
        before = replace(before, last_day=before.last_day_in(subscriber.zone))  # the zone may have changed meanwhile
    if claim.earlier_message_id:
        return _count_as_sent(before, claim.email, claim.earlier_message_id, claim.at)
    return before


def _without_claim(subscriber: Subscriber) -> Subscriber:
    """Drops the claim and remembers its attempt: SES may have accepted it, and its event may still come."""
    if claim := subscriber.claim:
        return replace(subscriber, claim=None, unsettled={**subscriber.unsettled, claim.attempt: claim.email})
    return subscriber


def postpone(subscriber: Subscriber, now: datetime) -> Subscriber:
    """Moves a missed email to the next slot: after an outage everyone is later, and nobody gets several at once.

    An attempt of unknown outcome moves to its `retry_at`, so that it uses no capacity of earlier runs of dispatch.
    """
    claim = subscriber.claim
    return replace(subscriber, due_at=claim.retry_at if claim and now < claim.retry_at else subscriber.next_due(now))


def missed_a_day(subscriber: Subscriber, now: datetime) -> bool:
    """Whether the email that is due was due on an earlier local day, without a claim that explains it."""
    if not subscriber.has_next_email or subscriber.due_at is None or subscriber.claim:
        return False
    if subscriber.next_email in (CONFIRM, INTRODUCTION):  # due at once, even just before midnight
        return now > subscriber.due_at + timedelta(days=1)
    zone = subscriber.zone
    return schedule.local_day(subscriber.due_at, zone) < schedule.local_day(now, zone)


def hold(subscriber: Subscriber, reason: Held) -> Subscriber:
    """Sends nothing more to this subscriber until an operator releases it."""
    return replace(subscriber, held=reason)


def release_held(subscriber: Subscriber, now: datetime, *, arrived: bool = False) -> Subscriber:
    """Releases a subscriber for an operator. The next lesson keeps to the free day, the hour and the end of a pause.

    An email of unknown outcome counts as sent if it `arrived`, otherwise it is sent again; its day stays taken in both
    cases.
    """
    if not subscriber.held:
        return subscriber
    claim = subscriber.claim
    if arrived:
        of_next = (attempt for attempt, email in subscriber.unsettled.items() if email == _next(subscriber))
        settled = commit(subscriber, claim.attempt if claim else next(of_next, ""), subscriber.message_id, now)
        if settled != subscriber:
            return settled
    free = replace(subscriber, held=Held.NOT)
    if claim and now >= claim.retry_at and subscriber.held is Held.IN_DOUBT:
        free = _without_claim(free)  # if held for another reason, the next run of dispatch decides about the attempt
    if not free.has_next_email or free.claim:
        return free
    return replace(free, due_at=free.next_due(now) if free.paused_until else now)
