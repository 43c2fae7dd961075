"""The links of our emails, which mail programs write out, number, and break over lines."""

import re
from collections.abc import Sequence
from html import unescape

LONG_LINK = 40
MAX_PIECES = 3
"""Of a broken link: one of 156 characters that KMail broke after 78 each time has two, and one more from its quote."""

_OUR_LINK = r"(?i)\b(?:https?|mailto|tel|sms):[^\s<>\"]+"
_HOST = r"https?://[^/\s]+"
_FOLDED = r"\\\n(?:>[ \t]?){1,20}"
"""Where s-nail has broken a quoted line."""
_GAP = r"[ \t]?\n[ \t]{0,20}(?:>[ \t]?){0,20}|[ \t]"
"""Between two parts of a link that was broken."""
_SIGNED_WITH = r"(?<=/)[A-Za-z0-9_-]{44}(?![A-Za-z0-9_-])|(?<=mailto:)[a-z2-7]{34}(?=@)"
"""What a link of ours is signed with: URL-safe base64 of 33 bytes, in a reply address base32 of 21."""
_ANY = "\0"
"""Stands for a letter of a token; the text of a mail never has it."""
_SIGNING_LETTER = r"[A-Za-z0-9_-]"
_MARKED_LINES = r"(?m)(?:^[ \t]{0,4}>.*\n?)++"
_FOOTNOTE = r"[>\s]*+\[(\d{1,3})\]:?\s+<?([a-zA-Z]+:[^\s<>]+)>?\s*"
_FOOTNOTE_BREAK = r"(?m)^([> \t]{0,40}\[\d{1,3}\]:?)[ \t]{0,9}\n[> \t]{0,40}(?=[a-zA-Z]{1,9}:\S)"
_FOOTNOTES_BEGIN = r"[>\s]*+(?:[-_=]{3,}|[\w ]{1,30}:|)\s*"


def links(text: str) -> set[str]:
    """The links in an email that we sent, as text or HTML."""
    return set(re.findall(_OUR_LINK, unescape(text)))


def without_links(text: str, ours: set[str]) -> str:
    """A reply without our links: those in footnotes, and long ones however they were broken over lines.

    In a quote also broken ones with another token: the same email, made again, may be signed with another key.
    """
    text = _without_footnotes(re.sub(_FOLDED, "", text), ours)
    long = sorted((link for link in ours if len(link) >= LONG_LINK), key=len, reverse=True)
    for link in long:  # a link may be the beginning of another
        text = _without_link(text, link)
    shapes = list(
        dict.fromkeys(
            re.sub(_SIGNED_WITH, lambda token: _ANY * len(token[0]), link)
            for link in long
            if re.search(_SIGNED_WITH, link)
        )
    )
    return re.sub(_MARKED_LINES, lambda quote: _without_broken(quote[0], shapes), text) if shapes else text


def _without_broken(quote: str, shapes: Sequence[str]) -> str:
    """Marked lines without what has the shape of a link of ours and is broken."""
    for shape in shapes:
        quote = _without_link(quote, shape, only_broken=True)
    return quote


def _without_link(text: str, link: str, *, only_broken: bool = False) -> str:
    kept: list[str] = []
    after = 0
    beginning = link.partition(_ANY)[0][:10]
    start = text.find(beginning)
    while start >= 0:
        end = _end_of_link(text, start, link)
        if end and (not only_broken or _is_broken(text, start, end)):
            opened = start > 0 and text[start - 1] in "<([" and text[end : end + 1] in {">", ")", "]"}
            kept.append(text[after : start - opened])
            after = end + opened
        start = text.find(beginning, max(after, start + 1))
    return "".join([*kept, text[after:]])


def _end_of_link(text: str, start: int, link: str) -> int:
    """Where a link that begins here ends, or 0."""
    at = start
    for letter in link:
        if not _is_letter(text[at : at + 1], letter):
            gap = re.compile(_GAP).match(text, at)
            if not gap or not _is_letter(text[gap.end() : gap.end() + 1], letter):
                return 0
            at = gap.end()
        at += 1
    return at


def _is_letter(said: str, ours: str) -> bool:
    return said == ours or (ours == _ANY and re.fullmatch(_SIGNING_LETTER, said) is not None)


def _is_broken(quote: str, start: int, end: int) -> bool:
    """Whether all of a link is here, in a few pieces: what goes on is another link, what has many is prose."""
    pieces = [piece for piece in quote[start:end].split() if piece.strip(">")]
    return 1 < len(pieces) <= MAX_PIECES and not re.match(r"[\w/-]", quote[end : end + 1])


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
