"""Contrast in light mode, in dark mode, and in clients that invert the colours themselves.

WCAG 2.2, 1.4.3: 4.5 to 1. It allows less for large letters, which no email here needs.
"""

import colorsys
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

import css_inline
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from cli.check.finding import parsed
from cli.schemes import DARK

ENOUGH = 4.5
_BLANK = "\u200c\u034f\xa0 \t\r\n"
_inliner = css_inline.CSSInliner(keep_style_tags=True, load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Faint:
    """Words with too little contrast."""

    words: str
    scheme: str
    colour: str
    ground: str
    ratio: float


@lru_cache(maxsize=256)
def faint(html: str) -> tuple[Faint, ...]:
    """The words with too little contrast, in each scheme."""
    light = _pairs(parsed(html))
    dark = _pairs(BeautifulSoup(_dark_rules_inlined(html), "html.parser"))  # read only once, so not cached
    return (
        *_faint(light, "in light mode", lambda colour, _: colour),
        *_faint(light, "where a client inverts every colour", lambda colour, _: _inverted(colour)),
        *_faint(light, "where a client darkens light colours", _darkened),
        *_faint(dark, "in dark mode", lambda colour, _: colour),
    )


def style(tag: Tag) -> Mapping[str, str]:
    """The rules in an element's style attribute."""
    return _rules(str(tag.get("style", "")))


@cache
def _rules(given: str) -> dict[str, str]:
    rules = (rule.partition(":") for rule in given.split(";") if ":" in rule)
    found = {name.strip(): value.replace("!important", "").strip() for name, _, value in rules}
    return {name: value for name, value in found.items() if value}


def shown_text(soup: BeautifulSoup) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every visible piece of text with its rules; each rule comes from the nearest element that has it."""
    if soup.body:
        yield from _shown(soup.body, style(soup.html) if soup.html else {})


def _shown(tag: Tag, outside: Mapping[str, str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    own = style(tag)
    given = {**outside, **own} if own else outside
    if given.get("display") == "none":
        return
    for child in tag.children:
        if isinstance(child, Tag):
            yield from _shown(child, given)
        elif type(child) is NavigableString and (words := " ".join(child.strip(_BLANK).split())):
            yield words, given


def contrast(one: str, other: str) -> float:
    """WCAG's ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _pairs(soup: BeautifulSoup) -> dict[tuple[str, str], str]:
    """Every pair of text colour and background, and the first words that have it."""
    pairs: dict[tuple[str, str], str] = {}
    for words, given in shown_text(soup):
        pairs.setdefault((given.get("color", "#000000"), given.get("background-color", "#ffffff")), words)
    return pairs


def _faint(pairs: dict[tuple[str, str], str], scheme: str, shown: Callable[[str, bool], str]) -> Iterator[Faint]:
    for (colour, ground), words in pairs.items():
        seen = shown(colour, False), shown(ground, True)
        if (ratio := contrast(*seen)) < ENOUGH:
            yield Faint(words, scheme, colour, ground, ratio)


def _dark_rules_inlined(html: str) -> str:
    """Inlines the dark rules: taken out of their media query first, since css-inline inlines no media query."""
    start = html.index(DARK)
    end = next(match.end() for match in re.finditer(r"^\}$", html, re.MULTILINE) if match.start() > start)
    rules = html[start + len(DARK) : end].strip().removeprefix("{").removesuffix("}")
    return _inliner.inline(html[:start] + rules + html[end:])


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _inverted(colour: str) -> str:
    """The colour as Gmail on iPhones and Outlook.com invert it: same hue, opposite lightness."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def _darkened(colour: str, is_ground: bool) -> str:
    """The colour in Outlook's apps and Gmail on Android: light backgrounds become dark, dark words become light."""
    _, lightness, _ = colorsys.rgb_to_hls(*_rgb(colour))
    return _inverted(colour) if (lightness > 0.5) == is_ground else colour
