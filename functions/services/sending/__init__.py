"""Sends one email to one subscriber by the delivery protocol: render, claim, send, commit or release."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aws import clients
from aws.log import count, failed, logger
from aws.ses import CONNECT_TIMEOUT, READ_TIMEOUT, Refusal, Refused, Sent, Unknown
from aws.settings import settings
from content.emails import BROKEN, Email, lesson_email, notice_email
from content.lessons import Course
from course import delivery
from course.delivery import Step
from course.errors import NewerItem, UnreadableSubscriber
from course.record import CONFIRM, Held
from course.subscriber import Subscriber
from services import links, written

CLAIM_TIME = 5_000
"""The longest time in ms to store a claim.

CLAIM_TIME and ANSWER_TIME together are 25 s: SES accepts an email within that time after its claim, or not at all. So
an email may still go out up to 25 s after its subscriber has stopped.
"""

ANSWER_TIME = (CONNECT_TIMEOUT + READ_TIMEOUT) * 1000
"""The longest time in ms that SES can take to answer."""

TRY_AGAIN_IN = timedelta(minutes=15)
"""Time until the next try after a template failed. Once the template is repaired, the email goes out automatically; an
alarm goes off so that the author repairs it."""

HELD = {Refusal.ADDRESS: Held.ADDRESS, Refusal.SANDBOX: Held.SANDBOX}
"""The refusals that hold the subscriber, each with the reason that is stored."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why all sending is stopped; `moved` if the table was restored or belongs to another stack."""

    reason: str
    moved: bool = False


def halted(now: datetime) -> Halt | None:
    """Why all sending is stopped now, or None. Checked before each message of the queue."""
    if not clients.subscribers().may_send_from_table(settings().stack):
        why = "the table was restored or belongs to another stack: email-course resume-all lets this one send from it"
        return Halt(why, moved=True)
    reason = clients.limits().breaker_open(now)
    return Halt(reason) if reason else None


class Sending:
    """One invocation of `send`. `milliseconds_left` returns how long it may still run."""

    def __init__(self, milliseconds_left: Callable[[], int]) -> None:
        self._milliseconds_left = milliseconds_left
        self.site = clients.site()  # made before the threads start: they must not share boto3's session
        self.throttled = 0  # how often SES has throttled this invocation
        self.closed = False  # whether SES refuses the whole account: then no other email is tried

    @property
    def ready(self) -> bool:
        """Whether another email can be started: SES takes emails, and there is time for the claim and its answer."""
        return not self.closed and self._milliseconds_left() >= CLAIM_TIME + ANSWER_TIME

    def deliver(self, subscriber_id: str, now: datetime) -> None:
        """Sends the email that is due to this subscriber, if any. An email that is not sent now stays due."""
        if self.ready:
            with suppress(NewerItem):  # it stays due for the newer code
                self._deliver(subscriber_id, now)

    def _deliver(self, subscriber_id: str, now: datetime) -> None:
        try:
            stored = clients.subscribers().get(subscriber_id)
        except UnreadableSubscriber as error:
            clients.subscribers().hold_unreadable(subscriber_id, f"{Held.UNREADABLE}: {error}")
            count("Held")
            return
        if stored is None:
            return
        course = self.site.library.courses.get(stored.course)
        if course is None:
            self._without_course(stored, now)
            return
        if held_if_changed(stored):
            return
        subscriber = delivery.pass_over(
            delivery.commit_earlier_copy(stored.with_new_lesson_ids(course.renamed), now).after_pause(now),
            course.lessons,
        )
        events_until = None
        if subscriber.claim and now >= subscriber.claim.retry_at:
            count("InDoubt")
            events_until = clients.limits().events_until()
        if delivery.missed_a_day(subscriber, now):
            count("Overdue")
        match delivery.decide(subscriber, now, events_until, course.hold_in_doubt):
            case Step.SEND:
                self._send(subscriber, course, now)
            case Step.POSTPONE:
                clients.subscribers().save(delivery.postpone(subscriber, now))
            case Step.HOLD:
                _hold(subscriber, Held.IN_DOUBT)
            case Step.SKIP if subscriber != stored:
                clients.subscribers().save(subscriber)

    def send_email(
        self, email: Email, subscriber: Subscriber, name: str, epoch: int, now: datetime
    ) -> Sent | Refused | Unknown:
        """Sends an email that is not a lesson; returns SES's answer. Counts a refusal, and a lost answer."""
        answer = clients.mailer().send(email, _tags(subscriber, secrets.token_hex(8), name, epoch))
        match answer:
            case Refused(why, code):
                self._refused(why, code, subscriber, now)
            case Unknown():
                count("Unknown")
        return answer

    def _send(self, subscriber: Subscriber, course: Course, now: datetime) -> None:
        try:
            email = self._email(subscriber, course, now)  # before the claim: a broken template must hold no one
        except BROKEN as error:
            failed("an email cannot be made", error, counted_as="Broken", subscriber=subscriber.id)
            _try_later(subscriber, now)
            return
        attempt = secrets.token_hex(8)
        began = self._milliseconds_left()
        claimed = clients.subscribers().save(delivery.claim(subscriber, attempt, now))
        if claimed is None or claimed.claim is None:
            return
        left = self._milliseconds_left()
        if left < ANSWER_TIME or began - left > CLAIM_TIME:
            _change(claimed, lambda current: delivery.release(current, attempt))
            return
        match clients.mailer().send(email, _tags(claimed, attempt, claimed.claim.email, claimed.current_epoch)):
            case Sent(message_id):
                _change(claimed, lambda current: delivery.commit(current, attempt, message_id, now))
                count("Sent")
            case Refused(why, code):
                _change(claimed, lambda current: delivery.release(current, attempt, HELD.get(why, Held.NOT)))
                self._refused(why, code, claimed, now)
                if why in HELD:
                    count("Held")
            case Unknown():
                count("Unknown")  # the claim stays: an event settles it, or the next slot finds it in doubt

    def _without_course(self, subscriber: Subscriber, now: datetime) -> None:
        """Holds a subscriber whose course was removed.

        If any course has broken files, this course may be the broken one. Then the subscriber waits, and goes on
        automatically when it is mended.
        """
        if not self.site.library.faults:
            _hold(subscriber, Held.NO_COURSE)
        elif subscriber.has_next_email and subscriber.due_at and subscriber.due_at <= now:
            count("Broken")
            _try_later(subscriber, now)

    def _refused(self, why: Refusal, code: str, subscriber: Subscriber, now: datetime) -> None:
        count("Refused")
        logger.warning("SES refused", operation="SendEmail", code=code, why=why, subscriber=subscriber.id)
        self.throttled += why is Refusal.THROTTLED
        if why is Refusal.ACCOUNT:
            self.closed = True
            clients.limits().open_breaker(code, now)
            count("BreakerOpen")

    def _email(self, subscriber: Subscriber, course: Course, now: datetime) -> Email:
        email = subscriber.next_email
        if email is None or email == CONFIRM:  # never None here: decide() returned SEND
            return notice_email(self.site, subscriber.with_link_time_restarted(now), CONFIRM, now)
        lesson = course.lessons[email]
        looked_back_on = written.around_lesson(subscriber, lesson, course)
        return lesson_email(self.site, subscriber, lesson, looked_back_on, now)


def _try_later(subscriber: Subscriber, now: datetime) -> None:
    clients.subscribers().save(replace(subscriber, due_at=now + TRY_AGAIN_IN))


def held_if_changed(subscriber: Subscriber) -> bool:
    """Holds a subscriber whose stored address was changed; returns whether. No email goes to that address."""
    if links.is_genuine(subscriber):
        return False
    _hold(subscriber, Held.ADDRESS_CHANGED)
    return True


def _hold(subscriber: Subscriber, reason: Held) -> None:
    if clients.subscribers().save(delivery.hold(subscriber, reason)):
        count("Held")


def _change(claimed: Subscriber, decide: Callable[[Subscriber], Subscriber]) -> None:
    """Stores the outcome of a claim. Usually nothing has changed since, and no read is needed."""
    if not clients.subscribers().save(decide(claimed)):
        clients.subscribers().change(claimed.id, decide)


def _tags(subscriber: Subscriber, attempt: str, email: str, epoch: int) -> dict[str, str]:
    """The tags that SES repeats in its events: no address, and only characters that SES allows."""
    tags = {"attempt": attempt, "subscriber": subscriber.id, "email": email}
    return tags | {"epoch": str(epoch), "round": str(subscriber.round)}
