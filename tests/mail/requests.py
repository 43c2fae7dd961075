"""Replies labelled with their requests (`requests.tsv`), and how well the code's decisions agree with the labels.

Three writers wrote the 1,480 replies. They knew the rules for the labels but not the code. A label is `keep`, or
`obey`, `obey+keep` or `ask` with a command and its value: `obey:pause:10d`, `obey:time:7`, `ask:way-back`. If a reply
has several labels, each is right, and the first is the best.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import replies
from replies.request import Decision, EmailKind, Request

SET = Path(__file__).with_name("requests.tsv")
TODAY = date(2026, 11, 24)
"""The local day on which every reply came, a Tuesday."""
NAMES = {"en": "Ann", "es": "Lucía", "de": "Jonas"}
"""The first name of the subscriber, by the language of the course."""
ANSWERED = {
    "lesson": EmailKind.LESSON,
    "way_back": EmailKind.WAY_BACK,
    "confirm": EmailKind.CONFIRM,
    "notice": EmailKind.NOTICE,
    "notice:erase": EmailKind.ERASE,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GRAVE = frozenset({"stop", "erase", "yes", "not-yet", "again"})
"""Commands that must never be obeyed by mistake."""


def obeyed(
    text: str, answered: EmailKind = EmailKind.LESSON, today: date = TODAY, first_name: str = ""
) -> Request | None:
    """Returns the request that is obeyed, or None. A reply with words to keep does not count."""
    found = replies.decide(text, answered, today, first_name)
    return found.request if found.kind is Decision.Kind.OBEY else None


def decided(text: str, answered: str, language: str) -> str:
    """Returns the decision about a reply of the set, as a label."""
    return label(text, ANSWERED[answered], NAMES[language])


def label(text: str, answered: EmailKind, first_name: str = "") -> str:
    """Returns the decision about a reply, as a label."""
    found = replies.decide(text, answered, TODAY, first_name)
    request = found.request
    match found.kind:
        case Decision.Kind.KEEP:
            return "keep"
        case Decision.Kind.ASK:
            return f"ask:{request.command if request else 'way-back'}"
    assert request
    kind = "obey" if found.kind is Decision.Kind.OBEY else "obey+keep"
    return f"{kind}:{request.command}{_value(request)}"


def _value(request: Request) -> str:
    if request.command is Request.Command.TIME:
        return f":{request.hour}"
    return f":until:{request.until}" if request.until else ""


@dataclass(frozen=True, slots=True)
class Label:
    """One label, with the hour or the day of its value."""

    kind: str
    command: str
    value: date | int | None

    @classmethod
    def read(cls, text: str) -> "Label":
        """Reads a label from its text."""
        kind, _, rest = text.partition(":")
        command, _, value = rest.partition(":")
        return cls(kind, command, _day_or_hour(value))

    @property
    def obeys(self) -> bool:
        """Whether a command is obeyed."""
        return self.kind in ("obey", "obey+keep")


def _day_or_hour(value: str) -> date | int | None:
    named = value.removeprefix("until:")
    if span := re.fullmatch(r"(\d+)d", value):
        return TODAY + timedelta(days=int(span[1]))
    if named in WEEKDAYS:
        return TODAY + timedelta(days=(WEEKDAYS.index(named) - TODAY.weekday() - 1) % 7 + 1)
    if named != value:
        return date.fromisoformat(named)
    return int(value) if value else None


@dataclass(frozen=True, slots=True)
class Case:
    """One reply with its labels and the code's decision."""

    id: str
    language: str
    answered: str
    text: str
    labels: tuple[Label, ...]
    decision: Label

    @property
    def best(self) -> Label:
        """The best label."""
        return self.labels[0]

    @property
    def is_right(self) -> bool:
        """Whether the decision matches a label; words that are kept without need do not matter."""
        also_kept = (
            Label("obey", self.decision.command, self.decision.value)
            if self.decision.kind == "obey+keep"
            else self.decision
        )
        return self.decision in self.labels or also_kept in self.labels

    @property
    def is_obeyed_by_mistake(self) -> bool:
        """Whether a command is obeyed that no label allows."""
        return self.decision.obeys and all(
            not (label.obeys and label.command == self.decision.command) for label in self.labels
        )

    @property
    def has_a_wrong_value(self) -> bool:
        """Whether the right command is obeyed with another day or hour."""
        same = [label for label in self.labels if label.obeys and label.command == self.decision.command]
        return self.decision.obeys and bool(same) and all(label.value != self.decision.value for label in same)

    @property
    def is_heard(self) -> bool:
        """Whether the request is obeyed, or at least asked about."""
        commands = {label.command for label in self.labels}
        back = self.decision.command == "way-back" and commands & {"yes", "not-yet", "way-back"}
        return self.is_right or (self.decision.kind == "ask" and bool(self.decision.command in commands or back))


def cases(path: Path = SET) -> Iterator[Case]:
    """Yields every reply of a set with the code's decision."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = row["text"].replace("\\n", "\n")
            labels = tuple(map(Label.read, row["expected"].split("|")))
            decision = Label.read(decided(text, row["answered"], row["language"]))
            yield Case(row["id"], row["language"], row["answered"], text, labels, decision)


@dataclass(frozen=True, slots=True)
class Figures:
    """How well the decisions agree with the labels. Shares are from 0 to 1."""

    mistaken: list[Case]
    """Obeyed without a request, or as another command."""
    wrong: list[Case]
    """Obeyed with a wrong day or hour."""
    lost: list[Case]
    """Obeyed without keeping words that had to be kept."""
    obeyed: float
    """The share obeyed of the replies to obey."""
    heard: float
    """The share obeyed or asked about of the replies to obey."""
    stops_heard: float
    """The same for stops."""
    asked: float
    """The share rightly asked about or rightly obeyed of the replies to ask about."""
    way_back_asked: float
    """The share handled rightly of the unclear replies to the way back."""
    answered: float
    """The share that gets any answer of the replies to keep."""


def figures(found: Iterable[Case]) -> Figures:
    """Returns the figures of a set."""
    every = list(found)
    to_obey = [case for case in every if case.best.obeys]
    to_ask = [case for case in every if case.best.kind == "ask"]
    kept = [case for case in every if {label.kind for label in case.labels} == {"keep"}]
    stops = [case for case in to_obey if case.best.command == "stop"]
    return Figures(
        mistaken=[case for case in every if case.is_obeyed_by_mistake],
        wrong=[case for case in every if case.has_a_wrong_value],
        lost=[case for case in every if case.decision.kind == "obey" and not case.is_right and case.is_heard],
        obeyed=_share(case.decision.obeys and case.is_right for case in to_obey),
        heard=_share(case.is_heard for case in to_obey),
        stops_heard=_share(case.is_heard for case in stops),
        asked=_share(case.is_right and case.decision.kind != "keep" for case in to_ask),
        way_back_asked=_share(case.is_right for case in to_ask if case.best.command == "way-back"),
        answered=_share(case.decision.kind != "keep" for case in kept),
    )


def _share(judged: Iterable[bool]) -> float:
    all_of_them = list(judged)
    return sum(all_of_them) / len(all_of_them)
