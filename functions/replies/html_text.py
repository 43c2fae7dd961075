"""Turns HTML mail into plain text: what a reader sees, nothing active, quoted lines marked with `> `.

The tokenizer is our own because the standard library's takes quadratic time on broken markup. Every alternative of
its expression stops at the next `<` and, by `*+` and `(?>`, never backtracks, so its time is linear.
"""

import re
from collections.abc import Iterator
from html import unescape

from replies.tables import expression

MAX_HTML = 1024 * 1024
MAX_QUOTE_DEPTH = 50
MARKED_SIGNATURE = 6
"""Lines of a block that a program marks as a signature. A longer one is kept."""

_TAG = (
    r"<!--|<[!?][^<>]*>"
    r"|<(?P<end>/?)(?P<tag>[a-zA-Z][^\s/<>]*+)(?P<attributes>(?>[^<>\"']+|\"[^\"<]*\"|'[^'<]*'|[\"'])*+)>"
)
_COMMENT_END = "-->"
_SPACE = r"[ \t\r\n\f]+"
_QUOTED = r"\s*=\s*(?:\"([^\"]*)|'([^']*))"
_HIDDEN = r"(?i)display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d]*[1-9])"
_SIGNATURE = r"(?i)\b(?:class|id)\s*=\s*[\"']?(?:[^\"']* )?(?:[a-z]{1,12}[-_]){0,3}signature\b"
_ENDLESS_NUMBER = r"&#[xX]?[0-9a-fA-F]{9,}"
"""It is no character, and may have more digits than Python converts."""

_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "noscript", "iframe", "svg", "object", "template"})
"""Elements that are skipped up to their end tag. With `everything`, the title is not skipped."""
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre", "table"})
_BLOCKS = {"div", "tr", "li", "section", "article", "header", "footer", "hr", "dt", "dd", "td", "th", "title"}
_LINES = _PARAGRAPHS | _BLOCKS
_VOID = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "col", "area", "base", "embed", "source"})


def html_to_text(html: str, *, everything: bool = False) -> str:
    """Returns the visible text of the first 1 MB; with `everything`, also hidden text and pictures' names."""
    reader = _Reader(everything)
    reader.read(html[:MAX_HTML])
    if reader.hidden:  # a hidden element was never closed: rather show too much than lose own words
        reader = _Reader(everything=True)
        reader.read(html[:MAX_HTML])
    return reader.text()


class _Reader:
    def __init__(self, everything: bool) -> None:
        self.hidden: list[str] = []
        """The open elements from the outermost hidden one inwards; empty while the text is visible."""
        self._everything = everything
        self._lines: list[str] = []
        self._line: list[str] = []
        """The pieces of the line that is being written."""
        self._depth = 0
        self._line_depth = 0
        self._preformatted = 0
        self._signature: list[str] = []
        """The open elements from a signature inwards. `_signature_from` is the line in which it began."""
        self._signature_from = 0
        self._numbers: list[int] = []
        """For each open list its last number, or -1 if it is not ordered."""

    def read(self, html: str) -> None:
        text: list[str] = []
        for piece in _pieces(html, _RAW - {"title"} if self._everything else _RAW):
            if isinstance(piece, str):
                text.append(piece)
                continue
            if text:
                self._write("".join(text))
                text = []
            tag, ends, attributes = piece
            if ends:
                self._close(tag)
            else:
                self._open(tag, attributes)
        self._write("".join(text))

    def text(self) -> str:
        """Returns the text that was read, without blank lines at the ends."""
        self._break()
        return "\n".join(self._lines).strip("\n")

    def _open(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self._break()
        elif tag in _LINES:
            self._new_line(paragraph=tag in _PARAGRAPHS)
        elif tag == "img" and self._everything and (alt := _attribute("alt", attributes)) is not None:
            self._write(alt + " ")
        if tag in _VOID:
            return
        if self.hidden or (_is_hidden(attributes) and not self._everything):
            self.hidden.append(tag)
            return
        if self._signature:
            self._signature.append(tag)
        elif attributes and not self._everything and not self._depth and expression(_SIGNATURE).search(attributes):
            self._new_line(paragraph=True)
            self._signature, self._signature_from = [tag], len(self._lines)
        self._enter(tag)

    def _enter(self, tag: str) -> None:
        """Notes an element that contains the following text."""
        if tag == "blockquote":
            self._depth += 1
            self._line_depth = self._depth
        elif tag == "pre":
            self._preformatted += 1
        elif tag in ("ol", "ul"):
            self._numbers.append(0 if tag == "ol" else -1)
        elif tag == "li" and self._numbers and self._numbers[-1] >= 0:
            self._numbers[-1] += 1
            self._write(f"{self._numbers[-1]}. ")
        elif tag == "li":
            self._write("- ")

    def _close(self, tag: str) -> None:
        if self.hidden:
            if tag in self.hidden[-20:]:  # otherwise a stray end tag
                while self.hidden.pop() != tag:
                    pass
            return
        if tag in self._signature[-20:]:
            while self._signature.pop() != tag:
                pass
            if not self._signature:
                self._end_signature()
        if tag == "blockquote" and self._depth:
            self._new_line(paragraph=False)
            self._depth -= 1
            self._line_depth = self._depth
            self._new_line(paragraph=True)
        elif tag in _LINES:
            self._new_line(paragraph=tag in _PARAGRAPHS)
        if tag == "pre" and self._preformatted:
            self._preformatted -= 1
        elif tag in ("ol", "ul") and self._numbers:
            self._numbers.pop()

    def _end_signature(self) -> None:
        """Removes a block marked as a signature.

        A block that is long, or is no name or address, was written there by the person and stays.
        """
        self._new_line(paragraph=False)
        lines = [line.split() for line in self._lines[self._signature_from :] if line.strip()]
        capitals = [sum(word[0].isupper() or not word[0].isalpha() for word in line) for line in lines]
        if len(lines) <= MARKED_SIGNATURE and all(
            2 * some >= len(line) for some, line in zip(capitals, lines, strict=True)
        ):
            del self._lines[self._signature_from :]

    def _write(self, data: str) -> None:
        if self.hidden:
            return
        if "&" in data:
            data = unescape(re.sub(_ENDLESS_NUMBER, "", data))
        if not self._preformatted:
            data = expression(_SPACE).sub(" ", data)
            if not self._line or self._line[-1].endswith(" "):
                data = data.lstrip(" ")
        first, *others = data.replace("\r\n", "\n").split("\n")
        self._line += [first] if first else []
        for line in others:
            self._break()
            self._line += [line] if line else []

    def _break(self) -> None:
        if self.hidden:
            return
        line = "".join(self._line).replace("\xa0", " ")
        delimiter = line.strip() == "--" and line.endswith(" ")  # RFC 3676: the space belongs to the delimiter
        text = "-- " if delimiter else line.rstrip()
        self._lines.append(
            ("> " * min(self._line_depth, MAX_QUOTE_DEPTH) + text) if text else ">" * min(self._line_depth, 1)
        )
        self._line = []
        self._line_depth = self._depth

    def _new_line(self, *, paragraph: bool) -> None:
        """Starts a new line; a paragraph leaves one blank line before it."""
        if self.hidden:
            return
        if any(piece.strip() for piece in self._line):
            self._break()
        self._line = []
        if paragraph and self._lines and self._lines[-1].strip("> "):
            self._break()


def _pieces(html: str, skipped: frozenset[str]) -> Iterator[str | tuple[str, bool, str]]:
    """Yields the texts and tags of a page, without comments and skipped elements.

    A tag is its name, whether it ends an element, and its attributes.
    """
    lower = html.lower()
    lower = lower if len(lower) == len(html) else html  # a letter may be longer in lower case
    endless: set[str] = set()
    at = 0
    while token := expression(_TAG).search(html, at):
        if at < token.start():
            yield html[at : token.start()]
        at = token.end()
        tag = (token["tag"] or "").lower()
        if "@" in tag or tag.startswith("http"):  # an address or a link in angle brackets is text
            yield token[0]
        elif tag and (tag not in skipped or token["end"]):
            yield tag, bool(token["end"]), token["attributes"]
        elif tag or token[0] == "<!--":
            at = _after_skipped(lower, at, f"</{tag}" if tag else _COMMENT_END, endless)
    yield html[at:]


def _after_skipped(html: str, at: int, closing: str, endless: set[str]) -> int:
    """Returns where the end tag of a skipped element starts, or a comment ends; `at` if neither comes."""
    end = -1 if closing in endless else html.find(closing, at)
    if end < 0:
        endless.add(closing)
        return at
    return end + len(closing) if closing == _COMMENT_END else end


def _attribute(name: str, attributes: str) -> str | None:
    found = re.search(rf"(?i)\b{name}{_QUOTED}", attributes)
    return (found[1] or found[2] or "") if found else None


def _is_hidden(attributes: str) -> bool:
    """Whether an element's style or its attribute `hidden` makes it invisible."""
    lower = attributes.lower()
    if "style" in lower and (style := _attribute("style", attributes)) and expression(_HIDDEN).search(style):
        return True
    return "hidden" in lower and "hidden" in re.sub(r"\"[^\"]*\"|'[^']*'", "", lower).replace("=", " ").split()
