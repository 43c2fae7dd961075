"""Commands by reply: obeyed only when they are all that the person wrote. Anything longer is a reflection."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import replies
from content.lessons import Course
from course.subscriber import INTRODUCTION, Status, Subscriber
from replies.request import Request

Command = Request.Command
Asked = Request


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subscriber stood when a mail first came: worked on again after a crash, it meets what it has done."""

    round: int
    next_lesson: str | None
    in_course: bool = field(default=True, compare=False)

    @classmethod
    def of(cls, subscriber: Subscriber) -> "Place":
        """Where they stand now."""
        return cls(subscriber.round, subscriber.next_lesson, subscriber.is_in_course)

    @classmethod
    def read(cls, noted: str) -> "Place":
        """From its text."""
        round_number, lesson, in_course = noted.split("#")
        return cls(int(round_number), lesson or None, in_course == "in")

    def __str__(self) -> str:
        return f"{self.round}#{self.next_lesson or ''}#{'in' if self.in_course else 'out'}"


NOTICES = {
    Command.STOP: "goodbye",
    Command.PAUSE: "paused",
    Command.RESUME: "resumed",
    Command.SKIP: "skipped",
    Command.AGAIN: "welcome-back",
    Command.NOT_YET: "welcome-back",
    Command.YES: "noted",
    Command.TIME: "time",
    Command.JOURNAL: "journal",
    Command.EXPORT: "export",
    Command.ERASE: "erase",
    Command.HELP: "help",
}
"""The notice that answers each command when it came by reply."""

ERASE_NOTICE = NOTICES[Command.ERASE]
"""Asks once more. YES in answer to it, or the same command again, erases within ERASE_WITHIN."""
ERASE_WITHIN = timedelta(days=7)

ONLY_ASKING = frozenset({Command.JOURNAL, Command.EXPORT, Command.ERASE, Command.HELP})
"""They change nothing in the course."""
OBEYED_WITHIN = timedelta(days=1)
"""After a mail came. Later, when failed messages are moved back say, its writer has long gone another way."""

LONGEST_PAUSE = timedelta(days=366)


def command_in(text: str, answered: str, course: Course, today: date, first_name: str = "") -> Asked | None:
    """The command that a reply consists of, or None. `answered` is the lesson's id or the notice's.

    Yes and not yet answer the question of the way back, and yes that of the notice `erase`; to any other lesson they
    are a person's answer to its question. `today` is the subscriber's local day. A pause until a day that is not
    ahead, or too far away, waits for its subscriber.
    """
    request = replies.requested(text, today, first_name)
    questions = {Command.YES: (course.way_back, ERASE_NOTICE), Command.NOT_YET: (course.way_back,)}
    if request is None or answered not in questions.get(request.command, (answered,)):
        return None
    if request.until and not today < request.until <= today + LONGEST_PAUSE:
        return replace(request, until=None)
    return request


def obey(asked: Asked, subscriber: Subscriber, course: Course, now: datetime, place: Place | None = None) -> Subscriber:
    """What a command makes of a subscriber; the same one where it changes nothing or doesn't apply.

    `place` is where they stood when the command first came, if this may be not the first time.
    """
    first_time = place is None or place == Place.of(subscriber)
    match asked.command:
        case Command.STOP:
            return subscriber.stopped(Status.UNSUBSCRIBED)
        case Command.PAUSE:
            return subscriber.paused(asked.until)
        case Command.RESUME:
            return subscriber.resumed(now)
        case Command.SKIP if first_time and subscriber.next_lesson not in (None, INTRODUCTION, course.closing):
            return subscriber.skipping()
        case Command.AGAIN | Command.NOT_YET if place is None or place.round == subscriber.round:
            return subscriber.beginning_again(course.plan_again, now)
        case Command.YES if place is None or place.round == subscriber.round:
            return subscriber.concluding()
        case Command.TIME if subscriber.is_in_course:
            return subscriber.at_time(subscriber.zone, asked.hour, now)
        case _:
            return subscriber


def notice_after(asked: Asked, after: Subscriber | None, course: Course, place: Place) -> str:
    """The notice that answers a command: its own if what was asked is so now, else what is true."""
    if asked.command is Command.SKIP and after and after.next_lesson == course.closing and place == Place.of(after):
        return "not-skipped"
    return NOTICES[asked.command if is_so(asked, after, course, place) else Command.HELP]


def is_so(asked: Asked, after: Subscriber | None, course: Course, place: Place) -> bool:
    """Whether what was asked is so now, judged by where the subscriber stands and not by whose write it was."""
    if after is None:
        return False
    match asked.command:
        case Command.STOP:
            return not after.is_in_course
        case Command.PAUSE:
            return after.status is Status.PAUSED and after.paused_until == asked.until
        case Command.RESUME:
            return after.status is Status.ACTIVE
        case Command.SKIP:
            return after.is_in_course and after.next_lesson is not None and _passed_over(place, after)
        case Command.AGAIN | Command.NOT_YET:
            return after.status is Status.ACTIVE and (not after.sent or after.round > place.round)
        case Command.YES:
            return after.is_in_course and after.next_lesson == course.closing
        case Command.TIME:
            return after.is_in_course and after.hour == asked.hour
        case _:
            return True


def too_late(asked: Asked, answered: str, received_at: datetime, now: datetime) -> bool:
    """Whether a command that was never obeyed should be by nobody but a person now. A stop is never too late.

    Nor is what only asks; and the yes to the question whether to delete has a time of its own, ERASE_WITHIN.
    """
    deletes = asked.command is Command.YES and answered == ERASE_NOTICE
    changes = asked.command not in ONLY_ASKING and asked.command is not Command.STOP and not deletes
    return changes and now - received_at > OBEYED_WITHIN


def _passed_over(place: Place, after: Subscriber) -> bool:
    """Whether the lesson that came next at that place will not come: it was not sent meanwhile, nor does it now."""
    return place.round == after.round and place.next_lesson not in (None, after.next_lesson, *after.sent)
