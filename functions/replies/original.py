"""What a quote holds beyond the email that we sent: its words are compared in order, so that lines that were wrapped
anew, links that were rewritten and bullets that were changed still match.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from html import unescape

from replies import tables

_LINK = r"(?i)[<(\[]?(?:https?://|www\.|mailto:|cid:|tel:|sms:)[^\s<>()\[\]]*[>)\]]?|\[(?:cid|«quotes.picture»)\b[^\]\n]{0,200}\]"
_WORD = r"[^\W_]+|[^\w\s\x00-\u218f]"
_DECORATION = r"[\s\-=_*•·—–>|.…\[\]()#~:;,<]*"

_OUR_LINK = r"(?i)\b(?:https?|mailto|tel|sms):[^\s<>\"]+"
_HOST = r"https?://[^/\s]+"
_GAP = r"[ \t]?\n[ \t]{0,20}(?:>[ \t]?){0,20}|[ \t]"
"""Between two parts of a link that was broken."""
_FOOTNOTE = r"[>\s]*\[(\d{1,3})\]:?\s+<?([a-zA-Z]+:[^\s<>]+)>?\s*"
_FOOTNOTES_BEGIN = r"[>\s]*(?:[-_=]{3,}|[\w ]{1,30}:|)\s*"
LONG_LINK = 40
"""Characters from which on a link is broken over lines."""

NEAR = 40
"""Words ahead of the last match in which a line of fewer than five words is looked for."""
TRIES = 8


class Compared:
    """A line to compare; `quoted` tells one that is quoted from one that may only be the end of such a line."""

    __slots__ = ("ends", "quoted", "text", "words")

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted
        self.words, self.ends = words(text)

    def says(self, words: list[str]) -> bool:
        """Whether these are all its words, but for a bullet's number."""
        return len(self.words) - len(words) in (0, 1) and self.words[-len(words) :] == words

    def is_decoration(self) -> bool:
        """Whether there is nothing but a link, a rule or a bullet; the delimiter of a signature is more than that."""
        return self.text.strip() != "--" and bool(
            re.fullmatch(_DECORATION, self.text) or tables.expression(_LINK).search(self.text)
        )


Rest = tuple[str | None, int]
"""What is left of one quoted line (None when we sent all of it), and how many of its words we sent."""


class Sent:
    """The words of an email that we sent."""

    def __init__(self, text: str) -> None:
        self._words: list[str] = []
        self._line_ends: set[int] = {0}
        self._numbered: set[tuple[str, ...]] = set()
        for line in text.split("\n"):
            of_line, _ = words(line)
            self._numbered.add(_without_numbers(of_line))
            self._words += of_line
            self._line_ends.add(len(self._words))
        self._numbered.discard(())
        self._places: dict[tuple[str, ...], list[int]] = {}
        """Where one word stands, and where three in a row."""
        for place, word in enumerate(self._words):
            self._places.setdefault((word,), []).append(place)
            self._places.setdefault(tuple(self._words[place : place + 3]), []).append(place)

    def __len__(self) -> int:
        return len(self._words)

    def has_with_other_numbers(self, line: str) -> bool:
        """Whether a line is ours but for its numbers, which change with the course: day 2 of 5, or of 6."""
        return any(map(str.isdigit, line)) and _without_numbers(words(line)[0]) in self._numbered

    def subtract(self, lines: Sequence[Compared]) -> list[Rest]:
        """What is left of each line. Each word of ours is used once: a question that a person repeats is kept."""
        reached = 0
        used = bytearray(len(self._words) + 1)
        rests: list[Rest] = []
        for at, line in enumerate(lines):
            if not line.words:
                rests.append((None if line.quoted and line.is_decoration() else line.text, 0))
                continue
            skipped, matched, start, end = self._match(line.words, reached, used, line.quoted)
            text: str | None = None
            if skipped + matched < len(line.words):
                ours = line.words[skipped : skipped + matched]
                whole = matched >= 4 and end in self._line_ends and line.quoted
                if not whole or any(other.says(ours) for other in lines[at + 1 : at + 1 + TRIES]):
                    rests.append((line.text, 0))
                    continue
                text = line.text[line.ends[skipped + matched - 1] :].lstrip(' \t?!.:;,)]”"»*_')
            reached = max(reached, end)
            used[start:end] = b"\1" * (end - start)
            rests.append((text, matched))
        return rests

    def _match(self, wanted: list[str], reached: int, used: bytearray, quoted: bool) -> tuple[int, int, int, int]:
        """How many words were passed over (a bullet's number), how many then match, from which place to which."""
        best = (0, 0, reached, reached)
        for skipped in (0, 1) if quoted and len(wanted) > 1 and _is_bullet(wanted[0]) else (0,):
            sought = wanted[skipped:]
            for place in self._candidates(sought, reached, quoted):
                matched, end = self._run(sought, place)
                if not any(used[place:end]) and matched > best[1]:
                    best = (skipped, matched, place, end)
                if best[1] == len(sought):
                    return best
        return best

    def _candidates(self, sought: list[str], reached: int, quoted: bool) -> list[int]:
        """Places to try: ahead first, then behind. Few words may be the person's: they match only where a line of
        ours starts, or where the last one ended.
        """
        if not quoted:  # a line that was broken without a new mark goes on where the last one ended
            return [] if reached in self._line_ends else [reached]
        places = self._places.get(tuple(sought[:3]), []) if len(sought) >= 3 else self._places.get((sought[0],), [])
        ahead = bisect_left(places, reached)
        if len(sought) >= 5:
            return places[ahead : ahead + TRIES] + places[max(0, ahead - TRIES) : ahead][::-1]
        return [
            at for at in places[ahead : ahead + TRIES] if at == reached or (at < reached + NEAR and self._starts(at))
        ]

    def _starts(self, place: int) -> bool:
        """Whether a line of ours starts here, be it behind a number."""
        return place in self._line_ends or (place - 1 in self._line_ends and _is_bullet(self._words[place - 1]))

    def _run(self, sought: list[str], place: int) -> tuple[int, int]:
        """How many words match from a place on; a few of ours may be missing, such as a number or a picture's name."""
        passed = len(sought) // 5
        for matched, word in enumerate(sought):
            near = self._words[place : place + 1 + min(passed, 3)]
            if word not in near:
                return matched, place
            skipped = near.index(word)
            passed -= skipped
            place += skipped + 1
        return len(sought), place


def links(text: str) -> set[str]:
    """The links in an email that we sent, as text or HTML."""
    return set(re.findall(_OUR_LINK, unescape(text)))


def without_links(text: str, ours: set[str]) -> str:
    """A reply without our links: those in footnotes, and long ones however they were broken over lines."""
    text = _without_footnotes(text, ours)
    for link in sorted(ours, key=len, reverse=True):  # a link may be the beginning of another
        if len(link) >= LONG_LINK:
            text = _without_link(text, link)
    return text


def _without_link(text: str, link: str) -> str:
    start = text.find(link[:10])
    while start >= 0:
        if end := _end_of_link(text, start, link):
            opened = start > 0 and text[start - 1] in "<([" and text[end : end + 1] in {">", ")", "]"}
            start, end = start - opened, end + opened
            text = text[:start] + text[end:]
        start = text.find(link[:10], start + (0 if end else 1))
    return text


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
    lines = text.split("\n")
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


def _without_numbers(line: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in line if not word.isdigit())


def _is_bullet(word: str) -> bool:
    return word.isdigit() or word == "o"


def words(line: str) -> tuple[list[str], list[int]]:
    """The words of a line without links, and the place after each; where no space parts them, each letter is one."""
    if ":" in line or "[" in line or "www." in line.lower():
        line = tables.expression(_LINK).sub(lambda link: " " * len(link[0]), line)
    matches = list(re.finditer(_WORD, line))
    if line.isascii():
        return [match[0].lower() for match in matches], [match.end() for match in matches]
    found: list[str] = []
    ends: list[int] = []
    for match in matches:
        if match[0] < "\u2e80":
            found.append(match[0].casefold())
            ends.append(match.end())
        else:
            found += match[0]
            ends += range(match.start() + 1, match.end() + 1)
    return found, ends
