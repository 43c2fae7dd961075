"""Commands by reply: obeyed only when they are all that the person wrote. Anything longer is a reflection."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from content.lessons import Course
from course.subscriber import INTRODUCTION, Status, Subscriber
from replies import phrases, spoken_dates


class Command(StrEnum):
    """What a subscriber can ask for. The values are also the actions of the subscriber's page."""

    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    SKIP = "skip"
    AGAIN = "again"
    YES = "yes"
    NOT_YET = "not-yet"
    TIME = "time"
    JOURNAL = "journal"
    EXPORT = "export"
    ERASE = "erase"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Asked:
    """A command with what it says more."""

    command: Command
    until: date | None = None
    """The local day on which a pause ends; None for a pause that waits for its subscriber."""
    hour: int = 0
    """Of the day, for a command TIME: 0 to 23."""


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

MAX_LENGTH = 200
_PAUSE = re.compile(
    r"(?:pause|pausa|pausar)(?: (?:the course|it|el curso))? (?:(until|till|til|to|hasta)|for|por|durante)? ?(.+)"
)
_TIME = re.compile(r"(?:time|hour|hora) (.+)")
_AGREED = {"", "yes", "ok", "okay", "confirm", "i confirm", "confirmed", "thanks", "thank you"}
_AGREED |= {"si", "vale", "confirmo", "confirmado", "gracias"}
_NO = frozenset({"no", "not", "never", "nobody", "wrong", "stop", "remove", "unsubscribe", "spam", "who"})
_NO |= {"leave", "alone", "off", "why", "but", "later", "wait", "cancel", "delete", "don", "fuck"}
_NO |= {"nunca", "nadie", "equivocado", "equivocada", "error", "baja", "quien", "pero", "dejame", "luego", "cancelar"}
_YES = {"yes", "confirm", "i confirm", "confirmed", "si", "confirmo", "confirmado"}


def command_in(text: str, answered: str, course: Course, today: date, first_name: str = "") -> Asked | None:
    """The command that a reply consists of, or None. `answered` is the lesson's id or the notice's.

    Yes and not yet answer the question of the way back, and yes that of the notice `erase`; to any other lesson they
    are a person's answer to its question. `today` is the subscriber's local day.
    """
    if len(text) >= MAX_LENGTH:
        return None
    words = phrases.without_courtesies(phrases.plain(phrases.without_sign_off(text, first_name)), first_name)
    if name := phrases.WANTED.get(words):
        command = Command(name)
        questions = {Command.YES: (course.way_back, ERASE_NOTICE), Command.NOT_YET: (course.way_back,)}
        return Asked(command) if answered in questions.get(command, (answered,)) else None
    if (found := _TIME.fullmatch(words)) and (hour := spoken_dates.hour(found[1])) is not None:
        return Asked(Command.TIME, hour=hour)
    return _pause(words, today)


def _pause(words: str, today: date) -> Asked | None:
    """A pause for so long or until a day. One that is no day ahead, or too far away, waits for its subscriber."""
    found = _PAUSE.fullmatch(words)
    if not found:
        return None
    until = spoken_dates.day(found[2], today) if found[1] else None
    if days := None if found[1] else spoken_dates.span(found[2]):
        until = today + min(days, spoken_dates.LONGEST + 1) * spoken_dates.DAY
    if until is None:
        dated = found[1] and re.fullmatch(r"[0-9]+([-/.][0-9]+)+", found[2])  # 3/4 is a day, whichever it is
        return Asked(Command.PAUSE) if dated else None
    ahead = today < until <= today + spoken_dates.LONGEST * spoken_dates.DAY
    return Asked(Command.PAUSE, until=until if ahead else None)


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


def agrees(text: str) -> bool:
    """Whether a reply to the confirmation email says yes and nothing else, so that nothing of it need be kept."""
    return phrases.without_courtesies(phrases.plain(text)) in _AGREED


def consents(text: str) -> bool:
    """Whether a reply to the confirmation email is a clear yes. Else it is none: the button is still there.

    Nothing but a yes; or a yes as the first sentence, whatever follows; or one that begins with it and holds no no.
    “Si” without its accent is no yes where more follows: it is also how a Spanish “if” begins.
    """
    if agrees(text):
        return True
    first, _, _ = re.sub(r"[.!\n]", ".", text.strip()).partition(".")
    if re.match(r"si\b", first, re.IGNORECASE):
        return False
    words = phrases.plain(text).split()
    begins = phrases.plain(first).split()[:1] in (["yes"], ["si"])
    clear = begins and not set(words) & _NO and "n’t" not in text and "n't" not in text
    return clear or phrases.without_courtesies(phrases.plain(first)) in _YES
