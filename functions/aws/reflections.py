"""Reflections in DynamoDB, and the list of mail that is set aside: every access to their table, by name."""

from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws.items import from_wire, reflection_from, reflection_item, stamp, to_wire
from course.reflection import NotTaken, Reflection

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SET_ASIDE = "set-aside"
"""The partition of mail that is set aside. Subscribers' ids have 16 characters, so none is called this."""

SET_ASIDE_LIFE = timedelta(days=14)
"""As long as the raw mail is kept."""


@dataclass(frozen=True, slots=True)
class Aside:
    """One mail that is set aside."""

    mail_id: str
    at: datetime
    """When it came, UTC."""
    reason: NotTaken
    subscriber: str
    """The id of the subscriber whose reply address it came to, or empty."""
    key: str


class _Table:
    """The table Reflections: in each partition the mail of one kind, by its id."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def _items(self, partition: str) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            KeyConditionExpression="subscriber = :id",
            ExpressionAttributeValues={":id": {"S": partition}},
            ConsistentRead=True,
        )
        for page in pages:
            yield from page["Items"]

    def _erase(self, partition: str, mail_id: str = "") -> None:
        for item in self._items(partition):
            if mail_id in ("", item["mail_id"]["S"]):
                key = {"subscriber": item["subscriber"], "key": item["key"]}
                self._client.delete_item(TableName=self._table, Key=key)


class Reflections(_Table):
    """What people wrote. Nothing is ever overwritten: the key holds the mail's own id."""

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
        self._erase(subscriber_id, mail_id)

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


class SetAside(_Table):
    """The list of mail that was not taken, in a partition of its own: ids and reasons, never what a mail says."""

    def add(self, mail_id: str, received_at: datetime, reason: NotTaken, addressed_by: str = "") -> None:
        """Notes a mail, why it was not taken, and the subscriber whose reply address it came to."""
        item = {
            "subscriber": SET_ASIDE,
            "key": f"{stamp(received_at)}#{mail_id}",
            "mail_id": mail_id,
            "reason": reason.text,
            "addressed_by": addressed_by,
            "expires_at": int((received_at + SET_ASIDE_LIFE).timestamp()),
        }
        self._client.put_item(TableName=self._table, Item=to_wire(item))

    def all(self) -> Iterator[Aside]:
        """The mail on the list, the oldest first."""
        for item in self._items(SET_ASIDE):
            key, mail_id = item["key"]["S"], item["mail_id"]["S"]
            at, subscriber = datetime.fromisoformat(key.partition("#")[0]), item.get("addressed_by", {"S": ""})["S"]
            yield Aside(mail_id, at, NotTaken.read(item["reason"]["S"]), subscriber, key)

    def remove(self, aside: Aside) -> None:
        """Takes a mail off the list."""
        self._client.delete_item(TableName=self._table, Key={"subscriber": {"S": SET_ASIDE}, "key": {"S": aside.key}})

    def erase(self, mail_id: str) -> None:
        """Takes a mail off the list by its id, if it is on it."""
        self._erase(SET_ASIDE, mail_id)
