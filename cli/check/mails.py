"""Findings in rendered emails: every reader must be able to read them, to find help and to unsubscribe."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bs4 import BeautifulSoup

from cli.check import colours, support
from cli.check.finding import Finding, line_of, parsed
from cli.samples import POSTAL_ADDRESS, SITE, ZONE, Sample
from content.emails import Email

LARGE = 60_000
"""Bytes. Gmail cuts an email off at 102 KB, and the links to stop with it; no lesson needs nearly as much."""
STYLE = 8_192
"""Characters. Gmail drops a longer <style>."""
SMALL = 16
"""Pixels. Smaller letters are hard to read at arm's length."""
SAYS_NOTHING = {
    *("here", "click here", "this", "link", "this link", "more", "read more", "click"),
    *("aquí", "haz clic aquí", "clic aquí", "esto", "enlace", "este enlace", "más", "leer más", "haz clic"),
}


def check(samples: Iterable[Sample], emails: Path) -> list[Finding]:
    """Findings in the layout and in every email."""
    layout = emails / "layout.html.j2"
    found = list(support.check_styles(layout))
    for sample in samples:
        email = sample.email
        soup = parsed(email.html)
        found += support.check_elements(soup, layout, sample.source)
        for rule in (_frame, _headings, _links, _sizes):
            found += rule(sample, soup, layout)
        found += _must_hold(sample, email, soup, emails)
        for faint in colours.faint(email.html):
            line = line_of(layout, f"color: {faint.colour}", faint.colour) or 1
            pair = f"{faint.ratio:.1f} {faint.scheme} ({faint.colour} on {faint.ground})"
            what = f"“{faint.words[:40]}” has a contrast of {pair}: make it {colours.ENOUGH} at least"
            found.append(Finding(str(layout), line, what))
    return found


def _frame(sample: Sample, soup: BeautifulSoup, layout: Path) -> Iterator[Finding]:
    """Language, direction, title and table roles, which a screen reader needs; and a <style> that is too long."""
    language, html = sample.course.language, soup.html
    for name, value in (("lang", language.code), ("dir", language.direction)):
        if html is None or html.get(name) != value:
            yield Finding(str(layout), line_of(layout, "<html") or 1, f'<html> needs {name}="{value}"')
    if not (soup.title and soup.title.get_text().strip() == sample.email.subject):
        yield Finding(str(layout), line_of(layout, "<title", "<head") or 1, "needs a <title> that is the subject")
    for table in soup.find_all("table"):
        if table.get("role") != "presentation":
            line = line_of(
                layout, "<table>", *(f'<table class="{name}"' for name in table.get_attribute_list("class") if name)
            )
            yield Finding(str(layout), line or 1, 'a <table> needs role="presentation": it is only for layout')
    for block in soup.find_all("style"):
        if len(block.get_text()) > STYLE:
            line = line_of(layout, "<style data-css-inline", "<style") or 1
            yield Finding(
                str(layout), line, f"a <style> is longer than {STYLE} characters, and Gmail drops it: shorten it"
            )


def _headings(sample: Sample, soup: BeautifulSoup, layout: Path) -> Iterator[Finding]:
    """One h1, the subject, and no level skipped below it."""
    before = 0
    for heading in soup.find_all(re.compile(r"^h[1-6]$")):
        level, words = int(heading.name[1]), " ".join(heading.get_text().split())
        what = ""
        if level == 1 and before:
            what = f"“{words}” is a second heading of the first level: begin it with ##, the subject is the first"
        elif level > before + 1:
            what = f"the heading “{words}” skips a level: it is h{level} after h{before}"
        if what:
            line = line_of(sample.source, f"# {words}")
            where = (str(sample.source), line) if line else (str(layout), line_of(layout, f"<{heading.name}") or 1)
            yield Finding(*where, what)
        before = level
    if not soup.h1:
        yield Finding(str(layout), line_of(layout, "{{ body }}") or 1, "needs an <h1>, the subject")


def _links(sample: Sample, soup: BeautifulSoup, layout: Path) -> Iterator[Finding]:
    """Each link must say where it leads, also to a person who hears only the links."""
    for link in soup.find_all("a"):
        words, target = " ".join(link.get_text().split()), str(link.get("href", ""))
        what = ""
        if not words:
            what = "a link has no words: say where it leads"
        elif words.lower().strip(" .:>›→") in SAYS_NOTHING or re.match(r"https?://", words):
            what = f"the link “{words}” does not say where it leads"
        if what:
            line = line_of(sample.source, f"[{words}]({target}", f"[{words}](")
            where = (str(sample.source), line) if line else (str(layout), line_of(layout, target, "<a ") or 1)
            yield Finding(*where, what)


def _sizes(sample: Sample, soup: BeautifulSoup, layout: Path) -> Iterator[Finding]:
    """The email's size in bytes, and the size of its letters."""
    size = len(sample.email.html.encode())
    if size > LARGE:
        yield Finding(
            str(sample.source),
            1,
            f"is {size / 1000:.0f} KB as an email: keep it under {LARGE // 1000}, Gmail cuts it off at 102",
        )
    for text, rules in colours.shown_text(soup):
        given = rules.get("font-size", "0")
        if int(re.sub(r"\D", "", given) or 0) < SMALL:
            line = line_of(layout, f"font-size: {given};") or 1
            yield Finding(str(layout), line, f"“{text[:40]}” is {given} tall: make it {SMALL}px at least")


def _must_hold(sample: Sample, email: Email, soup: BeautifulSoup, emails: Path) -> Iterator[Finding]:
    """Everything that each email must have, in HTML and in plain text."""
    language = sample.course.language
    numbers = [
        number
        for country in language.helplines_in(ZONE)
        for number in (country["emergency"], *(line["number"] for line in country["lines"]))
    ] or [language.directory["url"]]
    parts = ((emails / "layout.html.j2", _words_and_links(soup)), (emails / "layout.txt.j2", email.text))
    for layout, part in parts:
        if f"{SITE}/unsubscribe/" not in part:
            yield Finding(str(layout), 1, "has no way to unsubscribe: put {{ unsubscribe_url }} in")
        if POSTAL_ADDRESS not in part:
            yield Finding(str(layout), 1, "has no postal address: put {{ postal_address }} in")
        if not all(number in part for number in (*numbers, f"{SITE}/privacy")):
            wanted = "put {{ helplines }} in, number by number, {{ directory }} and {{ helplines_url }}"
            yield Finding(str(layout), 1, f"does not show every helpline: {wanted}")
        if sample.email.subject not in part:
            yield Finding(str(layout), 1, "does not show the subject: put {{ subject }} in")
        if left := re.search(r"\{\{|\{%|jj\d+jj", part):
            yield Finding(
                str(sample.source), line_of(sample.source, left[0]) or 1, f"{left[0]} is left in the rendered email"
            )
    if marked := re.search(r"</?[a-z]+[ >]|&(?:nbsp|amp|lt|gt|#\d+);", email.text):
        line = line_of(sample.source, marked[0]) or 1
        yield Finding(
            str(sample.source), line, f"{marked[0]} is in the plain text, where HTML is shown as it is written"
        )


def _words_and_links(soup: BeautifulSoup) -> str:
    links = " ".join(str(link.get("href", "")) for link in soup.find_all("a"))
    return f"{' '.join(soup.get_text().split())} {links}"
