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

_NO = frozenset({"no", "not", "never", "nobody", "wrong", "stop", "remove", "unsubscribe", "spam", "who"})
_ANSWERS = {Command.YES, Command.NOT_YET}


def command_in(text: str, lesson: str, course: Course) -> Command | None:
    """The command that a reply to `lesson` consists of, or None.

    Yes and not yet answer the question of the way back; to any other lesson they are a person's answer to its question.
    """
    command = _WORDS.get(_words(text[:200])) if len(text) < 200 and not re.search(r"\d", text) else None
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


def notice_after(command: Command, before: Subscriber, after: Subscriber | None, course: Course) -> str:
    """The notice that answers a command: its own if that is what happened, else the list of what can be asked."""
    always = command in (Command.STOP, Command.JOURNAL, Command.HELP)
    return NOTICES[command if always or took_effect(command, before, after, course) else Command.HELP]


def took_effect(command: Command | None, before: Subscriber, after: Subscriber | None, course: Course) -> bool:
    """Whether what was asked is so now: something changed, or the yes was to a closing letter that comes anyway."""
    if after is None:
        return False
    stands = command is Command.YES and after.next_lesson == course.closing
    return stands or after.version != before.version


def agrees(text: str) -> bool:
    """Whether a reply to the confirmation email says yes and nothing else, so that nothing of it need be kept."""
    return _words(text) in ("", "yes", "yes please", "ok", "okay", "confirm", "i confirm", "confirmed")


def declines(text: str) -> bool:
    """Whether a reply to the confirmation email may be a no. In doubt it is: the button is still there."""
    words = _words(text).split()
    if words[:1] in (["yes"], ["ok"], ["okay"], ["confirm"], ["please"]):
        return False
    return bool(set(words) & _NO) or "n’t" in text or "n't" in text


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W\d_]+", text.lower()))
