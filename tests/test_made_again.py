"""When a reply comes, its email is made again to find the quote, whatever has changed meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import reply_to, written
from tests.stories import a_key_is_added, edit, next_email, reads, without_schedules

Change = Callable[[Person, Path], None]
WORDS = "I saw that he had stopped laughing.\n\nI asked nothing."


def another_zone(ann: Person, _course: Path) -> None:
    ann.presses("time", zone="America/New_York", hour="7")


def another_hour(ann: Person, _course: Path) -> None:
    ann.presses("time", zone="Europe/Berlin", hour="21")


def another_name(ann: Person, _course: Path) -> None:
    ann.world.clients.dynamodb.update_item(
        TableName=ann.world.resources.ref("Subscribers"),
        Key={"id": {"S": str(ann.row["id"])}},
        UpdateExpression="SET first_name = :name",
        ExpressionAttributeValues={":name": {"S": "Robin"}},
    )


def more_in_the_journal(ann: Person, _course: Path) -> None:
    ann.replies("Another thought, about the evening before.", ann.emails[1])


def the_lessons_are_edited(_ann: Person, course: Path) -> None:
    """Adds a paragraph to each lesson; a reworded one would look like own words."""
    for lesson in course.glob("*.md.j2"):
        paragraph = max(lesson.read_text("utf-8").partition("+++\n\n")[2].split("\n\n"), key=len)
        edit(lesson, paragraph, f"{paragraph}\n\nA paragraph that nobody was sent.")


def another_key(ann: Person, _course: Path) -> None:
    with a_key_is_added(ann.world):
        pass


def more_without_proof(ann: Person, _course: Path) -> None:
    """The email says how many replies it leaves out, and now there is one more."""
    lesson = ann.emails[1]
    ann.world.deliver(written("Another thought.", lesson), reply_to(lesson), verdicts={"dmarc": "FAIL"})


CHANGES: list[Change] = [
    another_zone,
    another_hour,
    another_name,
    more_in_the_journal,
    more_without_proof,
    the_lessons_are_edited,
    another_key,
]


@pytest.mark.parametrize("program", ["gmail", "outlook", "thunderbird"])
@pytest.mark.parametrize("change", CHANGES)
def test_the_quote_of_a_lesson_is_not_taken_for_own_words(
    own_course: tuple[World, Path], change: Change, program: str
) -> None:
    world, course = own_course
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]
    change(ann, course)
    ann.replies(WORDS, lesson, program)
    assert WORDS in [str(one["text"]) for one in ann.reflections]


@pytest.mark.parametrize("change", CHANGES)
def test_the_quote_of_a_lesson_with_earlier_answers_is_not_taken_for_own_words(
    own_course: tuple[World, Path], change: Change
) -> None:
    """In a second round, the email holds the answers of the first."""
    world, course = own_course
    ann = reads(Person(world), 1)
    ann.replies("I never said it out loud, not once in ten years.")
    while ann.emails[-1].tags["email"] != "safety-first":
        next_email(world)
    ann.presses("not-yet")
    lesson = next_email(world)
    assert "ten years" in (lesson.text or "")
    change(ann, course)
    ann.replies(WORDS, lesson)
    assert WORDS in [str(one["text"]) for one in ann.reflections]


@pytest.mark.parametrize("change", CHANGES)
def test_the_quote_of_the_closing_letter_is_not_taken_for_own_words(
    own_course: tuple[World, Path], change: Change
) -> None:
    world, course = own_course
    ann = reads(Person(world), 1)
    ann.replies("I never said it out loud, not once in ten years.")
    while ann.emails[-1].tags["email"] != "keep-showing-up":
        next_email(world)
    email = ann.emails[-1]
    assert "ten years" in (email.text or "")
    change(ann, course)
    ann.replies(WORDS, email)
    assert WORDS in [str(one["text"]) for one in ann.reflections]


@pytest.mark.parametrize("email", ["keep-showing-up", "acknowledge"])
@pytest.mark.parametrize("program", ["gmail", "outlook"])
def test_r21_the_quoted_line_about_replies_left_out_is_not_taken_for_own_words(
    world: World, email: str, program: str
) -> None:
    """Also if there are more of them by the time the reply comes."""
    ann = reads(Person(world), 1)
    lesson = ann.emails[-1]

    def comes_without_proof(text: str) -> None:
        world.deliver(written(text, lesson), reply_to(lesson), verdicts={"dmarc": "FAIL"})

    comes_without_proof("It may be that I said it.")
    ann.replies("I never said it out loud.", lesson)
    if email == "acknowledge":
        ann.presses("again")
        next_email(world)
    while ann.emails[-1].tags["email"] != email:
        next_email(world)
    answered = ann.emails[-1]
    assert "Replies left out here: 1." in (answered.text or "")
    comes_without_proof("And this may be as well.")
    ann.replies(WORDS, answered, program)
    assert sorted(str(one["text"]) for one in ann.reflections if one["verified"]) == sorted(
        ["I never said it out loud.", WORDS]
    )


@pytest.mark.parametrize("program", ["gmail", "outlook", "thunderbird"])
@pytest.mark.parametrize(
    ("before", "command", "after"),
    [
        ([], "pause", ["resume"]),
        ([], "pause until monday", ["resume", "pause"]),
        (["pause"], "skip", ["resume"]),
        ([], "skip", ["pause"]),
        ([], "again", ["pause"]),
        ([], "time 9", ["pause"]),
    ],
)
def test_the_quote_of_a_notice_is_not_taken_for_own_words_after_the_course_has_changed(
    world: World, program: str, before: list[str], command: str, after: list[str]
) -> None:
    """A notice says whether an email waits. By the time its reply comes, a button or a retry may have changed that."""
    ann = reads(Person(world), 1)
    for press in before:
        ann.presses(press)
    ann.replies(command)
    notice = ann.emails[-1]
    for press in after:
        ann.presses(press)
    ann.replies(WORDS, notice, program)
    assert [one["text"] for one in ann.reflections] == [WORDS]


def test_a_reflection_of_the_second_in_which_the_closing_letter_was_sent_is_expected_in_its_quote(world: World) -> None:
    ann = reads(Person(world), 5)
    without_schedules(world, timedelta(days=2))
    ann.replies("I never said it out loud, not once in ten years.")
    world.invoke("dispatch", {})
    world.drain()
    closing = ann.emails[-1]
    assert closing.tags["email"] == "keep-showing-up"
    assert "ten years" in (closing.text or "")
    ann.replies("PAUSE", closing)
    assert [str(one["text"]) for one in ann.reflections] == ["I never said it out loud, not once in ten years."]
