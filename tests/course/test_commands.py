"""Commands by reply: only when they are all that was written."""

from pathlib import Path

import pytest

from course.commands import NOTICES, Command, command_in, obey
from course.lessons import load
from course.subscriber import Status
from tests.course.subscribers import MONDAY, after

LIBRARY = load(Path(__file__).parents[2] / "emails")
COURSE = LIBRARY.courses["rebuild-trust"]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOP", Command.STOP),
        ("stop.", Command.STOP),
        ("  Unsubscribe\n", Command.STOP),
        ("Pause", Command.PAUSE),
        ("RESUME!", Command.RESUME),
        ("again", Command.AGAIN),
        ("Journal", Command.JOURNAL),
        ("help?", Command.HELP),
    ],
)
def test_a_word_by_itself_is_a_command(text: str, command: Command) -> None:
    assert command_in(text, "own-it", COURSE) is command


@pytest.mark.parametrize(
    "text", ["", "I can’t stop thinking about it", "Stop. I mean the shouting.", "pause 10 days", "help " * 60, "no"]
)
def test_anything_longer_or_unclear_is_a_reflection(text: str) -> None:
    assert command_in(text, "own-it", COURSE) is None


def test_yes_and_not_yet_answer_only_the_question_of_the_way_back() -> None:
    assert command_in("Yes", "safety-first", COURSE) is Command.YES
    assert command_in("No, not yet.", "safety-first", COURSE) is Command.NOT_YET
    assert command_in("Yes", "own-it", COURSE) is None
    assert command_in("Not yet", "", COURSE) is None


def test_every_command_has_its_notice_and_every_notice_is_written() -> None:
    assert NOTICES.keys() == set(Command)
    assert set(NOTICES.values()) <= set(LIBRARY.notices)


def test_commands_do_what_they_say() -> None:
    subscriber = after(1)
    assert obey(Command.STOP, subscriber, COURSE, MONDAY).status is Status.UNSUBSCRIBED
    assert obey(Command.PAUSE, subscriber, COURSE, MONDAY).status is Status.PAUSED
    assert obey(Command.RESUME, subscriber.paused(), COURSE, MONDAY).status is Status.ACTIVE
    assert obey(Command.AGAIN, subscriber, COURSE, MONDAY).round == 2
    assert obey(Command.NOT_YET, subscriber, COURSE, MONDAY).plan == COURSE.plan_again
    for asking in (Command.JOURNAL, Command.HELP):
        assert obey(asking, subscriber, COURSE, MONDAY) is subscriber
