"""A syllabus: the ids of a course's lessons in their order, and those of the lessons with special rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from course.record import INTRODUCTION
from course.tokens import lesson_tag


@dataclass(frozen=True, slots=True)
class Syllabus:
    """The part of a course that decides which lesson a subscriber gets next. It holds no text."""

    plan: tuple[str, ...]
    """The lesson ids of a first round."""
    closing: str
    """The lesson that gives the journal back."""
    way_back: str | None
    """The lesson whose question, answered "not yet", starts a new round."""
    renamed: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """The new id of each lesson by its old id."""

    @property
    def plan_again(self) -> tuple[str, ...]:
        """The lesson ids of a later round, without a second introduction."""
        return tuple(lesson for lesson in self.plan if lesson != INTRODUCTION)

    @property
    def daily(self) -> list[str]:
        """The lessons that count as days: all but the introduction and the closing letter."""
        return [lesson for lesson in self.plan if lesson not in (INTRODUCTION, self.closing)]

    @property
    def days(self) -> int:
        """The number of days with a lesson."""
        return len(self.daily)

    def day(self, lesson: str | None) -> int | None:
        """The day of a lesson in the course, from 1; None for the introduction and the closing letter."""
        return self.daily.index(lesson) + 1 if lesson in self.daily else None

    def lesson_of(self, tag: bytes) -> str | None:
        """The lesson of a reply address's tag; None for a notice and for a lesson that the course no longer has."""
        ids = {**{lesson: lesson for lesson in self.plan}, **self.renamed}
        return next((now for before, now in ids.items() if lesson_tag(before) == tag), None)

    def ids_of(self, lesson: str) -> list[str]:
        """The id of a lesson and its old ids."""
        return [lesson, *(before for before, now in self.renamed.items() if now == lesson)]
