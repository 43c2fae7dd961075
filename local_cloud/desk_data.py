"""The data on the pages of /_local: mailboxes, subscribers, the outcome of a reply."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from local_cloud.cloud import World
from local_cloud.functions import make_importable
from local_cloud.mime import SentEmail
from local_cloud.receiving import ReceivedMail

if TYPE_CHECKING:
    from cli.samples import Sample
    from content.lessons import Library

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a mailbox: an email that arrived, or a reply that was sent."""

    at: datetime
    email: SentEmail | None = None
    reply: ReceivedMail | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address's mailbox, the newest entry first, and the address's row in the table Subscribers."""

    address: str
    entries: list[Entry]
    subscriber: Row | None

    @property
    def zone(self) -> str:
        return str((self.subscriber or {}).get("zone", "UTC"))

    @property
    def emails(self) -> list[SentEmail]:
        return [entry.email for entry in self.entries if entry.email]


def mailboxes(world: World) -> list[Mailbox]:
    """Every mailbox that an email was sent to, the one with the latest email first."""
    addresses = dict.fromkeys(email.address.lower() for email in reversed(world.emails))
    rows = world.subscribers()
    return [_mailbox(world, address, rows) for address in addresses]


def mailbox(world: World, address: str) -> Mailbox:
    return _mailbox(world, address.lower(), world.subscribers())


def _mailbox(world: World, address: str, rows: list[Row]) -> Mailbox:
    entries = [Entry(email.at, email=email) for email in world.mails_to(address)]
    entries += [Entry(reply.at, reply=reply) for reply in world.received if reply.mailbox == address]
    entries.sort(key=lambda entry: entry.at, reverse=True)
    row = next((row for row in rows if str(row.get("address", "")).lower() == address), None)
    return Mailbox(address, entries, row)


def kept_as(world: World, reply: ReceivedMail) -> Row | None:
    """The row that a reply became: a reflection, or a note that it was set aside."""
    return next((row for row in world.rows("Reflections") if row.get("mail_id") == reply.id), None)


def became(world: World, reply: ReceivedMail, command: str | None, failed: bool) -> str:
    """What the course did with a reply, in a sentence."""
    kept = kept_as(world, reply) or {}
    if not reply.matched:
        return f"SES refused it: {', '.join(reply.to)} has no receipt rule, or its domain is not verified."
    if kept.get("text"):
        where = f" on {kept['lesson']}, round {kept['round']}" if kept.get("lesson") else ""
        return f"It was kept as a reflection{where}."
    if kept:
        return f"It was set aside: {kept.get('reason', '')}."
    if command:
        return f"It was taken as the command “{command}”."
    return "A function failed on it: see the logs under Inside." if failed else "It had nothing to keep."


_samples: "list[tuple[Library, list[Sample]]]" = []  # the courses that were last read, and their emails


def samples(world: World) -> "list[Sample]":
    """Every email of every course, from the present files."""
    make_importable(next(iter(world.functions.by_arn.values())).folder)
    from cli import samples as every
    from content import lessons

    emails = next(iter(world.functions.layers.values()))
    library = lessons.load(emails)
    if not _samples or _samples[0][0] is not library:
        _samples[:] = [(library, list(every.samples(library, emails)))]
    return _samples[0][1]


def local_time(at: datetime | str, zone: str = "UTC") -> str:
    """Formats a time like Tue 24 Nov 2026, 07:12."""
    time = datetime.fromisoformat(at) if isinstance(at, str) else at
    return time.astimezone(ZoneInfo(zone)).strftime("%a %-d %b %Y, %H:%M")


def readable(row: Row) -> Iterator[tuple[str, str]]:
    """A row's attributes as text: nested values as JSON, the expiry as a date."""
    for name, value in sorted(row.items()):
        if name == "expires_at":
            at = datetime.fromtimestamp(int(value), UTC)
            yield name, f"{int(value)} ({local_time(at)} UTC)"
        elif isinstance(value, (dict, list, set)):
            yield name, json.dumps(value, default=_plain, indent=2, ensure_ascii=False)
        else:
            yield name, str(value)


def row_title(row: Row, key: list[str]) -> str:
    return " · ".join(str(row.get(name, "")) for name in key)


def pretty(body: str) -> str:
    """A message's body, indented if it is JSON; JSON text in its `Message` is indented as well."""
    try:
        value = json.loads(body)
    except ValueError:
        return body
    if isinstance(value, dict) and isinstance(value.get("Message"), str):
        with suppress(ValueError):
            value["Message"] = json.loads(value["Message"])
    return json.dumps(value, indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return sorted(value) if isinstance(value, set) else str(value)
