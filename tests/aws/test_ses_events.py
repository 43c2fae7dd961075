"""SES's events, in both shapes and both wrappings."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from aws import ses_events
from aws.ses_events import Feedback, Kind

TOPIC = "arn:aws:sns:eu-west-1:123456789012:feedback"
TAGS = {"attempt": ["0123abcd"], "subscriber": ["a" * 16], "epoch": ["1057"], "ses:source-ip": ["192.0.2.1"]}


def read(body: str) -> Feedback | None:
    return ses_events.read(body, TOPIC)


def event(kind: str, shape: str = "eventType", tags: dict[str, list[str]] | None = None, **more: Any) -> dict[str, Any]:
    mail = {"timestamp": "2026-11-23T09:00:00.123Z", "messageId": "ses-id", "tags": TAGS if tags is None else tags}
    mail |= {"destination": ["ann@example.net"]}
    return {shape: kind, "mail": mail, **more}


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("shape", ["eventType", "notificationType"])
def test_f5_both_shapes_wrapped_or_raw_are_read_as_the_same_event(shape: str, wrapped: bool) -> None:
    body = json.dumps(event("Delivery", shape))
    news = read(json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": body}) if wrapped else body)
    assert news
    assert (news.kind, news.attempt, news.subscriber, news.epoch) == (Kind.TAKEN, "0123abcd", "a" * 16, 1057)
    assert news.sent_at == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert (news.message_id, news.address) == ("ses-id", "ann@example.net")


@pytest.mark.parametrize(
    ("kind", "subtype", "permanent", "soft"),
    [
        ("Permanent", "General", True, False),
        ("Permanent", "OnAccountSuppressionList", True, False),
        ("Transient", "Suppressed", True, False),
        ("Transient", "OnAccountSuppressionList", True, False),
        ("Transient", "General", False, False),
        ("Transient", "MailboxFull", False, True),
        ("Transient", "MessageTooLarge", False, True),
        ("Transient", "CustomTimeoutExceeded", False, True),
        ("Transient", "ContentRejected", False, True),
        ("Transient", "AttachmentRejected", False, True),
        ("Undetermined", "Undetermined", False, True),
    ],
)
def test_f9_a_bounce_is_permanent_or_soft_or_an_auto_reply(
    kind: str, subtype: str, permanent: bool, soft: bool
) -> None:
    news = read(json.dumps(event("Bounce", bounce={"bounceType": kind, "bounceSubType": subtype})))
    assert news
    assert (news.permanent, news.soft) == (permanent, soft)


def test_f7_an_event_from_another_topic_is_ignored() -> None:
    body = json.dumps(event("Complaint"))
    for topic in (TOPIC + "-2", "", None):
        assert read(json.dumps({"Type": "Notification", "TopicArn": topic, "Message": body})) is None
    assert read(json.dumps({"Type": "Notification", "Message": body})) is None


@pytest.mark.parametrize(
    "tags", [{}, {"attempt": ["x"]}, {**TAGS, "epoch": ["soon"]}, {**TAGS, "attempt": []}], ids=range(4)
)
def test_an_event_of_an_email_that_is_not_ours_is_ignored(tags: dict[str, list[str]]) -> None:
    assert read(json.dumps(event("Bounce", tags=tags))) is None
    test_of_sns = json.dumps({"notificationType": "AmazonSnsTest"})
    assert read(json.dumps({"Type": "Notification", "TopicArn": TOPIC, "Message": test_of_sns})) is None
