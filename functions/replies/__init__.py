"""What people write back: their own words in a reply, whether a person wrote it, and what it asks for.

Other packages call only these functions; besides them they import the types of `replies.request` and, for type
checking only, `replies.reader.Mail`. The reader is imported when first called, so that `course.commands` stays light.
"""

from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from replies.reader import Mail
    from replies.request import Answered, Decision


class UnreadableMail(Exception):
    """Raised when a mail is over the bounds that are set before parsing begins, or sealed: encrypted."""


def opened(raw: bytes) -> "Mail":
    """The mail, parsed once for every question about it. Raises UnreadableMail."""
    from replies.reader import Mail

    return Mail(raw)


def own_words(raw: bytes, original: str | None = None, original_html: str | None = None) -> str:
    """The person's own new words, line breaks kept; empty when there are none. Raises UnreadableMail.

    `original` is the email that they answered as text, `original_html` the same as HTML.
    """
    return opened(raw).own_words(original, original_html)


def automatic(raw: bytes) -> str | None:
    """Why no person wrote this mail, or None. Raises UnreadableMail."""
    return opened(raw).automatic


def decided(text: str, answered: "Answered", today: date, first_name: str = "") -> "Decision":
    """What is done with a person's words: obeyed, kept, or asked about. `today` is the local day of the person."""
    from replies.decisions import decision

    return decision.decided(text, answered, today, first_name)


def says_stop(text: str) -> bool:
    """Whether a text is nothing but the word that our emails teach for stopping, in any language."""
    from replies import tables

    return tables.plain(text) in tables.words("stop.taught")
