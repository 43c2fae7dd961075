"""The words that people and mail programs write: a file in `languages/` for each language.

A file has the BCP 47 code of its language as its name. All files are read once, when a word is first needed, and
`email-course check` finds mistakes in them. A regular expression is written as a shape: in it, `«quotes.verbs»` stands
for this list of all languages. To add a language, add a file: `languages/en.toml` explains each list, and every list
may be left out.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
EXPRESSIONS = {"quotes", "devices", "footers", "warnings", "subjects"}
"""Sections of regular expressions without capturing groups. The other sections have words and phrases, which `plain`
simplifies before they are compared; labels are compared as they are."""

_PLACE = r"«([a-z_.-]+)( (?:un)?spaced)?»"
_NOTHING = "(?!)"
_WORD = r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+"


def plain(text: str) -> str:
    """Returns the words of a text in lower case, without accents and punctuation.

    Times and dates in figures, such as `7:30` and `3/4`, stay whole.
    """
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(_WORD, "".join(char for char in decomposed if not unicodedata.combining(char))))


@cache
def all_tables() -> list[dict[str, Any]]:
    import tomllib  # imported here: it compiles its own expressions, and is needed once

    return [tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))]


def _lists(key: str, *, spaced: bool | None = None) -> list[list[str]]:
    """Returns this list of each language that has it.

    `spaced` chooses the languages with, or without, spaces between words. Chinese, Japanese and Thai have none, and
    Korean has none before particles.
    """
    section, _, name = key.partition(".")
    chosen = [table for table in all_tables() if spaced in (None, table.get("spaces", True))]
    return [table[section][name] for table in chosen if name in table.get(section, {})]


@cache
def words(key: str) -> frozenset[str]:
    """Returns the words and phrases of every language, simplified by `plain`."""
    return frozenset(plain(entry) for entries in _lists(key) for entry in entries)


@cache
def longest_first(key: str) -> list[str]:
    """Returns the same words and phrases in the order in which they are tried at one place."""
    return sorted(words(key), key=lambda phrase: (-len(phrase), phrase))


@cache
def names(section: str) -> dict[str, str]:
    """Maps each word or phrase of a section, as written, to its list's name: “betreff” to `subject`."""
    lists = [each for table in all_tables() for each in table.get(section, {}).items()]
    return {entry: name for name, entries in lists for entry in entries}


@cache
def places(key: str) -> dict[str, int]:
    """Maps each word of an ordered list to its place, counted from 0: “tue” to 1."""
    return {plain(word): at for entries in _lists(key) for at, entry in enumerate(entries) for word in entry.split()}


@cache
def expression(shape: str) -> re.Pattern[str]:
    """Returns the compiled expression of a shape.

    `«quotes.verbs»` is this list of all languages, `«quotes.verbs spaced»` of those with spaces between words, and
    `«quotes.verbs unspaced»` of the others.
    """
    return re.compile(re.sub(_PLACE, _alternatives, shape))


def _alternatives(found: re.Match[str]) -> str:
    key, kind = found.groups()
    if key.partition(".")[0] in EXPRESSIONS:
        lists = _lists(key, spaced=kind == " spaced" if kind else None)
        entries = list(dict.fromkeys(entry for each in lists for entry in each))
    else:
        entries = longest_first(key)
    return f"(?:{'|'.join(entries) or _NOTHING})"
