"""Errors: their base class, and their texts."""

from course.errors import (
    CourseError,
    EmailCourseError,
    InvalidForm,
    InvalidToken,
    NewerItem,
    UnknownKey,
    UnreadableSubscriber,
)


def test_every_error_raised_on_purpose_has_one_base_class() -> None:
    for kind in (CourseError, InvalidForm, InvalidToken, UnreadableSubscriber, NewerItem):
        assert issubclass(kind, EmailCourseError)


def test_a_mistake_in_a_course_names_file_and_line() -> None:
    assert str(CourseError("emails/x/01-a.md.j2", "needs a subject", 3)) == "emails/x/01-a.md.j2:3: needs a subject"
    assert str(CourseError("emails/x", "holds no lesson")) == "emails/x: holds no lesson"


def test_the_error_of_a_form_says_when_it_can_be_sent_again() -> None:
    assert (InvalidForm("twice").http_status, InvalidForm("twice").retry_after) == (400, None)
    busy = InvalidForm("busy", 503, 60)
    assert (str(busy), busy.http_status, busy.retry_after) == ("busy", 503, 60)


def test_an_unknown_key_is_an_invalid_token() -> None:
    assert issubclass(UnknownKey, InvalidToken)
