"""Notices: how a message is read, and that no email or journal link goes to a changed address."""

from dataclasses import replace
from datetime import timedelta

from aws import clients
from course import tokens
from course.record import Held
from local_cloud.cloud import World
from services.sending.notices import Notice
from tests.metrics import goes_off
from tests.people import Person
from tests.stories import reads


def test_a_notice_is_read_from_its_message_with_or_without_lines_below_it() -> None:
    message = {"notice": "paused", "subscriber": "a" * 16, "epoch": 1, "key": "k"}
    assert Notice.read(message) == Notice("paused", "a" * 16, 1, "k")
    assert Notice.read(message | {"told": ["by_link"]}).told == ("by_link",)


def test_p5_no_email_goes_to_an_address_that_an_attacker_stored(world: World) -> None:
    """An attacker stores another address, and makes the closing letter next, with the whole journal."""
    ann = reads(Person(world), 1)
    ann.replies("That is what I should have said first.")
    ann.replies("YES")
    stored = clients.subscribers().get(str(ann.row["id"]))
    assert stored
    clients.subscribers().change(
        stored.id,
        lambda now: replace(now, address="m@example.org", next_lesson="keep-showing-up", due_at=world.now()),
    )
    world.advance(timedelta(days=2))
    assert not world.mails_to("m@example.org")
    row = next(row for row in world.rows("Subscribers") if row["id"] == stored.id)
    assert (row["held"], row["next_lesson"]) == (Held.ADDRESS_CHANGED, "keep-showing-up")
    assert goes_off(world.resources.properties("HeldAlarm"), world)


def test_p5_a_journal_link_goes_only_to_the_address_that_the_id_was_made_from(world: World) -> None:
    ann = reads(Person(world), 1)
    stored = clients.subscribers().get(str(ann.row["id"]))
    assert stored
    clients.subscribers().change(stored.id, lambda current: replace(current, address="m@example.org"))
    world.request("POST", f"{ann.page_url}/journal", form={})
    assert not world.mails_to("m@example.org")
    assert not [row for row in world.rows("Reflections") if str(row["subscriber"]).startswith("links#")]
    assert tokens.subscriber_id(clients.keys(), stored.course, stored.address) == stored.id
