"""Subscribers in DynamoDB: every access to the table is a method here."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from aws.items import (
    DUE_SHARD,
    Item,
    Table,
    consent_from,
    consent_item,
    stamp,
    subscriber_from,
    subscriber_item,
)
from course.errors import EmailCourseError, NewerItem, UnreadableSubscriber
from course.record import Consent
from course.subscriber import Subscriber

HOME = "home"
"""The item that says which stack sends from the table. No subscriber has this id: theirs have 16 characters."""
ASKED, GIVEN = "asked#", "consent#"
"""How the id of a proof of consent begins: of the last sign-up, and of the last one that was confirmed."""
ROUNDS = "rounds#"
"""The item with an id that begins like this holds when the lessons of a subscriber's earlier rounds were sent."""
MOST_ROUNDS = 500
"""The most rounds in that item; it keeps the latest. DynamoDB takes 400 KB; a round of seven lessons has 300 bytes."""


_TRIES = 10


class Contended(EmailCourseError):
    """Raised when other code changed a subscriber during each of many tries. It is enough to retry later."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subscriber, as a scan of the table finds them."""

    id: str
    subscriber: Subscriber | None
    """None if the item cannot be read, or was stored by newer code."""
    in_index: bool
    newer: bool = False


class Subscribers(Table):
    """One item for each subscriber. Every write is conditional on the version that was read."""

    def may_send_from_table(self, stack: str) -> bool:
        """Whether this stack may send from this table: the first that asked may, until another moves in.

        A table restored from a backup is another table with the same items, and a second stack on the same data is
        another stack. Both find another name here, and must not send what may already have been sent.
        """
        here = self._here(stack)
        if found := self._get(id=HOME):
            return bool(found["home"] == here)
        self._put({"id": HOME, "home": here}, "attribute_not_exists(id)")
        return self.may_send_from_table(stack)

    def take_over_table(self, stack: str) -> None:
        """Makes this stack the only one that may send from this table."""
        self._put({"id": HOME, "home": self._here(stack)})

    def get(self, subscriber_id: str) -> Subscriber | None:
        """The subscriber as stored now. Raises UnreadableSubscriber and NewerItem."""
        found = self._get(id=subscriber_id)
        return subscriber_from(found) if found else None

    def save(self, subscriber: Subscriber) -> Subscriber | None:
        """Stores a subscriber if it was not changed since it was read. Returns it as stored, or None.

        If an answer is lost, boto3 retries the call, and the condition then fails because of our own write. So if the
        stored subscriber equals the one that we wrote, the write has succeeded.
        """
        stored = replace(subscriber, version=subscriber.version + 1)
        item = subscriber_item(stored)
        if subscriber.version:
            saved = self._put(item, "#version = :read", read=subscriber.version)
        else:
            saved = self._put(item, "attribute_not_exists(id)")
        return stored if saved or self.get(subscriber.id) == stored else None

    def change(self, subscriber_id: str, decide: Callable[[Subscriber], Subscriber]) -> Subscriber | None:
        """Applies `decide` to the stored subscriber, again if it changed meanwhile. None if not stored.

        Raises Contended after ten tries.
        """
        for _ in range(_TRIES):
            current = self.get(subscriber_id)
            if current is None:
                return None
            changed = decide(current)
            if changed == current:
                return current
            if changed.round != current.round and current.sent:
                self._keep_dates(current)
            if stored := self.save(changed):
                return stored
        raise Contended("too many changes to one subscriber at the same time")

    def earlier_rounds(self, subscriber_id: str) -> dict[str, dict[str, str]]:
        """When each lesson of each earlier round was sent (UTC), by the round's number."""
        found = self._get(id=ROUNDS + subscriber_id) or {}
        return dict(found.get("rounds", {}))

    def _keep_dates(self, subscriber: Subscriber) -> None:
        """Stores when this round's lessons were sent, before another round replaces them. Safe to repeat."""
        rounds = self.earlier_rounds(subscriber.id) | {str(subscriber.round): dict(subscriber.sent)}
        latest = sorted(rounds, key=int)[-MOST_ROUNDS:]
        self._put({"id": ROUNDS + subscriber.id, "rounds": {number: rounds[number] for number in latest}})

    def due(self, until: datetime, limit: int) -> list[str]:
        """Ids of the subscribers who are due at or before `until` (UTC), the longest waiting first."""
        paged = {"MaxItems": limit, "PageSize": min(limit, 1000)}
        found = self._items("query", **due_query(DUE_SHARD, until), PaginationConfig=paged)
        return [item["id"] for item in found]

    def all(self) -> Iterator[Row]:
        """Every subscriber in the base table, and whether they have a place in the index."""
        for item in self._items("scan", ConsistentRead=True):
            if item["id"] != HOME and "#" not in item["id"]:
                yield _row(item)

    def hold_unreadable(self, subscriber_id: str, reason: str) -> None:
        """Holds a subscriber without reading the unreadable item: nothing is due until it is repaired."""
        key = {"id": subscriber_id}
        self._update(key, "SET held = :reason REMOVE due_shard", "attribute_exists(id)", reason=reason)

    def erase(self, subscriber_id: str) -> None:
        """Deletes the subscriber. Code that read it before can no longer store it: the version does not match."""
        self._delete(id=subscriber_id)

    def _here(self, stack: str) -> str:
        """A name for this stack with this table. Tables of the same name differ by their time of creation."""
        table = self._client.describe_table(TableName=self._table)["Table"]
        return f"{stack}#{self._table}#{table['CreationDateTime'].astimezone(UTC).isoformat()}"


class Consents(Table):
    """The proof of each subscriber's consent, in the table of the subscribers."""

    def store(self, subscriber_id: str, consent: Consent, now: datetime) -> None:
        """Stores what was agreed to with a sign-up, which is to be confirmed within days from now."""
        self._put(consent_item(ASKED + subscriber_id, consent, now))

    def confirm(self, subscriber_id: str, epoch: int, by: str, now: datetime) -> None:
        """Stores the proof of consent of this epoch's sign-up as confirmed now."""
        asked = self.of_last_sign_up(subscriber_id)
        if asked and asked.epoch == epoch:
            self._put(consent_item(GIVEN + subscriber_id, replace(asked, given_at=now, by=by), now))

    def of_last_sign_up(self, subscriber_id: str) -> Consent | None:
        """The consent that was agreed to with the last sign-up."""
        return self._of(ASKED + subscriber_id)

    def of_last_confirmed(self, subscriber_id: str) -> Consent | None:
        """The consent that was agreed to with the last sign-up that was confirmed."""
        return self._of(GIVEN + subscriber_id)

    def erase(self, subscriber_id: str) -> None:
        """Deletes all proofs of the subscriber, and the dates of earlier rounds."""
        for kind in (ASKED, GIVEN, ROUNDS):
            self._delete(id=kind + subscriber_id)

    def _of(self, key: str) -> Consent | None:
        found = self._get(id=key)
        return consent_from(found) if found else None


def due_query(shard: str, until: datetime) -> dict[str, Any]:
    """The query for one partition of the index `due`, up to a time (UTC), the longest waiting first."""
    return {
        "IndexName": "due",
        "KeyConditionExpression": "due_shard = :shard AND due_at <= :until",
        "ExpressionAttributeValues": {":shard": {"S": shard}, ":until": {"S": stamp(until)}},
    }


def _row(item: Item) -> Row:
    try:
        return Row(item["id"], subscriber_from(item), "due_shard" in item)
    except (UnreadableSubscriber, NewerItem) as error:
        return Row(item["id"], None, "due_shard" in item, isinstance(error, NewerItem))
