"""The header fields of every email, read from the MIME that SES would send."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from itertools import pairwise
from pathlib import Path
from shutil import copytree

import pytest

from local_cloud.cloud import TEMPLATE, World
from local_cloud.mime import SentEmail
from local_cloud.physical import REGION
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import next_email, nothing_comes, reads


def headers(email: SentEmail) -> Message:
    return message_from_bytes(email.raw)


@pytest.fixture
def ann(world: World) -> Person:
    return reads(Person(world), 2)


def everything(ann: Person) -> list[SentEmail]:
    """Lessons, the confirmation, and notices."""
    for command in ("HELP", "PAUSE", "RESUME", "STOP"):
        ann.replies(command)
    return ann.emails


def test_every_email_names_its_sender_and_its_own_reply_address(ann: Person) -> None:
    emails = everything(ann)
    assert len({email.tags["email"] for email in emails}) == 8
    addresses = set()
    for email in emails:
        head = headers(email)
        assert parseaddr(head["From"]) == ("Rebuilding Trust", "course@mail.example.org")
        assert parseaddr(head["To"])[1] == "ann@example.net"
        local_part, _, domain = parseaddr(head["Reply-To"])[1].partition("@")
        assert domain == "reply.example.org"
        assert re.fullmatch("[a-z2-7]{34}", local_part)
        addresses.add(local_part)
    assert len(addresses) == len(emails), "each email has another reply address"


def test_every_email_can_be_unsubscribed_from_and_asks_for_no_auto_replies(ann: Person) -> None:
    for email in everything(ann):
        head = headers(email)
        https, mailto = re.findall(r"<([^>]+)>", head["List-Unsubscribe"])
        assert https.startswith(f"{ann.world.parameters['SiteUrl']}/unsubscribe/")
        assert re.fullmatch(r"mailto:[a-z2-7]{34}@reply\.example\.org\?subject=unsubscribe", mailto)
        assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert head["Auto-Submitted"] == "auto-generated"
        assert head["X-Auto-Response-Suppress"] == "All"
        assert all(len(head.get_all(name, [])) == 1 for name in head), "every field stands once"


def test_every_email_has_the_list_id_of_its_course_and_a_feedback_id_with_course_and_email(ann: Person) -> None:
    emails = everything(ann)
    assert {headers(email)["List-Id"] for email in emails} == {"<rebuild-trust.reply.example.org>"}
    for email in emails:
        assert headers(email)["Feedback-ID"].startswith(f"rebuild-trust:{email.tags['email']}:1.")


@pytest.mark.parametrize("text", ["", "unsubscribe", "Please take me off this list", "-- \nSent from my phone"])
def test_r23_any_mail_to_the_list_unsubscribe_address_stops_the_course_and_gets_one_notice(
    ann: Person, text: str
) -> None:
    lesson, before = ann.emails[-1], len(ann.emails)
    written = f"From: eve@example.com\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n{text}"
    for _ in range(2):
        ann.world.deliver(written.encode(), _unsubscribe_address(lesson), verdicts={"dmarc": "FAIL", "spf": "FAIL"})
    assert ann.row["status"] == "unsubscribed"
    assert ann.reflections == []
    assert nothing_comes(ann.world)
    assert [email.tags["email"] for email in ann.emails[before:]] == ["goodbye"], "the mailbox gets one notice"


def test_u7_an_old_unsubscribe_address_does_not_touch_a_later_sign_up(ann: Person) -> None:
    old = ann.emails[-1]
    ann.replies("STOP")
    ann.world.advance_to(MONDAY.replace(day=28))
    ann.joins()
    ann.world.deliver(b"From: ann@example.net\r\n\r\n", _unsubscribe_address(old), sender="ann@example.net")
    assert ann.row["status"] == "active"
    ann.world.deliver(b"From: ann@example.net\r\n\r\n", _unsubscribe_address(ann.emails[-1]), sender="")
    assert {ann.row["status"]} == {"unsubscribed"}


def test_a_forged_unsubscribe_address_is_set_aside(ann: Person) -> None:
    address = _unsubscribe_address(ann.emails[-1])
    forged = ("b" if address[0] == "a" else "a") + address[1:]
    ann.world.deliver(b"From: ann@example.net\r\n\r\nunsubscribe", forged, sender="ann@example.net")
    assert ann.row["status"] == "active"


def _unsubscribe_address(email: SentEmail) -> str:
    found = re.search(r"<mailto:([^?>]+)", headers(email)["List-Unsubscribe"])
    assert found
    return found[1]


# ---------------------------------------------------------------- threads


@pytest.fixture
def threading(tmp_path: Path) -> Iterator[World]:
    """The world of a course whose author wants its lessons in one thread."""
    copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    (tmp_path / "template.yaml").write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    settings = tmp_path / "emails/rebuild-trust/course.toml"
    settings.write_text(settings.read_text("utf-8").replace("thread = false", "thread = true"), "utf-8")
    with World(tmp_path / "template.yaml", start=MONDAY) as world:
        yield world
        assert not world.failures


def test_lessons_stand_alone_unless_the_author_wants_a_thread(ann: Person) -> None:
    for email in ann.emails:
        assert headers(email)["References"] is None
        assert headers(email)["In-Reply-To"] is None


def test_a_thread_holds_the_lessons_of_a_round_and_nothing_else(threading: World) -> None:
    ann = reads(Person(threading), 5)
    ann.replies("HELP")
    ann.replies("Not yet", ann.email("Safe first"))
    next_email(threading)
    lessons = [email for email in ann.emails if email.tags["email"] not in ("confirm", "help", "welcome-back")]
    assert len(lessons) == 7
    first_round, again = lessons[:6], lessons[6]
    introduction = headers(first_round[0])
    root = introduction["References"]
    assert introduction["In-Reply-To"] == root
    for before, email in pairwise(first_round):
        assert headers(before)["Message-ID"] == f"<{before.id}@{REGION}.amazonses.com>"
        assert headers(email)["In-Reply-To"] == headers(before)["Message-ID"]
        assert headers(email)["References"] == f"{root} {headers(before)['Message-ID']}"
    assert headers(again)["References"] == headers(again)["In-Reply-To"] != root, "each round is another thread"
    for email in ann.emails:
        assert (email in lessons) == (headers(email)["References"] is not None)
