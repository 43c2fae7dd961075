"""Reads replies: whether a person wrote the mail, the person's own words, and what they ask for.

Other packages call only the functions of this module. They also import the types of `replies.request` and, for type
checking, `replies.reader.Mail`. The reader is imported at the first call, so that `course.commands` loads fast.
"""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replies.reader import Mail
    from replies.request import Decision, EmailKind


class UnreadableMail(Exception):
    """Raised when a mail exceeds a limit of `replies.mail`, or is encrypted."""


def open_mail(raw: bytes) -> "Mail":
    """Parses a mail once, for all questions about it. Raises UnreadableMail."""
    from replies.reader import Mail

    return Mail(raw)


def own_words(raw: bytes, original: str | None = None, original_html: str | None = None) -> str:
    """Returns the person's own words with their line breaks; empty if there are none.

    `original` is the text of the email that the reply answers, `original_html` its HTML. Raises UnreadableMail.
    """
    return open_mail(raw).own_words(original, original_html)


def automatic(raw: bytes) -> str | None:
    """Returns why no person wrote this mail, or None if a person did. Raises UnreadableMail."""
    return open_mail(raw).automatic


def decide(text: str, answered: "EmailKind", today: date, first_name: str = "") -> "Decision":
    """Decides whether own words are obeyed, kept or asked about. `today` is the person's local date."""
    from replies.decisions import decision

    return decision.decide(text, answered, today, first_name)


def says_stop(text: str) -> bool:
    """Whether a text is only the word that our emails teach for stopping, in any language."""
    from replies import tables

    return tables.plain(text) in tables.words("stop.taught")
