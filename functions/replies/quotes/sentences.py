"""Recognises `On <date> <somebody> wrote:`, in one to six lines and in any order.

The evidence is what prose rarely has: a date with a time, or an address.
"""

import re
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import cached_property

from replies.tables import expression

MAX_HEADER = 400
MAX_HEADER_LINES = 6
MAX_WORDS = 40

TIME = r"\d{1,2}\s?(?:[:.]|«quotes.hour_marks»)\s?\d{2}"
DATE = r"(?<!\d)\d{4}(?!\d)|\d{1,2}\s?[./-]\s?\d{1,2}\s?[./-]\s?\d{2}"
ADDRESS = r"[^\s<>@\"',;:()\[\]]{1,64}@[^\s<>@\"',;:()\[\]]{2,100}"
COLONS = (":", "：")

_VERB = r"(?i)(?<!\w)«quotes.verbs spaced»(?!\w)|«quotes.verbs unspaced»"
_YOU_WROTE = r"(?i)(?<!\w)«quotes.you_wrote»(?!\w)"
_BEFORE_DATE = r"(?i)«quotes.before_date»[\s,.:]"
_BRACKETED = r"[<(\[]\W{0,3}[^\s<>@]{1,64}@[^\s<>@]{2,100}"
_ENDS = (*COLONS, "-", "*", "_", '"', "=", ")")
_BARE_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}\s(?:\d{1,2}:\d{2}\sGMT[+-]|.{0,200}<[^<>\s]+@[^<>\s]+>$)"
_SHORT_DATE = r"\d{1,2}\s?[./-]\s?\d{1,2}"
_AUXILIARY = r"[ >)\]\"'*]*(?:\s[^\W\d_]{1,3}\s)?"
"""The text between an address and the verb: `> a écrit`, `> hat geschrieben`."""
_QUOTING = rf"[^@]{{1,80}}{_BRACKETED}[^\s@]{{0,3}}"


class Evidence(IntEnum):
    """How much of `On <date> <somebody> wrote:` a text has."""

    NOTHING = 0
    PART = 1
    ALL_BUT_ADDRESS = 2
    ALL = 3


class _Sentence:
    """A text without decoration and colon, and which parts of `On <date> <somebody> wrote:` it has."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.times: list[str] = expression(TIME).findall(text)

    @cached_property
    def verb(self) -> re.Match[str] | None:
        return expression(_VERB).search(self.text)

    @cached_property
    def address(self) -> re.Match[str] | None:
        return expression(ADDRESS).search(self.text)

    @cached_property
    def date(self) -> re.Match[str] | None:
        return expression(DATE).search(self.text)

    @cached_property
    def is_dated(self) -> bool:
        """Whether it begins like a date."""
        first = self.text.split(maxsplit=2)[:2]
        digits = any(letter.isdigit() for word in first if "@" not in word for letter in word)
        return digits or expression(_BEFORE_DATE).match(self.text) is not None

    def has_all(self) -> bool:
        """Whether it has a date, a time and an address in brackets."""
        return bool(self.times and self.date and expression(_BRACKETED).search(self.text))

    def begins_with_date(self) -> bool:
        """Whether it begins with a date, and has a verb and an address."""
        return bool(self.is_dated and self.address and self.verb and any(map(str.isdigit, self.text)))

    def ends_with_address(self) -> bool:
        """Whether it begins like a date, has a date or a time in figures, and ends with an address."""
        if not (self.is_dated and self.address and (self.times or self.date)):
            return False
        return self.text.endswith((self.address[0], f"{self.address[0]}>"))

    def has_date_and_verb(self) -> bool:
        """Whether it is `On <date> somebody wrote`, or `Somebody wrote 4 August 2026 07:00`.

        The latter has few words before the verb.
        """
        if not (self.verb and self.date and self.times):
            return False
        few = len(self.text[: self.verb.start()].split()) <= 8
        return self.is_dated or (few and self.text.endswith(self.times[-1]))

    def ends_with_address_and_verb(self) -> bool:
        """Whether it is `… somebody@example.org wrote`."""
        if not (self.verb and self.address and self.address.end() < self.verb.start() <= 150):
            return False
        between, after = self.text[self.address.end() : self.verb.start()], self.text[self.verb.end() :]
        return re.fullmatch(_AUXILIARY, between) is not None and not after.strip("(): ")


_RULES = (
    (_Sentence.has_all, Evidence.ALL),
    (_Sentence.begins_with_date, Evidence.ALL),
    (_Sentence.ends_with_address, Evidence.ALL),
    (_Sentence.has_date_and_verb, Evidence.ALL_BUT_ADDRESS),
    (_Sentence.ends_with_address_and_verb, Evidence.PART),
)
"""The first rule that holds gives the evidence."""


def evidence(text: str) -> Evidence:
    """Returns how much of `On <date> <somebody> wrote:` a text has."""
    if text.startswith(">>> ") and text.endswith(" >>>"):
        return Evidence.ALL if has_date_and_time(text) else Evidence.NOTHING
    if text[:4].isdecimal() and expression(_BARE_DATE).match(text):
        return Evidence.ALL
    said = _Sentence(_core(text).rstrip(":：) "))
    if not said.times and "@" not in said.text:
        return Evidence.NOTHING
    return next((found for holds, found in _RULES if holds(said)), Evidence.NOTHING)


def _core(text: str) -> str:
    """Returns a text without decoration if it ends like a quote header, otherwise an empty one."""
    if text.endswith(")") and ": (" in text:  # somebody <address> skrev: (4 augusti 2026 07:00)
        text = text[:-1].replace(": (", " ") + ":"
    core = text.strip('-—=_* \t"”')
    ends = text.endswith(_ENDS) and (core.endswith(COLONS) or text.endswith("--"))
    return core if ends and len(core.split()) <= MAX_WORDS else ""


def has_date_and_time(text: str) -> bool:
    """Whether a text has a date and a time."""
    return bool(expression(TIME).search(text) and expression(DATE).search(text))


def is_only_a_time(line: str) -> bool:
    """Whether a line is only a date and a time."""
    return has_date_and_time(line) and len(re.findall(r"[^\W\d]", line)) <= 3


def end_of_sentence(lines: Sequence[str], labels: Sequence[str | None], start: int) -> int | None:
    """Returns the index after the shortest `On <date> <somebody> wrote:` that starts here; None if none does."""
    begins = lines[start][:4].isdecimal() or lines[start].startswith(">>>")
    window = lines[start : start + MAX_HEADER_LINES]
    if not begins and not any(line.endswith(_ENDS) for line in window):
        return None
    together = " ".join(line[: MAX_HEADER + 1] for line in window)
    if "@" not in together and not expression(TIME).search(together):
        return None
    for end, text in _growing(lines, labels, start):
        found = evidence(text) if begins or text.endswith(_ENDS) else Evidence.NOTHING
        goes_on = text.endswith("<") and any(lines[end : end + 1])
        if found and not goes_on:
            return None if _starts_with_prose(lines[start:end], found) else end
    return None


def _growing(lines: Sequence[str], labels: Sequence[str | None], start: int) -> Iterator[tuple[int, str]]:
    """Yields the text of the first line, the first two lines and so on, each with the index after it.

    A blank line may stand only before an address. Only the first line may start like a mail header.
    """
    text = ""
    for end in range(start + 1, min(start + MAX_HEADER_LINES, len(lines)) + 1):
        line, following = lines[end - 1], lines[end] if end < len(lines) else ""
        if (not line and not following.startswith("<")) or (text and labels[end - 1]):
            return
        text = f"{text} {line}".strip()
        if len(text) > MAX_HEADER:
            return
        yield end, text


def _starts_with_prose(lines: Sequence[str], found: Evidence) -> bool:
    """Whether the first line is prose: the lines below it are a quote header without it."""
    begins = len(lines[0].split()) <= 6 and expression(_BEFORE_DATE).match(lines[0])  # its date is on the next line
    for after in range(1, len(lines)):
        fewer = " ".join(lines[after:]).strip()
        if fewer[:1] == "<" or (begins and re.match(r"[\d+]", fewer)):
            continue
        if evidence(fewer) >= found:
            return True
    return False


def says_you_wrote(line: str) -> bool:
    """Whether a line is only `On 26 Nov 2026 you wrote:`."""
    found = expression(_YOU_WROTE).search(line) if line.endswith(COLONS) and len(line) <= 100 else None
    if not found:
        return False
    said = _Sentence(f"{line[: found.start()]} {line[found.end() :]}".strip(" ,:："))
    full = said.date and len(re.findall(r"\d+", said.text)) > 1  # not only a year
    return bool(full and (said.is_dated or said.times)) and len(said.text.split()) <= 8


def begins_in(line: str) -> int:
    """Returns where `On <date> <somebody> wrote:` begins after own words in a line; 0 if it does not."""
    line = line.rstrip()
    if not line.endswith(COLONS) or not re.search(r"\d", line):
        return 0
    for word in reversed(list(re.compile(r"(?<=\s)[^\W\d_a-z]\S*").finditer(line, max(0, len(line) - MAX_HEADER)))):
        start = word.start()
        if expression(_BEFORE_DATE).match(line, start) and evidence(line[start:]) > Evidence.PART:
            before = line[:start].strip("> \t")
            dated = expression(DATE).search(before) or expression(TIME).search(before)
            return start if before and not dated and not expression(_BEFORE_DATE).fullmatch(f"{before} ") else 0
    return 0


def introduces_quote(line: str) -> bool:
    """Whether a line right above a marked quote is its quote header.

    It is one such as `On 4 Aug 2026, X wrote:`, `---- X Y wrote ----` or `Quoting X <address>:`.
    """
    if not (line.endswith(COLONS) or (line[:2] == line[-2:] == "--")) or len(line) > MAX_HEADER:
        return False
    said = _Sentence(line.strip("- "))
    found = _has_day_and_verb(said) or _has_name_and_verb(said) or says_you_wrote(line)
    return found or re.fullmatch(_QUOTING, said.text) is not None


def _has_day_and_verb(said: _Sentence) -> bool:
    """Whether a text is `On 4 Aug 2026, X wrote:`."""
    return said.is_dated and bool(said.date and said.verb) and len(said.text.split()) <= 20


def _has_name_and_verb(said: _Sentence) -> bool:
    """Whether a text is `X Y wrote:`, with a name of two to four words, and perhaps a short date after it."""
    if not said.verb or expression(_BEFORE_DATE).match(said.text):  # On Monday she wrote
        return False
    after = said.text[said.verb.end() :].strip(" :：")
    if after and not (len(after.split()) <= 4 and re.search(_SHORT_DATE, after)):
        return False
    name = said.text[: said.verb.start()].split()
    if name and name[-1].islower() and len(name[-1]) <= 3:  # a écrit, ha scritto
        name.pop()
    return 2 <= len(name) <= 4 and all(word[0].isupper() for word in name)
