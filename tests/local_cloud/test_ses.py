"""The stand-in for SES: keeps every email, refuses what SES refuses, and publishes the events."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import MIMEPart
from email.policy import default
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local_cloud import ses_events
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from local_cloud.queues import EventSource

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

TO = "ann@example.net"
TEXT = (
    "Grüße, 愛 and 🌱.\r\n\r\n"
    "  Two spaces before, two after  \r\n"
    ".\r\n"
    "From here\r\n" + "word " * 400 + "\r\n=3D is not a sign of equality\r\n\tTab, and no line end here"
)
HTML = "<p>Grüße</p>\r\n<p>" + "x" * 3000 + "</p> \r\n"
SUBJECT = "Über die Liebe 🌱 — " + "und mehr " * 20 + "Ende"
HEADERS = {"List-Unsubscribe": "<https://example.org/" + "a" * 900 + ">", "X-Trailing": "spaces  kept"}


@pytest.fixture
def feedback(world: World) -> EventSource:
    """The source of SES's events, disabled: the events stay in their queue, where a test can read them."""
    source = next(source for source in world.event_sources if source.function.name == "record_delivery")
    source.enabled = False
    return source


@pytest.fixture
def plain(world: World) -> Iterator[World]:
    """A world whose feedback queue is emptied unread, since these emails belong to no subscriber."""
    yield world
    world.clients.sqs.purge_queue(QueueUrl=world.resources.ref("Feedback"))


@cache
def client() -> "SESV2Client":
    """A client of SES as in `send`: without retries."""
    return boto3.client("sesv2", config=Config(retries={"total_max_attempts": 1}))


def request(world: World, **changed: Any) -> dict[str, Any]:
    """A SendEmail request as `send` makes it; `headers`, `tags`, `text`, `html`, `subject`, `to` name its parts."""
    headers, tags = changed.pop("headers", {}), changed.pop("tags", {"email": "own-it"})
    bodies = {"Text": changed.pop("text", "Hello"), "Html": changed.pop("html", "<p>Hello</p>")}
    simple = {
        "Subject": {"Data": changed.pop("subject", "Hello")},
        "Body": {kind: {"Data": data} for kind, data in bodies.items() if data is not None},
        "Headers": [{"Name": name, "Value": value} for name, value in dict(headers).items()],
    }
    return {
        "FromEmailAddress": "The Course <course@mail.example.org>",
        "Destination": {"ToAddresses": [changed.pop("to", TO)]},
        "ReplyToAddresses": ["token@reply.example.org"],
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": name, "Value": value} for name, value in tags.items()],
        "ConfigurationSetName": world.resources.ref("ConfigurationSet"),
    } | changed


def send(world: World, **changed: Any) -> SentEmail:
    """Sends with boto3, as a function does."""
    answer = client().send_email(**request(world, **changed))
    email = world.emails[-1]
    assert email.id == answer["MessageId"]
    return email


def refusal(world: World, **changed: Any) -> str:
    """The code of SES's error. SES took no email and published no event."""
    before = len(world.emails), len(world.ses.events)
    with pytest.raises(ClientError) as caught:
        send(world, **changed)
    assert (len(world.emails), len(world.ses.events)) == before
    code: str = caught.value.response["Error"]["Code"]
    return code


def kinds(world: World, email: SentEmail) -> list[str]:
    return [event.kind for event in world.ses.events if event.email is email]


# ---------------------------------------------------------------- accepted requests


def test_every_byte_of_simple_content_is_kept_in_the_email(plain: World) -> None:
    email = send(plain, text=TEXT, html=HTML, subject=SUBJECT, headers=HEADERS, tags={"email": "own-it", "a_b": "C-9"})
    assert (email.text, email.html, email.subject) == (TEXT, HTML, SUBJECT)
    assert email.tags == {"email": "own-it", "a_b": "C-9"}
    assert email.configuration_set == plain.resources.ref("ConfigurationSet")

    parsed = message_from_bytes(email.raw, policy=default)
    assert not parsed.defects
    assert parsed.get_content_type() == "multipart/alternative"
    text, html = parsed.iter_parts()
    assert [part.get_content_type() for part in (text, html)] == ["text/plain", "text/html"]
    assert decoded(text) == TEXT
    assert decoded(html) == HTML
    assert parsed["Subject"] == SUBJECT
    assert {name: parsed[name] for name in HEADERS} == HEADERS
    assert parsed["To"] == TO
    assert parsed["Reply-To"] == "token@reply.example.org"
    lines = email.raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998, "SMTP's limit (RFC 5321, 4.5.3.1.6)"
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert email.raw.isascii()


def decoded(part: MIMEPart) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode("utf-8")


def test_line_ends_of_any_kind_are_kept_and_sent_as_crlf(plain: World) -> None:
    email = send(plain, text="one\ntwo\r\nthree\rfour", html=None)
    assert email.text == "one\ntwo\r\nthree\rfour"
    parsed = message_from_bytes(email.raw, policy=default)
    assert parsed.get_content_type() == "text/plain"
    assert decoded(parsed) == "one\r\ntwo\r\nthree\r\nfour"


def test_ses_writes_message_id_and_date_itself(plain: World) -> None:
    mine = {"Message-ID": "<mine@example.org>", "Date": "Thu, 1 Jan 1970 00:00:00 +0000", "X-Mine": "kept"}
    first, second = send(plain, headers=mine), send(plain, headers=mine)
    for email in (first, second):
        parsed = message_from_bytes(email.raw, policy=default)
        assert parsed.get_all("Message-ID") == [f"<{email.id}@eu-west-1.amazonses.com>"]
        (date,) = parsed.get_all("Date", [])
        assert abs(parsedate_to_datetime(date) - email.at) < timedelta(seconds=1)
        assert parsed["X-Mine"] == "kept"
    assert first.id != second.id


# ---------------------------------------------------------------- refused requests


REFUSED: list[dict[str, Any]] = [
    {"headers": {"Reply-To": "a@example.org"}},
    {"headers": {"subject": "Another"}},
    {"headers": {f"X-{n}": "a" for n in range(16)}},
    {"headers": {"X-Long": "a" * 996}},
    {"headers": {"X-Email": "ü"}},
    {"headers": {"X-Injected": "a\r\nBcc: b@example.org"}},
    {"headers": {"X A": "a"}},
    {"headers": {"x-a": "a", "X-A": "b"}},
    {"tags": {"email": "own it"}},
    {"tags": {"email": ""}},
    {"tags": {"e.mail": "a"}},
    {"tags": {"email": "a" * 257}},
    {"subject": "two\nlines"},
    {"subject": ""},
    {"text": None, "html": None},
    {"to": "not an address"},
    {"to": "ann@example"},
    {"to": "änn@example.net"},
    {"to": "ann@exämple.net"},
    {"Destination": {}},
    {"Destination": {"ToAddresses": [f"a{n}@example.net" for n in range(51)]}},
    {"Content": {"Raw": {"Data": b"Subject: a\r\n\r\n"}}},
]


def test_malformed_requests_are_refused(world: World) -> None:
    codes = [(changed, refusal(world, **changed)) for changed in REFUSED]
    assert codes == [(changed, "BadRequestException") for changed in REFUSED]


def test_fifteen_headers_and_a_tag_of_all_kinds_of_characters_are_accepted(plain: World) -> None:
    send(plain, headers={f"X-{n}": "~" * 995 for n in range(15)}, tags={"aZ0_-": "aZ0_-" * 51})


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ({"unverified": {"mail.example.org"}}, "MessageRejected"),
        ({"production_access": False}, "MessageRejected"),
        ({"refused": {TO: "Email address is blacklisted."}}, "MessageRejected"),
        ({"mail_from_verified": False}, "MailFromDomainNotVerifiedException"),
        ({"sending_enabled": False}, "SendingPausedException"),
        ({"suspended": True}, "AccountSuspendedException"),
        ({"max_24_hour_send": 0.0}, "LimitExceededException"),
    ],
    ids=["identity", "sandbox", "content", "MAIL FROM", "paused", "suspended", "quota"],
)
def test_a_state_of_the_account_makes_ses_refuse(plain: World, state: dict[str, Any], code: str) -> None:
    before = {name: getattr(plain.ses, name) for name in state}
    for name, given in state.items():
        setattr(plain.ses, name, given)
    assert refusal(plain) == code
    for name, given in before.items():
        setattr(plain.ses, name, given)
    send(plain)


def test_an_unknown_configuration_set_or_sender_is_refused(world: World) -> None:
    assert refusal(world, ConfigurationSetName="nope") == "NotFoundException"
    assert refusal(world, FromEmailAddress="course@example.com") == "MessageRejected"


def test_an_email_over_the_rate_is_throttled_and_accepted_a_second_later(plain: World) -> None:
    plain.ses.max_send_rate = 2
    send(plain)
    send(plain)
    assert refusal(plain) == "TooManyRequestsException"
    plain.advance(timedelta(seconds=1.1))
    send(plain)


def test_the_quota_counts_the_last_24_hours(plain: World) -> None:
    plain.ses.max_24_hour_send = 1
    send(plain)
    assert client().get_account()["SendQuota"]["SentLast24Hours"] == 1
    assert refusal(plain) == "LimitExceededException"
    plain.advance(timedelta(hours=24, seconds=1))
    send(plain)


# ---------------------------------------------------------------- events


@pytest.mark.parametrize(
    ("to", "expected", "sub_type"),
    [
        ("success@simulator.amazonses.com", ["Send", "Delivery"], None),
        ("bounce+lesson@simulator.amazonses.com", ["Send", "Bounce"], "General"),
        ("suppressionlist@simulator.amazonses.com", ["Send", "Bounce"], "Suppressed"),
        ("complaint@simulator.amazonses.com", ["Send", "Delivery", "Complaint"], None),
        ("Gone@example.net", ["Send", "Bounce"], "OnAccountSuppressionList"),
    ],
)
def test_an_accepted_email_has_the_events_of_its_address(
    plain: World, to: str, expected: list[str], sub_type: str | None
) -> None:
    client().put_suppressed_destination(EmailAddress="gone@example.net", Reason="BOUNCE")
    email = send(plain, to=to)
    assert kinds(plain, email) == expected
    bounces = [event.body["bounce"] for event in plain.ses.events if event.kind == "Bounce"]
    assert [(bounce["bounceType"], bounce["bounceSubType"]) for bounce in bounces] == (
        [("Permanent", sub_type)] if sub_type else []
    )
    assert list(plain.ses.suppressed) == ["gone@example.net"], "the simulator's addresses are never put on the list"


def test_a_permanent_bounce_suppresses_an_address_and_a_transient_one_does_not(plain: World) -> None:
    plain.bounced(send(plain, to="full@example.net"), "Transient", "MailboxFull")
    plain.bounced(send(plain, to="gone@example.net"))
    assert plain.ses.suppressed == {"gone@example.net": "BOUNCE"}
    again = send(plain, to="gone@example.net")
    assert kinds(plain, again) == ["Send", "Bounce"]
    client().delete_suppressed_destination(EmailAddress="gone@example.net")
    assert kinds(plain, send(plain, to="gone@example.net")) == ["Send", "Delivery"]


def test_events_have_the_format_of_ses_and_reach_the_queue(world: World, feedback: EventSource) -> None:
    email = send(world, tags={"email": "own-it", "round": "2"})
    world.complained(email)
    (state,) = [queue for queue in world.queues() if queue.logical_id == "Feedback"]
    envelopes = [json.loads(body) for body in state.waiting]
    assert {envelope["Type"] for envelope in envelopes} == {"Notification"}
    assert {envelope["TopicArn"] for envelope in envelopes} == {world.resources.ref("FeedbackTopic")}
    events = [json.loads(envelope["Message"]) for envelope in envelopes]
    assert [event["eventType"] for event in events] == ["Send", "Delivery", "Complaint"]
    assert events == [event.body for event in world.ses.events]
    for event, part in zip(events, ("send", "delivery", "complaint"), strict=True):
        assert set(event) == {"eventType", "mail", part}
        about = event["mail"]
        assert about["messageId"] == email.id
        assert about["destination"] == [TO]
        assert about["tags"]["round"] == ["2"]
        assert about["tags"]["ses:configuration-set"] == [email.configuration_set]
        assert {"name": "Subject", "value": "Hello"} in about["headers"]
        assert about["timestamp"].endswith("Z")
    assert events[2]["complaint"]["complainedRecipients"] == [{"emailAddress": TO}]


def test_an_event_that_the_destination_does_not_want_is_not_published(world: World, feedback: EventSource) -> None:
    (destination,) = world.ses.destinations[str(world.resources.ref("ConfigurationSet"))]
    destination["MatchingEventTypes"] = ["DELIVERY_DELAY"]
    email = send(world)
    world.ses.publish(ses_events.delivery_delay(email, world.now()))
    (state,) = [queue for queue in world.queues() if queue.logical_id == "Feedback"]
    assert [json.loads(json.loads(body)["Message"])["eventType"] for body in state.waiting] == ["DeliveryDelay"]
