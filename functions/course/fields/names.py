"""First names: people may be called anything, but no email greets with a link."""

import re
import unicodedata

from course.errors import InvalidForm

MAX_NAME = 60

_JOINERS = "\u200c\u200d"  # some names are written with these two format characters
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff61\uff0e\u2024", "."))
"""What a browser takes for the dot of a domain (RFC 3490, section 3.1), and one that is drawn like it."""

_TITLES = "abd|dra?|fra?|fray|hr|jr|ma|md|mgr|mlle|mme|mohd|mrs?|ms|muhd|prof|rev|sig|sra?|ste?|sta|sto|univ"
"""Short forms that a name follows, with or without a space: St.John, Dr.No, Ma.Teresa."""
_ENDINGS = "app|biz|click|club|com|dev|edu|gov|info|link|live|net|online|org|shop|site|store|xyz"
_SHORT_ENDINGS = "ai|cc|co|de|es|eu|fr|gg|io|it|ly|me|nl|ru|to|tv|uk|us"
"""Endings of domains, where the rest does not show that it is one."""

_LINK = re.compile(
    rf"""
    [<>@] | // | \bwww
  | \b(?:https?|hxxps?|ftp|mailto|tel|sms|data|javascript)\s*:
  | \b\d+\.\d+\.\d+\.\d+\b
  | (?<![\w.])(?!(?:{_TITLES})\.)\w[\w-]+\.\w[\w-]+                             # two words that a dot joins
  | [\w-]\.(?:\w[\w-]+/ | (?:{_ENDINGS})\b)                                    # a name however short, a known ending
  | (?-i:\b[a-z\d]\.(?:{_SHORT_ENDINGS})\b)                                      # t.me, but not J.Co
  | [\w-]\s*\.\s*\w[\w-]+/\w                                                   # bit . ly/abc
  | [(\[{{]\s*\.\s*[)\]}}] | \w[(\[{{]\s*(?:dot|punto|punkt|point|ponto)\s*[)\]}}]  # evil [.] ai, evil(dot)ai
  | \w[\w-]+[\s(\[{{]*\.[\s)\]}}]*(?:{_ENDINGS})\b                                 # evil . com
  | \w[\w-]+[\s(\[{{]+(?:dot|punto|punkt|point|ponto)[\s)\]}}]+(?:{_ENDINGS}|{_SHORT_ENDINGS})\b  # evil dot com
    """,
    re.VERBOSE | re.IGNORECASE,
)


def checked_name(typed: str) -> str:
    """A first name that is fit to greet with. Raises InvalidForm."""
    name = unicodedata.normalize("NFC", typed).strip(" ")
    if any(unicodedata.category(char)[0] in "CZ" and char not in " " + _JOINERS for char in name):
        raise InvalidForm("name_invisible")
    if len(name) > MAX_NAME:
        raise InvalidForm("name_long")
    if holds_link(name):
        raise InvalidForm("name_link")
    return name


def holds_link(name: str) -> bool:
    """Whether a mail program might make a link of it, or a reader might read one."""
    plain = unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_DOTS)
    for joiner in _JOINERS:
        plain = plain.replace(joiner, "")
    return _LINK.search(plain) is not None
