"""The score counts lost and leaked words, and recognises an exact result."""

import pytest

from tests.mail.score import Figure, Labelled, ours, score, understood, words


def test_words_are_compared_without_case_and_punctuation() -> None:
    assert words("I LIED, señora – ﬁne\u200b.") == ["i", "lied", "señora", "fine"]
    assert words("我錯了 🙏") == ["我", "錯", "了", "🙏"]


def test_missing_words_are_lost_and_extra_words_are_leaked() -> None:
    assert score("I lied to her", "I lied to her", "I lied to her").exact
    assert score("I lied", "I lied to her", "I lied to her").lost == 2
    assert score("I lied to her wrote Ana", "I lied to her", "I lied to her").leaked == 2
    assert score("", "I lied", "I lied").empty


def test_allowed_words_may_be_there_or_not() -> None:
    assert score("Hello I lied", "I lied", "Hello I lied Ana").exact
    assert not score("Ana I lied", "I lied", "Hello I lied Ana").exact


def test_a_reader_that_keeps_everything_does_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    few = ours()
    some = Labelled(few.known[:40], few.alone[:40], few.machines[:5], few.people[:5])
    monkeypatch.setattr("tests.mail.score.own_words", lambda raw, *_: raw.decode("utf-8", "replace"))

    missed = [figure.what for figure in understood(some) if not figure.reached]

    assert len(missed) == 5


def test_a_figure_says_whether_it_is_reached() -> None:
    assert not Figure("exact", 95.9, least=96).reached
    assert str(Figure("lost", 0.2, most=0.1)).endswith("not reached")
