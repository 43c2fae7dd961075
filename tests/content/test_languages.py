"""Languages: a new folder adds a language, and a course uses the language that it names."""

import re
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from content.emails import Site, notice_email
from content.lessons import load
from course import commands
from course.commands import Command
from course.errors import CourseError
from course.tokens import Keyring
from replies.request import EmailKind
from services.answering.hearing import KINDS
from tests.course.subscribers import MONDAY, after
from tests.mail.requests import obeyed

EMAILS = Path(__file__).parents[2] / "emails"


@pytest.fixture
def emails(tmp_path: Path) -> Path:
    """A copy of `emails/` with one more language, which has some other words."""
    emails = copytree(EMAILS, tmp_path / "emails")
    copytree(emails / "en", emails / "pt")
    change(emails / "pt/email.toml", '"Unsubscribe"', '"Cancelar a subscrição"')
    change(emails / "pt/dates.toml", "{weekday} {day} {month}", "{weekday}, {day} de {month}")
    change(emails / "pt/dates.toml", '"Tuesday", "Wednesday"', '"terça-feira", "quarta-feira"')
    change(emails / "pt/notices/resumed.md.j2", "Good to have you back.", "Que bom que voltou.")
    change(emails / "pt/helplines.toml", '= "being hurt"', '= "se alguém lhe faz mal"')
    change(emails / "pt/helplines.toml", "[countries]", '[countries]\nSpain = "Espanha"')
    change(emails / "rebuild-trust/course.toml", 'language = "en"', 'language = "pt"')
    return emails


def change(path: Path, old: str, new: str) -> None:
    source = path.read_text("utf-8")
    assert old in source
    path.write_text(source.replace(old, new), "utf-8")


def test_a_course_uses_the_language_that_it_names(emails: Path) -> None:
    library = load(emails)
    assert library.courses["rebuild-trust"].language is library.languages["pt"]
    site = Site(library, Keyring({"1": "one" * 20}), "https://c.example", "reply.c.example", "1 Example Street")
    email = notice_email(site, after(1), "resumed", MONDAY)
    assert '<html lang="pt" dir="ltr"' in email.html
    for said in ("Que bom que voltou.", "quarta-feira, 25 de November", "Cancelar a subscrição", "lhe faz mal"):
        assert said in email.html
        assert said in email.text
    countries = [country["country"] for country in library.languages["pt"].helplines]
    assert countries[:2] == ["Espanha", "United Kingdom"], "the countries that the language names come first"


def test_every_language_has_every_notice(emails: Path) -> None:
    library = load(emails)
    assert list(library.languages) == ["en", "es", "pt"]
    assert all(list(language.notices) == library.notices for language in library.languages.values())


def test_a_missing_notice_of_a_language_is_named(emails: Path) -> None:
    (emails / "pt/notices/paused.md.j2").unlink()
    with pytest.raises(CourseError, match=r"pt/notices/paused\.md\.j2: is missing"):
        load(emails)


def test_a_language_needs_words_for_the_callers_of_a_helpline(emails: Path) -> None:
    change(emails / "helplines.toml", 'for_whom = "own behaviour"', 'for_whom = "young people"')
    with pytest.raises(CourseError, match=r"helplines\.toml: has no words under \[for_whom\] for “young people”"):
        load(emails)


def names_of_commands(text: str) -> set[str]:
    """The commands that a text names in capitals, such as `SÍ` and `TIME 7:30`."""
    return {found.strip(" :") for found in re.findall(r"\b[A-ZÁÉÍÓÚÑ]{2}[A-ZÁÉÍÓÚÑ0-9: ]*", text)}


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_every_command_that_a_language_names_is_obeyed(code: str) -> None:
    """In notices, pages and HELP. Each language names the same commands."""
    language = load(EMAILS).languages[code]
    course = replace(load(EMAILS).courses["rebuild-trust"], language=language)
    asked: dict[str, set[Command]] = {}
    for notice in sorted((EMAILS / code / "notices").glob("*")):
        name, mark = notice.name.removesuffix(".md.j2"), "\n[commands]\n" if notice.stem == "help.md" else "\n+++\n"
        if notice.stem == "ask.md":  # its rows have the words
            continue
        text = notice.read_text("utf-8").partition(mark)[2]
        for said in names_of_commands(text):
            question = name if said in ("YES", "SÍ") and name == "erase" else course.way_back or ""
            asks = commands.question(question, course)
            found = obeyed(said, KINDS[asks] if asks else EmailKind.LESSON, MONDAY.date())
            assert found, (name, said)
            asked.setdefault(name, set()).add(found.command)
    assert asked.pop("help") == set(commands.BY_REPLY)
    assert asked == {
        "again": {Command.SKIP, Command.STOP},
        "ask-way-back": {Command.YES, Command.NOT_YET},
        "ask-confirm": {Command.YES},
        "confirm": {Command.YES},
        "erase": {Command.YES, Command.STOP},
        "keep": {Command.RESUME},
        "not-skipped": {Command.STOP},
        "noted": {Command.AGAIN},
        "paused": {Command.RESUME},
        "skipped": {Command.AGAIN},
    }
    pages = language.words["pages"]
    for text, named in (
        (pages["unsubscribed"]["journal"], {Command.JOURNAL}),
        (pages["link_too_old"]["or_reply"], {Command.JOURNAL}),
        (pages["link_too_old"]["still_on"], {Command.STOP}),
        (pages["privacy"]["yours_about"], {Command.JOURNAL, Command.EXPORT, Command.ERASE}),
    ):
        told = [obeyed(said, EmailKind.LESSON, MONDAY.date()) for said in names_of_commands(text)]
        assert {one.command if one else None for one in told} == named


def placeholders(words: Any, path: str = "") -> dict[str, set[str]]:
    """The names of the placeholders in each text of a language, by the place of the text."""
    if isinstance(words, dict):
        return {
            key: found for name, part in words.items() for key, found in placeholders(part, f"{path}.{name}").items()
        }
    return {path: set(re.findall(r"{(\w+)}", str(words)))}


def test_every_language_has_all_texts_of_english() -> None:
    """In the words of pages, forms, emails and places, with the same placeholders."""
    spoken = load(EMAILS).languages
    for file in ("pages", "forms", "email", "place"):
        expected = placeholders(spoken["en"].words[file])
        assert expected, file
        for code, language in spoken.items():
            assert placeholders(language.words[file]) == expected, (code, file)


def test_every_word_of_the_pages_is_used() -> None:
    functions = EMAILS.parent / "functions"
    read = "\n".join(path.read_text("utf-8") for kind in ("*.j2", "*.py") for path in functions.rglob(kind))
    by_name = {"reasons", "do", "done"}  # chosen by the pressed button
    pages, forms = (load(EMAILS).languages["en"].words[file] for file in ("pages", "forms"))
    assert pages
    assert all(pages.values())
    assert forms
    for section, said in pages.items():
        for name in said:
            names = {name, name.removesuffix("_life")}
            assert section in by_name or any(re.search(rf"\b{part}\b", read) for part in names), (section, name)
    for key in forms:
        assert f'"{key}"' in read, key


@pytest.mark.parametrize("code", list(load(EMAILS).languages))
def test_every_command_word_in_an_offer_is_the_offered_command(code: str) -> None:
    notices = load(EMAILS).languages[code].notices
    for command in commands.OFFERED:
        notice = notices[commands.offer(command, proven=True)]
        assert notice.file == "ask.md.j2"
        said = names_of_commands(notice.words["word"])
        assert said, command
        for word in said:
            found = obeyed(word, EmailKind.LESSON, MONDAY.date())
            assert found, (command, word)
            assert found.command is command


def test_every_language_has_as_many_sentences_about_privacy_as_english() -> None:
    """`docs/privacy.md` quotes the English page, so no other test finds a sentence that only one language has."""
    spoken = load(EMAILS).languages
    sentences = {
        code: {
            name: len(re.findall(r"[.;:?](?=\s|$)", text)) for name, text in language.words["pages"]["privacy"].items()
        }
        for code, language in spoken.items()
    }
    assert len(sentences) > 1
    assert all(said == sentences["en"] for said in sentences.values()), sentences
