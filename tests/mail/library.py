"""The project's own test mails, read from the text files in this folder.

Each mail has `⟦ ⟧` around the words that must remain and `⟪ ⟫` around words that may remain, such as a greeting or a
name. `{quote}` is the email as the mail program quotes it, `{quote 3 5}` are some of its paragraphs, and `{quote >}` is
quoted one level deeper. `Original: none` means that the quoted mail is not one of `emails`.
"""

import base64
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from tests.mail.emails import ADDRESS, as_html, as_text, quoted_html, quoted_text

HERE = Path(__file__).parent
_MARKS = str.maketrans("", "", "⟦⟧⟪⟫")
_QUOTE = re.compile(r"\{quote(?P<deeper> >)?(?: (?P<first>\d+))?(?: (?P<last>\d+))?\}")
_OTHER_PARTS = {
    "mixed": "Content-Type: image/png; name=room.png\nContent-Disposition: attachment; filename=room.png\n"
    "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=",
    "related": "Content-Type: image/png; name=room.png\nContent-ID: <ii_1>\n"
    "Content-Transfer-Encoding: base64\n\niVBORw0KGgo=",
    "signed": "Content-Type: application/pgp-signature; name=signature.asc\n\n"
    "-----BEGIN PGP SIGNATURE-----\n\niQEzBAABCAAdFiEE\n-----END PGP SIGNATURE-----",
    "footer": "Content-Type: text/plain; charset=us-ascii\nContent-Disposition: inline\n\n"
    "_______________________________________________\nOffice mailing list\nOffice@lists.example.net\n"
    "https://lists.example.net/mailman/listinfo/office",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """A person's reply, and its own words."""

    name: str
    language: str
    place: str
    """The place of the own words: above, below or inside the quote."""
    raw: bytes
    expected: str
    """The words that must remain."""
    allowed: str
    """The words that must or may remain."""
    original: str | None
    original_html: str | None


def replies() -> Iterator[Reply]:
    """Yields all replies, file by file."""
    for file in sorted((HERE / "replies").glob("*.txt")):
        yield from replies_in(file.stem)


def replies_in(name: str) -> Iterator[Reply]:
    """Yields the replies in one file, given its name without the suffix."""
    for title, text in _sections(HERE / "replies" / f"{name}.txt"):
        head, *parts = re.split(r"^--- (text|html)\n", text, flags=re.MULTILINE)
        fields = dict(line.split(": ", 1) for line in head.strip().split("\n") if line)
        yield _reply(title, fields, dict(zip(parts[::2], parts[1::2], strict=True)))


def mails(folder: str) -> Iterator[tuple[str, bytes]]:
    """Yields name and bytes of each mail in a folder of complete mails: automatic, people."""
    for file in sorted((HERE / folder).glob("*.txt")):
        for name, text in _sections(file):
            yield name, text.replace("{address}", ADDRESS).replace("\n", "\r\n").encode()


def _sections(file: Path) -> Iterator[tuple[str, str]]:
    pieces = re.split(r"^=== (.+)\n", file.read_text("utf-8"), flags=re.MULTILINE)[1:]
    yield from zip(pieces[::2], pieces[1::2], strict=True)


def _reply(name: str, fields: dict[str, str], written: dict[str, str]) -> Reply:
    email = fields.get("Email", "en")
    unknown = fields.get("Original") == "none"
    parts = {kind: _with_quotes(text, email, fields.get("Quote", "mutt"), kind) for kind, text in written.items()}
    marked = parts.get("text", "")
    if not marked.strip():
        lines = re.sub(r"<br[^>]*>|</p>|</div>|</li>", "\n", parts.get("html", marked))
        marked = unescape(re.sub(r"<[^>]*>", "", lines))
    return Reply(
        name,
        fields.get("Language", "en"),
        fields.get("Place", "above"),
        _head(name) + _body(parts, fields),
        _words_in(marked, "⟦([^⟧]*)⟧"),
        _words_in(marked, "[⟦⟪]([^⟧⟫]*)[⟧⟫]"),
        None if unknown else as_text(email),
        None if unknown else as_html(email),
    )


def _words_in(marked: str, between: str) -> str:
    found: list[str] = re.findall(between, marked)
    return "\n\n".join(found)


def _with_quotes(text: str, email: str, form: str, kind: str) -> str:
    def quote(match: re.Match[str]) -> str:
        places = int(match["first"] or 0), int(match["last"]) if match["last"] else None
        if kind == "html":
            return quoted_html(email, form, *places)
        quoted = quoted_text(email, form, *places)
        return re.sub("^", "> ", quoted, flags=re.MULTILINE) if match["deeper"] else quoted

    return _QUOTE.sub(quote, text).replace("{address}", ADDRESS)


def _head(name: str) -> bytes:
    return (
        f"From: Robin Vale <robin@example.net>\r\nTo: Rebuild Trust <{ADDRESS}>\r\n"
        f"Subject: Re: The same evening, from their chair\r\nMessage-ID: <{name}@example.net>\r\n"
        "In-Reply-To: <0100018f-000000@email.amazonses.com>\r\nMIME-Version: 1.0\r\n"
    ).encode()


def _body(parts: dict[str, str], fields: dict[str, str]) -> bytes:
    flowed = f"; format={fields['Format']}" if "Format" in fields else ""
    charset, encoding = fields.get("Charset", "utf-8"), fields.get("Encoding", "8bit")
    encoded: list[bytes] = []
    for kind, text in parts.items():
        subtype, more = ("plain", flowed) if kind == "text" else ("html", "")
        unknown = "xmlcharrefreplace" if kind == "html" else "replace"
        body = text.translate(_MARKS).encode(fields.get("Bytes", charset), unknown)
        encoded.append(_part(f"text/{subtype}; charset={charset}{more}", body, encoding))
    whole = _multipart("alternative", encoded) if len(encoded) > 1 else encoded[0]
    around = fields.get("Kind")
    if not around:
        return whole
    other = _OTHER_PARTS[around].replace("\n", "\r\n").encode()
    return _multipart("mixed" if around == "footer" else around, [whole, other])


def _part(content_type: str, body: bytes, encoding: str) -> bytes:
    body = body.replace(b"\n", b"\r\n")
    if encoding == "base64":
        body = base64.encodebytes(body)
    elif encoding == "quoted-printable":
        body = quopri.encodestring(body.replace(b"\r\n", b"\n")).replace(b"\n", b"\r\n")
    return f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    boundary = f"=_{kind}_{len(parts)}"
    pieces = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
        + pieces
        + f"--{boundary}--\r\n".encode()
    )
