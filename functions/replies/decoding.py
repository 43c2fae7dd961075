"""Decodes the bytes of one part of a mail: its transfer encoding, and its charset, declared or not."""

import re
from base64 import b64decode
from codecs import lookup
from collections.abc import Iterator
from email.message import Message

from replies.charsets import BEYOND_ASCII, guessed

_BASE64 = rb"(?:[A-Za-z0-9+/=]*[ \t]*(?:\r?\n|\Z))*+"

_WIDER = {
    "us-ascii": "",
    "ascii": "",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-2022-jp": "iso2022_jp_ext",
    "shift_jis": "cp932",
    "iso-8859-8-i": "cp1255",
}
"""Charsets that mail programs name when they mean a larger one, and that one."""
_VAGUE = frozenset({"", "cp1252"})
"""Charsets that programs also name when they do not know the charset."""
_JIS, _ASCII = rb"\x1b\$[@B]", bytes(range(128))
_NOT_FOR_TEXT = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})


def decoded(part: Message) -> str:
    """Returns the text of a part, in the charset that it names or, if that fails, in the most likely one."""
    raw = _transferred(part)
    named = (part.get_content_charset() or "").strip("'\" ")
    if re.search(_JIS, raw) and not raw.translate(None, _ASCII):  # Japanese whose charset was lost
        named = "iso-2022-jp"
    for candidate in _likely(raw, _WIDER.get(named, named)):
        if (text := _read(raw, candidate)) is not None:
            return text
    if guess := guessed(raw):
        return raw.decode(guess, "replace")
    return _read(raw, "cp1252") or raw.decode("utf-8", "replace")


def _likely(raw: bytes, charset: str) -> Iterator[str]:
    """Yields the charsets to try. UTF-8 is first if the name is vague, or bytes beyond ASCII come in runs.

    A longer text in another charset is never valid UTF-8.
    """
    if charset in _VAGUE or re.search(BEYOND_ASCII, raw):
        yield "utf-8"
    if charset not in _VAGUE:
        yield charset
        yield "utf-8"


def _read(raw: bytes, charset: str) -> str | None:
    """Returns the text in this charset; None if it is not written in this charset."""
    try:
        return raw.decode(charset) if lookup(charset).name.replace("_", "-") not in _NOT_FOR_TEXT else None
    except (LookupError, ValueError):  # unknown, not a text encoding, a NUL in the name, or the wrong one
        return None


def _transferred(part: Message) -> bytes:
    """Returns the decoded bytes of a part.

    What is not base64 in a base64 part, such as a list's footer, is kept as it is.
    """
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64":
        del part["Content-Transfer-Encoding"]
    whole = part.get_payload(decode=True)
    if not isinstance(whole, bytes) or encoding != "base64":
        return whole if isinstance(whole, bytes) else b""
    part["Content-Transfer-Encoding"] = encoding
    encoded = whole[: match.end()] if (match := re.match(_BASE64, whole)) else b""
    rest = whole[len(encoded) :]
    letters = b"".join(encoded.split()).rstrip(b"=")
    usable = letters[: len(letters) - (len(letters) % 4 == 1)].replace(b"=", b"A")
    return b64decode(usable + b"=" * (-len(usable) % 4)) + (b"\n" + rest if rest.strip() else b"")
