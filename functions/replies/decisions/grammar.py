"""Parses a run of words into requests.

A request is a core, such as “unsubscribe me” or “pause the lessons until Monday”, with frames before it (“could you”)
and courtesies around it (“please”, “nothing personal”). With any other words, the text is no request.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from replies.decisions import spoken_dates
from replies.decisions.expressions import END, Language, Level, Rule, languages

MOST_WORDS = 60
"""Words in a run that can be requests. A longer run is a story."""


@dataclass(frozen=True, slots=True)
class Core:
    """Words that are, or may be, a request."""

    section: str
    """Its command; or `confirming` or `erasing`, words that may stand next to a yes."""
    level: Level
    until: date | None = None
    """The local day on which a pause ends."""
    hour: int = 0
    ours: bool = False
    """Whether it speaks of the course or its emails."""
    framed: bool = False
    """Whether the person wishes or asks for it: “could you …”."""
    doubted: bool = False
    """Whether the person only considers it: “maybe I should …”."""


def cores(
    words: str, today: date, leaving_out: frozenset[str] = frozenset(), *, with_reasons: bool = True
) -> list[Core]:
    """Returns the requests that words consist of, in one language; empty if there are other words too.

    `leaving_out` are sections that mean nothing here. Reasons, such as “I signed up by mistake”, may stand around a
    request. They may not stand around an answer to a question, because there they take the answer back.
    """
    found = (_Parser(words, language, today, leaving_out, with_reasons).cores() for language in languages())
    return max(filter(None, found), key=_plainness, default=[])


def _plainness(found: list[Core]) -> tuple[int, int]:
    return max(core.level for core in found), len(found)


def is_courtesy(words: str) -> bool:
    """Whether words are only courtesies."""
    return _Parser(words, None, date.min).covers_all_words()


class _Parser:
    """Tries all ways to read a run of words as cores, frames and courtesies."""

    def __init__(
        self,
        words: str,
        language: Language | None,
        today: date,
        leaving_out: frozenset[str] = frozenset(),
        with_reasons: bool = False,
    ) -> None:
        self._words, self._language, self._today = words, language, today
        self._courtesies = ("around", "reasons") if with_reasons else ("around",)
        self._starts = [0, *(at.end() for at in re.finditer(" ", words))]
        self._ends = [*(start - 1 for start in self._starts[1:]), len(words)]
        rules = language.rules if language else []
        self._rules = [rule for rule in rules if rule.section not in leaving_out]
        frames = language.frames if language else {}
        self._frames = {name: frames[name] for name in ("wish", "doubt") if name in frames}

    def cores(self) -> list[Core]:
        """Returns the cores of the best reading: most words in cores, and the clearest ones. Empty if none fits."""
        return (self._best() or []) if self._rules else []

    def covers_all_words(self) -> bool:
        """Whether there is a way to read all words."""
        return self._best() is not None

    def _best(self) -> list[Core] | None:
        if not self._words or len(self._starts) > MOST_WORDS:
            return None
        after = dict(zip(self._ends, [*self._starts[1:], len(self._words) + 1], strict=True))
        best: dict[tuple[int, str], tuple[int, list[Core]]] = {(0, ""): (0, [])}
        # (place reached, frame that still waits for its core) -> (weight so far, cores so far)
        for start in self._starts:
            for waiting in ("", "wish", "doubt"):
                if (start, waiting) not in best:
                    continue
                weight, done = best[start, waiting]
                for end, step in self._steps(start):
                    then, reached = waiting, (weight, done)
                    if isinstance(step, Core):
                        core = replace(step, framed=bool(waiting), doubted=waiting == "doubt")
                        then, reached = "", (weight + (end - start) * core.level - 1, [*done, core])
                    elif step != "around":
                        then = "doubt" if "doubt" in (step, waiting) else step
                    if best.get((after[end], then), (-1, []))[0] < reached[0]:
                        best[after[end], then] = reached
        last = best.get((len(self._words) + 1, ""))
        return last[1] if last else None

    def _steps(self, start: int) -> Iterator[tuple[int, "Core | str"]]:
        """Yields each thing that can be read from this word on, and where it ends.

        That is a core, a frame (`wish` or `doubt`), or `around` for a courtesy, a reason or the end of a sentence.
        """
        if self._words.startswith(END, start):
            yield start + 1, "around"
            return
        for frames in (other.frames for other in languages()):
            for name in self._courtesies:
                for end, _ in self._matches(frames[name], start) if name in frames else ():
                    yield end, "around"
        for name, pattern in self._frames.items():
            for end, _ in self._matches(pattern, start):
                yield end, name
        for rule in self._rules:
            for end, found in self._matches(rule.pattern, start):
                if core := self._core(rule, found):
                    yield end, core

    def _matches(self, pattern: re.Pattern[str], start: int) -> Iterator[tuple[int, re.Match[str]]]:
        """Yields every end of a word up to which the pattern matches."""
        if pattern.match(self._words, start):
            for end in self._ends:
                if end > start and (found := pattern.fullmatch(self._words, start, end)):
                    yield end, found

    def _core(self, rule: Rule, found: re.Match[str]) -> Core | None:
        """Returns the core with its value; None if the value is no day, span or hour."""
        ours = self._language is not None and self._language.ours.search(found[0]) is not None
        core = Core(rule.section, rule.level, ours=ours)
        match {name: value for name, value in found.groupdict().items() if value}:
            case {"hour": spoken}:
                return _at_hour(core, spoken)
            case {"day": spoken}:
                day = spoken_dates.day(spoken, self._today)
                return replace(core, until=day) if day else None
            case {"span": spoken} if spoken_dates.span(spoken) is None:
                return None
            case {"when": spoken} | {"span": spoken}:
                end = spoken_dates.end(spoken, self._today)
                return replace(core, until=end.day) if end else None
        return core


def _at_hour(core: Core, spoken: str) -> Core | None:
    """Returns the core with its hour; None if there is none.

    An hour without its half of the day is only asked about, except in the command TIME itself.
    """
    hour = spoken_dates.hour(spoken)
    if hour is None:
        return None
    if core.level is Level.LOOSE:
        core = replace(core, level=Level.CLEAR if hour.sure else Level.HINT)
    return replace(core, hour=hour.hour)
