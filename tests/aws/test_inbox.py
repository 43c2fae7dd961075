"""What SES tells of an inbound mail."""

import json

import pytest

from aws.inbox import Arrival, arrival


def notice(key: str = "inbound/abc", **verdicts: str) -> str:
    receipt: dict[str, object] = {
        "timestamp": "2026-11-23T09:00:00.123Z",
        "recipients": ["token@reply.example.org"],
        "action": {"type": "S3", "bucketName": "mail", "objectKey": key, "topicArn": "arn"},
    }
    receipt |= {f"{name}Verdict": {"status": status} for name, status in verdicts.items()}
    return json.dumps(
        {"Type": "Notification", "Message": json.dumps({"mail": {"messageId": "abc"}, "receipt": receipt})}
    )


def came(**verdicts: str) -> Arrival:
    found = arrival(notice(**verdicts))
    assert found
    return found


def test_the_envelope_and_the_verdicts_are_read() -> None:
    found = came(spf="PASS", virus="FAIL")
    assert (found.mail_id, found.recipients, found.object_key) == ("abc", ("token@reply.example.org",), "inbound/abc")
    assert found.verdicts == {"spf": "PASS", "virus": "FAIL"}
    assert found.received_at.isoformat() == "2026-11-23T09:00:00+00:00"


@pytest.mark.parametrize(
    ("verdicts", "authentic"),
    [
        ({"dmarc": "PASS"}, True),
        ({"dmarc": "GRAY", "spf": "PASS", "dkim": "PASS"}, True),
        ({"dmarc": "GRAY", "spf": "PASS", "dkim": "GRAY"}, False),
        ({"dmarc": "FAIL", "spf": "PASS", "dkim": "PASS"}, False),
        ({}, False),
    ],
    ids=range(5),
)
def test_a_sender_is_authentic_by_dmarc_or_by_both_its_parts(verdicts: dict[str, str], authentic: bool) -> None:
    assert came(**verdicts).authentic is authentic


def test_virus_and_spam_are_harmful() -> None:
    assert came(virus="FAIL").harmful == "virus"
    assert came(spam="FAIL").harmful == "spam"
    assert came(spam="PASS", virus="PASS").harmful is None


def test_the_set_up_notice_of_ses_is_no_mail() -> None:
    assert arrival(notice("inbound/AMAZON_SES_SETUP_NOTIFICATION")) is None
