"""What a person wrote in a reply: their own words, without the email that they answered.

We sent the original, so what is quoted of it can be told from what is new. Doubt keeps text: losing a person's
words is worse than keeping a quoted line.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby, pairwise

from replies import auto_replies, mail
from replies.html_text import html_to_text
from replies.original import Compared, Rest, Sent
from replies.quotes import Kind, Line, lines_of
from replies.signatures import is_device_line, is_warning, without_signature, without_warning

LONG = 5
"""Words of ours in one line that no person writes by chance."""
PASTED_WORDS, PASTED_SHARE = 25, 0.4
"""Words of ours, and the share of our email, from which on a text without any quote mark holds our email."""
OURS_SHARE = 0.3
"""Of the quoted words, from which on a quote is of our email."""

_SILENT = r"[\s>|*_=~•·–—-]*"

Kept = list[str | None]
"""For each line of a reply its text, or None when it is not kept."""


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
        """The one address in From, in lower case; empty when there is none, or a second one."""
        return mail.sender(self._message)

    @cached_property
    def body(self) -> bytes:
        """The bytes below the headers, not decoded, each line ending in a line feed."""
        return self.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]

    def header(self, name: str) -> str:
        """A header as text on one line, decoded; empty when the mail has none of this name."""
        return mail.header(self._message, name)

    def own_words(self, original: str | None = None, original_html: str | None = None) -> str:
        """The person's own new words, line breaks kept; empty when there are none.

        `original` is the email that they answered as text, `original_html` the same as HTML. Raises UnreadableMail
        when the text has too many lines.
        """
        html = html_to_text(original_html, everything=True) if original_html else None
        sent = [Sent(text) for text in (original, html) if text]
        doubtful: list[list[str]] = []
        seen: str | None = None
        for prefer in ("plain", "html"):
            text = mail.visible_text(self._message, prefer=prefer)
            if text == seen:
                break
            seen, lines = text, lines_of(text)
            kept, doubted = _divide(lines, sent)
            if own := _joined(_without_additions(_runs(kept), bool(sent))):
                return own
            doubtful = doubtful or (_runs(doubted) if sent else _runs(doubted)[:1])
        return _joined(doubtful)


def _divide(lines: Sequence[Line], sent: Sequence[Sent]) -> tuple[Kept, Kept]:
    """What is the person's, and what is quoted by its shape alone: wanted only when there is nothing else."""
    kept, doubted = _by_shape(lines, known=bool(sent))
    for section in _sections(lines) if sent else ():
        _Section(lines, section, sent).subtract(kept, doubted)
    for at in range(1, len(lines)):  # a blank line after one that was written is theirs as well
        if not lines[at].bare and kept[at] is None and kept[at - 1] is not None:
            kept[at] = ""
    return kept, doubted


def _by_shape(lines: Sequence[Line], *, known: bool) -> tuple[Kept, Kept]:
    """What is the person's and what is doubtful, before anything is compared with an email that is `known`."""
    kept: Kept = [line.text if line.kind is Kind.OWN else None for line in lines]
    doubted: Kept = [line.text if line.kind is Kind.BELOW else None for line in lines]
    header = next((at for at, line in enumerate(lines) if line.kind is Kind.HEADER), None)
    for at, line in enumerate(lines):
        if line.kind is Kind.MARKED and (known or header is None):
            doubted[at] = line.text
        elif line.kind is Kind.MARKED and header is not None and at < header and not lines[header].depth:
            kept[at] = line.text  # marked by hand: what the mail program quotes is further down
    return kept, doubted


def _sections(lines: Sequence[Line]) -> Iterator[range]:
    """What stands before the first quote, and each stretch from one quote header (or bare quote) to the next."""
    others = (at for at, line in enumerate(lines) if line.kind is not Kind.OWN or is_device_line(line.text))
    starts = [0, next(others, len(lines))]
    for at in range(starts[1] + 1, len(lines)):
        if lines[at].kind is Kind.HEADER and lines[at - 1].kind is not Kind.HEADER:
            starts.append(at)
    yield from (range(start, end) for start, end in pairwise([*starts, len(lines)]) if start < end)


class _Section:
    """A stretch of a reply, compared with each form of the email that we sent; the closest form counts."""

    def __init__(self, lines: Sequence[Line], section: range, sent: Sequence[Sent]) -> None:
        self._lines = lines
        self._start = section.start
        self._sent = sent
        self._headers = [lines[at].bare for at in section if lines[at].kind is Kind.HEADER]
        self._places = [at for at in section if lines[at].kind is not Kind.HEADER]
        self._unmarked = all(lines[at].kind is Kind.OWN for at in section)
        compared = [Compared(lines[at].text, self._unmarked or lines[at].kind is not Kind.OWN) for at in self._places]
        renderings = [(each.subtract(compared), len(each)) for each in sent]
        self._rests, self._sent_words = max(
            renderings, key=lambda rendering: sum(matched for _, matched in rendering[0])
        )
        self._ours = sum(matched for _, matched in self._rests)
        """Words of the section that we sent."""
        self._quoted = sum(len(line.words) for line in compared if line.quoted)
        long = (at for at, (_, matched) in enumerate(self._rests) if matched >= LONG)
        self._first_long = next(long, None)
        """The first line of which so many words are ours that no person wrote it by chance."""

    def subtract(self, kept: Kept, doubted: Kept) -> None:
        """Takes what we sent out of the section; one that quotes another mail is left as it is."""
        if self._unmarked and not is_device_line(self._lines[self._start].text):
            self._subtract_unmarked(kept)
            return
        another = self._quotes_another_mail()
        for at, (text, _) in zip(self._places, self._rests, strict=True):
            own = self._lines[at].kind is Kind.OWN
            if text is None or (not own and (is_warning(text) or self._is_renumbered(text))):
                kept[at] = doubted[at] = None
            elif own or not another:
                kept[at] = text

    def _subtract_unmarked(self, kept: Kept) -> None:
        """Takes our email out where no mark or header shows it, if most of it is there."""
        if self._first_long is None or self._ours < max(PASTED_WORDS, PASTED_SHARE * self._sent_words):
            return
        for at, (text, _) in list(zip(self._places, self._rests, strict=True))[self._first_long :]:
            kept[at] = None if text and self._is_renumbered(text) else text

    def _quotes_another_mail(self) -> bool:
        """Whether the section has a quote header, be it a short one, and its quote is not of our email."""
        if self._first_long is not None or self._ours >= OURS_SHARE * self._quoted:
            return False
        marked = all(self._lines[at].kind is not Kind.BELOW for at in self._places)
        named = any("@" in line or "--" in line for line in self._headers)
        return named or len(self._headers) > (0 if marked else 1)

    def _is_renumbered(self, text: str) -> bool:
        return any(each.has_with_other_numbers(text) for each in self._sent)


def _matched(rests: Sequence[Rest]) -> int:
    return sum(matched for _, matched in rests)


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
    runs = [[line for line in group if line is not None] for absent, group in grouped if not absent]
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
