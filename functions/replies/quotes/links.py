"""The links of our emails, which mail programs write out, number, and break over lines."""

import re
from collections.abc import Sequence
from html import unescape

LONG_LINK = 40

_OUR_LINK = r"(?i)\b(?:https?|mailto|tel|sms):[^\s<>\"]+"
_HOST = r"https?://[^/\s]+"
_FOLDED = r"\\\n(?:>[ \t]?){1,20}"
"""Where s-nail has broken a quoted line."""
_GAP = r"[ \t]?\n[ \t]{0,20}(?:>[ \t]?){0,20}|[ \t]"
"""Between two parts of a link that was broken."""
_FOOTNOTE = r"[>\s]*+\[(\d{1,3})\]:?\s+<?([a-zA-Z]+:[^\s<>]+)>?\s*"
_FOOTNOTE_BREAK = r"(?m)^([> \t]{0,40}\[\d{1,3}\]:?)[ \t]{0,9}\n[> \t]{0,40}(?=[a-zA-Z]{1,9}:\S)"
_FOOTNOTES_BEGIN = r"[>\s]*+(?:[-_=]{3,}|[\w ]{1,30}:|)\s*"


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
    hosts = tuple(host[0] for link in ours if (host := re.match(_HOST, link)))
    gone = {at: note[1] for at, note in notes.items() if note[2] in ours or note[2].startswith(hosts)}
    if not gone:
        return text
    first = _title_of_notes(lines, min(gone)) if gone.keys() == notes.keys() else min(gone)
    left = [line for at, line in enumerate(lines) if at not in gone and not first <= at < min(gone)]
    return re.sub(rf" ?\[(?:{'|'.join(gone.values())})\]", "", "\n".join(left))


def _title_of_notes(lines: Sequence[str], first: int) -> int:
    """Where the title of a list of footnotes begins, such as `Links:` above a rule, or the list itself."""
    while first and re.fullmatch(_FOOTNOTES_BEGIN, lines[first - 1]):
        first -= 1
    return first
