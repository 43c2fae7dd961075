"""Mail that comes in: SES's notification of it, and the raw mail in the bucket."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from course.reflection import NotTaken, Why

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETUP_NOTICE = "AMAZON_SES_SETUP_NOTIFICATION"
"""The id of the message that SES itself writes when a receipt rule is made."""

PREFIX = "inbound/"
"""How the keys begin under which the receipt rule in template.yaml stores mail; SES's id follows."""

RECORD = "inbound#"
"""How the keys in the table Limits begin that mark a mail as worked on; SES's id follows."""
_HARM = (("virus", Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS), ("spam", Why.SPAM, Why.NOT_SCANNED_FOR_SPAM))


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail as SES received it (SES guide, "Contents of notifications for email receiving")."""

    mail_id: str
    received_at: datetime
    source: str
    """The sender in the envelope."""
    recipients: tuple[str, ...]
    """The recipients in the envelope. Those in the headers do not count."""
    object_key: str
    verdicts: dict[str, str]
    """`spf`, `dkim`, `dmarc`, `spam`, `virus` → PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED."""

    @property
    def short_id(self) -> str:
        """A short id of the mail, for an item in which every byte counts.

        It is a hash, because SES does not say how it makes its ids.
        """
        return hashlib.sha256(self.mail_id.encode()).hexdigest()[:12]

    def is_from(self, address: str) -> bool:
        """Whether a mail that names this address in From is proven to come from it.

        DMARC proves it. If the domain has no policy, SPF does, if the envelope names the same domain.
        """
        if self.verdicts.get("dmarc") == "GRAY" and self.verdicts.get("spf") == "PASS":
            return self.source.rpartition("@")[2].lower() == address.rpartition("@")[2]
        return self.verdicts.get("dmarc") == "PASS"

    @property
    def harmful(self) -> NotTaken | None:
        """Why the mail may be harmful: SES found a virus or spam, or could not scan it. Otherwise None."""
        for name, found, unknown in _HARM:
            if self.verdicts.get(name) == "FAIL":
                return NotTaken(found)
            if self.verdicts.get(name) == "PROCESSING_FAILED":
                return NotTaken(unknown)
        return None


def arrival(queue_body: str, topic: str) -> Arrival | None:
    """The arrival in a queue message; None for a set-up message of SES or SNS, or of another topic."""
    body: dict[str, Any] = json.loads(queue_body)
    if body["TopicArn"] != topic:
        return None
    try:
        notification: dict[str, Any] = json.loads(body["Message"])
    except ValueError:  # SNS and SES send plain text, not JSON, to a new topic
        return None
    mail, receipt = notification["mail"], notification["receipt"]
    key = receipt["action"]["objectKey"]
    if key.endswith(SETUP_NOTICE) or mail["messageId"] == SETUP_NOTICE:
        return None
    verdicts = {
        name.removesuffix("Verdict"): verdict["status"] for name, verdict in receipt.items() if name.endswith("Verdict")
    }
    received_at = datetime.fromisoformat(receipt["timestamp"])
    recipients = tuple(receipt["recipients"])
    return Arrival(mail["messageId"], received_at, mail["source"], recipients, key, verdicts)


def key_of(mail_id: str) -> str:
    """The key under which SES stores the raw mail."""
    return f"{PREFIX}{mail_id}"


class RawMail:
    """The bucket that SES stores inbound mail in."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def fetch(self, key: str) -> bytes:
        return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def fetch_if_there(self, key: str) -> bytes | None:
        """The raw mail, or None if it is missing. S3 reports that only to a caller who may list the bucket."""
        try:
            return self.fetch(key)
        except self._client.exceptions.NoSuchKey:
            return None

    def all(self) -> Iterator[tuple[str, datetime]]:
        """The id of every raw mail that is kept, and when it was stored (UTC)."""
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for found in page.get("Contents", []):
                if not found["Key"].endswith(SETUP_NOTICE):
                    yield found["Key"].removeprefix(PREFIX), found["LastModified"]

    def delete(self, mail_id: str) -> None:
        """Deletes a raw mail, if it is still there."""
        self._client.delete_object(Bucket=self._bucket, Key=key_of(mail_id))
