"""An erasure behind the journal link: nothing is found from the press on, it always ends, and it is told once."""

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
from tests.stories import asleep, reads, without


def left(world: World) -> list[dict[str, Any]]:
    """Items that hold an address, words or the erasure itself."""
    people = [row for row in world.rows("Subscribers") if "home" not in row]
    return people + world.rows("Reflections")


def raw_mail(world: World) -> int:
    return int(world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail"))["KeyCount"])


def later(world: World, hours: float) -> None:
    """Time goes on, and then a few ticks find what is due."""
    asleep(world, timedelta(hours=hours) - timedelta(minutes=40))
    for _ in range(2):
        world.advance(timedelta(minutes=20))


def test_everything_goes_and_one_last_email_says_so(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    sent = len(ann.emails)
    ann.erases()
    assert left(world) == []
    assert raw_mail(world) == 0
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["journal", "erased"]
    later(world, 25)
    assert len(ann.emails) == sent + 2


def test_p4_from_the_press_on_nothing_is_found(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    page, journal = ann.page_url, ann.journal_url
    with without(world, "send"):
        ann.erases()
        assert world.request("GET", page).status == 404
        assert world.request("POST", journal, form={}).status == 404
        assert world.request("POST", f"{page}/journal", form={}).status == 404
        ann.replies("Is anybody there?")
        assert len(world.rows("Reflections")) == 2, "the reflection and the link, until the queue comes to them"
        assert not world.subscribers()
    world.drain()
    assert left(world) == []


@pytest.mark.parametrize("fails", [(RawMail, "delete"), (Reflections, "delete"), (Mailer, "send"), (Limits, "close")])
def test_p6_sixty_replies_and_a_crash_at_any_call_end_in_nothing_left(
    world: World, monkeypatch: pytest.MonkeyPatch, fails: tuple[type, str]
) -> None:
    """Every 25th call breaks off: each try goes on where the one before was."""
    ann = reads(Person(world), 1)
    ann.replies("The first.")
    one = next(clients.reflections().of(str(ann.row["id"])))
    for number in range(59):
        clients.reflections().add(replace(one, mail_id=f"mail{number}"))
    owner, name = fails
    journal = ann.journal_url
    works, calls = getattr(owner, name), []

    def breaks_off(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) % 25 == 1:
            raise TimeoutError
        return works(*given, **named)

    monkeypatch.setattr(owner, name, breaks_off)
    for _ in range(3):  # a person whose press fails presses again
        answer = world.request("POST", f"{journal}/erase", form={"sure": "yes"})
        if answer.status == 200:
            break
    for _ in range(12):
        world.advance(timedelta(minutes=20))
    assert left(world) == []
    assert [email.tags["email"] for email in ann.emails].count("erased") == 1
    world.failures.clear()


def test_while_ses_takes_nothing_the_address_stays_for_24_hours_at_most(
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
    asleep(world, timedelta(hours=26))
    later(world, 1)
    assert (left(world), counted) == ([], ["ErasedTold"])
    assert [email.tags["email"] for email in ann.emails].count("erased") == 1


@pytest.mark.parametrize("answer", [Refused(Refusal.ADDRESS, "MessageRejected"), Refused(Refusal.SANDBOX, "x")])
def test_an_email_that_ses_never_takes_is_counted_and_the_address_goes_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, answer: Refused
) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    counted = counted_by(erasing, monkeypatch)
    monkeypatch.setattr(Mailer, "send", lambda *_: answer)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert (left(world), counted) == ([], ["ErasedUntold"])


def test_without_an_answer_it_is_told_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    answers = [Unknown(), Sent("taken")]
    monkeypatch.setattr(Mailer, "send", lambda *_: answers.pop(0))
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert left(world) != []
    later(world, 1)
    assert (left(world), answers) == ([], [])


def test_a6_an_erasure_is_told_although_the_course_is_gone(own_course: tuple[World, Path]) -> None:
    world, course = own_course
    ann = reads(Person(world), 1)
    journal = ann.journal_url
    shutil.rmtree(course)
    forget_everything(lessons=True)
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert (left(world), ann.emails[-1].tags["email"]) == ([], "erased")


def test_lost_answers_bring_the_last_email_a_few_times_and_then_the_address_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of the emails may have arrived, so they come after twice as long each time, within the 24 hours."""
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
    assert left(world) != [], "SES may take it yet"
    world.advance(timedelta(hours=21))
    assert (len(given), left(world), counted) == (8, [], ["ErasedUntold"])


def test_p5_an_address_that_was_put_there_by_others_is_not_written_to(world: World) -> None:
    """The sign-up function may write items of this table; if its code were somebody else's, it could write this one."""
    ann = reads(Person(world), 1)
    ann_id = str(ann.row["id"])
    clients.erasures().begin(
        Erasing(ann_id, "rebuild-trust", "mallory@example.org", 1, "UTC", world.now(), world.now())
    )
    later(world, 1)
    assert not world.mails_to("mallory@example.org")
