"""Hostile, damaged and forged mails that reach the whole local cloud: nobody is answered, nobody taken for another."""

import random

import pytest

from course.limits import UNPROVEN_A_DAY
from local_cloud.cloud import World
from tests.mail import hostile as of
from tests.mail.fuzz import damaged
from tests.people import Person

SMALL = 300_000
"""Bytes: larger ones take their time in the local cloud, and are read in test_hostile.py."""


def mails_out(world: World) -> int:
    return len(world.mails)


@pytest.mark.parametrize("each", [50, pytest.param(120, marks=pytest.mark.long)])
def test_r5_hostile_and_damaged_mails_are_never_answered(world: World, each: int) -> None:
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="198.51.100.8").joins()
    address, sent = ann.mails[-1].reply_to[0], mails_out(world)
    some = random.Random(1).sample(list(of.hostile(20_000)), each)
    raws = [raw for name, make in some if not name.startswith("From: '(") and len(raw := make()) < SMALL]
    raws += damaged(0, each)  # comments in comments are too much for the local cloud's own SES

    for number, raw in enumerate(raws):  # every other one under her address
        forged = raw.replace(b"eve@example.com", b"ann@example.net") if number % 2 else raw
        world.deliver(forged, address, sender="eve@example.com", verdicts={"dmarc": "FAIL", "spf": "FAIL"})

    assert len(raws) > each * 5 // 3
    assert mails_out(world) == sent
    assert ann.row["status"] == bob.row["status"] == "active"
    assert not bob.reflections
    assert 0 < len(ann.reflections) <= UNPROVEN_A_DAY
    assert not any(reflection["verified"] for reflection in ann.reflections)


def test_r2_a_changed_reply_address_is_nobodys(world: World) -> None:
    ann = Person(world).joins()
    local, _, domain = ann.mails[-1].reply_to[0].partition("@")
    rnd, sent = random.Random(2), mails_out(world)

    for raw in damaged(200, 60):
        at = rnd.randrange(len(local))
        forged = (
            local[:at] + rnd.choice([letter for letter in "abcdefghij234567" if letter != local[at]]) + local[at + 1 :]
        )
        world.deliver(raw, f"{forged}@{domain}", sender="eve@example.com")

    assert not ann.reflections
    assert mails_out(world) == sent


FROM = (
    "eve@example.com",
    "ann@example.net <eve@example.com>",
    '"ann@example.net" <eve@example.com>',
    "eve@example.com (ann@example.net)",
    "ann@example.net, eve@example.com",
    "eve@example.com, ann@example.net",
    "=?utf-8?q?ann=40example.net?= <eve@example.com>",
    "<ann@example.net> <eve@example.com>",
    "ann@example.net\r\nFrom: eve@example.com",
    "eve@example.com\r\nFrom: ann@example.net",
    "eve@example.com\r\nSender: ann@example.net\r\nReply-To: ann@example.net",
    "ann@example.net.example.com",
    "ann@example.net@example.com",
    "xann@example.net",
    "@example.net:ann@example.com",
    "ann@example.net\0@example.com",
    "",
)


def test_nobody_is_taken_for_the_subscriber_by_in_reply_to(world: World) -> None:
    ann = Person(world).joins()
    mail, sent = ann.mails[-1], mails_out(world)

    for number, author in enumerate(FROM):
        head = (
            f"From: {author}\r\nMessage-ID: <{number}@example.com>\r\nIn-Reply-To: {mail.header('Message-ID')}\r\n\r\n"
        )
        world.deliver(head.encode("latin-1") + b"STOP", "help@reply.example.org", sender="eve@example.com")

    assert not ann.reflections
    assert ann.row["status"] == "active"
    assert mails_out(world) == sent
