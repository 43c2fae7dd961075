"""Decoding the bytes of a part: named charsets and transfer encodings."""

import base64

import pytest

from replies.mail import parse, visible_text
from tests.replies.replies import part

TEXT = "Je mentais, señora – über alles."


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "windows-1252", "cp850", "utf-7"])
def test_r6_a_named_charset_is_used(charset: str) -> None:
    text = TEXT.replace("–", "-")
    raw = part(base64.b64encode(text.encode(charset)), f"text/plain; charset={charset}", "base64")

    assert visible_text(parse(raw)) == text


@pytest.mark.parametrize(
    "charset", ["us-ascii", "x-unknown", "idna", "punycode", "unicode_escape", "zlib", "rot13", '"', "a\0b"]
)
def test_r6_a_wrong_charset_loses_no_words(charset: str) -> None:
    assert visible_text(parse(part(TEXT.encode(), f"text/plain; charset={charset}"))) == TEXT


def test_r6_base64_with_a_footer_and_text_that_is_no_base64_are_kept() -> None:
    encoded = base64.encodebytes(TEXT.encode())

    assert visible_text(parse(part(encoded + b"\r\n____ a list", encoding="base64"))).split("\n")[0] == TEXT
    assert visible_text(parse(part(b"I lied, plainly.", encoding="base64"))).strip() == "I lied, plainly."


def test_a_second_reading_gives_the_same_text() -> None:
    message = parse(part(base64.encodebytes(TEXT.encode()), encoding="base64"))

    assert visible_text(message) == visible_text(message) == TEXT
