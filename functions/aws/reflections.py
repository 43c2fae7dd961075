"""Reflections in DynamoDB, journal links, and the list of mail set aside: every access to their table."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aws.items import Item, Table, reflection_from, reflection_item, reflection_key, stamp
from course.reflection import NotTaken, Reflection
from course.tokens import JOURNAL_LIFE, JournalToken

SET_ASIDE = "set-aside"
"""The partition of mail that is set aside. No subscriber has this id: theirs have 16 characters."""

LINKS = "links#"
"""How the name of the partition of a subscriber's journal links begins."""

SET_ASIDE_LIFE = timedelta(days=14)
"""The raw mail is kept for the same time."""


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


class _Partitions(Table):
    """The table Reflections. Each partition has items of one kind, sorted by their key."""

    def _of(self, partition: str, begins: str = "", after: str = "", **asked: Any) -> Iterator[Item]:
        """The items of a partition by key. Pages of at most 1 MB are read only as they are needed."""
        values = {":id": partition} | ({":begins": begins} if begins else {}) | ({":after": after} if after else {})
        which = "begins_with(#key, :begins)" if begins else "#key > :after" if after else ""
        yield from self._items(
            "query",
            KeyConditionExpression=f"subscriber = :id AND {which}" if which else "subscriber = :id",
            ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
            **({"ExpressionAttributeNames": {"#key": "key"}} if which else {}),
            ConsistentRead=True,
            **asked,
        )


class Reflections(_Partitions):
    """What subscribers wrote. Nothing is ever overwritten, because the key contains the mail's id."""

    def add(self, reflection: Reflection) -> None:
        """Stores a reflection. If the same mail comes again, the stored item stays as it is."""
        self._put(reflection_item(reflection), "attribute_not_exists(subscriber)")

    def of(self, subscriber_id: str, after: str = "") -> Iterator[Reflection]:
        """A subscriber's reflections by round, lesson and time, or only those after the key `after`."""
        return map(reflection_from, self._of(subscriber_id, after=after))

    def to_lesson(self, subscriber_id: str, round_number: int, lesson: str) -> Iterator[Reflection]:
        """A subscriber's reflections on one lesson in one round, the oldest first."""
        return map(reflection_from, self._of(subscriber_id, f"{round_number:05}#{lesson}#"))

    def any_of(self, subscriber_id: str) -> bool:
        """Whether a subscriber has written anything. Reads one reflection."""
        return any(True for _ in self._of(subscriber_id, Limit=1))

    def erase(self, subscriber_id: str, mail_id: str) -> None:
        """Deletes what came by one mail."""
        for reflection in self.of(subscriber_id):
            if reflection.mail_id == mail_id:
                self.delete(reflection)

    def delete(self, reflection: Reflection) -> None:
        """Deletes one reflection."""
        self._delete(subscriber=reflection.subscriber, key=reflection_key(reflection))

    def forget(self, subscribers: Container[str], before: datetime) -> int:
        """Deletes what these subscribers wrote before a time (UTC); returns how many reflections it deleted."""
        read, names = "subscriber, #key, received_at", {"#key": "key"}
        forgotten = 0
        for item in self._items("scan", ProjectionExpression=read, ExpressionAttributeNames=names):
            written = item.get("received_at", "")
            if item["subscriber"] in subscribers and written < stamp(before):
                self._delete(subscriber=item["subscriber"], key=item["key"])
                forgotten += 1
        return forgotten


class JournalLinks(_Partitions):
    """The hashes of journal links, a partition for each subscriber. No hash opens a journal."""

    def add(self, link: JournalToken, now: datetime) -> None:
        """Makes a link work for 24 hours."""
        expires = now + JOURNAL_LIFE
        self._put({**_link_key(link), "expires": expires, "expires_at": int(expires.timestamp())})

    def works(self, link: JournalToken, now: datetime) -> bool:
        """Whether a link was mailed in the last 24 hours, and not ended."""
        found = self._get(**_link_key(link))
        return found is not None and now < datetime.fromisoformat(found["expires"])

    def of(self, subscriber_id: str) -> list[JournalToken]:
        """Every journal link of a subscriber that is stored."""
        return [JournalToken(subscriber_id, item["key"]) for item in self._of(LINKS + subscriber_id)]

    def end(self, links: Iterable[JournalToken]) -> None:
        """Makes these links invalid."""
        for link in links:
            self._delete(**_link_key(link))


class SetAside(_Partitions):
    """The list of mail that is set aside, in a separate partition: ids and reasons, never a mail's text."""

    def add(self, mail_id: str, received_at: datetime, reason: NotTaken, addressed_by: str = "") -> None:
        """Adds a mail, with the reason and with the subscriber whose reply address it came to."""
        item = {
            "subscriber": SET_ASIDE,
            "key": f"{stamp(received_at)}#{mail_id}",
            "mail_id": mail_id,
            "reason": reason.text,
            "addressed_by": addressed_by,
            "expires_at": int((received_at + SET_ASIDE_LIFE).timestamp()),
        }
        self._put(item)

    def all(self) -> Iterator[Aside]:
        """The mail on the list, the oldest first."""
        for item in self._of(SET_ASIDE):
            at, reason = datetime.fromisoformat(item["key"].partition("#")[0]), NotTaken.read(item["reason"])
            yield Aside(item["mail_id"], at, reason, item.get("addressed_by", ""), item["key"])

    def remove(self, aside: Aside) -> None:
        """Removes a mail from the list."""
        self._delete(subscriber=SET_ASIDE, key=aside.key)

    def erase(self, mail_id: str) -> None:
        """Removes a mail from the list by its id, if it is on the list."""
        for aside in self.all():
            if aside.mail_id == mail_id:
                self.remove(aside)


def _link_key(link: JournalToken) -> dict[str, str]:
    return {"subscriber": LINKS + link.subscriber, "key": link.hashed}
