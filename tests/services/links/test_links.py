"""Links: a token names its subscriber and sign-up, and works for its purpose only."""

from datetime import timedelta

import pytest

from aws import clients
from course import tokens
from course.errors import InvalidToken, UnknownKey
from course.tokens import Keyring, LinkToken, Purpose
from local_cloud.cloud import World
from services import links
from tests.people import Person
from tests.stories import a_key_is_added, reads, without_schedules


def token_of(person: Person, part: str) -> str:
    """The token of a link in the last email."""
    return person.link(part).rpartition("/")[2]


def test_a_token_names_its_subscriber_and_sign_up(world: World) -> None:
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
        with pytest.raises(InvalidToken, match="made for another purpose"):
            read(purpose, token_of(ann, "/unsubscribe/"), world.now())


def test_a_token_is_valid_until_it_expires(world: World) -> None:
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


def test_a_key_just_added_is_fetched_and_a_key_that_never_existed_is_unknown(world: World) -> None:
    ann = Person(world)
    with a_key_is_added(world):
        ann.joins()
    assert links.read(Purpose.UNSUBSCRIBE, token_of(ann, "/unsubscribe/"), world.now()).subscriber == ann.row["id"]
    forged = tokens.link(Keyring({"9": "k" * 64}), Purpose.UNSUBSCRIBE, str(ann.row["id"]), 1)
    with pytest.raises(UnknownKey):
        links.read(Purpose.UNSUBSCRIBE, forged, world.now())


# ---------------------------------------------------------------- journal links


def journal_links(person: Person) -> list[str]:
    """Every journal link that was mailed."""
    return [url for email in person.emails for _, url in email.links() if "/journal/" in url]


def test_p3_at_most_three_journal_links_are_mailed_a_day(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.presses("journal")
    ann.presses("journal")  # twice in a minute counts once
    ann.replies("JOURNAL")
    ann.replies("EXPORT")
    assert len(set(journal_links(ann))) == 3
    world.advance(timedelta(minutes=2))
    refused = ann.presses("journal")
    assert "Three links were mailed today" in refused.text
    ann.replies("JOURNAL")
    assert len(set(journal_links(ann))) == 3
    world.advance(timedelta(days=1))
    ann.presses("journal")
    assert len(set(journal_links(ann))) == 4


def test_p3_a_journal_link_is_refused_after_24_hours(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I never said it.")
    link = ann.journal_url
    without_schedules(world, timedelta(hours=23, minutes=50))
    assert "I never said it." in world.request("POST", link, form={}).text
    without_schedules(world, timedelta(minutes=11))
    for method in ("GET", "POST"):
        answer = world.request(method, link, form={} if method == "POST" else None)
        assert (answer.status, "This link no longer works" in answer.text) == (404, True)


def test_p3_ending_all_links_works_at_once_and_mails_one_new_link_beyond_the_three(world: World) -> None:
    ann = reads(Person(world), 1)
    for command in ("JOURNAL", "JOURNAL", "EXPORT"):
        ann.replies(command)
    page, old, unsubscribe = ann.page_url, journal_links(ann), ann.link("/unsubscribe/")
    assert world.request("POST", f"{old[-1]}/end-links", form={}).status == 200
    for url in (page, f"{page}/pause", *old):
        assert world.request("GET", url).status == 404
    new = set(journal_links(ann)) - set(old)
    assert len(new) == 1
    assert world.request("POST", new.pop(), form={}).status == 200
    assert world.request("GET", ann.page_url).status == 200, "the email has a new course-page link"
    world.request("POST", unsubscribe, form={"List-Unsubscribe": "One-Click"})
    assert ann.row["status"] == "unsubscribed", "stopping always works"
