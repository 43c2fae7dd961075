"""The words of every language: no list is empty, no word has two meanings, a new language needs no Python."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree

import pytest

from cli.check.tables import ASKED, KEYS
from replies import decide, tables
from replies.decisions import expressions, typos
from replies.request import Decision, EmailKind, Request
from tests.mail.requests import obeyed

TODAY = date(2026, 11, 24)  # a Tuesday
SWEDISH = """
[parts]
ours = ["mejl", "kursen", "lektion"]
our = ["(?:fler |alla )?(?:mejl|lektioner|kursen)"]
[frames]
wish = ["jag vill", "kan ni"]
around = ["snälla", "tack", "hej"]
joins = ["och", "men"]
hedges = ["men"]
[stop]
word = ["sluta"]
clear = ["sluta skicka {our}", "inga {our}"]
[skip]
word = ["hoppa över"]
[pause]
word = ["paus {when}"]
[yes]
word = ["ja"]
[confirming]
word = ["jag vill"]
[time]
word = ["tid {hour}"]
[times]
before = ["klockan"]
afternoon = ["på kvällen"]
[dates]
weekdays = ["måndag", "tisdag", "onsdag", "torsdag", "fredag", "lördag", "söndag"]
months = ["januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september", "oktober", "november",
    "december"]
numbers = ["en ett", "två"]
[spans]
weeks = ["vecka", "veckor"]
until = ["till"]
lasting = ["i"]
"""


def forget_tables() -> None:
    caches = (tables.all_tables, tables.words, tables.longest_first, tables.names, tables.places, tables.expression)
    for cached in (*caches, expressions.languages, expressions._of_all, typos._right):
        cached.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the tables that a test can change, and that is used instead of them."""
    folder = copytree(tables.FOLDER, tmp_path / "languages")
    monkeypatch.setattr(tables, "FOLDER", folder)
    forget_tables()
    yield folder
    monkeypatch.undo()
    forget_tables()


def add(path: Path, text: str) -> None:
    path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")


def lists(key: str) -> list[list[str]]:
    section, _, name = key.partition(".")
    return [table[section][name] for table in tables.all_tables() if name in table.get(section, {})]


def test_every_list_is_written_in_some_language() -> None:
    asked = {key for key in KEYS if key.partition(".")[0] in ASKED}  # a section need not have all of its lists
    assert [key for key in sorted(KEYS - asked) if not any(lists(key))] == []


@pytest.mark.parametrize("key", sorted(KEYS))
def test_no_list_has_an_entry_twice(key: str) -> None:
    for entries in lists(key):
        assert [entry for entry, times in Counter(entries).items() if times > 1] == []
        for entry in entries:
            if key.startswith("labels."):
                assert entry == entry.lower()
            elif key.partition(".")[0] not in (*tables.EXPRESSIONS, "frames", *ASKED):
                assert tables.plain(entry), entry


def test_every_table_is_named_by_its_language() -> None:
    names = [path.stem for path in tables.FOLDER.glob("*")]

    assert len(names) > 35
    assert [name for name in names if not re.fullmatch(r"[a-z]{2}(-[A-Z][a-z]{3})?", name)] == []


def test_no_label_means_two_things() -> None:
    meanings: dict[str, set[str]] = {}
    for table in tables.all_tables():
        for name, entries in table.get("labels", {}).items():
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


def test_a_list_that_no_language_has_matches_nothing(folder: Path) -> None:
    for path in folder.glob("*"):
        path.unlink()

    assert not tables.expression("«quotes.verbs»|«spans.until»").search("wrote, until")
    assert obeyed("stop", today=TODAY) is None


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("Sluta!", Request(Request.Command.STOP)),
        ("Hej, kan ni sluta skicka mejl? Tack", Request(Request.Command.STOP)),
        ("Snälla, hoppa över", Request(Request.Command.SKIP)),
        ("Paus till fredag", Request(Request.Command.PAUSE, until=date(2026, 11, 27))),
        ("paus i två veckor", Request(Request.Command.PAUSE, until=date(2026, 12, 8))),
        ("paus till 3 mars", Request(Request.Command.PAUSE, until=date(2027, 3, 3))),
        ("Tid klockan 7 på kvällen", Request(Request.Command.TIME, hour=19)),
    ],
)
def test_a_language_is_added_without_python(folder: Path, text: str, request_: Request) -> None:
    assert obeyed(text, today=TODAY) is None

    add(folder / "sv.toml", SWEDISH)
    forget_tables()

    assert obeyed(text, today=TODAY) == request_
    assert obeyed("Ja, jag vill", EmailKind.CONFIRM, TODAY) == Request(Request.Command.YES)
    assert decide("Ja, men inte idag", EmailKind.CONFIRM, TODAY).kind is Decision.Kind.ASK
