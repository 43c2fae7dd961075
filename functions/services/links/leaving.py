"""What the unsubscribe link leads to: no more email, or a break of a month."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from aws import clients
from aws.log import count
from content.languages import Language
from course import schedule
from course.commands import Command
from course.errors import InvalidToken
from course.record import STOPPED_FOR_GOOD, Status
from course.subscriber import Subscriber
from course.tokens import LinkToken, Purpose
from services import courses, links
from services.links import telling

STOPPED = STOPPED_FOR_GOOD | {Status.UNSUBSCRIBED}
A_MONTH = timedelta(days=30)


class Outcome(Enum):
    """What is so after a press. A link of an erased subscriber gets the answer of any other link."""

    STOPPED = auto()
    PAUSED = auto()
    EARLIER = auto()
    """The link is of an earlier sign-up: a later one goes on."""


@dataclass(frozen=True, slots=True)
class Left:
    """The outcome, and the subscriber that it is about: None if erased."""

    outcome: Outcome
    subscriber: Subscriber | None

    @property
    def language(self) -> Language | None:
        """The language to say it in."""
        return _language(self.subscriber)


def language_of(token: str, now: datetime) -> Language | None:
    """The language of the course that a link is of; None for an invalid link or an erased subscriber."""
    with suppress(InvalidToken):
        _, subscriber = links.followed(Purpose.UNSUBSCRIBE, token, now)
        return _language(subscriber)
    return None


def stop(link: LinkToken, now: datetime, *, pressed: bool) -> Left:
    """Ends every email. A link of an earlier sign-up does not touch a later one, unless the button was `pressed`."""
    after = telling.stop(link.subscriber, lambda current: _stopped(current, link, pressed=pressed), now)
    if after and after.status not in STOPPED:
        return Left(Outcome.EARLIER, after)
    count("Unsubscribed")
    return Left(Outcome.STOPPED, after)


def take_a_break(link: LinkToken, now: datetime) -> Left:
    """Pauses the course for a month, or leaves a longer pause. A sign-up that waits is stopped instead.

    A link of an earlier sign-up does not touch a later one.
    """

    def paused(current: Subscriber) -> Subscriber:
        if current.current_epoch != link.epoch:
            return current
        if current.sign_up:
            return current.stopped(Status.UNSUBSCRIBED)  # there is no course yet that could wait
        until = schedule.local_day(now, current.zone) + A_MONTH
        longer = current.status is Status.PAUSED and (current.paused_until is None or current.paused_until > until)
        return current if longer else current.paused(until)

    after = clients.subscribers().change(link.subscriber, paused)
    if after and after.current_epoch != link.epoch:
        return Left(Outcome.EARLIER, after)
    if after and after.status is Status.PAUSED:
        telling.tell(Command.PAUSE, after, now)
    over = after is not None and after.status in STOPPED | {Status.COMPLETED}
    return Left(Outcome.STOPPED if over else Outcome.PAUSED, after)


def count_reason(why: str, language: Language | None) -> None:
    """Counts a reason that the page offers, and nothing of the person. A mail client posts whatever it likes."""
    if language and why in language.words["pages"]["reasons"]:
        count(f"Why.{why}")


def _stopped(subscriber: Subscriber, link: LinkToken, *, pressed: bool) -> Subscriber:
    asked = pressed or subscriber.current_epoch == link.epoch
    return subscriber.stopped(Status.UNSUBSCRIBED) if asked else subscriber


def _language(subscriber: Subscriber | None) -> Language | None:
    return courses.course_of(subscriber).language if subscriber else None
