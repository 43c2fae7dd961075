"""Leaving: what the unsubscribe link stops or pauses, and that the reason is counted without the person."""

from datetime import timedelta

import pytest

from aws import clients
from course import tokens
from course.record import Status
from course.tokens import LinkToken, Purpose
from local_cloud.cloud import World
from services.links import leaving
from services.links.leaving import Left, Outcome
from tests.metrics import counted_by
from tests.people import Person, one_click
from tests.stories import asleep, next_email, reads, unchanged
from tests.test_unsubscribe import done, of_nobody


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted, by name."""
    return counted_by(leaving, monkeypatch)


def link_of(person: Person) -> LinkToken:
    """The link in an email of the sign-up of today."""
    return LinkToken(str(person.row["id"]), int(str(person.row["epoch"])))


def test_a_stop_is_counted_and_told_in_the_language_of_the_course(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    english = clients.library().languages["en"]
    link = link_of(ann)
    left = leaving.stop(link, world.now(), pressed=False)
    assert (left.outcome, left.language) == (Outcome.STOPPED, english)
    assert ann.row["status"] == "unsubscribed"
    assert leaving.stop(link, world.now(), pressed=True) == left
    world.drain()
    assert [email.subject for email in ann.emails[2:]] == ["You have stopped the course"], "it is told once"
    assert counts == ["Unsubscribed", "Unsubscribed"]


def test_a_link_of_an_unknown_subscriber_gets_the_same_answer(world: World, counts: list[str]) -> None:
    Person(world).joins()
    unknown = LinkToken("a" * 16, 1)
    with unchanged(world):
        assert leaving.stop(unknown, world.now(), pressed=False) == Left(Outcome.STOPPED, None)
        assert leaving.take_a_break(unknown, world.now()) == Left(Outcome.PAUSED, None)


def test_a_link_of_an_earlier_sign_up_stops_a_later_one_only_when_pressed(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    link = link_of(ann)
    leaving.stop(link, world.now(), pressed=False)
    asleep(world, timedelta(days=2))
    ann.joins()
    counts.clear()
    with unchanged(world):
        assert leaving.stop(link, world.now(), pressed=False).outcome is Outcome.EARLIER
    assert counts == []
    assert leaving.stop(link, world.now(), pressed=True).outcome is Outcome.STOPPED
    assert (ann.row["status"], counts) == ("unsubscribed", ["Unsubscribed"])


def test_a_break_is_thirty_days_by_the_local_calendar(world: World) -> None:
    """At nine in the morning in London it is still the evening before on Midway."""
    ann = reads(Person(world, zone="Pacific/Midway"), 0)
    assert leaving.take_a_break(link_of(ann), world.now()).outcome is Outcome.PAUSED
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-12-22")


@pytest.mark.parametrize("status", [Status.BOUNCED, Status.COMPLAINED, Status.UNSUBSCRIBED])
def test_after_a_stop_a_break_is_told_that_the_emails_have_stopped(world: World, status: Status) -> None:
    ann = Person(world).joins()
    link = link_of(ann)
    clients.subscribers().change(link.subscriber, lambda current: current.stopped(status))
    with unchanged(world):
        assert leaving.take_a_break(link, world.now()).outcome is Outcome.STOPPED


def test_the_page_behind_a_link_speaks_the_language_of_its_course_if_there_is_one(world: World) -> None:
    ann = Person(world).joins()
    token = ann.link("/unsubscribe/").rpartition("/")[2]
    assert leaving.language_of(token, world.now()) is clients.library().languages["en"]
    for other in ("x", tokens.link(clients.keys(), Purpose.UNSUBSCRIBE, "a" * 16, 1), ann.page_url.rpartition("/")[2]):
        assert leaving.language_of(other, world.now()) is None


def test_only_a_reason_of_the_page_is_counted(world: World, counts: list[str]) -> None:
    Person(world).joins()
    english = clients.library().languages["en"]
    for why in ("hard", "", "Ann, of all people", "hard "):
        leaving.count_reason(why, english)
    leaving.count_reason("hard", None)
    assert counts == ["Why.hard"]


# ---------------------------------------------------------------- by the buttons of the page


def test_a_month_s_break_instead(world: World) -> None:
    ann = reads(Person(world), 1)
    link = ann.link("/unsubscribe/")
    assert "Pause for a month instead" in world.request("GET", link).text
    first = world.request("POST", f"{link}?instead=break", form={})
    assert "nothing from it comes for a month." in first.text
    with unchanged(world):
        again = world.request("POST", f"{link}?instead=break", form={})
        unknown = world.request("POST", f"{of_nobody(world)}?instead=break", form={})
    assert first.body == again.body == unknown.body
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-12-24")
    lesson = next_email(world)
    assert (lesson.tags["email"], lesson.at.date().isoformat()) == ("own-it", "2026-12-24")


def test_who_has_not_confirmed_and_takes_a_break_is_not_asked_again(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    link = one_click(ann.emails[-1]).removeprefix(world.parameters["SiteUrl"])
    assert done(world.request("POST", f"{link}?instead=break", form={}))
    assert ann.row["status"] == "unsubscribed"


def test_a_break_from_what_is_over_anyway(world: World) -> None:
    """Who has stopped or completed the course is not told that it goes on in a month."""
    ann = Person(world).joins()
    link = ann.link("/unsubscribe/")
    world.request("POST", link)
    with unchanged(world):
        assert done(world.request("POST", f"{link}?instead=break", form={}))


def test_the_reason_is_counted_and_is_nobody_s(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    assert done(world.request("POST", f"{ann.link('/unsubscribe/')}?now=yes", form={"why": "hard"}))
    assert done(world.request("POST", f"{bob.link('/unsubscribe/')}?now=yes", form={"why": "Ann, of all people"}))
    counted = [line for line in world.logs if '"Why.' in line]
    assert len(counted) == 1
    assert '"Why.hard"' in counted[0]
    assert "of all people" not in "\n".join(world.logs)


def test_an_earlier_link_takes_no_break_from_a_later_sign_up(world: World) -> None:
    ann = reads(Person(world), 1)
    earlier = one_click(ann.emails[-1])
    ann.presses("stop")
    asleep(world, timedelta(days=2))
    ann.signs_up()
    with unchanged(world):
        page = world.request("POST", f"{earlier}?instead=break", form={})
    assert "This link is from an earlier sign-up of yours" in page.text
    ann.confirms()
    with unchanged(world):
        world.request("POST", f"{earlier}?instead=break", form={})
    assert ann.row["status"] == "active"


def test_a_break_shortens_no_pause(world: World) -> None:
    ann = reads(Person(world), 1)
    link = one_click(ann.emails[-1])
    ann.presses("pause")
    world.request("POST", f"{link}?instead=break", form={})
    assert "paused_until" not in ann.row, "it waits for its subscriber"
    ann.presses("pause", until="2027-03-01")
    world.request("POST", f"{link}?instead=break", form={})
    assert ann.row["paused_until"] == "2027-03-01"
