"""The context of a decision on a reply."""

from datetime import date

import pytest

from replies.decisions.context import Context, obeyed
from replies.decisions.expressions import Level
from replies.decisions.grammar import Core
from replies.decisions.wording import sentences
from replies.request import Answered, Decision, Request

Command = Request.Command


def reply(text: str, answered: Answered = Answered.LESSON) -> Context:
    said = sentences(text)
    return Context(said, said, answered, date(2026, 11, 24))


@pytest.mark.parametrize(
    ("answered", "section", "asked"),
    [
        (Answered.LESSON, "stop", Request(Command.STOP)),
        (Answered.WAY_BACK, "stop", Request(Command.STOP)),
        (Answered.WAY_BACK, "yes", None),
        (Answered.CONFIRM, "yes", Request(Command.YES)),
        (Answered.ERASE, "yes", Request(Command.ERASE)),
    ],
)
def test_what_is_asked_depends_on_the_question(answered: Answered, section: str, asked: Request | None) -> None:
    assert reply("x", answered).asked(section) == Decision(Decision.Kind.ASK, asked)


def test_an_offer_is_made_again_for_half_a_yes_and_not_for_half_a_no() -> None:
    assert reply("maybe", Answered.OFFER).asked("yes") == Decision(Decision.Kind.ASK)
    assert reply("maybe", Answered.OFFER).asked("not-yet") == Decision(Decision.Kind.KEEP)


@pytest.mark.parametrize("answered", [Answered.LESSON, Answered.NOTICE])
def test_a_yes_means_nothing_where_nothing_was_asked(answered: Answered) -> None:
    assert reply("yes", answered).cores("yes") == []
    assert reply("yes", Answered.WAY_BACK).cores("yes")


def test_words_that_may_stand_next_to_a_yes_mean_yes() -> None:
    assert obeyed(Core("confirming", Level.WORD)) == Decision(Decision.Kind.OBEY, Request(Command.YES))
    pause = Core("pause", Level.WORD, until=date(2026, 12, 1))
    assert obeyed(pause, kept=True) == Decision(
        Decision.Kind.OBEY_AND_KEEP, Request(Command.PAUSE, until=date(2026, 12, 1))
    )


def test_a_reply_asks_if_its_last_sentence_is_a_question() -> None:
    assert reply("Honestly? No?").asks
    assert not reply("Honestly? No.").asks
