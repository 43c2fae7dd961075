"""A reflection: what a person wrote in answer to one email."""

from dataclasses import dataclass
from datetime import datetime

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
    """Whether the mail is really from the subscriber's address."""
    cut: bool = False
    """Whether the text was longer than MAX_BYTES and is kept up to there; the raw mail has the rest."""


def cut_to_bytes(text: str, limit: int = MAX_BYTES) -> str:
    """At most `limit` bytes of UTF-8, cut between characters."""
    return text.encode()[:limit].decode(errors="ignore")
