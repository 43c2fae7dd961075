"""Commands by reply that are processed again, minutes or days later: later decisions stay."""

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
from tests.stories import next_email, nothing_comes, reads, without_schedules, without_schedules_until

BACK_AGAIN = timedelta(minutes=7)
"""The time after which the queue delivers a failed message again."""


@contextmanager
def unanswered(world: World) -> Iterator[None]:
    """Commands are obeyed, but their answer can't be queued, so that the message comes back."""
    with patch.object(Outbox, "notice", side_effect=OSError):
        yield
    world.failures.clear()


def comes_back(world: World) -> None:
    """Lets the queue deliver the message again, without a fault."""
    world.advance(BACK_AGAIN)


def becomes_a_dead_letter(world: World, person: Person, text: str, failing: tuple[type, str]) -> None:
    """Replies with a text, and makes every try fail at `failing` until the message is a dead letter."""
    with patch.object(*failing, side_effect=OSError):
        person.replies(text)
        for _ in range(5):
            without_schedules(world, BACK_AGAIN)
    world.failures.clear()


def moved_back(world: World) -> None:
    """Moves the dead letter back to the queue, as an operator does."""
    queues, sqs = world.resources.ref, world.clients.sqs
    (message,) = sqs.receive_message(QueueUrl=queues("InboundDeadLetters"))["Messages"]
    sqs.send_message(QueueUrl=queues("Inbound"), MessageBody=message["Body"])
    sqs.delete_message(QueueUrl=queues("InboundDeadLetters"), ReceiptHandle=message["ReceiptHandle"])
    world.drain()


def moved_back_late(world: World, person: Person, text: str, days: int = 5) -> None:
    """Moves back a command that no try could obey and that was a dead letter for days."""
    becomes_a_dead_letter(world, person, text, (RawMail, "fetch"))
    without_schedules(world, timedelta(days=days))
    moved_back(world)


# ---------------------------------------------------------------- obeyed and not answered, and decided otherwise since


@pytest.mark.parametrize("needed", [True, False])
def test_a_pause_stays_when_an_earlier_resume_is_retried(world: World, needed: bool) -> None:
    """Also if there was nothing to resume at the first try."""
    ann = reads(Person(world), 1)
    if needed:
        ann.presses("pause")
    with unanswered(world):
        ann.replies("resume")
    assert ann.row["status"] == "active"
    ann.presses("pause")
    comes_back(world)
    assert str(ann.row["status"]) == "paused"
    assert emails_of(ann)[3:] == [*["paused"] * (1 + needed), "help"], "no notice says that the course goes on"
    assert nothing_comes(world)


def test_the_hour_stays_when_an_earlier_time_command_is_retried(world: World) -> None:
    ann = reads(Person(world), 1)
    with unanswered(world):
        ann.replies("time 6")
    assert int(str(ann.row["hour"])) == 6
    ann.presses("time", zone="Europe/Berlin", hour="20")
    comes_back(world)
    assert int(str(ann.row["hour"])) == 20
    assert emails_of(ann)[3:] == ["time", "help"]
    assert next_email(world).at.hour == 19, "in UTC"


def test_a_new_round_stays_when_an_earlier_yes_is_retried(world: World) -> None:
    ann = reads(Person(world), 5)
    with unanswered(world):
        ann.replies("yes")
    ann.presses("not-yet")
    comes_back(world)
    assert (ann.row["round"], ann.row["next_lesson"]) == (2, "acknowledge")
    assert emails_of(ann)[7:] == ["welcome-back", "help"]


def test_a_sign_up_stays_when_an_earlier_stop_is_retried(world: World) -> None:
    ann = reads(Person(world), 2)
    with unanswered(world):
        ann.replies("stop")
    assert ann.row["status"] == "unsubscribed"
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert emails_of(ann)[4:] == ["confirm"], "no goodbye to a subscriber who begins again"
    ann.confirms()
    assert str(ann.row["status"]) == "active"


def test_a_sign_up_stays_when_an_earlier_stop_that_failed_is_retried(world: World) -> None:
    """A subscriber who has completed the course can sign up again at any time."""
    ann = reads(Person(world), 6)
    without_schedules(world, timedelta(days=2))
    with patch.object(Subscribers, "change", side_effect=OSError):
        ann.replies("stop")
    world.failures.clear()
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert emails_of(ann)[-1] == "confirm"
    ann.confirms()
    assert ann.row["status"] == "active"


def test_a_sign_up_stays_when_an_earlier_yes_to_the_deletion_is_retried(world: World) -> None:
    ann = reads(Person(world), 6)
    without_schedules(world, timedelta(days=2))
    ann.replies("delete my data")
    with patch.object(Limits, "asked_to_erase", side_effect=OSError):
        ann.replies("yes")
    world.failures.clear()
    world.advance(timedelta(minutes=1))
    ann.signs_up()
    comes_back(world)
    assert "sign_up" in ann.row
    assert emails_of(ann)[-2:] == ["confirm", "erase"], "asked once more"


def test_a_command_is_remembered_while_others_follow(world: World) -> None:
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


def test_a_retried_skip_does_nothing_if_the_lesson_was_sent_meanwhile(world: World) -> None:
    ann = reads(Person(world), 1)
    without_schedules_until(world, datetime.fromisoformat(str(ann.row["due_at"])) - timedelta(minutes=2))
    with patch.object(Subscribers, "change", side_effect=OSError):
        ann.replies("skip")
    world.failures.clear()
    world.advance(timedelta(minutes=10))
    assert emails_of(ann)[2:] == ["acknowledge", "own-it", "help"]
    assert ann.row["next_lesson"] == "apology-in-action", "the lesson after it is not skipped"


def test_a_skip_is_answered_even_after_the_lesson_that_follows_was_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    without_schedules_until(world, datetime.fromisoformat(str(ann.row["due_at"])) - timedelta(minutes=2))
    with unanswered(world):
        ann.replies("skip")
    world.advance(timedelta(minutes=10))
    assert emails_of(ann)[2:] == ["acknowledge", "apology-in-action", "skipped"]


@pytest.mark.parametrize(
    ("text", "lessons"), [("resume", 1), ("time 6", 1), ("skip", 1), ("again", 1), ("pause", 1), ("yes", 5)]
)
def test_a_command_moved_back_days_later_is_set_aside(world: World, text: str, lessons: int) -> None:
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


def test_a_command_moved_back_the_same_day_is_obeyed(world: World) -> None:
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "pause", days=0)
    assert (ann.row["status"], emails_of(ann)[3:]) == ("paused", ["paused"])
    assert not reasons(world)


def test_an_obeyed_command_moved_back_days_later_is_only_answered(world: World) -> None:
    ann = reads(Person(world), 1)
    becomes_a_dead_letter(world, ann, "pause", (Outbox, "notice"))
    ann.presses("resume")
    without_schedules(world, timedelta(days=5))
    moved_back(world)
    assert (ann.row["status"], emails_of(ann)[3:]) == ("active", ["help"])
    assert not reasons(world)


def test_an_obeyed_not_yet_moved_back_after_the_next_lesson_is_no_reflection(world: World) -> None:
    ann = reads(Person(world), 5)
    becomes_a_dead_letter(world, ann, "not yet", (Outbox, "notice"))
    assert ann.row["round"] == 2
    next_email(world)
    moved_back(world)
    assert texts(ann) == []
    assert raw_mails(world) == []
    assert ann.row["round"] == 2


def test_u6_a_stop_moved_back_days_later_still_stops(world: World) -> None:
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "stop")
    assert ann.row["status"] == "unsubscribed"
    assert emails_of(ann)[3:] == ["goodbye"]
    assert nothing_comes(world)


@pytest.mark.parametrize("confirmed", [False, True])
def test_u7_a_stop_moved_back_days_later_does_not_change_a_later_sign_up(world: World, confirmed: bool) -> None:
    ann = reads(Person(world), 2)
    becomes_a_dead_letter(world, ann, "stop", (RawMail, "fetch"))
    ann.presses("stop")
    without_schedules(world, timedelta(days=2))
    ann.signs_up()
    if confirmed:
        ann.confirms()
    sent = len(ann.emails)
    moved_back(world)
    assert len(ann.emails) == sent
    if not confirmed:
        ann.confirms()
    assert ann.row["status"] == "active"


def test_a_request_for_the_journal_is_answered_days_later(world: World) -> None:
    """It changes nothing that a subscriber could regret, and the data is theirs."""
    ann = reads(Person(world), 1)
    moved_back_late(world, ann, "journal")
    assert emails_of(ann)[3:] == ["journal"]


def test_a_yes_to_the_deletion_counts_if_it_came_within_the_week_however_late_it_is_processed(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("delete my data")
    moved_back_late(world, ann, "yes")
    assert not world.subscribers()
    assert not raw_mails(world)


# ---------------------------------------------------------------- the answer


@pytest.mark.parametrize("at_once", [True, False])
def test_u6_a_stop_between_sign_up_and_confirmation_is_answered_with_the_goodbye(world: World, at_once: bool) -> None:
    """The stop answers a lesson of the completed course, and stops the new sign-up as well."""
    ann = reads(Person(world), 6)
    lesson = ann.emails[-1]
    without_schedules(world, timedelta(days=2))
    ann.signs_up()
    with nullcontext() if at_once else unanswered(world):
        ann.replies("stop", lesson)
    assert ann.row["status"] == "unsubscribed"
    comes_back(world)
    assert emails_of(ann)[-2:] == ["confirm", "goodbye"]
    assert nothing_comes(world)
