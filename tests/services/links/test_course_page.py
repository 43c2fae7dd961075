"""The course page's use cases: which subscriber's page a link opens, and what a press changes."""

from datetime import date

import pytest

from aws import clients
from course.commands import Command
from course.errors import InvalidToken
from course.subscriber import Subscriber
from local_cloud.cloud import World
from services.links import course_page
from tests.metrics import counted_by
from tests.people import Person
from tests.stories import next_email, reads, unchanged


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all counts, in order."""
    return counted_by(course_page, monkeypatch)


def token_of(person: Person) -> str:
    return person.page_url.rpartition("/")[2]


def stored(person: Person) -> Subscriber:
    found = clients.subscribers().get(str(person.row["id"]))
    assert found
    return found


def test_a_link_opens_the_page_of_its_subscriber(world: World) -> None:
    ann = Person(world).joins()
    subscriber, course = course_page.opened(token_of(ann), world.now())
    assert (subscriber, course.id) == (stored(ann), "rebuild-trust")


def test_a_link_of_an_earlier_sign_up_or_of_an_erased_subscriber_opens_nothing(world: World) -> None:
    ann = Person(world).joins()
    token, subscriber_id = token_of(ann), str(ann.row["id"])
    clients.subscribers().erase(subscriber_id)
    with pytest.raises(InvalidToken, match="erased"):
        course_page.opened(token, world.now())
    clients.subscribers().save(Subscriber(subscriber_id, "rebuild-trust", ann.address, epoch=1))
    with pytest.raises(InvalidToken, match="later sign-up"):
        course_page.opened(token, world.now())


def test_a_press_returns_whether_its_command_is_in_effect(world: World, counts: list[str]) -> None:
    ann = reads(Person(world), 1)
    _, course = course_page.opened(token_of(ann), world.now())
    assert course_page.press(Command.PAUSE, stored(ann), course, world.now(), date(2026, 12, 24))
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-12-24")
    assert course_page.press(Command.RESUME, stored(ann), course, world.now())
    with unchanged(world):
        assert course_page.press(Command.RESUME, stored(ann), course, world.now()), "twice is the same as once"
        assert not course_page.press(Command.YES, stored(ann), course, world.now()), "there is no new round"
    assert counts == ["Command.pause", "Command.resume", "Command.resume", "Command.yes"]


def test_a_press_after_an_erasure_has_no_effect(world: World, counts: list[str]) -> None:
    ann = reads(Person(world), 1)
    before, course = course_page.opened(token_of(ann), world.now())
    clients.subscribers().erase(before.id)
    assert not course_page.press(Command.STOP, before, course, world.now())
    assert not course_page.change_time(before.id, "UTC", 8, world.now())
    assert not world.subscribers()


def test_another_hour_and_zone_are_stored(world: World) -> None:
    ann = reads(Person(world), 1)
    for _ in range(2):
        assert course_page.change_time(str(ann.row["id"]), "Asia/Tokyo", 21, world.now())
        assert (ann.row["zone"], ann.row["hour"]) == ("Asia/Tokyo", 21)


def test_p3_ending_all_links_ends_a_course_page_link(world: World) -> None:
    ann = reads(Person(world), 1)
    token = token_of(ann)
    clients.subscribers().change(str(ann.row["id"]), Subscriber.with_links_ended)
    with pytest.raises(InvalidToken, match="ended"):
        course_page.opened(token, world.now())
    assert ann.row["links_ended"] == 1
    next_email(world)
    assert course_page.opened(token_of(ann), world.now())[0] == stored(ann), "the next email has a new link"


def test_a_skip_can_be_undone_until_the_next_lesson_is_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.presses("skip")
    assert str(ann.row["next_lesson"]) == "apology-in-action"
    with unchanged(world):
        assert world.request("GET", ann.link("/unskip", ann.email("Skipped"))).status == 200
    assert world.request("POST", ann.link("/unskip", ann.email("Skipped")), form={}).status == 303
    assert str(ann.row["next_lesson"]) == "own-it"
    ann.presses("skip")
    assert next_email(world).tags["email"] == "apology-in-action"
    with unchanged(world):
        ann.presses("unskip")
