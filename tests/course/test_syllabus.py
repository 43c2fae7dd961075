"""The syllabus: days and tags of lessons, found by id."""

from course.syllabus import Syllabus
from course.tokens import lesson_tag

COURSE = Syllabus(("intro", "see-it", "own-it", "farewell"), closing="farewell", way_back="own-it")


def test_the_days_are_those_of_the_lessons_between_introduction_and_closing_letter() -> None:
    assert COURSE.daily == ["see-it", "own-it"]
    assert COURSE.days == 2
    assert [COURSE.day(lesson) for lesson in (*COURSE.plan, "gone", None)] == [None, 1, 2, None, None, None]


def test_a_later_round_has_no_second_introduction() -> None:
    assert COURSE.plan_again == ("see-it", "own-it", "farewell")


def test_a_course_without_introduction_has_the_same_plan_in_each_round() -> None:
    bare = Syllabus(("see-it", "farewell"), closing="farewell", way_back=None)
    assert bare.plan_again == bare.plan
    assert bare.day("see-it") == 1


def test_a_lesson_is_found_by_its_tag_and_a_notice_is_not() -> None:
    assert COURSE.lesson_of(lesson_tag("own-it")) == "own-it"
    assert COURSE.lesson_of(lesson_tag("confirm")) is None
