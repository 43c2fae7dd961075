"""API Gateway's HTTP API: the template's routes, payload format 2.0, and its answers."""

import base64
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from local_cloud.functions import Function, Functions
from local_cloud.intrinsics import Resolver, TemplateError
from local_cloud.physical import ACCOUNT

INVOKE = re.compile(r"/functions/(arn:[^/]+)/invocations$")
DEFAULT = "$default"
PARAMETER = re.compile(r"\{([^}]+)\}")
# Bodies of these types reach Lambda as text, every other one as base64.
TEXT = re.compile(r"text/|application/(json|xml|javascript)\b")
MAX_BODY = 6 * 1024 * 1024  # bytes; the limit of a Lambda invocation; the API's own limit is 10 MB


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as the API receives it. Header names may be in any case."""

    method: str
    path: str  # without the query, percent-encoded
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer. Header names are lower case, as the HTTP API sends them."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


@dataclass(frozen=True, slots=True)
class Route:
    """A method, a path with parameters, and the function that answers."""

    method: str  # GET … or ANY
    path: str
    function: Function
    pattern: re.Pattern[str]

    @property
    def key(self) -> str:
        return self.path if self.path == DEFAULT else f"{self.method} {self.path}"

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """Sorts the most specific first: fewer parameters first, greedy ones later, $default last (HTTP API guide)."""
        return (self.path == DEFAULT, "+}" in self.path, len(PARAMETER.findall(self.path)))


class Api:
    """Every route of the template's HTTP API."""

    def __init__(self, resolver: Resolver, functions: Functions) -> None:
        self._functions = functions
        self.routes = sorted(
            (route for _, api in resolver.resources("AWS::ApiGatewayV2::Api") for route in _routes(api, functions)),
            key=lambda route: route.rank,
        )

    def handle(self, request: Request) -> Response:
        if len(request.body) > MAX_BODY:
            return _message(413, "Request Entity Too Large")
        for route in self.routes:
            match = route.pattern.fullmatch(request.path)
            if match and route.method in (request.method, "ANY"):
                outcome = self._functions.invoke(route.function, _event(route, match, request))
                return _message(500, "Internal Server Error") if outcome.error else _response(outcome.payload)
        return _message(404, "Not Found")


def _routes(api: dict[str, Any], functions: Functions) -> list[Route]:
    found = []
    for path, methods in ((api.get("Body") or {}).get("paths") or {}).items():
        for method, operation in methods.items():
            if method == "options" and "x-amazon-apigateway-integration" not in operation:
                continue
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            match = INVOKE.search(uri)
            if not match or match[1] not in functions.by_arn:
                raise TemplateError(f"HttpApi {method.upper()} {path}: no function answers this route")
            name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            found.append(Route(name, path, functions.by_arn[match[1]], _pattern(path)))
    return found


def _pattern(path: str) -> re.Pattern[str]:
    """Matches {token} to one segment, {proxy+} to the rest, $default to everything.

    Groups are numbered, since a parameter's name need not be a valid name of a group.
    """
    if path == DEFAULT:
        return re.compile(r".*", re.DOTALL)
    parts = PARAMETER.split(path)
    pattern = "".join(
        (r"(.+)" if part.endswith("+") else r"([^/]+)") if i % 2 else re.escape(part) for i, part in enumerate(parts)
    )
    return re.compile(pattern)


def _event(route: Route, match: re.Match[str], request: Request) -> dict[str, Any]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    cookies = [cookie.strip() for cookie in headers.pop("cookie", "").split(";") if cookie.strip()]
    now = datetime.now(UTC)
    path = unquote(request.path)
    names = [name.rstrip("+") for name in PARAMETER.findall(route.path)]
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.key,
        "rawPath": path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": headers.get("host", "localhost"),
            "domainPrefix": "local",
            "http": {
                "method": request.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": request.source_ip,
                "userAgent": headers.get("user-agent", ""),
            },
            "requestId": uuid.uuid4().hex[:16],
            "routeKey": route.key,
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "timeEpoch": int(now.timestamp() * 1000),
        },
        "isBase64Encoded": False,
    }
    if cookies:
        event["cookies"] = cookies
    if request.query:
        query: dict[str, str] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            query[name] = f"{query[name]},{value}" if name in query else value
        event["queryStringParameters"] = query
    if names:
        event["pathParameters"] = {name: unquote(match[i + 1]) for i, name in enumerate(names)}
    if request.body:
        event |= _body(request.body, headers.get("content-type", ""))
    return event


def _body(body: bytes, content_type: str) -> dict[str, Any]:
    if TEXT.match(content_type):
        return {"body": body.decode("utf-8", errors="replace"), "isBase64Encoded": False}
    return {"body": base64.b64encode(body).decode("ascii"), "isBase64Encoded": True}


def _response(payload: Any) -> Response:
    """The HTTP answer. A payload without `statusCode` is itself the body, as JSON (HTTP API guide, format 2.0)."""
    if not isinstance(payload, dict) or "statusCode" not in payload:
        body = payload if isinstance(payload, str) else json.dumps(payload)
        return Response(200, {"content-type": "application/json"}, body.encode("utf-8"))
    body = payload.get("body") or ""
    content = base64.b64decode(body) if payload.get("isBase64Encoded") else str(body).encode("utf-8")
    headers = {str(name).lower(): str(value) for name, value in (payload.get("headers") or {}).items()}
    for name, values in (payload.get("multiValueHeaders") or {}).items():
        headers[str(name).lower()] = ", ".join(values)
    headers.setdefault("content-type", "text/plain; charset=utf-8")
    return Response(int(payload["statusCode"]), headers, content, tuple(payload.get("cookies") or ()))


def _message(status: int, text: str) -> Response:
    return Response(status, {"content-type": "application/json"}, json.dumps({"message": text}).encode())


def form_body(form: Mapping[str, str | list[str]]) -> bytes:
    """The body that a browser posts for this form."""
    return urlencode(form, doseq=True).encode("ascii")
