"""The expressions of `languages/` for what people ask, compiled when first used."""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import Any

from replies import tables
from replies.request import Request

END = "|"
"""Stands between the words of two sentences: no expression goes over it."""
BESIDE_A_YES = ("confirming", "erasing")
"""Sections of what may stand beside a yes; the others are named after their command."""

_PART = r"\{([a-z]+)\}"
_ANY = r"(?<!\\)\.(?=[{*+])"
VALUES = {name: f"(?P<{name}>[^{END}]+?)" for name in ("when", "span", "day", "hour")}
"""Parts that every language has: what `spoken_dates` understands."""


class Level(IntEnum):
    """How plainly words are a request. The names are those of the lists in `languages/`, which explain them."""

    HINT = 1
    ASIDE = 2
    LOOSE = 3
    WORD = 4
    CLEAR = 5


@dataclass(frozen=True, slots=True)
class Rule:
    """One expression with a value, or several without, of one section and level."""

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
        """What is a request, or may be one."""
        return [
            Rule(section, Level[level.upper()], _pattern(self._shape(group)))
            for section in (*Request.Command, *BESIDE_A_YES)
            for level, entries in self._table.get(section, {}).items()
            if level not in ("near", "taught")
            for group in _groups(entries)
        ]

    @cached_property
    def near(self) -> dict[str, re.Pattern[str]]:
        """Command → words that make it likely in a sentence about the emails."""
        found = {command: self._table.get(command, {}).get("near", []) for command in Request.Command}
        return {command: _whole_words(self._shape(entries)) for command, entries in found.items() if entries}

    @cached_property
    def frames(self) -> dict[str, re.Pattern[str]]:
        """What stands around a request, by the name of its list."""
        return {name: _pattern(self._shape(entries)) for name, entries in self._table.get("frames", {}).items()}

    @cached_property
    def ours(self) -> re.Pattern[str]:
        """Words of the course, its emails, and what is done with them."""
        return _whole_words(self._shape(self._parts["ours"]))

    @cached_property
    def nouns(self) -> re.Pattern[str]:
        """Words of the course and its emails alone."""
        return _whole_words(self._shape(self._parts.get("nouns", self._parts["ours"])))

    def compiled(self) -> int:
        """How many expressions it has, all of them compiled. Raises KeyError for an unknown part, and re.error."""
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
    """Those that have words for requests."""
    return [Language(table) for table in tables.all_tables() if "stop" in table]


def begins(name: str, words: str) -> bool:
    """Whether words begin with an entry of the list `name` of any language's frames."""
    return _of_all(name).match(words) is not None


def has(name: str, words: str) -> bool:
    """Whether an entry of the list `name` of any language's frames stands in the words."""
    return _of_all(name).search(words) is not None


def pieces(clause: str) -> list[str]:
    """The words of a clause, parted before each conjunction."""
    return [words for piece in _of_all("joins").sub(r"\n\g<0>", clause).split("\n") if (words := piece.strip())]


def nearly(sentence: str) -> list[str]:
    """The commands that a sentence about the course or its emails may be, the likeliest first.

    None of them where it is about other people or former days, or says that they do not want it.
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
    """Compiled once per process: `re` itself keeps only its last 512, fewer than the languages have together."""
    return re.compile(shape)


def _groups(entries: list[str]) -> list[list[str]]:
    """Each entry with a value on its own, since a group's name can stand once in an expression; the others together."""
    valued = [entry for entry in entries if any(f"{{{name}}}" in entry for name in VALUES)]
    others = [entry for entry in entries if entry not in valued]
    return [*([entry] for entry in valued), *([others] if others else [])]
