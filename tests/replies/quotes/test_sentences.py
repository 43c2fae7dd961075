"""`On <date> <somebody> wrote:`, and how much of it a text has."""

import pytest

from replies.quotes.sentences import Evidence, begins_in, end_of_sentence, evidence, introduces_quote, says_you_wrote

HEADER = "On Mon, Aug 3, 2026 at 7:00 AM X <a@b.org> wrote:"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (HEADER, Evidence.ALL),
        (">>> X <a@b.org> 8/3/2026 7:00 AM >>>", Evidence.ALL),
        ("2026-08-03 7:00 GMT+02:00 X <a@b.org>", Evidence.ALL),
        ("On 3 Aug, a@b.org wrote:", Evidence.ALL),
        ("On 8/3/2026, X <a@b.org>:", Evidence.ALL),
        ("On 8/3/26 07:00, X wrote:", Evidence.ALL_BUT_ADDRESS),
        ("X skrev 3 augusti 2026 07:00:", Evidence.ALL_BUT_ADDRESS),
        ("x@b.org wrote:", Evidence.PART),
        ("On Tuesday my mother wrote:", Evidence.NOTHING),
        ("On 3 August 2026 my mother wrote:", Evidence.NOTHING),
        (HEADER.rstrip(":"), Evidence.NOTHING),
        (f"On {'and ' * 40}{HEADER}", Evidence.NOTHING),
    ],
)
def test_evidence_says_how_much_of_a_quote_header_a_text_has(text: str, found: Evidence) -> None:
    assert evidence(text) is found


def end(*lines: str) -> int | None:
    return end_of_sentence(lines, [None] * len(lines), 0)


def test_a_quote_header_has_at_most_six_lines() -> None:
    assert end("On Mon,", "3 Aug", "2026,", "X", "<a@b.org>", "wrote:") == 6
    assert end("On Mon,", "3", "Aug", "2026,", "X", "<a@b.org>", "wrote:") is None


def test_prose_above_a_quote_header_is_not_part_of_it() -> None:
    assert end("I lied.", HEADER) is None
    assert end("On Mon,", "3 Aug 2026 at 7:00 AM X <a@b.org> wrote:") == 2


def test_a_quote_header_has_at_most_400_characters() -> None:
    def header(length: int) -> str:
        date, name = HEADER.split("X")
        return date + "X" * (length - len(HEADER) + 1) + name

    assert end(header(400)) == 1
    assert end(header(401)) is None


def test_a_quote_header_may_begin_after_own_words() -> None:
    assert begins_in(f"I lied. {HEADER}") == len("I lied. ")
    assert begins_in(HEADER) == begins_in("I lied. On Monday he wrote:") == 0


@pytest.mark.parametrize(
    "line",
    [
        "On 4 Aug 2026, X wrote:",
        "Ines Marlow wrote:",
        "---- Ines Marlow wrote on 4/8 ----",
        "Quoting X <a@b.org>:",
        "On Sunday, 29 November 2026 06:40:00 UTC you wrote:",
        "Am Sonntag, 29. November 2026, 06:40:00 UTC schrieben Sie:",
        "El viernes, 27 de noviembre de 2026 23:01:01 (UTC) usted escribió:",
        "Le dimanche 29 novembre 2026, 06:40:00 UTC vous avez écrit :",
        "Op zondag 29 november 2026 06:40:00 UTC schreef u:",
        "In data domenica 29 novembre 2026 06:40:00 UTC, hai scritto:",
        "søndag den 29. november 2026 06.40.00 UTC skrev du:",
        "Dnia niedziela, 29 listopada 2026 06:40:00 UTC napisałeś:",
    ],
)
def test_less_evidence_is_enough_right_before_a_quote(line: str) -> None:
    assert introduces_quote(line)


@pytest.mark.parametrize(
    "line",
    [
        "You asked:",
        "She wrote:",
        "Ines Marlow wrote of it:",
        "On Monday she wrote:",
        "Am Montag schrieben Sie:",
        "-- X --",
    ],
)
def test_own_words_do_not_introduce_a_quote(line: str) -> None:
    assert not introduces_quote(line)


@pytest.mark.parametrize(
    "line",
    [
        "On Nov 26, 2026 you wrote:",
        "Am 26.11.2026 schrieben Sie:",
        "Le 26/11/2026, vous avez écrit :",
        "Thursday, November 26, 2026, 7:00:12 AM, you wrote:",
        "Вы писали 26 ноября 2026 г., 7:00:12:",
    ],
)
def test_a_program_may_say_that_you_wrote(line: str) -> None:
    assert says_you_wrote(line)


@pytest.mark.parametrize(
    "line", ["In 2026 you wrote:", "On Monday you wrote:", "You wrote:", "On 26 Nov 2026 you wrote"]
)
def test_a_person_writes_it_without_a_full_date(line: str) -> None:
    assert not says_you_wrote(line)
