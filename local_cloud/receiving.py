"""SES as it receives mail: the receipt rule stores it in the bucket and notifies the topic, with the verdicts.

Shape: SES guide, "Contents of notifications for Amazon SES email receiving".
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses
from typing import TYPE_CHECKING, Any

from local_cloud.intrinsics import Resolver, TemplateError, blamed
from local_cloud.ses_events import stamp

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

VERDICTS = ("spam", "virus", "spf", "dkim", "dmarc")
SET_UP = "AMAZON_SES_SETUP_NOTIFICATION"
MAX_HEADERS = 10_000  # bytes of header fields in a notification; longer ones are cut, with headersTruncated


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """A mail to the course, as SES received it."""

    id: str
    at: datetime
    sender: str
    to: tuple[str, ...]  # the envelope's recipients
    raw: bytes
    matched: bool  # False: no receipt rule takes it, and SES refused it
    mailbox: str  # the sender's, from the From field: an auto-reply has no envelope sender


@dataclass(frozen=True, slots=True)
class Rule:
    recipients: tuple[str, ...]
    bucket: str
    prefix: str
    topic: str | None

    def takes(self, address: str) -> bool:
        """Whether the rule names this address, its domain, or `.domain` of a subdomain; one without names takes all."""
        domain = address.rpartition("@")[2].lower()
        return not self.recipients or any(
            entry.lower() in (address.lower(), domain) or (entry.startswith(".") and domain.endswith(entry.lower()))
            for entry in self.recipients
        )


class Receiving:
    """SES's receipt of mail by the rules of the active receipt rule set, in order."""

    def __init__(
        self,
        rules: list[Rule],
        s3: "S3Client",
        tell: Callable[[str, dict[str, Any], str], None],
        verified: Callable[[str], bool],
    ) -> None:
        self.rules = rules
        self._s3 = s3
        self._tell = tell
        self._verified = verified

    def receive(
        self, raw: bytes, to: Sequence[str], sender: str | None, verdicts: dict[str, str], mail_id: str | None = None
    ) -> ReceivedMail:
        """Applies every rule that takes one of the recipients. Without a sender, it is the From field's address.

        SES refuses mail to a domain that is not verified, even if a rule takes it (SES guide, "Verifying your domain
        for email receiving").
        """
        # Only the header fields are parsed: the functions must survive a hostile body, not the local cloud.
        fields = BytesHeaderParser().parsebytes(raw)
        mailbox = next((address for _, address in _mailboxes(str(fields.get("From", "")))), "")
        came = _Arrival(
            id=mail_id or secrets.token_hex(20),
            at=datetime.now(UTC),
            sender=mailbox if sender is None else sender,
            to=list(to),
            fields=fields,
            verdicts=verdicts,
        )
        matched = False
        for rule in self.rules:
            if taken := [address for address in to if rule.takes(address) and self._verified(address)]:
                self._carry_out(rule, raw, came, taken)
                matched = True
        return ReceivedMail(came.id, came.at, came.sender, tuple(to), raw, matched, mailbox.lower())

    def announce(self) -> None:
        """Stores and notifies the mail that SES itself sends when a receipt rule is made."""
        raw = b"From: Amazon Web Services <no-reply-aws@amazon.com>\r\nSubject: Amazon SES Setup Notification\r\n\r\n"
        for rule in self.rules:
            came = _Arrival(SET_UP, datetime.now(UTC), "", [], BytesHeaderParser().parsebytes(raw), {})
            self._carry_out(rule, raw, came, ["recipient@example.com"])

    def _carry_out(self, rule: Rule, raw: bytes, came: "_Arrival", taken: list[str]) -> None:
        self._s3.put_object(Bucket=rule.bucket, Key=rule.prefix + came.id, Body=raw)
        if rule.topic:
            self._tell(rule.topic, _notification(rule, came, taken), "Amazon SES Email Receipt Notification")


@dataclass(frozen=True, slots=True)
class _Arrival:
    """One mail at its arrival."""

    id: str
    at: datetime
    sender: str
    to: list[str]
    fields: Message
    verdicts: dict[str, str]


def rules_of(resolver: Resolver) -> list[Rule]:
    """The template's enabled receipt rules. Their rule set counts as the active one."""
    found = []
    for logical_id, properties in resolver.resources("AWS::SES::ReceiptRule"):
        with blamed(logical_id):
            if properties["Rule"].get("Enabled", False):
                found.append(rule_of(logical_id, properties["Rule"]))
    return found


def rule_of(logical_id: str, rule: dict[str, Any]) -> Rule:
    """One rule, from its properties. Raises TemplateError if the local cloud cannot apply it."""
    actions = rule.get("Actions", [])
    if len(actions) != 1 or set(actions[0]) != {"S3Action"}:
        raise TemplateError(f"{logical_id}.Rule.Actions: the local cloud knows exactly one S3Action")
    action = actions[0]["S3Action"]
    recipients = tuple(rule.get("Recipients", []))
    return Rule(recipients, action["BucketName"], action.get("ObjectKeyPrefix", ""), action.get("TopicArn"))


def _notification(rule: Rule, came: _Arrival, taken: list[str]) -> dict[str, Any]:
    headers, truncated = _headers(came.fields)
    if unknown := sorted(set(came.verdicts) - set(VERDICTS)):
        raise ValueError(f"unknown verdict: {unknown[0]}")
    receipt: dict[str, Any] = {
        "timestamp": stamp(came.at),
        "processingTimeMillis": 412,
        "recipients": taken,
        **{f"{name}Verdict": {"status": came.verdicts.get(name, "PASS")} for name in VERDICTS},
        "action": {
            "type": "S3",
            "topicArn": rule.topic,
            "bucketName": rule.bucket,
            "objectKeyPrefix": rule.prefix,
            "objectKey": rule.prefix + came.id,
        },
    }
    if came.verdicts.get("dmarc") == "FAIL":
        receipt["dmarcPolicy"] = "reject"
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": stamp(came.at),
            "source": came.sender,
            "messageId": came.id,
            "destination": came.to,
            "headersTruncated": truncated,
            "headers": headers,
            "commonHeaders": _common(headers),
        },
        "receipt": receipt,
    }


def _headers(message: Message) -> tuple[list[dict[str, str]], bool]:
    headers: list[dict[str, str]] = []
    size = 0
    for name, value in message.items():
        text = " ".join(str(value).split())
        size += len(name) + len(text)
        if size > MAX_HEADERS:
            return headers, True
        headers.append({"name": name, "value": text})
    return headers, False


def _mailboxes(field: str) -> list[tuple[str, str]]:
    """Names and addresses in a header field; empty if nested comments are too deep for Python's parser."""
    try:
        return getaddresses([field])
    except RecursionError:
        return []


def _common(headers: list[dict[str, str]]) -> dict[str, Any]:
    common: dict[str, Any] = {}
    for header in headers:
        name, value = header["name"].lower(), header["value"]
        if name in ("from", "to", "cc", "reply-to"):
            key = "replyTo" if name == "reply-to" else name
            common[key] = [f"{who} <{address}>" if who else address for who, address in _mailboxes(value)]
        elif name in ("subject", "date", "return-path"):
            common["returnPath" if name == "return-path" else name] = value
        elif name == "message-id":
            common["messageId"] = value
    return common
