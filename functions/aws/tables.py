"""Subscribers and reflections in DynamoDB: every access to these two tables, by name."""

from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws.items import (
    DUE_SHARD,
    from_wire,
    reflection_from,
    reflection_item,
    stamp,
    subscriber_from,
    subscriber_item,
    to_wire,
)
from course.errors import EmailCourseError, UnreadableSubscriber
from course.journal import Reflection
from course.subscriber import Subscriber

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SET_ASIDE = "set-aside"
"""The partition of mail that could not be attributed. Subscribers' ids have 16 characters, so none is called this."""

SET_ASIDE_LIFE = timedelta(days=14)
"""As long as the raw mail is kept."""

HOME = "home"
"""The item that says which stack sends from the table. Subscribers' ids have 16 characters, so none is called this."""

_TRIES = 10


class Contended(EmailCourseError):
    """Raised when a subscriber was changed by others at each of many tries. A retry will do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subscriber as the scan of the table finds them."""

    id: str
    subscriber: Subscriber | None
    """None when the item cannot be read."""
    in_index: bool


@dataclass(frozen=True, slots=True)
class Aside:
    """One mail that is nobody's reflection."""

    mail_id: str
    at: datetime
    """When it came, UTC."""
    reason: str
    subscriber: str
    """Whose reply address it came to, or empty."""
    key: str


class Subscribers:
    """One item a person and course. Every write is conditional on the version that was read."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def at_home(self, stack: str) -> bool:
        """Whether this stack may send from this table: the first that asked, until another moves in.

        A table restored from a backup is another table that holds the same items, and a second stack on the same data
        is another stack. Both find somebody else's name here, and must not send what may have been sent already.
        """
        here = self._here(stack)
        found = self._client.get_item(TableName=self._table, Key={"id": {"S": HOME}}, ConsistentRead=True)
        if "Item" in found:
            return found["Item"]["home"]["S"] == here
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item={"id": {"S": HOME}, "home": {"S": here}},
                ConditionExpression="attribute_not_exists(id)",
            )
        return self.at_home(stack)

    def move_in(self, stack: str) -> None:
        """From now on this stack sends from this table, and no other."""
        item = {"id": {"S": HOME}, "home": {"S": self._here(stack)}}
        self._client.put_item(TableName=self._table, Item=item)

    def get(self, subscriber_id: str) -> Subscriber | None:
        """The subscriber as stored now. Raises UnreadableSubscriber."""
        found = self._client.get_item(TableName=self._table, Key={"id": {"S": subscriber_id}}, ConsistentRead=True)
        return subscriber_from(from_wire(found["Item"])) if "Item" in found else None

    def save(self, subscriber: Subscriber) -> Subscriber | None:
        """Stores a changed subscriber if nobody else changed it since it was read. Returns it as stored, or None.

        A call whose answer was lost is retried by boto3 and then meets its own write: what is stored is what we wrote,
        and so it is ours.
        """
        stored = replace(subscriber, version=subscriber.version + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(id)"}
        if subscriber.version:
            condition = {
                "ConditionExpression": "#version = :read",
                "ExpressionAttributeNames": {"#version": "version"},
                "ExpressionAttributeValues": {":read": {"N": str(subscriber.version)}},
            }
        try:
            self._client.put_item(TableName=self._table, Item=to_wire(subscriber_item(stored)), **condition)
        except self._client.exceptions.ConditionalCheckFailedException:
            return stored if self.get(subscriber.id) == stored else None
        return stored

    def change(self, subscriber_id: str, decide: Callable[[Subscriber], Subscriber]) -> Subscriber | None:
        """Applies a decision to the subscriber as it is, again if it was changed meanwhile. None when there is none.

        Raises Contended after ten tries.
        """
        for _ in range(_TRIES):
            current = self.get(subscriber_id)
            if current is None:
                return None
            changed = decide(current)
            if changed == current:
                return current
            if stored := self.save(changed):
                return stored
        raise Contended("a subscriber is being changed by too many at once")

    def due(self, until: datetime, limit: int) -> list[str]:
        """Ids of who is due at or before `until` (UTC), the longest waiting first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :until",
            ExpressionAttributeValues={":shard": {"S": DUE_SHARD}, ":until": {"S": stamp(until)}},
            PaginationConfig={"MaxItems": limit, "PageSize": min(limit, 1000)},
        )
        return [item["id"]["S"] for page in pages for item in page["Items"]]

    def all(self) -> Iterator[Row]:
        """Every subscriber on the base table, and whether the index has a place for them."""
        for page in self._client.get_paginator("scan").paginate(TableName=self._table, ConsistentRead=True):
            for wire in page["Items"]:
                if wire["id"]["S"] != HOME:
                    yield _row(wire)

    def hold_unreadable(self, subscriber_id: str, reason: str) -> None:
        """Holds a subscriber whose item cannot be read, without reading it: nothing is due until it was mended."""
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.update_item(
                TableName=self._table,
                Key={"id": {"S": subscriber_id}},
                UpdateExpression="SET held = :reason REMOVE due_shard",
                ConditionExpression="attribute_exists(id)",
                ExpressionAttributeValues={":reason": {"S": reason}},
            )

    def erase(self, subscriber_id: str) -> None:
        """Deletes the subscriber. Whoever read it before can no longer store it: the version is gone."""
        self._client.delete_item(TableName=self._table, Key={"id": {"S": subscriber_id}})

    def _here(self, stack: str) -> str:
        """This stack and this table, which two tables of one name are told apart by the day of their making."""
        table = self._client.describe_table(TableName=self._table)["Table"]
        return f"{stack}#{self._table}#{table['CreationDateTime'].astimezone(UTC).isoformat()}"


def _row(wire: dict[str, Any]) -> Row:
    try:
        return Row(wire["id"]["S"], subscriber_from(from_wire(wire)), "due_shard" in wire)
    except UnreadableSubscriber:
        return Row(wire["id"]["S"], None, "due_shard" in wire)


class Reflections:
    """What people wrote. Nothing is ever overwritten: the key holds the mail's own id."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def add(self, reflection: Reflection) -> None:
        """Keeps a reflection. The same mail again is the same item, and what is there stays as it is."""
        item = to_wire(reflection_item(reflection))
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table, Item=item, ConditionExpression="attribute_not_exists(subscriber)"
            )

    def of(self, subscriber_id: str) -> list[Reflection]:
        """All reflections of a subscriber, by round."""
        return [reflection_from(from_wire(item)) for item in self._items(subscriber_id)]

    def erase(self, subscriber_id: str, mail_id: str = "") -> None:
        """Deletes all that a subscriber wrote, or what came by one mail."""
        for item in self._items(subscriber_id):
            if mail_id not in ("", item["mail_id"]["S"]):
                continue
            key = {"subscriber": item["subscriber"], "key": item["key"]}
            self._client.delete_item(TableName=self._table, Key=key)

    def set_aside(self, mail_id: str, received_at: datetime, reason: str, addressed_by: str = "") -> None:
        """Notes a mail that is nobody's reflection, why, and whose reply address it came to; never what it says."""
        item = {
            "subscriber": SET_ASIDE,
            "key": f"{stamp(received_at)}#{mail_id}",
            "mail_id": mail_id,
            "reason": reason,
            "addressed_by": addressed_by,
            "expires_at": int((received_at + SET_ASIDE_LIFE).timestamp()),
        }
        self._client.put_item(TableName=self._table, Item=to_wire(item))

    def aside(self) -> Iterator[Aside]:
        """The mail that is set aside, the oldest first."""
        for item in self._items(SET_ASIDE):
            key, mail_id = item["key"]["S"], item["mail_id"]["S"]
            at, whose = datetime.fromisoformat(key.partition("#")[0]), item.get("addressed_by", {"S": ""})["S"]
            yield Aside(mail_id, at, item["reason"]["S"], whose, key)

    def restored(self, aside: Aside) -> None:
        """A mail that was set aside no longer is."""
        self._client.delete_item(TableName=self._table, Key={"subscriber": {"S": SET_ASIDE}, "key": {"S": aside.key}})

    def forget(self, subscribers: Container[str], before: datetime) -> int:
        """Deletes what these subscribers wrote before a time (UTC), and returns how many reflections that were."""
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table,
            ProjectionExpression="subscriber, #key, received_at",
            ExpressionAttributeNames={"#key": "key"},
        )
        forgotten = 0
        for page in pages:
            for item in page["Items"]:
                written = item.get("received_at", {"S": ""})["S"]
                if item["subscriber"]["S"] in subscribers and written < stamp(before):
                    key = {"subscriber": item["subscriber"], "key": item["key"]}
                    self._client.delete_item(TableName=self._table, Key=key)
                    forgotten += 1
        return forgotten

    def _items(self, subscriber_id: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="subscriber = :id",
            ExpressionAttributeValues={":id": {"S": subscriber_id}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]
