"""SES's notifications of inbound mail."""

import json
from dataclasses import replace

import pytest

from aws import inbound
from aws.inbound import Arrival
from course.reflection import NotTaken, Why

TOPIC = "arn:aws:sns:eu-west-1:123456789012:inbound"


def arrival(body: str) -> Arrival | None:
    return inbound.arrival(body, TOPIC)


def notification(key: str = "inbound/abc", **verdicts: str) -> str:
    receipt: dict[str, object] = {
        "timestamp": "2026-11-23T09:00:00.123Z",
        "recipients": ["token@reply.example.org"],
        "action": {"type": "S3", "bucketName": "mail", "objectKey": key, "topicArn": "arn"},
    }
    receipt |= {f"{name}Verdict": {"status": status} for name, status in verdicts.items()}
    return json.dumps(
        {
            "Type": "Notification",
            "TopicArn": TOPIC,
            "Message": json.dumps({"mail": {"messageId": "abc", "source": "ann@example.net"}, "receipt": receipt}),
        }
    )


def came(**verdicts: str) -> Arrival:
    found = arrival(notification(**verdicts))
    assert found
    return found


def test_the_envelope_and_the_verdicts_are_read() -> None:
    found = came(spf="PASS", virus="FAIL")
    assert (found.mail_id, found.recipients, found.object_key) == ("abc", ("token@reply.example.org",), "inbound/abc")
    assert found.verdicts == {"spf": "PASS", "virus": "FAIL"}
    assert found.received_at.isoformat() == "2026-11-23T09:00:00.123000+00:00"


@pytest.mark.parametrize(
    ("verdicts", "source", "proven"),
    [
        ({"dmarc": "PASS"}, "bounces@mailer.example", True),
        ({"dmarc": "GRAY", "spf": "PASS"}, "ann@example.net", True),
        ({"dmarc": "GRAY", "spf": "PASS", "dkim": "PASS"}, "eve@example.com", False),
        ({"dmarc": "GRAY", "spf": "FAIL", "dkim": "PASS"}, "ann@example.net", False),
        ({"dmarc": "FAIL", "spf": "PASS", "dkim": "PASS"}, "ann@example.net", False),
        ({}, "ann@example.net", False),
    ],
    ids=range(6),
)
def test_dmarc_or_spf_of_the_same_domain_proves_the_sender(verdicts: dict[str, str], source: str, proven: bool) -> None:
    assert replace(came(**verdicts), source=source).is_from("ann@example.net") is proven


def test_virus_and_spam_are_harmful() -> None:
    assert came(virus="FAIL").harmful == NotTaken(Why.VIRUS)
    assert came(spam="FAIL").harmful == NotTaken(Why.SPAM)
    assert came(spam="PASS", virus="PASS").harmful is None


def test_the_set_up_notifications_of_ses_and_sns_are_no_mail() -> None:
    greeting = {"Type": "Notification", "TopicArn": TOPIC, "Message": "Successfully validated SNS topic."}
    assert arrival(json.dumps(greeting)) is None
    assert arrival(notification("inbound/AMAZON_SES_SETUP_NOTIFICATION")) is None


def test_f7_a_notification_of_another_topic_is_no_mail() -> None:
    assert inbound.arrival(notification(), TOPIC + "-2") is None
