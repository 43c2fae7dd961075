"""Dates, times and places in the course, in the words of the course's language."""

import re
from collections.abc import Iterable, Mapping
from datetime import date as date_type
from datetime import datetime
from string import Formatter
from typing import Any

from content.languages import Language
from content.lessons import Course
from course.record import INTRODUCTION
from course.schedule import local_day
from course.subscriber import Subscriber


def date(at: datetime, zone: str, language: Language) -> str:
    """The local day of a time: 24 November 2026."""
    return day(local_day(at, zone), language)


def day(local: date_type, language: Language) -> str:
    """A local day in words: 24 November 2026."""
    words = language.words["dates"]
    return str(words["date"]).format(day=local.day, month=words["months"][local.month - 1], year=local.year)


def next_email(subscriber: Subscriber, language: Language, country: str = "") -> str:
    """When the next email comes: Tuesday 24 November, between 7:00 and 8:00. Empty if no email is due now or later."""
    if subscriber.due_at is None or not subscriber.has_next_email:
        return ""
    words, day = language.words["dates"], local_day(subscriber.due_at, subscriber.zone)
    weekday, month = words["weekdays"][day.weekday()], words["months"][day.month - 1]
    said = str(words["next_email"])
    return said.format(weekday=weekday, day=day.day, month=month, hour=hour(subscriber.hour, language, country))


def next_email_pattern(language: Language) -> str:
    """A regular expression that matches every text of `next_email`."""
    words = language.words["dates"]
    said = {name: _one_of(words[f"{name}s"]) for name in ("weekday", "month")}
    said |= {"day": r"\d{1,2}", "hour": hour_pattern(language), "": ""}
    pieces = ((re.escape(text), said[name or ""]) for text, name, _, _ in Formatter().parse(words["next_email"]))
    return "".join(f"{text}{each}" for text, each in pieces)


def hour_pattern(language: Language) -> str:
    """A regular expression that matches every text of `hour`, in any country."""
    words = language.words["dates"]
    return _one_of([*words["twelve_hours"]["hours"], *words["hours"]])


def _one_of(texts: Iterable[str]) -> str:
    return f"(?:{'|'.join(map(re.escape, texts))})"


def hour(of_day: int, language: Language, country: str = "") -> str:
    """The hour in which lessons come, as a country writes it: between 7:00 and 8:00, or between 7:00 am and 8:00 am."""
    return str(_hours(language, country)["hours"][of_day])


def clock(language: Language, country: str = "") -> list[str]:
    """The 24 hours of a day as a clock of a country shows them: 7:00, or 7:00 am."""
    return list(_hours(language, country)["clock"])


def _hours(language: Language, country: str) -> Mapping[str, Any]:
    """The words for hours: twelve hours in the countries that use them with this language (by CLDR), otherwise 24."""
    words = language.words["dates"]
    twelve: Mapping[str, Any] = words["twelve_hours"]
    return twelve if country in twelve["countries"] else words


def place(subscriber: Subscriber, course: Course) -> str:
    """The subscriber's place in this round, in words."""
    words, day = course.language.words["place"], course.day(subscriber.last_lesson)
    if day:
        return str(words["lesson"]).format(day=day, days=course.days)
    if subscriber.last_lesson == course.closing:
        return str(words["closing"])
    if subscriber.last_lesson == INTRODUCTION:
        return str(words["introduction"])
    return str(words["round"]).format(round=subscriber.round) if subscriber.round > 1 else str(words["nothing"])
