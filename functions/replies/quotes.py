"""The lines of a reply without our links, and which of them are quoted: marked with `>`, or below a quote header."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from html import unescape

from replies.quote_headers import MAX_HEADER, Evidence, begins_in, evidence, is_divider, quote_headers


class Kind(Enum):
    """What a line is by its shape."""

    OWN = "own"
    HEADER = "header"
    MARKED = "marked"
    BELOW = "below"


_MARKS = r"[ \t]{0,4}(?:[A-Z]{1,3}(?=>))?((?:>[ \t]?)+)"
_UNSEEN = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
_PADDING = "(?:[\u00ad\u034f\u200b-\u200d\u2007\ufeff][ \t\xa0]*){4,}"
"""Invisible characters with which the line that an inbox shows is filled up."""
_ONLY_PADDING = "(?m)^([> \t]*)(?:[\u00ad\u034f\u200b-\u200d\u2007\ufeff][ \t\xa0]*)+$"
_COLUMNS = r"(?m)^((?:[ \t]{0,4}>){1,20}[ \t]{0,20}\S.{0,80}?\S) {4,60}(?=\S)"
"""Between two cells of a table on one quoted line."""
_BROKEN_LINK = r"([<(\[](?:https?://|mailto:)[^\s<>()\[\]]{0,2000})\n[ \t>]{0,20}([^\s<>()\[\]]{1,2000}[>)\]])"
_BROKEN_COLON = r"(?m)(<[^\s<>]{3,100})\n((?:> )*)>[ \t]?((?:[^\W\d_]{2,20})?:)$"
_INNER_DIVIDER = r"(?<=[^\s>-])[ \t]{0,20}(-{5,20} ?[^\s-][^-\n]{3,50}-{5,20})[ \t]{0,20}"
_DASHED = r"(.*[^\s-]) ?(-{3,} ?[^\s-].{10,300}:)"
_RUN_ON = r"(.{20,300}?[:：])[ \t\xa0]{2,}(\S.*)"
_ARROWS = r"\s*(>>> .{5,200} >>>)\s*"
"""GroupWise: `>>> Somebody <address> 8/4/2026 7:00 AM >>>`."""
_OUR_LINK = r"(?i)\b(?:https?|mailto|tel|sms):[^\s<>\"]+"
_HOST = r"https?://[^/\s]+"
_FOLDED = r"\\\n(?:>[ \t]?){1,20}"
"""Where s-nail has broken a quoted line."""
_GAP = r"[ \t]?\n[ \t]{0,20}(?:>[ \t]?){0,20}|[ \t]"
"""Between two parts of a link that was broken."""
_FOOTNOTE = r"[>\s]*+\[(\d{1,3})\]:?\s+<?([a-zA-Z]+:[^\s<>]+)>?\s*"
_FOOTNOTE_BREAK = r"(?m)^([> \t]{0,40}\[\d{1,3}\]:?)[ \t]{0,9}\n[> \t]{0,40}(?=[a-zA-Z]{1,9}:\S)"
_FOOTNOTES_BEGIN = r"[>\s]*+(?:[-_=]{3,}|[\w ]{1,30}:|)\s*"
LONG_LINK = 40
_ONLY_LINK = r"\W*https?://\S+\W*"


class Line:
    """One line: its `text` without quote marks, the `depth` of its marks, and `bare`, the text as it is looked at."""

    __slots__ = ("bare", "depth", "kind", "text")

    def __init__(self, line: str) -> None:
        marks = re.match(_MARKS, line) if ">" in line and not re.fullmatch(_ARROWS, line) else None
        self.text = line[marks.end() :] if marks else line
        self.depth = marks[1].count(">") if marks else 0
        bare = self.text if self.text.isascii() else re.sub(_UNSEEN, "", self.text)
        self.bare = bare.replace("&lt;", "<").replace("&gt;", ">").strip() if "&" in bare else bare.strip()
        self.kind = Kind.MARKED if self.depth else Kind.OWN


def lines_of(text: str) -> list[Line]:
    """The lines with their kinds."""
    lines = [Line(line) for line in _mended(text).split("\n")]
    below = len(lines)
    for header in quote_headers([line.bare for line in lines], _before_marks(lines)):
        for at in header:
            lines[at].kind = Kind.HEADER
        if below == len(lines) and not lines[header.start].depth:
            following = next((lines[at] for at in range(header.stop, len(lines)) if lines[at].bare), None)
            below = header.stop if following and not following.depth else below
    for line in lines[below:]:
        line.kind = Kind.BELOW if line.kind is Kind.OWN else line.kind
    for at in list(_misleading(lines)):
        lines[at].kind = Kind.OWN if lines[at].kind is Kind.MARKED else Kind.MARKED
    return lines


def _before_marks(lines: Sequence[Line]) -> list[bool]:
    """For each line whether what follows it, be it after blank lines, is marked deeper than it is."""
    found = [False] * len(lines)
    depth = 0
    for at in range(len(lines) - 1, -1, -1):
        found[at] = depth > lines[at].depth
        if lines[at].bare:
            depth = lines[at].depth
    return found


def _mended(text: str) -> str:
    """Links and addresses that were broken over two lines, and a quote that follows on the same line."""
    text = text if text.isascii() else re.sub(_ONLY_PADDING, r"\1", re.sub(_PADDING, "", text))
    text = re.sub(_COLUMNS, r"\1\n> ", text)
    text = re.sub(_BROKEN_LINK, r"\1\2", text)
    text = re.sub(_BROKEN_COLON, r"\1 >\3", text)
    return "\n".join(_parted(line) if _may_be_two(line) else line for line in text.split("\n"))


def _may_be_two(line: str) -> bool:
    return "---" in line or ":  " in line or line[-2:].strip().endswith((":", "："))


def _parted(line: str) -> str:
    """A quote header that shares its line with what stands before or after it, on a line of its own."""
    inside = re.search(_INNER_DIVIDER, line)
    if inside and is_divider(inside[1]):
        return f"{line[: inside.start()]}\n{inside[1]}\n{line[inside.end() :]}"
    if after := begins_in(line):
        return f"{line[:after].rstrip()}\n{line[after:]}"
    dashed = re.fullmatch(_DASHED, line) if len(line) <= MAX_HEADER else None
    if dashed and evidence(dashed[2]):
        return f"{dashed[1]}\n{dashed[2]}"
    run_on = re.fullmatch(_RUN_ON, line)
    return f"{run_on[1]}\n{run_on[2]}" if run_on and evidence(run_on[1].strip()) > Evidence.PART else line


def _misleading(lines: Sequence[Line]) -> Iterator[int]:
    """Lines whose mark misleads: one `>` amid a paragraph of one's own, and a link alone amid a quote.

    Below a quote header marks are the mail program's, and one alone stands between two answers.
    """
    first = next((at for at, line in enumerate(lines) if line.kind is Kind.HEADER), len(lines))
    for at, (above, here, below) in enumerate(zip(lines, lines[1:], lines[2:], strict=False), 1):
        if above.kind is here.kind or above.kind is not below.kind:
            continue
        match above.kind, here.kind:
            case Kind.OWN, Kind.MARKED if at < first and above.bare and below.bare:
                yield at
            case Kind.MARKED, Kind.OWN if re.fullmatch(_ONLY_LINK, here.bare) or _goes_on(above.bare, here.bare):
                yield at


def _goes_on(above: str, here: str) -> bool:
    """Whether a line is the end of a long marked one that was broken without a new mark."""
    return len(above) >= 50 and (above[-1].isalpha() or above[-1] == ",") and here[:1].islower()


def links(text: str) -> set[str]:
    """The links in an email that we sent, as text or HTML."""
    return set(re.findall(_OUR_LINK, unescape(text)))


def without_links(text: str, ours: set[str]) -> str:
    """A reply without our links: those in footnotes, and long ones however they were broken over lines."""
    text = _without_footnotes(re.sub(_FOLDED, "", text), ours)
    for link in sorted(ours, key=len, reverse=True):  # a link may be the beginning of another
        if len(link) >= LONG_LINK:
            text = _without_link(text, link)
    return text


def _without_link(text: str, link: str) -> str:
    kept: list[str] = []
    after = 0
    start = text.find(link[:10])
    while start >= 0:
        if end := _end_of_link(text, start, link):
            opened = start > 0 and text[start - 1] in "<([" and text[end : end + 1] in {">", ")", "]"}
            kept.append(text[after : start - opened])
            after = end + opened
        start = text.find(link[:10], max(after, start + 1))
    return "".join([*kept, text[after:]])


def _end_of_link(text: str, start: int, link: str) -> int:
    """Where a link that begins here ends, or 0."""
    at = start
    for letter in link:
        if text[at : at + 1] != letter:
            gap = re.compile(_GAP).match(text, at)
            if not gap or text[gap.end() : gap.end() + 1] != letter:
                return 0
            at = gap.end()
        at += 1
    return at


def _without_footnotes(text: str, ours: set[str]) -> str:
    """Without the links that a mail program put in a list at the end, `[2] tel:999`, and their numbers in the text."""
    lines = re.sub(_FOOTNOTE_BREAK, r"\1 ", text).split("\n")
    notes = {at: note for at, line in enumerate(lines) if "[" in line and (note := re.fullmatch(_FOOTNOTE, line))}
    hosts = {host[0] for link in ours if (host := re.match(_HOST, link))}
    gone = [at for at, note in notes.items() if note[2] in ours or note[2].startswith(tuple(hosts))]
    if not gone:
        return text
    numbers = "|".join(notes[at][1] for at in gone)
    first = gone[0]
    while all(at in gone for at in notes) and first and re.fullmatch(_FOOTNOTES_BEGIN, lines[first - 1]):
        first -= 1
        gone.append(first)
    left = [re.sub(rf" ?\[(?:{numbers})\]", "", line) for at, line in enumerate(lines) if at not in gone]
    return "\n".join(left)
