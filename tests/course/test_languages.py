"""Languages: adding one is adding a folder, and a course that states it speaks it."""

import re
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from course.errors import CourseError
from course.languages import Language
from course.lessons import load
from course.letters import Site, notice_letter
from course.tokens import Keyring
from tests.course.subscribers import MONDAY, after

EMAILS = Path(__file__).parents[2] / "emails"


@pytest.fixture
def emails(tmp_path: Path) -> Path:
    """A copy of `emails/` with a second language, which says some things differently."""
    emails = copytree(EMAILS, tmp_path / "emails")
    copytree(emails / "en", emails / "es")
    change(emails / "es/letter.toml", '"Unsubscribe"', '"Darme de baja"')
    change(emails / "es/dates.toml", "{weekday} {day} {month}", "{weekday}, {day} de {month}")
    change(emails / "es/dates.toml", '"Tuesday", "Wednesday"', '"martes", "miércoles"')
    change(emails / "es/notices/resumed.md.j2", "Good to have you back.", "Qué bien que vuelvas.")
    change(emails / "es/helplines.toml", '= "being hurt"', '= "si te hacen daño"')
    change(emails / "es/helplines.toml", "[countries]", '[countries]\nSpain = "España"')
    return emails


def change(path: Path, old: str, new: str) -> None:
    source = path.read_text("utf-8")
    assert old in source
    path.write_text(source.replace(old, new), "utf-8")


def spanish(emails: Path) -> Language:
    return load(emails).languages["es"]


def test_a_course_speaks_the_language_it_states(emails: Path) -> None:
    change(emails / "rebuild-trust/course.toml", 'language = "en"', 'language = "es"')
    library = load(emails)
    assert library.courses["rebuild-trust"].language is library.languages["es"]
    site = Site(library, Keyring({"1": "one" * 20}), "https://c.example", "reply.c.example", "1 Example Street")
    letter = notice_letter(site, after(1), "resumed", MONDAY)
    assert '<html lang="es" dir="ltr"' in letter.html
    for said in ("Qué bien que vuelvas.", "miércoles, 25 de November", "Darme de baja", "España", "te hacen daño"):
        assert said in letter.html
        assert said in letter.text


def test_other_courses_stay_as_they_are(emails: Path) -> None:
    library = load(emails)
    assert library.courses["rebuild-trust"].language.code == "en"
    assert library.notices == list(library.languages["es"].notices)


def test_a_language_that_lacks_a_notice_says_which(emails: Path) -> None:
    (emails / "es/notices/paused.md.j2").unlink()
    with pytest.raises(CourseError, match=r"es/notices/paused\.md\.j2: is missing"):
        load(emails)


def test_a_language_needs_words_for_whom_a_helpline_is_for(emails: Path) -> None:
    change(emails / "helplines.toml", 'for_whom = "own behaviour"', 'for_whom = "young people"')
    with pytest.raises(CourseError, match=r"helplines\.toml: has no words under \[for_whom\] for “young people”"):
        load(emails)


def placeholders(words: Any, path: str = "") -> dict[str, set[str]]:
    """Every text of a language's words by its place, and what is filled in there."""
    if isinstance(words, dict):
        return {
            key: found for name, part in words.items() for key, found in placeholders(part, f"{path}.{name}").items()
        }
    return {path: set(re.findall(r"{(\w+)}", str(words)))}


def test_every_language_says_all_that_english_says() -> None:
    """On pages and about forms, with the same things filled in."""
    spoken = load(EMAILS).languages
    for file in ("pages", "forms"):
        expected = placeholders(spoken["en"].words[file])
        for code, language in spoken.items():
            assert placeholders(language.words[file]) == expected, (code, file)


def test_no_page_has_words_that_nobody_reads() -> None:
    functions = EMAILS.parent / "functions"
    read = "\n".join(path.read_text("utf-8") for kind in ("*.j2", "*.py") for path in functions.rglob(kind))
    by_name = {"reasons", "done"}  # chosen by what was pressed
    for section, words in load(EMAILS).languages["en"].words["pages"].items():
        for name in words:
            lives = {name, name.removesuffix("_life")}
            assert section in by_name or any(re.search(rf"\b{part}\b", read) for part in lives), (section, name)
    for key in load(EMAILS).languages["en"].words["forms"]:
        assert f'"{key}"' in read, key
