"""Languages: a folder of `emails/` for each, with everything that is the same in every course of that language.

A folder is a language when it has an `email.toml`. Adding a language is adding such a folder.
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
"""Each is as many notices as there are commands to ask about; the words for these are in the first."""

UNREADABLE = (CourseError, TemplateError, AttributeError, LookupError, OSError, TypeError, ValueError)
"""What an author's mistake raises."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An email that is not a lesson; named after the moment it is sent."""

    id: str
    file: str
    """The name of the file that has its text."""
    subject: str
    preheader: str
    prose: Prose
    words: Mapping[str, str] = field(default_factory=dict)
    """What its text uses by name, if it is one of several with one text."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language, and what it says."""

    code: str
    """The folder's name and the pages' `lang`: BCP 47, such as `en`."""
    words: Mapping[str, Mapping[str, Any]]
    """The words of each of its `.toml` files, by the file's name: `words["email"]`, `words["dates"]`."""
    notices: Mapping[str, Notice]
    helplines: list[dict[str, Any]]
    """Who to call, by country: first those that the language has a name of its own for, as it lists them, then in the
    order of the common `helplines.toml`."""
    directory: dict[str, Any]
    """Where people of all other countries find someone to call."""

    def helplines_in(self, zone: str) -> list[dict[str, Any]]:
        """Who to call in the country of a time zone: one country, or none."""
        return [country for country in self.helplines if country["code"] == country_of(zone)]

    def to_call(self, zone: str, quoted: Collection[str] | None = None) -> dict[str, Any]:
        """Who to call in the country of a time zone; where we know nobody there, the directory.

        `quoted` are the countries that a quote of an email names, whatever the zone is now.
        """
        if quoted is not None:
            named = [country for country in self.helplines if country["country"] in quoted]
            return {"helplines": named, "directory": self.directory}
        own = self.helplines_in(zone)
        return {"helplines": own, "directory": None if own else self.directory}

    @property
    def direction(self) -> str:
        """How it is written: `ltr` or `rtl`."""
        return str(self.words["email"]["direction"])


NONE = Language(code="", words={}, notices={}, helplines=[], directory={})
"""Says nothing: in place of a language where none can be read."""


def load(folder: Path, html: Environment, text: Environment, faults: list[CourseError]) -> dict[str, Language]:
    """Every language in `emails/`, by its code; what cannot be used, or one lacks and another has, is in `faults`."""
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
    """A template of `emails/` that all emails share; one that cannot be used fails when it is rendered."""
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
    """A country and its lines, named in the words of a language."""
    lines = [dict(line) for line in country.get("line", [])]
    for line in lines:
        if line["for_whom"] not in helplines["for_whom"]:
            raise CourseError(folder / "helplines.toml", f"has no words under [for_whom] for “{line['for_whom']}”")
        line["for_whom"] = helplines["for_whom"][line["for_whom"]]
    name = country["name"]
    shown = {"country": helplines["countries"].get(name, name), "code": country.get("code")}
    return shown | {"emergency": country["emergency"], "lines": lines}


def with_commands(matter: Mapping[str, Any], body: str, path: Path) -> str:
    """A notice's body with a list of what can be replied in place of `{{ commands }}`, in the order of the commands.

    `[commands]` in the front matter has a line for each command, or one for several. Raises CourseError.
    """
    if path.name != HELP:
        return body
    lines = {name: line for names, line in matter.get("commands", {}).items() for name in names.split()}
    for name in sorted(lines.keys() ^ set(BY_REPLY)):
        wrong = f"[commands] has no line for {name}" if name in BY_REPLY else f"no command is called {name}"
        raise CourseError(path, wrong)
    if "{{ commands }}" not in body:
        raise CourseError(path, "has no {{ commands }} where the list is to stand")
    listed = dict.fromkeys(lines[command] for command in BY_REPLY)
    return body.replace("{{ commands }}", "\n".join(f"- {line}" for line in listed))


def _offers(path: Path, html: Environment, text: Environment) -> Iterator[Notice]:
    """A notice for each command that may be asked about: one text, with the subject and the words of each."""
    asks = path.with_name(ASK)
    rows = markdown.read(asks)[0].get("asks", {})
    for command in sorted(OFFERED ^ rows.keys()):
        raise CourseError(asks, f"[asks.{command}] {'is missing' if command in OFFERED else 'is not an offer'}")
    one = _notice(path, html, text, subject="")
    for command, row in rows.items():
        words = {name: markdown.need(row, name, asks) for name in ("wish", "button", "word")}
        subject = markdown.need(row, "subject", asks)
        yield replace(one, id=f"{one.id}-{command}", subject=subject, words=words | {"command": command})


def _unusable(path: Path, html: Environment) -> Iterator[Notice]:
    """The notices of a file with a mistake: replies to those that were sent are known, and no other can be made."""
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
