"""Commands by reply: obeyed only when they are all that the person wrote. Anything longer is a reflection."""

import re
from datetime import datetime
from enum import StrEnum

from course.lessons import Course
from course.subscriber import Status, Subscriber


class Command(StrEnum):
    """What a subscriber can ask for. The values are also the actions of the subscriber's page."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    AGAIN = "again"
    YES = "yes"
    NOT_YET = "not-yet"
    JOURNAL = "journal"
    HELP = "help"


_WORDS = {
    "stop": Command.STOP,
    "unsubscribe": Command.STOP,
    "pause": Command.PAUSE,
    "resume": Command.RESUME,
    "again": Command.AGAIN,
    "start again": Command.AGAIN,
    "yes": Command.YES,
    "not yet": Command.NOT_YET,
    "no not yet": Command.NOT_YET,
    "journal": Command.JOURNAL,
    "help": Command.HELP,
}
NOTICES = {
    Command.STOP: "goodbye",
    Command.PAUSE: "paused",
    Command.RESUME: "resumed",
    Command.AGAIN: "welcome-back",
    Command.NOT_YET: "welcome-back",
    Command.YES: "noted",
    Command.JOURNAL: "help",
    Command.HELP: "help",
}
"""The notice that answers each command when it came by reply."""

_ANSWERS = {Command.YES, Command.NOT_YET}


def command_in(text: str, lesson: str, course: Course) -> Command | None:
    """The command that a reply to `lesson` consists of, or None.

    Yes and not yet answer the question of the way back; to any other lesson they are a person's answer to its question.
    """
    words = " ".join(re.findall(r"[^\W\d_]+", text[:200].lower()))
    command = _WORDS.get(words) if len(text) < 200 and not re.search(r"\d", text) else None
    if command in _ANSWERS and lesson != course.way_back:
        return None
    return command


def obey(command: Command, subscriber: Subscriber, course: Course, now: datetime) -> Subscriber:
    """What a command makes of a subscriber. Journal and help change nothing; neither does what doesn't apply."""
    match command:
        case Command.STOP:
            return subscriber.stopped(Status.UNSUBSCRIBED)
        case Command.PAUSE:
            return subscriber.paused()
        case Command.RESUME:
            return subscriber.resumed(now)
        case Command.AGAIN | Command.NOT_YET:
            return subscriber.beginning_again(course.plan_again, now)
        case Command.YES:
            return subscriber.concluding()
        case _:
            return subscriber
