"""Dates, times and places in the course, as people say them."""

from datetime import datetime

from course.lessons import Course
from course.schedule import local_day
from course.subscriber import INTRODUCTION, Subscriber


def date(at: datetime, zone: str) -> str:
    """The local day: 24 November 2026."""
    day = local_day(at, zone)
    return f"{day.day} {day:%B %Y}"


def next_email(subscriber: Subscriber) -> str:
    """When the next email comes: Tuesday 24 November, between 7:00 and 8:00. Empty when none waits."""
    if subscriber.due_at is None or not subscriber.waiting:
        return ""
    day = local_day(subscriber.due_at, subscriber.zone)
    return f"{day:%A} {day.day} {day:%B}, {hour(subscriber)}"


def hour(subscriber: Subscriber) -> str:
    """The hour in which lessons come: between 7:00 and 8:00."""
    return f"between {subscriber.hour}:00 and {(subscriber.hour + 1) % 24}:00"


def place(subscriber: Subscriber, course: Course) -> str:
    """How far the subscriber is in this round."""
    day = course.day(subscriber.last_lesson)
    if day:
        return f"Lesson {day} of {course.days} has been sent"
    if subscriber.last_lesson == course.closing:
        return "All lessons and the closing letter have been sent"
    if subscriber.last_lesson == INTRODUCTION:
        return "The introduction has been sent"
    return f"Round {subscriber.round} begins" if subscriber.round > 1 else "Nothing has been sent yet"
