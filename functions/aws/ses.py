"""SES: one request, one outcome. The outcome is one of three, and the third says that nobody knows."""

from collections.abc import Iterable
from dataclasses import dataclass
from email.utils import formataddr
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from aws.log import denied, summary
from content.emails import Email

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 15
"""Seconds, of one wait each. What SES takes at the longest is added up in `services.sending`."""

_THROTTLED = {"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException"}
_ADDRESS = {"MessageRejected", "BadRequestException"}


class Refusal(StrEnum):
    """Why SES did not take an email."""

    THROTTLED = "throttled"
    """Over the rate or the daily quota, or not reached at all: later."""
    ACCOUNT = "account"
    """Paused, not verified, not allowed: nobody's email goes out until someone mends it."""
    ADDRESS = "address"
    """This one email, and no other."""
    SANDBOX = "sandbox"
    """The account may send to verified addresses only, and this is none (SES guide, "Request production access")."""


@dataclass(frozen=True, slots=True)
class Sent:
    """SES took it."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """SES clearly did not take it."""

    why: Refusal
    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Timed out, cut off, or answered 5xx: SES may have taken it."""


Outcome = Sent | Refused | Unknown


class Mailer:
    """Sends emails. The client must have `total_max_attempts=1`: boto3's own retry would send up to five copies."""

    def __init__(self, client: "SESV2Client", sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def connect_anew(self) -> None:
        """Lambda freezes an idle process, and what it was connected to forgets it: the first request would be lost."""
        self._client.close()

    def send(self, email: Email, tags: dict[str, str]) -> Outcome:
        """One request to SES. The tags come back in every event of the configuration set."""
        course, name = email.feedback
        # SES writes Feedback-ID itself, and puts these two in front: Gmail's postmaster tools count complaints by them.
        feedback_id = {"ses:feedback-id-a": course, "ses:feedback-id-b": name} if course else {}
        try:
            answer = self._client.send_email(
                FromEmailAddress=formataddr((email.sender_name, self._sender)),
                Destination={"ToAddresses": [email.to]},
                # SESv2 answers 400 to Reply-To among the headers of Simple content.
                ReplyToAddresses=[email.reply_to],
                Content={
                    "Simple": {
                        "Subject": {"Data": email.subject, "Charset": "UTF-8"},
                        "Body": {
                            "Text": {"Data": email.text, "Charset": "UTF-8"},
                            "Html": {"Data": email.html, "Charset": "UTF-8"},
                        },
                        "Headers": [{"Name": name, "Value": value} for name, value in self._headers(email)],
                    }
                },
                EmailTags=[{"Name": name, "Value": value} for name, value in {**tags, **feedback_id}.items()],
                ConfigurationSetName=self._configuration_set,
            )
        except ClientError as error:
            return self._refused(error, email.to)
        except (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError) as error:
            return Refused(Refusal.THROTTLED, type(error).__name__)  # no request was made
        except (HTTPClientError, SSLError, ResponseParserError):
            return Unknown()
        message_id = answer.get("MessageId")
        return Sent(message_id) if message_id else Unknown()

    def _headers(self, email: Email) -> Iterable[tuple[str, str]]:
        """Those of the email, and the Message-ID of the one before it, which SES made (SES guide, "Header fields")."""
        if not email.follows:
            return email.headers.items()
        region = self._client.meta.region_name
        before = f"<{email.follows}@{'email' if region == 'us-east-1' else region}.amazonses.com>"
        references = f"{email.headers['References']} {before}"
        return {**email.headers, "In-Reply-To": before, "References": references}.items()

    def _refused(self, error: ClientError, to: str) -> Outcome:
        """What an error answer means. Its text is read but never kept: it can hold an address."""
        code, text = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
        if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return Unknown()
        if code in _THROTTLED:
            return Refused(Refusal.THROTTLED, code)
        if "for this account" in text:  # "Sending paused for this account. …"
            return Refused(Refusal.ACCOUNT, code)
        if code in _ADDRESS and "not verified" not in text:
            return Refused(Refusal.ADDRESS, code)
        # "Email address is not verified. The following identities failed the check in region X: …"
        failed = text.rpartition(": ")[2].split(", ")
        if code in _ADDRESS and to in failed and self._sender not in failed:
            return Refused(Refusal.SANDBOX, code)
        return Refused(Refusal.ACCOUNT, summary(error) if denied(error) else code)


@dataclass(frozen=True, slots=True)
class Room:
    """What SES will take now."""

    rate: float
    """Emails a second."""
    daily: int
    """Emails in 24 hours; 10**9 where there is no quota."""
    left_today: int
    """Emails left of the quota of the last 24 hours."""
    refusal: str | None
    """Why SES takes none at all, or None."""


class Quota:
    """SES's own word on how much it will take."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    def room(self) -> Room:
        """Rate and quota as of now. A quota of -1 is no quota."""
        account = self._client.get_account()
        given = account["SendQuota"]
        daily = 10**9 if given["Max24HourSend"] < 0 else int(given["Max24HourSend"])
        left = daily - int(given["SentLast24Hours"])
        refusal = None if account["SendingEnabled"] else str(account.get("EnforcementStatus", "sending is paused"))
        return Room(given["MaxSendRate"], daily, max(left, 0), refusal)
