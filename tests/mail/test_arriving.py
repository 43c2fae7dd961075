"""Hostile, damaged and forged mails in the whole local cloud: none is answered or counts as another sender's."""

import random

import pytest

from course.limits import UNPROVEN_A_DAY
from local_cloud.cloud import World
from tests.mail import hostile as of
from tests.mail.fuzz import damaged
from tests.people import Person

SMALL = 300_000
"""The size limit in bytes. Larger mails take long in the local cloud; test_hostile.py reads them."""


def mails_out(world: World) -> int:
    return len(world.emails)


@pytest.mark.parametrize("each", [50, pytest.param(120, marks=pytest.mark.long)])
def test_r5_hostile_and_damaged_mails_are_never_answered(world: World, each: int) -> None:
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="198.51.100.8").joins()
    address, sent = ann.emails[-1].reply_to[0], mails_out(world)
    some = random.Random(1).sample(list(of.hostile(20_000)), each)
    raws = [raw for name, make in some if not name.startswith("From: '(") and len(raw := make()) < SMALL]
    raws += damaged(0, each)  # the local cloud's SES cannot read the nested comments that are left out above

    for number, raw in enumerate(raws):  # every second one from her address
        forged = raw.replace(b"eve@example.com", b"ann@example.net") if number % 2 else raw
        world.deliver(forged, address, sender="eve@example.com", verdicts={"dmarc": "FAIL", "spf": "FAIL"})

    assert len(raws) > each * 5 // 3
    assert mails_out(world) == sent
    assert ann.row["status"] == bob.row["status"] == "active"
    assert not bob.reflections
    assert 0 < len(ann.reflections) <= UNPROVEN_A_DAY
    assert not any(reflection["verified"] for reflection in ann.reflections)


@pytest.mark.parametrize("most", [3, pytest.param(10, marks=pytest.mark.long)])
def test_r25_mails_full_of_line_ends_and_their_neighbour_leave_the_queue(world: World, most: int) -> None:
    ann = Person(world).joins()
    raws = [make() for name, make in of.LARGEST.items() if "line" in name][:most]
    raws.insert(most // 2, of.with_head(b"I was among them."))
    for raw in raws:
        world.deliver(raw.replace(b"eve@example.com", b"ann@example.net"), ann.emails[-1].reply_to[0], drain=False)
    world.drain()

    assert len(raws) == most + 1
    assert "I was among them." in [reflection["text"] for reflection in ann.reflections]
    assert not any(queue.waiting or queue.in_flight for queue in world.queues())


def too_large() -> list[tuple[bytes, str]]:
    """Returns a mail over each limit, with the reason for which it is set aside."""
    parts = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 300
    return [
        (of.with_head(b"x" * (10 * 1024 * 1024)), "larger than 10 MB"),
        (of.with_head(b"\n" * 200_001), "more than 200,000 lines"),
        (of.with_head(b"x\n" * 4_001), "more than 4,000 lines"),
        (b"From: eve@example.com\r\n" + parts, "too many parts"),
        (b"From: eve@example.com\r\n" + b"X-A: b\r\n" * 10_000 + b"\r\nx", "more than 64 KB of headers"),
    ]


def test_r5_a_mail_over_a_limit_is_set_aside_with_the_reason_and_its_raw_mail(world: World) -> None:
    ann = Person(world).joins()
    to = ann.emails[-1].reply_to[0]
    for raw, _ in too_large():
        world.deliver(raw.replace(b"eve@example.com", b"ann@example.net"), to)

    aside = [row["reason"] for row in world.rows("Reflections") if row["subscriber"] == "set-aside"]
    assert sorted(map(str, aside)) == sorted(why for _, why in too_large())
    assert not ann.reflections
    stored = world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail"), Prefix="inbound/")["Contents"]
    assert {f"inbound/{mail.id}" for mail in world.received} == {item["Key"] for item in stored}


def test_r2_mail_to_a_changed_reply_address_is_ignored(world: World) -> None:
    ann = Person(world).joins()
    local, _, domain = ann.emails[-1].reply_to[0].partition("@")
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


def test_in_reply_to_makes_no_other_sender_the_subscriber(world: World) -> None:
    ann = Person(world).joins()
    email, sent = ann.emails[-1], mails_out(world)

    for number, author in enumerate(FROM):
        head = (
            f"From: {author}\r\nMessage-ID: <{number}@example.com>\r\nIn-Reply-To: {email.header('Message-ID')}\r\n\r\n"
        )
        world.deliver(head.encode("latin-1") + b"STOP", "help@reply.example.org", sender="eve@example.com")

    assert not ann.reflections
    assert ann.row["status"] == "active"
    assert mails_out(world) == sent
