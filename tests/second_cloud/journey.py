"""The journeys that people must be able to make on the second cloud, in chapters that do not depend on each other."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import cast

from local_cloud.cloud import World
from tests.logs import given_away
from tests.people import Person, one_click
from tests.second_cloud.cloud import SecondCloud
from tests.second_cloud.server import ROOT
from tests.second_cloud.stack import RunFailed

WORDS = "I never said out loud how lonely I made you."
MORE_WORDS = "Today I said what I did, and I did not explain it."
LESSONS = [path.name[3:].partition(".")[0] for path in sorted((ROOT / "emails/rebuild-trust").glob("0[1-9]-*.md.j2"))]
"""The ids of the lessons after the introduction, in order: `01-acknowledge.md.j2` …"""
LOST = "From: {}\r\nTo: {}\r\nSubject: Hello\r\n\r\n{}\r\n"

OF_OTHERS = "of-others"
"""The name of a receipt rule set that belongs to another use of SES."""

Chapter = Callable[[SecondCloud], None]


def takes_the_course(cloud: SecondCloud) -> None:
    """Covers sign-up, introduction, daily lessons, two reflections, the closing letter, the journal and an erasure."""
    ann = somebody(cloud, "ann").joins()
    expect(arrived(ann) == ["confirm", "intro"], "the introduction did not come at once")
    ann.replies(WORDS)
    for number, lesson in enumerate(LESSONS):
        email = cloud.next_email(ann.address)
        expect(email.tags["email"] == lesson, f"{lesson} did not come")
        if number == 0:
            ann.replies(MORE_WORDS, email, client="outlook")
    expect(WORDS in (ann.emails[-1].text or ""), "the closing letter does not give the words back")
    expect(len(ann.reflections) == 2, "a reply was not kept as a reflection")

    expect(MORE_WORDS in ann.journal, "the journal does not show a reflection")
    taken = zipfile.ZipFile(io.BytesIO(ann.in_the_journal("export").body))
    expect(any(WORDS in taken.read(name).decode() for name in taken.namelist()), "the file to keep lacks a reflection")
    last = ann.reflections[-1]
    ann.in_the_journal("take-back", which=f"{last['round']}#{last['lesson']}#{last['mail_id']}")
    expect(len(ann.reflections) == 1, "a reflection was not taken back")
    ann.in_the_journal("name", first_name="Anna")
    subscriber = str(ann.row["id"])
    ann.erases()
    expect(arrived(ann)[-1] == "erased", "no last email confirmed the erasure")
    nothing_is_left(cloud, ann, subscriber)


def steers_the_course(cloud: SecondCloud) -> None:
    """Covers the buttons of the course page, the same commands and an erasure by reply, and one-click unsubscribe."""
    bob = somebody(cloud, "bob").joins()
    for action, fields in (("pause", {}), ("resume", {}), ("time", {"hour": "8", "zone": "Europe/Berlin"})):
        expect(bob.presses(action, **fields).status < 400, f"the button {action} failed")
    for command in ("Pause", "Resume", "Journal", "Help"):
        bob.replies(command)
    expect("help" in arrived(bob), "a command by reply was not answered")
    bob.in_the_journal("end-links")
    bob.signs_up()
    bob.asks_for_a_link()
    expect(arrived(bob)[-1] == "fresh-link", "no new link came")
    bob.replies(WORDS)
    bob.replies("Delete my data")
    subscriber = str(bob.row["id"])
    bob.replies("Yes")
    nothing_is_left(cloud, bob, subscriber)

    cleo = somebody(cloud, "cleo").joins()
    for _ in range(2):  # the second time it reads whether the subscriber was notified
        cloud.request("POST", one_click(cleo.emails[1]), form={"List-Unsubscribe": "One-Click"})
    expect(cleo.row["status"] == "unsubscribed", "one click did not stop the course")


def bounces(cloud: SecondCloud) -> None:
    """A mailbox that does not exist gets no further email, also not after a form with its address."""
    dora = somebody(cloud, "dora").joins()
    cloud.bounced(dora.emails[-1])
    expect(dora.row["status"] == "bounced" and len(cloud.rows("Suppressions")) > 0, "the address was not suppressed")
    before = len(dora.emails)
    dora.signs_up()
    expect(len(dora.emails) == before, "a suppressed address was written to")


def is_held_and_released(cloud: SecondCloud) -> None:
    """SES refuses an address, as in its sandbox; the operator finds the subscriber and releases them."""
    emil = somebody(cloud, "emil").joins()
    in_the_sandbox(cloud, yes=True)
    try:
        for _ in range(7):  # the first lesson is due within 32 hours; one that is a day late waits for its hour
            cloud.advance(timedelta(hours=6))
    finally:
        in_the_sandbox(cloud, yes=False)
    subscriber = str(emil.row["id"])
    expect(subscriber in cloud.command("audit"), "the audit does not name the held subscriber")
    expect("released" in cloud.command("release", subscriber), "the release failed")
    cloud.next_email(emil.address)
    cloud.command("resume-all", "--yes")


def in_the_sandbox(cloud: SecondCloud, *, yes: bool) -> None:
    """Moves the account into the sandbox, in which SES accepts emails to verified addresses only, or out of it."""
    given = {"MailType": "TRANSACTIONAL", "WebsiteURL": "https://example.org"}
    cloud.client("sesv2").put_account_details(**given, ProductionAccessEnabled=not yes)


def is_accepted(cloud: SecondCloud) -> None:
    """The notification of a reply was lost: the audit sets the reply aside, and the operator makes it a reflection."""
    fay = somebody(cloud, "fay").joins()
    mail_id = "lost0123456789abcdefghijklmnopqrstuvwxyz"
    mail = LOST.format(fay.address, fay.emails[-1].reply_to[0], WORDS)
    cloud.client("s3").put_object(Bucket=cloud.resources["RawMail"], Key=f"inbound/{mail_id}", Body=mail.encode())
    cloud.advance(timedelta(hours=2))
    cloud.command("audit")
    expect(mail_id in cloud.command("inbox"), "the lost reply is not listed")
    expect("a reflection of" in cloud.command("inbox", "accept", mail_id), "the lost reply was not accepted")
    expect(len(fay.reflections) == 1, "the accepted reply is no reflection")
    subscriber = str(fay.row["id"])
    fay.erases()
    nothing_is_left(cloud, fay, subscriber)


CHAPTERS: tuple[Chapter, ...] = (takes_the_course, steers_the_course, bounces, is_held_and_released, is_accepted)


def is_refused(cloud: SecondCloud, built: Path) -> None:
    """Runs first: if another rule set is active, a deployment fails with the reason, and leaves nothing."""
    ses = cloud.client("ses")
    ses.create_receipt_rule_set(RuleSetName=OF_OTHERS)
    ses.set_active_receipt_rule_set(RuleSetName=OF_OTHERS)
    try:
        cloud.deploy(built)
    except RunFailed as refused:
        expect(f"The receipt rule set {OF_OTHERS} is active" in str(refused), str(refused))
    expect(cloud.active_rules() == OF_OTHERS, "a deployment took the place of another's receipt rule set")
    left = [name for names in cloud.what_stands().values() for name in names]
    expect(left == [cloud.bucket_of_sam], f"left of a deployment that failed: {left}")
    cloud.delete()  # the failed stack still has the name
    ses.set_active_receipt_rule_set()


def is_joined(cloud: SecondCloud, built: Path) -> None:
    """A second stack adds its receipt rule to the active set, receives mail, and is deleted with its rule, erased."""
    before = cloud.rules()
    other = cloud.beside(
        "email-course-test",
        ActivateReceiptRules="no",
        ReceiptRuleSet=cloud.active_rules(),
        MakeSenderIdentity="no",
        ReplyDomain="reply-test.example.org",
    )
    other.deploy(built)
    cloud.look_at_the_rules()
    expect(len(cloud.rules()) == len(before) + 1, "the rule of a second stack is not in the active set")
    mail = cloud.deliver(
        LOST.format("ann@example.net", "hello@reply-test.example.org", WORDS).encode(), "hello@reply-test.example.org"
    )
    stored = cloud.client("s3").list_objects_v2(Bucket=other.resources["RawMail"]).get("Contents", [])
    expect(f"inbound/{mail.id}" in {one["Key"] for one in stored}, "the second stack did not get a mail")
    nothing_is_wrong(cloud)
    other.delete()
    cloud.look_at_the_rules()
    expect(
        cloud.rules() == before, "the rule of a deleted stack is still in the set of the other, or took its rule away"
    )
    cloud.erase(other.name)
    left = [name for names in cloud.what_stands().values() for name in names if other.name in name]
    expect(not left, f"left of an erased stack: {left}")


def is_deleted(cloud: SecondCloud) -> None:
    """Runs last: the stack is deleted and its receipt rules are inactive. The data that people wrote stays."""
    stays = {
        "tables": cloud.tables(),
        "buckets": ["RawMail"],
        "secrets": ["SigningSecret"],
        "keys": ["Key"],
        "functions": [],
    }
    expected = {kind: {cloud.resources[name] for name in names} for kind, names in stays.items()}
    expected["buckets"].add(cloud.bucket_of_sam)
    cloud.delete()
    expect(cloud.active_rules() == "", "the receipt rule set of a deleted stack is the active one")
    for kind, found in cloud.what_stands().items():
        expect({*found} == expected[kind], f"other {kind} outlive the stack: {expected[kind] ^ {*found}}")


def arrived(person: Person) -> list[str]:
    """Returns the kinds of the emails that arrived, oldest first."""
    return [email.tags["email"] for email in person.emails]


def nothing_is_wrong(cloud: SecondCloud) -> None:
    """Raises RunFailed if there is a dead letter, or an address, token or word of a reply in a log."""
    if dead := cloud.dead_letters():
        raise RunFailed(f"{dead} dead letters")
    if found := given_away(cast("World", cloud)):
        raise RunFailed(f"the logs hold {len(found)} addresses, tokens or words of a reply")


def somebody(cloud: SecondCloud, name: str) -> Person:
    """Returns a person who has not signed up yet, an hour later, since a network may send ten forms an hour."""
    cloud.advance(timedelta(hours=1))
    return Person(cast("World", cloud), f"{name}@example.net", name.title())


def nothing_is_left(cloud: SecondCloud, erased: Person, subscriber: str) -> None:
    """Raises RunFailed if an address, a word or the id of an erased subscriber is still stored."""
    stored = {table: json.dumps(cloud.rows(table), default=str) for table in cloud.tables()} | cloud.raw_mail()
    for place, text in stored.items():
        for what in (erased.address, WORDS, MORE_WORDS):
            expect(what not in text, f"left after an erasure in {place}")
    for table in ("Subscribers", "Reflections"):
        expect(subscriber not in stored[table], f"left after an erasure in {table}")


def expect(holds: bool, otherwise: str) -> None:
    """Raises RunFailed with this text unless the condition holds."""
    if not holds:
        raise RunFailed(otherwise)
