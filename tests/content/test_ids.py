"""Ids of lessons: they and their tags are unique, and a lesson keeps its old ids."""

from itertools import count
from pathlib import Path

import pytest

from content import ids
from content.lessons import load
from course.errors import CourseError
from course.tokens import LEAVE, lesson_tag

FOLDER = Path("emails/a")
LIBRARY = load(Path(__file__).parents[2] / "emails")


def same_tag(as_of: str) -> str:
    """Another id with the same tag as this one."""
    return next(name for number in count() if lesson_tag(name := f"lesson-{number}") == lesson_tag(as_of))


@pytest.mark.parametrize("notice", [*LIBRARY.notices, LEAVE])
def test_a5_no_lesson_has_the_id_or_the_tag_of_a_notice_now_or_before(notice: str) -> None:
    for lesson in ((notice, ()), ("one", (notice,))):
        with pytest.raises(CourseError, match=f"no lesson can have the id {notice}: .* choose another"):
            ids.check(FOLDER, [lesson], [*LIBRARY.notices, LEAVE])
    alike = same_tag(notice)
    for lesson in ((alike, ()), ("one", (alike,))):
        with pytest.raises(CourseError, match=f"ids {alike} and {notice} have the same tag .* choose another id"):
            ids.check(FOLDER, [lesson], [*LIBRARY.notices, LEAVE])


def test_a4_an_old_id_belongs_to_one_lesson_only() -> None:
    ids.check(FOLDER, [("one", ("first", "start")), ("two", ())], [])
    for wrong, what in (
        ([("one", ("old",)), ("two", ("old",))], "two lessons have old in their was"),
        ([("one", ("two",)), ("two", ())], "one has two in its was, but there is a lesson two"),
        ([("one", (same_tag("two"),)), ("two", ())], "have the same tag"),
        ([("one", ("old", "old"))], "two lessons have old in their was"),
    ):
        with pytest.raises(CourseError, match=what):
            ids.check(FOLDER, wrong, [])


@pytest.mark.parametrize("given", ["own-it", ["Own It"], [1], [""], {"a": 1}])
def test_a_list_of_old_ids_contains_only_ids(given: object) -> None:
    assert ids.was({"was": ["see-it"]}, FOLDER) == ("see-it",)
    with pytest.raises(CourseError, match="was must be a list"):
        ids.was({"was": given}, FOLDER)
