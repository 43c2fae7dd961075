"""Mends what a mail program broke over two lines of a reply, or put on one line with a quote."""

import re

from replies.quotes.blocks import is_divider
from replies.quotes.sentences import MAX_HEADER, Evidence, begins_in, evidence
from replies.tables import expression

_PADDING = "(?:[\u00ad\u034f\u200b-\u200d\u2007\ufeff][ \t\xa0]*){4,}"
"""Invisible characters that fill up the line of an email that an inbox shows."""
_ONLY_PADDING = "(?m)^([> \t]*)(?:[\u00ad\u034f\u200b-\u200d\u2007\ufeff][ \t\xa0]*)+$"
_COLUMNS = r"(?m)^((?:[ \t]{0,4}>){1,20}[ \t]{0,20}\S.{0,80}?\S) {4,60}(?=\S)"
"""The text up to the gap between two cells of a table on one quoted line."""
_BROKEN_LINK = r"([<(\[](?:https?://|mailto:)[^\s<>()\[\]]{0,2000})\n[ \t>]{0,20}([^\s<>()\[\]]{1,2000}[>)\]])"
_BROKEN_COLON = r"(?m)(<[^\s<>]{3,100})\n((?:> )*)>[ \t]?((?:[^\W\d_]{2,20})?:)$"
_INNER_DIVIDER = r"(?<=[^\s>-])[ \t]{0,20}(-{5,20} ?[^\s-][^-\n]{3,50}-{5,20})[ \t]{0,20}"
_DASHED = r"(.*[^\s-]) ?(-{3,} ?[^\s-].{10,300}:)"
_RUN_ON = r"(.{20,300}?[:：])[ \t\xa0]{2,}(\S.*)"


def mended(text: str) -> str:
    """Returns a reply with unbroken links and addresses, and with each quote header on a separate line."""
    text = text if text.isascii() else re.sub(_ONLY_PADDING, r"\1", re.sub(_PADDING, "", text))
    text = re.sub(_COLUMNS, r"\1\n> ", text)
    text = re.sub(_BROKEN_LINK, r"\1\2", text)
    text = re.sub(_BROKEN_COLON, r"\1 >\3", text)
    return "\n".join(_split(line) if _may_be_two(line) else line for line in text.split("\n"))


def _may_be_two(line: str) -> bool:
    return "---" in line or ":  " in line or line[-2:].strip().endswith((":", "："))


def _split(line: str) -> str:
    """Puts a quote header on a separate line if other text stands before or after it."""
    inside = re.search(_INNER_DIVIDER, line)
    if inside and is_divider(inside[1]):
        return f"{line[: inside.start()]}\n{inside[1]}\n{line[inside.end() :]}"
    if after := begins_in(line):
        return f"{line[:after].rstrip()}\n{line[after:]}"
    dashed = re.fullmatch(_DASHED, line) if len(line) <= MAX_HEADER else None
    if dashed and evidence(dashed[2]):
        return f"{dashed[1]}\n{dashed[2]}"
    run_on = expression(_RUN_ON).fullmatch(line)
    return f"{run_on[1]}\n{run_on[2]}" if run_on and evidence(run_on[1].strip()) > Evidence.PART else line
