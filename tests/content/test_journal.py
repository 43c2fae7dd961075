"""The journal: every reflection under its question, in order, as it was written."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from content.journal import AROUND, as_text, beginning, echo, journal, last_time, within
from content.lessons import load
from course.reflection import Reflection, cut_to_bytes

COURSE = load(Path(__file__).parents[2] / "emails").courses["rebuild-trust"]


def reflection(text: str, lesson: str = "own-it", number: int = 1, hour: int = 12) -> Reflection:
    at = datetime(2026, 11, 24, hour, tzinfo=UTC)
    return Reflection("id", number, lesson, at, f"mail-{text}", text, "token", proven=True)


def test_pages_are_sorted_by_round_then_lesson_then_time() -> None:
    written = [
        reflection("round two", "acknowledge", number=2),
        reflection("later", hour=13),
        reflection("earlier", hour=8),
        reflection("first", "acknowledge"),
        reflection("to a notice", ""),
    ]
    pages = journal(COURSE, written, "Europe/Berlin")
    assert [(page.round, page.lesson, [entry.text for entry in page.reflections]) for page in pages] == [
        (1, "acknowledge", ["first"]),
        (1, "own-it", ["earlier", "later"]),
        (1, "", ["to a notice"]),
        (2, "acknowledge", ["round two"]),
    ]
    assert pages[1].question == COURSE.lessons["own-it"].question
    assert pages[2].question is None


def test_dates_are_local_days_of_the_subscriber() -> None:
    late = [reflection("late", hour=23)]
    assert journal(COURSE, late, "Asia/Tokyo")[0].reflections[0].at == "25 November 2026"
    assert journal(COURSE, late, "America/St_Johns")[0].reflections[0].at == "24 November 2026"


def test_a_reflection_on_a_removed_lesson_is_still_in_the_journal() -> None:
    assert journal(COURSE, [reflection("words", "removed")], "UTC")[0].reflections[0].text == "words"


def test_last_time_is_the_latest_earlier_round_with_a_reflection() -> None:
    written = [reflection("one"), reflection("three b", number=3, hour=14), reflection("three a", number=3)]
    assert last_time(written, "own-it", before_round=1) == []
    assert last_time(written, "own-it", before_round=2) == ["one"]
    assert last_time(written, "own-it", before_round=5) == ["three a", "three b"]
    assert last_time(written, "acknowledge", before_round=5) == []


def test_r21_last_time_has_only_proven_reflections() -> None:
    maybe = replace(reflection("maybe", number=2), proven=False)
    assert last_time([reflection("one"), maybe], "own-it", before_round=3) == ["one"]
    assert last_time([maybe], "own-it", before_round=3) == []


def test_r21_every_form_of_the_journal_marks_unproven_reflections() -> None:
    pages = journal(COURSE, [reflection("mine", hour=8), replace(reflection("maybe"), proven=False)], "UTC")
    assert [(entry.text, entry.unproven) for entry in pages[0].reflections] == [("mine", False), ("maybe", True)]
    mark = COURSE.language.words["pages"]["journal"]["unproven"]
    text = as_text(pages, COURSE)
    assert text.count(mark) == 1
    assert text.index("mine") < text.index(mark) < text.index("maybe")


def test_an_echo_is_the_first_reflection_of_this_round_on_one_line() -> None:
    written = [
        reflection("later", hour=13),
        reflection("I shouted.\n\n  She  left.", hour=8),
        reflection("another lesson", "acknowledge"),
        reflection("another round", number=2),
    ]
    assert echo(written, "own-it", 1) == "I shouted. She left."
    assert echo(written, "own-it", 2) == "another round"
    assert echo(written, "own-it", 3) == echo(written, "safety-first", 1) == ""


def test_r21_an_echo_quotes_only_the_subscriber() -> None:
    forged = replace(reflection("forged", hour=7), proven=False)
    assert echo([forged], "own-it", 1) == ""
    assert echo([forged, reflection("mine")], "own-it", 1) == "mine"


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("x" * 300, "x" * 300),
        ("I shouted. " + "x" * 300, "I shouted."),
        ("One. Two! “Three?” " + "word " * 80, "One. Two! “Three?”"),
        ("3.5 times and e.g.this " + "word " * 80, "3.5 times and e.g.this " + "word " * 55 + "…"),
        ("x" * 301, "x" * 300 + " …"),
        ("你好。" * 101, "你好。" * 100),
        ("Yes." + " word" * 59 + "!" + " word" * 9, "Yes." + " word" * 59 + "!"),
    ],
)
def test_an_echo_is_cut_at_a_sentence_or_otherwise_between_words(text: str, cut: str) -> None:
    assert echo([reflection(text)], "own-it", 1) == cut
    assert len(cut) <= 302


def test_a_long_journal_is_cut_to_the_budget() -> None:
    pages = journal(
        COURSE, [reflection("x" * 60, "acknowledge"), reflection("y" * 60), reflection("z", "safety-first")], "UTC"
    )
    room = 3 * AROUND + 121
    assert within(pages, room) == (pages, False)
    assert within(pages, room - 1) == (pages[:2], True)
    assert within(pages, AROUND + 10) == ([], True)
    escaped = journal(COURSE, [reflection("<" * 60)], "UTC")
    assert within(escaped, AROUND + 4 * 60) == (escaped, False)
    assert within(escaped, AROUND + 4 * 60 - 1) == ([], True)


def test_the_beginning_of_long_texts_is_cut_to_the_budget() -> None:
    assert beginning(["one", "two"], 2 * AROUND + 6) == (["one", "two"], False)
    assert beginning(["one", "x" * 100], 2 * AROUND + 53) == (["one", "x" * 50 + " …"], True)
    assert beginning(["one", "two"], AROUND + 3) == (["one"], True)


def test_r11_a_text_is_cut_between_characters() -> None:
    assert cut_to_bytes("ab🙂", 6) == "ab🙂"
    assert cut_to_bytes("ab🙂", 5) == "ab"
