"""Mistyped words."""

import pytest

from replies.decisions.typos import corrected


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("unsubcribe", "unsubscribe"), ("unsubscirbe", "unsubscribe"), ("puase", "pause"), ("stpo", "stop"),
     ("skipp", "skip"), ("sendng thees mails", "sending these mails"), ("abmeldn", "abmelden")],
)  # fmt: skip
def test_a_slip_of_the_finger_is_corrected(typed: str, meant: str) -> None:
    assert corrected(typed) == meant


@pytest.mark.parametrize(
    "words", ["step", "shop", "paused", "pauses", "cause", "stops", "form", "the", "a", "meine", "unsubscribed"]
)
def test_another_word_is_not_changed(words: str) -> None:
    assert corrected(words) == words
