"""HTML mail to plain text: what a reader sees, nothing active, quotes marked line by line with `> `."""

import re
from html.parser import HTMLParser

MAX_HTML = 1024 * 1024

_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "svg", "object", "iframe"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "pre", "table"})
_LINES = _PARAGRAPHS | {"div", "tr", "li", "section", "article", "header", "footer", "hr", "dt", "dd", "td"}
_VOID = frozenset({"br", "img", "hr", "meta", "link", "input", "wbr", "col", "area", "base", "embed", "source"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d])", re.I)


def html_to_text(html: str) -> str:
    """The visible text. Reads at most 1 MB; what comes after that is left out."""
    reader = _Reader()
    reader.feed(html[:MAX_HTML])
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = [""]
        self._depths: list[int] = [0]
        self._depth = 0
        self._unseen: list[str] = []
        """Open elements from the outermost unseen one inwards; empty while what is read can be seen."""
        self._preformatted = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._break()
        if tag in _LINES:
            self._new_line(paragraph=tag in _PARAGRAPHS)
        if tag in _VOID:
            return
        given = dict(attrs)
        hidden = tag in _UNSEEN or "hidden" in given or _HIDDEN.search(given.get("style") or "")
        if self._unseen or hidden:
            self._unseen.append(tag)
        if tag == "blockquote":
            self._depth += 1
            self._depths[-1] = self._depth
        self._preformatted += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            while self._unseen.pop() != tag:
                pass
        if tag == "blockquote" and self._depth:
            self._depth -= 1
        if tag in _LINES:
            self._new_line(paragraph=tag in _PARAGRAPHS)
        self._preformatted -= tag == "pre" and self._preformatted > 0

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._preformatted:
            first, *others = data.split("\n")
            self._lines[-1] += first
            for line in others:
                self._break()
                self._lines[-1] += line
            return
        words = re.sub(r"[ \t\r\n\f]+", " ", data)
        self._lines[-1] += words.lstrip(" ") if not self._lines[-1] or self._lines[-1].endswith(" ") else words

    def text(self) -> str:
        """What was read, without blank lines at the ends."""
        quoted = zip(self._depths, self._lines, strict=True)
        return "\n".join("> " * depth + line.rstrip() for depth, line in quoted).strip("\n")

    def _break(self) -> None:
        if not self._unseen:
            self._lines.append("")
            self._depths.append(self._depth)

    def _new_line(self, *, paragraph: bool) -> None:
        """Starts on a fresh line; a paragraph leaves one blank line before it."""
        if self._lines[-1].strip():
            self._break()
        if paragraph and len(self._lines) > 1 and self._lines[-2].strip():
            self._break()
        self._depths[-1] = self._depth
