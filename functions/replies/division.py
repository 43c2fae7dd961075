"""Divides a reply's lines into own words and quote: by shape, then by comparison with the original."""

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise

from replies.original.answered import Closest, Original
from replies.original.sent import LONG_MATCH, Compared
from replies.quotes.lines import Line, LineKind
from replies.quotes.sentences import COLONS, introduces_quote
from replies.signatures import is_device_line, is_warning

PASTED_WORDS, PASTED_SHARE = 25, 0.4
"""Unmarked text is a copy of our email if it has at least PASTED_WORDS of the email's words, and at least PASTED_SHARE
of all words of the email."""
OURS_SHARE = 0.3
"""A quote is of our email if at least this share of the quoted words is ours."""
SENTENCE = 12
"""Characters. A line that ends in a full stop and is shorter may be a greeting or a name."""
_SENTENCE_END = r"[.?!…。？！][\"”»’」)]*$"
_ADDRESS_OR_DIGIT = r"@|\d"

Kept = list[str | None]
"""For each line of a reply its text, or None if the line is not kept."""


def divide(lines: Sequence[Line], original: Original) -> tuple[Kept, Kept]:
    """Returns the own words, and the lines that only look quoted: they count if there are no own words."""
    if original and _marked_by_hand(lines, original):
        for line in lines:
            line.kind = LineKind.OWN
    kept, doubtful = _by_shape(lines, known=bool(original))
    if original:
        _remove_original([_Section(lines, places, original) for places in _sections(lines)], kept, doubtful)
    for at in range(1, len(lines)):  # a blank line below a kept line is kept as well
        if not lines[at].bare and kept[at] is None and kept[at - 1] is not None:
            kept[at] = ""
    return kept, doubtful


def _marked_by_hand(lines: Sequence[Line], original: Original) -> bool:
    """Whether the person typed the quote marks: our email is there without marks."""
    if {line.kind for line in lines} != {LineKind.OWN, LineKind.MARKED}:
        return False
    closest = original.closest([Compared(line.text, quoted=True) for line in lines])
    pairs = zip(lines, closest.rests, strict=True)
    marked = sum(rest.matched for line, rest in pairs if line.kind is LineKind.MARKED)
    return marked < LONG_MATCH and _has_most_of_email(closest)


def _has_most_of_email(closest: Closest) -> bool:
    """Whether lines hold so much of our email that they are a copy of it."""
    return closest.matched >= max(PASTED_WORDS, PASTED_SHARE * closest.size)


def _by_shape(lines: Sequence[Line], *, known: bool) -> tuple[Kept, Kept]:
    """Returns own words and doubtful lines by shape alone. `known` says whether we have the original."""
    header = next((at for at, line in enumerate(lines) if line.kind is LineKind.HEADER), None)
    doubtful = {LineKind.BELOW, LineKind.MARKED} if known or header is None else {LineKind.BELOW}
    by_hand = 0 if known or header is None or lines[header].depth else header
    kept: Kept = [line.text if line.kind is LineKind.OWN else None for line in lines]
    for at in range(by_hand):  # marks above a quote header are the person's: the mail program quotes below it
        kept[at] = lines[at].text
    for at in () if known else _introduced(lines, header):
        kept[at] = lines[at].text
    return kept, [line.text if line.kind in doubtful else None for line in lines]


def _introduced(lines: Sequence[Line], header: int | None) -> Iterator[int]:
    """Yields the quoted lines that belong to own words.

    The person introduces them, `This is what he sent me:`, or they stand between two of the person's sentences.
    """
    if header is None:
        said = [at for at, line in enumerate(lines) if line.kind is LineKind.OWN and line.bare]
        for start, end in pairwise(said):
            between = _ends_a_sentence(lines[start].bare) and _ends_a_sentence(lines[end].bare)
            yield from range(start + 1, end) if between or _introduces(lines[start].bare) else ()
    elif not lines[header].depth and not lines[header].bare.startswith("-"):
        yield from _introduced_without_marks(lines, header)


def _introduced_without_marks(lines: Sequence[Line], header: int) -> Iterator[int]:
    """Yields the lines of another mail that the person introduces, from its quote header on.

    It has no marks, so nothing shows where it ends, and the text after it may be the person's.
    """
    said = next((line for line in reversed(lines[:header]) if line.bare), None)
    if not said or said.kind is not LineKind.OWN or not _introduces(said.bare):
        return
    end = next((at for at in range(header, len(lines)) if lines[at].kind is LineKind.MARKED), len(lines))
    while end < len(lines) and (lines[end - 1].kind is LineKind.HEADER or not lines[end - 1].bare):
        end -= 1  # leave out the quote header of the marked quote
    yield from range(header, end)


def _introduces(line: str) -> bool:
    """Whether a line ends in a colon and is not a mail program's, such as `X <address>, 7:00:`."""
    return line.endswith(COLONS) and len(line.split()) >= 3 and not re.search(_ADDRESS_OR_DIGIT, line)


def _ends_a_sentence(line: str) -> bool:
    return len(line) >= SENTENCE and re.search(_SENTENCE_END, line) is not None


def _sections(lines: Sequence[Line]) -> Iterator[range]:
    """Yields the lines above the first quote, then those from each quote header to the next.

    The first quote may have no header. A line that a telephone adds counts as the beginning of a quote.
    """
    others = (at for at, line in enumerate(lines) if line.kind is not LineKind.OWN or is_device_line(line.text))
    starts = [0, next(others, len(lines))]
    for at in range(starts[1] + 1, len(lines)):
        if lines[at].kind is LineKind.HEADER and lines[at - 1].kind is not LineKind.HEADER:
            starts.append(at)
    yield from (range(start, end) for start, end in pairwise([*starts, len(lines)]) if start < end)


class _Section:
    """A section of a reply's lines, compared with our email."""

    def __init__(self, lines: Sequence[Line], places: range, original: Original) -> None:
        self.lines = lines
        self.places = places
        self.original = original
        self.is_unmarked = all(lines[at].kind is LineKind.OWN for at in places)
        self.is_written = self.is_unmarked and not is_device_line(lines[places.start].text)
        """Whether nothing shows that it is quoted."""

    @cached_property
    def body(self) -> list[int]:
        """The places of its lines, without quote headers."""
        return [at for at in self.places if self.lines[at].kind is not LineKind.HEADER]

    @cached_property
    def compared(self) -> list[Compared]:
        """These lines, prepared for the comparison."""
        lines = (self.lines[at] for at in self.body)
        return [Compared(line.text, self.is_unmarked or line.kind is not LineKind.OWN) for line in lines]

    @cached_property
    def closest(self) -> Closest:
        """What is left of these lines without our email."""
        return self.original.closest(self.compared)

    @cached_property
    def rests(self) -> list[tuple[int, str | None]]:
        """The place of each of these lines, and the text that is left of it."""
        return [(at, rest.text) for at, rest in zip(self.body, self.closest.rests, strict=True)]

    @cached_property
    def first_long_match(self) -> int | None:
        """The index, among these lines, of the first with many words of ours."""
        return next((at for at, rest in enumerate(self.closest.rests) if rest.matched >= LONG_MATCH), None)

    @property
    def holds_email(self) -> bool:
        """Whether the person pasted our email here."""
        enough = sum(len(line.words) for line in self.compared) >= PASTED_WORDS
        return enough and self.first_long_match is not None and _has_most_of_email(self.closest)

    @property
    def quotes_another_mail(self) -> bool:
        """Whether it quotes another mail: it has a quote header, and little of our email."""
        if not self.has_clear_header or self.first_long_match is not None:
            return False
        return self.closest.matched < OURS_SHARE * sum(len(line.words) for line in self.compared if line.quoted)

    @property
    def names_another_sender(self) -> bool:
        """Whether its quote header names an address that is not ours."""
        headers = (self.lines[at] for at in self.places if self.lines[at].kind is LineKind.HEADER)
        return self.original.names_somebody_else(" ".join(line.bare for line in headers))

    @property
    def has_clear_header(self) -> bool:
        """Whether its quote header has an address, a rule or two lines. For a marked quote, any header counts."""
        lines = [self.lines[at] for at in self.places]
        headers = [line.bare for line in lines if line.kind is LineKind.HEADER]
        marked = all(line.kind is not LineKind.BELOW for line in lines)
        return any("@" in line or "--" in line for line in headers) or len(headers) > (0 if marked else 1)

    @property
    def is_all_quoted(self) -> bool:
        """Whether it is all quote header and unmarked lines below one."""
        return all(self.lines[at].kind in (LineKind.BELOW, LineKind.HEADER) for at in self.places)

    @property
    def first_of_email(self) -> int:
        """The index of the first line of our email: its title, its greeting or the quote header above."""
        first = self.first_long_match or 0
        for at in range(first - 1, -1, -1):
            text, matched = self.closest.rests[at]
            if text is None and matched:
                first = at
            elif text and text.strip():
                return at if introduces_quote(text.strip()) else first
        return first


def _remove_original(sections: Sequence[_Section], kept: Kept, doubtful: Kept) -> None:
    """Removes our email from all sections.

    A quote of another mail is kept if the person seems to have inserted it: its lines have no quote marks and, in
    addition, its header names another sender or another section quotes our email. Otherwise its quoted lines are not
    kept.
    """
    quotes_ours = any(section.first_long_match is not None for section in sections if not section.is_unmarked)
    for section in sections:
        if section.is_written:
            _remove_pasted(section, kept)
        elif section.quotes_another_mail and section.is_all_quoted and (quotes_ours or section.names_another_sender):
            for at in section.places:
                kept[at] = section.lines[at].text
        else:
            _remove_quoted(section, kept, doubtful)


def _remove_pasted(section: _Section, kept: Kept) -> None:
    """Removes our email from lines without marks. If they hold little of it, they are all the person's."""
    for at, text in section.rests[section.first_of_email :] if section.holds_email else ():
        ours = text and (section.original.has_with_other_numbers(text) or introduces_quote(text.strip()))
        kept[at] = None if ours else text


def _remove_quoted(section: _Section, kept: Kept, doubtful: Kept) -> None:
    """Removes our email from a quote. The rest is an answer, unless the quote is of another mail."""
    another = section.quotes_another_mail
    for at, text in section.rests:
        own = section.lines[at].kind is LineKind.OWN
        if text is None or (not own and (is_warning(text) or section.original.has_with_other_numbers(text))):
            kept[at] = doubtful[at] = None
        elif own or not another:
            kept[at] = text
