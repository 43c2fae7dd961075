"""Which lines of a reply are quoted."""

from replies.quotes import Kind, lines_of


def kinds(text: str) -> list[str]:
    return [line.kind.value for line in lines_of(text)]


def test_marked_lines_are_quoted_and_what_follows_is_not() -> None:
    text = "yes\nOn 8/3/26 07:00, X wrote:\n> Day 2\n>> Day 1\nno"

    assert kinds(text) == ["own", "header", "marked", "marked", "own"]
    assert [line.depth for line in lines_of(text)] == [0, 0, 1, 2, 0]


def test_everything_below_a_quote_header_without_marks_is_quoted() -> None:
    assert kinds("yes\nx@b.org wrote:\nDay 2\n\nno") == ["own", "header", "below", "below", "below"]


def test_one_mark_amid_a_paragraph_is_not_a_quote() -> None:
    assert kinds("see\n>>> here <<<\nand there") == ["own", "own", "own"]


def test_a_link_alone_amid_a_quote_belongs_to_it() -> None:
    assert kinds("> see\n(https://example.org/a)\n> there") == ["marked", "marked", "marked"]


def test_a_link_broken_over_two_lines_is_mended() -> None:
    assert [line.text for line in lines_of("> see <https://example.org/a\n> bc>")] == ["see <https://example.org/abc>"]


def test_a_quote_header_behind_dashes_starts_a_line_of_its_own() -> None:
    assert [line.kind for line in lines_of("yes--- On Wed, Apr 4, 2012 at 3:59 PM, a@b.org wrote:\n> Hi")] == [
        Kind.OWN,
        Kind.HEADER,
        Kind.MARKED,
    ]


def test_one_mark_between_two_answers_is_the_mail_programs() -> None:
    text = "On 8/3/26 07:00, X wrote:\n> one\nyes\n> two\nno"

    assert kinds(text) == ["header", "marked", "own", "marked", "own"]


def test_a_quote_that_starts_on_the_line_of_its_header_gets_a_line_of_its_own() -> None:
    line = "On Mon, Aug 3, 2026 at 7:00 AM, X<a@b.org> wrote:   Day 2"

    assert [line.text for line in lines_of(line)] == [line[:-8], "Day 2"]


def test_arrows_around_a_quote_header_are_no_marks() -> None:
    assert kinds("yes\n>>> X <a@b.org> 8/3/2026 7:00 AM >>>\nDay 2") == ["own", "header", "below"]
