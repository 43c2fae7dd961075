"""How often is too often, and how long too long. TTL only cleans up the table: the times are compared here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address

from course.subscriber import Subscriber, new_epoch
from course.tokens import nameless

ONE_CONFIRMATION_IN = timedelta(hours=24)
THREE_CONFIRMATIONS_IN = timedelta(days=30)
SIGN_UPS_AN_HOUR = 5
"""From one IP address, or one /64 network."""
SIGN_UPS_AN_HOUR_IN_ALL = 200
"""Above this the form closes for everyone until the hour is over."""

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
class Confirmations:
    """The confirmation emails that one mailbox was promised."""

    times: tuple[datetime, ...] = ()
    subscriber: str = ""
    """Whom the last one was promised to, by a hash of the id."""
    epoch: int = 0
    """The epoch of that sign-up."""

    def open_to(self, subscriber: Subscriber, now: datetime) -> bool:
        """Whether the last promise was to this subscriber and has not been kept: a sign-up that broke off half-way."""
        fresh = bool(self.times) and now - self.times[-1] < ONE_CONFIRMATION_IN
        return fresh and self.subscriber == nameless(subscriber.id) and subscriber.current_epoch < self.epoch

    def allowed(self, now: datetime) -> bool:
        """Whether another confirmation may be promised: one a day and three in 30 days."""
        recent = self._recent(now)
        return len(recent) < 3 and all(now - at >= ONE_CONFIRMATION_IN for at in recent)

    def promised(self, subscriber: str, now: datetime) -> "Confirmations":
        """With one more promise."""
        return Confirmations((*self._recent(now), now), nameless(subscriber), new_epoch(now))

    def closed(self, now: datetime) -> "Confirmations":
        """As if the last promise had been made and kept just now. However often, it is one."""
        return Confirmations((*self._recent(now)[:-1], now), "", new_epoch(now))

    def _recent(self, now: datetime) -> Sequence[datetime]:
        return [at for at in self.times if now - at < THREE_CONFIRMATIONS_IN]


def network(source_ip: str) -> str:
    """The address that sign-ups are counted by: IPv4 as it is, IPv6 by its /64, which is what one household gets."""
    address = ip_address(source_ip)
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
