"""The properties, values, elements and attributes that the emails use: support.toml must list each of them."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import tinycss2
from bs4 import BeautifulSoup

from cli.check.finding import Finding, line_of

TABLE = Path(__file__).parent / "support.toml"
COLOUR = r"#[0-9a-f]{6}"
PIXELS = r"(?:0|-?\d+px)"
FAMILIES = {
    "-apple-system",
    "Georgia",
    "Times New Roman",
    "Segoe UI",
    "Roboto",
    "Helvetica",
    "Arial",
    "serif",
    "sans-serif",
}
IN_MARKDOWN = {"img": "![", "code": "`", "pre": "    ", "hr": "* * *"}
"""The Markdown that becomes each of these elements."""


@cache
def table() -> dict[str, dict[str, dict[str, Any]]]:
    """The table: section, name, and what is known about it."""
    return tomllib.loads(TABLE.read_text("utf-8"))


def check_styles(layout: Path) -> Iterator[Finding]:
    """Findings in the rules of the layout's <style> elements."""
    source = re.sub(
        r"\{#.*?#\}", lambda comment: "\n" * comment[0].count("\n"), layout.read_text("utf-8"), flags=re.DOTALL
    )
    for block in re.finditer(r"<style[^>]*>(.*?)</style>", source, re.DOTALL):
        offset = source[: block.start(1)].count("\n")
        for line, problem in _rules(tinycss2.parse_stylesheet(block[1], skip_comments=True, skip_whitespace=True)):
            yield Finding(str(layout), line + offset, problem)
    for inline in re.finditer(r"<[^>]*\sstyle=", source):
        yield Finding(
            str(layout), source[: inline.start()].count("\n") + 1, "write styles in <style>: they are inlined"
        )


def check_elements(soup: BeautifulSoup, layout: Path, source: Path) -> Iterator[Finding]:
    """Findings in the elements and attributes of a rendered email."""
    elements, attributes = table()["elements"], table()["attributes"]
    for tag in soup.find_all(True):
        if tag.name not in elements:
            yield _at(layout, source, f"<{tag.name}", IN_MARKDOWN.get(tag.name, ""), f"<{tag.name}>")
        for name in tag.attrs:
            if name not in attributes:
                yield _at(layout, source, f' {name}="', "", f"the attribute {name}")


def _at(layout: Path, source: Path, needle: str, markdown: str, what: str) -> Finding:
    message = (
        f"{what} is not in cli/check/support.toml: use something else, or look up which clients support it and add it"
    )
    if line := line_of(layout, needle):
        return Finding(str(layout), line, message)
    return Finding(str(source), line_of(source, markdown) or 1, message)


def _rules(rules: list[Any]) -> Iterator[tuple[int, str]]:
    for rule in rules:
        prelude = tinycss2.serialize(rule.prelude).strip()
        if rule.type == "at-rule":
            name = f"@{rule.at_keyword} {prelude.partition(':')[0]})"
            if name not in table()["rules"]:
                yield rule.source_line, _unknown(name)
            yield from _rules(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True))
            continue
        for selector in prelude.split(","):
            yield from ((rule.source_line, problem) for problem in _selector(selector.strip()))
        for declaration in tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True):
            if declaration.type != "declaration":
                yield declaration.source_line, f"is not CSS: {getattr(declaration, 'message', declaration.type)}"
                continue
            value = " ".join(tinycss2.serialize(declaration.value).split())
            known = table()["css"].get(declaration.name)
            if known is None:
                yield declaration.source_line, _unknown(f"the property {declaration.name}")
            elif not any(re.fullmatch(_pattern(shape), value) for shape in known["values"]) and not _fonts(
                known, value
            ):
                yield declaration.source_line, _unknown(f"the value {value} of {declaration.name}")


def _selector(selector: str) -> Iterator[str]:
    """Allows elements, classes, descendants and :root: a webmail's rewriting might lose any other selector."""
    if selector != ":root" and not re.fullmatch(r"(?:[a-z0-9]*(?:\.[a-z-]+)?)(?: [a-z0-9]*(?:\.[a-z-]+)?)*", selector):
        yield _unknown(f"the selector {selector}")


def _pattern(shape: str) -> str:
    if shape.endswith(", up to four"):
        return rf"{PIXELS}(?: {PIXELS}){{0,3}}"
    words = {"colour": COLOUR, "pixels": PIXELS}
    return " ".join(words.get(word, re.escape(word)) for word in shape.split(" "))


def _fonts(known: dict[str, Any], value: str) -> bool:
    families = {family.strip().strip('"') for family in value.split(",")}
    return known["values"] == ["fonts"] and families <= FAMILIES


def _unknown(what: str) -> str:
    return (
        f"{what} is not in cli/check/support.toml: use something else, or look up which clients support it and add it"
    )
