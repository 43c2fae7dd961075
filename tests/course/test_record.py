"""The stored record of a subscriber, and the properties derived from it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from aws.items import from_wire, subscriber_from, subscriber_item, to_wire
from course.record import CONFIRM, Held, Status
from course.schedule import AFTER_INTRODUCTION, MIN_GAP
from tests.course.subscribers import MONDAY, after, confirmed, held, pending, sent


def test_the_confirmation_email_comes_first_then_each_lesson_then_nothing() -> None:
    assert pending().next_email == CONFIRM
    assert sent(pending()).next_email is None
    assert [confirmed().next_email, after(0).next_email, after(1).next_email] == ["intro", "acknowledge", "own-it"]
    assert after(3).next_email is None


def test_only_a_subscriber_with_a_due_email_is_waiting() -> None:
    assert after(1).has_next_email
    assert not after(3).has_next_email
    assert not held(after(1)).has_next_email
    assert not replace(after(1), due_at=None).has_next_email
    assert not after(1).paused().has_next_email
    assert not after(1).stopped(Status.UNSUBSCRIBED).has_next_email


def test_a_waiting_sign_up_gives_the_current_epoch() -> None:
    assert pending().current_epoch == 1057
    assert pending().awaits(1057)
    assert not pending().awaits(1056)
    assert not confirmed().awaits(1057)
    assert confirmed().current_epoch == 1057


def test_signed_up_since_is_true_only_for_an_earlier_time() -> None:
    assert pending(MONDAY).signed_up_since(MONDAY - timedelta(seconds=1))
    assert not pending(MONDAY).signed_up_since(MONDAY)
    assert not confirmed().signed_up_since(MONDAY - timedelta(days=1))


def test_the_gap_after_the_introduction_is_shorter() -> None:
    assert after(0).gap == AFTER_INTRODUCTION
    assert after(1).gap == MIN_GAP


def test_the_last_lesson_is_the_one_that_was_sent_last() -> None:
    assert confirmed().last_lesson is None
    assert after(1).last_lesson == "acknowledge"


@pytest.mark.parametrize("why", [why for why in Held if why])
def test_a_reason_to_hold_is_read_as_it_was_stored(why: Held) -> None:
    assert Held(str(why)) is why
    assert Held(f"{why}: KeyError") == f"{why}: KeyError", "followed by the error"


def test_an_empty_reason_is_false_and_an_unknown_reason_is_kept() -> None:
    assert not Held("")
    assert Held("written by hand") == "written by hand"
    stored = to_wire(subscriber_item(replace(after(1), held=Held("by hand"), version=1)))
    assert subscriber_from(from_wire(stored)).held == "by hand"


def test_the_stored_reasons_are_never_reworded() -> None:
    assert [why.value for why in Held] == [
        "",
        "in doubt",
        "SES refused the address",
        "SES is in its sandbox and mails verified addresses only: ask AWS for production access",
        "there is no such course any more",
        "the address is not the one that the id was made from: somebody has changed what is stored",
        "what is stored cannot be read",
    ]
