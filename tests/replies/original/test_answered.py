"""The original as text and HTML."""

from unittest.mock import Mock

import pytest

from replies.html_text import html_to_text
from replies.original.answered import Original
from replies.original.sent import Compared

TEXT = "Hello Ana,\nThink of one evening.\nhttps://a.b/c"
HTML = '<title>Day 2 of 5</title><p>Hello Ana,<p>Think of one evening.<p><a href="https://a.b/c?d=1&amp;e=2">Open</a>'


def lines(*texts: str) -> list[Compared]:
    return [Compared(text, quoted=True) for text in texts]


def test_the_form_that_has_most_words_of_a_quote_counts() -> None:
    quote = lines("Day 2 of 5", "Hello Ana,", "Think of one evening.", "Open")
    assert [rest.text for rest in Original(TEXT, HTML).closest(quote).rests] == [None] * 4
    assert [rest.text for rest in Original(TEXT, None).closest(quote).rests] == ["Day 2 of 5", None, None, "Open"]
    assert Original(TEXT, HTML).closest(quote).matched == 11


def test_the_html_is_not_read_when_the_text_has_all_of_a_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Mock(wraps=html_to_text)
    monkeypatch.setattr("replies.original.answered.html_to_text", read)
    email = Original(TEXT, HTML)

    assert email.closest(lines("Hello Ana,", "Think of one", "evening.")).matched == 6
    read.assert_not_called()
    assert email.closest(lines("Hello Ana,", "Open")).matched == 3
    read.assert_called_once()


def test_the_html_is_not_read_for_own_words_below_a_quote(monkeypatch: pytest.MonkeyPatch) -> None:
    read = Mock(wraps=html_to_text)
    monkeypatch.setattr("replies.original.answered.html_to_text", read)
    below = Compared("I lied to her.", quoted=False)

    found = Original(TEXT, HTML).closest([*lines("Hello Ana,", "Think of one", "evening."), below])
    assert [rest.text for rest in found.rests] == [None, None, None, "I lied to her."]
    read.assert_not_called()


def test_the_links_of_both_forms_are_ours() -> None:
    assert Original(TEXT, HTML).links == {"https://a.b/c", "https://a.b/c?d=1&e=2"}


def test_an_unknown_original_leaves_everything() -> None:
    email = Original(None, None)
    assert not email
    assert email.with_line_breaks("x" * 700) == "x" * 700
    assert [rest.text for rest in email.closest(lines("Hello Ana,")).rests] == ["Hello Ana,"]
    assert not email.has_with_other_numbers("Day 3 of 5")


def test_a_line_with_other_numbers_is_looked_for_in_both_forms() -> None:
    assert Original(TEXT, HTML).has_with_other_numbers("Day 3 of 12")
