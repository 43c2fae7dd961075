"""Unfinished work in the table of the subscribers: forms to carry out, and erasures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from aws.items import Item, Table
from aws.subscribers import due_query

ERASING = "erasing#"
"""How the id of an unfinished erasure begins; also its partition of the index."""
FORM = "form#"
"""How the id of a form begins that waits to be carried out. The sign-up function may write no other item."""
FORM_LIFE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Erasing:
    """What is still kept of a subscriber during the erasure, for one last email."""

    subscriber: str
    course: str
    address: str
    epoch: int
    zone: str
    """The time zone, by which the last email chooses its helplines."""
    asked_at: datetime
    """When the button was pressed (UTC)."""
    due_at: datetime
    """When the erasure is to be resumed, unless it has ended (UTC)."""
    unanswered: int = 0
    """How often SES did not answer a request for the last email. It may have taken the email nevertheless."""


class Erasures(Table):
    """Unfinished erasures, in the table of the subscribers, but not under the subscriber's id."""

    def begin(self, unfinished: Erasing) -> None:
        """Stores an erasure. A repeated press changes nothing: the 24 hours count from the first press."""
        self._put(_erasing_item(unfinished), "attribute_not_exists(id)")

    def get(self, subscriber_id: str) -> Erasing | None:
        """An erasure that has not ended, or None."""
        item = self._get(id=ERASING + subscriber_id)
        if item is None:
            return None
        asked_at, due_at = datetime.fromisoformat(item["asked_at"]), datetime.fromisoformat(item["due_at"])
        known = subscriber_id, item["course"], item.get("address", ""), int(item["epoch"]), item["zone"]
        return Erasing(*known, asked_at, due_at, int(item.get("unanswered", 0)))

    def put_off(self, unfinished: Erasing, later: Erasing) -> bool:
        """Stores when it is due again, and what stays until then. False if another call already works on it."""
        return self._put(_erasing_item(later), "due_at = :read", read=unfinished.due_at)

    def due(self, until: datetime) -> list[str]:
        """Ids of the subscribers whose erasure is to be resumed."""
        return [item["id"].removeprefix(ERASING) for item in self._items("query", **due_query(ERASING, until))]

    def end(self, subscriber_id: str) -> None:
        """Deletes the item with the address, the last data that was kept."""
        self._delete(id=ERASING + subscriber_id)


class Forms(Table):
    """Forms that wait to be carried out, in the table of the subscribers: so no queue has an address."""

    def keep(self, key: str, asked: Item, now: datetime) -> None:
        """Keeps what a form asks for, for a day at most."""
        self._put({**asked, "id": FORM + key, "expires_at": int((now + FORM_LIFE).timestamp())})

    def get(self, key: str) -> Item | None:
        """What a form asks for, or None if it was carried out."""
        return self._get(id=FORM + key)

    def done(self, key: str) -> None:
        """Deletes a form that was carried out."""
        self._delete(id=FORM + key)


def _erasing_item(unfinished: Erasing) -> Item:
    return {
        "id": ERASING + unfinished.subscriber,
        "course": unfinished.course,
        "address": unfinished.address or None,
        "epoch": unfinished.epoch,
        "zone": unfinished.zone,
        "asked_at": unfinished.asked_at,
        "due_at": unfinished.due_at,
        "due_shard": ERASING,
        "unanswered": unfinished.unanswered or None,
    }
