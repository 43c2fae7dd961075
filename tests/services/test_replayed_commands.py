"""Commands by reply that are worked on again, minutes or days later: what their writer decided since stays."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from aws.inbound import RawMail
from aws.limits import Limits
from aws.outbox import Outbox
from aws.subscribers import Subscribers
from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import emails_of, raw_mails, reasons, texts
from tests.stories import asleep, asleep_until, next_email, nothing_comes, reads

BACK_AGAIN = timedelta(minutes=7)
"""After this the queue hands a message out again whose work failed."""


@contextmanager
def unanswered(world: World) -> Iterator[None]:
    """What is asked is done, and the answer can't be queued: the message will come back."""
    with patch.object(Outbox, "notice", side_effect=OSError):
        yield
    world.failures.clear()


def comes_back(world: World) -> None:
    """The queue hands the message out again, with everything in order."""
    world.advance(BACK_AGAIN)


def goes_to_the_dead_letters(world: World, person: Person, text: str, failing: tuple[type, str]) -> None:
    """Every try fails there."""
    with patch.object(*failing, side_effect=OSError):
        person.replies(text)
        for _ in range(5):
            asleep(world, BACK_AGAIN)
    world.failures.clear()


def moved_back(world: World) -> None:
    """An operator moves the dead letter back to the queue."""
    queues, sqs = world.resources.ref, world.clients.sqs
    (email,) = sqs.receive_message(QueueUrl=queues("InboundDeadLetters"))["Messages"]
    sqs.send_message(QueueUrl=queues("Inbound"), MessageBody=email["Body"])
    sqs.delete_message(QueueUrl=queues("InboundDeadLetters"), ReceiptHandle=email["ReceiptHandle"])
    world.drain()


def moved_back_late(world: World, person: Person, text: str, days: int = 5) -> None:
    """A command that no try could obey is a dead letter for days."""
    goes_to_the_dead_letters(world, person, text, (RawMail, "fetch"))
    asleep(world, timedelta(days=days))
    moved_back(world)


# ---------------------------------------------------------------- obeyed, not answered, and decided otherwise since


@pytest.mark.parametrize("needed", [True, False])
def test_a_pause_stays_when_an_earlier_resume_comes_back(world: World, needed: bool) -> None:
    """Also when there was nothing to resume when it first came."""
    ann = reads(Person(world), 1)
    if needed:
        ann.presses("pause")
    with unanswered(world):
        ann.replies("resume")
    assert ann.row["status"] == "active"
    ann.presses("pause")
    comes_back(world)
    assert str(ann.row["status"]) == "paused"
    assert emails_of(ann)[3:] == [*["paused"] * (1 + needed), "help"], "not that the course goes on"
    assert nothing_comes(world)


def test_the_hour_stays_when_an_earlier_one_comes_back(world: World) -> None:
    ann = reads(Person(world), 1)
    with unanswered(world):
        ann.replies("time 6")
    assert int(str(ann.row["hour"])) == 6
    ann.presses("time", zone="Europe/Berlin", hour="20")
    comes_back(world)
    assert int(str(ann.row["hour"])) == 20
    assert emails_of(ann)[3:] == ["time", "help"]
    assert next_email(world).at.hour == 19, "in UTC"


def test_a_new_round_stays_when_an_earlier_yes_comes_back(world: World) -> None:
    ann = reads(Person(world), 5)
    with unanswered(world):
        ann.replies("yes")
    ann.presses("not-yet")
    comes_back(world)
    assert (ann.row["round"], ann.row["next_lesson"]) == (2, "acknowledge")
    assert emails_of(ann)[7:] == ["welcome-back", "help"]


def test_a_sign_up_stays_when_an_earlier_stop_comes_back(world: World) -> None:
    ann = reads(Person(world), 2)
    with unanswered(world):
        ann.replies("stop")
    assert ann.row["status"] == "unsubscribed"
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert emails_of(ann)[4:] == ["confirm"], "and no goodbye to somebody who begins"
    ann.confirms()
    assert str(ann.row["status"]) == "active"


def test_a_sign_up_stays_when_an_earlier_stop_that_failed_comes_back(world: World) -> None:
    """Whoever has completed the course can sign up again at any time."""
    ann = reads(Person(world), 6)
    asleep(world, timedelta(days=2))
    with patch.object(Subscribers, "change", side_effect=OSError):
        ann.replies("stop")
    world.failures.clear()
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert emails_of(ann)[-1] == "confirm"
    ann.confirms()
    assert ann.row["status"] == "active"


def test_a_sign_up_stays_when_an_earlier_yes_to_the_deletion_comes_back(world: World) -> None:
    ann = reads(Person(world), 6)
    asleep(world, timedelta(days=2))
    ann.replies("delete my data")
    with patch.object(Limits, "asked_to_erase", side_effect=OSError):
        ann.replies("yes")
    world.failures.clear()
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert "sign_up" in ann.row
    assert emails_of(ann)[-2:] == ["confirm", "erase"], "asked once more"


def test_a_command_is_remembered_while_others_are_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    with unanswered(world):
        ann.replies("time 6")
    for words in ("time 9", "time 10", "time 11", "time 20"):
        ann.replies(words, lesson)
    comes_back(world)
    assert int(str(ann.row["hour"])) == 20
    assert emails_of(ann)[3:] == ["time"] * 4 + ["help"]


# ---------------------------------------------------------------- failed before anything was changed


def test_a_lesson_that_came_after_all_is_not_said_to_be_skipped(world: World) -> None:
    ann = reads(Person(world), 1)
    asleep_until(world, datetime.fromisoformat(str(ann.row["due_at"])) - timedelta(minutes=2))
    with patch.object(Subscribers, "change", side_effect=OSError):
        ann.replies("skip")
    world.failures.clear()
    world.advance(timedelta(minutes=10))
    assert emails_of(ann)[2:] == ["acknowledge", "own-it", "help"]
    assert ann.row["next_lesson"] == "apology-in-action", "nor is the one after it"


def test_a_lesson_that_is_skipped_is_said_to_be_also_after_the_next_one_came(world: World) -> None:
    ann = reads(Person(world), 1)
    asleep_until(world, datetime.fromisoformat(str(ann.row["due_at"])) - timedelta(minutes=2))
    with unanswered(world):
        ann.replies("skip")
    world.advance(timedelta(minutes=10))
    assert emails_of(ann)[2:] == ["acknowledge", "apology-in-action", "skipped"]


@pytest.mark.parametrize(
    ("text", "lessons"), [("resume", 1), ("time 6", 1), ("skip", 1), ("again", 1), ("pause", 1), ("yes", 5)]
)
def test_a_command_that_is_moved_back_days_later_is_for_a_person_to_look_at(
    world: World, text: str, lessons: int
) -> None:
    ann = reads(Person(world), lessons)
    if text == "resume":
        ann.presses("pause")
    sent, before = len(ann.emails), ann.row
    moved_back_late(world, ann, text)
    assert ann.row == before
    assert len(ann.emails) == sent
    assert reasons(world) == ["a command that could not be obeyed in time"]
    assert not texts(ann)
    assert len(raw_mails(world)) == 1


def test_a_command_that_is_moved_back_the_same_day_is_obeyed(world: World) -> None:
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "pause", days=0)
    assert (ann.row["status"], emails_of(ann)[3:]) == ("paused", ["paused"])
    assert not reasons(world)


def test_a_command_that_was_obeyed_is_only_answered_when_it_is_moved_back_days_later(world: World) -> None:
    ann = reads(Person(world), 1)
    goes_to_the_dead_letters(world, ann, "pause", (Outbox, "notice"))
    ann.presses("resume")
    asleep(world, timedelta(days=5))
    moved_back(world)
    assert (ann.row["status"], emails_of(ann)[3:]) == ("active", ["help"])
    assert not reasons(world)


def test_a_not_yet_that_was_obeyed_is_no_reflection_when_it_is_moved_back_after_the_next_lesson(world: World) -> None:
    ann = reads(Person(world), 5)
    goes_to_the_dead_letters(world, ann, "not yet", (Outbox, "notice"))
    assert ann.row["round"] == 2
    next_email(world)
    moved_back(world)
    assert texts(ann) == []
    assert raw_mails(world) == []
    assert ann.row["round"] == 2


def test_u6_a_stop_that_is_moved_back_days_later_still_stops(world: World) -> None:
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "stop")
    assert ann.row["status"] == "unsubscribed"
    assert emails_of(ann)[3:] == ["goodbye"]
    assert nothing_comes(world)


@pytest.mark.parametrize("confirmed", [False, True])
def test_u7_a_stop_that_is_moved_back_days_later_does_not_touch_a_sign_up_made_since(
    world: World, confirmed: bool
) -> None:
    ann = reads(Person(world), 2)
    goes_to_the_dead_letters(world, ann, "stop", (RawMail, "fetch"))
    ann.presses("stop")
    asleep(world, timedelta(days=2))
    ann.signs_up()
    if confirmed:
        ann.confirms()
    sent = len(ann.emails)
    moved_back(world)
    assert len(ann.emails) == sent
    if not confirmed:
        ann.confirms()
    assert ann.row["status"] == "active"


def test_what_is_only_asked_for_is_answered_days_later(world: World) -> None:
    """Nobody can regret it, and their data is theirs."""
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "journal")
    assert emails_of(ann)[3:] == ["journal"]


def test_a_yes_to_the_deletion_counts_for_its_week_however_late_it_is_worked_on(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("delete my data")
    moved_back_late(world, ann, "yes")
    assert not world.subscribers()
    assert not raw_mails(world)


# ---------------------------------------------------------------- the answer


@pytest.mark.parametrize("at_once", [True, False])
def test_u6_a_stop_between_sign_up_and_confirmation_has_its_goodbye(world: World, at_once: bool) -> None:
    """To a lesson of the course that was completed: it stops the sign-up as well."""
    ann = reads(Person(world), 6)
    lesson = ann.emails[-1]
    asleep(world, timedelta(days=2))
    ann.signs_up()
    with nullcontext() if at_once else unanswered(world):
        ann.replies("stop", lesson)
    assert ann.row["status"] == "unsubscribed"
    comes_back(world)
    assert emails_of(ann)[-2:] == ["confirm", "goodbye"]
    assert nothing_comes(world)
