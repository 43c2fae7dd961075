"""Every reply that a help notice advertises, in bold, as code or in capitals, must be obeyed."""

import re
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from pathlib import Path

import replies
from cli.check.finding import Finding
from replies.request import Decision, EmailKind, Request

HELP = "help.md.j2"
_SOME_DAY = date(2026, 11, 24)
"""The day of the reply; any day will do."""
_JINJA = r"\{[{%#].*?[}%#]\}"
_MARKED = r"\*\*(.+?)\*\*|`(.+?)`"
_STOPS = r"[,;!?()«»“”\"¡¿|*`]|[.:](?=\s|$)"
"""Ends a run of capitals; the point in a time does not."""
_ROW = r"\"?(?P<commands>[a-z][a-z -]*)\"? = "
"""A line of the front matter that says which commands it is about."""


def check(emails: Path) -> list[Finding]:
    """Advertised replies, in any language, that are not obeyed or obeyed as a command that their line is not about."""
    return [finding for path in sorted(emails.glob(f"*/notices/{HELP}")) for finding in _notice(path)]


def _notice(path: Path) -> Iterator[Finding]:
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        row = re.match(_ROW, line)
        about = set(row["commands"].split()) & set(Request.Command) if row else set[str]()
        for said in advertised(line):
            request = _obeyed(said)
            if request is None:
                where = "add it in functions/replies/languages/, or advertise other words"
                yield Finding(str(path), number, f"advertises {said}, but this reply is not obeyed: {where}")
            elif about and request.command not in about:
                yield Finding(str(path), number, f"advertises {said}, which is obeyed as {request.command}")


def _obeyed(said: str) -> Request | None:
    """The request in a reply of these words, to a lesson or to the way back; None if it is not obeyed."""
    found = (replies.decide(said, answered, _SOME_DAY) for answered in (EmailKind.LESSON, EmailKind.WAY_BACK))
    return next((one.request for one in found if one.kind is Decision.Kind.OBEY), None)


def advertised(line: str) -> list[str]:
    """The replies that a line advertises: its words in bold or as code, and its runs of words in capitals."""
    line = re.sub(_JINJA, " ", line)
    marked = [bold or code for bold, code in re.findall(_MARKED, line)]
    clauses = re.split(_STOPS, re.sub(_MARKED, ",", line))
    runs = (list(run) for clause in clauses for is_run, run in groupby(clause.split(), _is_loud) if is_run)
    return [*marked, *(" ".join(run) for run in runs if len(run[0]) > 1 and run[0].isupper())]


def _is_loud(word: str) -> bool:
    return word.isupper() or word[0].isdigit()
