"""Turns inbound mail into plain text, within limits that are checked before parsing begins.

The policy is compat32: `policy.default` can take 7 s and 2.7 GB on a 280 KB subject. Deep nesting ends in a
RecursionError under both. Attachments are never decoded.
"""

import re
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

from replies import UnreadableMail
from replies.decoding import decoded
from replies.html_text import html_to_text

MAX_MAIL = 10 * 1024 * 1024
MAX_HEADERS = 64 * 1024
MAX_PARTS = 100
MAX_NESTING = 20
MAX_HEADER_VALUE = 4000
MAX_DASHES = 1000
"""Lines that may begin a part, in whatever way its boundary is written."""
MAX_ENCODED_LINES = 200_000
"""Lines of the encoded mail: 10 MB of base64 have 138,000."""
MAX_TEXT = 512 * 1024
MAX_LINES = 4_000

_FIELD = rb"[!-9;-~]+:"
_LOOSE = rb"\0|\r(?!\n)"
_QUOTED_NAME = r'"(?:[^"\\]|\\.)*"(?=\s*<)'
_ADDRESS = r'[^\s<>()\[\]",;:@]+(?:@[^\s<>()\[\]",;:@]+)+'
_BOUNDARY = rb'(?i)boundary(?:\*\d*\*?)?\s*=\s*"?([^";\\\r\n]{1,100})'
_PARAMETERS = rb"(?i)(?:\A|[\r\n])content-[a-z-]+:[^\r\n]*(?:\r?\n?[ \t][^\r\n]*)*"
_HEADERS_END = rb"\r?\n\r?\n|\r\r"
_SPACE = r"[^\S\n\t ]"
_CONTROL = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ud800-\udfff]"
_MARKED_UP = frozenset({"text/html", "text/enriched", "text/richtext"})
_READABLE = _MARKED_UP | {"text/plain"}
_SEALED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})
"""PGP/MIME (RFC 3156) and S/MIME (RFC 8551), except S/MIME that is signed in the clear."""
_ARMOUR = b"-----BEGIN PGP MESSAGE-----"
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "\n-----BEGIN PGP SIGNATURE-----\n"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"


def parse(raw: bytes) -> Message:
    """Parses a mail. Raises UnreadableMail when it exceeds a limit or is encrypted."""
    if len(raw) > MAX_MAIL:
        raise UnreadableMail("larger than 10 MB")
    end = re.compile(_HEADERS_END).search(raw, 0, MAX_HEADERS)
    if end is None and len(raw) > MAX_HEADERS:
        raise UnreadableMail("more than 64 KB of headers")
    if any(len(field[0]) > MAX_HEADER_VALUE for field in re.finditer(_PARAMETERS, raw)):
        raise UnreadableMail("a header that would take too long to parse")
    boundaries = set(re.findall(_BOUNDARY, raw))
    if len(boundaries) + raw.lower().count(b"message/rfc822") > MAX_NESTING:
        raise UnreadableMail("nested too deeply")
    dashes = raw.count(b"\n--") + raw.count(b"\r--")
    if dashes > MAX_DASHES or sum(raw.count(b"--" + boundary) for boundary in boundaries) > 2 * MAX_PARTS:
        raise UnreadableMail("too many parts")
    if raw.count(b"\n") + raw.count(b"\r") - raw.count(b"\r\n") > MAX_ENCODED_LINES:
        raise UnreadableMail("more than 200,000 lines")
    try:
        message = message_from_bytes(raw)
    except RecursionError:
        raise UnreadableMail("nested too deeply") from None
    body = raw[end.end() : end.end() + 1000] if end else b""
    if message.get_content_type() in _SEALED or body.lstrip().startswith(_ARMOUR):
        raise UnreadableMail("encrypted, or signed so that only a key opens it")
    return message


def header(message: Message, name: str) -> str:
    """Returns a header on one line, decoded (RFC 2047, or UTF-8 bytes); empty when it is missing."""
    found = next((value for key, value in message.raw_items() if key.lower() == name.lower()), "")
    whole = str(found)[:MAX_HEADER_VALUE].encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    value = " ".join(whole.split())
    try:
        return str(make_header(decode_header(value))) if "=?" in value else value
    except (MessageError, LookupError, ValueError):
        return value


def sender(message: Message) -> str:
    """Returns the only address in From, in lower case; empty if there is none, or maybe another."""
    fields = " ".join(str(field) for field in message.get_all("From", []))
    found = {address.lower() for address in re.findall(_ADDRESS, fields[:MAX_HEADER_VALUE])}
    rest = re.sub(_ADDRESS, "", re.sub(_QUOTED_NAME, "", fields[:MAX_HEADER_VALUE]))
    alone = len(found) == 1 and "@" not in rest and len(fields) <= MAX_HEADER_VALUE  # `"ann@example.net"@example.com`
    return found.pop() if alone else ""


def has_one_author(raw: bytes) -> bool:
    """Whether the headers have exactly one From field, in any spelling, and every program finds it.

    SES proves the address that it reads there, and a mail can be written so that our parser reads another. Therefore
    no line above From may be malformed, because some programs end the headers at such a line, and the headers may have
    no NUL and no lone carriage return.
    """
    head = re.split(rb"\r?\n\r?\n", raw[:MAX_HEADERS], maxsplit=1)[0]
    found = 0
    for at, line in enumerate(head.split(b"\n")):
        if at and line.startswith((b" ", b"\t")) and line.strip():
            continue  # it continues the line before
        found += re.sub(rb"[^a-z]", b"", line.partition(b":")[0].lower()) == b"from"
        if not found and not re.match(_FIELD, line):
            return False
    return found == 1 and not re.search(_LOOSE, head)


def visible_text(message: Message, *, prefer: str = "plain") -> str:
    """Returns what a reader sees: of alternatives, the plain one (or `html`).

    HTML becomes text with quotes marked by `> `. Raises UnreadableMail when the text has too many lines.
    """
    text = _Visible(prefer).text(message, MAX_NESTING)[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith(_SIGNED):
        signed, _, signature = text.partition("\n\n")[2].partition(_SIGNATURE)
        after = signature.partition(_SIGNATURE_END)[2]
        text = re.sub(r"(?m)^- (?=-)", "", signed + after)  # RFC 9580, 7: `- ` escapes lines that start with a dash
    _bound_lines(text)
    return re.sub(_CONTROL, "", re.sub(_SPACE, " ", text))


def _bound_lines(text: str) -> None:
    """Raises UnreadableMail for more lines than anybody writes, before the text is split."""
    if text.count("\n") > MAX_LINES:
        raise UnreadableMail("more than 4,000 lines")


def has_alternatives(message: Message) -> bool:
    """Whether a mail has the same content as plain text and as HTML."""
    return any(part.get_content_type() == "multipart/alternative" for part in message.walk())


def marks_signature(part: Message) -> bool:
    """Whether a part's HTML, except in attachments, has the word with which programs mark a signature."""
    kind = part.get_content_type()
    if part.get_content_disposition() == "attachment":
        return False
    if kind.startswith("multipart/"):
        return any(marks_signature(child) for child in children(part))
    return kind in _MARKED_UP and "signature" in decoded(part)


def children(part: Message) -> list[Message]:
    """Returns the parts of a part."""
    payload = part.get_payload() if part.is_multipart() else None
    return [child for child in payload if isinstance(child, Message)] if isinstance(payload, list) else []


class _Visible:
    """Reads the text of a mail's parts, up to a limit that is more than anybody writes."""

    def __init__(self, prefer: str) -> None:
        self._prefer = f"text/{prefer}"
        self._left = 2 * MAX_TEXT

    def text(self, part: Message, depth: int) -> str:
        """Returns what a reader sees of a part; of alternatives, the preferred one."""
        kind = part.get_content_type()
        if depth == 0 or part.get_content_disposition() == "attachment":
            return ""
        if part.is_multipart() and kind.startswith("multipart/"):
            parts = children(part)
            if kind == "multipart/alternative":
                parts.sort(key=lambda child: child.get_content_type() != self._prefer)
                return next((text for child in parts if (text := self.text(child, depth - 1)).strip()), "")
            return "\n".join(text for child in parts if (text := self.text(child, depth - 1)).strip())
        if kind not in _READABLE and not kind.startswith("multipart/"):  # a multipart without parts is text
            return ""
        text = decoded(part)[: max(0, self._left)]
        self._left -= len(text)
        if kind in _MARKED_UP:
            return html_to_text(text)
        if str(part.get_param("format", "")).lower() == "flowed":
            _bound_lines(text)
            return _unflowed(text, str(part.get_param("delsp", "")).lower() == "yes")
        return text


def _unflowed(text: str, joined: bool) -> str:
    """Joins lines by RFC 3676: one that ends in a space continues on the next one of the same quote depth."""
    lines: list[tuple[str, list[str]]] = []
    flows = False
    for line in text.replace("\r\n", "\n").split("\n"):
        content = line.lstrip(">")
        prefix = line[: len(line) - len(content)]
        content = content.removeprefix(" ")
        if flows and lines[-1][0] == prefix and content != "-- ":
            lines[-1][1].append(content)
        else:
            lines.append((prefix, [content]))
        flows = content.endswith(" ") and content != "-- "
        if flows and joined:
            lines[-1][1][-1] = content[:-1]
    return "\n".join(f"{prefix} {''.join(pieces)}" if prefix else "".join(pieces) for prefix, pieces in lines)
