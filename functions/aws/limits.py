"""Counters and marks that expire, in DynamoDB: the limits, the breaker, and what was already done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from aws.items import Item, Table, stamp
from course.limits import ASKS_REMEMBERED, Ask, Asks, day_of, hour_of
from course.tokens import nameless

BREAKER_OPEN_FOR = timedelta(minutes=15)
MARK_LIFE = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(minutes=7)
"""An owner that still exists comes back sooner: the queue delivers its message again after six minutes."""

EVENTS_NOTED_EVERY = timedelta(seconds=10)
MOST_IN_A_BATCH = 100
"""The most items that DynamoDB reads in one request."""

DONE = "done"
_BREAKER = "breaker"
_EVENTS = "events"


class Limits(Table):
    """The table Limits. No item names an address or a subscriber: an erasure leaves hashes, which expire."""

    _events_noted: datetime | None = None

    def count_up(self, key: str, most: int, now: datetime) -> bool:
        """Counts one; returns whether it is among the first `most` of this clock hour.

        Only a number is stored, so the item does not grow.
        """
        counted = self._update(
            {"key": f"{key}#{hour_of(now)}"},
            "ADD #count :one SET expires_at = :expires",
            "attribute_not_exists(#count) OR #count < :most",
            one=1,
            most=most,
            expires=_seconds(now + timedelta(hours=2)),
        )
        return counted is not None

    def allow_of_day(self, key: str, most: int, now: datetime) -> None:
        """Sets how many `count_up_of_day` allows on this UTC day. A later call replaces an earlier one."""
        said = "SET #most = :most, expires_at = :expires"
        changed = "attribute_not_exists(#most) OR #most <> :most"
        self._update({"key": _of_day(key, now)}, said, changed, most=most, expires=_two_days(now))

    def count_up_of_day(self, key: str, now: datetime) -> bool:
        """Counts one; returns whether `allow_of_day` allows it. If that was not called today, all are allowed."""
        counted = self._update(
            {"key": _of_day(key, now)},
            "ADD #count :one SET expires_at = :expires",
            "attribute_not_exists(#most) OR (attribute_not_exists(#count) AND #most > :none) OR #count < #most",
            one=1,
            none=0,
            expires=_two_days(now),
        )
        return counted is not None

    def admit(self, key: str, member: str, most: int, now: datetime) -> bool:
        """Whether a member is among the first `most` of this clock hour. A member counts only once."""
        return self._admit(f"{key}#{hour_of(now)}", member, most, _seconds(now + timedelta(hours=2)))

    def admit_of_day(self, key: str, member: str, most: int, now: datetime) -> bool:
        """As `admit`, for this UTC day."""
        return self._admit(_of_day(key, now), member, most, _two_days(now))

    def _admit(self, key: str, member: str, most: int, expires: int) -> bool:
        admitted = self._update(
            {"key": key},
            "ADD members :one SET expires_at = :expires",
            "attribute_not_exists(members) OR contains(members, :member) OR size(members) < :most",
            one={member},
            member=member,
            most=most,
            expires=expires,
        )
        return admitted is not None

    def asks(self, mailbox: str) -> Asks:
        """The emails that were promised to a mailbox (hashed)."""
        stored = (self._get(key=f"mailbox#{mailbox}") or {}).get("asks", [])
        return Asks(tuple(Ask(datetime.fromisoformat(ask["at"]), ask["course"], ask.get("key", "")) for ask in stored))

    def promise(self, mailbox: str, before: Asks, after: Asks) -> bool:
        """Stores one more promise, unless another request was faster.

        If an answer is lost, boto3 retries the call, and the condition then fails because of our own write. So if what
        is stored equals what we wrote, the write has succeeded.
        """
        item = _promised(mailbox, after)
        if not before.asks:
            stored = self._put(item, "attribute_not_exists(#last)")
        else:
            stored = self._put(item, "#last = :before", before=_promised(mailbox, before)["last"])
        return stored or self.asks(mailbox) == after

    def close(self, mailbox: str, course: str, now: datetime) -> None:
        """Allows the mailbox no email of a sign-up for a day.

        An erasure deletes the record of what was sent today, so a new sign-up must wait for a day.
        """
        self._put(_promised(mailbox, self.asks(mailbox).closed(course, now)))

    def mark(self, key: str, owner: str, now: datetime) -> bool:
        """Takes a key for this owner, unless another has it; returns whether this owner has it now.

        An owner that has not done its work, and has not come back within GIVEN_UP_AFTER, loses the key to the next one:
        its message may be lost.
        """
        condition = "attribute_not_exists(#key) OR #owner = :owner OR (#owner <> :done AND expires_at < :given_up)"
        given_up = _seconds(now - GIVEN_UP_AFTER + MARK_LIFE)
        return self._put(_mark(key, owner, now), condition, owner=owner, done=DONE, given_up=given_up)

    def mark_done(self, key: str, now: datetime, note: str = "") -> None:
        """Marks the work of a key as done. Then not even the same owner does it again.

        A queue may deliver a message twice, for example. The second time, `done` returns the note.
        """
        self._put(_mark(key, DONE, now) | {"note": note})

    def done(self, key: str) -> str | None:
        """The note of a key whose work is done, or None if it is not done."""
        item = self._get(key=key)
        return item.get("note", "") if item and item["owner"] == DONE else None

    def all_done(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys whose work is done."""
        done: set[str] = set()
        asked: list[Any] = [{"key": {"S": key}} for key in keys]
        while asked:
            batch, asked = asked[:MOST_IN_A_BATCH], asked[MOST_IN_A_BATCH:]
            wanted: Any = {
                "Keys": batch,
                "ConsistentRead": True,
                "ProjectionExpression": "#key, #owner",
                "ExpressionAttributeNames": {"#key": "key", "#owner": "owner"},
            }
            answer = self._client.batch_get_item(RequestItems={self._table: wanted})
            found = answer["Responses"].get(self._table, [])
            done |= {item["key"]["S"] for item in found if item["owner"]["S"] == DONE}
            asked += answer["UnprocessedKeys"].get(self._table, {"Keys": []})["Keys"]
        return done

    def begin(self, key: str, owner: str, note: str, now: datetime) -> str | None:
        """As `mark`, but returns the note of the owner's first call, and None if another owner has the key.

        The owner keeps the key until it expires.
        """
        begun = self._update(
            {"key": key},
            "SET #owner = :owner, #note = if_not_exists(#note, :note), "
            "expires_at = if_not_exists(expires_at, :expires)",
            "attribute_not_exists(#owner) OR #owner = :owner",
            owner=owner,
            note=note,
            expires=_seconds(now + MARK_LIFE),
        )
        return begun["note"] if begun else None

    def noted(self, key: str) -> str | None:
        """The note of the first call of `begin` for a key, or None if there was none."""
        item = self._get(key=key)
        return item["note"] if item else None

    def number_of_day(self, key: str, member: str, most: int, now: datetime) -> int | None:
        """Which of the first `most` of this UTC day a member is, from 1 on; None if it comes after them."""
        numbers = range(1, most + 1)
        taken = (self.begin(f"{key}#{day_of(now)}#{number}", member, "", now) is not None for number in numbers)
        return next((number for number, is_taken in zip(numbers, taken, strict=True) if is_taken), None)

    def ask_to_erase(self, subscriber: str, now: datetime) -> None:
        """Notes that a subscriber was asked whether to delete everything."""
        self._put({"key": f"erase#{nameless(subscriber)}", "at": now, "expires_at": _seconds(now + MARK_LIFE)})

    def asked_to_erase(self, subscriber: str) -> datetime | None:
        """When a subscriber was last asked whether to delete everything."""
        item = self._get(key=f"erase#{nameless(subscriber)}")
        return datetime.fromisoformat(item["at"]) if item else None

    def unmark(self, key: str) -> None:
        """Frees a key, so that its work can be done after all."""
        self._delete(key=key)

    def open_breaker(self, reason: str, now: datetime) -> None:
        """Stops all sending for a quarter of an hour; then the next dispatch tries again."""
        until = now + BREAKER_OPEN_FOR
        self._put({"key": _BREAKER, "reason": reason, "until": until, "expires_at": _seconds(until)})

    def breaker_open(self, now: datetime) -> str | None:
        """Why sending is stopped, or None."""
        item = self._get(key=_BREAKER)
        return item["reason"] if item and datetime.fromisoformat(item["until"]) > now else None

    def note_event(self, at: datetime) -> None:
        """Notes that the event of an email sent at `at` has arrived. One note for every ten seconds is enough."""
        if self._events_noted and at < self._events_noted + EVENTS_NOTED_EVERY:
            return
        self._put({"key": _EVENTS, "at": at}, "attribute_not_exists(#at) OR #at < :at", at=at)
        self._events_noted = at

    def events_until(self) -> datetime | None:
        """The latest time at which an email was sent whose event has arrived."""
        item = self._get(key=_EVENTS)
        return datetime.fromisoformat(item["at"]) if item else None


class Suppressions(Table):
    """Addresses that are never mailed again, by keyed hash."""

    def add(self, address_hash: str, reason: str, at: datetime) -> None:
        """Suppresses an address for all courses. The first reason stays."""
        item = {"address_hash": address_hash, "reason": reason, "at": at}
        self._put(item, "attribute_not_exists(address_hash)")

    def has(self, address_hash: str) -> bool:
        """Whether an address is suppressed."""
        return self._get(address_hash=address_hash) is not None


def _of_day(key: str, now: datetime) -> str:
    """The key of a count of this UTC day."""
    return f"{key}#{day_of(now)}"


def _two_days(now: datetime) -> int:
    """When a count of this UTC day is no longer needed: a day after the day's end."""
    return _seconds(now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=2))


def _promised(mailbox: str, asks: Asks) -> Item:
    last = asks.asks[-1]
    return {
        "key": f"mailbox#{mailbox}",
        "asks": [{"at": stamp(ask.at), "course": ask.course, "key": ask.key} for ask in asks.asks],
        "last": f"{stamp(last.at)}#{last.key}",
        "expires_at": _seconds(last.at + ASKS_REMEMBERED),
    }


def _mark(key: str, owner: str, now: datetime) -> Item:
    return {"key": key, "owner": owner, "expires_at": _seconds(now + MARK_LIFE)}


def _seconds(at: datetime) -> int:
    """A time as DynamoDB's TTL reads it."""
    return int(at.timestamp())
