"""The words of a line for comparison: in lower case, without links, split where a program joined two."""

from itertools import chain

from replies.tables import expression

LONG_LINE = 600
"""Characters. A line of so many or more may be our whole email."""

LINK = r"(?i)[<(\[]?(?:https?://|www\.|mailto:|cid:|tel:|sms:)[^\s<>()\[\]]*[>)\]]?|\[(?:cid|«quotes.picture»)\b[^\]\n]{0,200}\]"
_WORD = r"[^\W_]+|[^\w\s\x00-\u218f]"
_JOINED = r"[a-zß-ÿ](?=[A-ZÀ-Þ])"
"""The place where a program joined two cells or paragraphs: `TrustDay`."""
_UNSPACED = "\u2e80"
"""The first character of the scripts that have no space between words."""


def words(line: str) -> list[str]:
    """Returns the words of a line; in a script without spaces, each character is a word."""
    line = _separated(_without_links(line))
    if line.isascii():
        return expression(_WORD).findall(line.lower())
    found = expression(_WORD).findall(line)
    return list(chain.from_iterable([word.casefold()] if word < _UNSPACED else word for word in found))


def ends(line: str) -> list[int]:
    """Returns the place after each word of a line."""
    found: list[int] = []
    for match in expression(_WORD).finditer(_without_links(line)):
        at = match.start()
        for part in _separated(match[0]).split():
            found += [at + len(part)] if part < _UNSPACED else range(at + 1, at + len(part) + 1)
            at += len(part)
    return found


def _separated(text: str) -> str:
    """Returns the text with a space wherever a program left one out."""
    return expression(_JOINED).sub(r"\g<0> ", text) if expression(_JOINED).search(text) else text


def _without_links(line: str) -> str:
    """Returns a line of the same length, with spaces in place of links."""
    if not (":" in line or "[" in line or "www." in line.lower()):
        return line
    return expression(LINK).sub(lambda link: " " * len(link[0]), line)


def is_faithful(text: str, original: str) -> bool:
    """Whether a plain part has kept the line breaks, and the quotation marks and dashes of our email."""
    marks = "‘’“”–—…"
    flat = len(text) >= LONG_LINE and "\n" not in text.strip()
    return not flat and (any(mark in text for mark in marks) or not any(mark in original for mark in marks))


def clearer(plain: str, html: str, *, faithful: bool) -> str:
    """Returns the own words from the plain or from the HTML part of a mail, whichever are clearer.

    These are the HTML part's if the plain part is not `faithful`, or if the plain part has all of the HTML part's words
    in order and more. Otherwise they are the plain part's.
    """
    said, more = words(html), words(plain)
    rest = iter(more)
    return html if not faithful or (len(said) < len(more) and all(word in rest for word in said)) else plain
