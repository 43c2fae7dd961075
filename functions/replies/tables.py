"""What people and mail programs write, language by language: one file in `languages/` for each, named by BCP 47.

All files are read once, when a word of them is first needed; `email-course check` finds the mistakes in them. An
expression is written as a shape, in which `«quotes.verbs»` stands for that list of all languages. Adding a language is
adding a file: `languages/en.toml` explains each list, and every list may be left out.
"""

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "languages"
EXPRESSIONS = {"quotes", "devices", "footers", "warnings", "subjects"}
"""Sections of regular expressions, without groups that capture. The others have words and phrases, which are compared
as `plain` makes them; labels are compared as they are."""

_PLACE = r"«([a-z_.-]+)( (?:un)?spaced)?»"
_NOTHING = "(?!)"
_WORD = r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+"


def plain(text: str) -> str:
    """The words of a text, lower case, without accents and punctuation. Times and dates in figures stay in one."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(_WORD, "".join(char for char in decomposed if not unicodedata.combining(char))))


@cache
def all_tables() -> list[dict[str, Any]]:
    import tomllib  # compiles its own expressions, and is needed once

    return [tomllib.loads(path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.toml"))]


def _lists(key: str, *, spaced: bool | None = None) -> list[list[str]]:
    """The list of each language that has it; with `spaced`, of each in which spaces stand between words, or do not.

    They do not in Chinese, Japanese and Thai, nor before particles in Korean.
    """
    section, _, name = key.partition(".")
    chosen = [table for table in all_tables() if spaced in (None, table.get("spaces", True))]
    return [table[section][name] for table in chosen if name in table.get(section, {})]


@cache
def words(key: str) -> frozenset[str]:
    """The words and phrases of every language, as `plain` makes them."""
    return frozenset(plain(entry) for entries in _lists(key) for entry in entries)


@cache
def longest_first(key: str) -> list[str]:
    """The same in the order in which they are tried at one place."""
    return sorted(words(key), key=lambda phrase: (-len(phrase), phrase))


@cache
def names(section: str) -> dict[str, str]:
    """Each word or phrase of a section, as written, with the name of its list: “betreff” is `subject`."""
    lists = [each for table in all_tables() for each in table.get(section, {}).items()]
    return {entry: name for name, entries in lists for entry in entries}


@cache
def places(key: str) -> dict[str, int]:
    """Each word of a list whose places have a meaning, with its place from 0 on: “tue” is 1."""
    return {plain(word): at for entries in _lists(key) for at, entry in enumerate(entries) for word in entry.split()}


@cache
def expression(shape: str) -> re.Pattern[str]:
    """The compiled expression of a shape.

    `«quotes.verbs»` is that list of all languages; `«quotes.verbs spaced»` that of languages with spaces between words,
    and `«quotes.verbs unspaced»` that of the others.
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
