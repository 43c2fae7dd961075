"""The web pages of an HTTP API: rendered on the server, locked down by headers."""

import base64
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from aws import clients
from aws.settings import settings
from course.errors import InvalidForm, InvalidToken

PAGES = Path(__file__).parent.parent / "pages"

HEADERS = {
    # Nothing but our own stylesheet, script and forms: no third party, no frame, nothing inline.
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


class Pages(APIGatewayHttpResolver):
    """The routes of one function. A token or form that is no good gets its page and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.exception_handler(InvalidToken)(self._link_too_old)
        self.exception_handler(InvalidForm)(self._bad_form)
        self.not_found()(self._not_found)

    @property
    def body(self) -> bytes:
        """What was posted: HTTP APIs hand a form over in base64."""
        raw = self.current_event.body or ""
        return base64.b64decode(raw) if self.current_event.is_base64_encoded else raw.encode()

    @property
    def content_type(self) -> str:
        """The type of what was posted."""
        return str(self.current_event.headers.get("content-type", ""))

    def _link_too_old(self, _error: InvalidToken) -> Response[str]:
        return page("link-too-old", 404)

    def _bad_form(self, error: InvalidForm) -> Response[str]:
        return page("error", error.http_status, title="That didn’t work", message=str(error))

    def _not_found(self, _error: Exception) -> Response[str]:
        return page("error", 404, title="There is no such page", message="The address may have been cut short.")


def page(template: str, http_status: int = 200, **values: Any) -> Response[str]:
    """A page as an answer, from a template in `pages/`; in the language of its course, or of the first course."""
    course = values.get("course") or next(iter(clients.library().courses.values()))
    shared = {
        "language": course.language,
        "helplines": course.language.helplines,
        "directory": course.language.directory,
        "postal_address": settings().postal_address,
    }
    body = _templates().get_template(f"{template}.html.j2").render({**shared, **values})
    return Response(http_status, "text/html; charset=utf-8", body, headers=dict(HEADERS))


def asset(name: str, content_type: str) -> Response[str]:
    """A file of `pages/`. It holds nothing private, so browsers may keep it for an hour."""
    headers = {**HEADERS, "Cache-Control": "public, max-age=3600"}
    return Response(200, content_type, (PAGES / name).read_text("utf-8"), headers=headers)


def see_other(path: str) -> Response[str]:
    """Leads on after a form was posted, so that loading the page again posts nothing again."""
    return Response(303, "text/plain", "", headers={**HEADERS, "Location": path})


@cache
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
