"""Inbound mail: SES's notification of it, and the raw mail in the bucket."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SETUP_NOTICE = "AMAZON_SES_SETUP_NOTIFICATION"
"""What SES itself writes when a receipt rule is made."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One mail as SES received it (SES guide, "Contents of notifications for email receiving")."""

    mail_id: str
    received_at: datetime
    recipients: tuple[str, ...]
    """From the envelope: the only ones that count."""
    object_key: str
    verdicts: dict[str, str]
    """`spf`, `dkim`, `dmarc`, `spam`, `virus` → PASS, FAIL, GRAY, PROCESSING_FAILED, DISABLED."""

    @property
    def authentic(self) -> bool:
        """Whether From is really the sender's: DMARC passed, or both of its parts where the domain has no policy."""
        if self.verdicts.get("dmarc") == "PASS":
            return True
        return {self.verdicts.get(name) for name in ("spf", "dkim")} == {"PASS"} and self.verdicts.get(
            "dmarc"
        ) == "GRAY"

    @property
    def harmful(self) -> str | None:
        """`virus` or `spam` where SES says so."""
        return next((name for name in ("virus", "spam") if self.verdicts.get(name) == "FAIL"), None)


def arrival(queue_body: str) -> Arrival | None:
    """The arrival that a queue message tells of; None for SES's own set-up notice."""
    notification: dict[str, Any] = json.loads(json.loads(queue_body)["Message"])
    mail, receipt = notification["mail"], notification["receipt"]
    key = receipt["action"]["objectKey"]
    if key.endswith(SETUP_NOTICE) or mail["messageId"] == SETUP_NOTICE:
        return None
    verdicts = {
        name.removesuffix("Verdict"): verdict["status"] for name, verdict in receipt.items() if name.endswith("Verdict")
    }
    received_at = datetime.fromisoformat(receipt["timestamp"]).replace(microsecond=0)
    return Arrival(mail["messageId"], received_at, tuple(receipt["recipients"]), key, verdicts)


class Inbox:
    """The bucket that SES stores inbound mail in."""

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def fetch(self, key: str) -> bytes:
        """The raw mail."""
        return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
