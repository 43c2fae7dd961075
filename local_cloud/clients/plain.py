"""The plain text that mail clients make of the HTML that they quote: similar, with small differences."""

import re
import textwrap
from dataclasses import dataclass
from html.parser import HTMLParser

_UNSEEN = frozenset({"head", "script", "style", "title"})
_BLOCKS = frozenset({"div", "table", "tr", "td", "ol", "ul", "li", "blockquote", "h1", "h2", "h3", "h4", "pre", "hr"})
_VOID = frozenset({"br", "hr", "img", "meta", "input", "link"})


@dataclass(frozen=True, slots=True)
class Style:
    """One client's way to make plain text."""

    link: str = "{} <{}>"
    """A link, with its words and address; `{}` for the words alone."""
    bullet: str = "- "
    bold: str = ""
    """The text before and after bold words."""
    mark: str = "> "
    """The text before each quoted line; empty if the quote is not marked."""
    wrap: int = 0
    """Columns to which it wraps quoted lines; 0: it does not wrap."""
    hidden: bool = False
    """Whether it quotes the hidden text of the email: the preheader."""
    every_line: str = ""
    """The text before each line, quoted or not: Yahoo's one space."""

    def quoted(self, lines: list[str]) -> str:
        """The lines as a quote."""
        lines = [part for line in lines for part in (lines_within(line, self.wrap) if self.wrap else [line])]
        return "\n".join(f"{self.mark}{line}" if line else self.mark.rstrip() for line in lines).strip("\n")


def wrapped(text: str, width: int) -> str:
    """The text with wrapped lines; blank lines stay blank."""
    return "\n".join(part for line in text.splitlines() for part in lines_within(line, width))


def lines_within(line: str, width: int) -> list[str]:
    """One line wrapped between words only: a long address is not broken."""
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) or [""]


def lines_of(html: str, style: Style) -> list[str]:
    """The lines of a piece of HTML, without blank lines at its ends and without two blank lines together."""
    reader = _Reader(style)
    reader.feed(html)
    reader.close()
    text = re.sub(r"\n{3,}", "\n\n", "".join(reader.pieces)).strip("\n")
    return [line.strip(" ") if not line.strip() else line.rstrip(" ") for line in text.split("\n")]


class _Reader(HTMLParser):
    def __init__(self, style: Style) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._style = style
        self._skipped = 0
        self._link = ""
        self._link_start = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        hidden = "display: none" in (given.get("style") or "") and not self._style.hidden
        if self._skipped or tag in _UNSEEN or hidden:
            self._skipped += tag not in _VOID
            return
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "p":
            self._break("\n\n")
        elif tag in _BLOCKS:
            self._break("\n")
        if tag == "li":
            self.pieces.append(self._style.bullet)
        elif tag == "a":
            self._link, self._link_start = given.get("href") or "", len(self.pieces)
        elif tag in ("b", "strong"):
            self.pieces.append(self._style.bold)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= tag not in _VOID
            return
        if tag == "a" and self._link:
            words = "".join(self.pieces[self._link_start :])
            if not self._link.startswith("tel:"):
                self.pieces[self._link_start :] = [self._style.link.format(words, self._link)]
            self._link = ""
        elif tag in ("b", "strong"):
            self.pieces.append(self._style.bold)
        elif tag == "p":
            self._break("\n\n")
        elif tag in _BLOCKS:
            self._break("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            text = re.sub(r"[ \t\r\n]+", " ", data)
            at_start = not self.pieces or self.pieces[-1].endswith("\n")
            self.pieces.append(text.lstrip(" ") if at_start else text)

    def _break(self, lines: str) -> None:
        """Starts a new line or a new paragraph, unless one has just started."""
        if self.pieces and self.pieces[-1].strip(" ") == "":
            self.pieces.pop()
        written = "".join(self.pieces[-3:])
        missing = len(lines) - (len(written) - len(written.rstrip("\n")))
        if self.pieces and missing > 0:
            self.pieces.append("\n" * missing)
