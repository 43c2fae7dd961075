"""Reads the own words of a reply: its text without quotes, signatures and mail programs' lines.

We sent the original, so we can tell its words from new ones. In doubt, text is kept: losing a person's words is worse
than keeping a quoted line.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby

from replies import auto_replies, mail
from replies.division import Kept, divide
from replies.original.answered import Original
from replies.original.words import clearer, is_faithful
from replies.quotes.lines import LineKind, lines_of
from replies.quotes.links import without_links
from replies.signatures import without_signature, without_warning

_NO_WORDS = r"[\s>|*_=~•·–—-]*"
"""Matches a line of spaces, quote marks, bullets and rules."""


class Mail:
    """An inbound mail, parsed once. Raises UnreadableMail when it exceeds a limit or is encrypted."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._message = mail.parse(raw)

    @cached_property
    def automatic(self) -> str | None:
        """Why no person wrote this mail; None if a person did."""
        return auto_replies.automatic(self._message)

    @cached_property
    def sender(self) -> str:
        """The only address in the only From field, in lower case; empty if there may be another."""
        return mail.sender(self._message) if mail.has_one_author(self.raw) else ""

    @cached_property
    def body(self) -> bytes:
        """The bytes below the headers, not decoded, with line feeds as line ends."""
        return self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]

    @cached_property
    def _plain(self) -> str:
        """The visible text; of alternatives, the plain part."""
        return mail.visible_text(self._message)

    @cached_property
    def _html(self) -> str:
        """The visible text; of alternatives, the HTML part."""
        return mail.visible_text(self._message, prefer="html") if mail.has_alternatives(self._message) else self._plain

    def header(self, name: str) -> str:
        """Returns a header, decoded, on one line; empty when the mail has no header of this name."""
        return mail.header(self._message, name)

    def found(self, pattern: str) -> str:
        """Returns the first match of a regular expression in the text; empty if there is none.

        The text is searched as one line without quote marks, because a mail program may break a line anywhere.
        """
        found = re.search(pattern, self._plain_line) or re.search(pattern, self._html_line)
        return found[0] if found else ""

    def named(self, names: Sequence[str]) -> list[str]:
        """Returns the names that the text contains, in upper or lower case.

        The HTML is searched only if the plain text has none.
        """
        return _named(self._plain_line, names) or _named(self._html_line, names)

    @cached_property
    def _plain_line(self) -> str:
        """The plain text on one line, without quote marks."""
        return _on_one_line(self._plain)

    @cached_property
    def _html_line(self) -> str:
        """The HTML text on one line, without quote marks."""
        return _on_one_line(self._html)

    def own_words(self, original: str | None = None, original_html: str | None = None) -> str:
        """Does the work of `replies.own_words`. Raises UnreadableMail when the text has too many lines."""
        email = Original(original, original_html, self.header)
        readings = list(self._readings(email))
        found = [reading for reading in readings if reading.own]
        if len(found) == 2:
            faithful = all(is_faithful(reading.text, email.text) for reading in found)
            return clearer(*(reading.own for reading in found), faithful=faithful)
        return found[0].own if found else next((each.doubtful for each in readings if each.doubtful), "")

    @cached_property
    def words_without_original(self) -> str:
        """The own words as they are read without the original. Raises UnreadableMail."""
        return self.own_words()

    def _readings(self, original: Original) -> Iterator["_Reading"]:
        """Reads the plain part, and also the HTML part unless it has nothing to add."""
        plain = _Reading(self._plain, original)
        yield plain
        complete = plain.is_all_above_quote and is_faithful(plain.text, original.text)
        if (not complete or mail.marks_signature(self._message)) and self._html != plain.text:
            yield _Reading(self._html, original)


def _on_one_line(text: str) -> str:
    return re.sub(r"[\s>|]+", " ", text)


def _named(text: str, names: Sequence[str]) -> list[str]:
    folded = text.casefold()
    return [name for name in names if name.casefold() in folded]


class _Reading:
    """One text of a mail, divided into own words and quote. The original may be unknown."""

    def __init__(self, text: str, original: Original) -> None:
        self.text = text
        lines = lines_of(original.with_line_breaks(without_links(text, original.links)))
        kept, doubtful = divide(lines, original)
        self.own = _joined(_without_additions(_runs(kept), bool(original)))
        """The own words."""
        self.doubtful = _joined(_runs(doubtful) if original else _runs(doubtful)[:1])
        """Text that looks quoted. It counts as own words if there are no others."""
        quote = next((at for at, line in enumerate(lines) if line.kind is not LineKind.OWN), len(lines))
        self.is_all_above_quote = bool(self.own) and quote < len(lines) and not any(kept[quote:])
        """Whether there are own words and a quote, and all own words stand above the quote."""


def _without_additions(runs: Sequence[list[str]], original_known: bool) -> list[list[str]]:
    """Returns the runs without warnings, signatures and the lines that telephones add."""
    cleaned: list[list[str]] = []
    for at, run in enumerate(runs):
        lines = run if at else without_warning(run)
        lines = without_signature(lines, before=bool(cleaned), elsewhere=len(runs) > 1, original_known=original_known)
        if not _has_no_words(lines):
            cleaned.append(lines)
    return cleaned


def _runs(lines: Kept) -> list[list[str]]:
    """Groups consecutive kept lines into runs, and leaves out runs without words."""
    grouped = groupby(lines, key=lambda line: line is None)
    runs = ([line for line in group if line is not None] for _, group in grouped)
    return [run for run in runs if not _has_no_words(run)]


def _has_no_words(lines: Sequence[str]) -> bool:
    return all(re.fullmatch(_NO_WORDS, line) for line in lines)


def _joined(runs: Sequence[Sequence[str]]) -> str:
    """Joins the runs, with a blank line between them.

    Outer blank lines, rules at the end of a run, and a common margin are removed.
    """
    joined: list[str] = []
    for run in runs:
        lines = [line.rstrip() for line in run]
        while lines and re.fullmatch(_NO_WORDS, lines[-1]):
            lines.pop()
        while lines and not lines[0]:
            lines.pop(0)
        joined += ["", *lines] if joined else lines
    margin = min((len(line) - len(line.lstrip(" ")) for line in joined if line), default=0)
    return "\n".join(line[margin:] for line in joined)
