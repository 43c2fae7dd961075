"""Days, spans and hours as people write them."""

from datetime import date, timedelta

import pytest

from replies.decisions.spoken_dates import MOST_DAYS, End, Hour, day, end, hour, span
from replies.tables import plain

TODAY = date(2026, 11, 24)  # a Tuesday


@pytest.mark.parametrize(
    ("text", "days"),
    [("10 days", 10), ("two weeks", 14), ("a week", 7), ("un mes", 30), ("doce días", 12), ("1 month", 30)],
)
def test_a_span_is_a_number_of_days(text: str, days: int) -> None:
    assert span(plain(text)) == days


@pytest.mark.parametrize("text", ["", "10", "days", "0 days", "many days", "10 long days", "ten minutes", "months"])
def test_other_words_are_no_span(text: str) -> None:
    assert span(plain(text)) is None


def test_a_span_never_ends_after_the_last_date() -> None:
    assert span("3660 days") == MOST_DAYS
    assert span("3659 days") == MOST_DAYS - 1
    assert span(f"{'9' * 190} months") == MOST_DAYS


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("tomorrow", date(2026, 11, 25)),
        ("Tuesday", date(2026, 12, 1)),
        ("Wed", date(2026, 11, 25)),
        ("el próximo sábado", date(2026, 11, 28)),
        ("la próxima semana", date(2026, 11, 30)),
        ("next month", date(2026, 12, 1)),
        ("the 24th", date(2026, 12, 24)),
        ("23 November", date(2027, 11, 23)),
        ("24 November", date(2027, 11, 24)),
        ("Sept 1st", date(2027, 9, 1)),
        ("el 3 de marzo de 2026", date(2026, 3, 3)),
        ("15/3", date(2027, 3, 15)),
        ("3.15.2028", date(2028, 3, 15)),
        ("3/3", date(2027, 3, 3)),
        ("2027-01-04", date(2027, 1, 4)),
    ],
)
def test_a_day_is_the_next_such_day(text: str, found: date) -> None:
    assert day(plain(text), TODAY) == found


@pytest.mark.parametrize(
    "text", ["", "next", "3/4", "32", "30 February", "13/13", "2027-13-01", "March", "a while", "weeks"]
)
def test_other_words_and_a_date_with_two_meanings_are_no_day(text: str) -> None:
    assert day(plain(text), TODAY) is None


def test_a_day_without_a_year_is_within_the_next_year() -> None:
    assert day("29 february", date(2027, 2, 28)) == date(2028, 2, 29)
    assert day("29 february", date(2027, 2, 27)) is None
    assert day("24 november", TODAY) == TODAY + timedelta(days=365)


@pytest.mark.parametrize(
    ("text", "found"),
    [("7:30", 7), ("at 7 am", 7), ("12 a.m.", 0), ("12pm", 12), ("19h", 19), ("a las 7 de la tarde", 19),
     ("11 de la noche", 23), ("2 de la noche", 2), ("7 de la mañana", 7), ("7 o’clock pm", 19), ("0", 0), ("23", 23)],
)  # fmt: skip
def test_a_time_is_an_hour(text: str, found: int) -> None:
    said = hour(plain(text))
    assert said
    assert said.hour == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *[("noon", 12), ("midnight", 0), ("half past seven in the evening", 19), ("abends um acht", 20)],
        *[("acht Uhr abends", 20), ("halb acht abends", 19), ("20 Uhr", 20), ("mediodía", 12), ("13 pm", 13)],
    ],
)
def test_a_time_that_says_which_half_of_the_day_is_sure(text: str, found: int) -> None:
    assert hour(plain(text)) == Hour(found, sure=True)


@pytest.mark.parametrize("text", ["7", "7:30", "half past seven", "a las nueve", "12"])
def test_a_time_that_does_not_say_which_half_of_the_day_is_not_sure(text: str) -> None:
    said = hour(plain(text))
    assert said
    assert not said.sure


@pytest.mark.parametrize("text", ["", "24", "7:60", "7 7", "100", "a", "un", "in the evening"])
def test_other_words_are_no_time(text: str) -> None:
    assert hour(plain(text)) is None


@pytest.mark.parametrize(
    ("text", "days"),
    [("a fortnight", 14), ("another two weeks", 14), ("a couple of weeks", 14), ("like ten days", 10), ("15 días", 15)],
)
def test_words_around_a_span_do_not_change_it(text: str, days: int) -> None:
    assert span(plain(text)) == days


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("until Monday", date(2026, 11, 30)),
        ("for two weeks", date(2026, 12, 8)),
        ("bis zum 3. März", date(2027, 3, 3)),
        ("bis 7.12.", date(2026, 12, 7)),
        ("hasta el 15", date(2026, 12, 15)),
        ("until Monday 7 December", date(2026, 12, 7)),
        ("bis übernächsten Montag", date(2026, 12, 7)),
        ("until Thursday week", date(2026, 12, 3)),
        ("until 3/4", None),
    ],
)
def test_a_pause_ends_on_a_day_or_after_a_span(text: str, found: date | None) -> None:
    assert end(plain(text), TODAY) == End(found)


@pytest.mark.parametrize("text", ["until she calls", "until", "Monday", "for now", "3/4"])
def test_other_words_end_no_pause(text: str) -> None:
    assert end(plain(text), TODAY) is None
