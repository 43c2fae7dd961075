"""Which lines of a reply are the person's: told by their shape, then by comparison with the email that was answered."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from replies.original.answered import Answered, Closest
from replies.original.sent import Compared
from replies.quotes.lines import Kind, Line
from replies.quotes.sentences import COLONS, leads_in
from replies.signatures import is_device_line, is_warning

LONG = 5
"""Words of ours in one line that no person writes by chance."""
PASTED_WORDS, PASTED_SHARE = 25, 0.4
"""Words of ours, and the share of our email, from which on a text without any quote mark holds our email."""
OURS_SHARE = 0.3
"""Of the quoted words, from which on a quote is of our email."""
SENTENCE = 12
"""Letters from which on a line that ends in a full stop is more than a greeting or a name."""
_SENTENCE_END = r"[.?!…。？！][\"”»’」)]*$"
_OF_PROGRAM = r"@|\d"

Kept = list[str | None]
"""For each line of a reply its text, or None when it is not kept."""


def divide(lines: Sequence[Line], answered: Answered) -> tuple[Kept, Kept]:
    """What is the person's, and what is quoted by its shape alone: wanted only when there is nothing else."""
    if answered and _marked_by_hand(lines, answered):
        for line in lines:
            line.kind = Kind.OWN
    kept, doubted = _by_shape(lines, known=bool(answered))
    if answered:
        _take_out([_Section(lines, places, answered) for places in _sections(lines)], kept, doubted)
    for at in range(1, len(lines)):  # a blank line after one that was written is theirs as well
        if not lines[at].bare and kept[at] is None and kept[at - 1] is not None:
            kept[at] = ""
    return kept, doubted


def _marked_by_hand(lines: Sequence[Line], answered: Answered) -> bool:
    """Whether the marks are the person's own: our email stands without any, and no word of it behind them."""
    if {line.kind for line in lines} != {Kind.OWN, Kind.MARKED}:
        return False
    closest = answered.closest([Compared(line.text, quoted=True) for line in lines])
    pairs = zip(lines, closest.rests, strict=True)
    return sum(rest.matched for line, rest in pairs if line.kind is Kind.MARKED) < LONG and _is_most(closest)


def _is_most(closest: Closest) -> bool:
    """Whether lines hold so much of our email that they quote it."""
    return closest.matched >= max(PASTED_WORDS, PASTED_SHARE * closest.size)


def _by_shape(lines: Sequence[Line], *, known: bool) -> tuple[Kept, Kept]:
    """What is the person's and what is doubtful, before anything is compared with an email that is `known`."""
    header = next((at for at, line in enumerate(lines) if line.kind is Kind.HEADER), None)
    doubted = {Kind.BELOW, Kind.MARKED} if known or header is None else {Kind.BELOW}
    by_hand = 0 if known or header is None or lines[header].depth else header
    kept: Kept = [line.text if line.kind is Kind.OWN else None for line in lines]
    for at in range(by_hand):  # a mark is the person's own: what the mail program quotes is further down
        kept[at] = lines[at].text
    for at in () if known else _led_in(lines, header):
        kept[at] = lines[at].text
    return kept, [line.text if line.kind in doubted else None for line in lines]


def _led_in(lines: Sequence[Line], header: int | None) -> Iterator[int]:
    """What the person leads in, `This is what he sent me:`, and what stands between two sentences of theirs."""
    if header is None:
        said = [at for at, line in enumerate(lines) if line.kind is Kind.OWN and line.bare]
        for start, end in pairwise(said):
            between = _ends_a_sentence(lines[start].bare) and _ends_a_sentence(lines[end].bare)
            yield from range(start + 1, end) if between or _leads(lines[start].bare) else ()
    elif not lines[header].depth and not lines[header].bare.startswith("-"):
        yield from _led_in_without_marks(lines, header)


def _led_in_without_marks(lines: Sequence[Line], header: int) -> Iterator[int]:
    """Another mail, from its quote header on: nothing tells where it ends, and what follows may be theirs."""
    said = next((line for line in reversed(lines[:header]) if line.bare), None)
    if not said or said.kind is not Kind.OWN or not _leads(said.bare):
        return
    end = next((at for at in range(header, len(lines)) if lines[at].kind is Kind.MARKED), len(lines))
    while end < len(lines) and (lines[end - 1].kind is Kind.HEADER or not lines[end - 1].bare):
        end -= 1  # the quote header of what is marked
    yield from range(header, end)


def _leads(line: str) -> bool:
    """Whether a line ends in a colon, and is no `X <address>, 7:00:` of a mail program."""
    return line.endswith(COLONS) and len(line.split()) >= 3 and not re.search(_OF_PROGRAM, line)


def _ends_a_sentence(line: str) -> bool:
    return len(line) >= SENTENCE and re.search(_SENTENCE_END, line) is not None


def _sections(lines: Sequence[Line]) -> Iterator[range]:
    """What stands before the first quote, and each stretch from one quote header (or bare quote) to the next."""
    others = (at for at, line in enumerate(lines) if line.kind is not Kind.OWN or is_device_line(line.text))
    starts = [0, next(others, len(lines))]
    for at in range(starts[1] + 1, len(lines)):
        if lines[at].kind is Kind.HEADER and lines[at - 1].kind is not Kind.HEADER:
            starts.append(at)
    yield from (range(start, end) for start, end in pairwise([*starts, len(lines)]) if start < end)


class _Section:
    """A stretch of lines, and what our email leaves of it."""

    def __init__(self, lines: Sequence[Line], places: range, answered: Answered) -> None:
        self.lines = lines
        self.places = places
        self.answered = answered
        self.is_unmarked = all(lines[at].kind is Kind.OWN for at in places)
        self.is_written = self.is_unmarked and not is_device_line(lines[places.start].text)
        """Whether nothing tells that it is quoted."""

    @cached_property
    def shown(self) -> list[int]:
        """The lines but for quote headers."""
        return [at for at in self.places if self.lines[at].kind is not Kind.HEADER]

    @cached_property
    def compared(self) -> list[Compared]:
        """The same as they are compared."""
        lines = (self.lines[at] for at in self.shown)
        return [Compared(line.text, self.is_unmarked or line.kind is not Kind.OWN) for line in lines]

    @cached_property
    def closest(self) -> Closest:
        """What our email leaves of them."""
        return self.answered.closest(self.compared)

    @cached_property
    def left(self) -> list[tuple[int, str | None]]:
        """Where they are, and what is left of each."""
        return [(at, rest.text) for at, rest in zip(self.shown, self.closest.rests, strict=True)]

    @cached_property
    def first_long(self) -> int | None:
        """Which of them is the first with many words of ours."""
        return next((at for at, rest in enumerate(self.closest.rests) if rest.matched >= LONG), None)

    @property
    def holds_email(self) -> bool:
        """Whether our email was pasted here."""
        enough = sum(len(line.words) for line in self.compared) >= PASTED_WORDS
        return enough and self.first_long is not None and _is_most(self.closest)

    @property
    def is_of_another(self) -> bool:
        """Whether it quotes another mail: there is a quote header, and little of our email."""
        if not self.has_header or self.first_long is not None:
            return False
        return self.closest.matched < OURS_SHARE * sum(len(line.words) for line in self.compared if line.quoted)

    @property
    def names_another(self) -> bool:
        """Whether its quote header names an address that is not ours."""
        headers = (self.lines[at] for at in self.places if self.lines[at].kind is Kind.HEADER)
        return self.answered.is_another_in(" ".join(line.bare for line in headers))

    @property
    def has_header(self) -> bool:
        """Whether it has a quote header with an address or a rule, or one of any kind, if its quote is marked."""
        lines = [self.lines[at] for at in self.places]
        headers = [line.bare for line in lines if line.kind is Kind.HEADER]
        marked = all(line.kind is not Kind.BELOW for line in lines)
        return any("@" in line or "--" in line for line in headers) or len(headers) > (0 if marked else 1)

    @property
    def is_all_quoted(self) -> bool:
        """Whether all of it stands below a quote header, without any marks."""
        return all(self.lines[at].kind in (Kind.BELOW, Kind.HEADER) for at in self.places)

    @property
    def first_of_email(self) -> int:
        """From the first long line of ours upwards: title, greeting and the line that leads in are not the person's."""
        first = self.first_long or 0
        for at in range(first - 1, -1, -1):
            text, matched = self.closest.rests[at]
            if text is None and matched:
                first = at
            elif text and text.strip():
                return at if leads_in(text.strip()) else first
        return first


def _take_out(sections: Sequence[_Section], kept: Kept, doubted: Kept) -> None:
    """Takes what we sent out of the sections.

    One that quotes another mail is left as it is; without marks, and when it names another's address or ours is quoted
    as well, the person has put the other one there.
    """
    quotes_ours = any(section.first_long is not None for section in sections if not section.is_unmarked)
    for section in sections:
        if section.is_written:
            _take_out_pasted(section, kept)
        elif section.is_of_another and section.is_all_quoted and (quotes_ours or section.names_another):
            for at in section.places:
                kept[at] = section.lines[at].text
        else:
            _take_out_quoted(section, kept, doubted)


def _take_out_pasted(section: _Section, kept: Kept) -> None:
    """Takes our email out of lines without marks, which are the person's unless they have much of it."""
    for at, text in section.left[section.first_of_email :] if section.holds_email else ():
        gone = text and (section.answered.has_with_other_numbers(text) or leads_in(text.strip()))
        kept[at] = None if gone else text


def _take_out_quoted(section: _Section, kept: Kept, doubted: Kept) -> None:
    """Takes our email out of a quote; what is left is an answer, unless another mail is quoted."""
    another = section.is_of_another
    for at, text in section.left:
        own = section.lines[at].kind is Kind.OWN
        if text is None or (not own and (is_warning(text) or section.answered.has_with_other_numbers(text))):
            kept[at] = doubted[at] = None
        elif own or not another:
            kept[at] = text
