"""Charsets that a mail does not name, or names wrongly."""

import pytest

from replies import own_words
from replies.charsets import guessed

QUOTE = (
    b"\r\n\r\nOn Mon, Aug 3, 2026 at 7:00 AM X <x@example.com> wrote:\r\n"
    b"> The first thing they noticed, and what did they see?\r\n"
)
FOREIGN = {
    "彼女に嘘をついたことを、まだ話していません。": ("shift_jis", "euc_jp", "iso-2022-jp"),
    "まだです": ("shift_jis", "euc_jp"),
    "나는 아직 그녀에게 말하지 못했다.": ("euc_kr",),
    "我还没有告诉她我对她撒了谎。": ("gb2312", "gb18030"),
    "还没有": ("gb2312",),
    "我還沒有告訴她我對她說了謊。": ("big5",),
    "Я ей ещё не сказал, что солгал.": ("koi8_r", "cp1251", "iso8859_5"),
    "Вчера я весь день молчал и ничего не делал.": ("koi8_r", "cp1251"),
    "Δεν της είπα ακόμα ότι είπα ψέματα.": ("cp1253", "iso8859_7"),
    "עוד לא אמרתי לה ששיקרתי.": ("cp1255", "iso8859_8"),
    "J’ai menti à ma mère, et c’était « déjà » trop tard…": ("cp1252",),
    "Größe zählt – “ñ” überall, ça va.": ("cp1252",),
}
NOT_NAMED = ("", "text/plain", *(f"text/plain; charset={name}" for name in ("us-ascii", "utf-8", "iso-8859-1", "x-a")))


@pytest.mark.parametrize("kind", NOT_NAMED)
@pytest.mark.parametrize(("words", "charset"), [(words, charset) for words in FOREIGN for charset in FOREIGN[words]])
def test_r19_a_missing_or_wrong_charset_is_guessed_by_the_letters(words: str, charset: str, kind: str) -> None:
    head = b"From: ann@example.net\r\nSubject: x\r\n" + (f"Content-Type: {kind}\r\n".encode() if kind else b"")
    assert own_words(head + b"\r\n" + words.encode(charset)) == words
    assert own_words(head + b"\r\n" + words.encode(charset) + QUOTE) == words


@pytest.mark.parametrize("words", [words for words in FOREIGN if "déjà" not in words])
def test_r19_utf_8_is_recognised_under_any_charset_name(words: str) -> None:
    for charset in ("shift_jis", "euc-kr", "gb2312", "big5", "koi8-r", "windows-1251", "iso-8859-1"):
        head = f"From: ann@example.net\r\nContent-Type: text/plain; charset={charset}\r\n\r\n"
        assert own_words(head.encode() + words.encode()) == words


@pytest.mark.parametrize(
    ("words", "charset"),
    [("Я ей ещё не сказал, что солгал.", "utf-8"), ("我还没有告诉她我对她撒了谎。" * 3, "gb18030")],
)
def test_r19_a_broken_byte_leaves_all_others_readable(words: str, charset: str) -> None:
    said = own_words(b"From: ann@example.net\r\n\r\n" + words.encode(charset) + b"\xff")
    assert said == words + "\ufffd"


@pytest.mark.parametrize("charset", ["shift_jis", "euc_jp", "euc_kr", "gb18030", "big5", "koi8_r", "cp1251", "cp1255"])
def test_r19_text_that_fits_no_charset_is_kept(charset: str) -> None:
    """One word is too short to guess by. Its ASCII neighbours stay, and something stands in its place."""
    odd = {"koi8_r": "Да", "cp1251": "Да", "cp1255": "כן", "euc_kr": "네", "shift_jis": "嘘", "euc_jp": "嘘"}
    said = own_words(b"From: ann@example.net\r\n\r\nI said " + odd.get(charset, "是").encode(charset) + b" to her.")
    assert said.startswith("I said ")
    assert said.endswith(" to her.")
    assert len(said) > len("I said  to her.")


@pytest.mark.parametrize("text", ["", "plain", "“…”", "À l’été… “Où êtes-vous ?” «…» — dit-elle.", "¡¿Señor…?!"])
def test_no_charset_is_guessed_for_latin_script(text: str) -> None:
    assert guessed(text.encode("cp1252")) is None
