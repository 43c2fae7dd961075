"""Finds the words of a quote that are not in the email that we sent.

Words are compared in order, so lines still match if they were wrapped again, or if links or bullets were rewritten.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import NamedTuple, TypeVar

from replies.original.words import LINK, LONG_LINE, ends, words
from replies.tables import expression

LONG_MATCH = 5
"""Words of our email in a row, or in one line; nobody writes so many of them by chance."""
NEAR = 40
"""A line of a reply with fewer than five words is ours only directly after the last match, or if a line of ours that
starts fewer than so many words after it has the same words."""
TRIES = 8
"""For one line, so many places in each direction are tried, and so many lines below are searched for the same words."""

_DECORATION = r"[\s\-=_*•·—–>|.…\[\]()#~:;,<]*"
_NEXT_WORD = r"\S*\s+"

_Key = TypeVar("_Key", bound=Hashable)


class Compared:
    """A line to compare. If it is not `quoted`, it may still be the end of a quoted line."""

    __slots__ = ("quoted", "text", "words")

    def __init__(self, text: str, quoted: bool) -> None:
        self.text = text
        self.quoted = quoted
        self.words = words(text)

    def says(self, words: list[str]) -> bool:
        """Whether the line consists of these words, or of a bullet's number and these words."""
        return len(self.words) - len(words) in (0, 1) and self.words[-len(words) :] == words

    def after(self, count: int) -> str:
        """Returns the text after this number of its words."""
        return self.text[ends(self.text)[count - 1] :].lstrip(' \t?!.:;,)]”"»*_')

    def is_decoration(self) -> bool:
        """Whether it is only a link, a rule or a bullet. A signature's delimiter `--` is none of these."""
        if self.text.strip() == "--":
            return False
        return bool(expression(_DECORATION).fullmatch(self.text) or expression(LINK).search(self.text))


class Rest(NamedTuple):
    """What is left of a line without our words."""

    text: str | None
    """None if we sent all of it."""
    matched: int
    """How many of its words we sent."""


class _Match(NamedTuple):
    """Where the words of a line stand in our email."""

    skipped: int
    """Words of the line before the match: a bullet's number."""
    matched: int
    start: int
    end: int


class SentWords:
    """The words of an email that we sent."""

    def __init__(self, text: str) -> None:
        self._lines = [words(line) for line in text.split("\n")]
        self._words = [word for line in self._lines for word in line]
        self._line_ends = {*accumulate(map(len, self._lines), initial=0)}

    def __len__(self) -> int:
        return len(self._words)

    @cached_property
    def _lines_without_numbers(self) -> set[tuple[str, ...]]:
        """The lines without their numbers."""
        return {_without_numbers(line) for line in self._lines} - {()}

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        """Where each word stands."""
        return _places(self._words)

    @cached_property
    def _places_of_three(self) -> dict[tuple[str, ...], list[int]]:
        """Where each group of three words in a row stands."""
        return _places(zip(self._words, self._words[1:], self._words[2:], strict=False))

    def has_with_other_numbers(self, line: str) -> bool:
        """Whether a line is ours except for its numbers, which change with the course: day 2 of 5, or of 6."""
        return any(map(str.isdigit, line)) and _without_numbers(words(line)) in self._lines_without_numbers

    def subtract(self, lines: Sequence[Compared]) -> list[Rest]:
        """Returns the rest of each line.

        Each word of ours is used only once, so a question that a person repeats is kept.
        """
        reached = 0
        used = bytearray(len(self._words) + 1)
        rests: list[Rest] = []
        for at, line in enumerate(lines):
            if not line.words:
                rests.append(Rest(None if line.quoted and line.is_decoration() else line.text, 0))
                continue
            match = self._match(line, reached, used)
            if not self._is_ours(line, match, lines[at + 1 : at + 1 + TRIES]):
                rests.append(Rest(line.text, 0))
                continue
            reached = max(reached, match.end)
            used[match.start : match.end] = b"\1" * (match.end - match.start)
            count = match.skipped + match.matched
            rests.append(Rest(line.after(count) if count < len(line.words) else None, match.matched))
        return rests

    def with_line_breaks(self, text: str) -> str:
        """Returns the text with our email on separate lines where a mail program removed its line breaks."""
        return "\n".join(self._split(line) if len(line) >= LONG_LINE else line for line in text.split("\n"))

    def _split(self, line: str) -> str:
        said = words(line)
        cuts: list[int] = []
        at = reached = 0
        while at < len(said) - LONG_MATCH:
            places = self._places_of_three.get(tuple(said[at : at + 3]))
            if places is None:
                at += 1
                continue
            ahead = bisect_left(places, reached)
            near = ((_common(said, at, self._words, place), place) for place in places[ahead : ahead + TRIES])
            run, place = max(near, default=(0, 0))
            if run >= LONG_MATCH:
                cuts += [at, at + run]
                reached = place + run
            at += run if run >= LONG_MATCH else 1
        if not cuts:
            return line
        after = ends(line)
        starts = [_next_word(line, after[cut - 1]) for cut in dict.fromkeys(cuts) if 0 < cut < len(said)]
        return "\n".join(line[here:there] for here, there in pairwise([0, *starts, len(line)]))

    def _match(self, line: Compared, reached: int, used: bytearray) -> _Match:
        """Returns the longest match of a line, with or without its bullet, or our next line if one word differs."""
        found = self._longest(line, reached, used)
        if line.quoted and found.matched < len(line.words) and self._differs_in_a_word(line.words, reached):
            return _Match(0, len(line.words), reached, reached + len(line.words))
        return found

    def _longest(self, line: Compared, reached: int, used: bytearray) -> _Match:
        best = _Match(0, 0, reached, reached)
        for skipped in (0, 1) if line.quoted and len(line.words) > 1 and _is_bullet(line.words[0]) else (0,):
            sought = line.words[skipped:]
            for place in self._candidates(sought, reached, line.quoted):
                matched, end = self._run(sought, place)
                if matched > best.matched and used.find(1, place, end) < 0:
                    best = _Match(skipped, matched, place, end)
                if best.matched == len(sought):
                    return best
        return best

    def _is_ours(self, line: Compared, match: _Match, following: Sequence[Compared]) -> bool:
        """Whether we sent all of a line, or its beginning up to the end of a line of ours.

        The beginning does not count if our line is quoted again below.
        """
        if match.skipped + match.matched == len(line.words):
            return True
        ours = line.words[match.skipped : match.skipped + match.matched]
        whole = line.quoted and match.matched >= 4 and match.end in self._line_ends
        return whole and not any(other.says(ours) for other in following)

    def _differs_in_a_word(self, wanted: list[str], reached: int) -> bool:
        """Whether a short line is our next one except for one word, such as a name that has changed since."""
        end = reached + len(wanted)
        if not 2 <= len(wanted) <= 4 or not {reached, end} <= self._line_ends:
            return False
        return sum(said != ours for said, ours in zip(wanted, self._words[reached:end], strict=True)) == 1

    def _candidates(self, sought: list[str], reached: int, quoted: bool) -> list[int]:
        """Returns the places to try: those after the last match, then those before it.

        A few words may be the person's. They match only where a line of ours starts, or where the last match ended.
        """
        if not quoted:  # the unmarked end of a broken line continues where the last match ended
            return [] if reached in self._line_ends else [reached]
        few = len(sought) < 3
        places = self._places.get(sought[0], []) if few else self._places_of_three.get(tuple(sought[:3]), [])
        ahead = bisect_left(places, reached)
        if len(sought) >= 5:
            return places[ahead : ahead + TRIES] + places[max(0, ahead - TRIES) : ahead][::-1]
        return [
            at for at in places[ahead : ahead + TRIES] if at == reached or (at < reached + NEAR and self._starts(at))
        ]

    def _starts(self, place: int) -> bool:
        """Whether a line of ours starts here, or starts one word before with a bullet or its number."""
        return place in self._line_ends or (place - 1 in self._line_ends and _is_bullet(self._words[place - 1]))

    def _run(self, sought: list[str], place: int) -> tuple[int, int]:
        """Returns how many words match from a place on, and where they end.

        A few of our words may be missing, such as a number or a picture's name.
        """
        passed = len(sought) // 5
        for matched, word in enumerate(sought):
            near = self._words[place : place + 1 + min(passed, 3)]
            if word not in near:
                return matched, place
            skipped = near.index(word)
            passed -= skipped
            place += skipped + 1
        return len(sought), place


def _places(keys: Iterable[_Key]) -> dict[_Key, list[int]]:
    found = defaultdict[_Key, list[int]](list)
    for place, key in enumerate(keys):
        found[key].append(place)
    return found


def _common(said: list[str], at: int, ours: list[str], place: int) -> int:
    """Returns how many words are the same from these two places on."""
    longest = min(len(said) - at, len(ours) - place)
    return next((run for run in range(longest) if said[at + run] != ours[place + run]), longest)


def _next_word(line: str, end: int) -> int:
    """Returns where the next word starts; a sign that closes a word, such as a full stop, stays with it."""
    found = expression(_NEXT_WORD).match(line, end)
    return found.end() if found else end


def _without_numbers(line: Sequence[str]) -> tuple[str, ...]:
    return tuple(word for word in line if not word.isdigit())


def _is_bullet(word: str) -> bool:
    return word.isdigit() or word == "o"
