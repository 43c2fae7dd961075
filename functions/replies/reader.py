"""What a person wrote in a reply: their own words, without the email that they answered.

We sent the original, so what is quoted of it can be told from what is new. Doubt keeps text: losing a person's
words is worse than keeping a quoted line.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby

from replies import auto_replies, mail
from replies.division import Kept, divide
from replies.original.answered import Answered
from replies.original.words import clearer, is_faithful
from replies.quotes.lines import Kind, lines_of
from replies.quotes.links import without_links
from replies.signatures import without_signature, without_warning

_SILENT = r"[\s>|*_=~•·–—-]*"


class Mail:
    """An inbound mail, parsed once. Raises UnreadableMail when it is over a bound, or sealed."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._message = mail.parse(raw)

    @cached_property
    def automatic(self) -> str | None:
        """Why no person wrote this mail, or None."""
        return auto_replies.automatic(self._message)

    @cached_property
    def sender(self) -> str:
        """The one address in the one From field, in lower case; empty when another could be taken for it."""
        return mail.sender(self._message) if mail.has_one_author(self.raw) else ""

    @cached_property
    def body(self) -> bytes:
        """The bytes below the headers, not decoded, each line ending in a line feed."""
        return self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]

    @cached_property
    def _plain(self) -> str:
        """The text; of alternatives the plain one."""
        return mail.visible_text(self._message)

    @cached_property
    def _html(self) -> str:
        """The text; of alternatives the HTML one."""
        return mail.visible_text(self._message, prefer="html") if mail.has_alternatives(self._message) else self._plain

    def header(self, name: str) -> str:
        """A header as text on one line, decoded; empty when the mail has none of this name."""
        return mail.header(self._message, name)

    def found(self, pattern: str) -> str:
        """The first place in the text that a regular expression matches; empty where none does.

        The text is one line without the marks of a quote: a mail program may have broken a line anywhere.
        """
        found = next(filter(None, (re.search(pattern, text) for text in self._unbroken)), None)
        return found[0] if found else ""

    def named(self, names: Sequence[str]) -> list[str]:
        """Those of the names that its text has, in whichever case: its HTML is read when the plain text has none."""
        texts = (text.casefold() for text in self._unbroken)
        return next(filter(None, ([name for name in names if name.casefold() in text] for text in texts)), [])

    @cached_property
    def _unbroken(self) -> list[str]:
        """Both texts, each on one line."""
        return [re.sub(r"[\s>|]+", " ", text) for text in (self._plain, self._html)]

    def own_words(self, original: str | None = None, original_html: str | None = None) -> str:
        """As `replies.own_words`. Raises UnreadableMail when the text has too many lines."""
        answered = Answered(original, original_html, self.header)
        readings = list(self._readings(answered))
        found = [reading for reading in readings if reading.own]
        if len(found) == 2:
            faithful = all(is_faithful(reading.text, answered.text) for reading in found)
            return clearer(*(reading.own for reading in found), faithful=faithful)
        return found[0].own if found else next((each.doubtful for each in readings if each.doubtful), "")

    @cached_property
    def words_without_original(self) -> str:
        """As `own_words` of a reply to an email that is not known. Raises UnreadableMail."""
        return self.own_words()

    def _readings(self, answered: Answered) -> Iterator["_Reading"]:
        """What the plain part says, and the HTML part, unless it has nothing to add."""
        plain = _Reading(self._plain, answered)
        yield plain
        complete = plain.is_above_all and is_faithful(plain.text, answered.text)
        if (not complete or mail.marks_signature(self._message)) and self._html != plain.text:
            yield _Reading(self._html, answered)


class _Reading:
    """What one text of a mail says, in reply to an email that we sent or to one that is not known."""

    def __init__(self, text: str, answered: Answered) -> None:
        self.text = text
        lines = lines_of(answered.parted(without_links(text, answered.links)))
        kept, doubted = divide(lines, answered)
        self.own = _joined(_without_additions(_runs(kept), bool(answered)))
        """The person's words."""
        self.doubtful = _joined(_runs(doubted) if answered else _runs(doubted)[:1])
        """What looks quoted, but may be theirs when there is nothing else."""
        quote = next((at for at, line in enumerate(lines) if line.kind is not Kind.OWN), len(lines))
        self.is_above_all = bool(self.own) and quote < len(lines) and not any(kept[quote:])
        """Whether all that is kept stands above a quote."""


def _without_additions(runs: Sequence[list[str]], original_known: bool) -> list[list[str]]:
    """The runs without warnings, signatures and what telephones add."""
    cleaned: list[list[str]] = []
    for at, run in enumerate(runs):
        lines = run if at else without_warning(run)
        lines = without_signature(lines, before=bool(cleaned), elsewhere=len(runs) > 1, original_known=original_known)
        if not _is_silent(lines):
            cleaned.append(lines)
    return cleaned


def _runs(lines: Kept) -> list[list[str]]:
    """The lines that stand together, as far as they say anything."""
    grouped = groupby(lines, key=lambda line: line is None)
    runs = ([line for line in group if line is not None] for _, group in grouped)
    return [run for run in runs if not _is_silent(run)]


def _is_silent(lines: Sequence[str]) -> bool:
    return all(re.fullmatch(_SILENT, line) for line in lines)


def _joined(runs: Sequence[Sequence[str]]) -> str:
    """The runs with a blank line between them, without rules and blank lines at their ends and a common margin."""
    joined: list[str] = []
    for run in runs:
        lines = [line.rstrip() for line in run]
        while lines and re.fullmatch(_SILENT, lines[-1]):
            lines.pop()
        while lines and not lines[0]:
            lines.pop(0)
        joined += ["", *lines] if joined else lines
    margin = min((len(line) - len(line.lstrip(" ")) for line in joined if line), default=0)
    return "\n".join(line[margin:] for line in joined)
