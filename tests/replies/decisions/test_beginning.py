"""A reply that begins with a request or an answer, and says more."""

import pytest

from replies.request import EmailKind
from tests.replies.decisions import decision_of


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Please unsubscribe me, I don't have the strength to do it well", "obey+keep:stop"),
        ("Please unsubscribe me unless she signs up too", "ask:stop"),
        ("Stop writing to me. I cannot do this", "ask:stop"),
        ("Stop writing to me. That was his last text", "keep"),
        ("Pause until Monday. They operate on my husband on Thursday.", "obey+keep:pause:until:2026-11-30"),
        ("Pause until Monday, he asked. I called on Saturday.", "keep"),
        ("Pause. I have exams.", "ask:pause"),
        ("Pause. Breathe. Then answer.", "keep"),
        ("Stop. That's what she said, and I kept talking.", "keep"),
        ("Delete my data, joked my daughter when I apologised.", "keep"),
        ("Delete my account. I am ashamed of what I wrote.", "ask:erase"),
    ],
)
def test_the_beginning_of_a_reply_to_a_lesson_decides(text: str, label: str) -> None:
    assert decision_of(text) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Not yet, I think. She still flinches.", "obey+keep:not-yet"),
        ("No, but last night she left her coat at mine.", "obey+keep:not-yet"),
        ("Yes. She fell asleep while I was driving, first time in a year.", "obey+keep:yes"),
        ("yes but only when the kids are around", "ask:way-back"),
        ("Yes is what I would have written a month ago.", "ask:way-back"),
    ],
)
def test_w4_the_beginning_of_a_reply_to_the_way_back_decides(text: str, label: str) -> None:
    assert decision_of(text, EmailKind.WAY_BACK) == label


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Yes. I have not slept.", "obey+keep:yes"),
        ("yes but please only from next week", "ask:yes"),
        ("yes?? what is this about", "ask:yes"),
        ("No. I was angry.", "keep"),
    ],
)
def test_w8_the_beginning_of_a_reply_to_the_confirmation_email_decides(text: str, label: str) -> None:
    assert decision_of(text, EmailKind.CONFIRM) == label


@pytest.mark.parametrize("text", ["Yes. No. I don't know.", "yes, if you keep the email", "Yes, I deleted the photos"])
def test_a_yes_with_a_doubt_or_a_condition_deletes_nothing(text: str) -> None:
    assert not decision_of(text, EmailKind.ERASE).startswith("obey")
