"""Confirming: only a pressed button or a reply confirms, once, and only the sign-up that the link was made for."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta

import pytest

from aws.subscribers import Subscribers
from course import tokens
from course.forms import CONSENT_VERSION
from course.subscriber import Subscriber
from course.tokens import Keyring, Purpose
from local_cloud.cloud import World
from tests.people import Person
from tests.stories import a_key_is_added, next_email, nothing_comes, unchanged, without_schedules


def test_the_button_starts_the_course_at_once(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    page = ann.confirms()

    assert page.status == 200
    assert "The introduction is on its way" in page.text
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]
    assert (ann.row["status"], ann.row["first_name"], ann.row["zone"], ann.row["hour"]) == (
        "active",
        "Ann",
        "Europe/Berlin",
        7,
    )


def proof(world: World) -> dict[str, object]:
    """The proof of the one consent that was confirmed."""
    [found] = [row for row in world.rows("Subscribers") if str(row["id"]).startswith("consent#")]
    return found


@pytest.mark.parametrize("by", ["button", "reply"])
@pytest.mark.parametrize(("path", "source"), [("/sign-up", "page"), ("/embed", "embed")])
def test_the_proof_of_consent_has_the_text_the_page_and_the_times(
    world: World, by: str, path: str, source: str
) -> None:
    ann = Person(world)
    ann.signs_up(path=path)
    asked_at = world.now()
    without_schedules(world, timedelta(hours=2))
    if by == "button":
        ann.confirms()
    else:
        ann.replies("YES", ann.emails[0])
    found = proof(world)
    assert (found["text"], found["language"], found["source"], found["by"]) == (CONSENT_VERSION, "en", source, by)
    asked, given = (datetime.fromisoformat(str(found[name])) for name in ("asked_at", "given_at"))
    assert abs(asked - asked_at) < timedelta(minutes=1)
    assert abs(given - world.now()) < timedelta(minutes=1)


def test_a_fresh_link_keeps_the_first_proof(world: World) -> None:
    """Asking for the confirmation email once more is not another consent."""
    ann = Person(world)
    ann.signs_up()
    first = world.now()
    without_schedules(world, timedelta(days=2))
    ann.asks_for_a_link()
    ann.confirms()
    found = proof(world)
    assert abs(datetime.fromisoformat(str(found["asked_at"])) - first) < timedelta(minutes=1)
    assert found["epoch"] == ann.row["epoch"]


def test_c1_looking_confirms_nothing(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    link = ann.link("/confirm/")
    with unchanged(world):
        for _ in range(10):
            page = world.request("GET", link)
            assert page.status == 200
            assert "Confirm and begin" in page.text
            world.request("HEAD", link)
            world.request("OPTIONS", link)
    # A scanner that runs scripts finds only ours, which changes nothing, and no form that submits itself.
    assert not re.search(r'<script(?! src="/page\.js" defer></script>)|onload|http-equiv|<iframe|<img', page.text)
    assert "script-src 'self'" in page.headers["content-security-policy"]


def test_c1_looking_again_after_confirming_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    link = ann.link("/confirm/", ann.emails[0])
    with unchanged(world):
        for method in ("GET", "HEAD", "OPTIONS") * 10:
            page = world.request(method, link)
    assert "You are in the course already" in world.request("GET", link).text
    assert page.status < 500


def test_c2_confirming_twice_is_one_activation_and_one_introduction(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    link = ann.link("/confirm/")
    first = world.request("POST", link, form={}, drain=False)
    second = world.request("POST", link, form={}, drain=False)
    world.drain()
    third = world.request("POST", link, form={})

    for page in (first, second, third):
        assert page.status == 200
        assert "Your address is confirmed" in page.text
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]
    assert ann.row["round"] == 1

    lesson = next_email(world)
    assert lesson.tags["email"] == "acknowledge"
    with unchanged(world):
        assert world.request("POST", link, form={}).status == 200


def test_c2_confirming_in_two_tabs_at_the_same_moment_is_one_activation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second tab's write happens between the first one's read and write."""
    ann = Person(world)
    ann.signs_up()
    link = ann.link("/confirm/")
    save, faster = Subscribers.save, iter([True])

    def save_after_another(table: Subscribers, subscriber: Subscriber) -> Subscriber | None:
        if next(faster, None):
            assert save(table, subscriber)
        return save(table, subscriber)

    monkeypatch.setattr(Subscribers, "save", save_after_another)
    assert world.request("POST", link, form={}).status == 200
    assert ann.row["status"] == "active"
    assert ann.row["round"] == 1
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro"]


def test_c3_an_invalid_token_confirms_nothing(world: World) -> None:
    ann = Person(world)
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9")
    ann.signs_up()
    bob.signs_up()
    path, token = ann.link("/confirm/").rsplit("/", 1)
    raw = bytearray(urlsafe_b64decode(token))
    other = urlsafe_b64decode(bob.link("/confirm/").rsplit("/", 1)[1])
    foreign = urlsafe_b64encode(bytes(raw[:1] + other[1:11] + raw[11:])).decode()
    later = urlsafe_b64encode(bytes(raw[:13] + b"\0\0\0\0" + raw[17:])).decode()
    gone = Keyring({"9": "k" * 64})
    epoch = int(str(ann.row["sign_up"]["epoch"]))  # type: ignore[index]
    old_key = tokens.link(gone, Purpose.CONFIRM, str(ann.row["id"]), epoch, world.now() + timedelta(hours=1))
    for bad in (
        token[:-1],
        token[:20],
        token[1:],
        token + "A",
        token + "=",
        token.upper(),
        token.lower(),
        token.swapcase(),
        foreign,
        later,
        old_key,
        ann.link("/unsubscribe/").rsplit("/", 1)[1],
        tokens.link(gone, Purpose.PAGE, str(ann.row["id"]), epoch),
        ann.emails[-1].reply_to[0].partition("@")[0],
        "A" * 44,
        "x",
        "%00",
        "%C3%BC",
        "%FF",
        "..%2F..%2Fetc",
        "%3Cscript%3E",
    ):
        for method in ("GET", "POST"):
            with unchanged(world):
                page = world.request(method, f"{path}/{bad}")
            assert page.status == 404, (method, bad)
            assert 'href="/"' in page.text  # a link to a new sign-up
            assert len(bad) < 10 or bad not in page.text
    assert world.request("POST", f"{path}/{token}").status == 200


def test_a_link_that_was_signed_with_a_key_just_added_confirms(world: World) -> None:
    """The process that answers started before the key was added."""
    ann = Person(world)
    with a_key_is_added(world):
        ann.signs_up()
    assert world.request("GET", ann.link("/confirm/")).status == 200
    assert ann.confirms().status == 200
    assert ann.row["status"] == "active"


def test_c3_an_expired_token_confirms_nothing(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    link = ann.link("/confirm/")
    without_schedules(world, timedelta(hours=71, minutes=50))
    assert world.request("GET", link).status == 200
    without_schedules(world, timedelta(minutes=11))
    for method in ("GET", "POST"):
        with unchanged(world):
            page = world.request(method, link)
        assert page.status == 404
        assert "Have a new link sent" in page.text

    # A new sign-up works, and does not make the old link valid again.
    ann.signs_up()
    with unchanged(world):
        assert world.request("POST", link).status == 404
    assert ann.confirms().status == 200
    assert ann.row["status"] == "active"


@pytest.mark.parametrize("what", ["unsubscribed", "complained", "bounced", "erased"])
def test_c4_a_stopped_or_erased_subscriber_cannot_confirm(world: World, what: str) -> None:
    ann = Person(world)
    ann.signs_up()
    link = ann.link("/confirm/")
    if what == "unsubscribed":
        world.request("POST", ann.link("/unsubscribe/"))
    elif what == "complained":
        world.complained(ann.emails[-1])
    elif what == "bounced":
        world.bounced(ann.emails[-1])
    else:
        key = {"id": {"S": str(ann.row["id"])}}
        world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key=key)
    assert [row["status"] for row in world.subscribers()] == ([] if what == "erased" else [what])
    for method in ("GET", "POST"):
        with unchanged(world):
            page = world.request(method, link)
        assert page.status == 404
        assert "This link no longer works" in page.text
    assert nothing_comes(world)


def test_c4_confirming_again_after_leaving_the_course_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    link = ann.link("/confirm/", ann.emails[0])
    world.request("POST", ann.link("/unsubscribe/"))
    with unchanged(world):
        assert world.request("POST", link).status == 404


def test_every_link_in_the_confirmation_email_works_before_confirming(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    ours = [url for _, url in ann.emails[-1].links() if url.startswith(world.parameters["SiteUrl"])]
    assert len(ours) >= 2
    assert [world.request("GET", url).status for url in ours] == [200] * len(ours)
