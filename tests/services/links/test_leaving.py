"""Leaving: what the unsubscribe link stops or pauses, and the reason, counted anonymously."""

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
from tests.stories import next_email, reads, unchanged, without_schedules
from tests.test_unsubscribe import done, of_nobody


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all counts, in order."""
    return counted_by(leaving, monkeypatch)


def link_of(person: Person) -> LinkToken:
    """The unsubscribe link in an email of the current sign-up."""
    return LinkToken(str(person.row["id"]), int(str(person.row["epoch"])))


def test_a_stop_is_counted_and_answered_in_the_language_of_the_course(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    english = clients.library().languages["en"]
    link = link_of(ann)
    left = leaving.stop(link, world.now(), pressed=False)
    assert (left.outcome, left.language) == (Outcome.STOPPED, english)
    assert ann.row["status"] == "unsubscribed"
    assert leaving.stop(link, world.now(), pressed=True) == left
    world.drain()
    assert [email.subject for email in ann.emails[2:]] == ["You have stopped the course"], "one notice for both"
    assert counts == ["Unsubscribed", "Unsubscribed"]


def test_a_link_of_an_unknown_subscriber_gets_the_same_answer(world: World, counts: list[str]) -> None:
    Person(world).joins()
    unknown = LinkToken("a" * 16, 1)
    with unchanged(world):
        assert leaving.stop(unknown, world.now(), pressed=False) == Left(Outcome.STOPPED, None)
        assert leaving.take_a_break(unknown, world.now()) == Left(Outcome.PAUSED, None)


def test_a_link_of_an_earlier_sign_up_stops_a_later_one_only_by_its_button(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    link = link_of(ann)
    leaving.stop(link, world.now(), pressed=False)
    without_schedules(world, timedelta(days=2))
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
def test_a_break_after_a_stop_says_that_the_emails_have_stopped(world: World, status: Status) -> None:
    ann = Person(world).joins()
    link = link_of(ann)
    clients.subscribers().change(link.subscriber, lambda current: current.stopped(status))
    with unchanged(world):
        assert leaving.take_a_break(link, world.now()).outcome is Outcome.STOPPED


def test_the_page_of_a_valid_unsubscribe_link_is_in_the_language_of_its_course(world: World) -> None:
    ann = Person(world).joins()
    token = ann.link("/unsubscribe/").rpartition("/")[2]
    assert leaving.language_of(token, world.now()) is clients.library().languages["en"]
    for other in ("x", tokens.link(clients.keys(), Purpose.UNSUBSCRIBE, "a" * 16, 1), ann.page_url.rpartition("/")[2]):
        assert leaving.language_of(other, world.now()) is None


def test_only_a_reason_offered_on_the_page_is_counted(world: World, counts: list[str]) -> None:
    Person(world).joins()
    english = clients.library().languages["en"]
    for why in ("hard", "", "Ann, of all people", "hard "):
        leaving.count_reason(why, english)
    leaving.count_reason("hard", None)
    assert counts == ["Why.hard"]


# ---------------------------------------------------------------- by the buttons of the page


def test_a_break_of_a_month_pauses_instead_of_stopping(world: World) -> None:
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


def test_a_break_from_an_unconfirmed_sign_up_ends_it(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    link = one_click(ann.emails[-1]).removeprefix(world.parameters["SiteUrl"])
    assert done(world.request("POST", f"{link}?instead=break", form={}))
    assert ann.row["status"] == "unsubscribed"


def test_a_break_after_the_end_of_the_course_changes_nothing(world: World) -> None:
    """A subscriber who has stopped or completed the course does not read that it goes on in a month."""
    ann = Person(world).joins()
    link = ann.link("/unsubscribe/")
    world.request("POST", link)
    with unchanged(world):
        assert done(world.request("POST", f"{link}?instead=break", form={}))


def test_the_reason_is_counted_without_the_subscriber(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    assert done(world.request("POST", f"{ann.link('/unsubscribe/')}?now=yes", form={"why": "hard"}))
    assert done(world.request("POST", f"{bob.link('/unsubscribe/')}?now=yes", form={"why": "Ann, of all people"}))
    counted = [line for line in world.logs if '"Why.' in line]
    assert len(counted) == 1
    assert '"Why.hard"' in counted[0]
    assert "of all people" not in "\n".join(world.logs)


def test_a_link_of_an_earlier_sign_up_does_not_pause_a_later_one(world: World) -> None:
    ann = reads(Person(world), 1)
    earlier = one_click(ann.emails[-1])
    ann.presses("stop")
    without_schedules(world, timedelta(days=2))
    ann.signs_up()
    with unchanged(world):
        page = world.request("POST", f"{earlier}?instead=break", form={})
    assert "This link is from an earlier sign-up of yours" in page.text
    ann.confirms()
    with unchanged(world):
        world.request("POST", f"{earlier}?instead=break", form={})
    assert ann.row["status"] == "active"


def test_a_break_does_not_shorten_a_pause(world: World) -> None:
    ann = reads(Person(world), 1)
    link = one_click(ann.emails[-1])
    ann.presses("pause")
    world.request("POST", f"{link}?instead=break", form={})
    assert "paused_until" not in ann.row, "it has no end until the subscriber resumes"
    ann.presses("pause", until="2027-03-01")
    world.request("POST", f"{link}?instead=break", form={})
    assert ann.row["paused_until"] == "2027-03-01"
