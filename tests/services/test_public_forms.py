"""The form that mails a new link for all courses of an address, and what forms do not reveal."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from aws import clients
from course.record import Status
from local_cloud.api import Response
from local_cloud.cloud import World
from tests.people import Person
from tests.stories import unchanged, without_schedules
from tests.test_sign_up import MALFORMED, without_stamp


def emails(person: Person) -> list[str]:
    return [email.tags["email"] for email in person.emails]


def asks_for_link(person: Person, **changed: str) -> Response:
    """Fills in the form of `/fresh-link`, ten seconds after opening it."""
    page = person.world.request("GET", "/fresh-link").text
    form_time = re.search(r'name="form_time" value="([^"]+)"', page)
    assert form_time
    person.world.advance(timedelta(seconds=10))
    form = {"address": person.address, "form_time": form_time[1], "website": ""} | changed
    return person.world.request("POST", "/fresh-link", form=form, source_ip=person.source_ip)


def test_an_expired_course_page_link_is_replaced_by_the_form(world: World) -> None:
    ann = Person(world).joins()
    old = ann.page_url
    ann.presses("pause")
    without_schedules(world, timedelta(days=31))
    refused = world.request("GET", old)
    assert (refused.status, '<form method="post" action="/fresh-link"' in refused.text) == (404, True)
    assert "Now look in your inbox" in asks_for_link(ann).text
    assert ann.emails[-1].tags["email"] == "fresh-link"
    assert ann.page_url != old
    assert world.request("GET", ann.page_url).status == 200


def test_an_unsubscribed_subscriber_can_still_read_their_journal(world: World) -> None:
    ann = Person(world).joins()
    ann.replies("I never said it.")
    world.request("POST", ann.link("/unsubscribe/"))
    asks_for_link(ann)
    assert ann.emails[-1].tags["email"] == "fresh-link"
    assert "I never said it." in ann.journal
    assert ann.row["status"] == "unsubscribed"


def test_an_expired_confirmation_link_is_replaced_by_the_form(world: World) -> None:
    """It acts as a second sign-up with the first one's name and hour, within the same limits."""
    ann = Person(world, hour=21)
    ann.signs_up()
    asks_for_link(ann)
    assert len(ann.emails) == 1, "at most one a day"
    without_schedules(world, timedelta(days=4))
    asks_for_link(ann)
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "confirm"]
    ann.confirms()
    assert (ann.row["first_name"], ann.row["hour"], ann.row["zone"]) == ("Ann", 21, "Europe/Berlin")


def test_s9_s10_new_links_have_the_same_limits_as_sign_ups(world: World) -> None:
    ann = Person(world).joins()
    answers = {(answer.status, without_stamp(answer)) for answer in (asks_for_link(ann) for _ in range(9))}
    assert len(answers) == 1
    assert emails(ann).count("fresh-link") == 1
    refused = asks_for_link(ann, address="somebody@example.net")
    assert refused.status == 429, "the sign-up was the first of ten"
    assert 'value="somebody@example.net"' in refused.text
    for _ in range(8):
        without_schedules(world, timedelta(days=1, minutes=1))
        asks_for_link(ann)
    assert emails(ann).count("fresh-link") == 6


def test_s11_the_link_form_does_not_reveal_which_addresses_are_known(world: World) -> None:
    """The answers are the same bytes except for the typed address; only the mailbox learns more."""
    names = ("pending", "active", "unsubscribed", "bounced", "stranger")
    people = {name: Person(world, f"{name}@example.net", source_ip=f"203.0.113.{n}") for n, name in enumerate(names)}
    people["pending"].signs_up()
    for name in ("active", "unsubscribed", "bounced"):
        people[name].joins()
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].emails[-1])
    without_schedules(world, timedelta(days=2))
    sent, answers = len(world.emails), set()
    for person in people.values():
        answer = asks_for_link(person)
        answers.add((answer.status, without_stamp(answer).replace(person.address, "")))
    assert len(answers) == 1
    assert {email.address.partition("@")[0]: email.tags["email"] for email in world.emails[sent:]} == {
        "pending": "confirm",
        "active": "fresh-link",
        "unsubscribed": "fresh-link",
    }
    # And it uses up no limit of a stranger: they may still sign up today.
    people["stranger"].signs_up()
    assert len(people["stranger"].emails) == 1


STATES = (
    "pending",
    "active",
    "paused",
    "completed",
    "unsubscribed",
    "bounced",
    "complained",
    "suppressed",
    "erased",
    "asked twice today",
    "never seen",
)
FORMS = {
    "sign-up": ("/sign-up", {}),
    "in a frame": ("/embed", {}),
    "once more": ("/sign-up", {"then": "once-more"}),
    "new link": ("/fresh-link", {}),
}


def in_every_state(world: World) -> dict[str, Person]:
    """One person in each of STATES."""
    people = {
        state: Person(world, f"{state.replace(' ', '')}@example.net", source_ip=f"203.0.113.{n}")
        for n, state in enumerate(STATES)
    }
    for state in STATES[1:9]:
        people[state].joins()
    clients.subscribers().change(
        str(people["completed"].row["id"]),
        lambda one: replace(one, status=Status.COMPLETED, next_lesson=None, due_at=None),
    )
    people["paused"].presses("pause")
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].emails[-1])
    world.complained(people["complained"].emails[-1])
    world.complained(people["suppressed"].emails[-1])
    clients.subscribers().erase(str(people["suppressed"].row["id"]))
    without_schedules(world, timedelta(days=2))
    people["pending"].signs_up()
    people["erased"].erases()
    people["asked twice today"].signs_up()
    without_schedules(world, timedelta(minutes=11))
    people["asked twice today"].signs_up(then="once-more")
    known = {str(row["address"]).partition("@")[0]: row["status"] for row in world.subscribers()}
    assert known == {"askedtwicetoday": "pending"} | {state: state for state in STATES[:7]}
    return people


def test_s18_every_state_of_an_address_makes_the_same_calls_and_shows_the_same_page(world: World) -> None:
    """Compared by operation, table and fields.

    Differences come after the queue, where no request waits for them.
    """
    people = in_every_state(world)
    for form, (path, more) in FORMS.items():
        without_schedules(world, timedelta(hours=1))  # the limits of the hour start again
        filled, made, shown = people["never seen"].form() | more, set(), set()
        for person in people.values():
            mine = filled | {"address": person.address}
            with recorded("sign_up", world) as calls:
                answer = world.request("POST", path, form=mine, source_ip=person.source_ip, drain=False)
            made.add(tuple(calls))
            shown.add((answer.status, tuple(answer.headers.items()), answer.text.replace(person.address, "")))
        world.drain()
        assert len(shown) == 1, form
        assert len(made) == 1, form
        kept = [("PutItem", "Subscribers"), ("SendMessage", "Outbox")]
        assert [call[:2] for call in made.pop()] == [("UpdateItem", "Limits")] * 3 + kept, form


Made = tuple[str, str, str]


@contextmanager
def recorded(function: str, world: World) -> Iterator[list[Made]]:
    """Records a function's AWS calls: operation, table or queue, and parameters without values."""
    names = {str(world.resources.ref(name)): name for name in ("Limits", "Outbox", "Subscribers", "Suppressions")}
    calls: list[Made] = []

    def note(_service: str, operation: str, given: dict[str, Any]) -> None:
        if world.functions.running and world.functions.running.name == function:
            about = str(given.get("TableName") or given.get("QueueUrl"))
            calls.append((operation, names[about], shape(given)))

    with patch.object(world.functions, "note", note):
        yield calls


def shape(given: object) -> str:
    """The fields of a call at any depth, and the kind of key.

    The values are left out, because they differ with the address.
    """
    if isinstance(given, dict):
        return str({name: shape(value) for name, value in given.items()})
    if isinstance(given, str) and given.startswith("{"):
        return shape(json.loads(given))
    return str(given).partition("#")[0] if isinstance(given, str) and "#" in given else type(given).__name__


def test_s12_a_link_form_from_a_program_or_with_a_malformed_address_does_nothing(world: World) -> None:
    ann = Person(world).joins()
    with unchanged(world):
        for changed in ({"website": "x"}, {"form_time": ""}, {"form_time": "1.a"}):
            assert asks_for_link(ann, **changed).status == 200
    for address in MALFORMED:
        with unchanged(world):
            answer = asks_for_link(ann, address=address)
        assert (answer.status, 'href="#address"' in answer.text) == (400, True)
        assert "<script>alert" not in answer.text
