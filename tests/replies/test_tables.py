"""The words of every language: each table can be used, a wrong one is named, and a new one needs no Python."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from replies import consents, own_words, phrases, requested, tables
from replies.request import Request
from tests.replies.replies import mail

TABLES = tables.read(tables.FOLDER)
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
    for cached in (tables._tables, tables.words, tables.names, tables.places, tables.expression):
        cached.cache_clear()
    phrases._commands.cache_clear()
    phrases._longest_first.cache_clear()


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


def test_every_list_is_written_in_some_language() -> None:
    written = {key for table in TABLES for key in table.lists}

    assert len(TABLES) > 35
    assert written == tables._KEYS


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.path.stem)
def test_every_entry_can_be_used(table: tables.Table) -> None:
    assert re.fullmatch(r"[a-z]{2}(-[A-Z][a-z]{3})?", table.path.stem), "a BCP 47 code"
    assert table.lists
    for key, entries in table.lists.items():
        assert entries
        assert [entry for entry, times in Counter(entries).items() if times > 1] == [], key
        for entry in entries:
            if key.partition(".")[0] in tables._EXPRESSIONS:
                assert re.compile(entry).groups == 0, (key, entry)
                assert not re.fullmatch(entry, ""), (key, entry)
            elif key.startswith("labels."):
                assert entry == entry.lower(), (key, entry)
            else:
                assert tables.plain(entry), (key, entry)


@pytest.mark.parametrize("section", ["labels", "requests"])
def test_no_phrase_means_two_things(section: str) -> None:
    meanings: dict[str, set[str]] = {}
    for table in TABLES:
        for key, entries in table.lists.items():
            for entry in entries if key.startswith(f"{section}.") else ():
                meanings.setdefault(tables.plain(entry), set()).add(key)

    assert len(meanings) > 100
    assert {phrase: keys for phrase, keys in meanings.items() if len(keys) > 1} == {}


@pytest.mark.parametrize("key", ["dates.weekdays", "dates.months", "dates.numbers"])
def test_no_word_has_two_places(key: str) -> None:
    places: dict[str, set[int]] = {}
    for table in TABLES:
        for at, entry in enumerate(table.lists.get(key, [])):
            for word in entry.split():
                places.setdefault(tables.plain(word), set()).add(at)

    assert len(places) > 12
    assert {word: found for word, found in places.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[quotes]\nverb = ["escreveu"]', "xx.toml: quotes.verb: is not a key"),
        ('[quote]\nverbs = ["escreveu"]', "xx.toml: quote.verbs: is not a key"),
        ('verbs = ["escreveu"]', "xx.toml: verbs: is not a section"),
        ('[quotes]\nverbs = "escreveu"', "xx.toml: quotes.verbs: must be a list"),
        ('[quotes]\nverbs = [""]', "xx.toml: quotes.verbs: must be a list"),
        ('[dates]\nmonths = ["janeiro"]', "xx.toml: dates.months: needs 12 entries"),
        ('spaces = "no"', "xx.toml: spaces: must be true or false"),
        ("[quotes", "xx.toml: "),
    ],
)
def test_a_table_that_cannot_be_used_is_named_with_its_key(tmp_path: Path, text: str, named: str) -> None:
    add(tmp_path / "xx.toml", text)

    with pytest.raises(tables.TableError, match=re.escape(named)):
        tables.read(tmp_path)


def test_a_broken_expression_is_named_with_its_file_and_key(folder: Path) -> None:
    add(folder / "xx.toml", '[quotes]\nverbs = ["escreveu", "disse("]')

    with pytest.raises(tables.TableError, match=r"xx\.toml: quotes\.verbs: 'disse\(' is no expression"):
        own_words(mail("I lied.\n\nOn 8/3/26 07:00, X <a@b.org> wrote:\n> Day 2"))


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
