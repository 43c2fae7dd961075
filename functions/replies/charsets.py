"""Guesses the charset of a text that names none or a wrong one, by the usual letters of its language."""

import re

SAMPLE = 64 * 1024
"""Bytes of a text that are examined."""

BEYOND_ASCII = rb"[\x80-\xff]{3,}"
"""Several bytes beyond ASCII in a row: rare in Latin script, usual in all others."""

_CYRILLIC = "[оеаинтсрвлкмдпуяі]"
_KANA = "[\u3041-\u30fa]"
_HANGUL = "[\uac00-\ud7a3]"
_HAN = (
    "[的一是不了在人有我他她它你这這那个個们們中来來上大为為和国國地到以说說时時要就出会會可也对對生能而子得于於着著下自之年过過发發"
    "后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心本前开開但因只从從"
    "想实實日者意无無力与與长長把机機什两兩很给給次使身最己她谢謝吗嗎呢吧爱愛知信件请請今明早晚再真错錯话話让讓觉覺怎]"
)
_USUAL = (
    (("cp932", "euc_jp"), _KANA, 0.3),
    (("gb18030", "cp950"), _HAN, 0.35),
    (("cp949",), _HANGUL, 0.9),
    (("koi8_r", "cp1251", "iso8859_5"), _CYRILLIC, 0.55),
    (("cp1253",), "[αοιετσνηυρπκμλςίάόέή]", 0.6),
    (("cp1255",), "[יוהלאתרבמשנ]", 0.6),
)
"""Charsets, the usual letters of their languages, and the least share of a text that these letters have."""

_LETTERS = "[^\x00-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff60]"
"""Characters that are neither ASCII nor punctuation."""


def guessed(raw: bytes) -> str | None:
    """Returns the charset of a text in another script than Latin, or in UTF-8 with mistakes; None if unknown."""
    sample = raw[:SAMPLE]
    if _share(sample, "utf-8", _LETTERS):
        return "utf-8"
    in_runs = sum(map(len, re.findall(BEYOND_ASCII, sample)))
    if 2 * in_runs <= len(re.findall(rb"[\x80-\xff]", sample)):  # letters with accents stand among ASCII letters
        return None
    found = {
        charset: _share(sample, charset, usual) / least for charsets, usual, least in _USUAL for charset in charsets
    }
    best = max(found, key=lambda charset: found[charset])
    return best if found[best] >= 1 else None


def _share(sample: bytes, charset: str, usual: str) -> float:
    """Returns the share of usual letters among those beyond ASCII; 0 if it cannot be this charset."""
    text = sample.decode(charset, "ignore")
    letters = len(re.findall(_LETTERS, text))
    is_text = 10 * sample.decode(charset, "replace").count("\ufffd") <= letters
    return len(re.findall(usual, text)) / letters if letters and is_text else 0
