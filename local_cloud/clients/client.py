"""A mail client: the place in which it writes, the text around a quote, and the plain text it makes of both."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from enum import StrEnum
from html import escape

from local_cloud.clients.plain import Style, lines_of, wrapped
from local_cloud.mime import SentEmail, decoded

_BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)
_HEAD = re.compile(r"<!doctype[^>]*>|<head\b.*?</head>|</?html[^>]*>", re.DOTALL | re.IGNORECASE)
_QUESTION = re.compile(r'<p[^>]*class="[^"]*\bquestion\b[^"]*"[^>]*>.*?</p>', re.DOTALL)
_PARAGRAPH = re.compile(r"<h1[^>]*>.*?</h1>.*?</p>", re.DOTALL)


class Place(StrEnum):
    """The place of the typed words, relative to the quote."""

    ABOVE = "above"
    BELOW = "below"
    INSIDE = "inside"


@dataclass(frozen=True, slots=True)
class Written:
    """The parts of the mail that a client makes of the typed words."""

    text: str
    html: str | None
    message_id: str
    headers: Mapping[str, str]
    flowed: bool = False
    encoding: str = "quoted-printable"


@dataclass(frozen=True, slots=True)
class Reply:
    """The words typed in reply to an email, and their place. `at` is in the writer's time zone."""

    original: SentEmail
    typed: str
    at: datetime
    place: Place

    @property
    def sent(self) -> datetime:
        """The time at which the original was sent, in the writer's time zone."""
        return self.original.at.astimezone(self.at.tzinfo)

    @property
    def sender(self) -> tuple[str, str]:
        """Name and address of the original's sender."""
        name, address = parseaddr(self.original.source)
        return decoded(name), address

    def halves(self) -> tuple[str, str]:
        """The original's body before and after the place inside it: below the question, if it has one."""
        html = self.original.html or f"<pre>{escape(self.original.text or '')}</pre>"
        body = _BODY.search(html)
        inner = body[1] if body else _HEAD.sub("", html)
        found = _QUESTION.search(inner) or _PARAGRAPH.search(inner)
        end = found.end() if found and self.place is Place.INSIDE else len(inner)
        return inner[:end], inner[end:]


@dataclass(frozen=True, slots=True)
class Client:
    """A mail client, labelled with its common name."""

    label: str
    line: Callable[[Reply], str]
    """The quote header: a sentence, or the header fields of the original."""
    page: str
    """The HTML around `{typed}`, `{line}` and `{quote}`; words below the quote replace `{under}`."""
    style: Style
    """The way in which it makes plain text of the quote."""
    text: str = "{typed}{signature}\n\n{line}\n\n{quote}\n"
    """The plain text with words above the quote."""
    text_around: str = "{line}\n\n{quote}\n"
    """The plain text with words below the quote or inside it."""
    line_in_html: Callable[[str], str] = lambda line: escape(line).replace("\n", "<br>")
    block: str = "<div>{}</div>"
    """One typed line in HTML."""
    inside: str = "<div>{}</div>"
    """The words typed inside the quote, in HTML."""
    signature: str = ""
    """The signature that it adds below the words by itself."""
    places: tuple[Place, ...] = (Place.ABOVE, Place.INSIDE)
    headers: Mapping[str, str] = field(default_factory=dict)
    message_id: Callable[[str], str] = lambda domain: f"<{uuid.uuid4().hex}@{domain}>"
    wrap: int = 0
    """Columns to which it wraps the typed words in plain text; 0: it does not wrap."""
    flowed: bool = False
    """Whether it writes only plain text, as format=flowed (RFC 3676)."""
    encoding: str = "quoted-printable"

    def write(self, reply: Reply) -> Written:
        """The reply's parts."""
        before, after = reply.halves()
        html = None if self.flowed else self._html(reply, before, after)
        return Written(
            text=self._text(reply, before, after),
            html=html,
            message_id=self.message_id(reply.original.address.rpartition("@")[2]),
            headers=self.headers,
            flowed=self.flowed,
            encoding=self.encoding,
        )

    def _html(self, reply: Reply, before: str, after: str) -> str:
        blocks = "".join(self.block.format(_kept(line) or "<br>") for line in reply.typed.splitlines())
        quote = before + (self.inside.format(blocks) if reply.place is Place.INSIDE else "") + after
        above, below = (blocks if reply.place is place else "" for place in (Place.ABOVE, Place.BELOW))
        line = self.line_in_html(self.line(reply))
        # Not str.format: a quote may contain braces.
        parts = {"{typed}": above, "{line}": line, "{quote}": quote, "{under}": below}
        return re.sub(r"\{(?:typed|line|quote|under)\}", lambda found: parts[found[0]], self.page)

    def _text(self, reply: Reply, before: str, after: str) -> str:
        typed = wrapped(reply.typed, self.wrap) if self.wrap else reply.typed
        if self.flowed:  # adds a space to a line that begins with a space or > (RFC 3676, 4.4)
            typed = re.sub(r"^(?=[ >])", " ", typed, flags=re.MULTILINE)
        quote = self.style.quoted(lines_of(before, self.style))
        if reply.place is Place.INSIDE:
            quote += f"\n\n{typed}\n\n{self.style.quoted(lines_of(after, self.style))}"
        if reply.place is Place.BELOW:
            quote += f"\n\n{typed}{self.signature}"
        around = self.text if reply.place is Place.ABOVE else self.text_around
        parts = {"{typed}": typed, "{line}": self.line(reply), "{quote}": quote, "{signature}": self.signature}
        return re.sub(r"\{(?:typed|line|quote|signature)\}", lambda found: parts[found[0]], around)


def _kept(line: str) -> str:
    """A typed line in HTML: editors keep several spaces by making all but the last one non-breaking."""
    return re.sub(r"^ | (?= )", "&nbsp;", escape(line, quote=False))
