"""First names: any name is allowed, except one that a mail client could turn into a link."""

import re
import unicodedata

from course.errors import InvalidForm

MAX_NAME = 60

_JOINERS = "\u200c\u200d"  # some names are written with these two format characters
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff61\uff0e\u2024", "."))
"""Characters that a browser reads as the dot of a domain (RFC 3490, section 3.1), and one that looks like it."""

_TITLES = "abd|dra?|fra?|fray|hr|jr|ma|md|mgr|mlle|mme|mohd|mrs?|ms|muhd|prof|rev|sig|sra?|ste?|sta|sto|univ"
"""Abbreviations before a name, with or without a space: St.John, Dr.No, Ma.Teresa."""
_ENDINGS = "app|biz|click|club|com|dev|edu|gov|info|link|live|net|online|org|shop|site|store|xyz"
_SHORT_ENDINGS = "ai|cc|co|de|es|eu|fr|gg|io|it|ly|me|nl|ru|to|tv|uk|us"
"""Endings that show that a word is a domain when the rest of it does not."""

_LINK = re.compile(
    rf"""
    [<>@] | // | \bwww
  | \b(?:https?|hxxps?|ftp|mailto|tel|sms|data|javascript)\s*:
  | \b\d+\.\d+\.\d+\.\d+\b
  | (?<![\w.])(?!(?:{_TITLES})\.)\w[\w-]+\.\w[\w-]+                             # two words that a dot joins
  | [\w-]\.(?:\w[\w-]+/ | (?:{_ENDINGS})\b)                                    # a name of any length, a known ending
  | (?-i:\b[a-z\d]\.(?:{_SHORT_ENDINGS})\b)                                      # t.me, but not J.Co
  | [\w-]\s*\.\s*\w[\w-]+/\w                                                   # bit . ly/abc
  | [(\[{{]\s*\.\s*[)\]}}] | \w[(\[{{]\s*(?:dot|punto|punkt|point|ponto)\s*[)\]}}]  # evil [.] ai, evil(dot)ai
  | \w[\w-]+[\s(\[{{]*\.[\s)\]}}]*(?:{_ENDINGS})\b                                 # evil . com
  | \w[\w-]+[\s(\[{{]+(?:dot|punto|punkt|point|ponto)[\s)\]}}]+(?:{_ENDINGS}|{_SHORT_ENDINGS})\b  # evil dot com
    """,
    re.VERBOSE | re.IGNORECASE,
)


def checked_name(typed: str) -> str:
    """The first name as emails may use it in their greeting. Raises InvalidForm."""
    name = unicodedata.normalize("NFC", typed).strip(" ")
    if any(unicodedata.category(char)[0] in "CZ" and char not in " " + _JOINERS for char in name):
        raise InvalidForm("name_invisible")
    if len(name) > MAX_NAME:
        raise InvalidForm("name_long")
    if holds_link(name):
        raise InvalidForm("name_link")
    return name


def holds_link(name: str) -> bool:
    """Whether a mail client might turn a name into a link, or a reader might read it as one."""
    plain = unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_DOTS)
    for joiner in _JOINERS:
        plain = plain.replace(joiner, "")
    return _LINK.search(plain) is not None
