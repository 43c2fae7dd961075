"""Links: what a token says, for its own purpose only, and the subscriber that it was made for."""

from datetime import timedelta

import pytest

from aws import clients
from course import tokens
from course.errors import InvalidToken, UnknownKey
from course.tokens import Keyring, LinkToken, Purpose
from local_cloud.cloud import World
from services import links
from tests.people import Person
from tests.stories import a_key_is_added


def token_of(person: Person, part: str) -> str:
    """The token of a link in the last email."""
    return person.link(part).rpartition("/")[2]


def test_a_token_says_its_subscriber_and_sign_up(world: World) -> None:
    ann = Person(world).joins()
    said = LinkToken(str(ann.row["id"]), int(str(ann.row["epoch"])))
    token = token_of(ann, "/unsubscribe/")
    assert links.read(Purpose.UNSUBSCRIBE, token, world.now()) == said
    link, subscriber = links.followed(Purpose.UNSUBSCRIBE, token, world.now())
    assert link == said
    assert subscriber
    assert (subscriber.id, subscriber.address) == (said.subscriber, ann.address)


@pytest.mark.parametrize("purpose", [Purpose.CONFIRM, Purpose.PAGE])
def test_a_token_of_another_purpose_is_invalid(world: World, purpose: Purpose) -> None:
    ann = Person(world).joins()
    for read in (links.read, links.followed):
        with pytest.raises(InvalidToken, match="of another purpose"):
            read(purpose, token_of(ann, "/unsubscribe/"), world.now())


def test_a_token_is_read_as_of_a_time(world: World) -> None:
    ann = Person(world).joins()
    token = ann.page_url.rpartition("/")[2]
    late = world.now() + tokens.PAGE_LIFE - timedelta(minutes=2)
    assert links.read(Purpose.PAGE, token, late).subscriber == ann.row["id"]
    with pytest.raises(InvalidToken, match="expired"):
        links.read(Purpose.PAGE, token, world.now() + tokens.PAGE_LIFE)


def test_the_link_of_an_erased_subscriber_is_genuine_and_finds_no_subscriber(world: World) -> None:
    ann = Person(world).joins()
    subscriber_id, token = str(ann.row["id"]), token_of(ann, "/unsubscribe/")
    clients.subscribers().erase(subscriber_id)
    link, subscriber = links.followed(Purpose.UNSUBSCRIBE, token, world.now())
    assert (link.subscriber, subscriber) == (subscriber_id, None)


def test_a_key_that_was_just_added_is_fetched_and_one_that_was_never_there_is_unknown(world: World) -> None:
    ann = Person(world)
    with a_key_is_added(world):
        ann.joins()
    assert links.read(Purpose.UNSUBSCRIBE, token_of(ann, "/unsubscribe/"), world.now()).subscriber == ann.row["id"]
    forged = tokens.link(Keyring({"9": "k" * 64}), Purpose.UNSUBSCRIBE, str(ann.row["id"]), 1)
    with pytest.raises(UnknownKey):
        links.read(Purpose.UNSUBSCRIBE, forged, world.now())
