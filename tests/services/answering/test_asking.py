"""Offers ask about an unclear reply: its words are kept, few emails are sent, and a button obeys."""

import re
from datetime import timedelta

import pytest

from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import emails_of, reply_to, texts, written
from tests.stories import next_email, nothing_comes, reads, without_schedules

TORN = "I see now that he felt alone. I don’t think I need the rest of the emails though."


def test_w2_a_possible_command_among_other_words_is_kept_and_offered_once(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies(TORN)
    assert [" ".join(str(text).split()) for text in texts(ann)] == [TORN]
    assert ann.row["status"] == "active"
    offer = ann.emails[-1]
    assert offer.tags["email"] == "ask-stop"
    assert offer.subject == "Would you like the emails to end?"
    text = offer.text or ""
    assert "What you wrote is kept in your journal." in text
    assert "reply STOP" in text
    assert TORN not in text
    assert "alone" not in text


@pytest.mark.parametrize(
    ("command", "status"), [("stop", "unsubscribed"), ("pause", "paused"), ("again", "active"), ("skip", "active")]
)
def test_the_button_of_an_offer_asks_once_more_and_then_obeys(world: World, command: str, status: str) -> None:
    said = {
        "stop": TORN,
        "pause": "He cried. I need a few days.",
        "again": "Start over",
        "skip": "She read it. I'd rather skip two lessons",
    }
    ann = reads(Person(world), 1)
    ann.replies(said[command])
    offer = ann.emails[-1]
    assert offer.tags["email"] == f"ask-{command}"
    before = ann.row
    url = ann.link(f"/{command}", offer)
    shown = world.request("GET", url)
    assert shown.status == 200
    assert ann.row == before, "opening the link changes nothing"
    [place] = re.findall(r'name="place" value="([^"]*)"', shown.text)
    for _ in range(2):
        assert world.request("POST", url, form={"place": place}).status == 303
    assert ann.row["status"] == status
    if command == "skip":
        assert ann.row["next_lesson"] == "apology-in-action", "two presses skip one lesson"
    if command == "again":
        assert ann.row["round"] == 2


def test_w9_at_most_two_offers_are_sent_a_day_and_later_unclear_mail_is_only_kept(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    unclear = [TORN, "I might stop the course, not sure yet.", "He cried. I need a few days.", "Start over"]
    for text in unclear:
        ann.replies(text, lesson)
    assert len(ann.reflections) == 4
    assert emails_of(ann)[3:] == ["ask-stop", "ask-stop"]
    next_email(world)
    ann.replies("I need some quiet. I might stop the emails, I don't know yet.")
    assert emails_of(ann)[-1].startswith("ask-")


def test_a_mail_that_is_processed_again_leads_to_one_offer(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for _ in range(3):
        world.deliver(written(TORN, lesson), reply_to(lesson), mail_id="the-same")
    assert emails_of(ann)[3:] == ["ask-stop"]


def test_w7_a_practical_question_is_answered_with_help_once_a_day(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    questions = ["how do I change my email address?", "How many lessons are there in total?"]
    for text in questions:
        ann.replies(text, lesson)
    assert emails_of(ann)[3:] == ["help"]
    assert sorted(map(str, texts(ann))) == sorted(questions)


def test_w5_an_unclear_answer_to_the_way_back_is_asked_about_once(world: World) -> None:
    ann = reads(Person(world), 5)
    fifth = ann.emails[-1]
    ann.replies("She says yes but her eyes say no.", fifth)
    offer = ann.emails[-1]
    assert offer.tags["email"] == "ask-way-back"
    text = offer.text or ""
    assert re.search(r"/me/[\w-]+/yes", text)
    assert re.search(r"/me/[\w-]+/not-yet", text)
    without_schedules(world, timedelta(hours=20))
    ann.replies("Sometimes.", fifth)
    assert emails_of(ann)[-1] == "ask-way-back"
    assert emails_of(ann).count("ask-way-back") == 1
    assert len(ann.reflections) == 2
    email = next_email(world)
    assert email.tags["email"] == "keep-showing-up", "without an answer, the closing letter comes as planned"
    assert re.search(r"/me/[\w-]+/yes", email.text or "")
    assert re.search(r"/me/[\w-]+/not-yet", email.text or "")
    assert "nobody answers" in (email.text or "")


@pytest.mark.parametrize(("words", "round_number"), [("not yet", 2), ("yes", 1)])
def test_w5_an_answer_to_the_email_that_asks_back_counts_like_one_to_the_lesson(
    world: World, words: str, round_number: int
) -> None:
    ann = reads(Person(world), 5)
    ann.replies("It depends on the day")
    offer = ann.emails[-1]
    ann.replies(words, offer)
    assert ann.row["round"] == round_number
    assert len(ann.reflections) == 1
    assert emails_of(ann)[-1] == ("welcome-back" if round_number == 2 else "noted")


def test_an_unsubscribed_subscriber_gets_no_offer(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    ann.replies("stop")
    ann.replies(TORN, lesson)
    assert [" ".join(str(text).split()) for text in texts(ann)] == [TORN]
    assert emails_of(ann)[3:] == ["goodbye"]
    assert nothing_comes(world)


def test_an_auto_reply_leads_to_no_offer(world: World) -> None:
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    raw = b"Auto-Submitted: auto-replied\r\n" + written(TORN, lesson)
    world.deliver(raw, reply_to(lesson))
    assert len(ann.emails) == 3
    assert not ann.reflections


def test_w8_an_unclear_yes_to_the_confirmation_email_is_answered_with_how_to_confirm(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    ann.replies("yes?? what is this about")
    assert str(ann.row["status"]) == "pending"
    question = ann.emails[-1]
    assert question.tags["email"] == "ask-confirm"
    assert "Ann" not in (question.text or ""), "nothing that was typed into the form"
    ann.replies("Yes", question)
    assert ann.row["status"] == "active"


def test_only_the_next_lesson_says_that_a_reply_was_kept(world: World) -> None:
    said = "What you wrote in reply is kept in your journal."
    ann = reads(Person(world), 1)
    ann.replies("I asked nothing.")
    ann.replies("And I did not listen.")
    told, after = next_email(world), next_email(world)
    assert said in (told.text or "")
    assert said in (told.html or "")
    assert said not in (after.text or "")


def test_r20_only_the_next_lesson_says_that_a_reply_from_another_address_was_not_kept(world: World) -> None:
    said = "A reply came from an address that is not yours. It was not kept."
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    world.deliver(written("I know what you did.", lesson, "eve@example.com"), reply_to(lesson))
    told, after = next_email(world), next_email(world)
    assert said in (told.text or "")
    assert "What you wrote in reply" not in (told.text or "")
    assert said not in (after.text or "")
