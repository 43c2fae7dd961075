"""The limits: how often and how long. TTL only cleans up the table; the code here compares the times."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

A_DAY = timedelta(hours=24)
ASKS_REMEMBERED = timedelta(days=30)
EMAILS_A_DAY = 2
"""The most emails that forms may send to one mailbox in 24 hours, for any purpose."""
EMAILS_IN_30_DAYS = 6
"""The most of them in 30 days, in case somebody types in another person's address day after day."""
ONCE_MORE_AFTER = timedelta(minutes=10)

UNCONFIRMED_LIFE = timedelta(days=7)
"""How long an unconfirmed sign-up is kept, counted from when its confirmation email was sent."""

FORMS_PART = 2
"""The emails of forms may use 1/FORMS_PART of SES's daily quota in a UTC day. The rest is for lessons."""
FORMS_OF_DAY = "forms-of-day"
"""The name of the counter of these emails."""

LONGEST_PAUSE = timedelta(days=365)
"""The longest pause, by reply or on the page. A reply that asks for a longer one pauses until RESUME."""

ANSWERS_AN_HOUR = 20
"""The most notices that answer one subscriber's replies in an hour: forged replies cannot flood a mailbox."""

ASKS_A_DAY = 2
"""The most emails of a UTC day that ask one subscriber what a reply meant."""
OF_OTHERS_A_DAY = 1
"""The most of these that offer a command which another address asked for."""
HELPS_A_DAY = 1
"""The most of these that answer a practical question."""

PRESSES_TOLD_A_DAY = 2
"""The most emails of a UTC day that report to one subscriber what a link did. STOP is always reported, uncounted."""

JOURNAL_LINKS_A_DAY = 3
"""The most journal links sent to one subscriber in a UTC day, no matter who presses the button or replies JOURNAL."""

UNPROVEN_A_DAY = 20
"""The most unproven mails of one subscriber that are kept in a UTC day, so that no forger can fill a journal."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One email that a form asked for and that was promised to its mailbox."""

    at: datetime
    course: str
    key: str
    """Key of the request, by which a retry finds its promise. Empty for an erasure, which counts as a promise."""


@dataclass(frozen=True, slots=True)
class Asks:
    """The promises to one mailbox in the last 30 days, the latest last."""

    asks: tuple[Ask, ...] = ()

    def of(self, key: str) -> Ask | None:
        """The promise for a request, or None."""
        return next((ask for ask in self.asks if ask.key == key), None)

    def allow(self, course: str, now: datetime) -> bool:
        """Whether a course may send one: once in 24 hours, so that no two of its sign-ups share an epoch."""
        return self._allows_one_more(now) and all(ask.course != course for ask in self._today(now))

    def allow_once_more(self, now: datetime) -> bool:
        """Whether the confirmation email of the same sign-up may be sent again."""
        return self._allows_one_more(now) and all(now - ask.at >= ONCE_MORE_AFTER for ask in self._today(now))

    def promised(self, ask: Ask) -> "Asks":
        """The promises with one more, and without those that no longer count."""
        return Asks((*self._within(ASKS_REMEMBERED, ask.at), ask))

    def closed(self, course: str, now: datetime) -> "Asks":
        """The promises with the course's last one replaced by one for an erasure now. Repeating this adds none."""
        recent = self._within(ASKS_REMEMBERED, now)
        last = max((number for number, ask in enumerate(recent) if ask.course == course), default=None)
        others = tuple(ask for number, ask in enumerate(recent) if number != last)
        return Asks((*others, Ask(now, course, "")))

    def _allows_one_more(self, now: datetime) -> bool:
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
    """Seconds until the next clock hour, when counts start again at zero."""
    return 3600 - int(now.timestamp()) % 3600
