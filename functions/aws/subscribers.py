"""Subscribers in DynamoDB: every access to the table, by name."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws.items import DUE_SHARD, from_wire, stamp, subscriber_from, subscriber_item, to_wire
from course.errors import EmailCourseError, UnreadableSubscriber
from course.subscriber import Subscriber

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

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
