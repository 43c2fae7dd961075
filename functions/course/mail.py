"""Inbound mail to plain text, within bounds that are checked before parsing begins.

compat32 is the policy: `policy.default` can take 7 s and 2.7 GB on a 280 KB subject, and deep nesting ends in a
RecursionError under either. Attachments are never decoded.
"""

import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr

from course.errors import UnreadableMail
from course.html_text import html_to_text

MAX_MAIL = 10 * 1024 * 1024
MAX_HEADERS = 64 * 1024
MAX_PARTS = 100
MAX_DEPTH = 20
MAX_HEADER_VALUE = 4000

_BOUNDARY = re.compile(rb'boundary\s*=\s*"?([^";\r\n]{1,100})', re.IGNORECASE)
_HEADERS_END = re.compile(rb"\r?\n\r?\n")
_CONTROL = re.compile(r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f]")


def parse(raw: bytes) -> Message:
    """The mail as a message. Raises UnreadableMail when it is over a bound."""
    if len(raw) > MAX_MAIL:
        raise UnreadableMail("larger than 10 MB")
    end = _HEADERS_END.search(raw, 0, MAX_HEADERS)
    if end is None and len(raw) > MAX_HEADERS:
        raise UnreadableMail("more than 64 KB of headers")
    boundaries = set(_BOUNDARY.findall(raw))
    if len(boundaries) + raw.lower().count(b"message/rfc822") > MAX_DEPTH:
        raise UnreadableMail("nested too deeply")
    if sum(raw.count(b"--" + boundary) for boundary in boundaries) > 2 * MAX_PARTS:
        raise UnreadableMail("too many parts")
    return message_from_bytes(raw)


def header(message: Message, name: str) -> str:
    """A header as text on one line, decoded (RFC 2047); empty when it is not there."""
    value = " ".join(str(message.get(name, ""))[:MAX_HEADER_VALUE].split())
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, LookupError, ValueError):
        return value


def sender(message: Message) -> str:
    """The address in From, lower case; empty when there is none."""
    return parseaddr(header(message, "From"))[1].lower()


def visible_text(message: Message) -> str:
    """What a reader sees: of alternatives the plain one, of HTML its text with quotes marked by `> `."""
    text = _text(message, MAX_DEPTH).replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub(lambda match: " " if match[0].isspace() else "", text)


def _text(part: Message, depth: int) -> str:
    if depth == 0 or part.get_content_disposition() == "attachment":
        return ""
    payload = part.get_payload()
    if part.get_content_maintype() == "multipart" and isinstance(payload, list):
        texts = [_text(child, depth - 1) for child in payload if isinstance(child, Message)]
        if part.get_content_subtype() == "alternative":
            return next((text for text in texts if text.strip()), "")
        return "\n".join(text for text in texts if text.strip())
    if part.get_content_type() == "text/html":
        return html_to_text(_decoded(part))
    if part.get_content_type() == "text/plain":
        flowed = str(part.get_param("format", "")).lower() == "flowed"
        joined = str(part.get_param("delsp", "")).lower() == "yes"
        return _unflowed(_decoded(part), joined) if flowed else _decoded(part)
    return ""


def _decoded(part: Message) -> str:
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    for candidate in ("utf-8" if charset in ("us-ascii", "ascii") else charset, "utf-8", "cp1252"):
        try:
            return raw.decode(candidate)
        except (LookupError, UnicodeError):
            continue
    return raw.decode("utf-8", errors="replace")


def _unflowed(text: str, joined: bool) -> str:
    """RFC 3676: a line that ends in a space goes on in the next one of the same quote depth."""
    lines: list[str] = []
    open_prefix: str | None = None
    for line in text.splitlines():
        prefix = re.match(r">*", line)[0]  # type: ignore[index]  # it always matches
        content = line[len(prefix) :].removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        if flows and joined:
            content = content[:-1]
        if open_prefix == prefix and content != "-- ":
            lines[-1] += content
        else:
            lines.append(f"{prefix} {content}" if prefix else content)
        open_prefix = prefix if flows else None
    return "\n".join(lines)
