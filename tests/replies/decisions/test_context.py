"""The context of a decision on a reply."""

from datetime import date

import pytest

from replies.decisions.context import Context, obey_decision
from replies.decisions.expressions import Level
from replies.decisions.grammar import Core
from replies.decisions.wording import sentences
from replies.request import Decision, EmailKind, Request

Command = Request.Command


def reply(text: str, answered: EmailKind = EmailKind.LESSON) -> Context:
    said = sentences(text)
    return Context(said, said, answered, date(2026, 11, 24))


@pytest.mark.parametrize(
    ("answered", "section", "asked"),
    [
        (EmailKind.LESSON, "stop", Request(Command.STOP)),
        (EmailKind.WAY_BACK, "stop", Request(Command.STOP)),
        (EmailKind.WAY_BACK, "yes", None),
        (EmailKind.CONFIRM, "yes", Request(Command.YES)),
        (EmailKind.ERASE, "yes", Request(Command.ERASE)),
    ],
)
def test_what_is_asked_depends_on_the_question(answered: EmailKind, section: str, asked: Request | None) -> None:
    assert reply("x", answered).ask_about(section) == Decision(Decision.Kind.ASK, asked)


def test_an_offer_is_made_again_for_half_a_yes_and_not_for_half_a_no() -> None:
    assert reply("maybe", EmailKind.OFFER).ask_about("yes") == Decision(Decision.Kind.ASK)
    assert reply("maybe", EmailKind.OFFER).ask_about("not-yet") == Decision(Decision.Kind.KEEP)


@pytest.mark.parametrize("answered", [EmailKind.LESSON, EmailKind.NOTICE])
def test_a_yes_means_nothing_where_nothing_was_asked(answered: EmailKind) -> None:
    assert reply("yes", answered).cores("yes") == []
    assert reply("yes", EmailKind.WAY_BACK).cores("yes")


def test_words_that_may_stand_next_to_a_yes_mean_yes() -> None:
    assert obey_decision(Core("confirming", Level.WORD)) == Decision(Decision.Kind.OBEY, Request(Command.YES))
    pause = Core("pause", Level.WORD, until=date(2026, 12, 1))
    assert obey_decision(pause, kept=True) == Decision(
        Decision.Kind.OBEY_AND_KEEP, Request(Command.PAUSE, until=date(2026, 12, 1))
    )


def test_a_reply_asks_if_its_last_sentence_is_a_question() -> None:
    assert reply("Honestly? No?").asks
    assert not reply("Honestly? No.").asks
