"""Sending: what SES's answers lead to, and what every email has.

One subscriber's problem stops no other subscriber.
"""

import json
import re
from datetime import datetime, timedelta
from email import message_from_bytes
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ConnectionClosedError, ConnectTimeoutError, ReadTimeoutError

import record_delivery
from aws import clients, ses_events
from aws.limits import Limits
from cli.check import check
from course.record import Status
from local_cloud import ses_events as published
from local_cloud.clients import reply
from local_cloud.cloud import TEMPLATE, World
from local_cloud.functions import forget_everything
from local_cloud.ses_rules import SesError
from services.sending import Sending
from tests.conftest import MONDAY
from tests.metrics import goes_off
from tests.people import Person
from tests.services.test_public_forms import asks_for_link
from tests.services.test_receiving import reply_to, written
from tests.stories import (
    edit,
    is_asked_to_keep,
    next_email,
    nothing_comes,
    reads,
    unchanged,
    without,
    without_schedules,
    without_schedules_until,
)
from tests.test_record_delivery import records

URL = "https://email.eu-west-1.amazonaws.com"
THROTTLED = SesError("TooManyRequestsException", "Maximum sending rate exceeded.")
BERLIN = ZoneInfo("Europe/Berlin")


def ses_answers(world: World, monkeypatch: pytest.MonkeyPatch, *errors: Exception, taken: bool = False) -> list[Any]:
    """Makes SES's next requests raise these errors, with the email taken or not.

    Returns the list of all requests that SES gets.
    """
    take, left, requests = world.ses.send, list(errors), []

    def send(request: dict[str, Any]) -> Any:
        requests.append(request)
        if not left:
            return take(request)
        if taken:
            take(request)
        raise left.pop(0)

    monkeypatch.setattr(world.ses, "send", send)
    return requests


def emails(person: Person) -> list[str]:
    """The lesson and notice ids of the emails that came."""
    return [email.tags["email"] for email in person.emails]


# ---------------------------------------------------------------- SES's answers


def test_e1_a_lesson_throttled_once_is_sent_later_the_same_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Person(world).joins()
    requests = ses_answers(world, monkeypatch, THROTTLED)
    lesson = next_email(world)
    assert emails(ann) == ["confirm", "intro", "acknowledge"]
    assert len(requests) == 2
    local = lesson.at.astimezone(BERLIN)
    assert (local.day, local.hour) == (24, 7)
    assert "claim" not in ann.row
    following = next_email(world)
    assert following.at.astimezone(BERLIN).day == 25


def test_e1_a_throttled_attempt_changes_only_the_version(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Person(world).joins()
    before = {name: value for name, value in ann.row.items() if name != "version"}
    ses_answers(world, monkeypatch, *[THROTTLED] * 3)
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    for _ in range(3):
        world.invoke("dispatch", {})
        world.drain()
        assert {name: value for name, value in ann.row.items() if name != "version"} == before
    world.invoke("dispatch", {})
    world.drain()
    assert emails(ann) == ["confirm", "intro", "acknowledge"]


def test_e1_lessons_beyond_the_daily_quota_are_sent_when_it_is_free_again(world: World) -> None:
    people = [Person(world, f"p{n}@example.net", source_ip=f"203.0.113.{n}").joins() for n in range(3)]
    world.ses.max_24_hour_send = len(world.emails) + 1
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.advance(timedelta(minutes=20))
    assert len(world.emails) == 7
    # When the quota is free again, a day after the sign-ups, the others get the same lesson, late.
    without_schedules_until(world, MONDAY.replace(day=24, hour=9, minute=5))
    world.advance(timedelta(minutes=10))
    assert [emails(person) for person in people] == [["confirm", "intro", "acknowledge"]] * 3
    assert all("claim" not in person.row for person in people)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectionClosedError(endpoint_url=URL),
        SesError("InternalServiceErrorException", "Try again."),
    ],
    ids=["read timeout", "connection closed", "5xx"],
)
def test_e2_an_attempt_in_doubt_is_not_repeated_and_its_event_settles_it(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    if isinstance(error, SesError):
        error.status = 500
    ann = Person(world).joins()
    requests = ses_answers(world, monkeypatch, error, taken=True)
    with without(world, "record_delivery"):
        lesson = next_email(world)
        claim = ann.row["claim"]
        assert isinstance(claim, dict)
        assert claim["attempt"] == lesson.tags["attempt"]
        assert ann.row["next_lesson"] == "acknowledge"
        world.advance(timedelta(hours=1))  # the dispatcher runs twelve times
        assert len(requests) == 1
        assert len(ann.emails) == 3
    world.drain()
    assert "claim" not in ann.row
    assert (ann.row["next_lesson"], ann.row["message_id"]) == ("own-it", lesson.id)
    following = next_email(world)
    assert following.tags["email"] == "own-it"
    assert following.at.astimezone(BERLIN).day == 25


def test_e3_an_email_without_an_event_is_sent_again_at_the_next_slot_if_other_events_came(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of other emails come, so no event is missing and SES did not take this email."""
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL))
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.invoke("dispatch", {})
    world.drain()
    assert "claim" in ann.row
    without_schedules(world, timedelta(minutes=2))  # SES may have taken it a little later than the claim says
    Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    without_schedules_until(world, MONDAY.replace(day=25, hour=6, minute=50))
    world.invoke("dispatch", {})
    world.drain()
    assert emails(ann) == ["confirm", "intro", "acknowledge"]
    assert "claim" not in ann.row


def test_e3_an_email_in_doubt_is_held_if_no_event_came_at_all(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL))
    for day in (24, 25, 26):
        without_schedules_until(world, MONDAY.replace(day=day, hour=6, minute=50))
        world.invoke("dispatch", {})
        world.drain()
    assert emails(ann) == ["confirm", "intro"]
    assert ann.row["held"] == "in doubt"
    assert goes_off(world.resources.properties("HeldAlarm"), world)
    assert "Your place is kept." in ann.page


def test_e1_a_failed_connection_does_not_count_as_an_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, ConnectTimeoutError(endpoint_url=URL))
    lesson = next_email(world)
    assert lesson.at.astimezone(BERLIN).hour == 7
    assert emails(ann)[-1] == "acknowledge"


@pytest.mark.parametrize("what", ["paused", "suspended", "identity", "mail from", "denied"])
def test_e4_no_subscriber_advances_while_ses_refuses_the_account(
    world: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    before = [{k: v for k, v in person.row.items() if k != "version"} for person in (ann, bob)]
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    # SES begins to refuse the account after `dispatch` and before `send`, so `send` finds out.
    source = next(source for source in world.event_sources if source.function.name == "send")
    source.enabled = False
    world.invoke("dispatch", {})
    source.enabled = True
    if what == "denied":
        take = world.ses.send
        ses_answers(world, monkeypatch, *[SesError("AccessDeniedException", "User is not authorized")] * 99)
    world.ses.sending_enabled = what != "paused"
    world.ses.suspended = what == "suspended"
    world.ses.unverified = {"mail.example.org"} if what == "identity" else set()
    world.ses.mail_from_verified = what != "mail from"
    world.drain()

    assert [{k: v for k, v in person.row.items() if k != "version"} for person in (ann, bob)] == before
    assert goes_off(world.resources.properties("BreakerAlarm"), world)
    refusals = sum(call.operation == "ses:SendEmail" for call in world.calls)
    world.invoke("dispatch", {})
    world.drain()
    assert sum(call.operation == "ses:SendEmail" for call in world.calls) == refusals  # no other attempt meanwhile
    assert len(world.emails) == 4

    world.ses.sending_enabled, world.ses.suspended, world.ses.mail_from_verified = True, False, True
    world.ses.unverified = set()
    if what == "denied":
        monkeypatch.setattr(world.ses, "send", take)
    world.advance(timedelta(minutes=21))
    assert emails(ann) == emails(bob) == ["confirm", "intro", "acknowledge"]


def test_e5_a_subscriber_with_a_refused_address_is_held_and_the_others_go_on(world: World) -> None:
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    world.ses.refused["ann@example.net"] = "Address blocked."
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.advance(timedelta(minutes=20))
    assert emails(ann) == ["confirm", "intro"]
    assert emails(bob) == ["confirm", "intro", "acknowledge"]
    assert str(ann.row["held"]).startswith("SES refused the address")
    assert "claim" not in ann.row
    assert ann.row["next_lesson"] == "acknowledge"
    assert goes_off(world.resources.properties("HeldAlarm"), world)
    assert sum(call.operation == "ses:SendEmail" for call in world.calls) == 6  # it was tried once


# ---------------------------------------------------------------- claims and time


def test_d6_with_too_little_time_left_nothing_is_claimed(world: World) -> None:
    ann = Person(world).joins()
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    message = records({"subscribers": [ann.row["id"]], "rate": 14})
    with unchanged(world):
        assert world.invoke("send", message, seconds=3).payload == {"batchItemFailures": []}
        assert world.invoke("send", message, seconds=20).payload == {"batchItemFailures": []}
    world.invoke("send", message, seconds=40)
    assert emails(ann)[-1] == "acknowledge"


def test_a_message_that_comes_twice_sends_one_email(world: World) -> None:
    ann = Person(world).joins()
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    message = {"subscribers": [ann.row["id"]] * 3, "rate": 1000}
    world.invoke("send", records(message, message))
    world.invoke("send", records(message))
    assert emails(ann) == ["confirm", "intro", "acknowledge"]


def test_u5_unsubscribing_between_claim_and_send_stops_all_later_emails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The claimed email may still be sent. No email follows it, and the subscriber stays stopped."""
    ann = Person(world).joins()
    subscriber, take = str(ann.row["id"]), world.ses.send

    def unsubscribes_meanwhile(request: dict[str, Any]) -> Any:
        stopped = clients.subscribers().change(subscriber, lambda current: current.stopped(Status.UNSUBSCRIBED))
        assert stopped
        assert stopped.claim
        return take(request)

    monkeypatch.setattr(world.ses, "send", unsubscribes_meanwhile)
    next_email(world)
    assert ann.row["status"] == "unsubscribed"
    assert "claim" not in ann.row
    assert "due_shard" not in ann.row
    assert nothing_comes(world)
    assert emails(ann) == ["confirm", "intro", "acknowledge"]


def test_notices_are_sent_once_for_each_key(world: World) -> None:
    ann = Person(world).joins()
    row = ann.row
    notice = {"notice": "help", "subscriber": row["id"], "epoch": int(str(row["epoch"])), "key": "mail-1"}
    for message in (notice, notice, notice | {"key": "mail-2"}, notice | {"epoch": 1, "key": "mail-3"}):
        assert world.invoke("send", records(message)).payload == {"batchItemFailures": []}
    assert emails(ann) == ["confirm", "intro", "help", "help"]


def test_a_throttled_notice_is_sent_later_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with World(start=MONDAY) as world:
        ann = Person(world).joins()
        ses_answers(world, monkeypatch, THROTTLED)
        ann.replies("PAUSE")
        assert emails(ann) == ["confirm", "intro"]
        world.advance(timedelta(minutes=10))
        assert emails(ann) == ["confirm", "intro", "paused"]
        assert [queue.waiting for queue in world.queues() if queue.is_dead_letters] == [()] * 3


def test_e7_a_notice_waits_for_days_until_ses_takes_it(world: World) -> None:
    """`send` queues it again meanwhile. The template tells Lambda to allow that loop (test_template.py)."""
    ann = Person(world).joins()
    world.ses.sending_enabled = False
    ann.replies("PAUSE")
    world.advance(timedelta(days=2))
    assert emails(ann) == ["confirm", "intro"]
    world.ses.sending_enabled = True
    world.advance(timedelta(minutes=25))
    assert emails(ann) == ["confirm", "intro", "paused"]
    assert [queue.waiting for queue in world.queues() if queue.is_dead_letters] == [()] * 3


# ---------------------------------------------------------------- a course that was edited


@pytest.mark.parametrize("holds", [False, True])
def test_e3_a_course_may_always_hold_an_email_in_doubt(
    own_course: tuple[World, Path], monkeypatch: pytest.MonkeyPatch, holds: bool
) -> None:
    """Events come by the next day, so it is sent again, unless the course wants an operator to decide."""
    world, course = own_course
    if holds:
        edit(course / "course.toml", 'in_doubt = "resend"', 'in_doubt = "hold"')
    world.ses.destinations.clear()
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL))
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.invoke("dispatch", {})
    world.drain()
    clients.limits().note_event(world.now() + timedelta(hours=1))
    without_schedules_until(world, MONDAY.replace(day=25, hour=6, minute=50))
    world.invoke("dispatch", {})
    world.drain()
    assert ann.row.get("held", "") == ("in doubt" if holds else "")
    assert emails(ann)[2:] == ([] if holds else ["acknowledge"])


def test_a2_a_removed_lesson_is_passed_over(own_course: tuple[World, Path]) -> None:
    world, course = own_course
    ann = reads(Person(world), 1)
    (course / "02-own-it.md.j2").unlink()
    (course / "03-apology-in-action.md.j2").unlink()
    forget_everything(lessons=True)
    for _ in range(3):
        next_email(world)
    assert nothing_comes(world)
    assert emails(ann)[2:] == ["acknowledge", "no-rush-to-forgiveness", "safety-first", "keep-showing-up"]
    assert ann.row["status"] == "completed"
    assert not world.failures


def test_a2_subscribers_keep_their_order_when_the_course_is_edited_and_reordered(
    own_course: tuple[World, Path],
) -> None:
    """Corrected text reaches every subscriber.

    The new order is only for those who begin after the change.
    """
    world, course = own_course
    ann = reads(Person(world), 2)
    (course / "01-acknowledge.md.j2").rename(course / "09-acknowledge.md.j2")  # already sent, and now last
    (course / "04-no-rush-to-forgiveness.md.j2").rename(course / "00-no-rush-to-forgiveness.md.j2")
    edit(course / "05-safety-first.md.j2", 'subject = "', 'subject = "Corrected: ')
    for _ in range(4):
        next_email(world)
    assert nothing_comes(world)
    assert emails(ann)[2:] == [
        "acknowledge",
        "own-it",
        "apology-in-action",
        "no-rush-to-forgiveness",
        "safety-first",
        "keep-showing-up",
    ]
    assert ann.emails[-2].subject.startswith("Corrected: ")
    assert ann.row["status"] == "completed"
    assert not world.failures


def test_a4_a_renamed_lesson_is_the_same_lesson(own_course: tuple[World, Path]) -> None:
    """For its old reply address, a plan, the sent lessons, a quoted answer and a link in an email."""
    world, course = own_course
    ann = reads(Person(world), 2)
    bea = reads(Person(world, "bea@example.net", source_ip="203.0.113.9", hour=0), 1)  # before Ann's next lesson
    lesson = next(email for email in ann.emails if email.tags["email"] == "own-it")
    ann.replies("I lied to her.", lesson)
    edit(course / "02-own-it.md.j2", "+++\nsubject", '+++\nwas = ["own-it"]\nsubject')
    (course / "02-own-it.md.j2").rename(course / "02-say-it.md.j2")
    edit(course / "03-apology-in-action.md.j2", "reflections['own-it']", "reflections['say-it']")
    assert not check(course.parent, course.parent.parent / "template.yaml")
    ann.replies("And to him.", lesson)
    assert [row["lesson"] for row in ann.reflections] == ["own-it", "say-it"]
    page = world.request("GET", next(url for _, url in lesson.links() if "/lessons/own-it" in url))
    assert lesson.subject in unescape(page.text)
    for _ in range(2):
        next_email(world)
    assert emails(bea)[2:] == ["acknowledge", "say-it"]
    assert emails(ann)[2:] == ["acknowledge", "own-it", "apology-in-action"]
    assert "I lied to her." in (ann.emails[-1].text or "")
    while not nothing_comes(world, days=1):
        pass
    closing = ann.emails[-1]
    assert closing.tags["email"] == "keep-showing-up"
    assert (closing.text or "").index("I lied to her.") < (closing.text or "").index("And to him.")
    assert "Between the lessons" not in (closing.text or "")
    assert emails(bea)[2:5] == ["acknowledge", "say-it", "apology-in-action"]
    assert not world.failures


def test_a4_a_renamed_way_back_and_closing_letter_end_the_course(own_course: tuple[World, Path]) -> None:
    """The way back is answered by a reply to an email from before, and the plan has the old names."""
    world, course = own_course
    ann = reads(Person(world), 5)
    ann.replies("not yet")
    for old, new in (("05-safety-first", "05-safe"), ("06-keep-showing-up", "06-go-on")):
        edit(course / f"{old}.md.j2", "+++\nsubject", f'+++\nwas = ["{old[3:]}"]\nsubject')
        (course / f"{old}.md.j2").rename(course / f"{new}.md.j2")
    edit(course / "course.toml", '"safety-first"', '"safe"')
    edit(course / "course.toml", '"keep-showing-up"', '"go-on"')
    assert ann.row["round"] == 2
    ann.replies("yes", next(email for email in ann.emails if email.tags["email"] == "safety-first"))
    assert ann.row["next_lesson"] == "go-on"
    next_email(world)
    assert emails(ann)[-1] == "go-on"
    assert ann.row["status"] == "completed"


def test_a_reply_to_a_lesson_sent_before_the_course_was_shortened_is_understood(
    own_course: tuple[World, Path],
) -> None:
    """Its “Day 1 of 5” can't be made again, but it is not kept as own words, and a STOP is obeyed."""
    world, course = own_course
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    assert "Day 1 of 5" in str(lesson.text)
    (course / "03-apology-in-action.md.j2").unlink()
    forget_everything(lessons=True)
    for text in ("I said it to her.", "STOP"):
        world.deliver(reply("gmail", lesson, text, world.now()), lesson.reply_to[0])
    assert [row["text"] for row in ann.reflections] == ["I said it to her."]
    assert ann.row["status"] == "unsubscribed"


@pytest.mark.parametrize("program", ["gmail", "outlook", "apple-mail"])
def test_u6_stop_in_answer_to_a_lesson_edited_since_is_obeyed(own_course: tuple[World, Path], program: str) -> None:
    """The changed text looks like the subscriber's own words; a STOP above the quote can."""
    world, course = own_course
    ann = reads(Person(world), 1)
    edit(course / "01-acknowledge.md.j2", "So you say sorry fast", "So you quickly say sorry")
    world.deliver(reply(program, ann.emails[-1], "STOP", world.now()), ann.emails[-1].reply_to[0])
    assert ann.row["status"] == "unsubscribed"
    assert not ann.reflections
    assert emails(ann)[-1] == "goodbye"


def test_a_broken_template_holds_no_subscriber_and_stops_no_other(own_course: tuple[World, Path]) -> None:
    world, course = own_course
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    eve = Person(world, "eve@example.net", "Eve", source_ip="203.0.113.10").joins()
    broken = "{% if first_name == 'Bob' %}\n{{ no_such_thing }}\n{% endif %}\n"
    lesson = course / "01-acknowledge.md.j2"
    edit(lesson, "{% if coming_back %}", f"{broken}\n{{% if coming_back %}}")
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    before = dict(bob.row)
    world.invoke("dispatch", {})
    (message,) = next(queue.waiting for queue in world.queues() if queue.logical_id == "Outbox")
    assert len(json.loads(message)["subscribers"]) == 3
    world.drain()

    assert emails(ann) == emails(eve) == ["confirm", "intro", "acknowledge"]
    # Bob's lesson is tried again later, so that it delays no other subscriber; the log names the file.
    assert {name for name in bob.row if bob.row[name] != before[name]} == {"due_at", "version"}
    assert str(bob.row["due_at"]) > world.now().isoformat()
    (told,) = [line for line in world.logs if '"message":"an email cannot be made"' in line]
    assert json.loads(told)["where"] == "01-acknowledge.md.j2"
    assert [line for line in world.logs if '"Broken"' in line]
    edit(lesson, broken, "")
    world.advance(timedelta(minutes=30))
    assert emails(bob) == ["confirm", "intro", "acknowledge"]
    assert len(ann.emails) == 3


def test_a3_template_syntax_in_plain_texts_of_a_course_is_shown_as_it_is(own_course: tuple[World, Path]) -> None:
    world, course = own_course
    edit(course / "course.toml", 'title = "Rebuilding Trust"', 'title = "Trust {{ 7*7 }} {% if x %}"')
    edit(course / "01-acknowledge.md.j2", 'question = "', 'question = "{{ first_name }} <b>?</b> ')
    edit(course / "01-acknowledge.md.j2", 'subject = "', 'subject = "{{ 7*7 }} & ')
    with (course / "about.md").open("a", encoding="utf-8") as about:
        about.write("\n\nAbout {{ 7*7 }} and {% if x %} and <b>bold</b>.\n")
    forget_everything(lessons=True)
    page = world.request("GET", "/").text
    assert "Trust {{ 7*7 }} {% if x %}" in page
    assert "About {{ 7*7 }} and {% if x %} and &lt;b&gt;bold&lt;/b&gt;." in page
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    assert email.subject.startswith("{{ 7*7 }} & Before")
    assert "{{ first_name }} <b>?</b> Which part" in (email.text or "")
    assert "{{ first_name }} &lt;b&gt;?&lt;/b&gt; Which part" in (email.html or "")
    assert "Trust {{ 7*7 }} {% if x %}" in (email.html or "")
    assert "Trust {{ 7*7 }} {% if x %}" in (email.text or "")


# ---------------------------------------------------------------- what every email has


def everything_that_is_mailed(world: World) -> Person:
    """Sends a subscriber the whole course, a second round, every notice and each kind of offer."""
    ann = reads(Person(world), 4)
    is_asked_to_keep(ann)
    ann.replies("I might stop the course, not sure yet.")
    world.deliver(written("PAUSE", ann.emails[-1]), reply_to(ann.emails[-1]), verdicts={"dmarc": "FAIL"})
    for command in ("PAUSE", "RESUME", "TIME 7", "JOURNAL", "EXPORT", "JOURNAL", "EXPORT", "DELETE MY DATA", "HELP"):
        ann.replies(command)
    ann.signs_up()
    fifth = next_email(world)
    ann.replies("Sometimes.", fifth)
    ann.replies("yes", fifth)
    ann.replies("Not yet", fifth)
    ann.replies("SKIP")
    ann.presses("yes")
    ann.replies("SKIP")
    next_email(world)
    asks_for_link(ann)
    ann.replies("AGAIN")
    ann.replies("STOP")
    without_schedules(world, timedelta(days=1))
    ann.signs_up()
    ann.replies("I suppose so.")
    ann.zone = str(ann.row["zone"])
    ann.erases()
    return ann


def test_every_email_has_the_required_headers_links_and_helplines(world: World) -> None:
    ann = everything_that_is_mailed(world)
    course = clients.library().courses["rebuild-trust"]
    notices = course.language.notices
    files = {notices[name].file if name in notices else name for name in emails(ann)}
    assert files == {*(notice.file for notice in notices.values()), *course.lessons}
    site = world.parameters["SiteUrl"]
    (country,) = course.language.helplines_in(ann.zone)
    numbers = [country["emergency"], *(line["number"] for line in country["lines"])]
    addresses = set()
    for email in ann.emails:
        name = email.tags["email"]
        text, html = email.text or "", email.html or ""
        assert email.source == "Rebuilding Trust <course@mail.example.org>"
        assert email.to == ("ann@example.net",)
        assert email.header("Auto-Submitted") == "auto-generated"
        assert email.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert re.match(rf"<{site}/unsubscribe/[\w-]{{44}}>, <mailto:", email.header("List-Unsubscribe") or "")
        assert email.configuration_set == world.resources.ref("ConfigurationSet")
        (reply,) = email.reply_to
        assert re.fullmatch(r"[a-z2-7]{33,34}@reply\.example\.org", reply)
        addresses.add(reply)
        kinds = [part.get_content_type() for part in message_from_bytes(email.raw).walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"]
        for part in (text, html):
            assert not re.search(r"\{\{|\}\}|\{%|%\}|\{#|jj\d+jj|\bUndefined", part), name
            assert world.parameters["PostalAddress"] in part, name
            assert f"{site}/unsubscribe/" in part, name
            assert all(number in part for number in numbers), name
            assert "not therapy" in part, name
            assert (f"{site}/me/" in part) is (name not in ("confirm", "ask-confirm", "erased")), name
            assert ("Ann" in re.sub(r"http\S+", "", part)) is (
                name not in ("confirm", "ask-confirm", "already-here", "erased")
            ), name
        assert "<script" not in html
        assert html.lower().startswith("<!doctype html>")
        assert len(html.encode()) < 102_400, name  # Gmail cuts there
        assert all(url.startswith(("http://", "https://", "tel:", "mailto:")) for _, url in email.links())
    assert len(addresses) >= 12  # each email has its own: a notice's is not a lesson's


def test_every_link_of_a_lesson_opens_a_page(world: World) -> None:
    ann = reads(Person(world), 6)
    site = world.parameters["SiteUrl"]
    for email in ann.emails[1:]:
        links = {url for _, url in email.links() if url.startswith(site)}
        links |= set(re.findall(rf"{site}[\w/.-]*", email.text or ""))
        with unchanged(world):
            assert {url: world.request("GET", url).status for url in links} == dict.fromkeys(links, 200)


def test_emails_to_a_subscriber_without_a_name_begin_with_hello(world: World) -> None:
    ann = reads(Person(world, first_name=""), 1)
    for email in ann.emails:
        assert "Hello,\n" in (email.text or "")
        assert "Hello ," not in (email.text or "") + (email.html or "")


def test_a_queued_lesson_waits_while_the_breaker_is_open(world: World) -> None:
    ann = reads(Person(world), 0)
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    limits_of(world).open_breaker("SendingPausedException", world.now())
    body = json.dumps({"subscribers": [ann.row["id"]], "rate": 1})
    outcome = world.invoke("send", {"Records": [record(body)]})
    assert outcome.error is None
    assert emails(ann) == ["confirm", "intro"]
    without_schedules_until(world, world.now() + timedelta(minutes=16))
    world.invoke("send", {"Records": [record(body)]})
    assert emails(ann) == ["confirm", "intro", "acknowledge"]


def test_a_notice_requested_before_the_subscriber_stopped_is_not_sent(world: World) -> None:
    ann = reads(Person(world), 0)
    asked = {"notice": "help", "subscriber": ann.row["id"], "epoch": int(str(ann.row["epoch"])), "key": "k"}
    ann.presses("stop")
    world.invoke("send", {"Records": [record(json.dumps(asked))]})
    assert emails(ann) == ["confirm", "intro", "goodbye"]


def limits_of(world: World) -> Limits:
    """The world's table of limits."""
    return Limits(world.clients.dynamodb, str(world.resources.ref("Limits")))


def record(body: str) -> dict[str, object]:
    """One message as Lambda hands it to `send`."""
    sample = json.loads((TEMPLATE.parent / "events" / "send.json").read_text("utf-8"))["Records"][0]
    return {**sample, "body": body}


def test_e3_an_event_that_comes_after_the_second_attempt_was_refused_settles_the_first(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the lesson would be sent again, although the event says that it was sent."""
    world.ses.destinations.clear()
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL), taken=True)
    lesson = next_email(world)
    clients.limits().note_event(lesson.at + timedelta(hours=1))
    world.ses.max_send_rate = 14
    ses_answers(world, monkeypatch, THROTTLED)
    without_schedules_until(world, lesson.at + timedelta(days=1, hours=2))
    world.invoke("dispatch", {})
    world.drain()
    assert ann.row["unsettled"] == {lesson.tags["attempt"]: "acknowledge"}
    world.invoke("record_delivery", records(published.send(lesson, world.now()).body))
    assert ann.row["next_lesson"] == "own-it"
    assert emails(ann).count("acknowledge") == 1


@pytest.mark.parametrize("then", ["sent", "refused", "unanswered"])
def test_e3_an_event_during_the_second_attempt_settles_the_first_whatever_the_second_leads_to(
    world: World, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """SES may have the second copy by then: the second known window for a duplicate. There is no third."""
    world.ses.destinations.clear()
    ann = Person(world).joins()
    subscriber, take = str(ann.row["id"]), world.ses.send
    ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL), taken=True)
    lesson = next_email(world)
    clients.limits().note_event(lesson.at + timedelta(hours=1))
    news = ses_events.read(json.dumps(published.send(lesson, world.now()).body), "")
    assert news
    answers: list[Exception | None] = [
        {"sent": None, "refused": THROTTLED}.get(then, ReadTimeoutError(endpoint_url=URL))
    ]

    def news_comes_meanwhile(request: dict[str, Any]) -> Any:
        clients.subscribers().change(subscriber, lambda current: record_delivery._settled(current, news))
        if answers and (error := answers.pop()):
            raise error
        return take(request)

    monkeypatch.setattr(world.ses, "send", news_comes_meanwhile)
    without_schedules_until(world, lesson.at + timedelta(days=1, hours=2))
    world.invoke("dispatch", {})
    world.drain()
    assert not answers
    world.advance(timedelta(minutes=10))
    following = next_email(world)
    assert following.tags["email"] == "own-it"
    assert emails(ann).count("acknowledge") == (2 if then == "sent" else 1)


def test_a_notice_in_doubt_is_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with World(start=MONDAY) as world:
        ann = Person(world).joins()
        ses_answers(world, monkeypatch, ReadTimeoutError(endpoint_url=URL))
        ann.replies("PAUSE")
        assert emails(ann) == ["confirm", "intro"]
        world.advance(timedelta(minutes=8))
        assert emails(ann) == ["confirm", "intro", "paused"]


@pytest.mark.parametrize("how", ["put off", "moved back"])
def test_a_notice_in_doubt_is_sent_by_the_next_message_that_asks_for_it(
    world: World, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The notice was put off while nothing was sent, or moved back from the dead letters."""
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, *[ReadTimeoutError(endpoint_url=URL)] * (1 if how == "put off" else 5))
    ann.replies("DELETE MY DATA")
    assert emails(ann) == ["confirm", "intro"]
    if how == "put off":
        clients.limits().open_breaker("SendingPausedException", clients.now())
    without_schedules(world, timedelta(hours=1))
    world.failures.clear()
    if how == "moved back":
        sqs, ref = world.clients.sqs, world.resources.ref
        [dead] = sqs.receive_message(QueueUrl=ref("OutboxDeadLetters"))["Messages"]
        sqs.send_message(QueueUrl=ref("Outbox"), MessageBody=dead["Body"])
        world.drain()
    assert emails(ann) == ["confirm", "intro", "erase"]


def test_a_lesson_that_missed_its_day_counts_as_overdue_although_it_is_sent_the_next(world: World) -> None:
    """Nothing is sent for 26 hours, past the next day's hour: no slot moves, but an alarm must go off."""
    ann = Person(world).joins()
    world.advance_to(MONDAY.replace(day=24, hour=5))
    without_schedules_until(world, MONDAY.replace(day=25, hour=7, minute=2))
    assert not any('"Overdue":[1.0]' in line for line in world.logs)
    world.advance(timedelta(minutes=10))
    assert ann.emails[-1].at.astimezone(BERLIN).day == 25
    assert any('"Overdue":[1.0]' in line for line in world.logs)


def test_a_subscriber_who_joins_just_before_midnight_has_missed_no_day(world: World) -> None:
    without_schedules_until(world, MONDAY.replace(hour=22, minute=58))
    ann = Person(world)
    with without(world, "send"):
        ann.signs_up()
        without_schedules(world, timedelta(minutes=3))
    world.drain()
    assert emails(ann) == ["confirm"]
    assert not any("Overdue" in line for line in world.logs)


def test_e4_a_notice_refused_for_the_account_opens_the_breaker(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = Person(world).joins()
    ses_answers(world, monkeypatch, SesError("SendingPausedException", "Email sending is disabled."))
    ann.replies("PAUSE")
    assert clients.limits().breaker_open(world.now())
    world.advance(timedelta(minutes=25))
    assert emails(ann) == ["confirm", "intro", "paused"]


def test_e4_after_the_account_is_refused_the_rest_of_the_message_is_not_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [Person(world, f"p{n}@example.net", source_ip=f"203.0.113.{n}").joins() for n in range(22)]
    closed = SesError("SendingPausedException", "Email sending is disabled.")
    requests = ses_answers(world, monkeypatch, *[closed] * 22)
    without_schedules_until(world, MONDAY.replace(day=24, hour=8))
    world.invoke("send", records({"subscribers": [person.row["id"] for person in people], "rate": 20}))
    assert len(requests) < 20


@pytest.mark.parametrize(
    "left",
    [[60_000, 60_000, 54_000], [60_000, 25_500, 19_500], [25_000, 22_000, 19_000]],
    ids=["slow", "at the end", "slow email at the end"],
)
def test_a_claim_that_took_too_long_is_undone(world: World, left: list[int]) -> None:
    """A claim is at most 25 s old when SES gets the email: a stop can come too late only in that time."""
    ann = Person(world).joins()
    without_schedules_until(world, datetime.fromisoformat(str(ann.row["due_at"])))
    before, sent = {**ann.row, "version": 0}, len(world.emails)
    milliseconds = iter(left)
    sending = Sending(lambda: next(milliseconds))
    sending.deliver(str(ann.row["id"]), world.now())
    assert len(world.emails) == sent
    assert {**ann.row, "version": 0} == before


def test_an_email_that_missed_its_whole_day_sets_off_an_alarm_although_its_slot_moves(world: World) -> None:
    """A quota that is free only at night moves every slot each night, so that no due time ever grows old."""
    ann = Person(world).joins()
    without_schedules_until(world, datetime.fromisoformat(str(ann.row["due_at"])) + timedelta(hours=20))
    world.advance(timedelta(minutes=6))
    assert goes_off(world.resources.properties("OverdueAlarm"), world)
    assert emails(ann) == ["confirm", "intro"]


def test_notices_wait_while_nothing_is_sent_and_none_is_lost(world: World) -> None:
    ann = Person(world).joins()
    clients.limits().open_breaker("paused", world.now())
    ann.replies("PAUSE")
    for _ in range(12):  # an hour, in which a failed message would have become a dead letter
        world.advance(timedelta(minutes=5))
        clients.limits().open_breaker("paused", world.now())
    assert emails(ann) == ["confirm", "intro"]
    world.advance(timedelta(minutes=25))
    assert emails(ann) == ["confirm", "intro", "paused"]
    assert not any(queue.waiting for queue in world.queues() if queue.is_dead_letters)
