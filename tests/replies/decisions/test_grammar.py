"""Words that are parsed as cores, frames and courtesies."""

from datetime import date

import pytest

from replies.decisions.expressions import Level
from replies.decisions.grammar import MOST_WORDS, cores, is_courtesy

TODAY = date(2026, 11, 24)  # a Tuesday


def parsed(words: str) -> list[tuple[str, Level]]:
    return [(core.section, core.level) for core in cores(words, TODAY)]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("stop", [("stop", Level.WORD)]),
        ("sorry but i need to unsubscribe nothing personal", [("stop", Level.CLEAR)]),
        ("please stop | just stop emailing me", [("stop", Level.WORD), ("stop", Level.CLEAR)]),
        ("stop the emails and the shouting", []),
        ("no more emails por favor", [("stop", Level.CLEAR)]),
        ("", []),
        ("thank you", []),
    ],
)
def test_words_are_requests_if_there_are_no_others(words: str, found: list[tuple[str, Level]]) -> None:
    assert parsed(words) == found


def test_a_frame_says_that_something_is_wished_for_or_only_considered() -> None:
    assert cores("could you pause the course", TODAY)[0].framed
    considered = cores("maybe i should stop the emails", TODAY)[0]
    assert considered.framed
    assert considered.doubted
    assert not cores("pause the course", TODAY)[0].framed


def test_a_frame_without_a_core_is_no_request() -> None:
    assert cores("could you", TODAY) == []
    assert cores("could you please", TODAY) == []


def test_a_value_is_a_day_or_an_hour_and_other_words_are_no_value() -> None:
    assert cores("pause until monday", TODAY)[0].until == date(2026, 11, 30)
    assert cores("send it at 7 pm", TODAY)[0].hour == 19
    assert cores("pause until she calls", TODAY) == []
    assert cores("time heals", TODAY) == []


def test_an_hour_without_its_half_of_the_day_is_asked_about_except_in_the_command_time() -> None:
    assert parsed("send it at 7") == [("time", Level.HINT)]
    assert parsed("send it at 7 pm") == [("time", Level.CLEAR)]
    assert parsed("time 7") == [("time", Level.WORD)]


def test_a_section_that_means_nothing_here_is_left_out() -> None:
    assert cores("yes", TODAY, frozenset({"yes"})) == []


def test_a_core_knows_whether_it_speaks_of_the_course() -> None:
    assert cores("stop the emails", TODAY)[0].ours
    assert not cores("stop", TODAY)[0].ours


def test_a_story_is_no_request() -> None:
    assert cores("please " * (MOST_WORDS - 1) + "stop", TODAY)
    assert cores("please " * MOST_WORDS + "stop", TODAY) == []


def test_courtesies_are_recognised_in_any_language() -> None:
    assert is_courtesy("mit freundlichen gruen".replace("gruen", "grußen"))
    assert is_courtesy("thanks | muchas gracias")
    assert not is_courtesy("thanks for the fish")
