"""What subscribers do on the course page: give commands, choose the hour, ask for a journal link."""

from datetime import date, datetime

from aws import clients
from aws.log import count
from content.emails import JOURNAL_NOTICE
from content.lessons import Course
from course import tokens
from course.commands import Command, Place, pressed
from course.errors import InvalidToken
from course.subscriber import Subscriber
from course.tokens import Purpose
from services import courses, links
from services.links import telling


def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
    """The subscriber whose course page a link opens, and their course. Raises InvalidToken."""
    link, subscriber = links.followed(Purpose.PAGE, token, now)
    if subscriber is None or subscriber.epoch != link.epoch:
        raise InvalidToken("erased, or replaced by a later sign-up")
    return courses.with_course(subscriber)


def lessons_of_earlier_rounds(subscriber: Subscriber, course: Course) -> set[str]:
    """The lessons that were sent in earlier rounds, by their present ids."""
    if subscriber.round < 2:
        return set()
    rounds = clients.subscribers().earlier_rounds(subscriber.id).values()
    return {course.renamed.get(lesson, lesson) for sent in rounds for lesson in sent}


def press(
    command: Command,
    before: Subscriber,
    course: Course,
    now: datetime,
    until: date | None = None,
    place: Place | None = None,
) -> bool:
    """Obeys the button of a command; returns whether the command is fulfilled now.

    A second press changes nothing more. `until` is the local day on which a pause ends, or None. `place` is where the
    subscriber stood when the button was shown.
    """
    asked = pressed(command, course, now, until, place)
    count(f"Command.{command}")
    if command is Command.STOP:
        return asked.is_fulfilled(telling.stop(before.id, asked.apply, now), Place.of(before))
    after = clients.subscribers().change(before.id, asked.apply)
    done = asked.is_fulfilled(after, Place.of(before))
    if after and done and asked.row.told:
        telling.tell(command, after, now)
    return done


def unskip(before: Subscriber) -> None:
    """Takes back a skipped lesson, if possible. Sends no notice: the course is as it was before."""
    clients.subscribers().change(before.id, Subscriber.unskipped)


def change_time(subscriber_id: str, zone: str, hour: int, now: datetime) -> bool:
    """Sets the local hour and the time zone of the lessons. False if the subscriber was just erased."""
    after = clients.subscribers().change(subscriber_id, lambda current: current.at_time(zone, hour, now))
    if after:
        telling.tell(Command.TIME, after, now)
    return after is not None


def ask_for_journal(subscriber: Subscriber, now: datetime) -> bool:
    """Has a journal link mailed. False if today's limit is reached or the subscriber cannot be mailed.

    Two presses within one clock minute count as one.
    """
    if not subscriber.reachable:
        return False
    asked = f"{JOURNAL_NOTICE}#{tokens.nameless(subscriber.id)}#{now:%FT%R}"
    return links.ask_for_journal(subscriber, JOURNAL_NOTICE, asked, now)
