"""Sends one email to one subscriber by the delivery protocol: render, claim, send once, commit or release."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from jinja2 import TemplateError

from aws import clients
from aws.log import count, logger, where
from aws.ses import CONNECT_TIMEOUT, READ_TIMEOUT, Refusal, Refused, Sent, Unknown
from aws.settings import settings
from content.emails import JOURNAL_NOTICE, Letter, lesson_letter, looks_back, notice_letter
from content.lessons import Course
from course import delivery
from course.commands import ASK_CONFIRM, ROWS
from course.delivery import Decision
from course.errors import EmailCourseError, UnreadableSubscriber
from course.record import CONFIRM, STOPPED_FOR_GOOD, Held
from course.subscriber import Subscriber

CLAIM_TIME = 5_000
"""Longest time in ms to store a claim. With ANSWER_TIME, SES has the email within 25 s: a stop can be late by that."""

ANSWER_TIME = (CONNECT_TIMEOUT + READ_TIMEOUT) * 1000
"""Milliseconds that SES can take at the longest."""

TRY_AGAIN_IN = timedelta(minutes=15)
"""When a template fails. An alarm tells the author; once the template is repaired, the email goes out by itself."""

BROKEN_LETTER = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a template raises: Jinja's own mistakes, and those of the expressions in it."""

AFTER_STOPPING = {"goodbye", "fresh-link", *(row.notice for row in ROWS.values() if row.about_data)}
"""Notices that also come to subscribers who have stopped: they answer what is asked for then."""

HELD = {Refusal.ADDRESS: Held.ADDRESS, Refusal.SANDBOX: Held.SANDBOX}
"""Refusals that hold the one subscriber."""


class NotSent(EmailCourseError):
    """Raised when SES refused this one notice, or did not answer. After five tries: the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Why nobody is sent to; `moved` if the table was restored or belongs to another stack."""

    reason: str
    moved: bool = False


def halted(now: datetime) -> Halt | None:
    """Why nobody is sent to just now, or None. Asked before each batch, so that a stop for everyone counts at once."""
    if not clients.subscribers().at_home(settings().stack):
        why = "the table was restored or belongs to another stack: email-course resume-all lets this one send from it"
        return Halt(why, moved=True)
    reason = clients.limits().breaker_open(now)
    return Halt(reason) if reason else None


class Sending:
    """One invocation of `send`. `milliseconds_left` tells how long it may still run."""

    def __init__(self, milliseconds_left: Callable[[], int]) -> None:
        self._milliseconds_left = milliseconds_left
        self._site = clients.site()  # made before the threads: boto3's session is not for several at once
        self.throttled = 0  # how often SES said that it was too much
        self.closed = False  # whether SES refuses the whole account: nobody else need be tried

    @property
    def ready(self) -> bool:
        """Whether another email can be begun: SES takes them, and there is time for claim, answer and commit."""
        return not self.closed and self._milliseconds_left() >= CLAIM_TIME + ANSWER_TIME

    def deliver(self, subscriber_id: str, now: datetime) -> None:
        """Sends what is due to this subscriber, if anything. A subscriber who isn't sent to stays due."""
        if not self.ready:
            return
        try:
            stored = clients.subscribers().get(subscriber_id)
        except UnreadableSubscriber as error:
            clients.subscribers().hold_unreadable(subscriber_id, f"{Held.UNREADABLE}: {error}")
            count("Held")
            return
        if stored is None:
            return
        course = self._site.library.courses.get(stored.course)
        if course is None:
            _hold(stored, Held.NO_COURSE)
            return
        subscriber = delivery.pass_over(delivery.landed(stored, now).after_pause(now), course.lessons)
        events_until = None
        if subscriber.claim and now >= subscriber.claim.retry_at:
            count("InDoubt")
            events_until = clients.limits().events_until()
        if delivery.missed_a_day(subscriber, now):
            count("Overdue")
        match delivery.decide(subscriber, now, events_until, course.hold_in_doubt):
            case Decision.SEND:
                self._send(subscriber, course, now)
            case Decision.SLIDE:
                clients.subscribers().save(delivery.slide(subscriber, now))
            case Decision.HOLD:
                _hold(subscriber, Held.IN_DOUBT)
            case Decision.SKIP if subscriber != stored:
                clients.subscribers().save(subscriber)

    def notice(self, name: str, subscriber_id: str, epoch: int, key: str, message_id: str, now: datetime) -> bool:
        """Sends a notice once per key; False if SES takes none now. Raises NotSent if refused or unanswered.

        The first queue message with the key owns it and may retry after a crash: better a second copy than no notice.
        """
        subscriber = clients.subscribers().get(subscriber_id)
        if subscriber is None or not _is_wanted(name, subscriber, epoch):
            return True
        written = clients.reflections().of(subscriber.id) if name == JOURNAL_NOTICE else []
        letter = notice_letter(self._site, subscriber, name, now, written)
        mark = f"notice#{key}"
        if not clients.limits().mark(mark, message_id, now):
            return True
        match clients.mailer().send(letter, _tags(subscriber, secrets.token_hex(8), name, epoch)):
            case Sent():
                clients.limits().mark_done(mark, now)
                count("NoticesSent")
            case Refused(why, code):
                clients.limits().unmark(mark)
                self._refused(why, code, subscriber, now)
                if why in HELD:
                    raise NotSent(f"SES refused a notice: {code}")
                return False
            case Unknown():
                count("Unknown")
                raise NotSent("SES did not answer: the queue brings the notice back")
        return True

    def _send(self, subscriber: Subscriber, course: Course, now: datetime) -> None:
        try:
            letter = self._letter(subscriber, course, now)  # before the claim: a broken template holds nobody
        except BROKEN_LETTER as error:
            kind, place = type(error).__name__, where(error)
            logger.error("a letter cannot be made", error=kind, where=place, subscriber=subscriber.id)
            count("Broken")
            clients.subscribers().save(replace(subscriber, due_at=now + TRY_AGAIN_IN))
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
        match clients.mailer().send(letter, _tags(claimed, attempt, claimed.claim.email, claimed.current_epoch)):
            case Sent(message_id):
                _change(claimed, lambda current: delivery.commit(current, attempt, message_id, now))
                count("Sent")
            case Refused(why, code):
                _change(claimed, lambda current: delivery.release(current, attempt, HELD.get(why, Held.NOT)))
                self._refused(why, code, claimed, now)
                if why in HELD:
                    count("Held")
            case Unknown():
                count("Unknown")  # the claim stands: an event settles it, or the next slot finds it in doubt

    def _refused(self, why: Refusal, code: str, subscriber: Subscriber, now: datetime) -> None:
        count("Refused")
        logger.warning("SES refused", operation="SendEmail", code=code, why=why, subscriber=subscriber.id)
        self.throttled += why is Refusal.THROTTLED
        if why is Refusal.ACCOUNT:
            self.closed = True
            clients.limits().open_breaker(code, now)
            count("BreakerOpen")

    def _letter(self, subscriber: Subscriber, course: Course, now: datetime) -> Letter:
        email = subscriber.due_email
        if email is None or email == CONFIRM:  # never None here: decide() said SEND
            return notice_letter(self._site, subscriber.asked(now), CONFIRM, now)
        lesson = course.lessons[email]
        written = clients.reflections().of(subscriber.id) if looks_back(lesson, subscriber, course) else []
        return lesson_letter(self._site, subscriber, lesson, written, now)


def _is_wanted(notice: str, subscriber: Subscriber, epoch: int) -> bool:
    """Whether a notice still goes out: not after a stop or another sign-up since it was asked for."""
    if notice == ASK_CONFIRM:
        return subscriber.awaits(epoch) and subscriber.status not in STOPPED_FOR_GOOD
    if subscriber.epoch != epoch or subscriber.status in STOPPED_FOR_GOOD:
        return False
    return notice in AFTER_STOPPING or subscriber.is_in_course


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
