"""Blocks of mail headers above a quote."""

import pytest

from replies.quotes.blocks import end_of_block, end_of_unmarked_block, is_divider, label


def end(text: str) -> int | None:
    lines = text.split("\n")
    return end_of_block(lines, [label(line) for line in lines], 0)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("From: X", "from"),
        ("*Gesendet:* Montag", "date"),
        ("À : Ana", "to"),
        ("主题：2", "subject"),
        ("Mood: bad", None),
    ],
)
def test_a_mail_header_is_recognised_in_every_language(line: str, kind: str | None) -> None:
    assert label(line) == kind


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("From: a@b.org\nTo: Ana\n\nDay 2", 2),
        ("From:\na@b.org\nTo:\nAna\n\nDay 2", 4),
        ("Date: 3/8/2026 7:00\nTo: a@b.org\nDay 2", 2),
        ("From: a@b.org Date: 3/8/2026 7:00 To: Ana\nDay 2", 1),
        ("From: a@b.org\nList-Id: x\nX-Spam-Flag: no\nTo: Ana\nMessage-Id: y\n\nDay 2", 5),
        ("From: me\nTo: me, in ten years", None),
        ("Date: 3/8/2026 7:00\nSubject: the kitchen", None),
        ("Date: 3 August. Mood: bad.\nFrom: a@b.org\nDate: 4 August 2026\nTo: Ana", None),
    ],
)
def test_a_block_ends_with_the_value_of_its_last_mail_header(text: str, lines: int | None) -> None:
    assert end(text) == lines


def test_a_block_right_below_a_divider_needs_no_colons() -> None:
    lines = ["From X <a@b.org>", "To Ana", "Subject Day 2", "Hello"]
    assert end_of_unmarked_block(lines, 0) == 3
    assert end_of_unmarked_block(lines[1:], 0) is None


def test_a_divider_names_a_message() -> None:
    assert is_divider("-----Ursprüngliche Nachricht-----")
    assert not is_divider("----- the same evening -----")
