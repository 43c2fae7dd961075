"""A syllabus: the lessons of a course by id, in their order, and what the rules must know of some of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from course.record import INTRODUCTION
from course.tokens import lesson_tag


@dataclass(frozen=True, slots=True)
class Syllabus:
    """What of a course decides who gets which lesson next; nothing of what is written in it."""

    plan: tuple[str, ...]
    """The lesson ids of a first round."""
    closing: str
    """The lesson that gives the journal back."""
    way_back: str | None
    """The lesson whose question, answered "not yet", starts a new round."""
    renamed: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """The ids that lessons had before, and which they have now."""

    @property
    def plan_again(self) -> tuple[str, ...]:
        """The lesson ids of a later round: no second introduction."""
        return tuple(lesson for lesson in self.plan if lesson != INTRODUCTION)

    @property
    def daily(self) -> list[str]:
        """The lessons that have a day of their own: without the introduction and the closing letter."""
        return [lesson for lesson in self.plan if lesson not in (INTRODUCTION, self.closing)]

    @property
    def days(self) -> int:
        """How many days the lessons take."""
        return len(self.daily)

    def day(self, lesson: str | None) -> int | None:
        """Which day of the course a lesson is, from 1; None for the introduction and the closing letter."""
        return self.daily.index(lesson) + 1 if lesson in self.daily else None

    def lesson_of(self, tag: bytes) -> str | None:
        """The lesson that a reply address stands for; None for a notice and for a lesson that is gone."""
        ids = {**{lesson: lesson for lesson in self.plan}, **self.renamed}
        return next((now for before, now in ids.items() if lesson_tag(before) == tag), None)

    def ids_of(self, lesson: str) -> list[str]:
        """The id of a lesson, and those that it had before."""
        return [lesson, *(before for before, now in self.renamed.items() if now == lesson)]
