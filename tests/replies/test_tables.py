"""The words of every language: no list is without one or has two meanings, and a new language needs no Python."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from cli.check.tables import KEYS
from replies import consents, phrases, requested, tables
from replies.request import Request

TODAY = date(2026, 11, 24)  # a Tuesday
PORTUGUESE = """
[requests]
stop = ["pare"]
skip = ["pular", "pular a próxima lição"]
[pauses]
words = ["pausa"]
until = ["até"]
lasting = ["por"]
[times]
words = ["horário"]
before = ["às"]
afternoon = ["da tarde"]
[dates]
weekdays = ["segunda", "terça", "quarta", "quinta", "sexta", "sábado", "domingo"]
months = ["janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro",
    "novembro", "dezembro"]
numbers = ["um uma", "dois duas"]
[spans]
weeks = ["semana", "semanas"]
[courtesies]
before = ["olá"]
after = ["obrigado"]
[confirmation]
yes = ["sim"]
refuses = ["não"]
"""


def forgotten() -> None:
    for cached in (tables._tables, tables.words, tables.longest_first, tables.names, tables.places, tables.expression):
        cached.cache_clear()
    phrases._commands.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the tables to change, used instead of them."""
    folder = copytree(tables.FOLDER, tmp_path / "languages")
    monkeypatch.setattr(tables, "FOLDER", folder)
    forgotten()
    yield folder
    monkeypatch.undo()
    forgotten()


def add(path: Path, text: str) -> None:
    path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")


def lists(key: str) -> list[list[str]]:
    section, _, name = key.partition(".")
    return [table[section][name] for table in tables._tables() if name in table.get(section, {})]


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_list_is_written_in_some_language_and_has_nothing_twice(key: str) -> None:
    assert any(lists(key))
    for entries in lists(key):
        assert [entry for entry, times in Counter(entries).items() if times > 1] == []
        for entry in entries:
            if key.startswith("labels."):
                assert entry == entry.lower()
            elif key.partition(".")[0] not in tables.EXPRESSIONS:
                assert tables.plain(entry), entry


def test_every_table_is_named_by_its_language() -> None:
    names = [path.stem for path in tables.FOLDER.glob("*")]

    assert len(names) > 35
    assert [name for name in names if not re.fullmatch(r"[a-z]{2}(-[A-Z][a-z]{3})?", name)] == []


@pytest.mark.parametrize("section", ["labels", "requests"])
def test_no_phrase_means_two_things(section: str) -> None:
    meanings: dict[str, set[str]] = {}
    for table in tables._tables():
        for name, entries in table.get(section, {}).items():
            for entry in entries:
                meanings.setdefault(tables.plain(entry), set()).add(name)

    assert len(meanings) > 100
    assert {phrase: names for phrase, names in meanings.items() if len(names) > 1} == {}


@pytest.mark.parametrize("key", ["dates.weekdays", "dates.months", "dates.numbers"])
def test_no_word_has_two_places(key: str) -> None:
    places: dict[str, set[int]] = {}
    for entries in lists(key):
        for at, entry in enumerate(entries):
            for word in entry.split():
                places.setdefault(tables.plain(word), set()).add(at)

    assert len(places) > 12
    assert {word: found for word, found in places.items() if len(found) > 1} == {}


def test_a_shape_stands_for_the_lists_of_all_languages() -> None:
    verb = tables.expression(r"(?i)(?<!\w)«quotes.verbs spaced»(?!\w)|«quotes.verbs unspaced»")

    assert verb.search("schrieb Ana")
    assert verb.search("於2026年8月3日寫道：")
    assert not verb.search("She rewrote it")


def test_what_no_language_has_is_never_found(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()

    assert not tables.expression("«quotes.verbs»|«pauses.words»").search("wrote, pause")
    assert requested("stop", TODAY) is None


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("Pare!", Request(Request.Command.STOP)),
        ("Olá, pular a próxima lição. Obrigado", Request(Request.Command.SKIP)),
        ("Pausa até sexta", Request(Request.Command.PAUSE, until=date(2026, 11, 27))),
        ("pausa por duas semanas", Request(Request.Command.PAUSE, until=date(2026, 12, 8))),
        ("pausa até 3 março", Request(Request.Command.PAUSE, until=date(2027, 3, 3))),
        ("Horário às 7 da tarde", Request(Request.Command.TIME, hour=19)),
    ],
)
def test_a_language_is_added_without_python(folder: Path, text: str, request_: Request) -> None:
    assert requested(text, TODAY) is None

    add(folder / "pt.toml", PORTUGUESE)
    forgotten()

    assert requested(text, TODAY) == request_
    assert consents("Sim, quero")
    assert not consents("Sim, mas não hoje")
