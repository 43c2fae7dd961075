"""What people ask for in a reply, and whether they say yes."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from content.lessons import load
from replies import agrees, consents, requested, says_stop
from replies.request import Request

TODAY = date(2026, 11, 24)  # a Tuesday
DAY = timedelta(days=1)
Command = Request.Command


@pytest.mark.parametrize(("text", "command"), [("Yes.", "yes"), ("¡Sí!", "yes"), ("Aún no", "not-yet")])
def test_a_yes_is_a_request_whatever_it_answers(text: str, command: str) -> None:
    assert requested(text, TODAY) == Request(Command(command))


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause until 2020-01-01", date(2020, 1, 1)),
        ("pause until 24 November 2026", TODAY),
        ("pause until 3 March 2031", date(2031, 3, 3)),
        ("pause 30 months", TODAY + 900 * DAY),
        ("pause 99999999 days", TODAY + 3_660 * DAY),
        (f"pause {'9' * 150} months", TODAY + 3_660 * DAY),
        ("pause until 3/4", None),
        (f"pause until {'9' * 50}-01-01", None),
    ],
)
def test_a_pause_ends_on_the_day_that_was_said(text: str, until: date | None) -> None:
    assert requested(text, TODAY) == Request(Command.PAUSE, until=until)


def test_a_year_that_no_calendar_has_is_no_day() -> None:
    assert requested(f"pause until 3 March {'9' * 50}", TODAY) is None


def test_a_text_of_200_characters_is_never_a_request() -> None:
    assert requested("stop" + "!" * 195, TODAY) == Request(Command.STOP)
    assert requested("stop" + "!" * 196, TODAY) is None


def test_r23_the_word_that_the_emails_teach_stops_by_itself() -> None:
    """Of every language that has emails: HELP names it in bold."""
    languages = load(Path(__file__).parents[2] / "emails").languages
    assert set(languages) == {"en", "es"}
    for code in languages:
        page = (Path(__file__).parents[2] / "emails" / code / "notices" / "help.md.j2").read_text("utf-8")
        line = re.search(r"(?m)^stop = (.+)", page)
        assert line
        words = re.findall(r"\*\*(.+?)\*\*", line[1])
        assert words
        assert all(says_stop(word) for word in words), code


@pytest.mark.parametrize("text", ["Stop", "STOP.", "stop!\n", "¡Baja!", "para"])
def test_r23_the_bare_word_however_it_is_written(text: str) -> None:
    assert says_stop(text)


@pytest.mark.parametrize("text", ["", "Stop please", "Stop\n\nEve", "unsubscribe", "cancel", "pause", "no", "stop it"])
def test_r23_more_or_other_words_are_not_the_bare_word(text: str) -> None:
    assert not says_stop(text)


@pytest.mark.parametrize(
    "text", ["", "Yes", "yes please!", "OK thanks", "I confirm", "Sí", "Vale, gracias", "Confirmo"]
)
def test_a_yes_to_the_confirmation_in_either_language(text: str) -> None:
    assert agrees(text)
    assert consents(text)


REFUSALS = ["No", "Who is this?", "I didn’t", "No fui yo", "¿Quién es?", "si no fui yo", "Baja", "Please take me off"]
REFUSALS += [
    "Leave me alone. Take me off this.",
    "Why did I get this",
    "fuck off",
    "Yes, but not today",
    "OK. Leave me",
]
REFUSALS += ["… leave me", "Thanks. Remove me", "Sí, pero hoy no", "Please", "I will think about it"]
REFUSALS += ["Si quieres, cuéntame de qué se trata"]  # “if you like”


@pytest.mark.parametrize("text", REFUSALS)
def test_what_is_no_clear_yes_confirms_nothing(text: str) -> None:
    assert not consents(text)


def test_a_yes_with_more_is_a_yes() -> None:
    assert consents("Sí. No he dormido bien.")
    assert consents("Yes. I have not slept.")
    assert consents("Yes, I want to begin. I hurt somebody I love.")
