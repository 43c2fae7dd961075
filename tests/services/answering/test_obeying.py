"""Commands are obeyed, and other words in the same reply are kept."""

import pytest

from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import emails_of, texts
from tests.stories import next_email, reads


@pytest.mark.parametrize(
    "text",
    ["I would like to unsubscribe", "opt out", "no more mails pls", "unsubscirbe", "Ich möchte mich abmelden"],
)
def test_w1_a_request_to_unsubscribe_ends_the_course_with_one_goodbye(world: World, text: str) -> None:
    ann = reads(Person(world), 1)
    ann.replies(text)
    assert ann.row["status"] == "unsubscribed"
    assert emails_of(ann)[3:] == ["goodbye"]
    assert not ann.reflections


@pytest.mark.parametrize(
    "text", ["Not yet, I think. She still flinches.", "No. He sleeps with the door locked.", "Not really. She laughs."]
)
def test_w4_a_not_yet_with_more_words_begins_a_round_and_the_words_are_kept(world: World, text: str) -> None:
    ann = reads(Person(world), 5)
    ann.replies(text)
    assert ann.row["round"] == 2
    assert texts(ann) == [text]
    assert emails_of(ann)[-1] == "welcome-back"


def test_w6_a_pause_with_a_reason_is_obeyed_and_the_words_are_kept(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("Please pause until Saturday. I have to go to my mother, and I cannot think there.")
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-11-28")
    assert len(ann.reflections) == 1
    assert next_email(world).at.day == 28


def test_a_yes_to_an_offer_obeys_the_command_and_a_no_does_not(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I might stop the course, not sure yet.")
    offer = ann.emails[-1]
    assert offer.tags["email"] == "ask-stop"
    ann.replies("No, thank you", offer)
    assert str(ann.row["status"]) == "active"
    assert len(ann.reflections) == 1
    ann.replies("Yes please", offer)
    assert ann.row["status"] == "unsubscribed"
