"""Notices: which still go out when they are asked for, and where a journal link goes."""

from dataclasses import replace

from aws import clients
from course import tokens
from local_cloud.cloud import World
from services.sending.notices import Notice
from tests.people import Person
from tests.stories import reads


def test_a_notice_is_read_from_its_message_with_or_without_lines_below_it() -> None:
    message = {"notice": "paused", "subscriber": "a" * 16, "epoch": 1, "key": "k"}
    assert Notice.read(message) == Notice("paused", "a" * 16, 1, "k")
    assert Notice.read(message | {"told": ["by_link"]}).told == ("by_link",)


def test_p5_a_journal_link_goes_to_no_address_but_the_one_the_id_was_made_of(world: World) -> None:
    ann = reads(Person(world), 1)
    stored = clients.subscribers().get(str(ann.row["id"]))
    assert stored
    clients.subscribers().change(stored.id, lambda current: replace(current, address="m@example.org"))
    world.request("POST", f"{ann.page_url}/journal", form={})
    assert not world.mails_to("m@example.org")
    assert not [row for row in world.rows("Reflections") if str(row["subscriber"]).startswith("links#")]
    assert tokens.subscriber_id(clients.keys(), stored.course, stored.address) == stored.id
