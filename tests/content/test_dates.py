"""Dates and places in the course, in the words of each language."""

import re
from dataclasses import replace
from datetime import time
from itertools import product
from pathlib import Path

import pytest
from babel.dates import format_time
from babel.localedata import locale_identifiers

from content import dates
from content.countries import country_of
from content.lessons import load
from course import forms
from course.subscriber import Subscriber
from tests.course.subscribers import MONDAY, after, confirmed

EMAILS = Path(__file__).parents[2] / "emails"
ENGLISH = load(EMAILS).languages["en"]
COURSE = load(EMAILS).courses["rebuild-trust"]


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_every_hour_of_the_day_has_words(code: str) -> None:
    language = load(EMAILS).languages[code]
    for of_day in range(24):
        said = dates.hour(of_day, language)
        assert re.findall(r"\d+:00", said) == [f"{of_day}:00", f"{(of_day + 1) % 24}:00"]


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_hours_are_written_as_in_the_country_of_the_zone(code: str) -> None:
    """By CLDR, an independent source: 19:00 or 7:00 pm in every zone whose country has the language."""
    language, seen = load(EMAILS).languages[code], set()
    written = {name.partition("_")[2]: name for name in locale_identifiers() if name.startswith(f"{code}_")}
    for zone in forms.zones():
        if (country := country_of(zone)) not in written:
            continue
        told = format_time(time(19), "short", locale=written[country])
        hour = re.search(r"\d+", told)
        shown = dates.clock(language, country)[19]
        assert hour
        assert shown.startswith(f"{int(hour[0])}:00"), (zone, told)
        twelve = re.sub(r"\W", "", told.casefold()).endswith("pm")
        assert re.sub(r"\W", "", shown).endswith("pm") == twelve, (zone, told)
        said = dates.hour(19, language, country)
        assert len(re.findall(r"\bp\. m\.|\bpm\b", said)) == 2 * twelve
        seen.add(twelve)
    assert seen == {False, True}


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_an_hour_of_the_twelve_hour_clock_ends_where_the_next_one_begins(code: str) -> None:
    words = load(EMAILS).languages[code].words["dates"]["twelve_hours"]
    for of_day, (said, shown) in enumerate(zip(words["hours"], words["clock"], strict=True)):
        assert (shown in said) == bool(of_day % 12), "midnight and noon have names"
        (_, begins), (ends, _) = (re.split(r" (?:and|y) ", words["hours"][at]) for at in (of_day - 1, of_day))
        assert ends.partition(" ")[2] == begins
    assert len(set(words["hours"])) == len(set(words["clock"])) == 24


def test_dates_are_written_in_spanish() -> None:
    spanish = load(EMAILS).languages["es"]
    assert dates.date(MONDAY, "Europe/Madrid", spanish) == "23 de noviembre de 2026"
    assert dates.next_email(after(1), spanish) == "miércoles 25 de noviembre, entre las 7:00 y las 8:00"
    assert dates.hour(0, spanish) == "entre las 0:00 y la 1:00"
    assert dates.hour(1, spanish) == "entre la 1:00 y las 2:00"


def test_a_date_is_the_local_day() -> None:
    assert dates.date(MONDAY, "Pacific/Kiritimati", ENGLISH) == "24 November 2026"


def test_the_time_of_the_next_email_is_empty_if_none_comes() -> None:
    assert dates.next_email(after(0), ENGLISH) == "Tuesday 24 November, between 7:00 and 8:00"
    assert dates.next_email(replace(after(0), due_at=None), ENGLISH) == ""


@pytest.mark.parametrize(
    ("subscriber", "words"),
    [
        (confirmed(), "nothing"),
        (after(0), "introduction"),
        (replace(confirmed(), round=2), "round"),
        (after(3), "closing"),
    ],
    ids=["nothing", "introduction", "round", "closing"],
)
def test_every_place_in_the_course_has_words(subscriber: Subscriber, words: str) -> None:
    said = ENGLISH.words["place"][words].format(round=2)
    assert dates.place(subscriber, COURSE) == said


def test_the_place_after_a_lesson_names_its_day() -> None:
    assert dates.place(after(1), COURSE) == ENGLISH.words["place"]["lesson"].format(day=1, days=5)


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_the_pattern_finds_every_text_about_the_next_email(code: str) -> None:
    language = load(EMAILS).languages[code]
    for country, hour in product(("DE", "US"), range(24)):
        said = dates.next_email(replace(after(1), hour=hour), language, country)
        found = re.search(dates.next_email_pattern(language), f"Hello. It comes {said}. Goodbye.")
        assert found
        assert found[0] == said
    assert not re.search(dates.next_email_pattern(language), dates.hour(7, language))
