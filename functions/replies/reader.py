"""What a person wrote in a reply: their own words, without the email that they answered.

We sent the original, so what is quoted of it can be told from what is new. Doubt keeps text: losing a person's
words is worse than keeping a quoted line.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, cached_property, partial
from itertools import groupby, pairwise

from replies import auto_replies, mail
from replies.html_text import html_to_text
from replies.original import Compared, Rest, Sent, clearer, is_faithful
from replies.quotes.lines import Kind, Line, lines_of
from replies.quotes.links import links, without_links
from replies.quotes.sentences import leads_in
from replies.signatures import is_device_line, is_warning, without_signature, without_warning

LONG = 5
"""Words of ours in one line that no person writes by chance."""
PASTED_WORDS, PASTED_SHARE = 25, 0.4
"""Words of ours, and the share of our email, from which on a text without any quote mark holds our email."""
OURS_SHARE = 0.3
"""Of the quoted words, from which on a quote is of our email."""

_SILENT = r"[\s>|*_=~•·–—-]*"

Kept = list[str | None]  # for each line of a reply its text, or None when it is not kept


class Mail:
    """An inbound mail, parsed once. Raises UnreadableMail when it is over a bound, or sealed."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self._message = mail.parse(raw)
        self._text = cache(partial(mail.visible_text, self._message))

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
        """As `replies.own_words`. Raises UnreadableMail when the text has too many lines."""
        html = html_to_text(original_html, everything=True) if original_html else None
        sent = [Sent(text) for text in (original, html) if text]
        ours = links(original or "") | links(original_html or "")
        doubtful: list[list[str]] = []
        found: list[str] = []
        seen: str | None = None
        faithful = True
        for prefer in ("plain", "html"):
            text = self._text(prefer=prefer)
            if text == seen:
                break
            seen, shown = text, without_links(text, ours)
            lines = lines_of(sent[0].parted(shown) if sent else shown)
            kept, doubted = _divide(lines, sent)
            if own := _joined(_without_additions(_runs(kept), bool(sent))):
                found.append(own)
                faithful = faithful and is_faithful(text, original or "")
                if _is_above_all(lines, kept) and faithful and b"signature" not in self.raw:
                    break
            doubtful = doubtful or (_runs(doubted) if sent else _runs(doubted)[:1])
        return clearer(*found, faithful=faithful) if len(found) == 2 else (found or [_joined(doubtful)])[0]


def _is_above_all(lines: Sequence[Line], kept: Kept) -> bool:
    """Whether all that is kept stands above a quote: then the other part of the mail has nothing to add."""
    quote = next((at for at, line in enumerate(lines) if line.kind is not Kind.OWN), len(lines))
    return quote < len(lines) and not any(kept[quote:])


def _divide(lines: Sequence[Line], sent: Sequence[Sent]) -> tuple[Kept, Kept]:
    """What is the person's, and what is quoted by its shape alone: wanted only when there is nothing else."""
    if sent and _marked_by_hand(lines, sent):
        for line in lines:
            line.kind = Kind.OWN
    kept, doubted = _by_shape(lines, known=bool(sent))
    if sent:
        _subtract(lines, [_Section(lines, places, sent) for places in _sections(lines)], sent, kept, doubted)
    for at in range(1, len(lines)):  # a blank line after one that was written is theirs as well
        if not lines[at].bare and kept[at] is None and kept[at - 1] is not None:
            kept[at] = ""
    return kept, doubted


def _marked_by_hand(lines: Sequence[Line], sent: Sequence[Sent]) -> bool:
    """Whether the marks are the person's own: our email stands without any, and no word of it behind them."""
    if {line.kind for line in lines} != {Kind.OWN, Kind.MARKED}:
        return False
    compared = [Compared(line.text, quoted=True) for line in lines]
    rests, size = _closest(compared, sent)
    marked = sum(matched for line, (_, matched) in zip(lines, rests, strict=True) if line.kind is Kind.MARKED)
    return marked < LONG and _matched(rests) >= max(PASTED_WORDS, PASTED_SHARE * size)


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
    """A stretch of lines, compared with each form of our email: the closest form counts."""

    def __init__(self, lines: Sequence[Line], places: range, sent: Sequence[Sent]) -> None:
        self.places = places
        self.unmarked = all(lines[at].kind is Kind.OWN for at in places)
        self.has_header = _has_header([lines[at] for at in places])
        shown = [at for at in places if lines[at].kind is not Kind.HEADER]
        compared = [Compared(lines[at].text, self.unmarked or lines[at].kind is not Kind.OWN) for at in shown]
        self.rests, size = _closest(compared, sent)
        self.left = [(at, text) for at, (text, _) in zip(shown, self.rests, strict=True)]
        """The lines but for headers, with what is left of each."""
        self.first_long = next((at for at, (_, matched) in enumerate(self.rests) if matched >= LONG), None)
        ours = _matched(self.rests)
        self.is_pasted = self.first_long is not None and ours >= max(PASTED_WORDS, PASTED_SHARE * size)
        quoted = sum(len(line.words) for line in compared if line.quoted)
        self.is_ours = self.first_long is not None or ours >= OURS_SHARE * quoted


def _closest(compared: Sequence[Compared], sent: Sequence[Sent]) -> tuple[list[Rest], int]:
    """What is left of the lines by the form of our email that has most of their words, and that form's length."""
    return max(((each.subtract(compared), len(each)) for each in sent), key=lambda found: _matched(found[0]))


def _subtract(
    lines: Sequence[Line], sections: Sequence[_Section], sent: Sequence[Sent], kept: Kept, doubted: Kept
) -> None:
    """Takes what we sent out of the sections.

    One that quotes another mail is left as it is; when ours is quoted as well, the person has put the other one there.
    One without marks that has little of our email is the person's.
    """
    quotes_ours = any(section.first_long is not None and not section.unmarked for section in sections)
    for section in sections:
        if section.unmarked and not is_device_line(lines[section.places.start].text):
            first = _first_of_ours(section.rests, section.first_long or 0) if section.is_pasted else len(section.left)
            for at, text in section.left[first:]:
                kept[at] = None if text and (_is_renumbered(text, sent) or leads_in(text.strip())) else text
            continue
        another = section.has_header and not section.is_ours
        if another and quotes_ours and all(lines[at].kind in (Kind.BELOW, Kind.HEADER) for at in section.places):
            for at in section.places:
                kept[at] = lines[at].text
            continue
        for at, text in section.left:
            own = lines[at].kind is Kind.OWN
            if text is None or (not own and (is_warning(text) or _is_renumbered(text, sent))):
                kept[at] = doubted[at] = None
            elif own or not another:
                kept[at] = text


def _first_of_ours(rests: Sequence[Rest], first_long: int) -> int:
    """From the first long line of ours upwards: title, greeting and the line that leads in are not the person's."""
    first = first_long
    for at in range(first_long - 1, -1, -1):
        text, matched = rests[at]
        if text is None and matched:
            first = at
        elif text and text.strip():
            return at if leads_in(text.strip()) else first
    return first


def _has_header(section: Sequence[Line]) -> bool:
    """Whether a section has a quote header with an address or a rule, or one of any kind, if its quote is marked."""
    headers = [line.bare for line in section if line.kind is Kind.HEADER]
    marked = all(line.kind is not Kind.BELOW for line in section)
    return any("@" in line or "--" in line for line in headers) or len(headers) > (0 if marked else 1)


def _is_renumbered(text: str, sent: Sequence[Sent]) -> bool:
    return any(each.has_with_other_numbers(text) for each in sent)


def _matched(rests: Sequence[Rest]) -> int:
    """Words of these lines that we sent."""
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
