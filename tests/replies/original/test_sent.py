"""The words of a quote that we did not send."""

from replies.original.sent import Compared, SentWords

SENT = SentWords(
    "Hello Ana,\nThink of one evening you would rather forget.\n1. Who was in the room?\nOpen: https://a.b/c\nGoodbye"
)


def left(*lines: str) -> list[str | None]:
    return [text for text, _ in SENT.subtract([Compared(line, quoted=True) for line in lines])]


def test_wrapped_lines_other_bullets_and_rewritten_links_are_ours() -> None:
    lines = [
        "*Hello Ana,*",
        "Think of one evening",
        "you would rather forget.",
        "• Who was in the room?",
        "Open <https://x.y>",
    ]

    assert left(*lines) == [None] * 5


def test_a_line_of_ours_with_other_numbers_is_recognised() -> None:
    sent = SentWords("Day 2 of 5\n1. Who was there?\n7\nGoodbye")
    assert sent.has_with_other_numbers("Day 1 of 12")
    assert sent.has_with_other_numbers("3. Who was there?")
    assert not any(map(sent.has_with_other_numbers, ("9", "10:30", "Day one of five", "Day 2 with him", "Goodbye", "")))


def test_lines_that_we_did_not_send_are_left() -> None:
    assert left("Hello Ana,", "My son.", "Who was in the room?", "Nobody") == [None, "My son.", None, "Nobody"]


def test_a_word_of_ours_far_from_its_place_is_left() -> None:
    assert left("Goodbye", "Hello") == [None, "Hello"]


def test_our_sentence_repeated_by_the_person_is_left_once() -> None:
    line = "Think of one evening you would rather forget."

    assert left(line, line) == [None, line]


def test_only_the_answer_on_our_line_is_left() -> None:
    assert left("1. Who was in the room? My son.") == ["My son."]


def test_a_sentence_of_ours_within_the_persons_sentence_stays() -> None:
    line = "I think of one evening you would rather forget. Often."

    assert left(line) == [line]


def test_rules_and_links_are_removed() -> None:
    assert left("-----", "<https://a.b/c>", "--", "?") == [None, None, "--", "?"]


def test_our_line_is_removed_below_an_answer_that_begins_with_its_words() -> None:
    lines = ["Who was in the room was my son.", "1. Who was in the room?"]

    assert left(*lines) == [lines[0], None]


# ---------------------------------------------------------------- thresholds

FILLING = [f"{first}{second}" for first in "bcdfg" for second in "aeiouy"]
"""Words that differ from each other."""


def is_left(sent: str, line: str) -> bool:
    """Whether a quoted line is kept when we have sent this text."""
    ((text, _),) = SentWords(sent).subtract([Compared(line, quoted=True)])
    return text is not None


def test_a_line_of_few_words_is_looked_for_among_the_next_forty() -> None:
    assert not is_left("word " * 39 + "\nGoodbye my friend", "Goodbye my friend")
    assert is_left("word " * 40 + "\nGoodbye my friend", "Goodbye my friend")


def test_a_line_that_begins_as_others_do_is_compared_with_eight_of_them() -> None:
    def lines(others: int) -> str:
        return "\n".join([f"We go on to {word}" for word in FILLING[:others]] + ["We go on to sleep"])

    assert not is_left(lines(others=7), "We go on to sleep")
    assert is_left(lines(others=8), "We go on to sleep")


def test_one_word_of_ours_in_five_may_be_missing() -> None:
    """A mail program may leave out a tracking number or the name of a picture."""
    ten, nine = FILLING[:10], FILLING[:9]

    assert not is_left(" ".join([*ten[:3], "one", *ten[3:6], "two", *ten[6:]]), " ".join(ten))
    assert is_left(" ".join([*nine[:3], "one", *nine[3:6], "two", *nine[6:]]), " ".join(nine))


def test_three_words_of_ours_in_a_row_may_be_missing() -> None:
    twenty = FILLING[:20]

    assert not is_left(" ".join([*twenty[:3], "one", "two", "three", *twenty[3:]]), " ".join(twenty))
    assert is_left(" ".join([*twenty[:3], "one", "two", "three", "four", *twenty[3:]]), " ".join(twenty))
