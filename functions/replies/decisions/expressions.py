"""The expressions of `languages/` for requests, compiled when first used."""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import Any

from replies import tables
from replies.request import Request

END = "|"
"""Stands between the words of two sentences. No expression matches across it."""
BESIDE_A_YES = ("confirming", "erasing")
"""Sections for words that may stand next to a yes. The other sections are named after their command."""

_PART = r"\{([a-z]+)\}"
_ANY = r"(?<!\\)\.(?=[{*+])"
VALUES = {name: f"(?P<{name}>[^{END}]+?)" for name in ("when", "span", "day", "hour")}
"""Parts that every language has; `spoken_dates` understands them."""


class Level(IntEnum):
    """How clearly words are a request. Each level is a list in the sections of `languages/`."""

    HINT = 1
    """To be asked about if the reply says nothing else or answers a notice, or if the words speak of the course."""
    ASIDE = 2
    """To be asked about, whatever else the reply says."""
    LOOSE = 3
    """For RESUME: the request, if it is the whole reply to a notice. For TIME: becomes HINT if the half of the day is
    unclear, otherwise CLEAR."""
    WORD = 4
    """The request, if the reply says nothing else: the help teaches these words."""
    CLEAR = 5
    """The request, if the reply says nothing else: the words speak of the emails or of the stored data. Among other
    words it may be obeyed at the beginning, and is asked about elsewhere."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled pattern of one section and level: one entry with a value, or all entries without a value together."""

    section: str
    level: Level
    pattern: re.Pattern[str]


class Language:
    """The expressions of one language."""

    def __init__(self, table: dict[str, Any]) -> None:
        self._table = table
        self._parts: dict[str, list[str]] = table.get("parts", {})

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules for words that are, or may be, a request."""
        return [
            Rule(section, Level[level.upper()], _pattern(self._shape(group)))
            for section in (*Request.Command, *BESIDE_A_YES)
            for level, entries in self._table.get(section, {}).items()
            if level not in ("near", "taught")
            for group in _groups(entries)
        ]

    @cached_property
    def near(self) -> dict[str, re.Pattern[str]]:
        """For each command, the words that make it likely in a sentence about the emails."""
        found = {command: self._table.get(command, {}).get("near", []) for command in Request.Command}
        return {command: _whole_words(self._shape(entries)) for command, entries in found.items() if entries}

    @cached_property
    def frames(self) -> dict[str, re.Pattern[str]]:
        """The lists of the section `[frames]`, by their names."""
        return {name: _pattern(self._shape(entries)) for name, entries in self._table.get("frames", {}).items()}

    @cached_property
    def ours(self) -> re.Pattern[str]:
        """Words for the course, its emails, and actions on them."""
        return _whole_words(self._shape(self._parts["ours"]))

    @cached_property
    def nouns(self) -> re.Pattern[str]:
        """Words for the course and its emails only."""
        return _whole_words(self._shape(self._parts.get("nouns", self._parts["ours"])))

    def compiled(self) -> int:
        """Compiles all expressions and returns their number. Raises KeyError for an unknown part, and re.error."""
        return len(self.rules) + len(self.near) + len(self.frames) + bool(self.ours) + bool(self.nouns)

    def _shape(self, entries: list[str]) -> str:
        shape = f"(?:{'|'.join(entries)})"
        while found := re.search(_PART, shape):
            part = VALUES.get(found[1]) or f"(?:{'|'.join(self._parts[found[1]])})"
            shape = shape.replace(found[0], part, 1)
        decomposed = unicodedata.normalize("NFKD", re.sub(_ANY, f"[^{END}]", shape))
        return "".join(char for char in decomposed if not unicodedata.combining(char))


@cache
def languages() -> list[Language]:
    """Returns the languages that have words for requests."""
    return [Language(table) for table in tables.all_tables() if "stop" in table]


def begins(name: str, words: str) -> bool:
    """Whether words begin with an entry of the list `name` in the frames of any language."""
    return _of_all(name).match(words) is not None


def has(name: str, words: str) -> bool:
    """Whether words contain an entry of the list `name` in the frames of any language."""
    return _of_all(name).search(words) is not None


def pieces(clause: str) -> list[str]:
    """Splits a clause before each conjunction."""
    return [words for piece in _of_all("joins").sub(r"\n\g<0>", clause).split("\n") if (words := piece.strip())]


def likely_commands(sentence: str) -> list[str]:
    """Returns the commands that a sentence about the course or its emails may mean.

    They are ordered by language, and then as in `Request.Command`. The list is empty if the sentence is about other
    people or the past, or says that the person does not want it.
    """
    if any(has(name, sentence) for name in ("other", "past", "speech")):
        return []
    return [
        command
        for language in languages()
        if language.nouns.search(sentence)
        for command, pattern in language.near.items()
        if (found := pattern.search(sentence)) and not has("not", " ".join(sentence[: found.start()].split()[-3:]))
    ]


@cache
def _of_all(name: str) -> re.Pattern[str]:
    lists = [language.frames[name].pattern for language in languages() if name in language.frames]
    return _whole_words(f"(?:{'|'.join(lists) or '(?!)'})")


def _whole_words(shape: str) -> re.Pattern[str]:
    return _pattern(rf"(?<!\S){shape}(?!\S)")


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    """Compiles a shape once per process: `re` caches only 512, fewer than all languages have together."""
    return re.compile(shape)


def _groups(entries: list[str]) -> list[list[str]]:
    """Divides entries into one list for each expression: an entry with a value alone, all others together.

    A named part such as `(?P<day>…)` can stand only once in a regular expression.
    """
    valued = [entry for entry in entries if any(f"{{{name}}}" in entry for name in VALUES)]
    others = [entry for entry in entries if entry not in valued]
    return [*([entry] for entry in valued), *([others] if others else [])]
