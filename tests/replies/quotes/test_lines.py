"""Which lines of a reply are quoted."""

from replies.quotes.lines import lines_of


def kinds(text: str) -> list[str]:
    return [line.kind.value for line in lines_of(text)]


def test_marked_lines_are_quoted_and_the_following_lines_are_not() -> None:
    text = "yes\nOn 8/3/26 07:00, X wrote:\n> Day 2\n>> Day 1\nno"

    assert kinds(text) == ["own", "header", "marked", "marked", "own"]
    assert [line.depth for line in lines_of(text)] == [0, 0, 1, 2, 0]


def test_everything_below_a_quote_header_without_marks_is_quoted() -> None:
    assert kinds("yes\nx@b.org wrote:\nDay 2\n\nno") == ["own", "header", "below", "below", "below"]


def test_one_mark_within_a_paragraph_is_not_a_quote() -> None:
    assert kinds("see\n>>> here <<<\nand there") == ["own", "own", "own"]


def test_a_lone_link_within_a_quote_belongs_to_it() -> None:
    assert kinds("> see\n(https://example.org/a)\n> there") == ["marked", "marked", "marked"]


def test_one_mark_between_two_answers_is_the_mail_programs() -> None:
    text = "On 8/3/26 07:00, X wrote:\n> one\nyes\n> two\nno"

    assert kinds(text) == ["header", "marked", "own", "marked", "own"]


def test_arrows_around_a_quote_header_are_no_marks() -> None:
    assert kinds("yes\n>>> X <a@b.org> 8/3/2026 7:00 AM >>>\nDay 2") == ["own", "header", "below"]


def test_blocks_that_a_person_lists_are_own_words() -> None:
    block = "From: X <a@b.org>\nTo: Ana"
    listed = f"1. What I sent\n{block}\n\n2. What came back\n{block}\n\nThen I stopped."
    led = listed.replace("1. What I sent", "What I sent:").replace("2. What came back", "What came back:")

    assert set(kinds(listed)) == set(kinds(led)) == {"own"}
    assert "below" in kinds(f"1. What I sent\n{block}\n\nThen I stopped.")
