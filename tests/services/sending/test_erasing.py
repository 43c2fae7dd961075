"""An erasure from the journal page: it acts at once, always completes, and sends one last email."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from aws import clients
from aws.inbound import RawMail
from aws.limits import Limits
from aws.reflections import Reflections
from aws.ses import Mailer, Refusal, Refused, Sent, Unknown
from aws.unfinished import Erasing
from content.emails import Email
from local_cloud.cloud import World
from local_cloud.functions import forget_everything
from services.sending import erasing
from tests.metrics import counted_by
from tests.people import Person
from tests.stories import reads, without, without_schedules


def left(world: World) -> list[dict[str, Any]]:
    """The items that hold an address, words or the erasure itself."""
    people = [row for row in world.rows("Subscribers") if "home" not in row]
    return people + world.rows("Reflections")


def raw_mail(world: World) -> int:
    return int(world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail"))["KeyCount"])


def later(world: World, hours: float) -> None:
    """Lets time pass, and then runs a few ticks that find everything due."""
    without_schedules(world, timedelta(hours=hours) - timedelta(minutes=40))
    for _ in range(2):
        world.advance(timedelta(minutes=20))


def test_everything_is_deleted_and_one_last_email_says_so(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    sent = len(ann.emails)
    ann.erases()
    assert left(world) == []
    assert raw_mail(world) == 0
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["journal", "erased"]
    later(world, 25)
    assert len(ann.emails) == sent + 2


def test_p4_nothing_is_found_after_the_press(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    page, journal = ann.page_url, ann.journal_url
    with without(world, "send"):
        ann.erases()
        assert world.request("GET", page).status == 404
        assert world.request("POST", journal, form={}).status == 404
        assert world.request("POST", f"{page}/journal", form={}).status == 404
        ann.replies("Is anybody there?")
        assert len(world.rows("Reflections")) == 2, "the reflection and the link, until the queued erasure runs"
        assert not world.subscribers()
    world.drain()
    assert left(world) == []


@pytest.mark.parametrize("fails", [(RawMail, "delete"), (Reflections, "delete"), (Mailer, "send"), (Limits, "close")])
def test_p6_an_erasure_of_sixty_replies_completes_after_a_crash_at_any_call(
    world: World, monkeypatch: pytest.MonkeyPatch, fails: tuple[type, str]
) -> None:
    """Every 25th call fails: each try continues where the one before stopped."""
    ann = reads(Person(world), 1)
    ann.replies("The first.")
    one = next(clients.reflections().of(str(ann.row["id"])))
    for number in range(59):
        clients.reflections().add(replace(one, mail_id=f"mail{number}"))
    owner, name = fails
    journal = ann.journal_url
    works, calls = getattr(owner, name), []

    def fails_at_times(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) % 25 == 1:
            raise TimeoutError
        return works(*given, **named)

    monkeypatch.setattr(owner, name, fails_at_times)
    for _ in range(3):  # a person whose press fails presses again
        answer = world.request("POST", f"{journal}/erase", form={"sure": "yes"})
        if answer.status == 200:
            break
    for _ in range(12):
        world.advance(timedelta(minutes=20))
    assert left(world) == []
    assert [email.tags["email"] for email in ann.emails].count("erased") == 1
    world.failures.clear()


def test_the_address_is_kept_for_at_most_24_hours_while_ses_takes_no_email(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    journal = ann.journal_url
    counted = counted_by(erasing, monkeypatch)
    monkeypatch.setattr(Mailer, "send", lambda *_: Refused(Refusal.THROTTLED, "Throttling"))
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    later(world, 23)
    assert [row["address"] for row in left(world)] == ["ann@example.net"]
    later(world, 1)
    assert left(world) == []
    assert counted == ["ErasedUntold"]


def test_p6_an_erasure_that_waited_for_the_scheduler_for_longer_is_told_in_its_last_try(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    counted = counted_by(erasing, monkeypatch)
    with monkeypatch.context() as refused:
        refused.setattr(Mailer, "send", lambda *_: Refused(Refusal.THROTTLED, "Throttling"))
        world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    without_schedules(world, timedelta(hours=26))
    later(world, 1)
    assert (left(world), counted) == ([], ["ErasedTold"])
    assert [email.tags["email"] for email in ann.emails].count("erased") == 1


@pytest.mark.parametrize("answer", [Refused(Refusal.ADDRESS, "MessageRejected"), Refused(Refusal.SANDBOX, "x")])
def test_a_last_email_that_ses_never_takes_is_counted_and_the_address_deleted_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: Refused
) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    counted = counted_by(erasing, monkeypatch)
    monkeypatch.setattr(Mailer, "send", lambda *_: answer)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert (left(world), counted) == ([], ["ErasedUntold"])


def test_a_last_email_in_doubt_is_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    answers = [Unknown(), Sent("taken")]
    monkeypatch.setattr(Mailer, "send", lambda *_: answers.pop(0))
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert left(world) != []
    later(world, 1)
    assert (left(world), answers) == ([], [])


def test_a6_the_last_email_is_sent_although_the_course_is_deleted(own_course: tuple[World, Path]) -> None:
    world, course = own_course
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    shutil.rmtree(course)
    forget_everything(lessons=True)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert (left(world), ann.emails[-1].tags["email"]) == ([], "erased")


def test_a_last_email_always_in_doubt_is_sent_a_few_times_and_then_the_address_is_deleted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the emails may have arrived, so the wait doubles each time, within the 24 hours."""
    ann = reads(Person(world), 1)
    journal, given = ann.journal_url, list[Email]()
    counted = counted_by(erasing, monkeypatch)

    def unanswered(_: Mailer, email: Email, _tags: dict[str, str]) -> Unknown:
        given.append(email)
        return Unknown()

    monkeypatch.setattr(Mailer, "send", unanswered)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    world.advance(timedelta(hours=3))
    assert (len(given), counted) == (4, [])
    assert left(world) != [], "SES may still take it"
    world.advance(timedelta(hours=21))
    assert (len(given), left(world), counted) == (8, [], ["ErasedUntold"])


def test_p5_no_last_email_goes_to_an_address_that_an_attacker_stored(world: World) -> None:
    """The sign-up function may write to this table; with an attacker's code it could write this item."""
    ann = reads(Person(world), 1)
    ann_id = str(ann.row["id"])
    clients.erasures().begin(
        Erasing(ann_id, "rebuild-trust", "mallory@example.org", 1, "UTC", world.now(), world.now())
    )
    later(world, 1)
    assert not world.mails_to("mallory@example.org")
