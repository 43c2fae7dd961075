"""Replies that people labelled with what they ask for: `requests.tsv`, and how well the decisions agree with it.

The 1,480 replies were written by three hands that knew the rules for the labels and not the code. A label is `keep`,
or `obey`, `obey+keep` or `ask` with a command, and its value: `obey:pause:10d`, `obey:time:7`, `ask:way-back`. Several
labels are each right, the best one first.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import replies
from replies.request import Answered, Decision, Request

SET = Path(__file__).with_name("requests.tsv")
TODAY = date(2026, 11, 24)
"""A Tuesday: the local day on which every reply of the sets came."""
NAMES = {"en": "Ann", "es": "Lucía", "de": "Jonas"}
"""The first name of the subscriber, by the language of the course."""
ANSWERED = {
    "lesson": Answered.LESSON,
    "way_back": Answered.WAY_BACK,
    "confirm": Answered.CONFIRM,
    "notice": Answered.NOTICE,
    "notice:erase": Answered.ERASE,
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
GRAVE = frozenset({"stop", "erase", "yes", "not-yet", "again"})
"""Commands that must never be obeyed by mistake."""


def obeyed(
    text: str, answered: Answered = Answered.LESSON, today: date = TODAY, first_name: str = ""
) -> Request | None:
    """What is obeyed of a reply that consists of a request, or None."""
    found = replies.decided(text, answered, today, first_name)
    return found.request if found.kind is Decision.Kind.OBEY else None


def decided(text: str, answered: str, language: str) -> str:
    """What is done with a reply of a set, as a label."""
    return label(text, ANSWERED[answered], NAMES[language])


def label(text: str, answered: Answered, first_name: str = "") -> str:
    """What is done with a reply, as a label."""
    found = replies.decided(text, answered, TODAY, first_name)
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
        """From its text."""
        kind, _, rest = text.partition(":")
        command, _, value = rest.partition(":")
        return cls(kind, command, _day_or_hour(value))

    @property
    def obeys(self) -> bool:
        """Whether something is done."""
        return self.kind in ("obey", "obey+keep")


def _day_or_hour(said: str) -> date | int | None:
    named = said.removeprefix("until:")
    if span := re.fullmatch(r"(\d+)d", said):
        return TODAY + timedelta(days=int(span[1]))
    if named in WEEKDAYS:
        return TODAY + timedelta(days=(WEEKDAYS.index(named) - TODAY.weekday() - 1) % 7 + 1)
    if named != said:
        return date.fromisoformat(named)
    return int(said) if said else None


@dataclass(frozen=True, slots=True)
class Case:
    """One reply with what should be done with it, and what is."""

    id: str
    language: str
    answered: str
    text: str
    labels: tuple[Label, ...]
    told: Label

    @property
    def best(self) -> Label:
        """The label that is most right."""
        return self.labels[0]

    @property
    def is_right(self) -> bool:
        """Whether one of the labels is met, or words are kept besides that need not be."""
        also_kept = Label("obey", self.told.command, self.told.value) if self.told.kind == "obey+keep" else self.told
        return self.told in self.labels or also_kept in self.labels

    @property
    def is_obeyed_by_mistake(self) -> bool:
        """Whether something is done that no label allows."""
        return self.told.obeys and all(
            not (label.obeys and label.command == self.told.command) for label in self.labels
        )

    @property
    def has_a_wrong_value(self) -> bool:
        """Whether the right command is obeyed with another day or hour."""
        same = [label for label in self.labels if label.obeys and label.command == self.told.command]
        return self.told.obeys and bool(same) and all(label.value != self.told.value for label in same)

    @property
    def is_heard(self) -> bool:
        """Whether what is asked for is obeyed, or at least asked about."""
        commands = {label.command for label in self.labels}
        back = self.told.command == "way-back" and commands & {"yes", "not-yet", "way-back"}
        return self.is_right or (self.told.kind == "ask" and bool(self.told.command in commands or back))


def cases(path: Path = SET) -> Iterator[Case]:
    """Every reply of a set, decided on."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            text = row["text"].replace("\\n", "\n")
            labels = tuple(map(Label.read, row["expected"].split("|")))
            told = Label.read(decided(text, row["answered"], row["language"]))
            yield Case(row["id"], row["language"], row["answered"], text, labels, told)


@dataclass(frozen=True, slots=True)
class Figures:
    """How well the decisions agree with the labels. Shares are of 1."""

    mistaken: list[Case]
    """Obeyed although nothing, or something else, was asked for."""
    wrong: list[Case]
    """Obeyed with another day or hour."""
    lost: list[Case]
    """Obeyed where words had to be kept as well."""
    obeyed: float
    """Of those to be obeyed."""
    heard: float
    """Of those to be obeyed, the obeyed and those asked about."""
    stops_heard: float
    asked: float
    """Of those to be asked about, the rightly asked and the rightly obeyed."""
    way_back_asked: float
    """Of those that answer the way back."""
    answered: float
    """Of those to be kept, that get any answer."""


def figures(found: Iterable[Case]) -> Figures:
    """The figures of a set."""
    every = list(found)
    to_obey = [case for case in every if case.best.obeys]
    to_ask = [case for case in every if case.best.kind == "ask"]
    kept = [case for case in every if {label.kind for label in case.labels} == {"keep"}]
    stops = [case for case in to_obey if case.best.command == "stop"]
    return Figures(
        mistaken=[case for case in every if case.is_obeyed_by_mistake],
        wrong=[case for case in every if case.has_a_wrong_value],
        lost=[case for case in every if case.told.kind == "obey" and not case.is_right and case.is_heard],
        obeyed=_share(case.told.obeys and case.is_right for case in to_obey),
        heard=_share(case.is_heard for case in to_obey),
        stops_heard=_share(case.is_heard for case in stops),
        asked=_share(case.is_right and case.told.kind != "keep" for case in to_ask),
        way_back_asked=_share(case.is_right for case in to_ask if case.best.command == "way-back"),
        answered=_share(case.told.kind != "keep" for case in kept),
    )


def _share(judged: Iterable[bool]) -> float:
    all_of_them = list(judged)
    return sum(all_of_them) / len(all_of_them)
