"""The stored record of a subscriber, and the properties that follow from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from course import schedule

INTRODUCTION = "intro"
"""The id of the lesson that comes at once, before the first day."""

CONFIRM = "confirm"
"""The notice that asks to confirm a sign-up."""

EPOCH_START = datetime(2024, 1, 1, tzinfo=UTC)  # epochs count days from here: new_epoch


class Status(StrEnum):
    """Where a subscriber stands."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Held(StrEnum):
    """Why no email is sent until a person has looked. The values are stored: never reword one."""

    NOT = ""
    IN_DOUBT = "in doubt"
    """Nobody knows whether SES took the last attempt."""
    ADDRESS = "SES refused the address"
    SANDBOX = "SES is in its sandbox and mails verified addresses only: ask AWS for production access"
    NO_COURSE = "there is no such course any more"
    ADDRESS_CHANGED = "the address is not the one that the id was made from: somebody has changed what is stored"
    UNREADABLE = "what is stored cannot be read"

    @classmethod
    def _missing_(cls, stored: object) -> "Held":
        """A reason in other words, such as one with the mistake behind it, stays as it was stored."""
        reason = str.__new__(cls, stored)
        reason._name_ = reason._value_ = str(stored)
        return reason


STOPPED_FOR_GOOD = frozenset({Status.BOUNCED, Status.COMPLAINED})
IN_COURSE = frozenset({Status.ACTIVE, Status.PAUSED, Status.COMPLETED})


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up that waits for its confirmation. Nothing of it counts before that."""

    epoch: int
    at: datetime
    """When it was made or, once sent, when its email went out (UTC): the link expires counted from here."""
    first_name: str
    zone: str
    hour: int
    mailed: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one email once. While it stands, nobody else may try."""

    attempt: str
    """Random id, tagged on the email, by which SES's events find the claim."""
    email: str
    """Lesson id, or `confirm`."""
    at: datetime
    retry_at: datetime
    """Without news until then, the attempt is in doubt."""
    previous_day: date | None
    previous_at: datetime | None
    taken: str = ""
    """SES's id of an earlier copy, if its event came while this attempt was under way."""


@dataclass(frozen=True, slots=True)
class Record:
    """The stored fields of one person in one course. Times are UTC; `last_day` is a local day."""

    id: str
    course: str
    address: str
    status: Status = Status.PENDING
    epoch: int = 0
    """New on each fresh sign-up: tokens and events of an old one cannot touch this one."""
    round: int = 0
    plan: tuple[str, ...] = ()
    """Lesson ids of this round, fixed on the day it starts."""
    next_lesson: str | None = None
    due_at: datetime | None = None
    first_name: str = ""
    zone: str = "UTC"
    hour: int = 7
    claim: Claim | None = None
    unsettled: Mapping[str, str] = field(default_factory=dict)
    """Attempt id → email, of earlier attempts without a known outcome: an event of one proves that it was sent."""
    sent: Mapping[str, datetime] = field(default_factory=dict)
    """Lesson → time of the attempt that sent it, in this round."""
    last_day: date | None = None
    """Local day of the last attempt at a lesson."""
    last_at: datetime | None = None
    message_id: str = ""
    """SES's id of the last lesson, which a reply without a token names in In-Reply-To."""
    sign_up: SignUp | None = None
    paused_until: date | None = None
    """The local day on which a paused course goes on by itself; None waits for its subscriber."""
    held: Held = Held.NOT
    soft_bounces: tuple[str, ...] = ()
    """Beginnings of the ids of attempts of this round that a mailbox sent back, for now. After a pause for bounces only
    the attempt that caused it is kept, until the next lesson is sent."""
    bounce_pauses: int | None = None
    """Pauses for bounces in a row; None before the first one."""
    kept_on: date | None = None
    """The day (UTC) on which they last asked to keep what they wrote, since the last lesson."""
    obeyed: tuple[str, ...] = ()
    """Short ids of the last mails whose command was obeyed: one that is worked on again changes nothing more."""
    another: int | None = None
    """Which lesson from now on tells that a reply came from another address: 1 is the next one, 2 the one after it,
    since a lesson was being sent when the reply came. None when there is nothing to tell."""
    heard: int | None = None
    """The same of a reply that was kept."""
    links_ended: int = 0
    """How often all links were ended: the signature of those to the course page covers it."""
    version: int = 0
    """Counts the writes: the condition of the next one."""

    @property
    def due_email(self) -> str | None:
        """The email that is due now or later: `confirm`, a lesson id, or None."""
        if self.held:
            return None
        if self.sign_up:
            return None if self.sign_up.mailed else CONFIRM
        return self.next_lesson if self.status is Status.ACTIVE or self.paused_until else None

    @property
    def waiting(self) -> bool:
        """Whether an email is due now or later: these, and only these, are in the index `due`."""
        return self.due_email is not None and self.due_at is not None

    @property
    def reachable(self) -> bool:
        """Whether we may write to the mailbox: it has not sent us away for good."""
        return self.status not in STOPPED_FOR_GOOD

    @property
    def is_in_course(self) -> bool:
        """Whether they are taking the course, have paused it or have come to its end."""
        return self.status in IN_COURSE

    @property
    def current_epoch(self) -> int:
        """The epoch of the sign-up that counts now: the one that waits for its confirmation, if there is one."""
        return self.sign_up.epoch if self.sign_up else self.epoch

    def awaits(self, epoch: int) -> bool:
        """Whether a sign-up of this epoch waits for its confirmation."""
        return self.sign_up is not None and self.sign_up.epoch == epoch

    def signed_up_since(self, at: datetime) -> bool:
        """Whether a sign-up made after this time (UTC) waits for confirmation. Earlier mail is not about it."""
        return self.sign_up is not None and self.sign_up.at > at

    @property
    def last_lesson(self) -> str | None:
        """The last lesson of this round that was sent."""
        return max(self.sent, key=lambda lesson: self.sent[lesson], default=None)

    @property
    def minute(self) -> int:
        """The subscriber's minute of the hour, so that an hour's emails don't all leave at once."""
        return int.from_bytes(self.id.encode()[-4:]) % schedule.SPREAD_MINUTES

    @property
    def gap(self) -> timedelta:
        """The least time between the last attempt and the next."""
        after_introduction = self.last_at is not None and self.sent.get(INTRODUCTION) == self.last_at
        return schedule.AFTER_INTRODUCTION if after_introduction else schedule.MIN_GAP

    def next_due(self, now: datetime) -> datetime:
        """The next slot that keeps the rules: one a local day, the gap, and none before a pause is over."""
        earliest = max(now, self.last_at + self.gap) if self.last_at else now
        day_before = self.paused_until - timedelta(days=1) if self.paused_until else None
        after = max(filter(None, (self.last_day, day_before)), default=None)
        return schedule.next_slot(earliest, after, self.zone, self.hour, self.minute)
