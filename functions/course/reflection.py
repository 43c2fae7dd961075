"""A reflection, which is a subscriber's reply to one email; and the reasons why a mail does not become one."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

MAX_BYTES = 256 * 1024
"""The longest text of one reflection: DynamoDB accepts items of at most 400 KB."""


@dataclass(frozen=True, slots=True)
class Reflection:
    """A subscriber's reply to one email. Never overwritten: a second reply is a second reflection."""

    subscriber: str
    round: int
    lesson: str
    """Lesson id; empty for a reply to a notice, or to a lesson that the course no longer has."""
    received_at: datetime
    mail_id: str
    """SES's id of the inbound mail."""
    text: str
    attributed_by: str
    """How we know the subscriber: by `token`, by `in-reply-to`, or from an `operator`."""
    proven: bool
    """Whether DMARC or SPF proves that the mail comes from the subscriber's address."""
    cut: bool = False
    """Whether the text was longer than MAX_BYTES and was cut there; the raw mail has the rest."""


class Why(Enum):
    """The reasons why a mail is neither a reflection nor a command. The values are stored: never change one."""

    VIRUS = "virus"
    NOT_SCANNED_FOR_VIRUS = "not scanned for virus"
    SPAM = "spam"
    NOT_SCANNED_FOR_SPAM = "not scanned for spam"
    NO_ADDRESS = "no valid reply address"
    EARLIER_SIGN_UP = "of an earlier sign-up"
    EXPIRED = "the sign-up has expired"
    ERASED = "no such subscriber any more"
    """No mail of an erased subscriber is kept, no matter what it says."""
    NO_CLEAR_YES = "no clear yes to the confirmation"
    TOO_LATE = "a command that could not be obeyed in time"
    ANOTHER_ADDRESS = "from another address than the subscriber's"
    """Such a mail never belongs to the subscriber, no matter what it says or who asks."""
    UNPROVEN_COMMAND = "a command without proof of its sender"
    TOO_MANY_UNPROVEN = "without proof of its sender, and more such mail came that day than is kept"
    LOST = "lost on its way, or failed: nobody knows whether it is genuine"
    OTHER = ""
    """An auto-reply, or a mail that cannot be read: the detail says how we know."""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The reason for one mail, with a detail in words for OTHER."""

    why: Why
    detail: str = ""

    @property
    def text(self) -> str:
        """The reason for an operator to read."""
        return self.detail or str(self.why.value)

    @property
    def may_be_accepted(self) -> bool:
        """Whether an operator may accept it as a reflection: not if it may hold a virus or is from another address."""
        return self.why not in (Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS, Why.ANOTHER_ADDRESS)

    @classmethod
    def read(cls, stored: str) -> "NotTaken":
        """Reads a reason from its stored text."""
        why = next((why for why in Why if why.value == stored), Why.OTHER)
        return cls(why, stored if why is Why.OTHER else "")


def cut_to_bytes(text: str, limit: int = MAX_BYTES) -> str:
    """The beginning of a text, at most `limit` bytes of UTF-8, cut between characters."""
    return text.encode()[:limit].decode(errors="ignore")
