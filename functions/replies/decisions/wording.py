"""Splits a reply into sentences of plain words, which the expressions of `languages/` match."""

import re
from dataclasses import dataclass, replace
from itertools import takewhile

from replies import tables
from replies.decisions import expressions, grammar
from replies.tables import plain

LONGEST_SIGNATURE = 3
"""A signature has at most so many lines below the goodbye or the empty line."""
MOST_NAMES = 4
"""A line of a signature has at most so many words."""
_ENDS = r"(?:[.!?…;]+(?=\s|$|[\"'”’»)])|[!?…]|[—–\n¡¿()]|\s-+\s)+"
"""The end of a sentence. The point in a time is not one."""
_COMMAS = r",(?!\d)|:(?!\d)"
_WRAPPED = r"(?m)^(.{50,})\n(?=\S)"
"""A line that a mail program broke: its sentence continues on the next line."""
_QUOTED = r"[\"“”„«»]"
_APOSTROPHE = r"(?<=[^\W\d_])['’´`](?=[^\W\d_])"
_TITLE = r"(?:^|\s)(?:[^\W\d_a-z]|Dr|Prof|Dipl|Mrs?|Ms|Sra?|Lic)\.|[0-9]"
"""Typical of a signature, rare in a paragraph: an initial, a title, or a house or telephone number."""
_NAME = r"(?:[^\W\d_a-z][\w'’-]*\.?(?: |$)){1,3}"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence, split at its commas and before its conjunctions."""

    pieces: tuple[str, ...]
    asks: bool
    """Whether it ends with a question mark."""
    quotes: bool
    """Whether it has a quotation mark: some of its words may be somebody else's."""
    names: int
    """How many of its last pieces are written like a name."""

    @property
    def words(self) -> str:
        """All words of the sentence."""
        return " ".join(self.pieces)


def sentences(text: str, first_name: str = "") -> list[Sentence]:
    """Returns the sentences of a text, without the writer's first name at the end of a sentence, or as a whole one."""
    text = re.sub(_WRAPPED, r"\1 ", re.sub(_APOSTROPHE, "", _without_quotes(text)))
    found: list[Sentence] = []
    start = 0
    for end in [*filter(lambda end: not _in_a_date(text, end), re.finditer(_ENDS, text)), None]:
        said = text[start : end.start() if end else len(text)]
        asks = end is not None and "?" in end[0]
        if sentence := _sentence(said, asks, plain(first_name)):
            found.append(sentence)
        elif found and asks:
            found[-1] = replace(found[-1], asks=True)
        start = end.end() if end else start
    return found


def _in_a_date(text: str, end: re.Match[str]) -> bool:
    """Whether a point belongs to an ordinal number: “7. Dezember”, “zum 3. bitte”."""
    if end[0] != "." or not text[: end.start()][-1:].isdigit():
        return False
    following = text[end.end() :].lstrip(" ")[:20]
    return following[:1].islower() or (plain(following).split() or [""])[0] in tables.places("dates.months")


def _sentence(said: str, asks: bool, first_name: str) -> Sentence | None:
    clauses = [clause.strip() for clause in re.split(_COMMAS, said) if plain(clause)]
    names = len(list(takewhile(lambda clause: re.fullmatch(_NAME, clause), reversed(clauses))))
    pieces = [piece for clause in clauses for piece in expressions.pieces(plain(clause))]
    if first_name and pieces and pieces[-1] == first_name:
        pieces = pieces[:-1]
    return Sentence(tuple(pieces), asks, bool(re.search(_QUOTED, said)), names) if pieces else None


def unsigned(text: str, first_name: str = "") -> list[Sentence]:
    """Returns the sentences of a text without its signature.

    A signature is a name below a goodbye, or after it on the same line. Below an empty line, it is also text that
    starts with the person's first name, or has a title, an initial or a digit.
    """
    lines = text.strip().splitlines()
    body = next((number for number in range(len(lines) - 1, 0, -1) if not _is_signature(lines[number], first_name)), 0)
    for number in range(max(body, len(lines) - 1 - LONGEST_SIGNATURE), len(lines) - 1):
        below = lines[number + 1 :]
        own = bool(first_name) and f"{plain(' '.join(below))} ".startswith(f"{plain(first_name)} ")
        formal = not lines[number].strip() and (own or re.search(_TITLE, " ".join(below)))
        if formal or _is_goodbye(lines[number], first_name):
            return _without_name(sentences("\n".join(lines[: number + 1]), first_name))
    return _without_name(sentences(text, first_name))


def _is_signature(line: str, first_name: str) -> bool:
    """Whether a line may be part of a signature: short, and each word begins like a name or a title."""
    words = re.findall(r"[^\W\d_][\w.'’-]*", line)
    return len(words) <= MOST_NAMES and all(word[0].isupper() or word == first_name for word in words)


def _is_goodbye(line: str, first_name: str) -> bool:
    last = sentences(line, first_name)[-1:]
    return bool(last) and grammar.is_courtesy(last[0].words)


def _without_name(sentences: list[Sentence]) -> list[Sentence]:
    """Removes a name after a goodbye on the same line: “Thanks, Becky”, “Regards. R. Haddad”."""
    left = list(sentences)
    while left and left[-1].names == len(left[-1].pieces) and len(left) > 1:
        left.pop()
    if not left:
        return sentences
    last = left[-1]
    left[-1] = replace(last, pieces=last.pieces[: len(last.pieces) - last.names] or last.pieces, names=0)
    return left if grammar.is_courtesy(left[-1].pieces[-1]) else sentences


def _without_quotes(text: str) -> str:
    """Removes the lines that are marked as quoted."""
    return re.sub(r"(?m)^[ \t]*>.*$", "", text)
