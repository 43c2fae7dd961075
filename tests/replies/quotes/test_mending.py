"""Lines that a mail program broke in two, or put on one line with a quote."""

import pytest

from replies.quotes.mending import mended

HEADER = "On Mon, Aug 3, 2026 at 7:00 AM, X<a@b.org> wrote:"


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("> see <https://example.org/a\n> bc>", "> see <https://example.org/abc>"),
        ("> X <a@b.org\n> c>", "> X <a@b.org\n> c>"),
        ("> X <a@b.org\n>:", "> X <a@b.org >:"),
    ],
)
def test_a_link_and_the_end_of_a_quote_header_are_put_together(broken: str, whole: str) -> None:
    assert mended(broken) == whole


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        (f"{HEADER}   Day 2", [HEADER, "Day 2"]),
        (f"I lied. {HEADER}", ["I lied.", HEADER]),
        (f"yes---{HEADER}", ["yes", f"---{HEADER}"]),
        ("yes -----Original Message----- Day 2", ["yes", "-----Original Message-----", "Day 2"]),
        ("> Service    June", ["> Service", "> June"]),
    ],
)
def test_text_on_the_same_line_as_a_quote_gets_a_separate_line(line: str, lines: list[str]) -> None:
    assert mended(line).split("\n") == lines


@pytest.mark.parametrize("line", ["It was late:  nobody came.", "so --- I left --- and then:", "I see 7:00 there:"])
def test_a_persons_line_stays_whole(line: str) -> None:
    assert mended(line) == line


def test_invisible_characters_that_fill_up_a_line_are_removed() -> None:
    assert mended("see" + "\u200c \u034f" * 4) == "see"
