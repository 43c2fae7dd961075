"""Days and hours as people write them in a reply: “until Monday”, “10 days”, “hasta el 3 de marzo”, “7:30 pm”.

The words are those of `phrases.plain`. What can be meant in two ways, such as 3/4, is not guessed at.
"""

import re
from datetime import date, timedelta

DAY = timedelta(days=1)
MOST_DAYS = 3_660
"""Longer spans count as this many days: ten years, beyond any limit of a pause, and no date overflows."""
_YEAR = 366
"""Days ahead in which a day without its year is looked for."""

_WEEKDAYS = (
    "monday tuesday wednesday thursday friday saturday sunday lunes martes miercoles jueves viernes sabado domingo"
)
_MONTHS = (
    "january february march april may june july august september october november december "
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
)
_NUMBERS = (
    "one two three four five six seven eight nine ten eleven twelve "
    "uno dos tres cuatro cinco seis siete ocho nueve diez once doce"
)
WEEKDAYS = {name: place % 7 for place, name in enumerate(_WEEKDAYS.split())}
WEEKDAYS |= {name[:3]: WEEKDAYS[name] for name in _WEEKDAYS.split()[:7]} | {"tues": 1, "thur": 3, "thurs": 3}
MONTHS = {name: place % 12 + 1 for place, name in enumerate(_MONTHS.split())}
MONTHS |= {name[:3]: number for name, number in MONTHS.items()} | {"sept": 9}
NUMBERS = {name: place % 12 + 1 for place, name in enumerate(_NUMBERS.split())} | {"a": 1, "an": 1, "un": 1, "una": 1}
UNITS = {"day": 1, "days": 1, "dia": 1, "dias": 1, "week": 7, "weeks": 7, "semana": 7, "semanas": 7}
UNITS |= {"month": 30, "months": 30, "mes": 30, "meses": 30}

_SMALL_WORDS = frozenset({"the", "on", "of", "el", "la", "de", "del", "st", "nd", "rd", "th"})


def span(words: str) -> int | None:
    """How many days “10 days”, “two weeks” or “un mes” are, at most MOST_DAYS. A month counts 30."""
    match words.split():
        case [number, unit] if unit in UNITS:
            many = int(number) if number.isdigit() else NUMBERS.get(number, 0)
            return min(many * UNITS[unit], MOST_DAYS) or None
    return None


def day(words: str, today: date) -> date | None:
    """The next day after today that is meant by “Monday”, “tomorrow”, “next week”, “3 March”, “el 15” or 2027-03-03.

    A day with its year may be in the past.
    """
    spelled = [word for word in words.split() if word not in _SMALL_WORDS]
    if len(spelled) > 1 and spelled[0] in MONTHS:  # March 3
        spelled[:2] = spelled[1::-1]
    if len(spelled) > 1 and spelled[0] in ("next", "proximo", "proxima"):
        spelled = spelled[1:]
    match spelled:
        case ["tomorrow" | "manana"]:
            return today + DAY
        case ["week" | "semana"]:
            return _weekday(0, today)
        case ["month" | "mes"]:
            return _of_month(1, None, None, today)
        case [weekday] if weekday in WEEKDAYS:
            return _weekday(WEEKDAYS[weekday], today)
        case [number] if number.isdigit():
            return _of_month(int(number), None, None, today)
        case [number, month] if number.isdigit() and month in MONTHS:
            return _of_month(int(number), MONTHS[month], None, today)
        case [number, month, year] if month in MONTHS and number.isdigit() and year.isdigit():
            return _of_month(int(number), MONTHS[month], int(year), today)
        case [figures]:
            return _in_figures(figures, today)
    return None


def hour(words: str) -> int | None:
    """The hour of a time of day, 0 to 23: “7:30” and “7 am” are 7, “7 de la tarde” and “19h” are 19."""
    found = re.fullmatch(
        r"(?:at |to |a |las |la )*(\d{1,2})(?:[:.h]([0-5]\d))?(?: h| hours?| horas?| o clock)?"
        r"(?: (am|pm|a m|p m|de la manana|de la tarde|de la noche))?",
        words,
    )
    if not found:
        return None
    number, half = int(found[1]), (found[3] or "").replace(" ", "")
    if half:
        if not 1 <= number <= 12:
            return None
        after_noon = half in ("pm", "delatarde") or (half == "delanoche" and 6 <= number <= 11)
        return number % 12 + 12 * after_noon
    return number if number <= 23 else None


def _weekday(number: int, today: date) -> date:
    return today + ((number - today.weekday() - 1) % 7 + 1) * DAY


def _of_month(number: int, month: int | None, year: int | None, today: date) -> date | None:
    """That day of the year, or the next one there is after today; None for a 30 February."""
    if year is not None:
        return _date(year, month or 1, number)
    later = (today + days * DAY for days in range(1, _YEAR + 1))
    return next((one for one in later if one.day == number and month in (None, one.month)), None)


def _in_figures(figures: str, today: date) -> date | None:
    """2027-03-03, 15/3, 3/15 and 15/3/2027, where only one of the two can be the month."""
    parts = [int(part) for part in re.split("[-/.]", figures)] if re.fullmatch(r"\d+([-/.]\d+)+", figures) else []
    match parts:
        case [year, month, number] if year > 31:
            return _date(year, month, number)
        case [number, month, *year] if month <= 12 < number or number == month:
            return _of_month(number, month, year[0] if year else None, today)
        case [month, number, *year] if month <= 12 < number:
            return _of_month(number, month, year[0] if year else None, today)
    return None


def _date(year: int, month: int, number: int) -> date | None:
    try:
        return date(year, month, number)
    except (ValueError, OverflowError):
        return None
