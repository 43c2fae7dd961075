"""Counters and marks that expire, in DynamoDB: limits of sign-up, the breaker, what was done once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aws.items import from_wire, stamp, to_wire
from course.limits import THREE_CONFIRMATIONS_IN, Confirmations, hour_of

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BREAKER_OPEN_FOR = timedelta(minutes=15)
MARK_LIFE = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(minutes=7)
"""An owner that lives comes back sooner: the queue hands its message out again after six minutes."""

EVENTS_NOTED_EVERY = timedelta(seconds=10)
MOST_IN_A_BATCH = 100
"""Items that DynamoDB reads at once."""

DONE = "done"
_BREAKER = "breaker"
_EVENTS = "events"


class Limits:
    """The table Limits. Keys are hashed or hold no address."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table
        self._events_noted: datetime | None = None

    def admit(self, key: str, member: str, most: int, now: datetime) -> bool:
        """Whether a member is among the first `most` of this clock hour. Who comes again is counted once."""
        try:
            self._client.update_item(
                TableName=self._table,
                Key={"key": {"S": f"{key}#{hour_of(now)}"}},
                UpdateExpression="ADD members :one SET expires_at = :expires",
                ConditionExpression=(
                    "attribute_not_exists(members) OR contains(members, :member) OR size(members) < :most"
                ),
                ExpressionAttributeValues={
                    ":one": {"SS": [member]},
                    ":member": {"S": member},
                    ":most": {"N": str(most)},
                    ":expires": {"N": str(int((now + timedelta(hours=2)).timestamp()))},
                },
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def confirmations(self, mailbox: str) -> Confirmations:
        """What a mailbox (hashed) was promised."""
        item = self._get(f"mailbox#{mailbox}")
        if item is None:
            return Confirmations()
        times = tuple(datetime.fromisoformat(at) for at in item["times"])
        return Confirmations(times, item.get("subscriber", ""), int(item["epoch"]))

    def promise(self, mailbox: str, before: Confirmations, after: Confirmations) -> bool:
        """Stores one more promise, unless another request was faster.

        A call whose answer was lost is retried by boto3 and then meets its own write.
        """
        item = _promised(mailbox, after)
        if not before.times:
            stored = self._put(item, "attribute_not_exists(#key)", {"#key": "key"})
        else:
            stored = self._put(item, "#epoch = :before", {"#epoch": "epoch"}, {":before": {"N": str(before.epoch)}})
        return stored or self.confirmations(mailbox) == after

    def close(self, mailbox: str, now: datetime) -> None:
        """No confirmation for a day: whoever erased all that says what was sent today begins anew tomorrow."""
        after = self.confirmations(mailbox).closed(now)
        self._client.put_item(TableName=self._table, Item=to_wire(_promised(mailbox, after)))

    def mark(self, key: str, owner: str, now: datetime) -> bool:
        """Whether this owner is the one who does what the key stands for. Marks it so if nobody has.

        An owner who has not done it and is not heard of any more has lost it to the next: its message may be gone.
        """
        condition = "attribute_not_exists(#key) OR #owner = :owner OR (#owner <> :done AND expires_at < :given_up)"
        given_up = int((now - GIVEN_UP_AFTER + MARK_LIFE).timestamp())
        values = {":owner": {"S": owner}, ":done": {"S": DONE}, ":given_up": {"N": str(given_up)}}
        return self._put(_mark(key, owner, now), condition, {"#key": "key", "#owner": "owner"}, values)

    def mark_done(self, key: str, now: datetime, note: str = "") -> None:
        """It is done: not even the same owner does it again, as when a queue hands a message out twice.

        The note is for whoever comes again all the same.
        """
        self._client.put_item(TableName=self._table, Item=to_wire(_mark(key, DONE, now) | {"note": note}))

    def done(self, key: str) -> str | None:
        """What was noted when what the key stands for was done, or None: it is not."""
        item = self._get(key)
        return item.get("note", "") if item and item["owner"] == DONE else None

    def all_done(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that stand for something done."""
        done: set[str] = set()
        asked: list[Any] = [{"key": {"S": key}} for key in keys]
        while asked:
            batch, asked = asked[:MOST_IN_A_BATCH], asked[MOST_IN_A_BATCH:]
            names = {"#key": "key", "#owner": "owner"}
            answer = self._client.batch_get_item(
                RequestItems={
                    self._table: {
                        "Keys": batch,
                        "ConsistentRead": True,
                        "ProjectionExpression": "#key, #owner",
                        "ExpressionAttributeNames": names,
                    }
                }
            )
            found = answer["Responses"].get(self._table, [])
            done |= {item["key"]["S"] for item in found if item["owner"]["S"] == DONE}
            if left := answer["UnprocessedKeys"].get(self._table):
                asked += left["Keys"]
        return done

    def begin(self, key: str, owner: str, note: str, now: datetime) -> str | None:
        """As `mark`, with what the owner noted when it first began. None when another has it."""
        try:
            stored = self._client.update_item(
                TableName=self._table,
                Key={"key": {"S": key}},
                UpdateExpression="SET #owner = :owner, #note = if_not_exists(#note, :note), expires_at = :expires",
                ConditionExpression="attribute_not_exists(#owner) OR #owner = :owner",
                ExpressionAttributeNames={"#owner": "owner", "#note": "note"},
                ExpressionAttributeValues={
                    ":owner": {"S": owner},
                    ":note": {"S": note},
                    ":expires": {"N": str(int((now + MARK_LIFE).timestamp()))},
                },
                ReturnValues="ALL_NEW",
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        return stored["Attributes"]["note"]["S"]

    def ask_to_erase(self, subscriber: str, now: datetime) -> None:
        """Notes that a subscriber was asked whether to delete everything."""
        item = {"key": f"erase#{subscriber}", "at": now, "expires_at": int((now + MARK_LIFE).timestamp())}
        self._client.put_item(TableName=self._table, Item=to_wire(item))

    def asked_to_erase(self, subscriber: str) -> datetime | None:
        """When a subscriber was last asked that."""
        item = self._get(f"erase#{subscriber}")
        return datetime.fromisoformat(item["at"]) if item else None

    def unmark(self, key: str) -> None:
        """Lets it be done after all."""
        self._client.delete_item(TableName=self._table, Key={"key": {"S": key}})

    def open_breaker(self, reason: str, now: datetime) -> None:
        """Stops sending for everyone for a quarter of an hour; then one tick tries again."""
        until = now + BREAKER_OPEN_FOR
        item = {"key": _BREAKER, "reason": reason, "until": until, "expires_at": int(until.timestamp())}
        self._client.put_item(TableName=self._table, Item=to_wire(item))

    def breaker_open(self, now: datetime) -> str | None:
        """Why sending is stopped, or None."""
        item = self._get(_BREAKER)
        return item["reason"] if item and datetime.fromisoformat(item["until"]) > now else None

    def note_event(self, at: datetime) -> None:
        """Notes that the event of an email sent at `at` has come through. Not each one: every ten seconds will do."""
        if self._events_noted and at < self._events_noted + EVENTS_NOTED_EVERY:
            return
        later = {":at": {"S": stamp(at)}}
        self._put({"key": _EVENTS, "at": at}, "attribute_not_exists(#at) OR #at < :at", {"#at": "at"}, later)
        self._events_noted = at

    def events_until(self) -> datetime | None:
        """When the latest email was sent whose event has come through."""
        item = self._get(_EVENTS)
        return datetime.fromisoformat(item["at"]) if item else None

    def _get(self, key: str) -> dict[str, Any] | None:
        found = self._client.get_item(TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True)
        return from_wire(found["Item"]) if "Item" in found else None

    def _put(
        self, item: dict[str, Any], condition: str, names: dict[str, str], values: dict[str, Any] | None = None
    ) -> bool:
        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._client.put_item(
                TableName=self._table,
                Item=to_wire(item),
                ConditionExpression=condition,
                ExpressionAttributeNames=names,
                **given,
            )
        except self._client.exceptions.ConditionalCheckFailedException:
            return False
        return True


class Suppressions:
    """Addresses that are never mailed again, by keyed hash."""

    def __init__(self, client: "DynamoDBClient", table: str) -> None:
        self._client = client
        self._table = table

    def add(self, address_hash: str, reason: str, at: datetime) -> None:
        """Suppresses an address for all courses."""
        item = {"address_hash": address_hash, "reason": reason, "at": at}
        self._client.put_item(TableName=self._table, Item=to_wire(item))

    def has(self, address_hash: str) -> bool:
        """Whether an address is suppressed."""
        found = self._client.get_item(TableName=self._table, Key={"address_hash": {"S": address_hash}})
        return "Item" in found


def _promised(mailbox: str, confirmations: Confirmations) -> dict[str, Any]:
    return {
        "key": f"mailbox#{mailbox}",
        "times": [stamp(at) for at in confirmations.times],
        "subscriber": confirmations.subscriber,
        "epoch": confirmations.epoch,
        "expires_at": int((confirmations.times[-1] + THREE_CONFIRMATIONS_IN).timestamp()),
    }


def _mark(key: str, owner: str, now: datetime) -> dict[str, Any]:
    return {"key": key, "owner": owner, "expires_at": int((now + MARK_LIFE).timestamp())}
