"""Findings in the word tables in `functions/replies/languages/`: unknown lists, and entries that cannot be used."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cli.check.finding import Finding, line_of
from replies.decisions.expressions import BESIDE_A_YES, Language
from replies.request import Request
from replies.tables import EXPRESSIONS, FOLDER

PARTS = "parts"
"""The section in which a language names its own lists: `{name}` stands for one of them in the sections of ASKED."""
ASKED = (*Request.Command, *BESIDE_A_YES)
LISTS = {
    "quotes": "verbs you_wrote before_date hour_marks message original forwarded picture",
    "devices": "sent_from sent_from_my names article get_app verb_last of_mine names_before_verb sent excuse",
    "footers": "first_person confidential message recipient begins environment print consider",
    "warnings": "begins outside opening",
    "subjects": "automatic away leave answer failed failed_end undelivered trouble mail_systems",
    "labels": "from date to cc subject",
    "frames": "wish doubt around reasons questions speech joins hedges conditions hedged_yes or first other past not",
    **dict.fromkeys(ASKED, "word clear loose hint aside near taught"),
    "typos": "words others",
    "times": "before half half_to hours clock morning afternoon night noon midnight",
    "dates": "weekdays months numbers small_words next after_next tomorrow next_week next_month",
    "spans": "days weeks fortnights months plural until lasting two fillers",
}
KEYS = {f"{section}.{name}" for section, names in LISTS.items() for name in names.split()}
LENGTHS = {"dates.weekdays": 7, "dates.months": 12}
"""Lists whose order has a meaning: Monday is the first day, and January the first month."""


def check(folder: Path = FOLDER) -> list[Finding]:
    """Findings for the author of a language, in all files at once."""
    return [finding for path in sorted(folder.glob("*.toml")) for finding in _table(path)]


def _table(path: Path) -> Iterator[Finding]:
    try:
        given = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        line = int(found[1]) if (found := re.search(r"line (\d+)", str(error))) else 1
        yield Finding(str(path), line, f"cannot be read: {error}")
        return
    if not isinstance(given.pop("spaces", True), bool):
        yield Finding(str(path), line_of(path, "spaces") or 1, "spaces: must be true or false")
    yield from (Finding(str(path), 1, what) for what in _requests(given))
    for section, lists in given.items():
        if not isinstance(lists, dict):
            yield Finding(str(path), line_of(path, section) or 1, f"{section}: is not a section")
            continue
        for name, entries in lists.items():
            for what in _list(section, name, entries):
                yield Finding(str(path), _line_of(path, section, name), f"{section}.{name}: {what}")


def _list(section: str, name: str, entries: Any) -> Iterator[str]:
    """The problems of one list."""
    key = f"{section}.{name}"
    if key not in KEYS and section != PARTS:
        yield "is not a key of these tables"
    elif not isinstance(entries, list) or not all(isinstance(entry, str) and entry for entry in entries):
        yield "must be a list of texts"
    elif len(entries) != LENGTHS.get(key, len(entries)):
        yield f"needs {LENGTHS[key]} entries"
    elif section in EXPRESSIONS:
        yield from filter(None, map(_expression, entries))


def _requests(given: dict[str, Any]) -> Iterator[str]:
    """The problems of the expressions for requests, taken together."""
    if not any(section in given for section in (PARTS, "frames", *ASKED)):
        return
    if not given.get(PARTS, {}).get("ours"):
        yield "parts.ours: is needed by the sections for requests"
        return
    try:
        Language(given).compiled()
    except KeyError as error:
        yield f"parts: no part is called {error.args[0]}"
    except (re.error, TypeError) as error:
        yield f"an expression for a request cannot be used: {error}"


@cache
def _expression(entry: str) -> str:
    """The problem of an expression; empty if there is none."""
    try:
        compiled = re.compile(entry)
    except re.error as error:
        return f"{entry!r} is not a regular expression: {error}"
    if compiled.groups:
        return f"{entry!r} has a group that captures: write (?: instead of ("
    return f"{entry!r} matches an empty text" if compiled.fullmatch("") else ""


def _line_of(path: Path, section: str, name: str) -> int:
    """The line number of a key in its section, or of the section if the key is missing."""
    within = ""
    found = 1
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith("["):
            within = line.strip("[] \t")
            found = number if within == section else found
        elif within == section and re.match(rf"\"?{re.escape(name)}\"?\s*=", line):
            return number
    return found
