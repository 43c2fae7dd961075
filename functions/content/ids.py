"""Ids of lessons: their form, whether they are unique, and the old ids of a lesson whose file was renamed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.tokens import lesson_tag

ID = r"[a-z0-9-]{1,40}"
"""A regular expression for the id of a course or a lesson."""


def was(matter: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The old ids of a lesson, from its front matter. Raises CourseError."""
    before = matter.get("was", [])
    if not isinstance(before, list) or not all(isinstance(each, str) and re.fullmatch(ID, each) for each in before):
        raise CourseError(path, 'was must be a list of the ids that the lesson had before, such as ["see-it"]')
    return tuple(before)


def check(folder: Path, lessons: Sequence[tuple[str, Sequence[str]]], others: Sequence[str]) -> None:
    """Raises CourseError if two emails could be confused, because of their ids or the tags of these ids.

    Each lesson comes with its old ids. `others` are the ids of emails that are not lessons: the notices.
    """
    ids = [now for now, _ in lessons]
    if twice := [now for now in ids if ids.count(now) > 1]:
        raise CourseError(folder, f"two lessons have the id {twice[0]}: rename one of the files")
    tags, claimed = {lesson_tag(other): other for other in others}, set[str]()
    for name, lesson in ((name, now) for now, before in lessons for name in (now, *before)):
        if name in others:
            raise CourseError(folder, f"no lesson can have the id {name}: another email has it, so choose another id")
        if name != lesson and name in ids:
            raise CourseError(folder, f"{lesson} has {name} in its was, but there is a lesson {name}: correct the was")
        if name in claimed:
            raise CourseError(folder, f"two lessons have {name} in their was: correct one of them")
        claimed.add(name)
        if (other := tags.setdefault(lesson_tag(name), name)) != name:
            what = f"the ids {name} and {other} have the same tag in reply addresses: choose another id for the lesson"
            raise CourseError(folder, what)
