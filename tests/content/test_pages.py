"""The values of pages: the place in the course, the next email, reports of presses, lessons, the journal, errors."""

import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from content import pages
from content.emails import Site
from content.lessons import load
from course import forms
from course.errors import ShownAgain
from course.record import Claim, Status
from course.reflection import Reflection
from course.subscriber import Subscriber
from course.tokens import Keyring
from tests.course.subscribers import ID, MONDAY, after, confirmed, held, pending

KEYS = Keyring({"1": "one" * 20})
SITE = Site(
    load(Path(__file__).parents[2] / "emails"), KEYS, "https://c.example", "reply.c.example", "1 Example Street"
)
COURSE = SITE.library.courses["rebuild-trust"]
ENGLISH = COURSE.language
SAY = ENGLISH.words["pages"]["me"]
DONE = ENGLISH.words["pages"]["done"]
ME = "https://c.example/me/token"


def reflection(text: str, lesson: str = "acknowledge", round_number: int = 1) -> Reflection:
    return Reflection(ID, round_number, lesson, MONDAY, f"mail-{text[:5]}", text, "token", proven=True)


# ---------------------------------------------------------------- the course page


def test_the_course_page_shows_the_place_and_the_next_email_after_one_lesson() -> None:
    shown = pages.course_values(after(1), COURSE)
    assert (shown["status"], shown["going_on"], shown["held"]) == ("active", True, False)
    assert (shown["place"], shown["day"], shown["days"]) == ("Lesson 1 of 5 has been sent", 1, 5)
    assert shown["next_email"] == "Wednesday 25 November, between 7:00 and 8:00"
    assert (shown["hour"], shown["when"]) == (7, "between 7:00 and 8:00")
    assert [lesson.id for lesson in shown["lessons"]] == ["intro", "acknowledge"]
    assert not shown["can_answer"]


def test_after_the_closing_letter_every_day_is_done() -> None:
    ended = replace(after(1), status=Status.COMPLETED, sent={COURSE.closing: MONDAY})
    shown = pages.course_values(ended, COURSE)
    assert (shown["day"], shown["going_on"]) == (COURSE.days, False)
    nothing_yet = pages.course_values(confirmed(), COURSE)
    assert nothing_yet["day"] == 0


def test_the_course_page_asks_the_way_back_only_after_its_lesson() -> None:
    assert COURSE.way_back
    asked = replace(after(1), sent={"intro": MONDAY, COURSE.way_back: MONDAY + timedelta(days=5)})
    shown = pages.course_values(asked, COURSE)
    assert (shown["can_answer"], shown["way_back"]) == (True, COURSE.lessons[COURSE.way_back].question)


@pytest.mark.parametrize(
    ("subscriber", "said"),
    [
        (after(1), "Wednesday 25 November, between 7:00 and 8:00"),
        (held(after(1)), SAY["held"]),
        (after(1).paused(), SAY["paused"]),
        (after(1).paused(date(2026, 12, 24)), SAY["paused_until"].format(date="24 December 2026")),
        (after(1).stopped(Status.UNSUBSCRIBED), SAY["unsubscribed"]),
        (after(1).stopped(Status.BOUNCED), SAY["stopped_by_mail"]),
        (after(1).stopped(Status.COMPLAINED), SAY["stopped_by_mail"]),
        (replace(after(1), status=Status.COMPLETED, next_lesson=None), SAY["completed"]),
        (pending(), SAY["pending"]),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Subscriber) else None,
)
def test_the_page_says_when_the_next_email_comes_or_why_none_comes(subscriber: Subscriber, said: str) -> None:
    assert pages.next_email(subscriber, ENGLISH) == said


# ---------------------------------------------------------------- reports of presses


@pytest.mark.parametrize(
    ("done", "subscriber", "said"),
    [
        ("pause", after(1).paused(), SAY["paused"]),
        ("pause", after(1).paused(date(2026, 12, 24)), SAY["paused_until"].format(date="24 December 2026")),
        ("resume", after(1), DONE["resume"]),
        ("again", replace(after(1), sent={}, round=2), DONE["again"]),
        ("not-yet", replace(after(1), sent={}, round=2), DONE["not-yet"]),
        ("yes", replace(after(1), next_lesson=COURSE.closing), DONE["yes"]),
        ("stop", after(1).stopped(Status.UNSUBSCRIBED), DONE["stop"]),
        ("keep", after(1).paused().keeping(MONDAY), DONE["keep"]),
        ("time", after(1), DONE["time"]),
    ],
)
def test_the_page_reports_a_press(done: str, subscriber: Subscriber, said: str) -> None:
    assert pages.message_after(done, subscriber, COURSE, MONDAY) == said


@pytest.mark.parametrize("done", ["pause", "again", "not-yet", "yes", "stop", "skip", "keep", "erase", "nothing", ""])
def test_the_page_shows_no_report_that_is_not_true(done: str) -> None:
    """The address with `?done=` may be old or typed by hand."""
    assert pages.message_after(done, after(1), COURSE, MONDAY) == ""


def test_every_button_has_words_for_its_report() -> None:
    assert {str(done) for done in pages.TOLD} == DONE.keys()


# ---------------------------------------------------------------- the journal


def test_a_journal_that_is_too_long_for_the_page_is_cut() -> None:
    written = [reflection("word " * 100_000), reflection("word " * 150_000, "own-it")]
    shown = pages.journal_values(after(1), COURSE, written)
    assert ([page.lesson for page in shown["journal"]], shown["goes_on"]) == (["acknowledge"], True)
    assert pages.journal_values(after(1), COURSE, [])["journal"] == []


def test_the_journal_as_text_says_that_it_was_cut() -> None:
    long = ENGLISH.words["email"]["journal_long"]
    short = [reflection("I lied.")]
    assert "\n\nI lied.\n" in pages.journal_text(after(1), COURSE, short)
    assert long not in pages.journal_text(after(1), COURSE, short)
    too_long = [*short, reflection("word " * 900_000, "own-it")]
    text = pages.journal_text(after(1), COURSE, too_long)
    assert "I lied." in text
    assert text.endswith(f"\n{long}\n")
    assert "word word" not in text


def test_the_dates_of_the_download_are_in_the_subscribers_zone() -> None:
    shown = pages.journal_file_values(replace(after(1), zone="Asia/Tokyo"), COURSE, [reflection("I lied.")], MONDAY)
    assert shown["made"] == "24 November 2026"
    assert [entry.at for page in shown["journal"] for entry in page.reflections] == ["24 November 2026"]
    assert (shown["course"], shown["language"]) == (COURSE, ENGLISH)


# ---------------------------------------------------------------- a lesson


def lesson(subscriber: Subscriber, name: str) -> pages.Values | None:
    return pages.lesson_values(SITE, subscriber, name, ME, MONDAY)


def test_a_lesson_that_was_sent_is_shown() -> None:
    shown = lesson(after(1), "acknowledge")
    assert shown
    assert shown["lesson"] == COURSE.lessons["acknowledge"]
    assert "<p>" in shown["body"]


@pytest.mark.parametrize("name", ["own-it", "keep-showing-up", "no-such-lesson", ""])
def test_a_lesson_that_was_not_sent_is_not_shown(name: str) -> None:
    assert lesson(after(1), name) is None


def test_a_lesson_whose_email_arrived_before_ses_answered_is_shown() -> None:
    claim = Claim("attempt", "own-it", MONDAY, MONDAY, None, None)
    assert lesson(replace(after(1), claim=claim), "own-it")


def test_a_lesson_of_an_earlier_round_is_shown_but_an_unsent_one_is_not() -> None:
    again, earlier = replace(after(1), round=2, sent={}), {"intro", "own-it"}
    assert pages.lesson_values(SITE, again, "own-it", ME, MONDAY, earlier=earlier)
    for name in ("acknowledge", "no-such-lesson"):
        assert pages.lesson_values(SITE, again, name, ME, MONDAY, earlier=earlier) is None
    assert [each.id for each in pages.course_values(again, COURSE, earlier=earlier)["lessons"]] == ["intro", "own-it"]


def test_p1_the_course_page_and_lesson_pages_show_no_name_and_no_zone() -> None:
    ann = replace(after(1), first_name="Annabelle", zone="Asia/Kathmandu")
    for shown in (pages.course_values(ann, COURSE), lesson(ann, "acknowledge")):
        assert shown
        told = {name: str(value) for name, value in shown.items() if name != "zones"}
        assert not [name for name, value in told.items() if re.search("Annabelle|Kathmandu|ann@", value)]


# ---------------------------------------------------------------- forms


def test_the_sign_up_form_is_shown_again_with_the_typed_values_and_the_errors() -> None:
    typed = {"address": "ann@", "hour": "8"}
    shown = pages.sign_up_values(COURSE, typed, {"address": "address"})
    assert shown["values"] == typed
    assert shown["errors"] == {"address": "Please enter one email address, such as name@example.com."}
    assert (shown["zones"], shown["hours"]) == (forms.zones(), [f"{hour}:00" for hour in range(24)])
    assert shown["about"].startswith("<")


def test_a_form_that_is_shown_again_says_why_and_when() -> None:
    assert pages.again_in_words(ShownAgain("once_again"), ENGLISH).startswith("Nothing has been sent yet")
    busy = pages.again_in_words(ShownAgain("busy", 503, 61), ENGLISH)
    assert busy.endswith("press the button again in 2 minutes.")


def test_errors_are_shown_by_field_in_the_language_of_the_course() -> None:
    errors = {"first_name": "name_long", "zone": "zone"}
    assert pages.errors_in_words(errors, ENGLISH) == {
        "first_name": "Please use at most 60 characters.",
        "zone": "Please choose your time zone from the list.",
    }
    spanish = pages.errors_in_words(errors, SITE.library.languages["es"])
    assert spanish.keys() == errors.keys()
    assert "60" in spanish["first_name"]
    assert not set(spanish.values()) & set(pages.errors_in_words(errors, ENGLISH).values())
