"""Dead links: within the email, on the course's own site and, on request, on other sites."""

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cli.check.finding import Finding, line_of, parsed
from cli.samples import SITE, Sample
from content.lessons import Library

SECONDS = 10
AT_A_TIME = 8
Link = tuple[Path, str]
"""The file that an author would open, and the address."""


def check(samples: Iterable[Sample], library: Library, emails: Path, template: Path, *, network: bool) -> list[Finding]:
    """Findings for the links in the emails and in the sign-up page's text. `network`: also request other sites."""
    layout = emails / "layout.html.j2"
    found: list[Finding] = []
    outside: dict[str, Link] = {}
    routes = _routes(template)
    for source, html in _texts(samples, library, emails):
        soup = parsed(html)
        ids = {str(tag["id"]) for tag in soup.find_all(id=True)}
        for link in soup.find_all("a"):
            target = str(link.get("href", ""))
            problem = _problem(target, ids, routes)
            leads_out = target.startswith("http") and not target.startswith(SITE) and target not in outside
            if not problem and not leads_out:
                continue
            line = line_of(source, f"]({target}", f"[{link.get_text()}](")
            where = (str(source), line) if line else (str(layout), line_of(layout, target, f">{link.get_text()}<") or 1)
            if problem:
                found.append(Finding(*where, problem))
            else:
                outside[target] = (Path(where[0]), target)
    return found + (list(_dead(outside, emails)) if network else [])


def _texts(samples: Iterable[Sample], library: Library, emails: Path) -> Iterator[tuple[Path, str]]:
    for sample in samples:
        yield sample.source, sample.email.html
    for course in library.courses.values():
        yield emails / course.id / "about.md", course.about


def _problem(target: str, ids: set[str], routes: list[re.Pattern[str]]) -> str:
    """The problem with an address, found without a request; empty if there is none."""
    if not target or target == "#":
        return "a link leads nowhere: give it an address"
    if target.startswith("#"):
        return "" if target[1:] in ids else f"the link {target} leads to no place in this text"
    try:
        parts = urlsplit(target)
    except ValueError:
        return f"the link {target} is not an address"
    if parts.scheme not in ("http", "https", "mailto", "tel"):
        return f"the link {target} leads nowhere from an email: write the whole address, with https://"
    if parts.scheme in ("http", "https") and not re.fullmatch(
        r"(?:[^\s.]+\.)+[^\s.]{2,}|localhost", parts.hostname or ""
    ):
        return f"the link {target} is not an address"
    if target.startswith(SITE) and not any(route.fullmatch(parts.path or "/") for route in routes):
        return f"there is no page {parts.path} on the course's site"
    return ""


def _routes(template: Path) -> list[re.Pattern[str]]:
    """The paths in template.yaml that a link can open."""
    routes = re.findall(r'Method: (?:GET|ANY), Path: "?(/(?:\{\w+\}|[^",{} ])*)', template.read_text("utf-8"))
    return [re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(route))) for route in routes]


def _dead(outside: dict[str, Link], emails: Path) -> Iterator[Finding]:
    helplines = emails / "helplines.toml"
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        for (path, target), problem in zip(outside.values(), pool.map(_asked, outside), strict=True):
            if problem:
                named = line_of(helplines, target)
                where = (str(helplines), named) if named else (str(path), line_of(path, target) or 1)
                yield Finding(*where, f"the link {target} does not answer: {problem}")


def _asked(target: str) -> str:
    """Why an address does not answer; empty if it does. A site that refuses HEAD is asked with GET."""
    for method in ("HEAD", "GET"):
        request = Request(target, method=method, headers={"User-Agent": "email-course check"})  # noqa: S310  http(s) only
        try:
            with urlopen(request, timeout=SECONDS):  # noqa: S310
                return ""
        except HTTPError as error:
            if method == "HEAD" and error.code in (
                HTTPStatus.METHOD_NOT_ALLOWED,
                HTTPStatus.NOT_IMPLEMENTED,
                HTTPStatus.FORBIDDEN,
            ):
                continue
            return f"HTTP {error.code}"
        except (URLError, TimeoutError, OSError) as error:
            return str(getattr(error, "reason", error))
    return ""
