"""Compiles an author's Markdown with jinja2 once, into an HTML template and a plain-text template.

Markdown runs first and jinja2 after it, so a value is never read as Markdown or as a template. While Markdown runs, a
plain word stands in for each jinja2 tag. Markdown keeps this word unchanged in text and in link addresses.
"""

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template, TemplateSyntaxError
from markdown_it import MarkdownIt
from markdown_it.token import Token

from course.errors import CourseError

_JINJA = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_BLOCK_LINE = re.compile(r"^[ \t]*(\{%.*?%\})[ \t]*$", re.MULTILINE)
_MARK = re.compile(r"jj(\d+)jj")
_BLANK_LINES = re.compile(r"\n{3,}")
_BUTTON = re.compile(r'<p class="button">(.*?)</p>')
# Outlook's Word engine draws a background and padding only for a table cell.
_AS_TABLE = (
    r'<table role="presentation" class="button" width="100%" cellpadding="0" cellspacing="0" border="0">'
    r"<tr><td>\1</td></tr></table>"
)
_markdown = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Prose:
    """The body of a lesson or a notice."""

    html: Template
    text: Template

    def as_text(self, **values: Any) -> str:
        """The plain-text body, without extra blank lines where parts are absent."""
        return _BLANK_LINES.sub("\n\n", self.text.render(values)).strip()


def read(path: Path) -> tuple[dict[str, Any], str, int]:
    """The TOML front matter of a `.md.j2` file, its body, and the first line number of the body. Raises CourseError."""
    try:
        source = path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise CourseError(path, f"is not UTF-8 (byte {error.start})") from error
    if not source.startswith("+++\n") or "\n+++\n" not in source:
        raise CourseError(path, "must start with its subject and preheader between two lines of +++", 1)
    matter, body = source.removeprefix("+++\n").split("\n+++\n", 1)
    try:
        return tomllib.loads(matter), body, matter.count("\n") + 4
    except tomllib.TOMLDecodeError as error:
        raise CourseError(path, f"between the lines of +++: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """The settings or words of a TOML file. Raises CourseError."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CourseError(path, "is missing") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CourseError(path, str(error)) from error


def need(settings: dict[str, Any], key: str, path: Path) -> str:
    """The value of a text setting that a file must have. Raises CourseError."""
    value = settings.get(key)
    if not isinstance(value, str) or not value.strip():
        raise CourseError(path, f"needs a {key}")
    return value


def compile_prose(path: Path, body: str, first_line: int, html: Environment, text: Environment) -> Prose:
    """Both templates of a body. Raises CourseError with the line of a jinja2 error."""
    try:
        html.parse(body)
    except TemplateSyntaxError as error:
        raise CourseError(path, str(error.message), first_line + error.lineno - 1) from error
    tags: list[str] = []

    def mark(match: re.Match[str]) -> str:
        tags.append(match[0])
        return f"jj{len(tags) - 1}jj"

    marked = _JINJA.sub(mark, _BLOCK_LINE.sub(r"\n\1\n", body))
    tokens = _markdown.parse(marked)
    for opening, inline in pairwise(tokens):
        if opening.type == "paragraph_open" and _only_a_link(inline):
            opening.attrSet("class", "button")

    def unmark(rendered: str) -> str:
        return _MARK.sub(lambda match: tags[int(match[1])], rendered)

    def without_paragraph(match: re.Match[str]) -> str:
        return match[1] if tags[int(match[2])].startswith("{%") else match[0]

    as_html = str(_markdown.renderer.render(tokens, _markdown.options, {}))
    as_html = re.sub(r"<p>(jj(\d+)jj)</p>", without_paragraph, as_html)
    as_html = _BUTTON.sub(_AS_TABLE, as_html)
    return Prose(_template(html, unmark(as_html), path), _template(text, unmark(_to_text(tokens)), path))


def to_html(source: str) -> str:
    """Plain Markdown, without jinja2, as HTML."""
    return str(_markdown.render(source))


def _template(environment: Environment, source: str, path: Path) -> Template:
    """A template whose errors name its file."""
    code = environment.compile(source, filename=str(path))
    return environment.template_class.from_code(environment, code, environment.make_globals(None))


def _only_a_link(inline: Token) -> bool:
    children = inline.children or []
    opened = [child.type for child in children if child.nesting == 1]
    return bool(children) and opened == ["link_open"] and children[0].nesting == 1 and children[-1].nesting == -1


def _to_text(tokens: Sequence[Token]) -> str:
    """Readable plain text. Each paragraph is one line, which every mail client wraps to the width of its window."""
    text = bullet = ""
    quoted, in_list = 0, False
    for opening, token in pairwise(tokens):
        quoted += (opening.type == "blockquote_open") - (opening.type == "blockquote_close")
        if opening.type == "list_item_open":
            bullet = f"{opening.info}. " if opening.info else "- "
        if opening.type in ("bullet_list_close", "ordered_list_close"):
            in_list = False
        if token.type == "hr":
            text += "\n\n* * *"
        if token.type == "inline":
            words = _line(token.children or [], button=_only_a_link(token))
            if opening.type == "heading_open":
                words += "\n" + "-" * min(len(words), 60)
            # Markdown hides the paragraphs of a list whose items have no blank lines between them.
            text += "\n" if in_list and opening.hidden else "\n\n"
            text += "    " * quoted + "  " * (opening.level // 2 - 1) * opening.hidden + bullet + words
            bullet, in_list = "", opening.hidden
    return text.lstrip("\n")


def _line(children: Sequence[Token], *, button: bool) -> str:
    words: list[str] = []
    href = ""
    for child in children:
        if child.type == "link_open":
            href = str(child.attrGet("href"))
        elif child.type == "link_close":
            words.append(f":\n{href}" if button else f" ({href})")
        elif child.type in ("softbreak", "hardbreak"):
            words.append(" " if child.type == "softbreak" else "\n")
        elif child.type in ("strong_open", "strong_close"):
            words.append("*")
        else:
            words.append(child.content)
    return "".join(words)
