"""Privacy: which personal data logs, keys and queues hold, and what the pages forbid a browser to pass on."""

import json
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from aws.reflections import Reflections, SetAside
from aws.subscribers import Subscribers
from course.subscriber import LAST_OBEYED
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.logs import given_away
from tests.people import Person
from tests.services.test_receiving import raw_mails, reply_to, written
from tests.stories import next_email, reads, without_schedules, without_schedules_until

HEADERS = {
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
}
SECRET = "Zwischenwelt"
"""A word of a reply that is nowhere else."""


def tokens_in(world: World) -> set[str]:
    """Returns every token that was mailed, in links and in reply addresses."""
    found = {address.partition("@")[0] for email in world.emails for address in email.reply_to}
    for email in world.emails:
        found |= set(
            re.findall(r"/(?:me|confirm|unsubscribe|journal)/([\w-]{44,48})", str(email.html) + str(email.text))
        )
    return found


def test_g1_the_logs_hold_no_personal_data() -> None:
    """After a long story with every kind of error, they hold no address, name, token or word of a reply."""
    with World(start=MONDAY) as world:
        ann = Person(world, "Philippa.Quux@example.net", "Philippa", source_ip="198.51.100.77")
        ann.signs_up(address="Philippa.Quux@@example.net")
        ann.signs_up(consent="no")
        reads(ann, 1)
        ann.address = ann.address.lower()
        ann.replies(f"{SECRET}: I listened.")
        for command in ("pause", "resume", "help"):
            ann.replies(command)
        page, introduction = ann.page_url, ann.emails[1]
        assert SECRET in ann.journal
        for path in (page.upper(), f"{page}x", f"{page}/time", page.replace("/me/", "/confirm/"), f"{page}/nothing"):
            world.request("GET", path)
            world.request("POST", path, form={"zone": "Mars/Philippa", "hour": "x"})
        world.deliver(introduction.raw, introduction.reply_to[0])
        world.deliver(f"From: {ann.address}\n\n{SECRET}".encode(), introduction.reply_to[0], verdicts={"virus": "FAIL"})
        world.deliver(f"From: {ann.address}\n\n{SECRET}".encode(), f"{SECRET}@reply.example.org")
        world.deliver(b"From: " + b"=?utf-8?b?w?=" * 50 + SECRET.encode(), introduction.reply_to[0])

        # Unexpected input: messages that cannot be read, an address that SES refuses, a mail that is missing.
        for queue in ("Inbound", "Feedback", "Outbox"):
            body = json.dumps({"Message": f"{SECRET} {ann.address}", "subscribers": [ann.address], "rate": SECRET})
            world.clients.sqs.send_message(QueueUrl=world.resources.ref(queue), MessageBody=body)
            world.clients.sqs.send_message(QueueUrl=world.resources.ref(queue), MessageBody=f"{SECRET} {ann.address}")
        notice = {"notice": SECRET, "subscriber": ann.row["id"], "epoch": int(str(ann.row["epoch"])), "key": "k"}
        world.clients.sqs.send_message(QueueUrl=world.resources.ref("Outbox"), MessageBody=json.dumps(notice))
        world.drain()
        assert world.failures
        world.ses.refused[ann.address] = f"Address {ann.address} blocked."
        without_schedules_until(world, MONDAY.replace(day=25, hour=6, minute=50))
        world.invoke("dispatch", {})
        world.drain()
        assert ann.row["held"]
        world.invoke("audit", {})
        world.complained(introduction)
        world.request("POST", ann.link("/unsubscribe/"))

        logs = "\n".join(world.logs)
        assert len(world.logs) > 20
        for word in ("quux", "@example.net", "philippa", SECRET.lower(), "198.51.100.77", "mars/"):
            assert word not in logs.lower(), word
        found = tokens_in(world)
        assert len(found) == 12
        assert not [token for token in found if token.lower() in logs.lower()]


@pytest.mark.parametrize("what", ["address", "link", "reply address", "words"])
def test_g1_personal_data_in_a_log_is_noticed(what: str) -> None:
    """Shows that the check of the logs of every other test can fail."""
    with World(start=MONDAY) as world:
        ann = reads(Person(world), 1)
        ann.replies("I never said it aloud.\n\nNot once.")
        told = {
            "address": ann.address,
            "link": ann.page_url.rpartition("/")[2],
            "reply address": ann.emails[-1].reply_to[0].partition("@")[0],
            "words": "I never said it aloud.",
        }
        assert not given_away(world)
        world.logs.append(f'{{"level": "ERROR", "message": "of {told[what]}"}}')
        assert {found.lower() for found in given_away(world)} == {told[what].lower()}
        world.logs.pop()


def test_keys_tags_and_queues_hold_no_address(world: World) -> None:
    ann = reads(Person(world, "quux@example.net", "Philippa"), 1)
    ann.replies("I listened.")
    world.complained(ann.emails[-1])
    keys = [row["id"] for row in world.subscribers()]
    keys += [row["subscriber"] + row["key"] for row in world.rows("Reflections")]
    known = json.dumps([keys, world.rows("Limits"), world.rows("Suppressions")], default=str)
    assert len(world.rows("Suppressions")) == 1
    known += json.dumps([email.tags for email in world.emails] + [email.reply_to for email in world.emails])
    known += " ".join(url for email in world.emails for _, url in email.links())
    sent = [call.parameters for call in world.calls if call.operation == "sqs:SendMessage"]
    assert sent
    known += json.dumps(sent, default=str)
    for word in ("quux", "example.net", "philippa", "198.51.100"):
        assert word not in known.lower(), word


def test_a_reply_that_is_set_aside_leaves_no_words_in_the_tables(world: World) -> None:
    ann = Person(world).joins()
    raw = f"From: eve@example.com\nSubject: {SECRET}\n\n{SECRET}".encode()
    world.deliver(raw, "somebody@reply.example.org")
    world.deliver(raw, ann.emails[-1].reply_to[0], verdicts={"spam": "FAIL"})
    stored = json.dumps([world.rows(table) for table in world.tables()], default=str)
    assert SECRET not in stored
    assert "eve@example.com" not in stored
    (aside, other) = (row for row in world.rows("Reflections") if row["subscriber"] == "set-aside")
    for row in (aside, other):
        life = int(row["expires_at"]) - world.now().timestamp()
        assert 13 * 86_400 < life <= 14 * 86_400  # as long as the raw mail


def test_every_page_is_locked_down(world: World) -> None:
    """No answer may be stored, framed or indexed; none sends a referrer or loads anything from elsewhere."""
    ann = reads(Person(world), 1)
    confirm, unsubscribe = ann.link("/confirm/", ann.emails[0]), ann.link("/unsubscribe/")
    pages = [
        ("GET", "/", 200),
        ("GET", "/style.css", 200),
        ("GET", "/page.js", 200),
        ("POST", "/sign-up", 415),
        ("GET", confirm, 200),
        ("POST", confirm, 200),
        ("GET", f"{confirm}x", 404),
        ("GET", ann.page_url, 200),
        ("GET", f"{ann.page_url}/yes", 200),
        ("GET", f"{ann.page_url}/not-yet", 200),
        ("GET", f"{ann.page_url}/pause", 200),
        ("GET", f"{ann.page_url}/journal", 200),
        ("POST", f"{ann.page_url}/pause", 303),
        ("GET", ann.journal_url, 200),
        ("POST", ann.journal_url, 200),
        ("POST", f"{ann.journal_url}/erase", 200),
        ("GET", f"{ann.journal_url}x", 404),
        ("POST", f"{ann.journal_url}x", 404),
        ("POST", f"{ann.page_url}/time", 415),
        ("GET", f"{ann.page_url}x", 404),
        ("GET", unsubscribe, 200),
        ("POST", unsubscribe, 200),
        ("POST", f"{unsubscribe}x", 200),
    ]
    for method, path, status in pages:
        answer = world.request(method, path)
        assert answer.status == status, (method, path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none';")
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy
        assert not answer.cookies
        assert "set-cookie" not in answer.headers
        public = path in ("/style.css", "/page.js")
        assert answer.headers["cache-control"] == ("public, max-age=3600" if public else "no-store")
        if answer.headers["content-type"].startswith("text/html"):
            assert not re.search(
                r"<style|style=|<script>|<script[^>]*>[^<]| on\w+=|<iframe|<img|<object", answer.text
            ), path
            sources = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="([^"]*)"', answer.text)
            assert set(sources) <= {"/style.css", "/page.js", "data:,"}, path
            assert "If you need someone now" in answer.text
        for harmless in ("OPTIONS", "PUT", "DELETE", "PATCH"):
            refused = world.request(harmless, path)
            assert refused.status == 405
            assert set(refused.headers["allow"].split(", ")) <= {"GET", "HEAD", "POST"}


def erasing_meanwhile(world: World, person: Person, owner: type, method: str, *, before: bool = True) -> Any:
    """The person erases everything just before, or just after, the first call of this method."""
    url, called = person.journal_url, getattr(owner, method)
    pressed: list[bool] = []

    def call(self: Any, *given: Any) -> Any:
        if not before:
            called(self, *given)
        if not pressed:
            pressed.append(True)
            assert world.request("POST", f"{url}/erase", form={"sure": "yes"}, drain=False).status == 200
        return called(self, *given) if before else None

    return patch.object(owner, method, call)


def nothing_is_kept(world: World) -> bool:
    return not (world.subscribers() or world.rows("Reflections") or raw_mails(world))


@pytest.mark.parametrize("before", [True, False])
def test_o2_a_reply_that_arrives_during_an_erasure_leaves_nothing(world: World, before: bool) -> None:
    ann = reads(Person(world), 1)
    with erasing_meanwhile(world, ann, Reflections, "add", before=before):
        ann.replies("I lied to her.")
    assert nothing_is_kept(world)


@pytest.mark.parametrize("before", [True, False])
def test_o2_a_mail_that_is_set_aside_during_an_erasure_leaves_nothing(world: World, before: bool) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    with erasing_meanwhile(world, ann, SetAside, "add", before=before):
        world.deliver(written("I lied to her.", email, Precedence="bulk"), reply_to(email))
    assert nothing_is_kept(world)


def test_o2_a_reply_that_is_kept_in_the_middle_of_an_erasure_leaves_nothing(world: World) -> None:
    """It still finds its subscriber, whose reflections were deleted just before."""
    ann = reads(Person(world), 1)
    url, erased = ann.journal_url, Subscribers.erase

    def erase(subscribers: Subscribers, subscriber_id: str) -> None:
        ann.replies("I lied to her.")
        assert [row["text"] for row in world.rows("Reflections") if "text" in row] == ["I lied to her."]
        erased(subscribers, subscriber_id)

    with patch.object(Subscribers, "erase", erase):
        assert world.request("POST", f"{url}/erase", form={"sure": "yes"}).status == 200
    assert nothing_is_kept(world)


def test_o2_a_reply_that_is_interrupted_during_an_erasure_leaves_nothing(world: World) -> None:
    """It is kept, and fails before it looks up its subscriber again: the queue retries it."""
    ann = reads(Person(world), 1)
    found = Subscribers.get
    calls: list[bool] = []

    def get(subscribers: Subscribers, subscriber_id: str) -> Any:
        if any("text" in row for row in world.rows("Reflections")) and not calls:
            calls.append(True)
            raise OSError
        return found(subscribers, subscriber_id)

    with erasing_meanwhile(world, ann, Reflections, "add"), patch.object(Subscribers, "get", get):
        ann.replies("I lied to her.")
    world.failures.clear()
    world.advance(timedelta(minutes=7))
    assert nothing_is_kept(world)


def test_o2_what_others_wrote_stays_when_a_reply_is_dropped(world: World) -> None:
    ann, bob = reads(Person(world), 1), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    bob.replies("I was not there.")
    with erasing_meanwhile(world, ann, Reflections, "add"):
        ann.replies("I lied to her.")
    assert [row["text"] for row in world.rows("Reflections") if "text" in row] == ["I was not there."]
    assert len(raw_mails(world)) == 1


def test_a_stored_subscriber_stays_small(world: World) -> None:
    """Under 1 KB: every write bills the whole item."""
    ann = reads(Person(world, f"{'a' * 40}@{'b' * 40}.example", "A" * 60, zone="America/Argentina/ComodRivadavia"), 1)
    for _ in range(5):
        next_email(world)
    ann.presses("again")
    next_email(world)
    for hour in range(6):
        ann.replies(f"time {hour}")
    assert len(ann.row["obeyed"]) == LAST_OBEYED  # type: ignore[arg-type]
    key = {"id": {"S": str(ann.row["id"])}}
    item = world.clients.dynamodb.get_item(TableName=world.resources.ref("Subscribers"), Key=key)["Item"]
    assert len(json.dumps(item)) < 1600  # as typed JSON, which is half as long again
    without_schedules(world, timedelta(minutes=1))
