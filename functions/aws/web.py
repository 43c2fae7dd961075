"""The web pages of an HTTP API: rendered on the server, locked down by headers."""

import base64
import binascii
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from botocore.exceptions import BotoCoreError, ClientError
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from aws import clients
from aws.log import failed
from aws.settings import settings
from aws.subscribers import Contended
from content.languages import Language
from content.lessons import Course
from content.pages import errors_in_words, sign_up_values
from course import forms
from course.errors import InvalidForm, InvalidToken, UnreadableSubscriber

PAGES = Path(__file__).parent.parent / "pages"
ASSETS = {"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
"""The one stylesheet, and the one script: the browser's time zone, and leaving quickly."""

EXIT_URL = "https://www.wikipedia.org/"
"""Where "Leave this page" leads: a site that anybody may have open, in any language."""

NOTHING: Mapping[str, str] = {}

HEADERS = {
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=31536000",
}


class Pages(APIGatewayHttpResolver):
    """The routes of one function. An invalid token or form gets its page and changes nothing.

    `assets`: with the stylesheet and the script of all pages.
    """

    def __init__(self, *, assets: bool = False) -> None:
        super().__init__()
        for name in ASSETS if assets else ():
            self._serve(name)
        self.exception_handler(InvalidToken)(self._link_too_old)
        self.exception_handler(InvalidForm)(self._bad_form)
        # What AWS refuses or does not answer, and what is stored and cannot be read.
        self.exception_handler([ClientError, BotoCoreError, Contended, UnreadableSubscriber])(self._broken)
        self.not_found()(self._not_found)

    def resolve(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """Answers a request. HEAD is GET without the body (RFC 9110, section 9.3.2)."""
        asked = event["requestContext"]["http"]
        if asked["method"] != "HEAD":
            return super().resolve(event, context)
        as_get = {**event, "requestContext": {**event["requestContext"], "http": {**asked, "method": "GET"}}}
        return {**super().resolve(as_get, context), "body": "", "isBase64Encoded": False}

    @property
    def query(self) -> Mapping[str, str]:
        return self.current_event.query_string_parameters or {}

    @property
    def fields(self) -> dict[str, str]:
        """What was posted. Raises InvalidForm."""
        raw = self.current_event.body or ""
        try:
            # HTTP APIs hand a form over in base64.
            body = base64.b64decode(raw) if self.current_event.is_base64_encoded else raw.encode()
        except (binascii.Error, ValueError) as error:
            raise InvalidForm("unreadable") from error
        return forms.read(body, str(self.current_event.headers.get("content-type", "")))

    @property
    def course(self) -> Course | None:
        """The course that the request names, in its address or its form: what answers it speaks its language."""
        named = self.query.get("course", "")
        with suppress(InvalidForm):
            named = named or self.fields.get("course", "")
        return clients.library().courses.get(named)

    @property
    def embedded(self) -> bool:
        """Whether the request is for the form in a frame."""
        return bool(self.current_event.path == "/embed")

    @property
    def source_ip(self) -> str:
        return str(self.current_event.request_context.http.source_ip)

    def _serve(self, name: str) -> None:
        @self.get(f"/{name}")
        def file() -> Response[str]:
            """It holds nothing private, so browsers may keep it for an hour."""
            headers = _headers() | {"Cache-Control": "public, max-age=3600"}
            return Response(200, ASSETS[name], (PAGES / name).read_text("utf-8"), headers=headers)

    def _link_too_old(self, _error: InvalidToken) -> Response[str]:
        return fresh_link_form({}, {}, 404, too_old=True)

    def _bad_form(self, error: InvalidForm) -> Response[str]:
        words = _language(self.course).words
        said, say, headers = words["forms"][str(error)], words["pages"]["error"], {}
        if error.retry_after is not None:
            headers = {"Retry-After": str(error.retry_after)}
            said += " " + say["again_in"].format(minutes=-(-error.retry_after // 60))
        shown = {"title": say["busy" if headers else "bad_form"], "message": said}
        return page("error", error.http_status, headers, course=self.course, embedded=self.embedded, **shown)

    def _broken(self, error: Exception) -> Response[str]:
        failed("a page failed", error)
        course, headers = self.course, {"Retry-After": "60"}
        say = _language(course).words["pages"]["error"]
        return page("error", 503, headers, course=course, title=say["broken"], message=say["broken_about"])

    def _not_found(self, _error: Exception) -> Response[str]:
        say, path = _language().words["pages"]["error"], self.current_event.path
        known = {str(route.method) for route in self._static_routes + self._dynamic_routes if route.rule.match(path)}
        if known and self.current_event.http_method not in known:
            allow = ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
            return page("error", 405, {"Allow": allow}, title=say["method"], message=say["method_about"])
        return page("error", 404, title=say["nowhere"], message=say["nowhere_about"])


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
    """A page as an answer, from a template in `pages/`; in the language given, or of its course, or of the first one.

    An embedded page may stand in a frame of the sites that the stack allows.
    """
    first, speaks = clients.library().first, language or _language(course)
    # Where a page belongs to no course, its links lead to pages in its language.
    speaker = course or next(other for other in clients.library().courses.values() if other.language is speaks)
    shared = {
        "course": course,
        "of_course": f"?course={speaker.id}" if course or speaker is not first else "",
        "language": speaks,
        "words": speaks.words["pages"],
        "helplines": speaks.helplines,
        "directory_link": Markup('<a href="{url}" rel="noreferrer">{name}</a>').format(**speaks.directory),
        "exit_url": EXIT_URL,
        "postal_address": settings().postal_address,
        "embedded": embedded,
    }
    body = rendered(template, **shared | values)
    return Response(http_status, "text/html; charset=utf-8", body, headers=_headers(embedded) | dict(headers or {}))


def sign_up_form(
    course: Course, values: Mapping[str, str] = NOTHING, errors: Mapping[str, str] = NOTHING, *, embedded: bool = False
) -> Response[str]:
    """The sign-up page of a course, or the form alone for a frame; with what was typed and what is wrong with it."""
    shown = sign_up_values(course, values, errors, forms.stamp(clients.keys(), clients.now()))
    return page("embed" if embedded else "sign-up", 400 if errors else 200, course=course, embedded=embedded, **shown)


def fresh_link_form(
    values: Mapping[str, str],
    errors: Mapping[str, str],
    http_status: int = 200,
    *,
    course: Course | None = None,
    too_old: bool = False,
    still_on: bool = False,
) -> Response[str]:
    """The page that has a new link sent: by itself, or in place of what an invalid link would have shown.

    `still_on`: that link was to stop the emails, and has not.
    """
    return page(
        "link-too-old",
        http_status,
        course=course,
        values=values,
        errors=errors_in_words(errors, _language(course)),
        too_old=too_old,
        still_on=still_on,
        form_time=forms.stamp(clients.keys(), clients.now()),
    )


def download(name: str, content_type: str, body: bytes | str) -> Response[Any]:
    """A file for its reader alone: text to look at, anything else to keep."""
    shown = "inline" if isinstance(body, str) else "attachment"
    headers = _headers() | {"Content-Disposition": f'{shown}; filename="{name}"'}
    return Response(200, content_type, body, headers=headers)


def see_other(path: str) -> Response[str]:
    """Leads on after a form was posted, so that loading the page again posts nothing again."""
    return Response(303, "text/plain", "", headers=_headers() | {"Location": path})


def rendered(template: str, **values: Any) -> str:
    """A template of `pages/` as text, for what is not a page."""
    return _templates().get_template(f"{template}.html.j2").render(values)


def _language(course: Course | None = None) -> Language:
    return (course or clients.library().first).language


def _headers(embedded: bool = False) -> dict[str, Any]:
    """Nothing but our own stylesheet, script and forms: no third party, nothing inline; only the embed is framed."""
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
