"""Contrast as a reader has it: in the light, in the dark, and where a client inverts the colours by itself.

WCAG 2.2, 1.4.3: 4.5 to 1. Large letters could do with less; nothing here needs to.
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
    """Words that are hard to read."""

    words: str
    scheme: str
    colour: str
    ground: str
    ratio: float


@lru_cache(maxsize=256)
def faint(html: str) -> tuple[Faint, ...]:
    """Words whose contrast is not enough, in each scheme."""
    light = _pairs(parsed(html))
    dark = _pairs(BeautifulSoup(_dark_rules_inlined(html), "html.parser"))  # read once, unlike the email itself
    return (
        *_faint(light, "in the light", lambda colour, _: colour),
        *_faint(light, "where a client inverts every colour", lambda colour, _: _inverted(colour)),
        *_faint(light, "where a client darkens what is light", _darkened),
        *_faint(dark, "in the dark", lambda colour, _: colour),
    )


def style(tag: Tag) -> Mapping[str, str]:
    """The rules that stand on an element."""
    return _rules(str(tag.get("style", "")))


@cache
def _rules(given: str) -> dict[str, str]:
    rules = (rule.partition(":") for rule in given.split(";") if ":" in rule)
    found = {name.strip(): value.replace("!important", "").strip() for name, _, value in rules}
    return {name: value for name, value in found.items() if value}


def shown_text(soup: BeautifulSoup) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every piece of text that is seen, with the rules that hold for it: of each, the nearest element's."""
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
    """Every colour on its ground, and the first words that have them."""
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
    """css-inline inlines no media query, so the dark rules are put where it takes plain ones from."""
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
    """As Gmail on iPhones and Outlook.com do it: the hue stays, the lightness is turned round."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(colour))
    return "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, 1 - lightness, saturation))


def _darkened(colour: str, is_ground: bool) -> str:
    """As Outlook's apps and Gmail on Android do it: light grounds become dark and dark words light; the rest stays."""
    _, lightness, _ = colorsys.rgb_to_hls(*_rgb(colour))
    return _inverted(colour) if (lightness > 0.5) == is_ground else colour
