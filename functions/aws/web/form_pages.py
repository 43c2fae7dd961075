"""The pages with the forms that anybody may fill in, and the page that follows a form."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.web.pages import language_of, page
from content.languages import Language
from content.lessons import Course
from content.pages import again_in_words, errors_in_words, sign_up_values
from course import forms
from course.errors import ShownAgain
from course.fields import slips

NOTHING: Mapping[str, str] = {}


def sign_up_form(
    course: Course,
    values: Mapping[str, str] = NOTHING,
    errors: Mapping[str, str] = NOTHING,
    *,
    embedded: bool = False,
    again: ShownAgain | None = None,
    country: str = "",
) -> Response[str]:
    """The sign-up page of a course, or only its form for a frame, with what was typed and its errors.

    `country`: the country whose way of writing hours the page uses.
    """
    shown = sign_up_values(course, values, errors, country) | _to_press(again, course.language)
    http_status, headers = (again.http_status, again.headers) if again else (400 if errors else 200, {})
    return page("embed" if embedded else "sign-up", http_status, headers, course=course, embedded=embedded, **shown)


def fresh_link_form(
    values: Mapping[str, str],
    errors: Mapping[str, str],
    http_status: int = 200,
    *,
    course: Course | None = None,
    too_old: bool = False,
    still_on: bool = False,
    again: ShownAgain | None = None,
) -> Response[str]:
    """The page with a form that requests a new link: by itself, or instead of the page of an invalid link.

    `still_on`: the invalid link was meant to stop the emails, and did not.
    """
    return page(
        "link-too-old",
        again.http_status if again else http_status,
        again.headers if again else {},
        course=course,
        values=values,
        errors=errors_in_words(errors, language_of(course)),
        too_old=too_old,
        still_on=still_on,
        **_to_press(again, language_of(course)),
    )


def after_form(
    template: str, typed: Mapping[str, str], *, course: Course | None, embedded: bool = False
) -> Response[str]:
    """The page after a valid form. It shows what was typed, and depends on nothing else."""
    meant = slips.meant(typed["address"])
    return page(template, course=course, embedded=embedded, typed=typed, meant=meant)


def _to_press(again: ShownAgain | None, language: Language) -> dict[str, Any]:
    """The signed time of a form and, if it is shown again, why."""
    form_time = forms.stamp(clients.keys(), clients.now(), pressed_before=again is not None)
    return {"form_time": form_time, "again": again_in_words(again, language) if again else ""}
