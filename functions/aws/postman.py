"""Sends one email to one subscriber by the delivery protocol: render, claim, send once, commit or release."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from jinja2 import TemplateError

from aws.limits import Limits
from aws.log import count, logger, where
from aws.mailer import CONNECT_TIMEOUT, READ_TIMEOUT, Mailer, Refusal, Refused, Sent, Unknown
from aws.tables import Reflections, Subscribers
from course import delivery
from course.delivery import Decision
from course.errors import EmailCourseError
from course.lessons import Course
from course.letters import Letter, Site, lesson_letter, notice_letter
from course.subscriber import CONFIRM, IN_COURSE, STOPPED_FOR_GOOD, Subscriber

TIME_NEEDED = (CONNECT_TIMEOUT + READ_TIMEOUT + 5) * 1000
"""Milliseconds that must be left to a function before it claims: the longest SES can take, and the commit."""


TRY_AGAIN_IN = timedelta(minutes=15)
"""After a letter could not be made. The author is told by an alarm, and what is mended goes out by itself."""


class NotSent(EmailCourseError):
    """Raised when SES refused a notice for now: the queue brings it back later."""


class Postman:
    """Works for `send`. `milliseconds_left` tells how long the function may still run."""

    def __init__(
        self,
        site: Site,
        subscribers: Subscribers,
        reflections: Reflections,
        limits: Limits,
        mailer: Mailer,
        milliseconds_left: Callable[[], int],
    ) -> None:
        self._site = site
        self._subscribers = subscribers
        self._reflections = reflections
        self._limits = limits
        self._mailer = mailer
        self._milliseconds_left = milliseconds_left

    def deliver(self, subscriber_id: str, now: datetime) -> None:
        """Sends what is due to this subscriber, if anything. Whoever isn't sent to stays due and comes round again."""
        stored = self._subscribers.get(subscriber_id)
        if stored is None or self._milliseconds_left() < TIME_NEEDED:
            return
        course = self._site.library.courses[stored.course]
        subscriber = delivery.pass_over(stored, course.lessons)
        in_doubt = subscriber.claim is not None and now >= subscriber.claim.retry_at
        events_until = self._limits.events_until() if in_doubt else None
        match delivery.decide(subscriber, now, events_until, course.hold_in_doubt):
            case Decision.SEND:
                self._send(subscriber, course, now)
            case Decision.SLIDE:
                self._subscribers.save(delivery.slide(subscriber, now))
            case Decision.HOLD:
                self._subscribers.save(delivery.hold(subscriber, "in doubt"))
                count("Held")
            case Decision.SKIP if subscriber != stored:
                self._subscribers.save(subscriber)

    def notice(self, name: str, subscriber_id: str, epoch: int, key: str, now: datetime) -> None:
        """Sends a notice, once for each key. Raises NotSent when SES refuses it for now."""
        subscriber = self._subscribers.get(subscriber_id)
        if subscriber is None or subscriber.epoch != epoch or subscriber.status in STOPPED_FOR_GOOD:
            return
        if name != "goodbye" and subscriber.status not in IN_COURSE:  # stopped since it was asked for
            return
        letter = notice_letter(self._site, subscriber, self._site.library.notices[name], now)
        attempt = secrets.token_hex(8)
        if not self._limits.mark(f"notice#{key}", attempt, now):
            return
        outcome = self._mailer.send(letter, _tags(subscriber, attempt, name, epoch))
        if isinstance(outcome, Refused):
            self._limits.unmark(f"notice#{key}")
            raise NotSent(f"SES refused a notice: {outcome.code}")
        count("NoticesSent")

    def _send(self, subscriber: Subscriber, course: Course, now: datetime) -> None:
        try:
            letter = self._letter(subscriber, course, now)  # before the claim: a broken template holds nobody
        except TemplateError as error:
            logger.error(
                "a letter cannot be made", error=type(error).__name__, where=where(error), subscriber=subscriber.id
            )
            count("Broken")
            self._subscribers.save(replace(subscriber, due_at=now + TRY_AGAIN_IN))
            return
        attempt = secrets.token_hex(8)
        claimed = self._subscribers.save(delivery.claim(subscriber, attempt, now))
        if claimed is None or claimed.claim is None:
            return
        outcome = self._mailer.send(letter, _tags(claimed, attempt, claimed.claim.email, claimed.current_epoch))
        match outcome:
            case Sent(message_id):
                self._change(claimed, lambda current: delivery.commit(current, attempt, message_id, now))
                count("Sent")
            case Refused(why, code):
                held = f"SES refused the address: {code}" if why is Refusal.ADDRESS else ""
                self._change(claimed, lambda current: delivery.release(current, attempt, held))
                count("Refused")
                logger.warning("SES refused", code=code, why=why, subscriber=claimed.id)
                if why is Refusal.ACCOUNT:
                    self._limits.open_breaker(code, now)
                    count("BreakerOpen")
                if why is Refusal.ADDRESS:
                    count("Held")
            case Unknown():
                count("Unknown")  # the claim stands: an event settles it, or the next slot finds it in doubt

    def _letter(self, subscriber: Subscriber, course: Course, now: datetime) -> Letter:
        email = subscriber.due_email
        if email is None or email == CONFIRM:
            return notice_letter(self._site, subscriber, self._site.library.notices[CONFIRM], now)
        looks_back = subscriber.round > 1 or email == course.closing
        written = self._reflections.of(subscriber.id) if looks_back else []
        return lesson_letter(self._site, subscriber, course.lessons[email], written, now)

    def _change(self, claimed: Subscriber, decide: Callable[[Subscriber], Subscriber]) -> None:
        """Changes what we hold the claim on: mostly nobody else has, and then no read is needed."""
        if not self._subscribers.save(decide(claimed)):
            self._subscribers.change(claimed.id, decide)


def _tags(subscriber: Subscriber, attempt: str, email: str, epoch: int) -> dict[str, str]:
    """What SES's events say about the email. No address, and only letters that SES allows."""
    return {
        "attempt": attempt,
        "subscriber": subscriber.id,
        "epoch": str(epoch),
        "round": str(subscriber.round),
        "email": email,
    }
