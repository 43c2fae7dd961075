"""What people and mail programs write, language by language: one file in `languages/` for each, named by BCP 47.

All files are read once, when a word of them is first needed. An expression is written as a shape, in which
`«quotes.verbs»` stands for that list of all languages. Adding a language is adding a file: `languages/en.toml`
explains each list, and every list may be left out.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent / "languages"

_EXPRESSIONS = {
    "quotes": "verbs before_date hour_marks message original forwarded picture",
    "devices": "sent_from sent_from_my names article get_app verb_last of_mine names_before_verb sent excuse",
    "footers": "first_person confidential message recipient begins environment print consider",
    "warnings": "begins outside opening",
    "subjects": "automatic away failed undelivered trouble mail_systems",
    "doubts": "negation means_if",
}
"""Lists of regular expressions. They have no groups that capture."""
_WORDS = {
    "labels": "from date to cc subject",
    "requests": "stop pause resume skip again yes not-yet journal export erase help",
    "pauses": "words course until lasting",
    "times": "words before hours morning afternoon night",
    "dates": "weekdays months numbers small_words next tomorrow next_week next_month",
    "spans": "days weeks months",
    "courtesies": "before after goodbyes",
    "confirmation": "yes confirms agrees refuses",
}
"""Lists of words and phrases, compared as `plain` makes them; labels are compared as they are."""
_KEYS = {f"{section}.{name}" for section, of in (_EXPRESSIONS | _WORDS).items() for name in of.split()}
_LENGTHS = {"dates.weekdays": 7, "dates.months": 12}
"""Lists whose places have a meaning: Monday is the first day, and January the first month."""

_PLACE = r"«([a-z_.-]+)( (?:un)?spaced)?»"
_NOTHING = "(?!)"
_WORD = r"[0-9]+(?:[:.h/-][0-9]+)*|[^\W\d_]+"


class TableError(Exception):
    """Raised when a table cannot be used. It names the file and the key."""


class Table(NamedTuple):
    """What is written in one language: its lists by section and name, such as `quotes.verbs`."""

    path: Path
    lists: Mapping[str, list[str]]
    spaced: bool
    """Whether a space stands between words: not so in Chinese, Japanese and Thai, nor before particles in Korean."""


def plain(text: str) -> str:
    """The words of a text, lower case, without accents and punctuation. Times and dates in figures stay in one."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return " ".join(re.findall(_WORD, "".join(char for char in decomposed if not unicodedata.combining(char))))


def read(folder: Path) -> list[Table]:
    """The tables of all languages, by the name of their file. Raises TableError."""
    return [_table(path) for path in sorted(folder.glob("*.toml"))]


def _table(path: Path) -> Table:
    import tomllib  # compiles its own expressions, and is needed once

    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TableError(f"{path}: {error}") from error
    spaced = given.pop("spaces", True)
    if not isinstance(spaced, bool):
        raise TableError(f"{path}: spaces: must be true or false")
    lists = dict(_lists(path, given))
    for key, length in _LENGTHS.items():
        if len(lists.get(key, " " * length)) != length:
            raise TableError(f"{path}: {key}: needs {length} entries")
    return Table(path, lists, spaced)


def _lists(path: Path, given: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for section, lists in given.items():
        if not isinstance(lists, dict):
            raise TableError(f"{path}: {section}: is not a section")
        for name, entries in lists.items():
            key = f"{section}.{name}"
            if key not in _KEYS:
                raise TableError(f"{path}: {key}: is not a key of these tables")
            if not isinstance(entries, list) or not all(isinstance(entry, str) and entry for entry in entries):
                raise TableError(f"{path}: {key}: must be a list of texts")
            yield key, entries


@cache
def _tables() -> list[Table]:
    return read(FOLDER)


def entries(key: str, *, spaced: bool | None = None) -> list[str]:
    """The list of every language in one, as written; with `spaced`, only of languages with or without spaces."""
    chosen = [table for table in _tables() if spaced in (None, table.spaced)]
    return list(dict.fromkeys(entry for table in chosen for entry in table.lists.get(key, [])))


@cache
def words(key: str) -> frozenset[str]:
    """The words and phrases of every language, as `plain` makes them."""
    return frozenset(map(plain, entries(key)))


@cache
def names(section: str) -> dict[str, str]:
    """Each word or phrase of a section, as written, with the name of its list: “betreff” is `subject`."""
    lists = [(key.partition("."), entries) for table in _tables() for key, entries in table.lists.items()]
    return {entry: name for (of, _, name), entries in lists if of == section for entry in entries}


@cache
def places(key: str) -> dict[str, int]:
    """Each word of a list whose places have a meaning, with its place from 0 on: “tue” is 1."""
    lists = [table.lists.get(key, []) for table in _tables()]
    return {plain(word): at for each in lists for at, entry in enumerate(each) for word in entry.split()}


@cache
def expression(shape: str) -> re.Pattern[str]:
    """The compiled expression of a shape. Raises TableError when an entry in it is no expression.

    `«quotes.verbs»` is that list of all languages; `«quotes.verbs spaced»` that of languages with spaces between words,
    and `«quotes.verbs unspaced»` that of the others.
    """
    try:
        return re.compile(re.sub(_PLACE, _alternatives, shape))
    except re.error:
        for found in re.finditer(_PLACE, shape):
            _check(found[1])
        raise


def _alternatives(found: re.Match[str]) -> str:
    key, kind = found[1], (found[2] or "").strip()
    if key.partition(".")[0] in _EXPRESSIONS:
        chosen = entries(key, spaced=None if not kind else kind == "spaced")
    else:
        chosen = sorted(words(key), key=lambda word: (-len(word), word))
    return f"(?:{'|'.join(chosen) or _NOTHING})"


def _check(key: str) -> None:
    """Raises TableError for the first entry of a list that is not an expression by itself."""
    for table in _tables():
        for entry in table.lists.get(key, []):
            try:
                re.compile(entry)
            except re.error as error:
                raise TableError(f"{table.path}: {key}: {entry!r} is no expression: {error}") from error
