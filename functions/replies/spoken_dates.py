"""Days and hours as people write them in a reply: “until Monday”, “10 days”, “hasta el 3 de marzo”, “7:30 pm”.

The words are those of `phrases.plain`. What can be meant in two ways, such as 3/4, is not guessed at.
"""

import re
from datetime import date, timedelta

from replies import tables

MOST_DAYS = 3_660
"""Longer spans count as this many days: ten years, beyond any limit of a pause, and no date overflows."""

_HOUR = (
    r"(?:«times.before» )*(?P<hour>\d{1,2})(?:[:.h][0-5]\d)?(?: «times.hours»)?"
    r"(?: (?:(?P<morning>«times.morning»)|(?P<afternoon>«times.afternoon»)|(?P<night>«times.night»)))?"
)


def span(words: str) -> int | None:
    """How many days “10 days”, “two weeks” or “un mes” are, at most MOST_DAYS. A month counts 30."""
    number, _, unit = words.partition(" ")
    lengths = {"spans.days": 1, "spans.weeks": 7, "spans.months": 30}
    length = next((length for key, length in lengths.items() if unit in tables.words(key)), 0)
    many = int(number) if number.isdigit() else tables.places("dates.numbers").get(number, -1) + 1
    return min(many * length, MOST_DAYS) or None


def day(words: str, today: date) -> date | None:
    """The next day after today that is meant by “Monday”, “tomorrow”, “next week”, “3 March”, “el 15” or 2027-03-03.

    A day with its year may be in the past.
    """
    spelled = [word for word in words.split() if word not in tables.words("dates.small_words")]
    months = tables.places("dates.months")
    if len(spelled) > 1 and spelled[0] in months:  # March 3
        spelled[:2] = spelled[1::-1]
    if len(spelled) > 1 and spelled[0] in tables.words("dates.next"):
        spelled = spelled[1:]
    match spelled:
        case [word]:
            return _named(word, today) or _in_figures(word, today)
        case [number, month] if number.isdigit() and month in months:
            return _of_month(int(number), months[month] + 1, None, today)
        case [number, month, year] if number.isdigit() and month in months and year.isdigit():
            return _of_month(int(number), months[month] + 1, int(year), today)
    return None


def hour(words: str) -> int | None:
    """The hour of a time of day, 0 to 23: “7:30” and “7 am” are 7, “7 de la tarde” and “19h” are 19."""
    found = tables.expression(_HOUR).fullmatch(words)
    if not found:
        return None
    number = int(found["hour"])
    if not (found["morning"] or found["afternoon"] or found["night"]):
        return number if number <= 23 else None
    after_noon = found["afternoon"] or (found["night"] and 6 <= number <= 11)
    return number % 12 + (12 if after_noon else 0) if 1 <= number <= 12 else None


def _named(word: str, today: date) -> date | None:
    """The day that one word names: a weekday, tomorrow, the first day of next week or month, a day of the month."""
    if word in tables.words("dates.tomorrow"):
        return today + timedelta(days=1)
    weekday = 0 if word in tables.words("dates.next_week") else tables.places("dates.weekdays").get(word)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if word in tables.words("dates.next_month"):
        return _of_month(1, None, None, today)
    return _of_month(int(word), None, None, today) if word.isdigit() else None


def _of_month(number: int, month: int | None, year: int | None, today: date) -> date | None:
    """That day of the year, or the next one there is after today; None for a 30 February."""
    if year is None:
        later = (today + timedelta(days=days) for days in range(1, 367))  # at most a year ahead
        return next((one for one in later if one.day == number and month in (None, one.month)), None)
    try:
        return date(year, month or 1, number)
    except (ValueError, OverflowError):
        return None


def _in_figures(figures: str, today: date) -> date | None:
    """2027-03-03, 15/3, 3/15 and 15/3/2027, where only one of the two can be the month."""
    parts = [int(part) for part in re.split("[-/.]", figures)] if re.fullmatch(r"\d+([-/.]\d+)+", figures) else []
    match parts:
        case [year, month, number] if year > 31:
            return _of_month(number, month, year, today)
        case [number, month, *year] if month <= 12 < number or number == month:
            return _of_month(number, month, year[0] if year else None, today)
        case [month, number, *year] if month <= 12 < number:
            return _of_month(number, month, year[0] if year else None, today)
    return None
