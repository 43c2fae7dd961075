"""Finds the quote headers of a reply: the lines with which a mail program introduces a quote.

They are recognised by their shape and by a few words of each language.
"""

from collections.abc import Callable, Iterator, Sequence

from replies.quotes.blocks import end_of_block, end_of_unmarked_block, is_divider, label
from replies.quotes.sentences import (
    COLONS,
    MAX_HEADER,
    Evidence,
    end_of_sentence,
    evidence,
    has_date_and_time,
    introduces_quote,
    is_only_a_time,
    says_you_wrote,
)
from replies.tables import expression

_HEADLINE = (
    r"(?i)[-_=—]{3,}.{1,60}?[-_=—]{3,}|(?=.{0,60}(?:\d[./-]\d|«quotes.original»))"
    r"(?:[^\s.!?]+ ){0,3}«quotes.message spaced»(?: [^\s!?]+){0,4}"
)
"""A line that may stand right above a block. Without a block it is no quote header."""
_FORWARD = r"(?i)(?=.{0,60}«quotes.forwarded»)(?=.{0,60}«quotes.message»).{0,80}[:：]"

Labels = Sequence[str | None]
"""For each line, the kind of mail header that it is, or None."""
Shape = Callable[[Sequence[str], Labels, int], int | None]
"""Takes lines, their labels and an index. Returns the index after the quote header that starts there."""


def quote_headers(lines: Sequence[str], before_marks: Sequence[bool] = ()) -> Iterator[range]:
    """Yields the places of each quote header, in lines without quote marks and outer spaces.

    `before_marks` says for each line whether a marked quote follows it: less evidence is enough there.
    """
    labels = [label(line) for line in lines]
    index = 0
    while index < len(lines):
        end = _end(lines, labels, index) if 0 < len(lines[index]) <= MAX_HEADER else None
        if not end and before_marks and before_marks[index] and introduces_quote(lines[index]):
            end = index + 1
        if end:
            yield range(index, end)
        index = end or index + 1


def _end(lines: Sequence[str], labels: Labels, start: int) -> int | None:
    """Returns the index after the quote header that starts in this line, or None if none starts."""
    return next(filter(None, (shape(lines, labels, start) for shape in _SHAPES)), None)


def _divider(lines: Sequence[str], _labels: Labels, start: int) -> int | None:
    """`-----Original Message-----`."""
    if not lines[start].startswith("---") or not is_divider(lines[start]):
        return None
    return end_of_unmarked_block(lines, start + 1) or start + 1


def _forward_note(lines: Sequence[str], _labels: Labels, start: int) -> int | None:
    """`Forwarded message:`."""
    is_note = lines[start].endswith(COLONS) and expression(_FORWARD).fullmatch(lines[start])
    return start + 1 if is_note else None


def _block_below_headline(lines: Sequence[str], labels: Labels, start: int) -> int | None:
    """A block below `Original Message`, or below `On <date> <somebody> wrote`."""
    if labels[start] or not any(labels[start + 1 : start + 2]):
        return None
    line = lines[start]
    leads = expression(_HEADLINE).fullmatch(line) or evidence(f"{line}:") > Evidence.PART
    return end_of_block(lines, labels, start + 1) if leads else None


def _note(lines: Sequence[str], _labels: Labels, start: int) -> int | None:
    """`Original Message processed by …`, a subject with date and time, and `From X`, `To Y` without colons."""
    end = end_of_unmarked_block(lines, start + 2, fewest=2)
    is_note = end and has_date_and_time(lines[start + 1]) and expression(_HEADLINE).fullmatch(lines[start])
    return end if is_note else None


def _block_below_name(lines: Sequence[str], labels: Labels, start: int) -> int | None:
    """A sender's name and a date, each on a separate line, above `To: …`."""
    if labels[start + 2 : start + 3] != ["to"] or not is_only_a_time(lines[start + 1]):
        return None
    return end_of_block(lines, labels, start + 2, known=["from"]) if len(lines[start].split()) <= 5 else None


def _you_wrote(lines: Sequence[str], _labels: Labels, start: int) -> int | None:
    """`On 26 Nov 2026 you wrote:` as a separate paragraph. One that a person writes has more words."""
    alone = not any((*lines[max(0, start - 1) : start], *lines[start + 1 : start + 2]))
    return start + 1 if alone and says_you_wrote(lines[start]) else None


def _block(lines: Sequence[str], labels: Labels, start: int) -> int | None:
    """`From: …`, `Sent: …`, `To: …`."""
    return end_of_block(lines, labels, start) if labels[start] else None


_SHAPES: tuple[Shape, ...] = (
    _divider,
    _forward_note,
    _block_below_headline,
    _note,
    _block_below_name,
    end_of_sentence,
    _you_wrote,
    _block,
)
"""In the order in which they are tried. The first that fits says where the quote header ends."""
