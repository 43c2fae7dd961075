"""Corrects mistyped words: “unsubcribe”, “puase”, “Skipp”."""

from functools import cache

from replies import tables

SHORTEST = 4
"""The fewest letters of a word that is corrected."""
LONGEST_SHORT = 5
"""For a right word of at most so many letters, slips other than swapped or doubled letters are corrected only if the
typed word has exactly this many letters."""
TWO_SLIPS_FROM = 9
"""If the right word has at least so many letters, two slips are corrected."""


def corrected(words: str) -> str:
    """Corrects each word that is nearly, but not exactly, a word of `typos.words`."""
    return " ".join(map(_right, words.split()))


@cache
def _right(word: str) -> str:
    known = tables.words("typos.words")
    if word in known or word in tables.words("typos.others"):
        return word
    return next((right for right in sorted(known) if _is_near(word, right)), word)


def _is_near(word: str, right: str) -> bool:
    """Whether a word is one slip away from the right word, or two if that has at least TWO_SLIPS_FROM letters.

    The first letter must be right. So must the ending, which carries the grammar, except if two letters are swapped or
    one is doubled.
    """
    if len(word) < SHORTEST or word[0] != right[0] or abs(len(word) - len(right)) > 2:
        return False
    if word in _swapped(right) | _doubled(right):
        return True
    if len(right) <= LONGEST_SHORT and len(word) != LONGEST_SHORT:
        return False
    same_ending = word[-1] == right[-1] and not right.startswith(word) and not word.startswith(right)
    return same_ending and _slips(word, right) <= (2 if len(right) >= TWO_SLIPS_FROM else 1)


def _swapped(word: str) -> set[str]:
    return {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}


def _doubled(word: str) -> set[str]:
    return {word[:at] + word[at] + word[at:] for at in range(len(word))}


def _slips(one: str, other: str) -> int:
    """Counts letters that are missing, added, replaced or swapped (optimal string alignment)."""
    older: list[int] = []
    before = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        row = [at]
        for to, wanted in enumerate(other, 1):
            best = min(before[to] + 1, row[-1] + 1, before[to - 1] + (letter != wanted))
            if at > 1 and to > 1 and letter == other[to - 2] and one[at - 2] == wanted:
                best = min(best, older[to - 2] + 1)
            row.append(best)
        older, before = before, row
    return before[-1]
