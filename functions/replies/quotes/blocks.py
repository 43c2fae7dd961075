"""Blocks of mail headers above a quote, `From: … Sent: … To: …`, and `-----Original Message-----`."""

import re
from collections.abc import Iterator, Sequence

from replies import tables
from replies.quotes.sentences import ADDRESS, COLONS, DATE, MAX_HEADER, TIME
from replies.tables import expression

MAX_BLOCK = 16
MAX_FIELDS = 80
"""Lines of a mail's complete headers, which some programs quote."""

_FIELD = r"[A-Z][A-Za-z]*(?:-[A-Za-z]+)+:\s"
"""A header field that nobody writes by chance: `List-Id: `."""
_LABEL = r"[\s*_]*([^\W\d_][^:：\n*_<>@]{0,24}?)[\s*_]*[:：]"
_LABEL_INSIDE = r"([^\W\d_]{2,24})[:：]"
_UNMARKED_LABEL = r"(?P<label>[^\W\d_]{1,20})[ \t]"
_DIVIDER = r"(?i)-{3,}.{0,50}?(?:\b«quotes.message spaced»\b|«quotes.message unspaced»).{0,50}?-{3,}"


def label(line: str) -> str | None:
    """Returns which mail header a line is (from, date, to, cc, subject), or None."""
    if len(line) > MAX_HEADER or not (":" in line or "：" in line):
        return None
    found = expression(_LABEL).match(line)
    return tables.names("labels").get(found[1].strip().lower()) if found else None


def is_divider(line: str) -> bool:
    """Whether a line is `-----Original Message-----`."""
    return expression(_DIVIDER).fullmatch(line) is not None


def end_of_block(
    lines: Sequence[str], labels: Sequence[str | None], start: int, *, known: Sequence[str] = ()
) -> int | None:
    """Returns the index after the block `From: … Sent: … To: … Subject: …` that starts here, in any order.

    `known` are the kinds of mail header whose values stand above without a label.
    """
    kinds, last = _fields(lines, labels, start)
    kinds[:0] = known
    values = lines[start : last + 1]
    if len(kinds) == 1:
        inside = re.findall(_LABEL_INSIDE, lines[start])
        kinds = list(filter(None, (tables.names("labels").get(word.lower()) for word in inside)))
        return start + 1 if "from" in kinds and len(set(kinds)) > 1 and all(_evidence(values)) else None
    if kinds == ["date", "to"]:
        return last + 1 if all(_evidence(values)) else None
    if "from" not in kinds or len(set(kinds)) < 2 or kinds.count(kinds[0]) > 1:
        return None  # a label that comes twice may begin a line of prose above the block
    return _end_of_value(lines, start, last) if any(_evidence(values)) else None


def _fields(lines: Sequence[str], labels: Sequence[str | None], start: int) -> tuple[list[str], int]:
    """Returns the kinds of the mail headers that start here, and the index of the last one.

    A value may continue on two more lines.
    """
    kinds: list[str] = []
    last = start
    for at in range(start, min(start + MAX_BLOCK, len(lines))):
        if kind := labels[at]:
            kinds.append(kind)
            last = at
        elif at - last > 2 or (not lines[at] and not any(labels[at + 1 : at + 2])):
            break
    return kinds, last


def _evidence(values: Sequence[str]) -> Iterator[bool]:
    """Yields whether mail headers have an address, a date, and a time."""
    text = " ".join(line[:MAX_HEADER] for line in values)
    return (expression(shape).search(text) is not None for shape in (ADDRESS, DATE, TIME))


def _end_of_value(lines: Sequence[str], start: int, last: int) -> int:
    """Returns the index after the value of the last mail header, or after a mail's complete headers."""
    if len(lines[last]) < 26 and lines[last].rstrip(" *_").endswith(COLONS):  # its value is on the next line
        return min(last + 2, len(lines))
    if sum(re.match(_FIELD, line) is not None for line in lines[start : start + MAX_FIELDS]) >= 2:
        return next((at for at in range(last + 1, min(start + MAX_FIELDS, len(lines))) if not lines[at]), last + 1)
    wrapped = len(lines[last]) > 60 and last + 2 < len(lines) and lines[last + 1] and not lines[last + 2]
    return last + 1 + bool(wrapped)


def end_of_unmarked_block(lines: Sequence[str], start: int, *, fewest: int = 3) -> int | None:
    """Returns the index after `From X <…>`, `To …`, `Date …`, `Subject …` without colons, below a divider."""
    kinds: list[str] = []
    for line in lines[start : start + MAX_BLOCK]:
        found = re.match(_UNMARKED_LABEL, line)
        kind = tables.names("labels").get(found["label"].lower()) if found else None
        if kind is None or kind in kinds:
            break
        kinds.append(kind)
    return start + len(kinds) if len(kinds) >= fewest and "from" in kinds else None
