"""SES's events, which say what happened to an email. They come in two forms: raw, or wrapped by SNS."""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from course.record import Status

STOPPING_SUBTYPES = frozenset({"OnAccountSuppressionList", "Suppressed"})
OUT_OF_OFFICE = ("Transient", "General")
"""Type and subtype that SES gives to an out-of-office reply, among others: such a bounce proves nothing."""


class Kind(Enum):
    """The kinds of events that have consequences (SES guide, "Contents of event data")."""

    BOUNCE = "Bounce"
    COMPLAINT = "Complaint"
    REJECT = "Reject"
    """SES took the email, and then found that it holds a virus."""
    TAKEN = "Send"
    """This event, and every other one, says that SES took the email."""

    @classmethod
    def _missing_(cls, _other: object) -> "Kind":
        return cls.TAKEN


@dataclass(frozen=True, slots=True)
class Feedback:
    """One event about one of our emails."""

    kind: Kind
    attempt: str
    subscriber: str
    epoch: int
    address: str
    """The one address that the email was sent to, as we wrote it: the subscriber may be erased by now."""
    message_id: str
    sent_at: datetime
    """When SES took the email (UTC)."""
    permanent: bool
    """Of a bounce: the address is invalid, or SES itself suppresses it."""
    soft: bool
    """Of a bounce: the mailbox refuses the email for now, for example because it is full or the email is too large."""

    @property
    def stops(self) -> Status | None:
        """The subscriber's new status if the address must not be mailed again; otherwise None."""
        if self.kind is Kind.COMPLAINT:
            return Status.COMPLAINED
        return Status.BOUNCED if self.kind is Kind.BOUNCE and self.permanent else None


def read(queue_body: str, topic: str) -> Feedback | None:
    """The event in a queue message; None if it is of another topic, or about an email without our tags.

    Configuration sets write `eventType`, and identities `notificationType`: projects that read only one of them have
    lost bounces. Only a configuration set's events carry tags.
    """
    body: dict[str, Any] = json.loads(queue_body)
    wrapped = body.get("Type") == "Notification"
    if wrapped and body.get("TopicArn") != topic:
        return None
    try:
        event: dict[str, Any] = json.loads(body["Message"]) if wrapped else body
    except ValueError:  # SES sends plain text, not JSON, to a new topic
        return None
    mail = event.get("mail", {})
    tags = {name: values[0] for name, values in mail.get("tags", {}).items() if values}
    if not {"attempt", "subscriber", "epoch"} <= tags.keys() or not tags["epoch"].isdigit():
        return None
    kind = Kind(event.get("eventType") or event.get("notificationType"))
    bounce = event.get("bounce", {})
    bounced_as = bounce.get("bounceType"), bounce.get("bounceSubType")
    permanent = bounced_as[0] == "Permanent" or bounced_as[1] in STOPPING_SUBTYPES
    return Feedback(
        kind=kind,
        attempt=tags["attempt"],
        subscriber=tags["subscriber"],
        epoch=int(tags["epoch"]),
        address=mail["destination"][0],
        message_id=mail["messageId"],
        sent_at=datetime.fromisoformat(mail["timestamp"]).replace(microsecond=0),
        permanent=permanent,
        soft=kind is Kind.BOUNCE and not permanent and bounced_as != OUT_OF_OFFICE,
    )
