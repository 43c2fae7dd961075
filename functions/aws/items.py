"""The base class of all tables, and subscribers, consents and reflections as items.

Times are ISO 8601 in UTC, to the second.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from aws.log import count
from course.errors import NewerItem, UnreadableSubscriber
from course.limits import UNCONFIRMED_LIFE
from course.record import EPOCH_START, Claim, Consent, Held, SignUp, Status, as_stored, stored_names
from course.reflection import Reflection
from course.subscriber import Subscriber

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DUE_SHARD = "0"
"""One partition of the index is enough for about 500 emails a second: it takes 1,000 writes a second, and each email
needs two. For more emails, add shards: make a subscriber's shard from the id, and have `due` query each shard."""

SCHEMA = 1
"""Stored with every item, and left out at 1. A change that older code would misread needs the next number. After a
rollback, the older code leaves the items of newer code as they are, and sets off an alarm, until the newer code is
back."""

Item = dict[str, Any]
Stored = TypeVar("Stored")
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


class Table:
    """A table whose items are read and written as plain values. Every access has a method in a subclass.

    In a condition or a change, `#name` is an attribute whose name DynamoDB reserves, and `:name` is a value.
    """

    def __init__(self, client: "DynamoDBClient", name: str) -> None:
        self._client = client
        self._table = name

    def _get(self, **key: str) -> Item | None:
        found = self._client.get_item(TableName=self._table, Key=to_wire(key), ConsistentRead=True)
        return from_wire(found["Item"]) if "Item" in found else None

    def _put(self, item: Item, condition: str = "", **values: Any) -> bool:
        """Stores an item if the condition holds; returns whether it did."""
        asked = _expressions(values, ConditionExpression=condition)
        try:
            self._client.put_item(TableName=self._table, Item=to_wire(item), **asked)
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def _update(self, key: Item, change: str, condition: str, **values: Any) -> Item | None:
        """Changes an item if the condition holds; returns the whole new item, or None."""
        asked = _expressions(values, UpdateExpression=change, ConditionExpression=condition)
        try:
            new = self._client.update_item(TableName=self._table, Key=to_wire(key), ReturnValues="ALL_NEW", **asked)
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return from_wire(new["Attributes"])

    def _delete(self, **key: str) -> None:
        self._client.delete_item(TableName=self._table, Key=to_wire(key))

    def _items(self, operation: Literal["query", "scan"], **asked: Any) -> Iterator[Item]:
        """What a query or a scan finds, page by page."""
        for page in self._client.get_paginator(operation).paginate(TableName=self._table, **asked):
            yield from map(from_wire, page["Items"])


def _expressions(values: Item, **expressions: str) -> dict[str, Any]:
    """A request's expressions with their names and values, without empty ones, which DynamoDB refuses."""
    names = re.findall(r"#(\w+)", " ".join(expressions.values()))
    asked = {
        **expressions,
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
        "ExpressionAttributeValues": {f":{name}": _serializer.serialize(_plain(each)) for name, each in values.items()},
    }
    return {name: value for name, value in asked.items() if value}


def to_wire(item: Item) -> Item:
    """An item in DynamoDB's typed JSON. Absent and empty values are left out."""
    return {name: _serializer.serialize(value) for name, value in _plain(item).items() if value not in ({}, [])}


def from_wire(wire: Item) -> Item:
    """DynamoDB's typed JSON as plain values. Numbers are Decimals."""
    return {name: _deserializer.deserialize(value) for name, value in wire.items()}


def stamp(at: datetime) -> str:
    """A time as it is stored: sortable, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def subscriber_item(subscriber: Subscriber) -> Item:
    """The item of a subscriber. Only one who waits for an email has a `due_shard`, and so is in the index."""
    item = {**_stored(subscriber), "links_ended": subscriber.links_ended or None}
    if subscriber.has_next_email:
        item["due_shard"] = DUE_SHARD
    if subscriber.round == 0 and subscriber.current_epoch:  # never confirmed
        signed_up = subscriber.sign_up.at if subscriber.sign_up else EPOCH_START + timedelta(days=subscriber.epoch)
        item["expires_at"] = int((signed_up + UNCONFIRMED_LIFE).timestamp())
    return item


def subscriber_from(item: Item) -> Subscriber:
    """A subscriber as it was stored. Raises UnreadableSubscriber and NewerItem."""
    _leave_newer(item)
    try:
        if any(item.get(name) in (None, "") for name in _NEEDED):
            raise KeyError
        subscriber = _read(Subscriber, item)
        ZoneInfo(subscriber.zone)
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError) as error:
        raise UnreadableSubscriber(type(error).__name__) from None  # the error's text can hold what is stored
    if not 0 <= subscriber.hour <= 23 or subscriber.next_lesson not in (None, *subscriber.plan):
        raise UnreadableSubscriber("the hour is invalid, or the next lesson is not in the plan")
    if not all(isinstance(item[name], str) for name in ("address", "course")):
        raise UnreadableSubscriber("the address or the course is not text")
    if not (0 <= subscriber.epoch < 2**16 and 0 <= subscriber.round < 2**16 and subscriber.version > 0):
        raise UnreadableSubscriber("the epoch, the round or the version is out of range")
    return subscriber


def _moment(text: str) -> datetime:
    """A time with its zone. One without a zone, perhaps typed by hand, could not be compared with others."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("a time without a zone")
    return at


_NEEDED = frozenset({"status", "epoch", "round", "zone", "hour", "version"})
"""The fields that every stored subscriber has, although the dataclass has defaults for them."""
_READ: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("epoch", "round", "hour", "bounce_pauses", "links_ended", "version"), int),
    **dict.fromkeys(("mention_other_address_in", "mention_reply_in"), int),
    **dict.fromkeys(("plan", "soft_bounces", "obeyed"), tuple),
    **dict.fromkeys(("at", "due_at", "last_at", "retry_at", "previous_at", "asked_at", "given_at"), _moment),
    **dict.fromkeys(("last_day", "paused_until", "previous_day", "kept_on"), date.fromisoformat),
    "received_at": datetime.fromisoformat,
    "status": Status,
    "held": Held,
    "sent": lambda sent: {lesson: _moment(at) for lesson, at in sent.items()},
    "claim": lambda claim: _read(Claim, claim, previous_day=None, previous_at=None),
    "sign_up": lambda sign_up: _read(SignUp, sign_up, first_name=""),
}
"""How to read the fields that are stored as another type."""


def _read(kind: Callable[..., Stored], item: Item, **absent: Any) -> Stored:
    """The fields of an item as a dataclass; `absent` has the values of fields that are left out."""
    known = stored_names(kind).items()
    given = {name: item[stored] for name, stored in known if item.get(stored) not in (None, "", {}, [])}
    return kind(**absent | {name: _READ[name](value) if name in _READ else value for name, value in given.items()})


def reflection_item(reflection: Reflection) -> Item:
    """The item of a reflection, under subscriber and round#lesson#received#mail."""
    return {**_stored(reflection), "received_at": _precise(reflection.received_at), "key": reflection_key(reflection)}


def reflection_key(reflection: Reflection) -> str:
    """The key by which the reflections of a subscriber are sorted."""
    at = _precise(reflection.received_at)
    return f"{reflection.round:05}#{reflection.lesson}#{at}#{reflection.mail_id}"


def _precise(at: datetime) -> str:
    """A time to the millisecond, so that two replies in one second keep their order."""
    return at.isoformat(timespec="milliseconds")


def reflection_from(item: Item) -> Reflection:
    """A reflection as it was stored. Raises NewerItem."""
    _leave_newer(item)
    return _read(Reflection, item, lesson="")


def consent_item(key: str, consent: Consent, now: datetime) -> Item:
    """The item of a proof of consent. If it is not confirmed, it expires like the sign-up."""
    expires = {} if consent.given_at else {"expires_at": int((now + UNCONFIRMED_LIFE).timestamp())}
    return {"id": key, **_stored(consent), **expires}


def consent_from(item: Item) -> Consent:
    """A proof of consent as it was stored. Raises NewerItem."""
    _leave_newer(item)
    return _read(Consent, item)


def _stored(value: Subscriber | Reflection | Consent) -> Item:
    return as_stored(value) | ({"schema": SCHEMA} if SCHEMA > 1 else {})


def _leave_newer(item: Item) -> None:
    """Raises NewerItem for an item of newer code, and counts it, which sets off an alarm."""
    if item.get("schema", 1) > SCHEMA:
        count("NewerItems")
        raise NewerItem(f"its schema is {item['schema']}, and this code knows {SCHEMA}")


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return stamp(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        plain = {name: _plain(part) for name, part in value.items()}
        return {name: part for name, part in plain.items() if part not in (None, "")}
    return list(value) if isinstance(value, tuple) else value
