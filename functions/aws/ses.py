"""SES: one request has one of three outcomes: sent, refused, or unknown."""

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
"""Seconds. Each limits one wait: for the connection, and for data of the answer. `services.sending` adds the two."""

_THROTTLED = {"TooManyRequestsException", "LimitExceededException", "Throttling", "ThrottlingException"}
_ADDRESS = {"MessageRejected", "BadRequestException"}


class Refusal(StrEnum):
    """Why SES did not take an email."""

    THROTTLED = "throttled"
    """The rate or the daily quota is exceeded, or SES was not reached: try later."""
    ACCOUNT = "account"
    """The account is paused, not verified or not allowed: no email goes out until an operator repairs it."""
    ADDRESS = "address"
    """SES refuses this one email only."""
    SANDBOX = "sandbox"
    """The account may send only to verified addresses, and this is not one (SES guide, "Request production access")."""


@dataclass(frozen=True, slots=True)
class Sent:
    """SES took the email."""

    message_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """SES certainly did not take the email."""

    why: Refusal
    code: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The request timed out, was cut off, or was answered with 5xx: SES may have taken the email."""


Outcome = Sent | Refused | Unknown


class Mailer:
    """Sends emails. Its client needs `total_max_attempts=1`: boto3's retries could send up to five copies."""

    def __init__(self, client: "SESV2Client", sender: str, configuration_set: str) -> None:
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def close_connections(self) -> None:
        """Closes the old connections.

        While Lambda freezes an idle process, SES ends the process's connections. The first request would be lost.
        """
        self._client.close()

    def send(self, email: Email, tags: dict[str, str]) -> Outcome:
        """Makes one request to SES. The tags come back in every event of the configuration set."""
        course, name = email.feedback
        # SES writes Feedback-ID itself, with these two first: Gmail's postmaster tools count complaints by them.
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
        """The email's headers, and the Message-ID that SES gave the email before (SES guide, "Header fields")."""
        if not email.follows:
            return email.headers.items()
        region = self._client.meta.region_name
        before = f"<{email.follows}@{'email' if region == 'us-east-1' else region}.amazonses.com>"
        references = f"{email.headers['References']} {before}"
        return {**email.headers, "In-Reply-To": before, "References": references}.items()

    def _refused(self, error: ClientError, to: str) -> Outcome:
        """The outcome of an error answer. Its text is read but never kept: it can hold an address."""
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
class Capacity:
    """How many emails SES takes now."""

    rate: float
    """Emails a second."""
    daily: int
    """Emails in 24 hours; 10**9 if there is no quota."""
    left_today: int
    """Emails left of the quota of the last 24 hours."""
    refusal: str | None
    """Why SES takes no email at all, or None."""


class Quota:
    """SES's own report on how many emails it takes."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client

    def capacity(self) -> Capacity:
        """The rate and the quota as of now. SES answers -1 if there is no quota."""
        account = self._client.get_account()
        given = account["SendQuota"]
        daily = 10**9 if given["Max24HourSend"] < 0 else int(given["Max24HourSend"])
        left = daily - int(given["SentLast24Hours"])
        refusal = None if account["SendingEnabled"] else str(account.get("EnforcementStatus", "sending is paused"))
        return Capacity(given["MaxSendRate"], daily, max(left, 0), refusal)
