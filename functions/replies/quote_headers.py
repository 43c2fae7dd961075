"""The lines with which a mail program introduces a quote, told by their shape and a few words of each language.

Shapes: `On <date> <somebody> wrote:` (in one to six lines, in any order), a block of `From: … Sent: …`, and
`-----Original Message-----`. Each needs evidence that prose rarely has: a date with a time, or an address.
"""

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from replies import tables

MAX_LENGTH = 400
MAX_LINES = 6
MAX_BLOCK = 16
MAX_WORDS = 40

_VERB = r"(?i)(?<!\w)«quotes.verbs spaced»(?!\w)|«quotes.verbs unspaced»"
_LEAD = r"(?i)«quotes.before_date»[\s,.:]"
_TIME = r"\d{1,2}\s?(?:[:.]|«quotes.hour_marks»)\s?\d{2}"
_DATE = r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}"
_ADDRESS = r"[^\s<>@\"',;:()\[\]]{1,64}@[^\s<>@\"',;:()\[\]]{2,100}"
_TELLING = r"[\d@]"
_BRACKETED = r"[<(\[]\W{0,3}[^\s<>@]{1,64}@[^\s<>@]{2,100}"
_COLONS = (":", "：")
_ENDS = (*_COLONS, "-", "*", "_", '"', "=", ")")
_BARE_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\sGMT[+-]|.{0,200}<[^<>\s]+@[^<>\s]+>$)"
_LABEL = r"[\s*_]*([^\W\d_][^:：\n*_<>@]{0,24}?)[\s*_]*[:：]"

_DIVIDER = r"(?i)-{3,}.{0,50}?(?:\b«quotes.message spaced»\b|«quotes.message unspaced»).{0,50}?-{3,}"
_HEADLINE = (
    r"(?i)[-_=—]{3,}.{1,60}?[-_=—]{3,}|(?=.{0,60}(?:\d[./-]\d|«quotes.original»))"
    r"(?:[^\s.!?]+ ){0,3}«quotes.message spaced»(?: [^\s!?]+){0,4}"
)
"""What may stand right above a block, and is no quote header without one."""
_UNMARKED_LABEL = r"(?P<label>[^\W\d_]{2,20})[ \t]"
_FORWARD = r"(?i)(?=.{0,60}«quotes.forwarded»)(?=.{0,60}«quotes.message»).{0,80}[:：]"


class Evidence(IntEnum):
    """How much of `On <date> <somebody> wrote:` a text is."""

    NOTHING = 0
    PART = 1
    ALL_BUT_ADDRESS = 2
    ALL = 3


def quote_headers(lines: Sequence[str], before_marks: Sequence[bool] = ()) -> Iterator[range]:
    """The lines of each quote header. The lines come without quote marks and without space at their ends.

    `before_marks` tells of each line whether a quote follows it; then less is enough.
    """
    labels = [label(line) for line in lines]
    index = 0
    while index < len(lines):
        end = _end(lines, labels, index) if lines[index] else None
        if not end and before_marks and before_marks[index] and _leads_in(lines[index]):
            end = index + 1
        if end:
            yield range(index, end)
        index = end or index + 1


def _leads_in(line: str) -> bool:
    """`On 4 Aug 2026, X wrote:`, `X Y wrote:` or `Quoting X <address>:`, right before a marked quote."""
    if not line.endswith(_COLONS) or len(line) > MAX_LENGTH:
        return False
    verb = tables.expression(_VERB).search(line)
    dated = _is_dated(line) and re.search(_DATE, line) is not None and verb is not None and len(line.split()) <= 20
    name = line[: verb.start()].split() if verb and not line[verb.end() :].strip(" :：") else []
    named = 2 <= len(name) <= 4 and all(word[0].isupper() for word in name)
    return dated or named or re.fullmatch(rf"[^@]{{1,80}}{_BRACKETED}[^\s@]{{0,3}}", line) is not None


def _end(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """The index after the quote header that starts in this line, or None when none does."""
    line = lines[start]
    if len(line) > MAX_LENGTH:
        return None
    if line.startswith("---") and tables.expression(_DIVIDER).fullmatch(line):
        return _end_of_unmarked_block(lines, start + 1) or start + 1
    if line.endswith(_COLONS) and tables.expression(_FORWARD).fullmatch(line):
        return start + 1
    leads = start + 1 < len(lines) and labels[start + 1] and not labels[start]
    if leads and tables.expression(_HEADLINE).fullmatch(line):
        return _end_of_block(lines, labels, start + 1)
    return _end_of_sentence(lines, labels, start) or (_end_of_block(lines, labels, start) if labels[start] else None)


def _end_of_sentence(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """`On <date> <somebody> wrote:` in as few lines as have the shape: no line of prose above it is taken along."""
    begins = lines[start][:4].isdecimal() or lines[start].startswith(">>>")
    if not _may_be_sentence(lines[start : start + MAX_LINES], begins):
        return None
    for end, text in _growing(lines, labels, start):
        found = evidence(text) if begins or text.endswith(_ENDS) else Evidence.NOTHING
        goes_on = text.endswith("<") and end < len(lines) and lines[end]
        if found and not goes_on:
            later = (" ".join(lines[after:end]).strip() for after in range(start + 1, end))
            better = (evidence(shorter) >= found for shorter in later if not shorter.startswith("<"))
            return None if any(better) else end
    return None


def _may_be_sentence(window: Sequence[str], begins: bool) -> bool:
    """Whether these lines have an end, and an address or a time: a quick look, since most lines are prose."""
    if not begins and not any(line.endswith(_ENDS) for line in window):
        return False
    together = " ".join(line[: MAX_LENGTH + 1] for line in window)
    return "@" in together or tables.expression(_TIME).search(together) is not None


def _growing(lines: Sequence[str], labels: Sequence[str | None], start: int) -> Iterator[tuple[int, str]]:
    """One line, two, three … that may be one sentence: the index after the last one, and their text.

    A blank line in it stands only before an address, and a line that starts like a mail header only at its start.
    """
    text = ""
    for index in range(start, min(start + MAX_LINES, len(lines))):
        before_address = text and index + 1 < len(lines) and lines[index + 1].startswith("<")
        if (not lines[index] and not before_address) or (text and labels[index]):
            return
        text = f"{text} {lines[index]}".strip()
        if len(text) > MAX_LENGTH:
            return
        yield index + 1, text


def evidence(text: str) -> Evidence:
    """How much of `On <date> <somebody> wrote:` a text is."""
    if _needs_no_verb(text):
        return Evidence.ALL
    core = _core(text)
    times = tables.expression(_TIME).findall(core)
    if not times and "@" not in core:
        return Evidence.NOTHING
    core = core.rstrip(":：) ")
    verb, address, date = tables.expression(_VERB).search(core), re.search(_ADDRESS, core), re.search(_DATE, core)
    return _Found(core, times, verb, address, date, _is_dated(core)).evidence()


def _needs_no_verb(text: str) -> bool:
    """`2026-08-03 07:00 GMT+2`, `2026-08-03 Somebody <address>` and `>>> Somebody 8/3/2026 7:00 AM >>>`."""
    if text.startswith(">>> ") and text.endswith(" >>>"):
        return bool(tables.expression(_TIME).search(text) and re.search(_DATE, text))
    return text[:4].isdecimal() and re.match(_BARE_DATE, text) is not None


def _core(text: str) -> str:
    """The text without marks at its ends; empty when it does not end like a quote header, or says nothing of one."""
    if text.endswith(")") and ": (" in text:  # somebody <address> skrev: (4 augusti 2026 07:00)
        text = text[:-1].replace(": (", " ") + ":"
    if not text.endswith(_ENDS) or not re.search(_TELLING, text):
        return ""
    core = text.strip('-—=_* \t"”')
    ends = core.endswith(_COLONS) or text.endswith("--")
    return core if ends and len(core.split()) <= MAX_WORDS else ""


class _Found(NamedTuple):
    """What a text has of a quote header; `dated` tells whether it begins as dates begin."""

    core: str
    times: list[str]
    verb: re.Match[str] | None
    address: re.Match[str] | None
    date: re.Match[str] | None
    dated: bool

    def evidence(self) -> Evidence:
        """How much of `On <date> <somebody> wrote:` it is."""
        bracketed = self.times and self.date and re.search(_BRACKETED, self.core)
        if bracketed or (self.dated and self._names_somebody()):
            return Evidence.ALL
        if self.verb and self.date and self.times and (self.dated or self._ends_with_time(self.verb)):
            return Evidence.ALL_BUT_ADDRESS
        return Evidence.PART if self._is_address_and_verb() else Evidence.NOTHING

    def _names_somebody(self) -> bool:
        """By an address, with a verb and figures anywhere, or at the end behind a date or a time."""
        if not self.address:
            return False
        if self.verb and any(map(str.isdigit, self.core)):
            return True
        return bool(self.times or self.date) and self.core.endswith((self.address[0], f"{self.address[0]}>"))

    def _ends_with_time(self, verb: re.Match[str]) -> bool:
        """`Somebody skrev 4 augusti 2026 07:00`, where few words stand before the verb."""
        return self.core.endswith(self.times[-1]) and len(self.core[: verb.start()].split()) <= 8

    def _is_address_and_verb(self) -> bool:
        """`somebody@example.org wrote`, and nothing between them or behind."""
        if not self.verb or not self.address or not self.address.end() < self.verb.start() <= 150:
            return False
        between, behind = self.core[self.address.end() : self.verb.start()], self.core[self.verb.end() :]
        return not between.strip(" >)]\"'*") and not behind.strip("(): ")


def _is_dated(text: str) -> bool:
    """Whether a text begins as dates begin."""
    first = text.split(maxsplit=2)[:2]
    digits = any(letter.isdigit() for word in first if "@" not in word for letter in word)
    return digits or tables.expression(_LEAD).match(text) is not None


def _end_of_block(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """`From: …`, `Sent: …`, `To: …`, `Subject: …` in any order; a value may go on in the next lines."""
    labelled = list(_labelled(lines, labels, start))
    kinds, last = [labels[at] for at in labelled], labelled[-1]
    if kinds.count(labels[start]) > 1:
        return None  # a line of prose above the block that happens to look like one of its lines
    if "from" not in kinds or len(set(kinds)) < 2:
        return None
    values = " ".join(line[:MAX_LENGTH] for line in lines[start : last + 1])
    if not any(tables.expression(shape).search(values) for shape in (_ADDRESS, _DATE, _TIME)):
        return None
    wrapped = len(lines[last]) > 60 and last + 2 < len(lines) and lines[last + 1] and not lines[last + 2]
    return last + 1 + bool(wrapped)


def _labelled(lines: Sequence[str], labels: Sequence[str | None], start: int) -> Iterator[int]:
    """The lines of a block that have a label; at most two lines, and no blank one at its end, stand between them."""
    last = start
    for index in range(start, min(start + MAX_BLOCK, len(lines))):
        if labels[index]:
            last = index
            yield index
        elif index - last > 2 or (not lines[index] and not labels[min(index + 1, len(lines) - 1)]):
            return


def _end_of_unmarked_block(lines: Sequence[str], start: int) -> int | None:
    """`From X <…>`, `To …`, `Date …`, `Subject …` without colons, right below a divider."""
    kinds: list[str] = []
    for line in lines[start : start + MAX_BLOCK]:
        found = re.match(_UNMARKED_LABEL, line)
        kind = tables.names("labels").get(found["label"].lower()) if found else None
        if kind is None or kind in kinds:
            break
        kinds.append(kind)
    return start + len(kinds) if len(kinds) >= 3 and "from" in kinds else None


def label(line: str) -> str | None:
    """What kind of mail header a line is (from, date, to, cc, subject), or None."""
    found = re.match(_LABEL, line) if len(line) <= MAX_LENGTH and (":" in line or "：" in line) else None
    return tables.names("labels").get(found[1].strip().lower()) if found else None
