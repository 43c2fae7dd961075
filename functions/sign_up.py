"""GET / → the sign-up page. POST /sign-up → the form goes to the outbox, and `send` carries it out.

This module also has the form for a frame on the author's site, the form that requests a new link, and the pages for
the whole site.
"""

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import observed
from aws.web import Pages, after_form, fresh_link_form, page, sign_up_form
from course.errors import ShownAgain
from services import erasure, public_forms

pages = Pages(assets=True)
handler = observed(pages.resolve)


@pages.get("/")
@pages.get("/embed")
def show() -> Response[str]:
    """Shows the form of the course in `?course=` or of the first course; at /embed without the page around it."""
    return sign_up_form(clients.library().course_or_first(pages.query), embedded=pages.embedded, country=pages.country)


@pages.post("/")
def fill_in() -> Response[str]:
    """Shows the form with the address that a form on the author's site posts here. Does nothing else."""
    fields = pages.fields
    values = {"address": fields.get("address", "")}
    return sign_up_form(clients.library().course_or_first(fields), values, country=pages.country)


@pages.post("/sign-up")
@pages.post("/embed")
def sign_up() -> Response[str]:
    """Queues the form. Known and unknown addresses get the same response, after the same calls."""
    fields, embedded = pages.fields, pages.embedded
    course, errors = public_forms.sign_up(fields, "embed" if embedded else "page", pages.source_ip, clients.now())
    if errors:
        return sign_up_form(course, fields, errors, embedded=embedded, country=pages.country)
    return after_form("check-inbox", fields, course=course, embedded=embedded)


@pages.get("/fresh-link")
def ask_for_link() -> Response[str]:
    """Shows the form that requests a new link to the course page."""
    return fresh_link_form({}, {}, course=pages.course)


@pages.post("/fresh-link")
def send_link() -> Response[str]:
    """Queues the form. Known and unknown addresses get the same response, after the same calls."""
    fields, course = pages.fields, pages.course
    if errors := public_forms.fresh_links(fields, pages.source_ip, clients.now()):
        return fresh_link_form(fields, errors, 400, course=course)
    return after_form("link-asked", fields, course=course)


def show_again(error: ShownAgain) -> Response[str]:
    """Shows the form as it was filled in, and says what to do: press once more, or come back later."""
    fields = pages.fields
    if pages.current_event.path == "/fresh-link":
        return fresh_link_form(fields, {}, course=pages.course, again=error)
    course = clients.library().course_or_first(fields)
    return sign_up_form(course, fields, embedded=pages.embedded, again=error, country=pages.country)


pages.exception_handler(ShownAgain)(show_again)


@pages.get("/privacy")
def privacy() -> Response[str]:
    """Shows what we keep about people, and for how long."""
    return page("privacy", course=clients.library().course_or_first(pages.query), days=erasure.days_kept())
