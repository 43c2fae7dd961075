"""GET / → the sign-up page; POST /sign-up → a pending subscriber, and a confirmation email in the outbox."""

from aws_lambda_powertools.event_handler import Response
from markupsafe import Markup

from aws import clients, sign_ups
from aws.log import observed
from aws.web import Pages, asset, page
from course import forms
from course.errors import InvalidForm
from course.lessons import Course

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/")
def show() -> Response[str]:
    """The sign-up page of the course in `?course=`, or of the first."""
    courses = clients.library().courses
    wanted = (pages.current_event.query_string_parameters or {}).get("course", "")
    return _form(courses.get(wanted) or next(iter(courses.values())), {}, {})


@pages.get("/style.css")
def stylesheet() -> Response[str]:
    """The one stylesheet."""
    return asset("style.css", "text/css; charset=utf-8")


@pages.get("/zone.js")
def zone_script() -> Response[str]:
    """Fills in the browser's time zone."""
    return asset("zone.js", "text/javascript; charset=utf-8")


@pages.post("/sign-up")
def sign_up() -> Response[str]:
    """Known and unknown addresses get the same bytes back."""
    now = clients.now()
    fields = forms.read(pages.body, pages.content_type)
    course = clients.library().courses.get(fields.get("course", ""))
    if course is None:
        raise InvalidForm("There is no such course. Please load the page again.")
    form, errors = forms.check_sign_up(fields, course.id)
    if form is None:
        return _form(course, fields, errors, status=400)
    if forms.typed_by_a_person(clients.keys(), fields, now):
        sign_ups.admit(form, pages.current_event.request_context.http.source_ip, now)
        sign_ups.accept(form, now)
    return page("check-inbox", course=course)


def _form(course: Course, values: dict[str, str], errors: dict[str, str], status: int = 200) -> Response[str]:
    return page(
        "sign-up",
        status,
        course=course,
        about=Markup(course.about),  # noqa: S704  our own Markdown
        values=values,
        errors=errors,
        zones=forms.zones(),
        hours=range(24),
        form_time=forms.stamp(clients.keys(), clients.now()),
    )
