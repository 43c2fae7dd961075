"""The forms of the public pages: a new link for all courses of an address, whoever asks for it."""

import re
from datetime import timedelta

from local_cloud.api import Response
from local_cloud.cloud import World
from tests.people import Person
from tests.stories import asleep, unchanged
from tests.test_sign_up import MALFORMED


def asks_for_link(person: Person, **changed: str) -> Response:
    """Fills in the form of `/fresh-link`, ten seconds after opening it."""
    page = person.world.request("GET", "/fresh-link").text
    form_time = re.search(r'name="form_time" value="([^"]+)"', page)
    assert form_time
    person.world.advance(timedelta(seconds=10))
    form = {"address": person.address, "form_time": form_time[1], "website": ""} | changed
    return person.world.request("POST", "/fresh-link", form=form, source_ip=person.source_ip)


def test_a_link_that_is_too_old_is_had_anew(world: World) -> None:
    ann = Person(world).joins()
    old = ann.page_url
    ann.presses("pause")
    asleep(world, timedelta(days=31))
    refused = world.request("GET", old)
    assert (refused.status, '<form method="post" action="/fresh-link"' in refused.text) == (404, True)
    assert "Now look in your inbox" in asks_for_link(ann).text
    assert ann.mails[-1].tags["email"] == "fresh-link"
    assert ann.page_url != old
    assert world.request("GET", ann.page_url).status == 200


def test_who_has_left_still_gets_at_what_they_wrote(world: World) -> None:
    ann = Person(world).joins()
    ann.replies("I never said it.")
    world.request("POST", ann.link("/unsubscribe/"))
    asks_for_link(ann)
    assert ann.mails[-1].tags["email"] == "fresh-link"
    assert "I never said it." in ann.journal
    assert ann.row["status"] == "unsubscribed"


def test_a_confirmation_that_is_too_old_is_had_anew(world: World) -> None:
    """As if they had signed up once more, with the name and the hour of back then, and within the same limits."""
    ann = Person(world, hour=21)
    ann.signs_up()
    asks_for_link(ann)
    assert len(ann.mails) == 1, "one a day"
    asleep(world, timedelta(days=4))
    asks_for_link(ann)
    assert [mail.tags["email"] for mail in ann.mails] == ["confirm", "confirm"]
    ann.confirms()
    assert (ann.row["first_name"], ann.row["hour"], ann.row["zone"]) == ("Ann", 21, "Europe/Berlin")


def test_s9_s10_links_are_limited_as_sign_ups_are(world: World) -> None:
    ann = Person(world).joins()
    answers = {(answer.status, answer.body) for answer in (asks_for_link(ann) for _ in range(30))}
    assert len(answers) == 1
    assert [mail.tags["email"] for mail in ann.mails].count("fresh-link") == 1
    statuses = [asks_for_link(ann, address=f"somebody{n}@example.net").status for n in range(6)]
    assert statuses == [200] * 4 + [429] * 2  # Ann was the first of five
    for _ in range(5):
        asleep(world, timedelta(days=1, minutes=1))
        asks_for_link(ann)
    assert [mail.tags["email"] for mail in ann.mails].count("fresh-link") == 3


def test_s11_no_answer_of_the_link_form_tells_who_is_known(world: World) -> None:
    """The same bytes, after the same work: a stranger's request reads and writes what a subscriber's does."""
    names = ("pending", "active", "unsubscribed", "bounced", "stranger")
    people = {name: Person(world, f"{name}@example.net", source_ip=f"203.0.113.{n}") for n, name in enumerate(names)}
    people["pending"].signs_up()
    for name in ("active", "unsubscribed", "bounced"):
        people[name].joins()
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].mails[-1])
    asleep(world, timedelta(days=2))
    sent, called = len(world.mails), len(world.calls)
    answers, work = {}, {}
    for name, person in people.items():
        answers[name] = asks_for_link(person)
        mine = [call.operation for call in world.calls[called:] if call.function == "sign_up"]
        work[name], called = [call for call in mine if call != "sqs:SendMessage"], len(world.calls)
    assert len({(answer.status, tuple(answer.headers.items()), answer.body) for answer in answers.values()}) == 1
    asked_for = {mail.address.partition("@")[0]: mail.tags["email"] for mail in world.mails[sent:]}
    assert {name: email for name, email in asked_for.items() if email in ("confirm", "fresh-link")} == {
        "pending": "confirm",
        "active": "fresh-link",
        "unsubscribed": "fresh-link",
    }
    assert work["stranger"] == work["active"] == work["unsubscribed"] == work["bounced"]
    # And it takes nobody's place: the stranger may still sign up today.
    people["stranger"].signs_up()
    assert len(people["stranger"].mails) == 1


def test_s12_a_link_form_that_no_person_filled_in(world: World) -> None:
    ann = Person(world).joins()
    with unchanged(world):
        for changed in ({"website": "x"}, {"form_time": ""}, {"form_time": "1.a"}):
            assert asks_for_link(ann, **changed).status == 200
    for address in MALFORMED:
        with unchanged(world):
            answer = asks_for_link(ann, address=address)
        assert (answer.status, 'href="#address"' in answer.text) == (400, True)
        assert "<script>alert" not in answer.text
