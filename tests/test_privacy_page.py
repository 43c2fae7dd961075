"""The privacy page names everything that is stored, counted and shown.

`docs/privacy.md` says which test shows which sentence.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from course.record import Claim, SignUp, stored_names
from course.subscriber import Subscriber
from local_cloud.cloud import World
from tests.metrics import written as metrics_of
from tests.people import Person
from tests.services.test_receiving import reply_to, written
from tests.stories import next_email, reads, without
from tests.test_pages import ELSEWHERE
from tests.test_routes import paths_of

DEALT_WITH = "notes of which emails and replies were dealt with"
SENT = "which emails were sent or came back"
AGREED = "when, where and to which words you agreed"
JOURNAL = "Your replies, as your journal"
NOBODY = ""
"""Of items that are about no person: how many forms came, whether SES takes emails."""

PLACE = "your place in the course"
_SUBSCRIBER = {
    **dict.fromkeys(("id", "version", "address"), "Your email address"),
    **dict.fromkeys(("first_name", "zone", "hour"), "first name, time zone and hour"),
    **dict.fromkeys(("course", "status", "epoch", "round", "plan", "next_lesson", "due_at", "due_shard"), PLACE),
    **dict.fromkeys(("paused_until", "held", "kept_on", "links_ended"), PLACE),
    **dict.fromkeys(("sent", "last_day", "last_at", "message_id", "unsettled", "soft_bounces", "bounce_pauses"), SENT),
    **dict.fromkeys((f"claim.{name}" for name in stored_names(Claim).values()), SENT),
    **dict.fromkeys(
        ("expires_at", *(f"sign_up.{name}" for name in stored_names(SignUp).values())),
        "A sign-up that is never",
    ),
    **dict.fromkeys(("obeyed", "another", "heard"), DEALT_WITH),
}
NAMED: dict[str, dict[str, str | dict[str, str]]] = {
    "Subscribers": {
        "a subscriber": _SUBSCRIBER,
        **dict.fromkeys(("asked", "consent"), AGREED),
        "rounds": SENT,
        "form": "A form that leads to nothing",
        "erasing": "then your address for 24 hours at most, for one last email",
        "home": NOBODY,
    },
    "Reflections": {
        "a subscriber": JOURNAL,
        "links": "the link to your journal, which works for 24 hours",
        "set-aside": DEALT_WITH,
    },
    "Suppressions": {"a subscriber": "A scrambled trace of your address"},
    "Limits": {
        "mailbox": "(hashes) of your mailbox",
        "network": "your network’s address",
        **dict.fromkeys(("answers", "asks", "asks-of-others", "help", "unproven", "journal-links"), DEALT_WITH),
        **dict.fromkeys(("told", "stop", "erase", "inbound", "mail", "notice", "way-back"), DEALT_WITH),
        **dict.fromkeys(("forms", "forms-of-day", "events", "breaker"), NOBODY),
    },
}
"""The words of the privacy page that name each kind of item, and each field of a subscriber."""


def kind_of(row: dict[str, Any]) -> str:
    """Returns the kind of an item: the start of its key, unless that is an id or a hash."""
    key = str(row.get("id") or row.get("subscriber") or row.get("address_hash") or row["key"]).partition("#")[0]
    return "a subscriber" if re.fullmatch("[a-z2-7]{16}", key) else key


def names(row: dict[str, Any]) -> Iterator[str]:
    """Yields the names of the fields of an item, including those of its claim and its sign-up."""
    for name, value in row.items():
        yield from (f"{name}.{part}" for part in value) if name in ("claim", "sign_up") else (name,)


@contextmanager
def stored_in(world: World) -> Iterator[dict[tuple[str, str], set[str]]]:
    """Collects the fields that items of each table and kind have after any run of a function."""
    seen: dict[tuple[str, str], set[str]] = defaultdict(set)
    invoke = world.functions.invoke

    def looked_at(*given: Any, **named: Any) -> Any:
        outcome = invoke(*given, **named)
        for table in world.tables():
            for row in world.rows(table):
                seen[table, kind_of(row)] |= {*names(row)}
        return outcome

    with patch.object(world.functions, "invoke", looked_at):
        yield seen


def a_life_with_everything_in_it(world: World) -> None:
    """Does everything that stores something in a table."""
    bob = Person(world, "bob@example.net", source_ip="203.0.113.9").joins()
    world.complained(bob.emails[-1])
    ann = reads(Person(world), 1)
    for text in ("I never said it.", "I might stop the course, not sure yet.", "How do I change my address?", "HELP"):
        ann.replies(text)
    world.deliver(written("I see.", ann.emails[-1], ann.address), reply_to(ann.emails[-1]), verdicts={"dmarc": "FAIL"})
    world.deliver(written("PAUSE", ann.emails[-1], "eve@example.com"), reply_to(ann.emails[-1]))
    world.bounced(ann.emails[-1], "Transient", "MailboxFull")
    ann.presses("pause")
    ann.presses("resume")
    ann.replies("Delete my data")
    while next_email(world).tags["email"] != "safety-first":
        pass
    ann.replies("Sometimes.")
    ann.presses("again")
    ann.presses("stop")
    ann.signs_up()
    ann.in_the_journal("end-links")
    world.ses.sending_enabled = False
    ann.erases()


def privacy_page(world: World) -> str:
    return " ".join(world.request("GET", "/privacy").text.split())


def test_everything_that_is_stored_is_named_on_the_privacy_page(world: World) -> None:
    with stored_in(world) as seen:
        a_life_with_everything_in_it(world)
    assert {kind for _, kind in seen} == {kind for kinds in NAMED.values() for kind in kinds}
    page = privacy_page(world)
    for (table, kind), found in seen.items():
        words = NAMED[table][kind]
        for name in found:
            phrase = words if isinstance(words, str) else words.get(name, "named nowhere")
            assert phrase in page, (table, kind, name)
    nested = {name.partition(".")[0] for name in _SUBSCRIBER}
    assert nested >= {*stored_names(Subscriber).values()}, "fields that this life left empty are named too"


def test_no_trace_is_kept_for_longer_than_the_page_says(world: World) -> None:
    kept: dict[str, float] = defaultdict(float)
    invoke = world.functions.invoke

    def looked_at(*given: Any, **named: Any) -> Any:
        outcome = invoke(*given, **named)
        for row in world.rows("Limits"):
            if kind := NAMED["Limits"][kind_of(row)]:
                kept[str(kind)] = max(kept[str(kind)], float(row["expires_at"]) - world.now().timestamp())
        return outcome

    with patch.object(world.functions, "invoke", looked_at):
        a_life_with_everything_in_it(world)
    page, day = privacy_page(world), timedelta(days=1).total_seconds()
    assert "<td>30 days at most; your network’s for two hours</td>" in page
    assert 0 < kept.pop("your network’s address") <= 2 * 3600
    assert len(kept) == 2
    assert 0 < max(kept.values()) <= 30 * day


def test_a_form_without_effect_is_kept_for_a_day_at_most(world: World) -> None:
    """It is stored until `send` has carried it out, whatever the result."""
    ann = Person(world)
    with without(world, "send"):
        ann.asks_for_a_link()
        [form] = [row for row in world.rows("Subscribers") if kind_of(row) == "form"]
        assert form["address"] == ann.address
        assert float(form["expires_at"]) - world.now().timestamp() <= timedelta(days=1).total_seconds()
    world.advance(timedelta(minutes=6))
    assert ann.address not in str([world.rows(table) for table in world.tables()])


def test_queue_messages_hold_addresses_and_never_the_text_of_a_reply(world: World) -> None:
    """Looks at messages as they wait, and as they would be in a dead-letter queue."""
    ann = reads(Person(world), 1)
    with without(world, "receive_reply"), without(world, "record_delivery"), without(world, "send"):
        ann.replies("I never said it aloud.")
        world.bounced(ann.emails[-1])
        ann.presses("pause")
        waiting = {queue.logical_id: str([*queue.waiting, *queue.delayed]) for queue in world.queues()}
    assert all(ann.address in waiting[queue] for queue in ("Inbound", "Feedback"))
    assert "paused" in waiting["Outbox"]
    for held in waiting.values():
        assert "never said" not in held
    assert ann.address not in waiting["Outbox"]


def test_looking_at_pages_counts_nothing_and_metrics_name_nobody(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it aloud.")
    paths = {path for paths in paths_of(world, ann).values() for path in paths}
    before = [*metrics_of(world)]
    assert {series.name for series, _ in before} >= {"SignUps", "Confirmed", "Sent", "Reflections"}
    assert sum(world.request("GET", path).status == 200 for path in paths) > 20
    assert [*metrics_of(world)] == before
    world.request("POST", ann.link("/unsubscribe/"), form={"why": "ann@example.net"})
    world.request("POST", ann.link("/unsubscribe/", ann.emails[-2]), form={"why": "time"})
    [dimensions] = {series.dimensions for series, _ in metrics_of(world)}
    assert {name for name, _ in dimensions} == {"service"}
    assert all(re.fullmatch(r"[A-Z]\w+(\.[\w-]+)?", series.name) for series, _ in metrics_of(world))


def test_every_page_has_the_link_to_leave_it_at_its_top(world: World) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    paths = {path for paths in paths_of(world, ann).values() for path in paths} - {"/style.css", "/page.js"}
    asked = [("GET", path) for path in paths] + [("POST", path) for path in (*paths, journal, f"{journal}/data")]
    pages = 0
    for method, path in asked:
        answer = world.request(method, path, form={} if method == "POST" else None)
        if answer.status == 303 or "content-disposition" in answer.headers:
            continue  # a redirect to a page, or a file
        top, main, _ = answer.text.partition("<main")
        assert main, (method, path)
        assert f'<a class="exit" href="{ELSEWHERE}"' in top, (method, path)
        pages += 1
    assert pages > 40


def test_replies_are_mailed_only_to_their_subscriber(world: World) -> None:
    """Whatever happens to a reply: kept, doubtful, from another address, automatic."""
    ann = reads(Person(world), 1)
    for text in ("I never said it aloud.", "I might stop, not sure I never said it aloud.", "JOURNAL"):
        ann.replies(text)
    for sender in ("eve@example.com", ann.address):
        mail = written("I never said it aloud.", ann.emails[-1], sender)
        world.deliver(mail, reply_to(ann.emails[-1]), verdicts={"spam": "FAIL"})
        world.deliver(mail, "nobody@reply.example.org", verdicts={"dmarc": "FAIL"})
    while next_email(world).tags["email"] != "keep-showing-up":
        pass
    assert "never said it aloud" in (ann.emails[-1].text or "")
    assert {address for email in world.emails for address in email.to} == {ann.address}
