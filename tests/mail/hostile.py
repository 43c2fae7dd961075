"""Mails made to do harm: bombs, deep nesting, charsets, broken MIME, headers, and input that slows regular expressions.

Each mail is made only when it is needed, because some have 40 MB. `python -m tests.mail.weighing` measures the time and
memory that each needs.
"""

import base64
import gzip
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from encodings.aliases import aliases
from functools import partial

from tests.mail.emails import ADDRESS

SLOWEST = (
    ("plain", "X Y wrote:\n"),
    ("plain", "On 1/1/26, X wrote:\n"),
    ("plain", "*From:* a\n"),
    ("plain", "[image: x]\n"),
    ("plain", "(mailto:a\n"),
    ("plain", "> The first thing they noticed.\n"),
    ("plain", "@"),
    ("html", "<"),
    ("html", "<b>"),
    ("html", "<pre>\n"),
    ("html", "<p>"),
)
"""The slowest texts: the subtype, and the piece that is repeated."""

Mails = Iterator[tuple[str, Callable[[], bytes]]]

_PIECES = (
    "> ", ">", ">>> ", "<", "< ", "<a@b", "<a@b.c> ", "<a@b.c>:\n", "x <aaa\n>:\n", "[", "(", ")", "]", "{", "-",
    "--", "-- \n", "--\n", "---\n", "--- x", "—", "_", "_____\n", "=", "==\n", ":", "：", ": ", ":  ", "a: ", "a:\n",
    "@", "a@", "@b", "a@b ", "a@b.c ", "a@b.c\n", ".", ",", ";", '"', "'", "*", "* ", "#", "~", "|", "| ", "\\", "/",
    "+", "&", "&#", "&#x1;", "&amp;", "&lt;", "?", "!", " ", "\t", "\xa0", " \n", "\n", "\r", "\r\n>", "\n\n", "0",
    "1:", "12:00 ", "7:00\n", "2026", "2026-", "2026-01-01 ", "2026-01-01 12:00 GMT+\n", "1/1/26 ", "1. ", "o ", "a",
    "a ", "A ", "ab", "word ", "http://a", "<http://a\n", "(http://a\n", "(mailto:a\n", "[cid:", "[image: x]\n",
    "[image: ", "https://a.b/c ", "On ", "On\n", "On 1 ", "wrote:", "wrote: ", "X Y wrote:\n",
    "On 1/1/26, X wrote:\n", "On Mon, Aug 3, 2026 at 7:00 AM X <a@b.c> wrote:\n",
    "On Mon, Aug 3, 2026 at 7:00 AM X\n", "schrieb ", "写道：", "a@b.c wrote:\n", "From:\n", "From: a@b.c\n",
    "To:\n", "To: a\n", "From: X\nDate: 1/1/26\n", "Subject: a\n", "*From:* a\n", "-----Original Message-----\n",
    "----- Original", "- message -", "---message---\nFrom a\n", "original message\nFrom: a@b.c\n",
    "Forwarded message: ", ">>> a 1/1/26 7:00 >>>\n", " >>>", "Sent from my ", "Sent from my iPhone\n",
    "Sent from my iPhone ", "von meinem ", "Get a for iOS\n", "x Outlook for iOS ", "iphone gesendet ", "Outlook ",
    "发自我的iPhone\n", "confidential message recipient ", "caution external click ", "environment print ",
    "-----BEGIN PGP SIGNED MESSAGE-----\n\n", "-----BEGIN PGP SIGNATURE-----\n", "\u200b", "\u202e", "\u00ad",
    "\ufeff", "\u0130", "e\u0301", "\u0627", "我", "日本 ", "한", "ก", "🙏", "🏳️‍🌈", "\ud800", "\x00", "\x1b[",
    "\x7f", "\x85", "\u2028", "Day 3: The same evening, ", "What did they see\n",
    "> The first thing they noticed.\n", "chair ", "Hello Robin,\n", "> Robin\n",
)  # fmt: skip
_HTML = (
    "<", "</", "<!", "<!--", "<!-- >", "-->", "<a", "<a ", "<a b=", '<a b="', "<a b='", '<a style="',
    '<a style="display:none">', "<div>", "</div>", "<div hidden>", "<blockquote>", "</blockquote>",
    "<blockquote><p>x", "<table><tr><td>", "<td>", "<li>", "<ol><li>", "<ul>", "<pre>\n", "<pre>", "<br>", "<br/>\n",
    "<p>", "<script>", "<style>", "<svg>", "<title>", "<script></scrip", "&", "&#", "&#x", "&#99999999999;", "&lt;",
    "&nbsp;", "&notanentity;", "<x-y:z ", "<?", "<![CDATA[", "<img alt='a'>", '<img alt="', "<p\n",
    "<o:p>&nbsp;</o:p>", "<a@b.c>", "<http://a>", "<div style='font-size:0'>x</div>", "<div><br></div>\n",
    "<p>&gt; x", "x" * 79 + " ", "\u0130", "<\x00", "<b>", "<i><b>", "<a href=x onclick=y>z</a>",
)  # fmt: skip
_HEADERS = (
    "=?utf-8?q?=41?= ", "=?utf-8?b?QQ==?= ", "=?", "=?=", "=?x?q?", "=?utf-8?q?" + "=41" * 20 + "?=\r\n ", "a@b, ",
    "<a@b>, ", "(", "((", "\\(", '"', '"a" ', "[", "<", ":", ";", ",", "@", " ", "\r\n ", "\xe9", "\x00", "a", "a.",
    "(a)", "=?idna?q?a?= ", "=?unicode-escape?q?a?= ", "undisclosed:;", ";a=b", "Automatic reply ",
    "Undeliverable: ", "fw:", "re: ",
)  # fmt: skip

_KINDS = (
    "application/pkcs7-mime; smime-type=enveloped-data", "multipart/encrypted; boundary=b", "text/calendar", "text",
    "image/svg+xml", "/", "*/*", "message/external-body; access-type=local-file; name=/etc/passwd",
    "message/partial; id=a; number=1; total=1000000",
)  # fmt: skip


def hostile(size: int = 1_000_000) -> Mails:
    """Yields more than 600 mails with their names. Their texts have `size` bytes, except in the largest."""
    yield from LARGEST.items()
    yield from _texts(size)
    yield from _pages(size)
    yield from _heads()
    yield from _charsets(size)
    yield from _parts(size)
    yield from _encoded(size)
    yield from _bombs(size)


_MOST = 10_000_000
_BASE64 = "Content-Transfer-Encoding: base64"


def _in_base64(piece: bytes, kind: str) -> bytes:
    return with_head(base64.encodebytes(piece * (_MOST * 7 // 10 // len(piece))), kind, _BASE64)


LARGEST: dict[str, Callable[[], bytes]] = {
    "10 MB of line feeds": lambda: with_head(b"\n" * _MOST),
    "10 MB of line ends": lambda: with_head(b"\r\n" * (_MOST // 2)),
    "10 MB of carriage returns": lambda: with_head(b"\r" * _MOST),
    "base64 of line ends": lambda: _in_base64(b"\n", "text/plain"),
    "base64 of line ends, flowed": lambda: _in_base64(b" \n", "text/plain; format=flowed"),
    "base64 of line ends in UTF-16": lambda: _in_base64(b"\n\0", "text/plain; charset=utf-16-le"),
    "base64 of paragraphs": lambda: _in_base64(b"<p>\n", "text/html"),
    "line ends in quoted-printable": lambda: with_head(
        b"=0A" * (_MOST // 3), "text/plain", "Content-Transfer-Encoding: quoted-printable"
    ),
    "90 texts of line ends": lambda: with_head(
        (b"--b\r\n\r\n" + b"\n" * (_MOST // 91)) * 90, "multipart/mixed; boundary=b"
    ),
    "10 MB of signs": lambda: with_head("🙏".encode() * (_MOST // 4)),
    "10 MB of signs and spaces": lambda: with_head("🙏 ".encode() * (_MOST // 5)),
    "10 MB that are not UTF-8": lambda: with_head(b"\xff" * _MOST),
    "as many lines as are read": lambda: with_head(b"On 1/1/26, X wrote:\n" * 3_990),
    "as many short lines as are read": lambda: with_head(b"X Y wrote:\n" * 3_990),
    "as many long lines as are read": lambda: with_head(("我" * 80 + "\n").encode() * 3_990),
}
"""The largest mails that are read or refused for their content. They have the same size in every sample."""


def with_head(body: bytes, kind: str = "text/plain; charset=utf-8", *more: str) -> bytes:
    """Returns a mail with this body."""
    head = ["From: eve@example.com", f"To: {ADDRESS}", "Subject: Re: x", *more, f"Content-Type: {kind}"]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def repeated(piece: str, size: int) -> bytes:
    """Returns a piece repeated up to at most `size` bytes."""
    encoded = piece.encode("utf-8", "surrogatepass")
    return encoded * (size // len(encoded))


def _of(piece: str, size: int, kind: str, *more: str) -> bytes:
    return with_head(repeated(piece, size), kind, *more)


def _times(many: int, piece: bytes, kind: str, first: bytes = b"") -> bytes:
    return with_head(first + piece * many, kind)


def _texts(size: int) -> Mails:
    for piece in _PIECES:
        yield f"text of {piece!r}", partial(_of, piece, size, "text/plain; charset=utf-8")
    rnd = random.Random(4)
    for number in range(30):
        some = "".join(rnd.sample(_PIECES, 5))
        yield f"mixture {number}", partial(_of, some, size, "text/plain; charset=utf-8")


def _pages(size: int) -> Mails:
    for piece in _HTML:
        yield f"HTML of {piece!r}", partial(_of, piece, size, "text/html; charset=utf-8")
    many = min(100_000, size * 5)
    yield "quotes in each other", partial(_times, many, b"<blockquote>", "text/html")
    yield "hidden, never shown again", partial(_times, many * 2, b"<p>x", "text/html", b'<p style="display:none">')
    yield "stray end tags while hidden", partial(_times, many * 7 // 5, b"<a></b>", "text/html", b"<p hidden>")
    for first in ("<", "</", "<a ", '<a b="', "<!", "<!--", "&#"):
        yield f"{first} that never ends", partial(_times, size, b"a", "text/html", first.encode())
    yield "a table of many cells", partial(_times, many, b"<tr><td>1</td></tr>", "text/html", b"<table>")


def _heads() -> Mails:
    for piece in _HEADERS:
        for name in ("Subject", "From", "Content-Type", "Content-Transfer-Encoding", "X-Other"):
            yield f"{name}: {piece!r}", partial(_headed, name, piece)
    yield "20,000 encoded words", lambda: b"Subject:" + b" =?utf-8?q?=41?=" * 20_000 + b"\r\n\r\nx"
    yield "5,000 headers", lambda: b"X-A: b\r\n" * 5000 + b"\r\nx"
    yield "one header 5,000 times", lambda: b"From: a@b.c\r\n" * 5000 + b"\r\nx"
    yield "40 MB of header", lambda: b"Subject: " + b"x" * 40_000_000
    for only in (b"", b"\n", b"\r", b"\r\n\r\n", b":", b"\x00", b" ", b"From ", b"From: \r\n"):
        yield f"nothing but {only!r}", partial(bytes, only)


def _headed(name: str, piece: str) -> bytes:
    value = piece * (30_000 // len(piece))
    return f"{name}: {value}\r\nFrom: eve@example.com\r\n\r\nx".encode("latin-1")


def _charsets(size: int) -> Mails:
    odd = ("x-unknown", "utf-7", "", "a\0b", "'", "../../etc/passwd", "\xe9", "unicode_internal")
    for name in sorted({*aliases.values(), *odd}):
        yield f"charset {name!r}", partial(_times, size // 1000, bytes(range(256)), f'text/plain; charset="{name}"')
    for name in ("utf-16", "utf-32", "utf-7", "utf-16-le"):
        encoded = "a+ADw- 我\n".encode(name)
        yield f"much {name}", partial(_times, size // len(encoded), encoded, f"text/plain; charset={name}")
    yield "flowed, all of it one line", partial(_times, 9000, b"a \r\n", "text/plain; format=flowed")
    yield (
        "flowed, deeper and deeper",
        lambda: with_head(b"".join(b">" * n + b" x \r\n" for n in range(1400)), "text/plain; format=flowed; delsp=yes"),
    )


def _parts(size: int) -> Mails:
    for depth in (5, 19, 21, 100, 5000):
        for kind in (b"mixed", b"alternative", b"report"):
            yield f"{kind.decode()}, {depth:,} deep", partial(_nested, depth, kind)
    for depth in (10, 5000):
        yield f"a mail in a mail, {depth:,} deep", partial(bytes, b"Content-Type: message/rfc822\r\n\r\n" * depth)
    for number in (50, 150, 500_000):
        yield f"{number:,} parts", partial(_times, number, b"--b\r\n\r\nx\r\n", "multipart/mixed; boundary=b")
        page = b"--b\r\nContent-Type: text/html\r\n\r\n<p>x\r\n"
        yield f"{number:,} alternatives", partial(_times, number, page, "multipart/alternative; boundary=b")
    for boundary in ("", '""', "-", "--", " ", "b" * 70, "b" * 5000, "b\\", '"b', "a+*?(", "=?utf-8?q?b?=", "\x00"):
        part = f"--{boundary}\r\n\r\nx\r\n".encode()
        yield (
            f"boundary {boundary[:9]!r} of {len(boundary)}",
            partial(_times, 90, part, f"multipart/mixed; boundary={boundary}"),
        )
    pieces = "".join(f";\r\n boundary*{n}=b" for n in range(500))
    yield "a boundary in continuations", partial(_times, 500, b"--b", "multipart/mixed" + pieces)
    yield "parts without an end", partial(_times, 90, b"--b\r\nContent-Type: a/b\r\n", "multipart/mixed; boundary=b")
    yield "delivery-status of many fields", partial(_times, size // 10, b"A: b\r\n\r\n", "message/delivery-status")
    text = b"--b\r\n\r\n" + b"x\r\n" * (size // 30)
    yield "90 texts", partial(_times, 90, text, "multipart/mixed; boundary=b")
    page = b"--b\r\nContent-Type: text/html\r\n\r\n" + b"<p>x\r\n" * (size // 60)
    yield "90 pages", partial(_times, 90, page, "multipart/mixed; boundary=b")
    for content_type in _KINDS:
        yield f"of type {content_type}", partial(with_head, b"--b\r\n\r\nx\r\n--b--", content_type)


def _nested(depth: int, kind: bytes) -> bytes:
    layer = b"Content-Type: multipart/%s; boundary=b%d\r\n\r\n--b%d\r\n"
    return b"".join(layer % (kind, number, number) for number in range(depth))


def _encoded(size: int) -> Mails:
    for encoding in ("base64", "quoted-printable", "x-uuencode", "uue", "7bit", "binary", "x-unknown", "base64 ; x"):
        for piece in ("=", "=\r\n", "=4", "A", "A\r\n", "\xff", "begin 644 a\r\n"):
            head = f"Content-Transfer-Encoding: {encoding}"
            yield f"{encoding} of {piece!r}", partial(_of, piece, size // 2, "text/plain", head)


def _bombs(size: int) -> Mails:
    yield "a zip bomb", lambda: _attached("a.zip", _zipped())
    yield "a gzip bomb", lambda: _attached("a.gz", gzip.compress(gzip.compress(bytes(20_000_000))))
    yield "winmail.dat", lambda: _attached("winmail.dat", b"\x78\x9f\x3e\x22" + b"\xff" * 100_000)
    yield "an uuencoded file", lambda: _attached("a.txt", b"begin 644 a\n" + (b"M" + b" " * 60 + b"\n") * 50_000)
    for most in (size * 9, 40_000_000):
        yield f"{most:,} bytes in one line", partial(_of, "x", most, "text/plain")
        yield f"{most:,} bytes in lines", partial(_of, "a line of text\r\n", most, "text/plain")
    text = base64.encodebytes(b"> x y z\n" * 1000).decode()
    yield "much base64", partial(_of, text, size * 9, "text/plain", "Content-Transfer-Encoding: base64")
    yield "much HTML", partial(_of, "<p>x</p>\n", size * 9, "text/html")


def _attached(name: str, content: bytes) -> bytes:
    head = f"Content-Disposition: attachment; filename={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    parts = b"--b\r\n\r\nI lied.\r\n--b\r\n" + head.encode() + base64.encodebytes(content)
    return with_head(parts + b"\r\n--b--", "multipart/mixed; boundary=b")


def _zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"{number}.txt", bytes(4_000_000))
    return file.getvalue()
