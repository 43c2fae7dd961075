"""The lines with which a mail program introduces a quote, told by their shape and a few words of each language.

Shapes: `On <date> <somebody> wrote:` (in one to six lines, in any order), a block of `From: … Sent: …`, and
`-----Original Message-----`. Each needs evidence that prose rarely has: a date with a time, or an address.
"""

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum

from replies import tables

MAX_HEADER = 400
MAX_HEADER_LINES = 6
MAX_BLOCK = 16
MAX_FIELDS = 80
"""Lines of a mail's whole header that is quoted as well."""
MAX_WORDS = 40

_VERB = r"(?i)(?<!\w)«quotes.verbs spaced»(?!\w)|«quotes.verbs unspaced»"
_LEAD = r"(?i)«quotes.before_date»[\s,.:]"
_TIME = r"\d{1,2}\s?(?:[:.]|«quotes.hour_marks»)\s?\d{2}"
_DATE = r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}"
_ADDRESS = r"[^\s<>@\"',;:()\[\]]{1,64}@[^\s<>@\"',;:()\[\]]{2,100}"
_BRACKETED = r"[<(\[]\W{0,3}[^\s<>@]{1,64}@[^\s<>@]{2,100}"
_COLONS = (":", "：")
_ENDS = (*_COLONS, "-", "*", "_", '"', "=", ")")
_BARE_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\sGMT[+-]|.{0,200}<[^<>\s]+@[^<>\s]+>$)"
_SHORT_DATE = r"\d{1,2}\s?[./-]\s?\d{1,2}"
_FIELD = r"[A-Z][A-Za-z]*(?:-[A-Za-z]+)+:\s"
"""A field that no person writes by chance: `List-Id: `."""
_LABEL = r"[\s*_]*([^\W\d_][^:：\n*_<>@]{0,24}?)[\s*_]*[:：]"

_LABEL_INSIDE = r"([^\W\d_]{2,24})[:：]"

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
    labels = [_label(line) for line in lines]
    index = 0
    while index < len(lines):
        end = _end(lines, labels, index) if lines[index] else None
        if not end and before_marks and before_marks[index] and leads_in(lines[index]):
            end = index + 1
        if end:
            yield range(index, end)
        index = end or index + 1


def leads_in(line: str) -> bool:
    """`On 4 Aug 2026, X wrote:`, `---- X Y wrote ----` or `Quoting X <address>:`, right before a marked quote."""
    if not (line.endswith(_COLONS) or (line[:2] == line[-2:] == "--")) or len(line) > MAX_HEADER:
        return False
    line = line.strip("- ")
    verb = tables.expression(_VERB).search(line)
    dated = _is_dated(line) and re.search(_DATE, line) is not None and verb is not None and len(line.split()) <= 20
    behind = line[verb.end() :].strip(" :：") if verb else ""
    brief = not behind or (len(behind.split()) <= 4 and re.search(_SHORT_DATE, behind) is not None)
    name = line[: verb.start()].split() if verb and brief else []
    name = name[:-1] if name and name[-1].islower() and len(name[-1]) <= 3 else name  # a écrit, ha scritto
    named = 2 <= len(name) <= 4 and all(word[0].isupper() for word in name)
    return dated or named or re.fullmatch(rf"[^@]{{1,80}}{_BRACKETED}[^\s@]{{0,3}}", line) is not None


def _end(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """The index after the quote header that starts in this line, or None when none does."""
    line = lines[start]
    if len(line) > MAX_HEADER:
        return None
    if line.startswith("---") and is_divider(line):
        return _end_of_unmarked_block(lines, start + 1) or start + 1
    if line.endswith(_COLONS) and tables.expression(_FORWARD).fullmatch(line):
        return start + 1
    leads = start + 1 < len(lines) and labels[start + 1] and not labels[start]
    if leads and (tables.expression(_HEADLINE).fullmatch(line) or evidence(f"{line}:") > Evidence.PART):
        return _end_of_block(lines, labels, start + 1)
    if labels[start + 2 : start + 3] == ["to"] and _is_only_a_time(lines[start + 1]) and len(line.split()) <= 5:
        return _end_of_block(lines, labels, start + 2, known="from")
    return _end_of_sentence(lines, labels, start) or (_end_of_block(lines, labels, start) if labels[start] else None)


def is_divider(line: str) -> bool:
    """Whether a line is `-----Original Message-----`."""
    return tables.expression(_DIVIDER).fullmatch(line) is not None


def _end_of_sentence(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """`On <date> <somebody> wrote:` in as few lines as have the shape: no line of prose above it is taken along.

    A blank line in it stands only before an address, and a line that starts like a mail header only at its start.
    """
    window = lines[start : start + MAX_HEADER_LINES]
    begins = lines[start][:4].isdecimal() or lines[start].startswith(">>>")
    if not begins and not any(line.endswith(_ENDS) for line in window):
        return None
    together = " ".join(line[: MAX_HEADER + 1] for line in window)
    if "@" not in together and not tables.expression(_TIME).search(together):
        return None
    text = ""
    for end, line in enumerate(window, start + 1):
        following = lines[end] if end < len(lines) else ""
        if (not line and not following.startswith("<")) or (text and labels[end - 1]):
            return None
        text = f"{text} {line}".strip()
        if len(text) > MAX_HEADER:
            return None
        found = evidence(text) if begins or text.endswith(_ENDS) else Evidence.NOTHING
        if found and not (text.endswith("<") and following):
            later = (" ".join(lines[after:end]).strip() for after in range(start + 1, end))
            goes_on = len(lines[start].split()) <= 6 and tables.expression(_LEAD).match(lines[start])  # with its date
            whole = (
                shorter for shorter in later if not (shorter[:1] == "<" or (goes_on and re.match(r"[\d+]", shorter)))
            )
            better = any(evidence(shorter) >= found for shorter in whole)
            return None if better else end
    return None


def evidence(text: str) -> Evidence:
    """How much of `On <date> <somebody> wrote:` a text is."""
    if text.startswith(">>> ") and text.endswith(" >>>"):
        sure = tables.expression(_TIME).search(text) and re.search(_DATE, text)
        return Evidence.ALL if sure else Evidence.NOTHING
    if text[:4].isdecimal() and re.match(_BARE_DATE, text):
        return Evidence.ALL
    if not re.search(r"[\d@]", text):
        return Evidence.NOTHING
    if text.endswith(")") and ": (" in text:  # somebody <address> skrev: (4 augusti 2026 07:00)
        text = text[:-1].replace(": (", " ") + ":"
    core = text.strip('-—=_* \t"”')
    ends = text.endswith(_ENDS) and (core.endswith(_COLONS) or text.endswith("--"))
    if not ends or len(core.split()) > MAX_WORDS:
        return Evidence.NOTHING
    times = tables.expression(_TIME).findall(core)
    if not times and "@" not in core:
        return Evidence.NOTHING
    core = core.rstrip(":：) ")
    verb, address, date = tables.expression(_VERB).search(core), re.search(_ADDRESS, core), re.search(_DATE, core)
    dated = _is_dated(core)
    if times and date and re.search(_BRACKETED, core):
        return Evidence.ALL
    if dated and address and verb and any(map(str.isdigit, core)):
        return Evidence.ALL
    if dated and address and (times or date) and core.endswith((address[0], f"{address[0]}>")):
        return Evidence.ALL
    if verb and date and times and (dated or (core.endswith(times[-1]) and len(core[: verb.start()].split()) <= 8)):
        return Evidence.ALL_BUT_ADDRESS  # `Somebody skrev 4 augusti 2026 07:00` has few words before the verb
    if verb and address and address.end() < verb.start() <= 150:
        between, behind = core[address.end() : verb.start()], core[verb.end() :]
        if not between.strip(" >)]\"'*") and not behind.strip("(): "):
            return Evidence.PART
    return Evidence.NOTHING


def begins_in(line: str) -> int:
    """Where in a line, behind words of the person's, `On <date> <somebody> wrote:` begins; 0 when it does not."""
    line = line.rstrip()
    if not line.endswith(_COLONS) or not re.search(r"\d", line):
        return 0
    for word in reversed(list(re.compile(r"(?<=\s)[^\W\d_a-z]\S*").finditer(line, max(0, len(line) - MAX_HEADER)))):
        start = word.start()
        if tables.expression(_LEAD).match(line, start) and evidence(line[start:]) > Evidence.PART:
            before = line[:start].strip("> \t")
            dated = re.search(_DATE, before) or tables.expression(_TIME).search(before)
            return start if before and not dated and not tables.expression(_LEAD).fullmatch(f"{before} ") else 0
    return 0


def _is_dated(text: str) -> bool:
    """Whether a text begins as dates begin."""
    first = text.split(maxsplit=2)[:2]
    digits = any(letter.isdigit() for word in first if "@" not in word for letter in word)
    return digits or tables.expression(_LEAD).match(text) is not None


def _is_only_a_time(line: str) -> bool:
    """Whether a line is a date and a time, and nothing else."""
    timed = tables.expression(_TIME).search(line) and re.search(_DATE, line)
    return timed is not None and len(re.findall(r"[^\W\d]", line)) <= 3


def _end_of_block(lines: Sequence[str], labels: Sequence[str | None], start: int, *, known: str = "") -> int | None:
    """`From: …`, `Sent: …`, `To: …`, `Subject: …` in any order; a value may go on in the next two lines.

    `known` is a label whose value is known to stand above it.
    """
    kinds = [known] if known else []
    last = start
    for at, line in enumerate(lines[start : start + MAX_BLOCK], start):
        if kind := labels[at]:
            kinds.append(kind)
            last = at
        elif at - last > 2 or (not line and not labels[min(at + 1, len(lines) - 1)]):
            break
    values = " ".join(line[:MAX_HEADER] for line in lines[start : last + 1])
    has = [tables.expression(shape).search(values) is not None for shape in (_ADDRESS, _DATE, _TIME)]
    if kinds == ["date", "to"] and all(has):
        return last + 1
    if len(kinds) == 1:
        inside = re.findall(_LABEL_INSIDE, lines[start])
        kinds = list(filter(None, (tables.names("labels").get(word.lower()) for word in inside)))
        return start + 1 if "from" in kinds and len(set(kinds)) > 1 and all(has) else None
    if "from" not in kinds or len(set(kinds)) < 2 or kinds.count(kinds[0]) > 1 or not any(has):
        return None  # what comes twice may begin a line of prose above the block
    if len(lines[last]) < 26 and lines[last].rstrip(" *_").endswith(_COLONS):  # its value is on the next line
        return min(last + 2, len(lines))
    if sum(re.match(_FIELD, line) is not None for line in lines[start : start + MAX_FIELDS]) >= 2:
        return next((at for at in range(last + 1, min(start + MAX_FIELDS, len(lines))) if not lines[at]), last + 1)
    wrapped = len(lines[last]) > 60 and last + 2 < len(lines) and lines[last + 1] and not lines[last + 2]
    return last + 1 + bool(wrapped)


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


def _label(line: str) -> str | None:
    """What kind of mail header a line is (from, date, to, cc, subject), or None."""
    found = re.match(_LABEL, line) if len(line) <= MAX_HEADER and (":" in line or "：" in line) else None
    return tables.names("labels").get(found[1].strip().lower()) if found else None
