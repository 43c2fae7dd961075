"""Languages: each is a folder of `emails/` with everything that all courses in that language share.

A folder is a language if it has an `email.toml`. To add a language, add a folder with one.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template, TemplateError

from content import markdown
from content.countries import country_of
from content.markdown import Prose
from course.commands import BY_REPLY, OFFERED
from course.errors import CourseError

MARK = "email.toml"
HELP = "help.md.j2"
ASK, PROVE = "ask.md.j2", "prove.md.j2"
"""Two files, each with the text of one notice for each command. ASK also has the words for each command."""

UNREADABLE = (CourseError, TemplateError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""The errors that an author's mistake can raise."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An email that is not a lesson, named after the moment when it is sent."""

    id: str
    file: str
    """The name of the file with its text."""
    subject: str
    preheader: str
    prose: Prose
    words: Mapping[str, str] = field(default_factory=dict)
    """The words that its text uses by name, if several notices share one text."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language and its texts."""

    code: str
    """The name of the folder and the `lang` of pages: BCP 47, such as `en`."""
    words: Mapping[str, Mapping[str, Any]]
    """The words of its `.toml` files, by the name of the file: `words["email"]`, `words["dates"]`."""
    notices: Mapping[str, Notice]
    helplines: list[dict[str, Any]]
    """The helplines of each country: first the countries that the language has a name for, in its order, then the
    others in the order of the common `helplines.toml`."""
    directory: dict[str, Any]
    """A directory of helplines for people in all other countries."""

    def helplines_in(self, zone: str) -> list[dict[str, Any]]:
        """The helplines in the country of a time zone: a list with one country or none."""
        return [country for country in self.helplines if country["code"] == country_of(zone)]

    def to_call(self, zone: str, quoted: Collection[str] | None = None) -> dict[str, Any]:
        """The helplines in the country of a time zone; if we know none there, the directory.

        `quoted` are the countries that a quote of an email names; they then replace the country of the zone.
        """
        if quoted is not None:
            named = [country for country in self.helplines if country["country"] in quoted]
            return {"helplines": named, "directory": self.directory}
        own = self.helplines_in(zone)
        return {"helplines": own, "directory": None if own else self.directory}

    @property
    def direction(self) -> str:
        """The direction of writing: `ltr` or `rtl`."""
        return str(self.words["email"]["direction"])


NONE = Language(code="", words={}, notices={}, helplines=[], directory={})
"""A language without texts, used if no language can be read."""


def load(folder: Path, html: Environment, text: Environment, faults: list[CourseError]) -> dict[str, Language]:
    """Every language in `emails/`, by its code. Unusable files, and notices that a language lacks, go to `faults`."""
    languages = {}
    for path in sorted(folder.glob(f"*/{MARK}")):
        try:
            lines = markdown.read_toml(folder / "helplines.toml")
            languages[path.parent.name] = _language(path.parent, lines, html, text, faults)
        except UNREADABLE as error:
            faults.append(CourseError.of(path.parent, error))
    notices = {notice for language in languages.values() for notice in language.notices}
    for language in languages.values():
        for missing in sorted(notices - language.notices.keys()):
            faults.append(CourseError(folder / language.code / "notices" / f"{missing}.md.j2", "is missing"))
    return languages


def template(environment: Environment, path: Path, faults: list[CourseError]) -> Template:
    """A template of `emails/` that all emails share. A template with a mistake fails when it is rendered."""
    try:
        return environment.get_template(path.name)
    except TemplateError as error:
        faults.append(CourseError.of(path, error))
        return environment.from_string("{{ unusable }}")


def _language(
    folder: Path, lines: dict[str, Any], html: Environment, text: Environment, faults: list[CourseError]
) -> Language:
    words = {path.stem: markdown.read_toml(path) for path in sorted(folder.glob("*.toml"))}
    notices: list[Notice] = []
    for path in sorted((folder / "notices").glob("*.md.j2"), key=lambda path: (path.name in (ASK, PROVE), path.name)):
        try:
            notices += _offers(path, html, text) if path.name in (ASK, PROVE) else [_notice(path, html, text)]
        except UNREADABLE as error:
            faults.append(CourseError.of(path, error))
            notices += _unusable(path, html)
    helplines = words["helplines"]
    order = {name: place for place, name in enumerate(helplines["countries"])}
    countries = sorted(lines["country"], key=lambda country: order.get(country["name"], len(order)))
    return Language(
        code=folder.name,
        words=words,
        notices={notice.id: notice for notice in notices},
        helplines=[_country(country, helplines, folder) for country in countries],
        directory=lines["directory"],
    )


def _country(country: dict[str, Any], helplines: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A country and its helplines, in the words of a language."""
    lines = [dict(line) for line in country.get("line", [])]
    for line in lines:
        if line["for_whom"] not in helplines["for_whom"]:
            raise CourseError(folder / "helplines.toml", f"has no words under [for_whom] for “{line['for_whom']}”")
        line["for_whom"] = helplines["for_whom"][line["for_whom"]]
    name = country["name"]
    shown = {"country": helplines["countries"].get(name, name), "code": country.get("code")}
    return shown | {"emergency": country["emergency"], "lines": lines}


def with_commands(matter: Mapping[str, Any], body: str, path: Path) -> str:
    """The body of a notice with `{{ commands }}` replaced by the list of commands that a reply can give.

    `[commands]` in the front matter has a line for each command, or one for several. Only HELP has this list. Raises
    CourseError.
    """
    if path.name != HELP:
        return body
    lines = {name: line for names, line in matter.get("commands", {}).items() for name in names.split()}
    for name in sorted(lines.keys() ^ set(BY_REPLY)):
        wrong = f"[commands] has no line for {name}" if name in BY_REPLY else f"no command is called {name}"
        raise CourseError(path, wrong)
    if "{{ commands }}" not in body:
        raise CourseError(path, "needs {{ commands }} in the place of the list")
    listed = dict.fromkeys(lines[command] for command in BY_REPLY)
    return body.replace("{{ commands }}", "\n".join(f"- {line}" for line in listed))


def _offers(path: Path, html: Environment, text: Environment) -> Iterator[Notice]:
    """A notice for each command that may be offered: one text, with the subject and the words of each command."""
    asks = path.with_name(ASK)
    rows = markdown.read(asks)[0].get("asks", {})
    for command in sorted(OFFERED ^ rows.keys()):
        raise CourseError(asks, f"[asks.{command}] {'is missing' if command in OFFERED else 'cannot be offered'}")
    one = _notice(path, html, text, subject="")
    for command, row in rows.items():
        words = {name: markdown.need(row, name, asks) for name in ("wish", "button", "word")}
        subject = markdown.need(row, "subject", asks)
        yield replace(one, id=f"{one.id}-{command}", subject=subject, words=words | {"command": command})


def _unusable(path: Path, html: Environment) -> Iterator[Notice]:
    """The notices of a file with a mistake: we know replies to sent ones by their ids, but can make no new ones."""
    fails = html.from_string("{{ unusable }}")
    name = path.name.removesuffix(".md.j2")
    for each in [f"{name}-{command}" for command in OFFERED] if path.name in (ASK, PROVE) else [name]:
        yield Notice(each, path.name, subject="", preheader="", prose=Prose(fails, fails))


def _notice(path: Path, html: Environment, text: Environment, subject: str | None = None) -> Notice:
    matter, body, line = markdown.read(path)
    body = with_commands(matter, body, path)
    return Notice(
        id=path.name.removesuffix(".md.j2"),
        file=path.name,
        subject=markdown.need(matter, "subject", path) if subject is None else subject,
        preheader=markdown.need(matter, "preheader", path),
        prose=markdown.compile_prose(path, body, line, html, text),
    )
