"""A wish among other words."""

import pytest

from replies.request import EmailKind
from tests.replies.decisions import decision_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I see now that he felt alone. I don't think I need the rest of the emails though.", "ask:stop"),
        ("I lied about the loan for two years. Can we pause until Monday, I need to tell her first.", "ask:pause"),
        ("He nodded and went back to his game.\n\nP.S. Could it be 7 am again?", "ask:time"),
        ("Hoy le conté lo del dinero y lloró. Creo que ya no necesito los correos.", "ask:stop"),
        ("Ich habe nie gesehen, wie allein sie war. Bitte meldet mich ab.", "ask:stop"),
        ("I told her about the money. How do I change my email address?", "ask:help"),
    ],
)
def test_a_wish_is_asked_about(text: str, label: str) -> None:
    assert decision_of(text) == label


@pytest.mark.parametrize(
    "text",
    [
        "She told me: take me off your list.",
        "Take me off this list. That is what she wrote.",
        "“Stop emailing me”, she answered.",
        "No quiero que paren los correos, me ayudan.",
        "I almost unsubscribed from these emails yesterday.",
        "I stopped sending her emails three days ago.",
        "How do I get her to answer my emails?",
        "I'd like to stop being someone she has to manage.",
    ],
)
def test_a_wish_that_is_remembered_quoted_negated_or_about_others_is_kept(text: str) -> None:
    assert decision_of(text) == "keep"


def test_going_on_is_a_wish_only_in_answer_to_a_notice() -> None:
    assert decision_of("I'd like to come back, how do I do that?", EmailKind.NOTICE) == "ask:resume"
    assert decision_of("I want to come back to her. How I do not know.") == "keep"
