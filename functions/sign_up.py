"""GET / → the sign-up page; POST /sign-up → a pending subscriber, and a confirmation email in the outbox.

The same form in a frame of the author's own site, a fresh link for whose link is lost, and the pages that are nobody's.
"""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import Response
from markupsafe import Markup

from aws import clients
from aws.items import UNCONFIRMED_LIFE
from aws.log import observed
from aws.reflections import SET_ASIDE_LIFE
from aws.settings import settings
from aws.web import Pages, asset, errors_in_words, fresh_link_form, page
from content.lessons import Course
from course import forms
from course.errors import InvalidForm
from services import sign_ups

LOG_DAYS, BACKUP_DAYS = 30, 35
"""As in template.yaml, and what DynamoDB's point-in-time recovery keeps: the privacy page tells them."""

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/")
def show() -> Response[str]:
    """The sign-up page of the course in `?course=`, or of the first."""
    return _form(_course(pages.query), {}, {})


@pages.post("/")
def fill_in() -> Response[str]:
    """An author's own form posts an address here: it stands in the form already, and nothing else has happened."""
    fields = pages.fields
    return _form(_course(fields), {"address": fields.get("address", "")}, {})


@pages.get("/embed")
def embed() -> Response[str]:
    """The form alone, for a frame."""
    return _form(_course(pages.query), {}, {}, embedded=True)


@pages.post("/sign-up")
def sign_up() -> Response[str]:
    """Known and unknown addresses get the same bytes back."""
    return _sign_up(embedded=False)


@pages.post("/embed")
def sign_up_embedded() -> Response[str]:
    """The same, answered in the frame."""
    return _sign_up(embedded=True)


@pages.get("/fresh-link")
def ask_for_link() -> Response[str]:
    """A form for whose link is lost or too old."""
    return fresh_link_form({}, {}, course=pages.course)


@pages.post("/fresh-link")
def send_link() -> Response[str]:
    """Known and unknown addresses get the same bytes back, as at sign-up."""
    now, fields = clients.now(), pages.fields
    address, errors = forms.check_address(fields)
    if errors:
        return fresh_link_form(fields, errors, 400, course=pages.course)
    if forms.typed_by_a_person(clients.keys(), fields, now):
        sign_ups.admit(address, pages.current_event.request_context.http.source_ip, now)
        for course in clients.library().courses:
            sign_ups.fresh_link(course, address, now)
    return page("link-asked", course=pages.course)


@pages.get("/privacy")
def privacy() -> Response[str]:
    """What is kept about people, and for how long."""
    days = {
        "retention": settings().retention_days,
        "unconfirmed": UNCONFIRMED_LIFE.days,
        "mail": SET_ASIDE_LIFE.days,
        "logs": LOG_DAYS,
        "backups": BACKUP_DAYS,
    }
    return page("privacy", course=_course(pages.query), days=days)


@pages.get("/style.css")
def stylesheet() -> Response[str]:
    """The one stylesheet."""
    return asset("style.css", "text/css; charset=utf-8")


@pages.get("/page.js")
def script() -> Response[str]:
    """The one script: the browser's time zone, and leaving quickly."""
    return asset("page.js", "text/javascript; charset=utf-8")


def _sign_up(*, embedded: bool) -> Response[str]:
    now, fields = clients.now(), pages.fields
    course = clients.library().courses.get(fields.get("course", ""))
    if course is None:
        raise InvalidForm("no_course")
    form, errors = forms.check_sign_up(fields, course.id)
    if form is None:
        return _form(course, fields, errors, 400, embedded=embedded)
    if forms.typed_by_a_person(clients.keys(), fields, now):
        sign_ups.admit(form.address, pages.current_event.request_context.http.source_ip, now)
        sign_ups.accept(form, now)
    again = f"{'/embed' if embedded else '/'}?course={course.id}"
    return page("check-inbox", course=course, embedded=embedded, again=again)


def _form(
    course: Course, values: Mapping[str, str], errors: Mapping[str, str], status: int = 200, *, embedded: bool = False
) -> Response[str]:
    return page(
        "embed" if embedded else "sign-up",
        status,
        course=course,
        embedded=embedded,
        action="/embed" if embedded else "/sign-up",
        about=Markup(course.about),  # noqa: S704  our own Markdown
        values=values,
        errors=errors_in_words(errors, course),
        zones=forms.zones(),
        hours=range(24),
        form_time=forms.stamp(clients.keys(), clients.now()),
    )


def _course(asked: Mapping[str, str]) -> Course:
    courses = clients.library().courses
    return courses.get(asked.get("course", "")) or next(iter(courses.values()))
