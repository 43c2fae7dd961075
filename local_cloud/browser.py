"""A browser without a window: opens the real pages, fills in their forms, and presses their buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

from local_cloud.api import Response
from local_cloud.cloud import World


@dataclass
class Form:
    """A form as the page offers it: its target, and the values of its fields before anyone types."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", ""), given.get("method", "get").upper()))
        if not self.forms:
            return
        fields, name = self.forms[-1].fields, given.get("name", "")
        ticks = given.get("type") in ("checkbox", "radio")
        if tag == "input" and name and (not ticks or "checked" in given):
            fields[name] = given.get("value", "on" if ticks else "")
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and (self._select not in fields or "selected" in given):
            fields[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""


class Browser:
    """Follows links and posts forms in one world. Raises PageError if a page answers with an error."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.path = "/"
        self.page: Response | None = None

    def open(self, link: str) -> Response:
        return self._go("GET", link.removeprefix(self._world.parameters["SiteUrl"]) or "/", None)

    def submit(self, action: str | None = None, **fields: str) -> Response:
        """Posts the page's first form whose action ends with `action`, with these fields changed."""
        found = _Forms()
        found.feed(self.page.text if self.page else "")
        forms = [form for form in found.forms if form.method == "POST"]
        form = next((form for form in forms if action is None or form.action.endswith(action)), None)
        if form is None:
            raise PageError(f"{self.path} has no form for {action or 'anything'}")
        return self._go("POST", urljoin(self.path, form.action), {**form.fields, **fields})

    def _go(self, method: str, path: str, form: dict[str, str] | None) -> Response:
        response = self._world.request(method, path, form=form)
        if response.status in (301, 302, 303):
            return self._go("GET", urljoin(path, response.headers["location"]), None)
        if response.status >= 400:
            failures = self._world.failures
            why = f": {failures[-1].summary}" if failures else ""
            raise PageError(f"{method} {path.partition('?')[0]} answered {response.status}{why}")
        self.path, self.page = path, response
        return response


class PageError(Exception):
    """A page answered with an error or lacks the form. The message is one line."""
