"""SES's events in the format of a configuration set's event destination: `eventType`, and tags as lists.

Shapes: SES guide, "Contents of event data that Amazon SES publishes to Amazon SNS".
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import getaddresses
from typing import Any

from local_cloud.mime import SentEmail
from local_cloud.physical import ACCOUNT, arn

MTA = "dsn; a7-31.smtp-out.eu-west-1.amazonses.com"
SUPPRESSED = "Amazon SES did not send the message: the address is on the suppression list for your account."


@dataclass(frozen=True, slots=True)
class SesEvent:
    """One event; `body` is published to the topic as JSON."""

    at: datetime
    email: SentEmail
    kind: str  # Send, Delivery, Bounce, Complaint, Reject, DeliveryDelay
    body: dict[str, Any]


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def send(email: SentEmail, at: datetime) -> SesEvent:
    return _event("Send", email, at, {"send": {}})


def delivery(email: SentEmail, at: datetime) -> SesEvent:
    return _event(
        "Delivery",
        email,
        at,
        {
            "delivery": {
                "timestamp": stamp(at),
                "processingTimeMillis": max(1, int((at - email.at).total_seconds() * 1000)),
                "recipients": list(email.to),
                "smtpResponse": "250 2.0.0 OK",
                "reportingMTA": MTA.removeprefix("dsn; "),
            }
        },
    )


def bounce(email: SentEmail, at: datetime, kind: str = "Permanent", sub_type: str = "General") -> SesEvent:
    """A Bounce event. Kinds: Permanent, Transient, Undetermined; sub types as in the SES guide."""
    status, text = {
        "OnAccountSuppressionList": ("5.1.1", SUPPRESSED),
        "Suppressed": ("5.1.1", "Amazon SES has suppressed sending to this address"),
        "MailboxFull": ("4.2.2", "smtp; 452 4.2.2 mailbox full"),
    }.get(sub_type, ("5.1.1", "smtp; 550 5.1.1 user unknown") if kind == "Permanent" else ("4.4.7", "smtp; 451"))
    recipients = [
        {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": text} for address in email.to
    ]
    return _event(
        "Bounce",
        email,
        at,
        {
            "bounce": {
                "feedbackId": _feedback_id(email, at),
                "bounceType": kind,
                "bounceSubType": sub_type,
                "bouncedRecipients": recipients,
                "timestamp": stamp(at),
                "reportingMTA": MTA,
            }
        },
    )


def complaint(email: SentEmail, at: datetime) -> SesEvent:
    return _event(
        "Complaint",
        email,
        at,
        {
            "complaint": {
                "feedbackId": _feedback_id(email, at),
                "complaintSubType": None,
                "complainedRecipients": [{"emailAddress": address} for address in email.to],
                "timestamp": stamp(at),
                "userAgent": "Amazon SES Mailbox Simulator",
                "complaintFeedbackType": "abuse",
                "arrivalDate": stamp(at),
            }
        },
    )


def delivery_delay(email: SentEmail, at: datetime, sub_type: str = "MailboxFull") -> SesEvent:
    recipients = [
        {"emailAddress": address, "status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 mailbox full"}
        for address in email.to
    ]
    return _event(
        "DeliveryDelay",
        email,
        at,
        {
            "deliveryDelay": {
                "timestamp": stamp(at),
                "delayType": sub_type,
                "expirationTime": stamp(at),
                "delayedRecipients": recipients,
            }
        },
    )


def reject(email: SentEmail, at: datetime) -> SesEvent:
    return _event("Reject", email, at, {"reject": {"reason": "Bad content"}})


def _feedback_id(email: SentEmail, at: datetime) -> str:
    return f"0102{int(at.timestamp() * 1000):012x}{email.id[16:]}"


def _event(kind: str, email: SentEmail, at: datetime, news: dict[str, Any]) -> SesEvent:
    return SesEvent(at, email, kind, {"eventType": kind, "mail": _mail(email), **news})


def _mail(email: SentEmail) -> dict[str, Any]:
    address = getaddresses([email.source])[0][1]
    domain = address.rpartition("@")[2]
    common = {"from": [email.source], "to": list(email.to), "messageId": email.id, "subject": email.subject}
    if email.reply_to:
        common["replyTo"] = list(email.reply_to)
    tags = {
        "ses:operation": ["SendEmail"],
        "ses:configuration-set": [email.configuration_set or ""],
        "ses:source-ip": ["192.0.2.1"],
        "ses:from-domain": [domain],
        "ses:caller-identity": ["local"],
    }
    return {
        "timestamp": stamp(email.at),
        "source": email.source,
        "sourceArn": arn("ses", f"identity/{domain}"),
        "sendingAccountId": ACCOUNT,
        "messageId": email.id,
        "destination": list(email.to),
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in email.headers],
        "commonHeaders": common,
        "tags": tags | {name: [value] for name, value in email.tags.items()},
    }
