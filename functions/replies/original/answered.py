"""The original as text and as HTML: each quote is compared with the form that is closest to it."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from replies.html_text import html_to_text
from replies.original.sent import Compared, Rest, SentWords
from replies.quotes.links import links
from replies.quotes.sentences import ADDRESS


class Closest(NamedTuple):
    """The result of comparing lines with the closest form of our email."""

    rests: list[Rest]
    size: int
    """The number of words in this form."""

    @property
    def matched(self) -> int:
        """The number of the lines' words that we sent."""
        return sum(rest.matched for rest in self.rests)


class Original:
    """An email that we sent. Its HTML is read only if its text does not have all of a quote.

    `header` returns a header of the reply by its name.
    """

    def __init__(self, text: str | None, html: str | None, header: Callable[[str], str] = lambda _: "") -> None:
        self.text, self._html = text or "", html or ""
        self._header = header

    def __bool__(self) -> bool:
        return bool(self.text or self._html)

    def names_somebody_else(self, quote_header: str) -> bool:
        """Whether a quote header has an address that is neither ours nor the person's.

        The reply address and our sender are on sibling hosts, so every host below their common domain is ours.
        """
        named = _addresses(quote_header) - _addresses(self._header("From"))
        hosts = [f".{host}" for host in (address.partition("@")[2] for address in named) if "." in host]
        reply_hosts = [address.partition("@")[2] for address in _addresses(self._header("To"))]
        ours = tuple(f".{host if host.count('.') < 2 else host.partition('.')[2]}" for host in reply_hosts)
        return bool(hosts and ours) and not any(host.endswith(ours) for host in hosts)

    @cached_property
    def links(self) -> set[str]:
        """All links of the email."""
        return links(self.text) | links(self._html)

    @cached_property
    def _of_text(self) -> SentWords:
        return SentWords(self.text)

    @cached_property
    def _of_html(self) -> SentWords:
        return SentWords(html_to_text(self._html, everything=True))

    def _forms(self) -> Iterator[SentWords]:
        if self.text:
            yield self._of_text
        if self._html:
            yield self._of_html

    def with_line_breaks(self, text: str) -> str:
        """Returns the text with our email on separate lines where a mail program removed its line breaks."""
        return next((form.with_line_breaks(text) for form in self._forms()), text)

    def closest(self, lines: Sequence[Compared]) -> Closest:
        """Compares lines with the form that has most of their words, or the first that has all quoted lines."""
        best: Closest | None = None
        for form in self._forms():
            found = Closest(form.subtract(lines), len(form))
            if best is None or found.matched > best.matched:
                best = found
            if all(rest.text is None or not line.quoted for line, rest in zip(lines, found.rests, strict=True)):
                return found
        return best or Closest([Rest(line.text, 0) for line in lines], 0)

    def has_with_other_numbers(self, line: str) -> bool:
        """Whether a line is ours except for its numbers."""
        return any(form.has_with_other_numbers(line) for form in self._forms())


def _addresses(text: str) -> set[str]:
    return {address.lower() for address in re.findall(ADDRESS, text)}
