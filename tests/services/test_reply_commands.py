"""Commands by reply: obeyed once, answered once, and only from the subscriber."""

import re
from datetime import timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from aws.outbox import Outbox
from course.tokens import nameless
from local_cloud import clients
from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import WORDS, emails_of, raw_mails, reply_to, texts, written
from tests.stories import next_email, nothing_comes, reads, without_schedules


def test_u6_a_stop_by_reply_unsubscribes_and_sends_one_notice(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    for text in ("Stop", "STOP.", "unsubscribe"):
        world.deliver(written(text, email), reply_to(email))
    assert ann.row["status"] == "unsubscribed"
    assert [email.subject for email in ann.emails[3:]] == ["You have stopped the course"]
    assert not ann.reflections
    assert nothing_comes(world)


def test_w3_a_sentence_with_a_command_in_it_is_a_reflection(world: World) -> None:
    """It is kept, and not answered."""
    ann = reads(Person(world), 1)
    email, sent = ann.emails[-1], len(ann.emails)
    said = [
        "I need to stop hurting her.",
        "She asked for a pause.",
        "Not yet, I think. Why?",
        "help me see it",
        "pause\nand think",
    ]
    for text in said:
        world.deliver(written(text, email), reply_to(email))
    assert sorted(map(str, texts(ann))) == sorted(said)
    assert ann.row["status"] == "active"
    assert len(ann.emails) == sent


def test_commands_are_obeyed_and_answered_with_one_notice_each(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    for text, status, notice in (
        ("Pause", "paused", "paused"),
        ("resume!", "active", "resumed"),
        ("HELP", "active", "help"),
        ("journal", "active", "journal"),
        ("Exportar mis datos, por favor", "active", "export"),
        ("time 19", "active", "time"),
        ("Please skip", "active", "skipped"),
        ("Again, please", "active", "again"),
    ):
        sent = len(ann.emails)
        world.deliver(written(text, email), reply_to(email))
        assert ann.row["status"] == status, text
        assert [email.tags["email"] for email in ann.emails[sent:]] == [notice], text
        assert not raw_mails(world), "the raw mail of a command is not kept"
    assert ann.row["round"] == 2
    assert not ann.reflections


def test_a_command_in_answer_to_a_closing_letter_answered_before_is_obeyed_from_every_client(world: World) -> None:
    """The closing letter shows the journal, which has grown by the second answer."""
    ann = reads(Person(world), 6)
    email = ann.emails[-1]
    ann.replies("I never asked how it was for them.", email)
    for client in clients.CLIENTS:
        ann.replies("HELP", email, client)
        assert ann.emails[-1].tags["email"] == "help", client
        world.advance(timedelta(seconds=1))
    assert len(ann.emails) == 8 + len(clients.CLIENTS)
    assert [reflection["text"] for reflection in ann.reflections] == ["I never asked how it was for them."]


def test_the_way_back_is_answered_by_replies_to_one_lesson_only(world: World) -> None:
    """“Not yet” to another lesson is an answer to its question; to the fifth it begins a new round."""
    ann = reads(Person(world), 5)
    first, fifth = ann.emails[2], ann.emails[6]
    world.deliver(written("Not yet", first), reply_to(first))
    assert [(row["round"], row["text"]) for row in ann.reflections] == [(1, "Not yet")]

    world.deliver(written("Not yet.", fifth), reply_to(fifth))
    assert ann.row["round"] == 2
    welcome = ann.emails[-1]
    assert welcome.subject == "A new round begins"
    assert "Sunday 29 November, between 7:00 and 8:00" in (welcome.text or "")
    lesson = next_email(world)
    assert lesson.tags["email"] == "acknowledge"
    assert "What you wrote last time:\n\nNot yet\n" in (lesson.text or "")

    # The first round's question is closed: an answer to it is a reflection now.
    world.deliver(written("not yet!", fifth), reply_to(fifth))
    assert ann.row["round"] == 2
    assert [row["lesson"] for row in ann.reflections] == ["acknowledge", "safety-first"]


def test_a_yes_by_reply_undoes_a_not_yet_until_a_lesson_is_sent(world: World) -> None:
    ann = reads(Person(world), 5)
    fifth = ann.emails[-1]
    world.deliver(written("not yet", fifth), reply_to(fifth))
    world.deliver(written("yes", fifth), reply_to(fifth))
    assert [email.tags["email"] for email in ann.emails[-2:]] == ["welcome-back", "noted"]
    assert next_email(world).tags["email"] == "keep-showing-up"
    assert not ann.reflections


def test_every_reply_is_kept_and_at_most_twenty_an_hour_are_answered(world: World) -> None:
    ann = reads(Person(world), 1)
    for number in range(22):
        without_schedules(world, timedelta(seconds=2))  # slow enough for SES's rate
        ann.replies(f"Thought number {number}.", ann.emails[2])
        ann.replies("help", ann.emails[2])
    assert len(ann.reflections) == 22
    assert [email.tags["email"] for email in ann.emails].count("help") == 20


def test_a_stop_is_answered_however_many_replies_were_answered_in_the_hour(world: World) -> None:
    """Otherwise a second person with the mailbox could first use up the answers.

    Nobody would then notice that they stop the course.
    """
    ann = Person(world).joins()
    lesson = ann.emails[-1]
    for _ in range(21):
        without_schedules(world, timedelta(seconds=1))  # slow enough for SES's rate
        ann.replies("HELP", lesson)
    assert [email.tags["email"] for email in ann.emails[2:]] == ["help"] * 20
    ann.replies("STOP", lesson)
    ann.replies("STOP", lesson)
    assert [email.tags["email"] for email in ann.emails[22:]] == ["goodbye"]


@pytest.mark.parametrize("client", ["gmail", "apple-mail"])
@pytest.mark.parametrize("notice", ["resumed", "again", "already-here"])
def test_a_command_in_answer_to_an_old_notice_is_obeyed(world: World, notice: str, client: str) -> None:
    """The notice would have another date today, so the quoted line differs from it."""
    ann = reads(Person(world), 1)
    if notice == "resumed":
        ann.replies("pause")
        ann.replies("resume")
    elif notice == "again":
        ann.replies("again")
    else:
        without_schedules(world, timedelta(days=1, hours=1))
        ann.signs_up()
    assert emails_of(ann)[-1] == notice
    email = ann.emails[-1]
    next_email(world)
    ann.replies("STOP", email, client)
    assert ann.row["status"] == "unsubscribed"
    assert not ann.reflections


def test_a_notice_says_only_what_happened(world: World) -> None:
    ann = reads(Person(world), 6)
    assert ann.row["status"] == "completed"
    for words in ("pause", "resume"):
        ann.replies(words, ann.emails[2])
        assert emails_of(ann)[-1] == "help"
    ann.replies("yes", ann.emails[6])
    assert emails_of(ann)[-1] == "help"


def test_a_pause_until_a_day_ends_by_itself_and_the_answer_says_when(world: World) -> None:
    ann = reads(Person(world), 1)  # on a Tuesday
    ann.replies("Pausa hasta el sábado, por favor")
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-11-28")
    notice = ann.emails[-1]
    assert notice.tags["email"] == "paused"
    assert "the next lesson comes Saturday 28 November, between 7:00 and 8:00" in (notice.text or "")
    lesson = next_email(world)
    assert (lesson.tags["email"], lesson.at.day) == ("own-it", 28)
    assert (ann.row["status"], ann.row.get("paused_until")) == ("active", None)
    assert next_email(world).at.day == 29


def test_the_course_goes_on_the_next_day_if_a_pause_ends_while_nothing_is_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("pause 3 days")
    without_schedules(world, timedelta(days=3, hours=18))  # until the night after the day on which the pause ends
    assert nothing_comes_until(world, hour=5)
    assert next_email(world).at.day == 28


def nothing_comes_until(world: World, hour: int) -> bool:
    sent = len(world.emails)
    world.advance_to(world.now().replace(hour=hour, minute=30))
    return len(world.emails) == sent


def test_skip_passes_over_the_next_lesson_and_says_which_one_follows(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("SKIP")
    text = ann.emails[-1].text or ""
    assert "“The part of an apology that shows” that comes next: Wednesday 25 November, between 7:00 and 8:00" in text
    assert [next_email(world).tags["email"] for _ in range(2)] == ["apology-in-action", "no-rush-to-forgiveness"]
    ann.replies("skip")
    ann.replies("skip")
    assert emails_of(ann)[-2:] == ["skipped", "not-skipped"]
    assert next_email(world).tags["email"] == "keep-showing-up"


def test_time_moves_the_lessons_and_its_notice_says_that_they_come_within_an_hour(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("TIME 19:30")
    text = ann.emails[-1].text or ""
    assert "come between 19:00 and 20:00, Europe/Berlin time" in text
    assert "The next one comes Wednesday 25 November, between 19:00 and 20:00." in text
    assert next_email(world).at.astimezone(ZoneInfo("Europe/Berlin")).hour == 19


def test_journal_by_reply_is_answered_even_if_three_links_were_mailed_today(world: World) -> None:
    """A second person may have requested all three. The answer says so once a day, without a link."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    for _ in range(3):
        world.request("POST", f"{ann.page_url}/journal", form={})
        world.advance(timedelta(minutes=2))
    for words in ("JOURNAL", "EXPORT"):
        ann.replies(words, lesson)
    assert emails_of(ann)[-4:] == ["journal", "journal", "journal", "journal-later"]
    assert "/journal/" not in (ann.emails[-1].text or "")
    assert "Three were mailed today" in (ann.emails[-1].text or "")
    world.advance(timedelta(hours=20))
    ann.replies("JOURNAL", lesson)
    assert emails_of(ann)[-1] == "journal"


def test_a_notice_writes_the_hour_as_the_country_does_and_its_quote_is_recognised(world: World) -> None:
    ann = Person(world)
    ann.signs_up(zone="America/New_York")
    ann.confirms()
    ann.replies("TIME 7:30 pm")
    notice = ann.emails[-1]
    assert "come between 7:00 pm and 8:00 pm, America/New York time" in (notice.text or "")
    for client in ("gmail", "apple-mail"):
        ann.replies(f"That suits me, from {client}.", notice, client)
    assert texts(ann) == ["That suits me, from gmail.", "That suits me, from apple-mail."]


def test_p3_journal_is_answered_with_a_link_only_and_its_quote_is_not_taken_for_own_words(world: World) -> None:
    """The link is random, so only the reply itself shows which one it quotes."""
    ann = reads(Person(world), 1)
    ann.replies(WORDS, ann.emails[2])
    ann.replies("Mi diario, por favor", ann.emails[2])
    notice = ann.emails[-1]
    assert notice.tags["email"] == "journal"
    assert "That is what I should have said first." not in f"{notice.text}{notice.html}"
    assert ann.link("/journal/") in (notice.text or "")
    for client in ("gmail", "apple-mail"):
        ann.replies(f"Reading it again, from {client}.", notice, client)
    assert texts(ann) == ["Reading it again, from gmail.", "Reading it again, from apple-mail.", WORDS]


@pytest.mark.parametrize("client", clients.CLIENTS)
def test_a_quoted_hour_that_has_changed_since_is_not_taken_for_own_words(world: World, client: str) -> None:
    ann = Person(world)
    ann.signs_up(zone="Pacific/Honolulu")
    ann.confirms()
    ann.presses("time", zone="America/New_York", hour="5")
    notice = ann.emails[-1]
    ann.presses("time", zone="Asia/Kolkata", hour="9")
    ann.replies("That suits me.", notice, client)
    ann.replies("PAUSE 2 DAYS", notice, client)
    assert (texts(ann), emails_of(ann)[-1]) == (["That suits me."], "paused")


@pytest.mark.parametrize("client", clients.CLIENTS)
def test_a_quoted_next_lesson_that_was_skipped_since_is_not_taken_for_own_words(world: World, client: str) -> None:
    ann = reads(Person(world), 1)
    ann.replies("SKIP")
    notice = ann.emails[-1]
    ann.replies("SKIP", notice)
    ann.replies("I will write to her.", notice, client)
    assert texts(ann) == ["I will write to her."]


def test_delete_my_data_asks_once_more_and_then_deletes_everything(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies(WORDS)
    lesson = ann.emails[2]
    ann.replies("Delete my data", lesson)
    asking = ann.emails[-1]
    assert (asking.tags["email"], ann.row["status"]) == ("erase", "active")
    assert re.search(r"/me/[\w-]+/erase", asking.text or "")
    ann.replies("Yes", lesson)
    assert sorted(map(str, texts(ann))) == sorted(["Yes", WORDS]), "an answer to another email deletes nothing"

    sent = len(world.emails)
    ann.replies("Yes, please.", asking)
    assert not world.subscribers()
    assert not world.rows("Reflections")
    assert not raw_mails(world)
    assert nothing_comes(world)
    assert len(world.emails) == sent


def test_a_yes_to_a_delete_question_older_than_a_week_is_asked_again(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("borrar mis datos")
    asking = ann.emails[-1]
    without_schedules(world, timedelta(days=7, minutes=1))
    ann.replies("sí", asking)
    assert world.subscribers()
    assert emails_of(ann)[-2:] == ["erase", "erase"]
    ann.replies("delete my data", ann.emails[-1])
    assert not world.subscribers()


def test_a_yes_to_a_delete_question_without_its_note_is_asked_again(world: World) -> None:
    """DynamoDB has deleted the note, which expires after 30 days."""
    ann = reads(Person(world), 1)
    ann.replies("Delete my data")
    key = {"key": {"S": f"erase#{nameless(str(ann.row['id']))}"}}
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Limits"), Key=key)
    ann.replies("yes")
    assert world.subscribers()
    assert emails_of(ann)[-2:] == ["erase", "erase"]


def test_the_delete_question_stays_valid_if_a_new_round_began_meanwhile(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("Delete my data")
    asking = ann.emails[-1]
    ann.presses("again")
    next_email(world)
    ann.replies("Yes", asking)
    assert not world.subscribers()


def test_an_unsubscribed_subscriber_can_still_delete_their_data(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("stop")
    ann.replies("Delete my data")
    assert emails_of(ann)[-2:] == ["goodbye", "erase"]
    ann.replies("yes")
    assert not world.subscribers()


def test_only_the_subscriber_can_delete_their_data(world: World) -> None:
    ann = reads(Person(world), 1)
    email = ann.emails[-1]
    world.deliver(written("delete my data", email, "eve@example.com"), reply_to(email))
    ann.replies("delete my data")
    asking = ann.emails[-1]
    world.deliver(written("yes", asking, "eve@example.com"), reply_to(asking))
    world.deliver(written("yes", asking), reply_to(asking), verdicts={"dmarc": "FAIL"})
    assert emails_of(ann)[-3:] == ["prove-erase", "erase", "prove-erase"], "neither yes deletes anything"
    assert ann.row["status"] == "active"


@pytest.mark.parametrize("command", ["stop", "pause", "skip", "again", "time 9", "journal"])
def test_a_command_processed_again_after_a_crash_is_obeyed_and_answered_once(world: World, command: str) -> None:
    ann = reads(Person(world), 1)
    with patch.object(Outbox, "notice", side_effect=OSError):  # after the change, before its answer
        ann.replies(command)
    round_number, lesson = ann.row["round"], ann.row["next_lesson"]
    assert len(ann.emails) == 3
    world.failures.clear()
    world.advance(timedelta(minutes=7))
    assert (ann.row["round"], ann.row["next_lesson"]) == (round_number, lesson)
    expected = {"stop": "goodbye", "pause": "paused", "skip": "skipped", "again": "again", "time 9": "time"}
    assert emails_of(ann)[3:] == [expected.get(command, command)]
