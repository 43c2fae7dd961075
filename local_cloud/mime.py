"""Builds the email that SES would build from `Simple` content: multipart/alternative, with SES's Message-ID."""

import binascii
import re
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header, decode_header, make_header
from email.utils import format_datetime, getaddresses
from html.parser import HTMLParser

from local_cloud.physical import REGION

# SES writes these itself and ignores the caller's values (SES guide, "Header fields").
OVERWRITTEN = ("message-id", "date")


@dataclass(frozen=True, slots=True)
class SentEmail:
    """One email that SES took. `html`, `text` and `subject` are exactly as the caller gave them."""

    id: str
    at: datetime
    source: str
    to: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    text: str | None
    html: str | None
    headers: tuple[tuple[str, str], ...]  # as in the email, in order, unfolded
    tags: dict[str, str]
    configuration_set: str | None
    raw: bytes = field(repr=False)

    @property
    def address(self) -> str:
        """The address of the mailbox that it is in."""
        return getaddresses([self.to[0]])[0][1]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def links(self) -> list[tuple[str, str]]:
        """The words and the URL of each link in the HTML part, in order."""
        finder = _Links()
        finder.feed(self.html or "")
        return [(" ".join("".join(words).split()), url) for words, url in finder.links]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[tuple[list[str], str]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target:
            self.links.append(([], target))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            self.links[-1][0].append(data)


def message_id(sent_before: int, at: datetime) -> str:
    """An id in SES's form: region and time in milliseconds, then digits with a meaning only for SES."""
    tail = f"{sent_before + 1:032x}"
    parts = tail[:8], tail[8:12], tail[12:16], tail[16:20], tail[20:]
    return f"0102{int(at.timestamp() * 1000):012x}-" + "-".join(parts) + "-000000"


def build(
    mail_id: str,
    at: datetime,
    *,
    source: str,
    to: list[str],
    cc: list[str],
    reply_to: list[str],
    subject: str,
    headers: list[tuple[str, str]],
    text: str | None,
    html: str | None,
    feedback_id: str,
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """The header fields as (name, unfolded value), and the whole email with CRLF line ends."""
    boundary = f"----=_Part_{int(mail_id.split('-')[5], 16)}_{mail_id[4:16]}"
    parts = [_part(f"text/{kind}", data) for kind, data in (("plain", text), ("html", html)) if data is not None]
    fields = [("From", source)]
    fields += [("Reply-To", ", ".join(reply_to))] if reply_to else []
    fields += [("To", ", ".join(to))]
    fields += [("Cc", ", ".join(cc))] if cc else []
    fields += [
        ("Message-ID", f"<{mail_id}@{REGION}.amazonses.com>"),
        ("Subject", subject),
        ("MIME-Version", "1.0"),
    ]
    fields += [(name, value) for name, value in headers if name.lower() not in OVERWRITTEN]
    fields += [("Date", format_datetime(at)), ("Feedback-ID", f"{feedback_id}:1.{REGION}.local=:AmazonSES")]
    head = "".join(f"{name}: {_folded(name, value)}\r\n" for name, value in fields).encode("ascii")
    if len(parts) == 1:
        return tuple(fields), head + parts[0]
    edge = boundary.encode("ascii")
    body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts)
    alternative = b'Content-Type: multipart/alternative; \r\n\tboundary="' + edge + b'"\r\n\r\n'
    return tuple(fields), head + alternative + body + b"--" + edge + b"--\r\n"


def _folded(name: str, value: str) -> str:
    return Header(value, "utf-8", header_name=name).encode(linesep="\r\n") if not value.isascii() else value


def _part(content_type: str, data: str) -> bytes:
    content = _crlf(data.encode("utf-8"))
    plain = content.isascii() and all(len(line) <= 998 for line in content.split(b"\r\n"))
    encoding = b"7bit" if plain else b"quoted-printable"
    head = f"Content-Type: {content_type}; charset=UTF-8\r\nContent-Transfer-Encoding: ".encode("ascii")
    return head + encoding + b"\r\n\r\n" + (content if plain else _crlf(binascii.b2a_qp(content)))


def _crlf(content: bytes) -> bytes:
    return re.sub(rb"\r\n|\r|\n", b"\r\n", content)


def decoded(value: str) -> str:
    """A header field's value, decoded for a person to read."""
    return str(make_header(decode_header(value)))
