"""Commands: each row has the change to make, the test whether it is fulfilled, and the notice that answers."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import Enum, auto

from course.limits import LONGEST_PAUSE
from course.record import INTRODUCTION, Status
from course.subscriber import Subscriber
from course.syllabus import Syllabus
from replies.request import Request

Command = Request.Command
ERASE_NOTICE, NOT_SKIPPED = "erase", "not-skipped"
"""The notice that asks once more whether to delete everything; the notice that no lesson is left to skip."""
ERASE_WITHIN, OBEYED_WITHIN = timedelta(days=7), timedelta(days=1)
"""The times to answer that question with YES, and to obey a command: later, the subscriber may think otherwise."""

ASK, PROVE = "ask-", "prove-"
"""Beginnings of the ids of notices that offer a command: it may have been meant, or its sender was unproven."""
ASK_WAY_BACK, ASK_CONFIRM = "ask-way-back", "ask-confirm"
"""The notice that asks the way back once more; the notice that asks for a yes to the confirmation."""
OFFERED = frozenset(Command) - {Command.YES, Command.NOT_YET, Command.HELP, Command.KEEP}
"""Commands that a notice may offer. Every other command has a separate notice."""


class Question(Enum):
    """A question that one word answers."""

    WAY_BACK = auto()
    """The way back, with the answers yes and not yet."""
    ERASURE = auto()
    """Whether to delete everything."""
    OFFER = auto()
    """Whether a command was meant."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subscriber's place in the course when a mail first came: a retry after a crash finds them already changed."""

    round: int
    next_lesson: str | None
    in_course: bool = field(default=True, compare=False)

    @classmethod
    def of(cls, subscriber: Subscriber) -> "Place":
        """The subscriber's place now."""
        return cls(subscriber.round, subscriber.next_lesson, subscriber.is_in_course)

    @classmethod
    def read(cls, noted: str) -> "Place":
        """Reads a place from its text."""
        round_number, lesson, in_course = noted.split("#")
        return cls(int(round_number), lesson or None, in_course == "in")

    @classmethod
    def sent(cls, field: str) -> "Place | None":
        """Reads a place from a form field, which may hold anything; None if it is invalid."""
        return cls.read(field) if re.fullmatch(r"[0-9]{1,6}#[a-z0-9-]*#(?:in|out)", field) else None

    def __str__(self) -> str:
        return f"{self.round}#{self.next_lesson or ''}#{'in' if self.in_course else 'out'}"

    def passed_over(self, after: Subscriber) -> bool:
        """Whether the lesson that was next here was skipped: it was not sent since, and is not next now."""
        return self.round == after.round and self.next_lesson not in (None, after.next_lesson, *after.sent)


@dataclass(frozen=True, slots=True)
class RequestToObey:
    """A request to obey, in one course at one time (UTC)."""

    request: Request
    syllabus: Syllabus
    now: datetime
    place: Place | None = None
    """The subscriber's place when the request first came; None for a button that may be pressed twice without harm."""

    @property
    def row(self) -> "Row":
        """The row of the command."""
        return ROWS[self.request.command]

    def apply(self, subscriber: Subscriber) -> Subscriber:
        """The subscriber after the request; the same subscriber if it changes nothing or does not apply."""
        return self.row.change(self, subscriber.with_new_lesson_ids(self.syllabus.renamed))

    def is_fulfilled(self, after: Subscriber | None, place: Place) -> bool:
        """Whether the request is fulfilled now. Only the subscriber's state counts, not which write led to it."""
        return after is not None and self.row.is_fulfilled(self, after, place)

    def notice(self, after: Subscriber | None, place: Place) -> str:
        """The notice that answers: the command's own if the request is fulfilled, otherwise NOT_SKIPPED or HELP."""
        at_the_end = after and place == Place.of(after) and after.next_lesson == self.syllabus.closing
        if self.request.command is Command.SKIP and at_the_end:
            return NOT_SKIPPED
        return (self.row if self.is_fulfilled(after, place) else ROWS[Command.HELP]).notice

    def may_skip(self, subscriber: Subscriber) -> bool:
        """Whether the next lesson can be skipped and this request has not skipped one already."""
        one_of_the_days = subscriber.next_lesson not in (None, INTRODUCTION, self.syllabus.closing)
        return one_of_the_days and self.place in (None, Place.of(subscriber))

    def is_same_round(self, subscriber: Subscriber) -> bool:
        """Whether no new round has begun since the request first came."""
        return self.place is None or self.place.round == subscriber.round


@dataclass(frozen=True, slots=True)
class Row:
    """The rules of one command."""

    notice: str
    """Answers the command if it came by reply; empty for a command that is only a button."""
    change: Callable[[RequestToObey, Subscriber], Subscriber] = lambda _asked, subscriber: subscriber
    is_fulfilled: Callable[[RequestToObey, Subscriber, Place], bool] = lambda _asked, _after, _place: True
    on_page: bool = False
    """Whether the course page has a button for it."""
    told: bool = False
    """Whether an email to the subscriber reports a press of its button."""
    only_asks: bool = False
    """Whether it changes nothing in the course; such a command never comes too late."""
    about_data: bool = False
    """Whether it is answered after the subscriber has left the course, too: it is about the data that we keep."""


_BEGIN_AGAIN = Row(
    "welcome-back",
    lambda asked, subscriber: (
        subscriber.beginning_again(asked.syllabus.plan_again, asked.now)
        if asked.is_same_round(subscriber)
        else subscriber
    ),
    lambda _, after, place: after.status is Status.ACTIVE and (not after.sent or after.round > place.round),
    on_page=True,
    told=True,
)
ROWS = {
    Command.STOP: Row(
        "goodbye",
        lambda _, subscriber: subscriber.stopped(Status.UNSUBSCRIBED),
        lambda _, after, _place: not after.is_in_course,
        on_page=True,
        told=True,
    ),
    Command.PAUSE: Row(
        "paused",
        lambda asked, subscriber: subscriber.paused(asked.request.until),
        lambda asked, after, _: after.status is Status.PAUSED and after.paused_until == asked.request.until,
        on_page=True,
        told=True,
    ),
    Command.RESUME: Row(
        "resumed",
        lambda asked, subscriber: subscriber.resumed(asked.now),
        lambda _, after, _place: after.status is Status.ACTIVE,
        on_page=True,
    ),
    Command.SKIP: Row(
        "skipped",
        lambda asked, subscriber: subscriber.skipping() if asked.may_skip(subscriber) else subscriber,
        lambda _, after, place: after.is_in_course and after.next_lesson is not None and place.passed_over(after),
        on_page=True,
        told=True,
    ),
    Command.TIME: Row(
        "time",
        lambda asked, subscriber: (
            subscriber.at_time(subscriber.zone, asked.request.hour, asked.now)
            if subscriber.is_in_course
            else subscriber
        ),
        lambda asked, after, _: after.is_in_course and after.hour == asked.request.hour,
        told=True,
    ),
    Command.AGAIN: replace(_BEGIN_AGAIN, notice="again"),
    Command.YES: Row(
        "noted",
        lambda asked, subscriber: subscriber.concluding() if asked.is_same_round(subscriber) else subscriber,
        lambda asked, after, _: after.is_in_course and after.next_lesson == asked.syllabus.closing,
        on_page=True,
        told=True,
    ),
    Command.NOT_YET: _BEGIN_AGAIN,
    Command.JOURNAL: Row("journal", only_asks=True, about_data=True),
    Command.EXPORT: Row("export", only_asks=True, about_data=True),
    Command.ERASE: Row(ERASE_NOTICE, only_asks=True, about_data=True),
    Command.HELP: Row("help", only_asks=True),
    Command.KEEP: Row(
        "",
        lambda asked, subscriber: subscriber.keeping(asked.now),
        lambda _, after, _place: after.status is Status.PAUSED and after.kept_on is not None,
        on_page=True,
    ),
}
"""Every command, in the order in which HELP lists them."""
BY_REPLY = [command for command, row in ROWS.items() if row.notice]
"""Commands that a reply can give; HELP lists them."""


def pressed(
    command: Command, syllabus: Syllabus, now: datetime, until: date | None = None, place: Place | None = None
) -> RequestToObey:
    """The request that a button of the course page makes; `until` is the local day on which a pause ends.

    `place` is the subscriber's place when the button was shown: a second press then skips no second lesson.
    """
    return RequestToObey(Request(command, until=until), syllabus, now, place)


def question(answered: str, syllabus: Syllabus) -> Question | None:
    """The question that an email asked, by the id of the lesson or the notice."""
    if answered == ERASE_NOTICE:
        return Question.ERASURE
    if answered == ASK_WAY_BACK or (answered and answered == syllabus.way_back):
        return Question.WAY_BACK
    return Question.OFFER if offered(answered) else None


def offer(command: Command | None, *, proven: bool) -> str:
    """The notice that offers a command of a proven or unproven sender; None stands for an answer to the way back."""
    if command in OFFERED:
        return f"{ASK if proven else PROVE}{command}"
    return ROWS[Command.HELP].notice if command is Command.HELP else ASK_WAY_BACK


def offered(notice: str) -> Command | None:
    """The command that a notice offers, or None."""
    name = notice.removeprefix(ASK).removeprefix(PROVE)
    return Command(name) if name != notice and name in OFFERED else None


def within_limits(request: Request, today: date) -> Request:
    """Makes a pause open-ended if it would end today or earlier, or after LONGEST_PAUSE; `today` is a local day."""
    if request.until and not today < request.until <= today + LONGEST_PAUSE:
        return Request(request.command)
    return request


def too_late(request: Request, answered: str, received_at: datetime, now: datetime) -> bool:
    """Whether a command that was never obeyed is too late, so that an operator decides about it.

    STOP and commands that only ask never are. YES to the question whether to delete has its limit in ERASE_WITHIN.
    """
    deletes = request.command is Command.YES and answered == ERASE_NOTICE
    never = request.command is Command.STOP or ROWS[request.command].only_asks or deletes
    return not never and now - received_at > OBEYED_WITHIN
