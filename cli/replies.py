"""The replies file of a simulation: what the subscriber writes, to which lesson, and how long after its arrival."""

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

AFTER = timedelta(hours=2)
LONGEST = timedelta(days=365)
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
DURATION = re.compile(r"(\d+)\s*([smhd])")


class RepliesError(Exception):
    """The file cannot be used. The message is one line that says what to change."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, sent the duration `after` the lesson of this round arrived."""

    lesson: str
    round: int
    after: timedelta
    text: str


def read(path: Path, lessons: list[str]) -> list[Reply]:
    """YAML: lesson id → text (first round, two hours later), or a list of {lesson, round, after, text}."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RepliesError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise RepliesError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if isinstance(content, dict):
        content = [{"lesson": lesson, "text": text} for lesson, text in content.items()]
    if not isinstance(content, list):
        raise RepliesError(f"{path}: must be lesson id → text, or a list of {{lesson, round, after, text}}")
    return [_reply(f"{path}: reply {number}", entry, lessons) for number, entry in enumerate(content, 1)]


def _reply(where: str, entry: Any, lessons: list[str]) -> Reply:
    if not isinstance(entry, dict):
        raise RepliesError(f"{where}: must be {{lesson, round, after, text}}")
    if unknown := sorted(str(key) for key in set(entry) - {"lesson", "round", "after", "text"}):
        raise RepliesError(f"{where}: unknown key {unknown[0]}: the keys are lesson, round, after and text")
    lesson, text, number = entry.get("lesson"), entry.get("text"), entry.get("round", 1)
    if lesson not in lessons:
        raise RepliesError(f"{where}: no lesson {lesson!r}: the course has {', '.join(lessons)}")
    if isinstance(text, bool):  # YAML reads an unquoted yes or no as true or false
        text = "yes" if text else "no"
    if not isinstance(text, str) or not text.strip():
        raise RepliesError(f"{where}: text is missing, or is not text")
    try:  # JSON is YAML too, but PyYAML does not join the two halves of "\\ud83c\\udf31"
        text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise RepliesError(f"{where}: text contains half a character") from error
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise RepliesError(f"{where}: round must be 1, 2, …, is {number!r}")
    return Reply(str(lesson), number, _duration(where, entry.get("after")), text)


def _duration(where: str, given: Any) -> timedelta:
    """Parses a duration such as 90m, 2h, 1d or 1h 30m."""
    if given is None:
        return AFTER
    parts = DURATION.findall(str(given))
    if not parts or DURATION.sub("", str(given)).strip():
        raise RepliesError(f"{where}: after must be like 90m, 2h or 1d, is {given!r}")
    try:
        after = sum((timedelta(**{UNITS[unit]: int(number)}) for number, unit in parts), timedelta())
    except OverflowError:
        after = timedelta.max
    if after > LONGEST:
        raise RepliesError(f"{where}: after must be at most {LONGEST.days}d, is {given!r}")
    return after
