"""A page as an answer: rendered on the server, locked down by headers."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aws import clients
from aws.log import failed
from aws.settings import settings
from content.languages import Language
from content.lessons import Course

PAGES = Path(__file__).parents[2] / "pages"

EXIT_URL = "https://www.wikipedia.org/"
"""Where "Leave this page" leads: a site that anybody may have open, in any language."""

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


def page(
    template: str,
    http_status: int = 200,
    headers: Mapping[str, str] | None = None,
    *,
    course: Course | None = None,
    language: Language | None = None,
    embedded: bool = False,
    **values: Any,
) -> Response[str]:
    """A page as an answer, from a template in `pages/`.

    It is in `language`, or in the course's language, or in the first course's language. An embedded page may be shown
    in a frame by the sites that the stack allows.
    """
    courses, speaks = list(clients.library().courses.values()), language or language_of(course)
    # If a page belongs to no course, its links lead to pages in its language.
    speaker = course or next((other for other in courses if other.language is speaks), None)
    shared = {
        "course": course,
        "of_course": f"?course={speaker.id}" if speaker and (course or speaker is not courses[0]) else "",
        "language": speaks,
        "words": speaks.words["pages"],
        "helplines": speaks.helplines,
        "directory_link": Markup('<a href="{url}" rel="noreferrer">{name}</a>').format(**speaks.directory),
        "exit_url": EXIT_URL,
        "postal_address": settings().postal_address,
        "contact_email": settings().contact_email,
        "contact": contact(),
        "embedded": embedded,
    }
    body = rendered(template, **shared | values)
    return Response(http_status, "text/html; charset=utf-8", body, headers=headers_of(embedded) | dict(headers or {}))


def or_plain(make: Callable[[], Response[str]], name: str, http_status: int) -> Response[str]:
    """The page that `make` makes; if that fails, one of `pages/plain/`, which needs no course or template."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001  whatever the error is, the reader must get a page
        failed("a page failed", error)
        around, words = ((PAGES / "plain" / f"{part}.html").read_text("utf-8") for part in ("around", name))
        body = around.replace("<!-- words -->", words)
        return Response(http_status, "text/html; charset=utf-8", body, headers=headers_of())


def download(name: str, content_type: str, body: bytes | str) -> Response[Any]:
    """A file as an answer: the browser shows text, and saves anything else."""
    shown = "inline" if isinstance(body, str) else "attachment"
    headers = headers_of() | {"Content-Disposition": f'{shown}; filename="{name}"'}
    return Response(200, content_type, body, headers=headers)


def see_other(path: str) -> Response[str]:
    """Redirects after a form was posted, so that reloading the page does not post it again."""
    return Response(303, "text/plain", "", headers=headers_of() | {"Location": path})


def rendered(template: str, **values: Any) -> str:
    """A template of `pages/`, rendered as text."""
    return _templates().get_template(f"{template}.html.j2").render(values)


def contact() -> str:
    """Where to write to: the email address as a link, or the postal address."""
    address = settings().contact_email
    return Markup('<a href="mailto:{0}">{0}</a>').format(address) if address else settings().postal_address


def language_of(course: Course | None = None) -> Language:
    """The language of a course, or of the first one."""
    return course.language if course else clients.library().language


def headers_of(embedded: bool = False) -> dict[str, Any]:
    """Headers that allow only our own stylesheet, script and forms: no third party, and nothing inline.

    Only an embedded page may be shown in a frame.
    """
    framed_by = " ".join(settings().embed_origins if embedded else ()) or "'none'"
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors {framed_by}"
    )
    return {"Content-Security-Policy": policy, **HEADERS}


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
