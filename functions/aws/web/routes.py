"""The routes of an HTTP API: what a request contains, and the answers to requests that fail."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response

from aws import clients
from aws.log import failed
from aws.settings import settings
from aws.web.form_pages import fresh_link_form
from aws.web.pages import PAGES, headers_of, language_of, or_plain, page
from content.lessons import Course
from course import forms, limits
from course.errors import InvalidForm, InvalidToken

ASSETS = {"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
"""The one stylesheet, and the one script: the browser's time zone, and leaving quickly."""


class Pages(APIGatewayHttpResolver):
    """The routes of one function. An invalid token or form gets its page and changes nothing.

    `assets`: whether it also serves the stylesheet and the script of all pages.
    """

    def __init__(self, *, assets: bool = False) -> None:
        super().__init__()
        for name in ASSETS if assets else ():
            self._serve(name)
        self.exception_handler(InvalidToken)(_always_answered(self._link_too_old))
        self.exception_handler(InvalidForm)(_always_answered(self._bad_form))
        self.exception_handler(Exception)(_always_answered(self._broken))
        self.not_found()(_always_answered(self._not_found))

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
            # HTTP APIs pass a form on in base64.
            body = base64.b64decode(raw) if self.current_event.is_base64_encoded else raw.encode()
        except (binascii.Error, ValueError) as error:
            raise InvalidForm("unreadable") from error
        return forms.read(body, str(self.current_event.headers.get("content-type", "")))

    @property
    def posted(self) -> dict[str, str]:
        """What was posted, if anything: a button needs no field. Raises InvalidForm."""
        return self.fields if self.current_event.body else {}

    @property
    def course(self) -> Course | None:
        """The course that the request names in its URL or its form. The answer is in the course's language."""
        named = self.query.get("course", "")
        with suppress(InvalidForm):
            named = named or self.fields.get("course", "")
        return clients.library().courses.get(named)

    @property
    def embedded(self) -> bool:
        """Whether the request is for the form in a frame."""
        return bool(self.current_event.path == "/embed")

    @property
    def country(self) -> str:
        """The country that the browser's first language names, such as US of en-US; empty if it names none."""
        first = re.match(r"[a-z]{2,3}-([A-Z]{2})\b", str(self.current_event.headers.get("accept-language", "")))
        return first[1] if first else ""

    @property
    def source_ip(self) -> str:
        """The visitor's address: from the CDN's header if the stack has one, or the one that connected."""
        connected = str(self.current_event.request_context.http.source_ip)
        header = settings().client_address_header
        return limits.visitor(str(self.current_event.headers.get(header, "")) if header else "", connected)

    def _serve(self, name: str) -> None:
        @self.get(f"/{name}")
        def file() -> Response[str]:
            """Serves the file. It has nothing private, so browsers may keep it for an hour."""
            headers = headers_of() | {"Cache-Control": "public, max-age=3600"}
            return Response(200, ASSETS[name], (PAGES / name).read_text("utf-8"), headers=headers)

    def _link_too_old(self, _error: InvalidToken) -> Response[str]:
        return fresh_link_form({}, {}, 404, too_old=True)

    def _bad_form(self, error: InvalidForm) -> Response[str]:
        words = language_of(self.course).words
        shown = {"title": words["pages"]["error"]["bad_form"], "message": words["forms"][str(error)]}
        return page("error", error.http_status, course=self.course, embedded=self.embedded, **shown)

    def _broken(self, error: Exception) -> Response[str]:
        failed("a page failed", error)
        course, headers = self.course, {"Retry-After": "60"}
        say = language_of(course).words["pages"]["error"]
        return page("error", 503, headers, course=course, title=say["broken"], message=say["broken_about"])

    def _not_found(self, _error: Exception) -> Response[str]:
        say, path = language_of().words["pages"]["error"], self.current_event.path
        known = {str(route.method) for route in self._static_routes + self._dynamic_routes if route.rule.match(path)}
        if known and self.current_event.http_method not in known:
            allow = ", ".join(sorted(known | ({"HEAD"} if "GET" in known else set())))
            return page("error", 405, {"Allow": allow}, title=say["method"], message=say["method_about"])
        return page("error", 404, title=say["nowhere"], message=say["nowhere_about"])


def _always_answered(make: Callable[[Any], Response[str]]) -> Callable[[Exception], Response[str]]:
    """The page for an error, or a plain one if that page cannot be made either."""
    return lambda error: or_plain(lambda: make(error), "error", 503)
