"""One story with proven replies, unproven ones and a second person's, and each outlet that shows replies."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup

from content.languages import Language
from content.lessons import load
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_proof import FAILS, answers_a_forwarded_lesson, replies_to_all
from tests.services.test_receiving import reply_to, written
from tests.stories import next_email, reads

MARK = "It could not be proven that you sent this"
LEFT_OUT = r"Replies left out here: (\d+)\."
MINE, MAYBE, THEIRS = "I kept it to myself", "Perhaps I never wrote", "Nobody asked me"
"""The first words of the subscriber's proven replies, of unproven ones, and of a second person's."""
FAILING = [FAILS, {"dmarc": "GRAY", "spf": "FAIL"}, {"dmarc": "PROCESSING_FAILED"}]


@dataclass
class Story:
    """Ann in her second round, with all replies of the first."""

    world: World
    ann: Person

    def mine(self, lesson: SentEmail, number: int) -> None:
        self.world.deliver(written(f"{MINE} {number}.", lesson), reply_to(lesson))

    def maybe(self, lesson: SentEmail, number: int) -> None:
        verdicts = FAILING[number % len(FAILING)]
        self.world.deliver(written(f"{MAYBE} {number}.", lesson), reply_to(lesson), verdicts=verdicts)

    def theirs(self, lesson: SentEmail, number: int) -> None:
        """Writes in each way in which a second person can write to the address."""
        text = f"{THEIRS} {number}."
        for raw in (
            written(text, lesson, "eve@example.com"),
            replies_to_all(text, lesson, self.world),
            answers_a_forwarded_lesson(text, lesson, self.world),
            written(text, lesson, "ann@example.net").replace(b"From:", b"From: eve@example.com\nFrom:"),
        ):
            self.world.deliver(raw, reply_to(lesson))

    def email(self, name: str, number: int = 0) -> SentEmail:
        """The first email of this name, or a later one."""
        return [email for email in self.ann.emails if email.tags["email"] == name][number]

    @cached_property
    def files(self) -> dict[str, str]:
        """The outlets that may show unproven words: the pages, and the files made from them."""
        with ZipFile(BytesIO(self.ann.in_the_journal("export").body)) as bundle:
            journal, data = (bundle.read(name).decode() for name in ("journal.html", "data.json"))
        return {
            "journal page, which is printed": self.ann.journal,
            "plain text": self.ann.in_the_journal("text").text,
            "zip: journal": journal,
            "zip: data": data,
        }


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    with World(start=MONDAY) as world:
        told = Story(world, reads(Person(world), 1))
        told.maybe(told.ann.emails[-1], 1)
        told.theirs(told.ann.emails[-1], 1)
        lesson = next_email(world)
        told.theirs(lesson, 2)
        told.maybe(lesson, 2)
        told.mine(lesson, 2)
        next_email(world)  # quotes the reply to the lesson before
        told.ann.replies("JOURNAL")
        told.ann.replies("EXPORT")
        while told.ann.emails[-1].tags["email"] != "keep-showing-up":
            next_email(world)
        told.maybe(told.ann.emails[-1], 3)
        told.theirs(told.ann.emails[-1], 3)
        told.ann.presses("again")
        next_email(world)
        next_email(world)
        yield told
        assert not world.failures


def texts(email: SentEmail) -> str:
    """Both parts of an email."""
    return f"{email.text}\n{BeautifulSoup(email.html or '', 'html.parser').get_text(' ')}"


FILES = ["journal page, which is printed", "plain text", "zip: journal", "zip: data"]


@pytest.mark.parametrize("outlet", FILES)
def test_r20_the_journal_page_and_its_files_hold_no_words_of_a_second_person(story: Story, outlet: str) -> None:
    assert MINE in story.files[outlet]
    assert THEIRS not in story.files[outlet]


@pytest.mark.parametrize("outlet", FILES[:-1])
def test_r21_the_journal_page_and_its_files_mark_unproven_replies(story: Story, outlet: str) -> None:
    """The mark is right above each unproven text, and above no other."""
    shown = story.files[outlet]
    plain = shown if outlet == "plain text" else BeautifulSoup(shown, "html.parser").get_text("\n")
    marked = re.findall(rf"(?:({MARK})[^\n]*)?\s*\n\s*({MINE}|{MAYBE}) (\d)\.", plain)
    assert marked == [(MARK, MAYBE, "1"), (MARK, MAYBE, "2"), ("", MINE, "2"), (MARK, MAYBE, "3")]


def test_r21_the_data_file_says_which_replies_are_proven(story: Story) -> None:
    kept = json.loads(story.files["zip: data"])["reflections"]
    assert {(one["text"].rpartition(" ")[0], one["verified"]) for one in kept} == {(MINE, True), (MAYBE, False)}


def test_r21_the_mark_is_printed() -> None:
    style = (Path(__file__).parents[1] / "functions" / "pages" / "style.css").read_text("utf-8")
    _, _, printed = style.partition("@media print")
    (hidden,) = re.findall(r"([^{}]+)\{ display: none; \}", printed)
    assert ".tools" in hidden
    assert not {".note", "p"} & set(re.split(r"[,\s]+", hidden))


def test_r20_r21_no_email_holds_unproven_words_or_a_second_persons(story: Story) -> None:
    names = [email.tags["email"] for email in story.ann.emails]
    assert {"apology-in-action", "journal", "export", "keep-showing-up"} <= set(names)
    assert names.count("acknowledge") == names.count("own-it") == 2
    for email in story.world.emails:
        for words in (MAYBE, THEIRS):
            assert words not in texts(email), email.tags["email"]
            assert words not in email.raw.decode("latin-1")


@pytest.mark.parametrize(
    ("name", "number", "left_out"),
    [
        ("journal", 0, None),
        ("keep-showing-up", 0, "2"),
        ("acknowledge", 1, "1"),
        ("own-it", 1, "1"),
        ("acknowledge", 0, None),
        ("apology-in-action", 0, None),
        ("export", 0, None),
    ],
)
def test_r21_an_email_that_leaves_replies_out_says_how_many(
    story: Story, name: str, number: int, left_out: str | None
) -> None:
    """These are the closing letter, and each lesson of a later round."""
    email = story.email(name, number)
    assert re.findall(LEFT_OUT, texts(email)) == ([left_out] * 2 if left_out else [])
    holds_mine = name in ("keep-showing-up", "apology-in-action") or (name, number) == ("own-it", 1)
    assert (MINE in texts(email)) is holds_mine


@pytest.mark.parametrize("path", ["", *(f"/lessons/{name}" for name in ("acknowledge", "own-it", "apology-in-action"))])
def test_p1_r20_r21_the_course_page_and_its_lessons_show_no_replies(story: Story, path: str) -> None:
    shown = story.world.request("GET", f"{story.ann.page_url}{path}")
    assert shown.status == 200
    assert not [words for words in (MINE, MAYBE, THEIRS) if words in shown.text]


@pytest.mark.parametrize(
    "language", load(Path(__file__).parents[1] / "emails").languages.values(), ids=lambda it: it.code
)
def test_r21_every_language_has_words_for_unproven_replies(language: Language) -> None:
    assert "{count}" in language.words["email"]["unproven"]
    assert len(language.words["pages"]["journal"]["unproven"]) > 40
    assert language.words["email"]["unproven"].format(count=7).count("7") == 1
