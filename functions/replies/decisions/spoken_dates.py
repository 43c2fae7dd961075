"""Understands days, spans and hours as people write them.

Examples are “until Monday”, “10 days”, “hasta el 3 de marzo” and “7:30 pm”. The words are simplified by
`tables.plain`. The meaning of a date such as 3/4, which has two, is not guessed.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

from replies import tables

MOST_DAYS = 3_660
"""Longer spans count as this many days: ten years, beyond any limit of a pause, and no date overflows."""
LAST_HOUR = 23
LENGTHS = {"spans.days": 1, "spans.weeks": 7, "spans.fortnights": 14, "spans.months": 30}

_AMBIGUOUS = r"[0-9]+([-/.][0-9]+)+"
"""A day in figures that may have two meanings, such as 3/4: it is certainly a day."""
_UNTIL = "«spans.until» (?P<day>.+)"
_HOUR = (
    "(?:(?P<early>«times.morning»|«times.afternoon»|«times.night») )?(?:«times.before» )*"
    "(?:(?:(?P<half>«times.half»)|(?P<half_to>«times.half_to»)) )?(?:(?P<hour>[0-9]{1,2})|(?P<named>[^\\W\\d_]+))"
    "(?P<minutes>[:.h][0-5][0-9])?(?: (?P<clock>«times.clock»)(?: [0-5][0-9])?| «times.hours»)?"
    "(?: (?P<late>«times.morning»|«times.afternoon»|«times.night»))?(?: «times.hours»)?"
)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the day, 0 to 23."""

    hour: int
    sure: bool
    """Whether it says which half of the day: “7” alone may be in the morning or in the evening."""


@dataclass(frozen=True, slots=True)
class End:
    """The end of a pause: a local day. If the day has two meanings it is None, and the subscriber ends the pause."""

    day: date | None


def end(words: str, today: date) -> End | None:
    """Returns the end of a pause “until Monday”, “for two weeks” or “10 days”; None if no end is named."""
    if found := tables.expression(_UNTIL).fullmatch(words):
        until = day(found["day"], today)
        return End(until) if until or re.fullmatch(_AMBIGUOUS, found["day"]) else None
    days = span(words)
    return End(today + timedelta(days=days)) if days else None


def span(words: str) -> int | None:
    """Returns how many days “10 days”, “another two weeks” or “un mes” are. A month counts as 30.

    It is never more than MOST_DAYS.
    """
    words = tables.expression("\\b«spans.two»\\b").sub("2", words)
    spelled = [word for word in words.split() if word not in tables.words("spans.fillers")]
    if len(spelled) > 1 and spelled[0] in tables.words("spans.lasting"):
        spelled = spelled[1:]
    match spelled:
        case [unit]:
            many = 1 if unit not in tables.words("spans.plural") else 0
        case [number, unit] if number.isdigit():
            many = int(number)
        case [number, unit]:
            many = tables.places("dates.numbers").get(number, -1) + 1
        case _:
            return None
    length = next((length for key, length in LENGTHS.items() if unit in tables.words(key)), 0)
    return min(many * length, MOST_DAYS) or None


def day(words: str, today: date) -> date | None:
    """Returns the next such day after today; a day with a year may be in the past.

    Examples are “Monday”, “tomorrow”, “next week”, “3 March”, “el 15” and 2027-03-03.
    """
    months, weekdays = tables.places("dates.months"), tables.places("dates.weekdays")
    spelled = [word for word in words.split() if word not in tables.words("dates.small_words")]
    named = [word for word in spelled if word in weekdays]
    if len(spelled) == 2 and named and set(spelled) & tables.words("dates.after_next"):
        return _named(named[0], today + timedelta(days=7))
    match _without_addition(spelled):
        case [word]:
            return _named(word, today) or _in_figures(word, today)
        case [number, month, *year] if month in months and "".join([number, *year]).isdigit() and len(year) < 2:
            return _of_month(int(number), months[month] + 1, int(year[0]) if year else None, today)
    return None


def _without_addition(spelled: list[str]) -> list[str]:
    """Removes a weekday or a “next” before the day, and puts the month after its day."""
    months, before = tables.places("dates.months"), tables.words("dates.next") | tables.places("dates.weekdays").keys()
    if len(spelled) > 1 and spelled[0] in before:  # Monday 7 December
        spelled = spelled[1:]
    if len(spelled) > 1 and spelled[0] in months:  # March 3
        return [spelled[1], spelled[0], *spelled[2:]]
    return spelled


def hour(words: str) -> Hour | None:
    """Returns the hour: “7:30” and “half past seven” are 7, “7 de la tarde” is 19, “noon” is 12."""
    for key, named in (("times.noon", 12), ("times.midnight", 0)):
        if words in tables.words(key):
            return Hour(named, sure=True)
    found = tables.expression(_HOUR).fullmatch(words)
    number = _number(found) if found else None
    if not found or number is None or number > LAST_HOUR:
        return None
    part = found["early"] or found["late"]
    if not part:
        on_a_clock = found["clock"] or (found["hour"] or "").startswith("0")
        return Hour(number, sure=bool(on_a_clock) or number > 12)
    return Hour(_of_the_half(number, part), sure=True)


def _number(found: re.Match[str]) -> int | None:
    """Returns the hour, in figures or as a word; “half eight” in German means half past seven."""
    word = found["named"] or ""
    if len(word) in (1, 2):  # “a”, “un”: more likely an article
        return None
    said = int(found["hour"]) if found["hour"] else tables.places("dates.numbers").get(word, LAST_HOUR + 1) + 1
    return said - bool(found["half_to"])


def _of_the_half(number: int, part: str) -> int:
    """Returns the hour of the day for “7” in the morning, in the afternoon or at night."""
    if not 1 <= number <= 12:
        return number
    night = part in tables.words("times.night") and 6 <= number <= 11
    after_noon = night or part in tables.words("times.afternoon")
    return number % 12 + (12 if after_noon else 0)


def _named(word: str, today: date) -> date | None:
    """Returns the day of one word: a weekday, tomorrow, next week or month (its first day), a day of the month."""
    if word in tables.words("dates.tomorrow"):
        return today + timedelta(days=1)
    weekday = 0 if word in tables.words("dates.next_week") else tables.places("dates.weekdays").get(word)
    if weekday is not None:
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if word in tables.words("dates.next_month"):
        return _of_month(1, None, None, today)
    return _of_month(int(word), None, None, today) if word.isdigit() else None


def _of_month(number: int, month: int | None, year: int | None, today: date) -> date | None:
    """Returns that day of the year or, without a year, the next one after today; None for a 30 February."""
    if year is None:
        later = (today + timedelta(days=days) for days in range(1, 367))  # at most a year ahead
        return next((one for one in later if one.day == number and month in (None, one.month)), None)
    try:
        return date(year, month or 1, number)
    except (ValueError, OverflowError):
        return None


def _in_figures(figures: str, today: date) -> date | None:
    """Returns the day of 2027-03-03, 3.12, 15/3, 3/15 or 15/3/2027, if only one number can be the month.

    With points, the day comes first: no country writes month.day.
    """
    parts = [int(part) for part in re.split("[-/.]", figures)] if re.fullmatch(r"\d+([-/.]\d+)+", figures) else []
    match parts:
        case [year, month, number] if year > 31:
            return _of_month(number, month, year, today)
        case [number, month, *year] if month <= 12 and (number > 12 or number == month or "." in figures):
            return _of_month(number, month, year[0] if year else None, today)
        case [month, number, *year] if month <= 12 < number:
            return _of_month(number, month, year[0] if year else None, today)
    return None
