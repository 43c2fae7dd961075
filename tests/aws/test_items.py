"""Items: they are read as they were stored, and stay small."""

from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws.items import from_wire, reflection_item, subscriber_from, subscriber_item, to_wire
from aws.subscribers import Row, Subscribers
from course.errors import UnreadableSubscriber
from course.limits import UNCONFIRMED_LIFE
from course.record import EPOCH_START, Claim, Held, SignUp, Status
from course.reflection import Reflection
from course.subscriber import SOFT_BOUNCES, Subscriber

if TYPE_CHECKING:
    from tests.aws.dynalite import Database


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PLAN = (
    "intro",
    "acknowledge",
    "own-it",
    "apology-in-action",
    "no-rush-to-forgiveness",
    "safety-first",
    "keep-showing-up",
)
FULL = Subscriber(
    id="annannannannanna",
    course="rebuild-trust",
    address="ann.margarethe.mustermann@mail.example.net",
    status=Status.ACTIVE,
    epoch=1057,
    round=2,
    plan=PLAN,
    next_lesson="keep-showing-up",
    due_at=NOW,
    first_name="Ann-Margarethe",
    zone="America/Argentina/Buenos_Aires",
    hour=21,
    claim=Claim("0123456789abcdef", "keep-showing-up", NOW, NOW + timedelta(days=1), date(2026, 11, 22), NOW, "0102-1"),
    sent={lesson: NOW - timedelta(days=7 - day) for day, lesson in enumerate(PLAN)},
    last_day=date(2026, 11, 23),
    last_at=NOW,
    message_id="0102019ab1c2d3e4-5f607182-93a4-4b5c-8d6e-7f8091a2b3c4-000000",
    sign_up=SignUp(1058, NOW, "Ann", "Europe/Berlin", 0, email_sent=True),
    paused_until=date(2026, 12, 24),
    held=Held.ADDRESS,
    kept_on=date(2026, 11, 23),
    unsettled={"00112233445566aa": "keep-showing-up"},
    soft_bounces=("fedcba98",),
    bounce_pauses=2,
    obeyed=tuple(f"{number:012}" for number in range(5)),
    mention_other_address_in=1,
    mention_reply_in=1,
    links_ended=1,
    version=30,
)
"""A subscriber with a value in every field, more than any real subscriber has at once."""

times = st.integers(0, 2_000_000_000).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
days = st.dates(date(2024, 1, 1), date(2099, 12, 31))
words = st.text(max_size=60)
some = st.text(min_size=1, max_size=40)
claims = st.builds(
    Claim,
    attempt=some,
    email=some,
    at=times,
    retry_at=times,
    previous_day=st.none() | days,
    previous_at=st.none() | times,
    earlier_message_id=words,
)
sign_ups = st.builds(
    SignUp, epoch=st.integers(0, 65535), at=times, first_name=words, zone=some, hour=st.integers(0, 23)
)
subscribers_of_any_kind = st.builds(
    Subscriber,
    id=st.just("annannannannanna"),
    course=some,
    address=some,
    status=st.sampled_from(Status),
    epoch=st.integers(0, 65535),
    round=st.integers(0, 1000),
    plan=st.lists(some, max_size=9).map(tuple),
    next_lesson=st.none() | some,
    due_at=st.none() | times,
    first_name=words,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]),
    hour=st.integers(0, 23),
    claim=st.none() | claims,
    sent=st.dictionaries(st.from_regex(r"[a-z0-9-]{1,40}", fullmatch=True), times, max_size=9),
    last_day=st.none() | days,
    last_at=st.none() | times,
    message_id=words,
    sign_up=st.none() | sign_ups,
    held=st.sampled_from(Held),
    unsettled=st.dictionaries(some, some, max_size=3),
    paused_until=st.none() | days,
    soft_bounces=st.lists(some, max_size=5).map(tuple),
    obeyed=st.lists(some, max_size=5).map(tuple),
    bounce_pauses=st.none() | st.integers(1, 3),
    kept_on=st.none() | days,
    mention_other_address_in=st.none() | st.integers(1, 2),
).map(lambda someone: replace(someone, plan=(*someone.plan, someone.next_lesson)) if someone.next_lesson else someone)


@pytest.fixture
def subscribers(database: "Database") -> Subscribers:
    return Subscribers(database.client, database.table("Subscribers"))


def waiting(subscriber_id: str, due_at: datetime = NOW, **changed: Any) -> Subscriber:
    """Makes a subscriber with the first lesson due."""
    known: dict[str, Any] = {"status": Status.ACTIVE, "round": 1, "plan": PLAN, "next_lesson": "acknowledge"}
    return Subscriber(subscriber_id, "rebuild-trust", "ann@example.net", due_at=due_at, **known | changed)


# ---------------------------------------------------------------- an item is read as it was stored


def test_the_full_subscriber_uses_every_field() -> None:
    """Otherwise the tests below would miss a new field."""
    for part in (FULL, FULL.claim, FULL.sign_up):
        assert part
        for field in fields(part):
            default = field.default_factory() if field.default_factory is not MISSING else field.default
            assert getattr(part, field.name) != default, f"give {field.name} a value that is not its default"


def test_every_field_is_read_as_it_was_stored(subscribers: Subscribers) -> None:
    stored = subscribers.save(replace(FULL, version=0))
    assert stored == replace(FULL, version=1)
    assert subscribers.get(FULL.id) == stored
    assert subscribers.get("nobody") is None


def test_a_renamed_field_keeps_its_stored_name() -> None:
    """Code before and after the renaming reads the same items."""
    item = from_wire(to_wire(subscriber_item(FULL)))
    assert (item["another"], item["heard"], item["sign_up"]["mailed"], item["claim"]["taken"]) == (1, 1, True, "0102-1")
    new_names = {"mention_other_address_in", "mention_reply_in", "email_sent", "earlier_message_id", "proven"}
    assert new_names.isdisjoint({*item, *item["sign_up"], *item["claim"]})
    unproven = Reflection(FULL.id, 1, "acknowledge", NOW, "mail-1", "I lied.", "token", proven=False)
    assert reflection_item(unproven)["verified"] is False


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(subscriber=subscribers_of_any_kind)
def test_any_subscriber_is_read_as_it_was_stored(subscribers: Subscribers, subscriber: Subscriber) -> None:
    earlier = subscribers.get(subscriber.id)
    stored = subscribers.save(replace(subscriber, version=earlier.version if earlier else 0))
    assert stored
    assert subscribers.get(subscriber.id) == stored
    assert list(subscribers.all()) == [Row(stored.id, stored, stored.has_next_email)]


def test_an_empty_field_is_not_stored(subscribers: Subscribers, database: "Database") -> None:
    """Every write bills the whole item."""
    subscribers.save(Subscriber("annannannannanna", "rebuild-trust", "ann@example.net"))
    assert set(database.items(subscribers._table)[0]) == {
        "id", "course", "address", "status", "epoch", "round", "zone", "hour", "version",
    }  # fmt: skip


def test_only_an_unconfirmed_sign_up_expires(subscribers: Subscribers, database: "Database") -> None:
    sign_up = SignUp(1057, NOW, "Ann", "Europe/Berlin", 7)
    pending = Subscriber("annannannannanna", "rebuild-trust", "ann@example.net").signing_up(sign_up)
    stored = subscribers.save(pending)
    assert stored
    [item] = database.items(subscribers._table)
    expires = NOW + UNCONFIRMED_LIFE
    assert item["expires_at"] == {"N": str(int(expires.timestamp()))}
    since = EPOCH_START + timedelta(days=1057)
    stopped = subscriber_item(stored.stopped(Status.UNSUBSCRIBED))
    assert stopped["expires_at"] == int((since + UNCONFIRMED_LIFE).timestamp())
    assert subscriber_item(replace(stored, held=Held.IN_DOUBT))["expires_at"] == int(expires.timestamp())
    subscribers.save(stored.confirmed(1057, PLAN, NOW))
    [item] = database.items(subscribers._table)
    assert "expires_at" not in item
    returning = replace(pending, id="bobbobbobbobbobb", status=Status.UNSUBSCRIBED, round=1)
    subscribers.save(returning)
    assert not [item for item in database.items(subscribers._table) if "expires_at" in item]


# ---------------------------------------------------------------- the size of an item


def size(value: dict[str, Any]) -> int:
    """Bytes of a value by DynamoDB's rule (developer guide, "Item sizes and formats")."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(str(content).encode())
        case "N":
            digits = str(content).lstrip("-").replace(".", "").strip("0")
            return (len(digits) + 1) // 2 + 1 + str(content).startswith("-")
        case "L":
            return 3 + sum(1 + size(part) for part in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + size(part) for name, part in content.items())
        case _:  # BOOL, NULL
            return 1


def item_size(subscriber: Subscriber) -> int:
    wire = to_wire(subscriber_item(subscriber))
    return sum(len(name.encode()) + size(value) for name, value in wire.items())


def test_size_follows_the_rule_of_dynamodb() -> None:
    """The guide's own examples of a number and of an attribute's name and value."""
    assert size({"N": "27"}) == 2
    assert size({"N": "-27"}) == 3
    assert size({"S": "Fork"}) == 4
    assert size({"L": []}) == 3
    assert size({"M": {"a": {"BOOL": True}}}) == 3 + 1 + 1 + 1


def test_an_item_stays_under_one_kilobyte_through_a_whole_course() -> None:
    """A write unit is 1 KB of the whole item.

    The address, name and zone are long, and no answer of SES was lost.
    """
    assert FULL.claim
    full = replace(
        FULL, unsettled={}, claim=replace(FULL.claim, earlier_message_id=""), kept_on=None
    )  # set by a long pause only
    bounced = tuple(f"{number:08}" for number in range(SOFT_BOUNCES - 1))
    last_claim = replace(full, sign_up=None, held=Held.NOT, sent=dict.fromkeys(PLAN[:-1], NOW))
    held_at_last = replace(full, sign_up=None, claim=None)
    assert full.claim
    back_again = replace(
        full,
        status=Status.COMPLETED,
        next_lesson=None,
        paused_until=None,
        held=Held.NOT,
        claim=replace(full.claim, email="confirm"),
        obeyed=(),  # forgotten with the sign-up
    )
    for fullest in (last_claim, held_at_last, back_again):
        assert item_size(fullest) < 1024
        assert item_size(replace(fullest, soft_bounces=bounced, bounce_pauses=None)) < 1024


@pytest.mark.parametrize("name", ["status", "epoch", "round", "zone", "hour", "version"])
@pytest.mark.parametrize("value", [None, ""], ids=["null", "empty"])
def test_d8_a_missing_required_field_gets_no_default(name: str, value: str | None) -> None:
    """A missing status does not become pending, and a missing zone does not become UTC."""
    stored = from_wire(to_wire(subscriber_item(FULL)))
    assert subscriber_from(stored) == FULL
    with pytest.raises(UnreadableSubscriber):
        subscriber_from(stored | {name: value})
