"""What a quote holds beyond the email that we sent: its words are compared in order, so that lines that were wrapped
anew, links that were rewritten and bullets that were changed still match.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate, pairwise

from replies import tables

_LINK = r"(?i)[<(\[]?(?:https?://|www\.|mailto:|cid:|tel:|sms:)[^\s<>()\[\]]*[>)\]]?|\[(?:cid|«quotes.picture»)\b[^\]\n]{0,200}\]"
_WORD = r"[^\W_]+|[^\w\s\x00-\u218f]"
_JOINED = r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])"
"""Where cells and paragraphs meet that a program ran together: `TrustDay`."""
_DECORATION = r"[\s\-=_*•·—–>|.…\[\]()#~:;,<]*"

LONG_LINE = 600
"""Characters from which on a line may be our whole email."""
RUN = 5
"""Words of ours in a row that no person writes by chance."""
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
            if line.quoted and matched < len(line.words) and self._differs_in_a_word(line.words, reached):
                skipped, matched, start, end = 0, len(line.words), reached, reached + len(line.words)
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

    def parted(self, text: str) -> str:
        """The text, with our email on lines of its own where a mail program left its line breaks out."""
        return "\n".join(self._parted(line) if len(line) >= LONG_LINE else line for line in text.split("\n"))

    def _parted(self, line: str) -> str:
        said, ends = words(line)
        cuts: list[int] = []
        at = reached = 0
        while at < len(said) - RUN:
            places = self._places.get(tuple(said[at : at + 3]), [])
            places = places[(ahead := bisect_left(places, reached)) : ahead + TRIES]
            run, place = max(((_common(said, at, self._words, place), place) for place in places), default=(0, 0))
            if run >= RUN:
                cuts += [at, at + run]
                reached = place + run
            at += run if run >= RUN else 1
        starts = [ends[cut - 1] for cut in dict.fromkeys(cuts) if 0 < cut < len(said)]
        return "\n".join(
            line[here:there] for here, there in pairwise([0, *(_next_word(line, end) for end in starts), len(line)])
        )

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

    def _differs_in_a_word(self, wanted: list[str], reached: int) -> bool:
        """Whether a short line is the next one of ours but for one word, such as a name that has changed since."""
        end = reached + len(wanted)
        if not 2 <= len(wanted) <= 4 or not {reached, end} <= self._line_ends:
            return False
        return sum(said != ours for said, ours in zip(wanted, self._words[reached:end], strict=True)) == 1

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


def _common(said: list[str], at: int, ours: list[str], place: int) -> int:
    """How many words are the same from here on."""
    longest = min(len(said) - at, len(ours) - place)
    return next((run for run in range(longest) if said[at + run] != ours[place + run]), longest)


def _next_word(line: str, end: int) -> int:
    """Where the word after a place starts; what closes a word, such as a full stop, stays with it."""
    found = re.compile(r"\S*\s+").match(line, end)
    return found.end() if found else end


def _without_numbers(line: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in line if not word.isdigit())


def _is_bullet(word: str) -> bool:
    return word.isdigit() or word == "o"


def words(line: str) -> tuple[list[str], list[int]]:
    """The words of a line without links, and the place after each; where no space parts them, each letter is one."""
    if ":" in line or "[" in line or "www." in line.lower():
        line = tables.expression(_LINK).sub(lambda link: " " * len(link[0]), line)
    matches = list(re.finditer(_WORD, line))
    if line.isascii() and not re.search(_JOINED, line):
        return [match[0].lower() for match in matches], [match.end() for match in matches]
    found: list[str] = []
    ends: list[int] = []
    for match in matches:
        if match[0] < "\u2e80":
            parts = re.split(_JOINED, match[0])
            found += map(str.casefold, parts)
            ends += accumulate(map(len, parts), initial=match.start())
            del ends[-len(parts) - 1]
        else:
            found += match[0]
            ends += range(match.start() + 1, match.end() + 1)
    return found, ends


def is_faithful(text: str, original: str) -> bool:
    """Whether a plain part keeps line breaks, and our quotation marks and dashes where it quotes us."""
    marks = "‘’“”–—…"
    flat = len(text) >= LONG_LINE and "\n" not in text.strip()
    return not flat and (any(mark in text for mark in marks) or not any(mark in original for mark in marks))


def clearer(plain: str, html: str, *, faithful: bool) -> str:
    """Of what two parts of a mail say, the HTML part's if the plain one has the same words and others among them.

    And always when the plain part is not `faithful` to what was written.
    """
    said, more = (words(text)[0] for text in (html, plain))
    rest = iter(more)
    return html if not faithful or (len(said) < len(more) and all(word in rest for word in said)) else plain
