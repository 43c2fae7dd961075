"""A course in Spanish, from the sign-up page to the last goodbye: not a word of English in its emails and pages."""

import re
import shutil
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zipfile import ZipFile

import pytest
from botocore.exceptions import ConnectTimeoutError
from bs4 import BeautifulSoup

from aws import clients
from aws.limits import Limits
from aws.unfinished import Forms
from cli.check import check
from content.lessons import load
from course import forms
from local_cloud.api import Response
from local_cloud.cloud import TEMPLATE, World
from tests.browser import barriers, chromium, served
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import is_asked_to_keep, next_email, without_schedules

COURSE = "recuperar-la-confianza"
LESSONS = {
    "00-intro": ("Bienvenida: así son estos días", "¿Qué ha pasado entre vosotros?"),
    "01-mirar": ("Antes de arreglarlo, míralo", "¿Qué parte de su dolor no has nombrado nunca?"),
    "02-decir": ("Di lo que hiciste, todo", "¿Qué hiciste?"),
    "03-cuidar": ("Primero, que nadie tema nada", "¿Puede estar a tu lado sin miedo?"),
    "04-carta": ("Tu carta final", ""),
}
SETTINGS = """
title = "Recuperar la confianza"
sender_name = "Recuperar la confianza"
language = "es"
tagline = "Tres días de pasos pequeños y honestos."
way_back = "cuidar"
closing = "carta"
"""
LESSON = """+++
subject = "{subject}"
preheader = "Una idea, una práctica, una pregunta."
{question}
+++

Hola:

Hoy no arregles nada. Quédate.
"""
OTHER = "rebuild-trust"


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of the system with a course in Spanish in addition to the one in English, which comes first."""
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, tmp_path / "template.yaml")
    shutil.copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    course = tmp_path / "emails" / COURSE
    course.mkdir()
    (course / "course.toml").write_text(SETTINGS, "utf-8")
    (course / "about.md").write_text("Este curso es para ti, que causaste el daño.\n", "utf-8")
    for name, (subject, question) in LESSONS.items():
        asks = f'question = "{question}"' if question else ""
        (course / f"{name}.md.j2").write_text(LESSON.format(subject=subject, question=asks), "utf-8")
    return tmp_path / "template.yaml"


@pytest.fixture(params=["alone", "with a course in English"])
def world(request: pytest.FixtureRequest, template: Path) -> Iterator[World]:
    """A world of this copy, without the English course or with one that nobody asks for."""
    if request.param == "alone":
        shutil.rmtree(template.parent / "emails" / OTHER)
    with World(template, start=MONDAY) as world:
        yield world
        assert not world.failures


def texts(words: Any) -> Iterator[str]:
    """Every text in a file of words."""
    for value in words.values() if isinstance(words, dict) else words:
        yield from [value] if isinstance(value, str) else texts(value)


@cache
def english() -> set[str]:
    """Returns all English phrases longer than 12 characters, split where a value is filled in."""
    folder = TEMPLATE.parent / "emails/en"
    said = [text for path in folder.glob("*.toml") for text in texts(tomllib.loads(path.read_text("utf-8")))]
    for notice in (folder / "notices").glob("*.md.j2"):
        _, matter, body = notice.read_text("utf-8").split("+++\n", 2)
        said += [*texts(tomllib.loads(matter)), *body.splitlines()]
    parts = (part for text in said for part in re.split(r"\{[{%]?.*?[}%]?\}|\*\*|[\[\]()#]|^- ", text))
    return {part.strip() for part in parts if len(part.strip()) > 12}


def left_in(shown: str) -> list[str]:
    """Returns the English phrases in a text, or in HTML: in its words or its attributes."""
    soup = BeautifulSoup(shown, "html.parser")
    readable = " ".join(f"{shown} {soup.get_text()}".split())
    return sorted(phrase for phrase in english() if phrase in unescape(readable))


def in_spanish(page: Response, status: int = 200) -> str:
    """Checks that a page is in Spanish, and returns its words."""
    assert page.status == status
    assert '<html lang="es" dir="ltr">' in page.text
    assert not left_in(page.text)
    assert "Salir de esta página" in page.text
    return " ".join(BeautifulSoup(page.text, "html.parser").get_text().split())


def every_email_is_in_spanish(person: Person) -> set[str]:
    """Checks that every email is in Spanish, and returns the names of those that came."""
    for email in person.emails:
        assert email.html
        assert email.text
        assert '<html lang="es" dir="ltr"' in email.html
        assert not left_in(f"{email.subject}\n{email.html}")
        assert not left_in(email.text)
        for part in (email.html, email.text):
            assert "si necesitas a alguien ahora" in part.lower()
            assert "Alemania" in part, "the subscriber's own country"
    return {email.tags["email"] for email in person.emails}


def joins(person: Person) -> None:
    person.signs_up(course=COURSE)
    person.confirms()


def test_english_would_be_found(template: Path) -> None:
    """Shows that the other tests can fail: English phrases are found in a page and in an email."""
    with World(template, start=MONDAY) as world:
        ann = Person(world).joins()
        assert {"Leave this page", "Now look in your inbox"} <= set(left_in(ann.signs_up().text))
        assert {"To begin, open this page and press the button on it:", "Confirm my address"} <= set(
            left_in(ann.emails[0].html or "")
        )
        assert "What you write is kept in your journal." in left_in(ann.emails[1].text or "")


def test_check_finds_nothing_to_change_in_a_spanish_course(template: Path) -> None:
    assert check(template.parent / "emails", template) == []


def test_signing_up_is_in_spanish(world: World) -> None:
    ann = Person(world)
    for path in (f"/?course={COURSE}", f"/embed?course={COURSE}", f"/privacy?course={COURSE}"):
        in_spanish(world.request("GET", path))
    assert (
        "escribe"
        in in_spanish(ann.signs_up(course=COURSE, address="ann@", first_name="www.x", consent=""), 400).lower()
    )
    assert "Ahora mira en tu buzón" in in_spanish(ann.signs_up(course=COURSE))
    in_spanish(world.request("GET", ann.link("/confirm/")))
    assert "Tu dirección está confirmada" in in_spanish(ann.confirms())
    assert "Ya estás en el curso" in in_spanish(world.request("GET", ann.link("/confirm/", ann.emails[0])))
    with patch.object(Limits, "count_up", return_value=False):
        form = ann.form(course=COURSE, address="bea@example.net")
        for path in ("/sign-up", "/embed"):
            busy = world.request("POST", path, form=form, source_ip=ann.source_ip)
            assert "vuelve a pulsar el botón dentro de" in in_spanish(busy, 429)
    form["form_time"] = forms.stamp(clients.keys(), world.now())
    again = world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
    assert "Pulsa el botón una vez más" in in_spanish(again)
    with patch.object(Forms, "keep", side_effect=ConnectTimeoutError(endpoint_url="https://dynamodb.example")):
        in_spanish(ann.signs_up(course=COURSE), 503)
    assert every_email_is_in_spanish(ann) == {"confirm", "intro"}


def test_a_course_and_its_commands_are_in_spanish(world: World) -> None:
    ann = Person(world)
    joins(ann)
    lesson = next_email(world)
    assert "Día 1 de 3" in (lesson.text or "")
    ann.replies("Me escondía detrás del trabajo.", lesson)
    is_asked_to_keep(ann)
    in_spanish(world.request("GET", ann.link("/keep")))
    for said, notice in (
        ("¡Pausa, por favor!", "paused"),
        ("Pausa hasta el lunes", "paused"),
        ("REANUDAR", "resumed"),
        ("Diario", "journal"),
        ("exportar", "export"),
        ("Diario", "journal"),
        ("Diario", "journal-later"),
        ("Ayuda", "help"),
        ("HORA 8:30", "time"),
        ("SALTAR", "skipped"),
        ("saltar", "skipped"),
        ("saltar", "not-skipped"),
        ("Otra vez", "again"),
        ("borrar mis datos", "erase"),
    ):
        ann.replies(said, lesson)
        assert ann.emails[-1].tags["email"] == notice, said
        page = in_spanish(world.request("GET", ann.page_url))
        if notice == "paused":
            assert ("En pausa hasta el 30 de noviembre de 2026." if "lunes" in said else "En pausa. No llega") in page
    ann.presses("not-yet")
    assert "entre las 8:00 y las 9:00, hora de Europe/Berlin" in (ann.email("a otra hora").text or "")
    without_schedules(world, timedelta(days=1, hours=1))
    in_spanish(ann.signs_up(course=COURSE))
    again = ann.email("Antes de arreglarlo")
    assert "Lo que escribiste la última vez:\n\nMe escondía detrás del trabajo." in (again.text or "")
    while ann.emails[-1].tags["email"] != "cuidar":
        next_email(world)
    ann.replies("Sí")
    assert ann.emails[-1].tags["email"] == "noted"
    letter = next_email(world)
    assert "El 24 de noviembre de 2026 escribiste:\n\nMe escondía" in (letter.text or "")
    came = every_email_is_in_spanish(ann)
    offers = ("ask-", "prove-")
    notices = {one for one in load(TEMPLATE.parent / "emails").notices if not one.startswith(offers)}
    assert came >= notices - {"goodbye", "fresh-link", "erased"}
    assert not [row for row in ann.reflections if "Me escondía" not in str(row["text"])], (
        "all other replies were obeyed"
    )


def test_every_page_to_which_a_spanish_email_leads_is_in_spanish(world: World) -> None:
    ann = Person(world)
    joins(ann)
    next_email(world)
    ann.replies("Me escondía.")
    home = ann.page_url
    for path in ("", "/journal", "/export", "/erase", "/yes", "/not-yet", "/unskip", "/lessons/mirar"):
        in_spanish(world.request("GET", home + path))
    in_spanish(ann.presses("journal"))
    in_spanish(world.request("GET", ann.journal_url))
    in_spanish(world.request("POST", ann.journal_url, form={}))
    assert not left_in(ann.in_the_journal("text").text)
    for action in ("data", "take-back", "name", "erase"):
        in_spanish(ann.in_the_journal(action))
    with ZipFile(BytesIO(ann.in_the_journal("export").body)) as mine:
        journal = mine.read("journal.html").decode()
        assert '<html lang="es"' in journal
        assert not left_in(journal)
    for action, fields in (
        *(("pause", {}), ("resume", {}), ("again", {}), ("yes", {}), ("not-yet", {})),
        *(("time", {"hour": "9", "zone": "Europe/Madrid"}), ("stop", {})),
    ):
        answer = ann.presses(action, **fields)
        assert answer.headers["location"].endswith(f"?done={action}")
        in_spanish(world.request("GET", answer.headers["location"]))
    in_spanish(ann.presses("pause", until="2020-01-01"), 400)
    links = {url for email in ann.emails for _, url in email.links() if url.startswith(world.parameters["SiteUrl"])}
    for url in links:
        page = world.request("GET", url.partition("#")[0])
        if "/confirm/" not in url:
            in_spanish(page)
            for path in re.findall(r'href="(/[^"]+)"', page.text):
                if path not in ("/style.css", "/page.js"):
                    in_spanish(world.request("GET", unescape(path).partition("#")[0]))
    in_spanish(ann.in_the_journal("end-links"))
    in_spanish(ann.erases())


def test_leaving_is_in_spanish(world: World) -> None:
    bea = Person(world, "bea@example.net", "Bea")
    joins(bea)
    stop = bea.link("/unsubscribe/")
    in_spanish(world.request("GET", stop))
    in_spanish(world.request("POST", f"{stop}?instead=break", form={}))
    bea.replies("BAJA")
    assert bea.row["status"] == "unsubscribed"
    in_spanish(world.request("POST", f"{stop}?now=yes", form={"why": "time"}))
    form = bea.form()
    address = {"address": bea.address, "form_time": form["form_time"]}
    assert "Mira en tu buzón" in in_spanish(world.request("POST", f"/fresh-link?course={COURSE}", form=address))
    in_spanish(world.request("POST", f"/fresh-link?course={COURSE}", form={"address": "bea@"}), 400)
    assert every_email_is_in_spanish(bea) == {"confirm", "intro", "paused", "goodbye", "fresh-link"}


def test_pages_without_a_subscriber_are_in_the_language_of_the_only_course(template: Path) -> None:
    shutil.rmtree(template.parent / "emails" / OTHER)
    with World(template, start=MONDAY) as world:
        for path in (f"/me/{'x' * 44}", f"/confirm/{'x' * 44}", "/nowhere"):
            in_spanish(world.request("GET", path), 404)
        in_spanish(world.request("GET", f"/unsubscribe/{'x' * 44}"))
        in_spanish(world.request("POST", "/privacy", form={}), 405)
        in_spanish(world.request("POST", "/sign-up", form={"course": "no"}), 400)


@pytest.mark.parametrize(
    "path",
    [*(TEMPLATE.parent / "functions/pages").glob("*.j2"), *(TEMPLATE.parent / "emails").glob("layout.*")],
    ids=lambda path: path.name,
)
def test_no_template_contains_words_that_people_read(path: Path) -> None:
    """All words that people read come from the folders of the languages."""
    marked = re.sub(r"(?s)\{#.*?#\}|<style.*?</style>|<!--.*?-->|\{% block width %\}\w*", "", path.read_text("utf-8"))
    plain = re.sub(r"(?s)\{%.*?%\}|\{\{.*?\}\}", "", marked)
    assert not re.findall(r'\b(?:aria-label|aria-roledescription|title|alt|placeholder)="[^"]*\w', plain)
    assert not re.findall(r"[^\W\d_]{2,}", re.sub(r'<[^>]*>|&#?\w+;|[\w-]+="[^"]*"', "", plain))


def test_spanish_pages_and_emails_are_accessible(template: Path) -> None:
    """axe-core finds no barrier, and the longer words fit on a phone."""
    shutil.rmtree(template.parent / "emails" / OTHER)
    with chromium() as browser, served(MONDAY, template) as world:
        ann = Person(world)
        joins(ann)
        next_email(world)
        ann.replies("Me escondía.")
        ann.replies("PAUSA")
        page = browser.new_page(viewport={"width": 360, "height": 720})
        home, me = world.parameters["SiteUrl"], ann.page_url
        places = [home, f"{home}/embed", f"{home}/privacy", f"{home}/fresh-link", f"{home}/nowhere", me]
        places += [f"{me}/{name}" for name in ("journal", "yes", "lessons/mirar")]
        for url in (*places, ann.link("/confirm/", ann.emails[0]), ann.link("/unsubscribe/")):
            page.goto(url)
            assert barriers(page) == [], url
            assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth"), url
        for email in ann.emails:
            page.set_content(email.html or "")
            assert barriers(page) == [], email.subject
            assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth"), email.subject
        assert not world.failures
