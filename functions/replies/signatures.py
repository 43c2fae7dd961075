"""Removes what is not the person's from above and below own words.

Below them, these are signatures, the line that a telephone adds, and legal footers; above them, the warning of a
company's mail server. Only what is clearly marked as one of these is removed.
"""

import re
from collections.abc import Sequence
from itertools import dropwhile, takewhile

from replies import tables

MAX_SIGNATURE = 12
"""Lines. A longer signature is kept."""

_PICTURE = r"(?i)\[(?:cid|«quotes.picture»)\b[^\]\n]{0,200}\]"
"""What stands for a picture in a plain part."""
_ONLY_ADDRESS = r"\s*<?(?:https?://\S+|[^\s@]+@[^\s@]+\.[^\s@]+)\s*"
_COLUMNS_OR_NUMBERS = r"(?i)\S\s*\|\s*\S|(?:tel|phone|fax|mobile|cell|mob)\w*[.:]"
_REACHABLE = r"(?i)(?:tel|phone|fax|mobile|cell|mob)\w*[.:]|www\.|https?://|[^\s@<>]+@[^\s@<>]+\.\w"
_CONTACT = f"{_COLUMNS_OR_NUMBERS}|{_REACHABLE.removeprefix('(?i)')}"
_SENTENCE = r"[.?!…。？！][\"”»’)]*(?:\s|$)"
_STARS = r"\s*\*(?:\s?\*){2,}\s*"
_MORE = r"(?i)p\.? ?p?\.?s\b"
"""The beginning of a postscript."""
_NUMBER_OR_ADDRESS = r"\+?\d[\d\s()/-]{6,}|\S@\S|www\.|https?:"
_RULE = r"\W*(?:_{5,}|-{10,}|[—–―]{3,})\W*"
_FIRST_PERSON = r"(?i:(?!.{0,600}\b«footers.first_person»\b))"
_LONG_RULE = r"\s*_{30,}\s*"
_DASHES = frozenset({"--", "—", "—-", "-—", "*--*", "*-- *"})
_LEGAL = (
    r"(?i)(?=.{0,600}«footers.confidential»)(?=.{0,600}«footers.recipient»)(?=.{0,600}«footers.message»)"
    rf"{_FIRST_PERSON}"
)
_LEGAL_WORD = "«footers.confidential»|«footers.environment»"
"""Every footer has one of these words, in lower case."""
_LEGAL_BEGINS = "(?i).{0,60}«footers.begins»"
_NOT_TO_PRINT = (
    rf"(?i){_FIRST_PERSON}(?=.{{0,80}}«footers.environment»)(?=.{{0,120}}«footers.print»)"
    r"(?=.{0,60}«footers.consider»).{20,160}"
)
_WARNING = r"(?i)\W*«warnings.begins»\b(?=.{0,200}«warnings.outside»)(?=.{0,300}«warnings.opening»)"

_BRAND = (
    r"iphone|iphon|ipad|ipod|android|galaxy|samsung|blackberry|outlook|huawei|xiaomi|redmi|pixel|nokia|motorola|oneplus|htc"
    r"|windows|yahoo|gmail|gmx|web\.de|proton|airmail|sparrow|mailbox|thunderbird|k-9|fairemail|spark|mail\.ru|mail\.com"
    r"|superhuman|bluemail|mymail|polymail|unibox|mimestream|typeapp|aol|libero|fastmail|tuta\w*|zoho|vivaldi"
    r"|mailspring|yandex|яндекс\w*|mail orange|laposte|zimbra|roundcube|outlook\w*"
)
_EXCUSE = r"(?:[,.;!]* ?\(?«devices.excuse»[^\n]{0,80})?"
_DEVICE_LINES = (
    rf"(?i:\W*(?:«devices.sent_from spaced»(?!\w)|«devices.sent_from unspaced»)"
    rf"(?:[^.,!?\n]{{0,50}}?(?<![a-z0-9])(?:{_BRAND})(?!\w*\?)[^!?,\n]{{0,40}}(?:, «devices.article» [^!?,\n]{{1,40}})?"
    rf"|[^.,!?\n]{{0,40}}?(?:(?<!\w)«devices.names spaced»|«devices.names unspaced»)(?!\w)(?: [^\s,.!?]+){{0,2}})"
    rf"{_EXCUSE}\W*)",
    "(?i:«devices.get_app»)",
    r"(?i:(?:\S+ ){0,3}\W*Outlook\W* (?:\S+ ){1,2}(?:iOS|Android|Mac|Windows)(?: \S+)?)",
    rf"(?i:(?=«devices.verb_last»$)(?=.{{0,80}}(?<![a-z0-9])(?:{_BRAND}|«devices.names»)).*)",
    r"(?i:«devices.of_mine»? ?(?:iphone|ipad|android|galaxy|samsung|outlook|huawei|«devices.names_before_verb»)"
    r"[^\s,.!?]* ?«devices.sent»\W*)",
    r"«devices.sent_from_my» (?:[\w'+-]+ ){0,5}(?:[A-Z0-9-]*\d[A-Z0-9-]*|[A-Z]{2,})(?: [\w'+-]+){0,3}\W*",
    rf"(?i:«devices.sent_from_my» [\w&'+-]+, (?:{_BRAND})\b[^!?,.\n]{{0,40}})",
    r"(?i:yahoo mail ?: ?\w+, \w+[^.!?\n]{3,40})",
    r"(?i:(?=.{0,80}www\.av)(?:[^\W\d_]+(?:[ -][^\W\d_]+){0,4})?\W{0,3}www\.(?:avast|avg)\.\w+)",
    r"<#[0-9A-F]{8}-[0-9A-F-]{27}>",
)
"""In this order: `Sent from` a brand or a kind of device; `Get … for iOS`; `Outlook for iOS`; languages with the verb
last, with and without `my`; a model such as `RIDGE 4G`; a telephone company's name before the brand; advertisements."""
_DEVICE_LINE = "|".join(_DEVICE_LINES)
_LINK = r"[<(\[]*https?://\S+"
_UNSEEN = "[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"


def is_device_line(line: str) -> bool:
    """Whether a line is what a telephone or a mail program adds below what was written: `Sent from my iPhone`."""
    if not 8 <= len(line) <= 200:
        return False
    bare = re.sub(_UNSEEN, "", re.sub(_LINK, "", line)).strip(" \t*_.")
    return bool(bare) and tables.expression(_DEVICE_LINE).fullmatch(bare) is not None


def without_signature(lines: Sequence[str], *, before: bool, elsewhere: bool, original_known: bool) -> list[str]:
    """Returns a run of own lines (up to a quote or the end) without what is not the person's.

    `before` and `elsewhere` say whether there are other runs before this one, or anywhere: a bare `--` removes nothing
    from a reply that would be empty without it. If the original is unknown, all after `Sent from my …` is a quote.
    """
    kept = list(lines[: _legal(lines, below_quote=before)])
    kept = kept[: _list_footer(kept)]
    kept = kept[: _contacts(kept)]
    cut = _delimiter(kept, before)
    if cut is not None and (elsewhere or any(map(str.strip, kept[:cut]))):
        kept = kept[:cut]
    elif cut is not None and kept[cut].lstrip(" ") == "-- ":
        kept = _written_below(kept[cut + 1 :])
    kept = _without_device_lines(kept, before=before, original_known=original_known)
    return [line for line in kept if not tables.expression(_PICTURE).fullmatch(line.strip())]


def _without_device_lines(lines: list[str], *, before: bool, original_known: bool) -> list[str]:
    """Removes `Sent from my …` and, if the original is unknown, the quote that follows it.

    If it is the first line, the own words follow it, and then a rule and the quote.
    """
    devices = {at for at, line in enumerate(lines) if is_device_line(line)}
    if devices and not original_known:
        first = min(devices)
        if before or any(map(str.strip, lines[:first])):
            return lines[:first]
        lines = lines[: next((at for at, line in enumerate(lines) if re.fullmatch(_LONG_RULE, line)), None)]
    return [line for at, line in enumerate(lines) if at not in devices]


def _written_below(lines: Sequence[str]) -> list[str]:
    """Returns what the person typed below a program's signature: the text from its first sentence on."""
    return list(dropwhile(lambda line: not (len(line.split()) > 3 and re.search(_SENTENCE, line)), lines))


def _list_footer(lines: Sequence[str]) -> int:
    """Returns where a mailing list's footer begins: a last rule, with an address or a link below it."""
    for at in range(max(0, len(lines) - MAX_SIGNATURE), len(lines)):
        below = [text for text in lines[at + 1 :] if text.strip()]
        if re.fullmatch(r"\s*_{2,}\s*", lines[at]) and any(re.fullmatch(_ONLY_ADDRESS, text) for text in below):
            return at
    return len(lines)


def _contacts(lines: Sequence[str]) -> int:
    """Returns where a last block of contacts begins: columns or telephone numbers, and addresses."""
    end = len(lines)
    found: list[str] = []
    for at in range(len(lines) - 1, 0, -1):
        line = lines[at].strip()
        if line and (
            len(line) > 160 or (line.endswith((".", "!", "?")) and "|" not in line) or not re.search(_CONTACT, line)
        ):
            break
        found += [line] if line else []
        end = at if line else end
    columns = sum(re.search(_COLUMNS_OR_NUMBERS, line) is not None for line in found)
    reached = sum(re.search(_REACHABLE, line) is not None for line in found)
    return end if len(found) >= 3 and columns >= 2 <= reached else len(lines)


def _names(line: str) -> bool:
    """Whether at least half of a line's words begin with a capital or a digit, as in a name or an address."""
    said = line.split()
    return 2 * sum(word[0].isupper() or word[0].isdigit() for word in said) >= len(said)


def _is_sentence(line: str) -> bool:
    return line.endswith((".", "?", "!", "…")) and len(line.split()) > 3


def _legal(lines: Sequence[str], *, below_quote: bool) -> int:
    """Returns where a legal footer or a request not to print begins.

    It is a long line or a paragraph, but not the first. Below a quote it may be the first, and it may be short.
    """
    if not tables.expression(_LEGAL_WORD).search("\n".join(lines).lower()):
        return len(lines)
    short = 40 if below_quote else 90
    for at in range(0 if below_quote else 1, len(lines)):
        if len(lines[at]) > short and tables.expression(_LEGAL).match(lines[at]):
            return at
        if lines[at].strip() and not (at and lines[at - 1].strip()):
            text = " ".join(takewhile(str.strip, lines[at : at + MAX_SIGNATURE]))[:1000].strip()
            begins = len(text) > short and tables.expression(_LEGAL_BEGINS).match(lines[at])
            legal = begins and tables.expression(_LEGAL).match(text)
            if legal or tables.expression(_NOT_TO_PRINT).fullmatch(text):
                return at
    return len(lines)


def is_warning(line: str) -> bool:
    """Whether a line is a mail server's warning about mail from outside."""
    return len(line) >= 60 and tables.expression(_WARNING).match(line) is not None


def without_warning(lines: Sequence[str]) -> list[str]:
    """Removes a warning about external mail in the first paragraph, unless there is no other text."""
    first = next((at for at, line in enumerate(lines) if line.strip()), None)
    rest = list(lines[first + 1 :]) if first is not None and is_warning(lines[first]) else []
    return rest if any(map(str.strip, rest)) else list(lines)


def _delimiter(lines: Sequence[str], before: bool) -> int | None:
    """Returns where a signature starts.

    It starts at `-- ` (RFC 3676), or at a bare `--` or a rule if the lines below look like a signature.
    """
    cut = None
    below: list[str] = []
    for at in range(len(lines) - 1, -1, -1):
        if "*" in lines[at] and re.fullmatch(_STARS, lines[at]) and _is_below_the_end(lines[:at], below):
            cut = at
        drawn = _is_drawn(lines, at, below)
        leads = drawn and before and not any(map(str.strip, lines[:at]))
        bare = drawn and _is_signature(lines[at + 1], below, leads=leads, drawn="_" in lines[at])
        cut = at if bare or lines[at].lstrip(" ") == "-- " else cut
        below += [lines[at].strip()] if lines[at].strip() else []
        if len(below) > MAX_SIGNATURE:
            break
    return cut


def _is_below_the_end(above: Sequence[str], below: Sequence[str]) -> bool:
    """Whether the lines below `* * *`, from the last one up, are a signature and no part of a letter.

    They are a name and a number or address; or one or two lines without a sentence, below a closing line and a name.
    """
    if not below or not any(map(str.strip, above)) or any(map(_is_sentence, below)):
        return False
    if len(below) <= 5 and all(map(_names, below)) and any(re.search(_NUMBER_OR_ADDRESS, line) for line in below):
        return True
    said = [line.strip() for line in above[-MAX_SIGNATURE:] if line.strip()]
    closed = len(said) > 2 and said[-2].endswith(",") and len(said[-2].split()) <= 5
    signed = closed and len(said[-1].split()) <= 3 and _names(said[-1])
    return signed and len(below) <= 2 and not re.match(_MORE, below[-1])


def _is_drawn(lines: Sequence[str], at: int, below: Sequence[str]) -> bool:
    """Whether a line separates those `below` it from those above. Right below a heading, it underlines it."""
    line, above = lines[at].strip(), lines[at - 1].strip() if at else ""
    if not below or (line.startswith("----") and above):
        return False
    if line == "---":
        return at > 0 and not above and len(below) <= 4 and _names(below[-1])
    return line in _DASHES or re.fullmatch(_RULE, line) is not None


def _is_signature(following: str, below: Sequence[str], *, leads: bool, drawn: bool) -> bool:
    """Whether lines below a bare delimiter look like a signature: short, no sentences (unless a line was `drawn`).

    A delimiter with a blank line below it is a person's pause, unless it `leads`: then it is all that follows a quote.
    """
    sentences = any(map(_is_sentence, below))
    if any(len(line) > 80 for line in below) or (sentences and not drawn):
        return False
    return bool(following.strip()) or (leads and len(below) <= 4)
