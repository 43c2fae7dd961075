"""The lines of a reply, and which of them are quoted: marked with `>`, or below a quote header."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from replies.quotes.headers import quote_headers
from replies.quotes.mending import mended
from replies.tables import expression


class LineKind(Enum):
    """What a line is, by its shape."""

    OWN = "own"
    HEADER = "header"
    MARKED = "marked"
    BELOW = "below"


_MARKS = r"[ \t]{0,4}(?:[A-Z]{1,3}(?=>))?((?:>[ \t]?)+)"
_UNSEEN = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_ARROWS = r"\s*(>>> .{5,200} >>>)\s*"
"""GroupWise: `>>> Somebody <address> 8/4/2026 7:00 AM >>>`."""
_INTRODUCTION = r"\d{1,2}[.)] .{1,80}|[^\W\d_][^:：]{1,80}[:：]"
_ONLY_LINK = r"\W*https?://\S+\W*"


class Line:
    """One line of a reply.

    `text` has no quote marks, `depth` is their number, and `bare` is the text without spaces and invisible characters.
    """

    __slots__ = ("bare", "depth", "kind", "text")

    def __init__(self, line: str) -> None:
        marks = re.match(_MARKS, line) if ">" in line and not re.fullmatch(_ARROWS, line) else None
        self.text = line[marks.end() :] if marks else line
        self.depth = marks[1].count(">") if marks else 0
        bare = self.text if self.text.isascii() else re.sub(_UNSEEN, "", self.text)
        self.bare = bare.replace("&lt;", "<").replace("&gt;", ">").strip() if "&" in bare else bare.strip()
        self.kind = LineKind.MARKED if self.depth else LineKind.OWN


def lines_of(text: str) -> list[Line]:
    """Returns the lines of a text with their kinds."""
    lines = [Line(line) for line in mended(text).split("\n")]
    headers = _without_listed(lines, list(quote_headers([line.bare for line in lines], _before_marks(lines))))
    for at in (at for header in headers for at in header):
        lines[at].kind = LineKind.HEADER
    for line in lines[_unmarked_quote(lines, headers) :]:
        line.kind = LineKind.BELOW if line.kind is LineKind.OWN else line.kind
    for at in list(_misleading(lines)):
        lines[at].kind = LineKind.OWN if lines[at].kind is LineKind.MARKED else LineKind.MARKED
    return lines


def _without_listed(lines: Sequence[Line], headers: Sequence[range]) -> Sequence[range]:
    """Removes quote headers that a person lists: two or more, each right below its number or introduction."""
    listed = [header for header in headers if header.start and _is_introduction(lines[header.start - 1])]
    return [header for header in headers if header not in listed] if len(listed) > 1 else headers


def _is_introduction(line: Line) -> bool:
    """Whether a line is `1. What I sent him` or `This is what I sent him:`."""
    return not line.depth and expression(_INTRODUCTION).fullmatch(line.bare) is not None


def _before_marks(lines: Sequence[Line]) -> list[bool]:
    """Returns for each line whether the next line that is not blank has more quote marks."""
    found = [False] * len(lines)
    depth = 0
    for at in range(len(lines) - 1, -1, -1):
        found[at] = depth > lines[at].depth
        if lines[at].bare:
            depth = lines[at].depth
    return found


def _unmarked_quote(lines: Sequence[Line], headers: Sequence[range]) -> int:
    """Returns where a quote without marks begins: right below a quote header without marks."""
    for header in headers:
        following = next((lines[at] for at in range(header.stop, len(lines)) if lines[at].bare), None)
        if following and not following.depth and not lines[header.start].depth:
            return header.stop
    return len(lines)


def _misleading(lines: Sequence[Line]) -> Iterator[int]:
    """Yields lines that are marked, or not marked, by mistake.

    These are one `>` within the person's paragraph, and a link or the end of a long line within a quote without `>`.
    Below a quote header, marks are the mail program's: a single marked line there stands between two answers.
    """
    first = next((at for at, line in enumerate(lines) if line.kind is LineKind.HEADER), len(lines))
    for at, (above, here, below) in enumerate(zip(lines, lines[1:], lines[2:], strict=False), 1):
        if above.kind is here.kind or above.kind is not below.kind:
            continue
        match above.kind, here.kind:
            case LineKind.OWN, LineKind.MARKED if at < first and above.bare and below.bare:
                yield at
            case LineKind.MARKED, LineKind.OWN if re.fullmatch(_ONLY_LINK, here.bare) or _continues(
                above.bare, here.bare
            ):
                yield at


def _continues(above: str, here: str) -> bool:
    """Whether a line is the end of the marked line above, which a program broke without a new mark."""
    return len(above) >= 50 and (above[-1].isalpha() or above[-1] == ",") and here[:1].islower()
