"""Ids of lessons: what they look like, which are taken, and which a lesson had before its file was renamed."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course.errors import CourseError
from course.tokens import lesson_tag

ID = r"[a-z0-9-]{1,40}"
"""What the id of a course or a lesson looks like."""


def was(matter: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The ids that a lesson had before, by its front matter. Raises CourseError."""
    before = matter.get("was", [])
    if not isinstance(before, list) or not all(isinstance(each, str) and re.fullmatch(ID, each) for each in before):
        raise CourseError(path, 'was is a list of the ids that the lesson had before, such as ["see-it"]')
    return tuple(before)


def check(folder: Path, lessons: Sequence[tuple[str, Sequence[str]]], others: Sequence[str]) -> None:
    """Raises CourseError when two emails could be taken for each other, by their ids or by the tags of them.

    Each lesson comes with the ids that it had before; `others` are not lessons: the notices.
    """
    ids = [now for now, _ in lessons]
    if twice := [now for now in ids if ids.count(now) > 1]:
        raise CourseError(folder, f"two lessons have the id {twice[0]}: rename one of the files")
    tags, claimed = {lesson_tag(other): other for other in others}, set[str]()
    for name, lesson in ((name, now) for now, before in lessons for name in (now, *before)):
        if name in others:
            raise CourseError(folder, f"no lesson can have the id {name}, which is another email's: choose another")
        if name != lesson and name in ids:
            raise CourseError(
                folder, f"{lesson} says that it was {name}, and there is a lesson {name}: correct its was"
            )
        if name in claimed:
            raise CourseError(folder, f"two lessons say that they were {name}: correct the was of one of them")
        claimed.add(name)
        if (other := tags.setdefault(lesson_tag(name), name)) != name:
            what = f"the ids {name} and {other} have the same tag in reply addresses: choose another for the lesson"
            raise CourseError(folder, what)
