"""A reflection: what a person wrote in answer to one email; and why a mail was not taken as one."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

MAX_BYTES = 256 * 1024
"""Of one reflection's text: DynamoDB takes items of 400 KB."""


@dataclass(frozen=True, slots=True)
class Reflection:
    """What a person wrote in answer to one email. Never overwritten: a second reply is a second reflection."""

    subscriber: str
    round: int
    lesson: str
    """Lesson id; empty for a reply to a notice, or to a lesson that the course no longer has."""
    received_at: datetime
    mail_id: str
    """SES's id of the inbound mail."""
    text: str
    attributed_by: str
    """`token`, `in-reply-to`, or `operator` for one that a person attributed."""
    verified: bool
    """Whether DMARC or SPF proves that the mail is from the subscriber's address."""
    cut: bool = False
    """Whether the text was longer than MAX_BYTES and is kept up to there; the raw mail has the rest."""


class Why(Enum):
    """Why a mail is not taken. The values are stored: never reword one."""

    VIRUS = "virus"
    NOT_SCANNED_FOR_VIRUS = "not scanned for virus"
    SPAM = "spam"
    NOT_SCANNED_FOR_SPAM = "not scanned for spam"
    NO_ADDRESS = "no valid reply address"
    EARLIER_SIGN_UP = "of an earlier sign-up"
    EXPIRED = "the sign-up has expired"
    ERASED = "no such subscriber any more"
    """Nothing of theirs is kept, whatever comes."""
    NO_CLEAR_YES = "no clear yes to the confirmation"
    TOO_LATE = "a command that could not be obeyed in time"
    ANOTHER_ADDRESS = "from another address than the subscriber's"
    """Nothing of it is the subscriber's, whatever it says and whoever asks."""
    UNPROVEN_COMMAND = "a command without proof of its sender"
    TOO_MANY_UNPROVEN = "without proof of its sender, and more such mail came that day than is kept"
    LOST = "lost on its way, or failed: nobody knows whether it is genuine"
    OTHER = ""
    """An automatic answer, or a mail that cannot be read: the detail says how that was told."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """Why a mail is neither a reflection nor a command."""

    why: Why
    detail: str = ""

    @property
    def text(self) -> str:
        """For a person."""
        return self.detail or str(self.why.value)

    @property
    def may_be_accepted(self) -> bool:
        """Whether an operator may make a reflection of it: not of what may hold a virus, or another person's words."""
        return self.why not in (Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS, Why.ANOTHER_ADDRESS)

    @classmethod
    def read(cls, stored: str) -> "NotTaken":
        """From its text as it was stored."""
        why = next((why for why in Why if why.value == stored), Why.OTHER)
        return cls(why, stored if why is Why.OTHER else "")


def cut_to_bytes(text: str, limit: int = MAX_BYTES) -> str:
    """At most `limit` bytes of UTF-8, cut between characters."""
    return text.encode()[:limit].decode(errors="ignore")
