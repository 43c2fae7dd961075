"""The helplines: each number must have its source and the day on which somebody last called it."""

import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from cli.check.finding import Finding
from content.countries import countries

PLAIN_PAGE = Path(__file__).parents[2] / "functions" / "pages" / "plain" / "around.html"
VERIFIED_FOR = timedelta(days=180)
COUNTRY = ("name", "emergency", "last_verified", "code")
LINE = ("name", "number", "for_whom", "source")
DIRECTORY = ("name", "url", "source", "last_verified")


def check(emails: Path) -> list[Finding]:
    """Findings for missing keys, wrong country codes, and numbers that the plain page lacks.

    The plain page is shown when `emails/` cannot be read.
    """
    path = emails / "helplines.toml"
    lacking = [
        Finding(str(path), line, f"“{entry.get('name', '')}” has no {key}: a number without it cannot be trusted")
        for line, entry, keys in _entries(path)
        for key in keys
        if not entry.get(key)
    ]
    plain = PLAIN_PAGE.read_text("utf-8")
    lacking += [
        Finding(str(path), line, f"{entry[key]} of “{entry['name']}” is missing in functions/pages/plain/around.html")
        for line, entry, _ in _entries(path)
        for key in ("emergency", "number")
        if entry.get(key) and entry[key] not in plain
    ]
    codes = [entry["code"] for _, entry, _ in _entries(path) if entry.get("code")]
    return lacking + [
        Finding(str(path), line, f"“{code}” of “{entry.get('name', '')}” is not a country's code, or is used twice")
        for line, entry, _ in _entries(path)
        if (code := entry.get("code")) and (code not in countries() or codes.count(code) > 1)
    ]


def stale(emails: Path, today: date) -> list[Finding]:
    """Entries that were never verified, or too long ago. They are warnings, and do not fail the check.

    A line without its own day was verified with its country.
    """
    path = emails / "helplines.toml"
    return [
        Finding(str(path), line, f"“{entry['name']}” was {last}: call, and set last_verified to the day of the call")
        for line, entry, _ in _entries(path)
        if (last := _too_long_ago(entry.get("last_verified"), today))
    ]


def _too_long_ago(verified: object, today: date) -> str:
    """When it was last verified, if too long ago; otherwise empty. A value that is not a day means never."""
    if isinstance(verified, date):
        return f"last verified on {verified}" if today - verified > VERIFIED_FOR else ""
    return "never verified" if verified else ""


def _entries(path: Path) -> Iterator[tuple[int, dict[str, Any], tuple[str, ...]]]:
    """Every country, line and the directory in file order: its heading's line number, itself, its required keys."""
    source = path.read_text("utf-8")
    given = tomllib.loads(source)
    numbers = {kind: _headings(source, kind) for kind in ("[[country]]", "[[country.line]]", "[directory]")}
    for country in given.get("country", []):
        yield next(numbers["[[country]]"], 1), country, COUNTRY
        for line in country.get("line", []):
            yield next(numbers["[[country.line]]"], 1), line, LINE
    yield next(numbers["[directory]"], 1), given.get("directory", {}), DIRECTORY


def _headings(source: str, heading: str) -> Iterator[int]:
    return (number for number, line in enumerate(source.splitlines(), 1) if line.strip() == heading)
