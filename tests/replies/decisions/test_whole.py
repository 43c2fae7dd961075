"""A reply that is only a request or an answer."""

import pytest

from replies.request import EmailKind
from tests.replies.decisions import decision_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Could you please pause the lessons?", "obey:pause"),
        ("I want to stop", "ask:stop"),
        ("Stop?", "ask:stop"),
        ("help?", "obey:help"),
        ("Stop or pause, I don't know", "ask:stop"),
        ("Delete my data and unsubscribe me", "obey:erase"),
        ("pause it and skip the next one", "ask:pause"),
        ("Maybe I should unsubscribe", "ask:stop"),
        ("carry on please", "keep"),
        ("unsubcribe", "obey:stop"),
    ],
)
def test_a_whole_reply_to_a_lesson_is_decided(text: str, label: str) -> None:
    assert decision_of(text) == label


@pytest.mark.parametrize(
    ("answered", "text", "label"),
    [
        (EmailKind.NOTICE, "carry on please", "obey:resume"),
        (EmailKind.NOTICE, "yes", "keep"),
        (EmailKind.WAY_BACK, "Yes, they can.", "obey:yes"),
        (EmailKind.WAY_BACK, "yes?", "ask:way-back"),
        (EmailKind.WAY_BACK, "Yes and no", "ask:way-back"),
        (EmailKind.WAY_BACK, "Not yet", "obey:not-yet"),
        (EmailKind.WAY_BACK, "No, just take me off the list", "obey:stop"),
        (EmailKind.CONFIRM, "Yes, count me in", "obey:yes"),
        (EmailKind.CONFIRM, "I suppose so", "ask:yes"),
        (EmailKind.CONFIRM, "no", "keep"),
        (EmailKind.ERASE, "Yes, please delete everything. Goodbye.", "obey:yes"),
        (EmailKind.ERASE, "do it", "ask:erase"),
        (EmailKind.ERASE, "no", "keep"),
        (EmailKind.OFFER, "yes", "obey:yes"),
        (EmailKind.OFFER, "no", "obey:not-yet"),
    ],
)
def test_a_whole_reply_to_a_question_is_decided(answered: EmailKind, text: str, label: str) -> None:
    assert decision_of(text, answered) == label
