"""The stand-in for SES: takes emails as SESv2 does, keeps every byte, and publishes the events of each email.

moto finds an operation by its method's name on SESV2Response; `answers_for` replaces these methods.
"""

import itertools
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.ses.models import ses_backends
from moto.sesv2.responses import SESV2Response
from moto.sns.models import sns_backends

from local_cloud import mime, ses_events, ses_rules
from local_cloud.mime import SentEmail
from local_cloud.physical import ACCOUNT, REGION
from local_cloud.ses_events import SesEvent
from local_cloud.ses_rules import SesError
from local_cloud.wire import MOTO

SIMULATOR = "simulator.amazonses.com"
DAY = timedelta(days=1)


@dataclass
class Ses:
    """One account's SES. Every attribute may be changed at any time: a quota, a suspension, a refusal."""

    max_send_rate: float = 14.0  # emails per second; a burst of one second's worth is accepted
    max_24_hour_send: float = 50_000.0
    sending_enabled: bool = True
    suspended: bool = False  # EnforcementStatus SHUTDOWN
    production_access: bool = True  # False: the sandbox, where recipients must be verified too
    mail_from_verified: bool = True
    unverified: set[str] = field(default_factory=set)  # identities that lost their verification
    refused: dict[str, str] = field(default_factory=dict)  # address → why SES rejects a message to it
    delivers: bool = True  # False: no Delivery event is published by itself
    emails: list[SentEmail] = field(default_factory=list)
    events: list[SesEvent] = field(default_factory=list)
    suppressed: dict[str, str] = field(default_factory=dict)  # address → BOUNCE or COMPLAINT
    destinations: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    suppresses: dict[str, list[str]] = field(default_factory=dict)  # configuration set → SuppressedReasons
    sent_at: deque[tuple[datetime, int]] = field(default_factory=deque)

    def send(self, request: dict[str, Any]) -> SentEmail:
        """Takes one email, or raises SES's error."""
        ses_rules.check(request)
        now = datetime.now(UTC)
        to = ses_rules.recipients(request)
        self._check_account(request, to, now)
        self.sent_at.append((now, len(to)))
        email = mail_of(request, mime.message_id(len(self.emails), now), now)
        self.emails.append(email)
        self._what_becomes_of(email, now)
        return email

    def delivered(self, email: SentEmail) -> SesEvent:
        return self.publish(ses_events.delivery(email, datetime.now(UTC)))

    def bounced(self, email: SentEmail, kind: str = "Permanent", sub_type: str = "General") -> SesEvent:
        """A hard bounce puts the address on the account's suppression list, as SES does."""
        if kind == "Permanent" and sub_type == "General":
            self._suppress(email, "BOUNCE")
        return self.publish(ses_events.bounce(email, datetime.now(UTC), kind, sub_type))

    def complained(self, email: SentEmail) -> SesEvent:
        self._suppress(email, "COMPLAINT")
        return self.publish(ses_events.complaint(email, datetime.now(UTC)))

    def publish(self, event: SesEvent) -> SesEvent:
        """Publishes the event to the topics that the email's configuration set names for its kind."""
        self.events.append(event)
        wanted = event.kind.upper().replace("DELIVERYDELAY", "DELIVERY_DELAY")
        for destination in self.destinations.get(event.email.configuration_set or "", []):
            kinds = [str(kind).upper() for kind in destination["MatchingEventTypes"]]
            topic = (destination.get("SnsDestination") or {}).get("TopicArn")
            if topic and destination.get("Enabled", False) and wanted in kinds:
                publish(topic, event.body, "Amazon SES Email Event Notification")
        return event

    def validate_topics(self) -> None:
        """Publishes SES's plain text to every topic of an event destination, as when the destination is made."""
        for destination in itertools.chain.from_iterable(self.destinations.values()):
            words = "Successfully validated SNS topic for Amazon SES event publishing."
            publish(destination["SnsDestination"]["TopicArn"], words, "Amazon SES Email Event Notification")

    def account(self) -> dict[str, Any]:
        return {
            "DedicatedIpAutoWarmupEnabled": False,
            "EnforcementStatus": "SHUTDOWN" if self.suspended else "HEALTHY",
            "ProductionAccessEnabled": self.production_access,
            "SendQuota": {
                "Max24HourSend": self.max_24_hour_send,
                "MaxSendRate": self.max_send_rate,
                "SentLast24Hours": float(self._sent_since(datetime.now(UTC) - DAY)),
            },
            "SendingEnabled": self.sending_enabled and not self.suspended,
            "SuppressionAttributes": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
        }

    def verified(self, address: str) -> bool:
        """Whether an address is verified: by itself, by its domain, or by a parent of its domain."""
        identities = set(ses_backends[ACCOUNT][REGION].email_identities) - self.unverified
        labels = address.rpartition("@")[2].lower().split(".")
        parents = {".".join(labels[i:]) for i in range(len(labels) - 1)}
        return bool(identities & {address, *parents})

    def _check_account(self, request: dict[str, Any], to: list[str], now: datetime) -> None:
        if self.suspended:
            raise SesError("AccountSuspendedException", "Your account has been suspended.")
        if not self.sending_enabled:
            raise SesError("SendingPausedException", "Email sending is disabled for this account.")
        self._check_identities(request, to)
        name = request.get("ConfigurationSetName")
        if name and name not in ses_backends[ACCOUNT][REGION].config_sets:
            raise SesError("NotFoundException", f"Configuration set <{name}> does not exist.")
        for address in to:
            if reason := self.refused.get(ses_rules.check_address(address)):
                raise SesError("MessageRejected", reason)
        if self._sent_since(now - DAY) + len(to) > self.max_24_hour_send:
            raise SesError("LimitExceededException", "Daily message quota exceeded.")
        if self._sent_since(now - timedelta(seconds=1)) + len(to) > max(1, self.max_send_rate):
            raise SesError("TooManyRequestsException", "Maximum sending rate exceeded.")

    def _check_identities(self, request: dict[str, Any], to: list[str]) -> None:
        sender = ses_rules.check_address(request["FromEmailAddress"])
        failed = [] if self.verified(sender) else [sender]
        if not self.production_access:
            addresses = [ses_rules.check_address(address) for address in to]
            failed += [a for a in addresses if not a.endswith("@" + SIMULATOR) and not self.verified(a)]
        if failed:
            raise SesError(
                "MessageRejected",
                "Email address is not verified. The following identities failed the check in region "
                f"{REGION.upper()}: {', '.join(failed)}",
            )
        if not self.mail_from_verified:
            raise SesError("MailFromDomainNotVerifiedException", "The MAIL FROM domain is not verified.")

    def _sent_since(self, start: datetime) -> int:
        while self.sent_at and self.sent_at[0][0] <= datetime.now(UTC) - DAY:
            self.sent_at.popleft()
        total = 0
        for at, count in reversed(self.sent_at):
            if at <= start:
                break
            total += count
        return total

    def _what_becomes_of(self, email: SentEmail, now: datetime) -> None:
        """Publishes the events of an email. SES accepts one to a suppressed address: a Send event, then a Bounce."""
        self.publish(ses_events.send(email, now))
        local, _, domain = email.address.lower().rpartition("@")
        kind = local.split("+")[0] if domain == SIMULATOR else ""
        reasons = self.suppresses.get(email.configuration_set or "", ["BOUNCE", "COMPLAINT"])
        if self.suppressed.get(email.address.lower()) in reasons:
            self.publish(ses_events.bounce(email, now, "Permanent", "OnAccountSuppressionList"))
        elif kind == "bounce":
            self.publish(ses_events.bounce(email, now))
        elif kind == "suppressionlist":
            self.publish(ses_events.bounce(email, now, "Permanent", "Suppressed"))
        elif kind == "complaint":
            self.publish(ses_events.delivery(email, now))
            self.publish(ses_events.complaint(email, now))
        elif self.delivers:
            self.publish(ses_events.delivery(email, now))

    def _suppress(self, email: SentEmail, reason: str) -> None:
        if not email.address.lower().endswith("@" + SIMULATOR):
            self.suppressed[email.address.lower()] = reason


def mail_of(request: dict[str, Any], mail_id: str, now: datetime) -> SentEmail:
    """The email that SES makes from a request."""
    simple, destination = request["Content"]["Simple"], request["Destination"]
    text, html = ((simple["Body"].get(kind) or {}).get("Data") for kind in ("Text", "Html"))
    reply_to = request.get("ReplyToAddresses") or []
    tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags") or []}
    fields, raw = mime.build(
        mail_id,
        now,
        source=request["FromEmailAddress"],
        to=destination.get("ToAddresses") or [],
        cc=destination.get("CcAddresses") or [],
        reply_to=reply_to,
        subject=simple["Subject"]["Data"],
        headers=[(header["Name"], header["Value"]) for header in simple.get("Headers") or []],
        text=text,
        html=html,
        feedback_id=":".join(tags.get(name, "") for name in ses_rules.FEEDBACK_ID),
    )
    return SentEmail(
        id=mail_id,
        at=now,
        source=request["FromEmailAddress"],
        to=tuple(ses_rules.recipients(request)),
        reply_to=tuple(reply_to),
        subject=simple["Subject"]["Data"],
        text=text,
        html=html,
        headers=fields,
        tags=tags,
        configuration_set=request.get("ConfigurationSetName"),
        raw=raw,
    )


def publish(topic: str, body: dict[str, Any] | str, subject: str) -> None:
    """Publishes a message as AWS itself, without boto3, so that no function counts as the caller."""
    message = body if isinstance(body, str) else json.dumps(body)
    with MOTO:
        sns_backends[ACCOUNT][REGION].publish(message, arn=topic, subject=subject)


@contextmanager
def answers_for(ses: Ses) -> Iterator[None]:
    """Makes moto's SESv2 answer from `ses`, and restores moto's own methods at the end."""
    added = {name: _answer(ses, operation) for name, operation in OPERATIONS.items()}
    before = {name: SESV2Response.__dict__.get(name) for name in added}
    for name, answer in added.items():
        setattr(SESV2Response, name, answer)
    try:
        yield
    finally:
        for name, earlier in before.items():
            if earlier is None:
                delattr(SESV2Response, name)
            else:
                setattr(SESV2Response, name, earlier)


def _answer(ses: Ses, operation: "Operation") -> Callable[[SESV2Response], Any]:
    def answer(response: SESV2Response) -> Any:
        request = json.loads(response.body or "{}") | dict(response.uri_match or {})
        try:
            return json.dumps(operation(ses, request))
        except SesError as error:
            headers = {"status": error.status, "x-amzn-ErrorType": error.code}
            return json.dumps({"message": error.message}), headers

    return answer


def _send_email(ses: Ses, request: dict[str, Any]) -> dict[str, Any]:
    return {"MessageId": ses.send(request).id}


def _get_account(ses: Ses, _: dict[str, Any]) -> dict[str, Any]:
    return ses.account()


def _create_event_destination(ses: Ses, request: dict[str, Any]) -> dict[str, Any]:
    destination = {"Name": request["EventDestinationName"], **request["EventDestination"]}
    ses.destinations.setdefault(request["ConfigurationSetName"], []).append(destination)
    return {}


def _put_suppressed(ses: Ses, request: dict[str, Any]) -> dict[str, Any]:
    ses.suppressed[request["EmailAddress"].lower()] = request["Reason"]
    return {}


def _get_suppressed(ses: Ses, request: dict[str, Any]) -> dict[str, Any]:
    address = request["EmailAddress"].lower()
    if address not in ses.suppressed:
        raise SesError("NotFoundException", "Email address does not exist on your suppression list.")
    found = {"EmailAddress": address, "Reason": ses.suppressed[address], "LastUpdateTime": 0}
    return {"SuppressedDestination": found}


def _delete_suppressed(ses: Ses, request: dict[str, Any]) -> dict[str, Any]:
    ses.suppressed.pop(request["EmailAddress"].lower(), None)
    return {}


Operation = Callable[[Ses, dict[str, Any]], dict[str, Any]]
OPERATIONS: dict[str, Operation] = {
    "send_email": _send_email,
    "get_account": _get_account,
    "create_configuration_set_event_destination": _create_event_destination,
    "put_suppressed_destination": _put_suppressed,
    "get_suppressed_destination": _get_suppressed,
    "delete_suppressed_destination": _delete_suppressed,
}
