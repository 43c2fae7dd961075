"""Removes the links of our emails, which mail programs write out, number, and break over lines."""

import re
from collections.abc import Sequence
from html import unescape

LONG_LINK = 40
MAX_PIECES = 3
"""Pieces of a broken link. KMail breaks a link of 156 characters into two of 78, and quoting it adds a third."""

_OUR_LINK = r"(?i)\b(?:https?|mailto|tel|sms):[^\s<>\"]+"
_HOST = r"https?://[^/\s]+"
_FOLDED = r"\\\n(?:>[ \t]?){1,20}"
"""The place where s-nail has broken a quoted line."""
_GAP = r"[ \t]?\n[ \t]{0,20}(?:>[ \t]?){0,20}|[ \t]"
"""The text between two pieces of a broken link."""
_SIGNED_WITH = r"(?<=/)[A-Za-z0-9_-]{44}(?![A-Za-z0-9_-])|(?<=mailto:)[a-z2-7]{34}(?=@)"
"""The token in a link of ours: URL-safe base64 of 33 bytes, or in a reply address base32 of 21 bytes."""
_ANY = "\0"
"""Stands for any character of a token. The text of a mail never contains it."""
_SIGNING_LETTER = r"[A-Za-z0-9_-]"
_MARKED_LINES = r"(?m)(?:^[ \t]{0,4}>.*\n?)++"
_FOOTNOTE = r"[>\s]*+\[(\d{1,3})\]:?\s+<?([a-zA-Z]+:[^\s<>]+)>?\s*"
_FOOTNOTE_BREAK = r"(?m)^([> \t]{0,40}\[\d{1,3}\]:?)[ \t]{0,9}\n[> \t]{0,40}(?=[a-zA-Z]{1,9}:\S)"
_FOOTNOTES_BEGIN = r"[>\s]*+(?:[-_=]{3,}|[\w ]{1,30}:|)\s*"


def links(text: str) -> set[str]:
    """The links in an email that we sent, as text or HTML."""
    return set(re.findall(_OUR_LINK, unescape(text)))


def without_links(text: str, ours: set[str]) -> str:
    """Removes our links from a reply: those in footnotes, and long ones even if they are broken over lines.

    In a quote, broken links with another token go too: the same email, made again, may be signed with another key.
    """
    text = _without_footnotes(re.sub(_FOLDED, "", text), ours)
    long = sorted((link for link in ours if len(link) >= LONG_LINK), key=len, reverse=True)
    for link in long:  # longest first: a link may be the beginning of another
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
    """Returns marked lines without broken links that have the shape of ours."""
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
    """Returns the index after a link that begins here, or 0."""
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
    """Whether this is a whole link in a few pieces.

    If it goes on, it is another link. If it has many pieces, it is prose.
    """
    pieces = [piece for piece in quote[start:end].split() if piece.strip(">")]
    return 1 < len(pieces) <= MAX_PIECES and not re.match(r"[\w/-]", quote[end : end + 1])


def _without_footnotes(text: str, ours: set[str]) -> str:
    """Removes the links that a mail program listed at the end, `[2] tel:999`, and their numbers in the text."""
    lines = re.sub(_FOOTNOTE_BREAK, r"\1 ", text).split("\n")
    notes = {at: note for at, line in enumerate(lines) if "[" in line and (note := re.fullmatch(_FOOTNOTE, line))}
    hosts = tuple(host[0] for link in ours if (host := re.match(_HOST, link)))
    removed = {at: note[1] for at, note in notes.items() if note[2] in ours or note[2].startswith(hosts)}
    if not removed:
        return text
    first = _title_of_notes(lines, min(removed)) if removed.keys() == notes.keys() else min(removed)
    left = [line for at, line in enumerate(lines) if at not in removed and not first <= at < min(removed)]
    return re.sub(rf" ?\[(?:{'|'.join(removed.values())})\]", "", "\n".join(left))


def _title_of_notes(lines: Sequence[str], first: int) -> int:
    """Returns where a list of footnotes begins, with its title, if any, such as `Links:` above a rule."""
    while first and re.fullmatch(_FOOTNOTES_BEGIN, lines[first - 1]):
        first -= 1
    return first
