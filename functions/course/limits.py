"""How often is too often, and how long too long. TTL only cleans up the table: the times are compared here."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

A_DAY = timedelta(hours=24)
ASKS_REMEMBERED = timedelta(days=30)
EMAILS_A_DAY = 2
"""Emails that a form has sent to one mailbox in 24 hours, whatever for."""
EMAILS_IN_30_DAYS = 6
"""Of them in 30 days: whoever types in somebody else's address day after day gets no further."""
ONCE_MORE_AFTER = timedelta(minutes=10)

UNCONFIRMED_LIFE = timedelta(days=7)
"""Of a sign-up that nobody confirms, counted from when its email went out."""

FORMS_PART = 2
"""Forms of a UTC day may take one part in so many of SES's daily quota. The rest is the lessons'."""
FORMS_OF_DAY = "forms-of-day"
"""What they are counted by."""

LONGEST_PAUSE = timedelta(days=365)
"""By reply or on the page. One that is asked to be longer by reply waits for its subscriber."""

ANSWERS_AN_HOUR = 20
"""Notices in answer to one subscriber's replies: whoever forges those cannot flood a mailbox."""

ASKS_A_DAY = 2
"""Emails of a UTC day that ask one subscriber what a reply meant."""
OF_OTHERS_A_DAY = 1
"""Of these, offers of what another address asked for."""
HELPS_A_DAY = 1
"""Of these, answers to a practical question."""

PRESSES_TOLD_A_DAY = 2
"""Emails of a UTC day that tell one subscriber what was done by a link. A stop is always told, and not counted."""

JOURNAL_LINKS_A_DAY = 3
"""Journal links that one subscriber is mailed in a UTC day, whoever presses the button or replies JOURNAL."""

UNPROVEN_A_DAY = 20
"""Mails of one subscriber and UTC day that are kept without proof of their sender: no forger can fill a journal."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One email that a form asked for and that its mailbox was promised."""

    at: datetime
    course: str
    key: str
    """Of the request: one that is worked on again finds its own promise. Empty for an erasure, which counts as one."""


@dataclass(frozen=True, slots=True)
class Asks:
    """What one mailbox was promised in the last 30 days, the latest last."""

    asks: tuple[Ask, ...] = ()

    def of(self, key: str) -> Ask | None:
        """The promise that was made to a request."""
        return next((ask for ask in self.asks if ask.key == key), None)

    def allow(self, course: str, now: datetime) -> bool:
        """Whether a course may ask: once in 24 hours, so that no two of its sign-ups share an epoch."""
        return self._room(now) and all(ask.course != course for ask in self._today(now))

    def allow_once_more(self, now: datetime) -> bool:
        """Whether the email of the same sign-up may be sent again."""
        return self._room(now) and all(now - ask.at >= ONCE_MORE_AFTER for ask in self._today(now))

    def promised(self, ask: Ask) -> "Asks":
        """With one more promise, and without those that no longer count."""
        return Asks((*self._within(ASKS_REMEMBERED, ask.at), ask))

    def closed(self, course: str, now: datetime) -> "Asks":
        """As if the course's last promise had been made just now, to nobody. However often, it is one."""
        recent = self._within(ASKS_REMEMBERED, now)
        last = max((number for number, ask in enumerate(recent) if ask.course == course), default=None)
        others = tuple(ask for number, ask in enumerate(recent) if number != last)
        return Asks((*others, Ask(now, course, "")))

    def _room(self, now: datetime) -> bool:
        in_30_days = len(self._within(ASKS_REMEMBERED, now))
        return in_30_days < EMAILS_IN_30_DAYS and len(self._today(now)) < EMAILS_A_DAY

    def _today(self, now: datetime) -> Sequence[Ask]:
        return self._within(A_DAY, now)

    def _within(self, time: timedelta, now: datetime) -> Sequence[Ask]:
        return [ask for ask in self.asks if now - ask.at < time]


def visitor(told: str, connected: str) -> str:
    """The address that a CDN tells in its header, or the one that connected where it tells none.

    Some add the port: `198.51.100.7:46532`, `2001:db8::7:46532`, `[2001:db8::7]:46532`. An address with a scope id
    (`fe80::1%eth0`) is valid on one link only, so no CDN sends it.
    """
    for text in (told, told.rpartition(":")[0]):
        with suppress(ValueError):
            address = ip_address(text.strip().strip("[]"))
            if not getattr(address, "scope_id", None):
                return str(address)
    return connected


def network(source_ip: str) -> str:
    """The address that sign-ups are counted by: IPv4 as it is, IPv6 by its /64, which is what one household gets.

    An IPv4 address in IPv6 form (`::ffff:198.51.100.7`) is the IPv4 address.
    """
    address = ip_address(source_ip)
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return str(address.ipv4_mapped)
    if isinstance(address, IPv6Address):
        return ":".join(address.exploded.split(":")[:4])
    return str(address)


def hour_of(now: datetime) -> str:
    """The clock hour (UTC) that a count belongs to."""
    return now.strftime("%Y-%m-%dT%H")


def day_of(now: datetime) -> str:
    """The UTC day that a count belongs to."""
    return now.strftime("%Y-%m-%d")


def seconds_left(now: datetime) -> int:
    """Until the next clock hour, when counts begin anew."""
    return 3600 - int(now.timestamp()) % 3600
