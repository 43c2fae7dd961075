"""The author of a reply: it counts only if the subscriber is its one author, proven or not."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

import pytest

from aws.outbox import Outbox
from course.limits import UNPROVEN_A_DAY
from local_cloud import clients
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from tests.people import Person
from tests.services.test_inbox import accepts, inbox, loses
from tests.services.test_receiving import WORDS, emails_of, raw_mails, reasons, reply_to, texts, written
from tests.stories import next_email, nothing_comes, reads, unchanged, without_schedules

ANOTHER = "from another address than the subscriber's"
NEVER = f"mail like this is never accepted: {ANOTHER}"
UNPROVEN = "a command without proof of its sender"
TOO_MANY = "without proof of its sender, and more such mail came that day than is kept"
FAILS = {"dmarc": "FAIL", "spf": "FAIL"}
MailOf = Callable[[str, SentEmail, World], bytes]
FOREIGN = "You wrote that? I was there, and it was not like that."


def by_program(text: str, email: SentEmail, world: World, sender: str, **headers: str) -> bytes:
    """A mail as a mail program writes it, from another mailbox, with the lesson quoted below."""
    raw = clients.reply("gmail", email, text, world.now()).replace(
        b"From: ann@example.net", b"From: " + sender.encode()
    )
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return more.encode() + raw


def replies_to_all(text: str, email: SentEmail, world: World) -> bytes:
    """A reply to all, by a partner who was in the Cc of the subscriber's mail."""
    return by_program(text, email, world, "Sam <sam@example.com>", Cc="Ann <ann@example.net>")


def answers_a_forwarded_lesson(text: str, email: SentEmail, world: World) -> bytes:
    """A reply to a forwarded lesson, which still has the reply address."""
    raw = by_program(text, email, world, "friend@example.com")
    return raw.replace(b"Subject: Re: ", b"Subject: Re: Fwd: ", 1)


def from_an_address_of_a_few_letters_more(text: str, email: SentEmail, world: World) -> bytes:
    return written(text, email, "ann@example.net.example.com")


SENDERS: list[MailOf] = [
    lambda text, email, _: written(text, email, "eve@example.com"),
    replies_to_all,
    answers_a_forwarded_lesson,
    from_an_address_of_a_few_letters_more,
]
ids = ["another address", "reply to all", "reply to a forwarded lesson", "similar address"]


# ---------------------------------------------------------------- R20: another address


@pytest.mark.parametrize("mail_of", SENDERS, ids=ids)
def test_r3_r20_mail_from_another_address_is_set_aside(world: World, mail_of: MailOf) -> None:
    """Whether its sender is proven or not, it is not the subscriber's."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for verdicts in ({}, FAILS, {"dmarc": "GRAY"}):
        raw = mail_of(f"{FOREIGN} {len(verdicts)}", lesson, world)
        world.deliver(raw, reply_to(lesson), verdicts=verdicts)
    assert not ann.reflections
    assert reasons(world) == [ANOTHER] * 3
    assert len(raw_mails(world)) == 3, "for fourteen days"
    assert ann.row["another"] == 1
    assert (ann.row["status"], emails_of(ann)) == ("active", ["confirm", "intro", "acknowledge"])
    next_email(world)
    assert "another" not in ann.row


def test_r20_an_operator_cannot_accept_mail_from_another_address(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    raw = written(FOREIGN, lesson, "eve@example.com", To=reply_to(lesson))
    aside = world.deliver(raw, reply_to(lesson))
    spam = world.deliver(raw + b"2", reply_to(lesson), verdicts={"spam": "FAIL"})
    nowhere = world.deliver(written(FOREIGN, None, "eve@example.com"), "course@reply.example.org")
    world.drain()
    loses(world, raw + b"3", reply_to(lesson), "lost")
    without_schedules(world, timedelta(hours=2))
    world.invoke("audit", {})
    assert len(inbox(world)) == 4
    with unchanged(world):
        for mail_id in (aside.id, spam.id, nowhere.id, "lost"):
            assert accepts(world, mail_id, ann.row["id"]) == {"accepted": False, "why": NEVER}
    assert not ann.reflections


def test_r20_a_copy_from_another_address_does_not_replace_the_subscribers_own_mail(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    world.deliver(written(WORDS, lesson, "eve@example.com"), reply_to(lesson))
    world.deliver(written(WORDS, lesson), reply_to(lesson))
    assert texts(ann) == [WORDS]


@pytest.mark.parametrize("words", [FOREIGN, "STOP", "DELETE MY DATA"])
def test_r20_after_an_erasure_mail_from_another_address_is_not_kept(world: World, words: str) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    world.deliver(written(FOREIGN, lesson, "eve@example.com"), reply_to(lesson))
    ann.erases()
    assert not raw_mails(world), "mail set aside before is deleted too"
    world.deliver(written(words, lesson, "eve@example.com"), reply_to(lesson))
    assert (raw_mails(world), world.rows("Reflections"), world.subscribers()) == ([], [], [])


def test_r20_an_address_with_or_without_a_tag_is_the_same_mailbox(world: World) -> None:
    """The mailbox that replies may have left out `+course`, or added it."""
    ann = reads(Person(world, "ann+course@example.net"), 1)
    world.deliver(written(WORDS, ann.emails[-1], "ann@example.net"), reply_to(ann.emails[-1]))
    assert [(row["text"], row["verified"]) for row in ann.reflections] == [(WORDS, True)]


# ---------------------------------------------------------------- R22: one author


TRICKS = [
    "From: eve@example.com\r\nFrom: ann@example.net\r\n",
    "From: ann@example.net\r\nFrom: eve@example.com\r\n",
    "From: ann@example.net\r\nFrom : eve@example.com\r\n",
    "From : eve@example.com\r\nFrom: ann@example.net\r\n",
    "From: ann@example.net\r\nFROM\t: eve@example.com\r\n",
    "FROM\t: eve@example.com\r\nFrom: ann@example.net\r\n",
    "no field\r\nFrom: ann@example.net\r\n",
    "X-One: a\rFrom: ann@example.net\r\n",
    "From: ann@example.net\0@example.com\r\n",
    "From: ann@example.net\0\r\n",
    'From: "ann@example.net"@example.com\r\n',
    "From: ann@example.net, eve@example.com\r\n",
    'From: "ann@example.net" <eve@example.com>\r\n',
    "From: =?utf-8?q?ann=40example.net?= <eve@example.com>\r\n",
    "Sender: ann@example.net\r\nReply-To: ann@example.net\r\nFrom: eve@example.com\r\n",
]


@pytest.mark.parametrize("head", TRICKS)
def test_r22_a_mail_with_another_author_is_not_the_subscribers(world: World, head: str) -> None:
    """SES's verdict is PASS, for whichever address SES has read."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for text in (FOREIGN, "unsubscribe me", "DELETE MY DATA"):
        raw = f"{head}Message-ID: <{len(text)}@example.com>\r\n\r\n{text}\r\n".encode("latin-1")
        world.deliver(raw, reply_to(lesson), sender="eve@example.com")
    assert not ann.reflections
    assert reasons(world) == [ANOTHER] * 3
    assert ann.row["status"] == "active"
    assert set(emails_of(ann)[3:]) <= {"prove-stop", "prove-erase"}, "a bare command may be offered to the subscriber"
    assert {email.address for email in world.emails} == {"ann@example.net"}


# ---------------------------------------------------------------- R21: the right address


@pytest.mark.parametrize(
    ("verdicts", "envelope", "proven"),
    [
        ({}, None, True),
        ({"dmarc": "FAIL"}, None, False),
        ({"dmarc": "PROCESSING_FAILED"}, None, False),
        ({"dmarc": "GRAY"}, None, True),
        ({"dmarc": "GRAY"}, "eve@example.com", False),
        ({"dmarc": "GRAY", "spf": "FAIL"}, None, False),
        ({"dmarc": "GRAY", "spf": "GRAY"}, None, False),
        ({"dmarc": "FAIL", "spf": "PASS"}, None, False),
    ],
)
def test_r3_r21_mail_from_the_right_address_is_kept_and_proven_by_dmarc_or_spf(
    world: World, verdicts: dict[str, str], envelope: str | None, proven: bool
) -> None:
    ann = reads(Person(world), 1)
    world.deliver(written(WORDS, ann.emails[-1]), reply_to(ann.emails[-1]), verdicts=verdicts, sender=envelope)
    assert [(row["text"], row["verified"]) for row in ann.reflections] == [(WORDS, proven)]
    assert not reasons(world)
    assert "another" not in ann.row


# ---------------------------------------------------------------- R23: commands


@pytest.mark.parametrize("words", ["STOP", "unsubscribe me, please", "Take me off this list", "¡Basta!"])
def test_r23_a_stop_from_the_right_address_needs_no_proof_and_is_answered(world: World, words: str) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for _ in range(2):
        world.deliver(written(words, lesson), reply_to(lesson), verdicts=FAILS)
    assert ann.row["status"] == "unsubscribed"
    assert emails_of(ann)[3:] == ["goodbye"]
    assert not ann.reflections
    assert nothing_comes(world)


@pytest.mark.parametrize("words", ["STOP", "stop.", "Baja", "PARA"])
@pytest.mark.parametrize("verdicts", [{}, FAILS])
def test_r23_the_bare_word_stops_from_any_address_and_the_subscriber_gets_the_goodbye(
    world: World, words: str, verdicts: dict[str, str]
) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for raw in (written(words, lesson, "eve@example.com"), by_program(words, lesson, world, "eve@example.com")):
        world.deliver(raw, reply_to(lesson), verdicts=verdicts)
    assert ann.row["status"] == "unsubscribed"
    assert emails_of(ann)[3:] == ["goodbye"]
    assert {email.address for email in world.emails} == {"ann@example.net"}
    assert not ann.reflections
    assert nothing_comes(world)


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("unsubscribe", ["prove-stop"]),
        ("Stop please", ["prove-stop"]),
        ("PAUSE", ["prove-pause"]),
        ("AGAIN", ["prove-again"]),
        ("DELETE MY DATA", ["prove-erase"]),
        ("Could you please pause the lessons until Monday?", []),
        ("yes", []),
    ],
)
def test_r23_no_other_command_is_obeyed_from_another_address(world: World, words: str, offered: list[str]) -> None:
    """A bare command is offered to the subscriber."""
    ann = reads(Person(world), 1)
    lesson, before = ann.emails[-1], ann.row
    world.deliver(written(words, lesson, "eve@example.com"), reply_to(lesson))
    after = ann.row
    assert {name for name in after if after[name] != before.get(name)} == {"another", "version"}
    assert reasons(world) == [ANOTHER]
    assert emails_of(ann)[3:] == offered
    assert {email.address for email in world.emails} == {"ann@example.net"}


COMMANDS = {
    "PAUSE": "prove-pause",
    "resume": "prove-resume",
    "SKIP": "prove-skip",
    "AGAIN": "prove-again",
    "TIME 20": "prove-time",
    "JOURNAL": "prove-journal",
    "EXPORT": "prove-export",
    "DELETE MY DATA": "prove-erase",
    "HELP": "help",
    "¡Pausa!": "prove-pause",
}


@pytest.mark.parametrize("words", COMMANDS)
def test_r23_every_other_command_needs_proof_and_is_no_reflection(world: World, words: str) -> None:
    """The subscriber gets an offer of it."""
    ann = reads(Person(world), 1)
    lesson, before = ann.emails[-1], ann.row
    world.deliver(written(words, lesson), reply_to(lesson), verdicts=FAILS)
    assert ann.row == before
    assert not ann.reflections
    assert reasons(world) == [UNPROVEN]
    assert emails_of(ann)[3:] == [COMMANDS[words]]
    assert sum('"Unproven.' in line for line in world.logs) == 1
    world.deliver(written(words, lesson), reply_to(lesson), mail_id="again", verdicts=FAILS)
    assert reasons(world) == [UNPROVEN], "the same mail twice counts once"
    assert len(ann.emails) == 4


def test_r23_an_unproven_yes_erases_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("DELETE MY DATA")
    question = ann.emails[-1]
    assert question.tags["email"] == "erase"
    for words in ("YES", "DELETE MY DATA"):
        world.deliver(written(words, question), reply_to(question), verdicts=FAILS)
        world.deliver(written(words, question, "eve@example.com"), reply_to(question))
    assert ann.row["status"] == "active"
    assert sorted(map(str, reasons(world))) == [UNPROVEN, UNPROVEN, ANOTHER, ANOTHER]


@pytest.mark.parametrize("sender", ["ann@example.net", "eve@example.com"])
def test_r23_a_stop_with_an_interrupted_answer_is_answered_once_by_the_retry(world: World, sender: str) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    with patch.object(Outbox, "notice", side_effect=OSError):
        world.deliver(written("STOP", lesson, sender), reply_to(lesson), verdicts=FAILS)
    world.failures.clear()
    assert (ann.row["status"], len(ann.emails)) == ("unsubscribed", 3)
    world.advance(timedelta(minutes=7))
    assert emails_of(ann)[3:] == ["goodbye"]


def test_r23_a_list_unsubscribe_mail_with_an_interrupted_answer_is_answered_once_by_the_retry(world: World) -> None:
    ann = reads(Person(world), 1)
    leave = re.search(r"<mailto:([^<>,?\s]+)", ann.emails[-1].header("List-Unsubscribe") or "")
    assert leave
    with patch.object(Outbox, "notice", side_effect=OSError):
        world.deliver(written("", None, "eve@example.com"), leave[1], verdicts=FAILS)
    world.failures.clear()
    world.advance(timedelta(minutes=7))
    assert (ann.row["status"], emails_of(ann)[3:]) == ("unsubscribed", ["goodbye"])
    world.deliver(written("", None), leave[1])
    assert emails_of(ann)[3:] == ["goodbye"], "nothing was left to stop"


@pytest.mark.parametrize(
    ("sender", "verdicts", "words", "status"),
    [
        ("ann@example.net", FAILS, "Yes please", "active"),
        ("eve@example.com", {}, "Yes please", "pending"),
        ("eve@example.com", {}, "unsubscribe", "pending"),
        ("eve@example.com", {}, "DELETE MY DATA", "pending"),
        ("eve@example.com", {}, "STOP", "unsubscribed"),
        ("ann@example.net", FAILS, "unsubscribe", "unsubscribed"),
    ],
)
def test_r23_a_yes_to_the_confirmation_email_counts_only_from_the_right_address(
    world: World, sender: str, verdicts: dict[str, str], words: str, status: str
) -> None:
    ann = Person(world)
    ann.signs_up()
    world.deliver(written(words, ann.emails[0], sender), reply_to(ann.emails[0]), verdicts=verdicts)
    assert ann.row["status"] == status
    assert not ann.reflections
    assert emails_of(ann) == (["confirm", "intro"] if status == "active" else ["confirm"])


def test_r23_automatic_mail_is_never_answered(world: World) -> None:
    ann = reads(Person(world), 1)
    for sender in ("ann@example.net", "eve@example.com"):
        raw = written("STOP", ann.emails[-1], sender, Auto_Submitted="auto-replied")
        world.deliver(raw, reply_to(ann.emails[-1]))
    assert (ann.row["status"], len(ann.emails), len(reasons(world))) == ("active", 3, 2)


# ---------------------------------------------------------------- R24: many unproven mails


def test_r24_only_the_first_unproven_mails_of_a_day_are_kept(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]

    def comes(number: int, **verdicts: str) -> str:
        return world.deliver(written(f"Number {number}", lesson), reply_to(lesson), verdicts=verdicts).id

    came = [comes(number, dmarc="FAIL") for number in range(UNPROVEN_A_DAY + 5)]
    assert len(texts(ann)) == UNPROVEN_A_DAY == 20
    assert reasons(world) == [TOO_MANY] * 5
    assert len(raw_mails(world)) == UNPROVEN_A_DAY + 5
    assert sum('"UnprovenSetAside":[1.0]' in line for line in world.logs) == 5
    asides = [row for row in world.rows("Reflections") if row["subscriber"] == "set-aside"]
    seconds_left = {int(row["expires_at"]) - world.now().timestamp() for row in asides}
    assert all(13 * 86_400 < life <= 14 * 86_400 for life in seconds_left)

    comes(100)
    assert "Number 100" in texts(ann), "proven mail has no limit"
    assert accepts(world, came[-1])["why"].startswith("no valid reply address"), "its envelope is not kept"
    assert accepts(world, came[-1], ann.row["id"])["accepted"]
    without_schedules(world, timedelta(days=1))
    comes(200, dmarc="FAIL")
    assert "Number 200" in texts(ann), "and the next day counts from zero"


def test_r24_a_mail_that_is_processed_again_counts_once(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for number in range(UNPROVEN_A_DAY - 1):
        world.deliver(written(f"Number {number}", lesson), reply_to(lesson), verdicts=FAILS)
    with patch("aws.reflections.Reflections.add", side_effect=OSError):
        world.deliver(written("Broken off", lesson), reply_to(lesson), verdicts=FAILS)
    world.failures.clear()
    world.advance(timedelta(minutes=7))
    assert "Broken off" in texts(ann)
    world.deliver(written("One more", lesson), reply_to(lesson), verdicts=FAILS)
    assert (len(texts(ann)), reasons(world)) == (UNPROVEN_A_DAY, [TOO_MANY])


def test_r21_r24_unproven_mail_and_mail_set_aside_are_erased_with_the_subscriber(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for number in range(UNPROVEN_A_DAY + 2):
        world.deliver(written(f"Number {number}", lesson), reply_to(lesson), verdicts=FAILS)
    ann.erases()
    assert (raw_mails(world), world.rows("Reflections")) == ([], [])
    assert "Number" not in json.dumps([world.rows(table) for table in world.tables()], default=str)
