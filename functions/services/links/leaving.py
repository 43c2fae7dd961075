"""What an unsubscribe link does: it stops all email, or pauses the course for a month."""

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
    """The result of a press. The link of an erased subscriber gets the same answer as any other link."""

    STOPPED = auto()
    PAUSED = auto()
    EARLIER = auto()
    """The link is of an earlier sign-up, and a later one goes on."""


@dataclass(frozen=True, slots=True)
class Left:
    """The outcome, and its subscriber, or None if erased."""

    outcome: Outcome
    subscriber: Subscriber | None

    @property
    def language(self) -> Language | None:
        """The language of the page that shows the outcome."""
        return _language(self.subscriber)


def language_of(token: str, now: datetime) -> Language | None:
    """The language of a link's course; None for an invalid link or an erased subscriber."""
    with suppress(InvalidToken):
        _, subscriber = links.followed(Purpose.UNSUBSCRIBE, token, now)
        return _language(subscriber)
    return None


def stop(link: LinkToken, now: datetime, *, pressed: bool) -> Left:
    """Stops all email to the subscriber.

    A link of an earlier sign-up leaves a later one as it is, unless the button was `pressed`.
    """
    after = telling.stop(link.subscriber, lambda current: _stopped(current, link, pressed=pressed), now)
    if after and after.status not in STOPPED:
        return Left(Outcome.EARLIER, after)
    count("Unsubscribed")
    return Left(Outcome.STOPPED, after)


def take_a_break(link: LinkToken, now: datetime) -> Left:
    """Pauses the course for a month, or leaves a longer pause. Stops a sign-up that is not confirmed.

    A link of an earlier sign-up leaves a later one as it is.
    """

    def paused(current: Subscriber) -> Subscriber:
        if current.current_epoch != link.epoch:
            return current
        if current.sign_up:
            return current.stopped(Status.UNSUBSCRIBED)  # there is no course yet that could be paused
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
    """Counts a reason that the page offers, without its subscriber. A mail client may post anything."""
    if language and why in language.words["pages"]["reasons"]:
        count(f"Why.{why}")


def _stopped(subscriber: Subscriber, link: LinkToken, *, pressed: bool) -> Subscriber:
    asked = pressed or subscriber.current_epoch == link.epoch
    return subscriber.stopped(Status.UNSUBSCRIBED) if asked else subscriber


def _language(subscriber: Subscriber | None) -> Language | None:
    return courses.course_of(subscriber).language if subscriber else None
