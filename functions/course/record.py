"""The stored record of a subscriber, the properties derived from it, and the proof of a consent."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

from course import schedule

INTRODUCTION = "intro"
"""The id of the lesson that is sent at once, before the first day."""

CONFIRM = "confirm"
"""The id of the confirmation email, a notice."""

EPOCH_START = datetime(2024, 1, 1, tzinfo=UTC)  # epochs count days from here: new_epoch


class Status(StrEnum):
    """The state of a subscriber in the course."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Held(StrEnum):
    """Why a subscriber is held: until an operator releases them, a late event settles the attempt, or they leave.

    The values are stored: never change one.
    """

    NOT = ""
    IN_DOUBT = "in doubt"
    """Nothing shows whether SES accepted the last attempt."""
    ADDRESS = "SES refused the address"
    SANDBOX = "SES is in its sandbox and mails verified addresses only: ask AWS for production access"
    NO_COURSE = "there is no such course any more"
    ADDRESS_CHANGED = "the address is not the one that the id was made from: somebody has changed what is stored"
    UNREADABLE = "what is stored cannot be read"

    @classmethod
    def _missing_(cls, stored: object) -> "Held":
        """Keeps a stored reason that is not in this list, such as one followed by the text of an error."""
        reason = str.__new__(cls, stored)
        reason._name_ = reason._value_ = str(stored)
        return reason


STOPPED_FOR_GOOD = frozenset({Status.BOUNCED, Status.COMPLAINED})
IN_COURSE = frozenset({Status.ACTIVE, Status.PAUSED, Status.COMPLETED})


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up that waits for its confirmation. Until then its values have no effect."""

    epoch: int
    at: datetime
    """When it was made or, after that, when its confirmation email was sent (UTC). The link's life starts then."""
    first_name: str
    zone: str
    hour: int
    email_sent: bool = False


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to send one email once. While it is stored, no other process may send the email."""

    attempt: str
    """Random id. The email carries it as a tag, so that SES's events find the claim."""
    email: str
    """Lesson id, or `confirm`."""
    at: datetime
    retry_at: datetime
    """The time from which the attempt, if it has no outcome by then, is judged: sent again or held."""
    previous_day: date | None
    previous_at: datetime | None
    earlier_message_id: str = ""
    """SES's id of an earlier copy, if the event of that copy came during this attempt."""


@dataclass(frozen=True, slots=True)
class Consent:
    """The proof of a consent, in a separate item: no code that decides what to send reads it."""

    text: str
    """Version of the text that was agreed to."""
    language: str
    source: str
    """Where the form was: `page`, or `embed` for the form on the author's own site."""
    asked_at: datetime
    """When the box was ticked (UTC)."""
    epoch: int = 0
    """The epoch of its sign-up; 0 until there is one."""
    given_at: datetime | None = None
    """When the sign-up was confirmed (UTC); there is no consent before that."""
    by: str = ""
    """How it was confirmed: `button` or `reply`."""


@dataclass(frozen=True, slots=True)
class Record:
    """The stored fields of one subscriber. Times are UTC; `last_day` is a local day."""

    id: str
    course: str
    address: str
    status: Status = Status.PENDING
    epoch: int = 0
    """New at each sign-up: tokens and events of an earlier sign-up have no effect on this one."""
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
    """Attempt id → email, of earlier attempts whose outcome is unknown: an event proves that its attempt was sent."""
    sent: Mapping[str, datetime] = field(default_factory=dict)
    """Lesson → time of the attempt that sent it, in this round."""
    last_day: date | None = None
    """Local day of the last attempt at a lesson."""
    last_at: datetime | None = None
    message_id: str = ""
    """SES's id of the last lesson. A reply without a token names it in In-Reply-To."""
    sign_up: SignUp | None = None
    paused_until: date | None = None
    """The local day on which a paused course goes on by itself; None: only when its subscriber resumes it."""
    held: Held = Held.NOT
    soft_bounces: tuple[str, ...] = ()
    """The first characters of the ids of this round's attempts that bounced transiently. After a pause for bounces,
    only the attempt that caused it, until the next lesson is sent."""
    bounce_pauses: int | None = None
    """The number of pauses for bounces in a row; None before the first one."""
    kept_on: date | None = None
    """The UTC day on which the subscriber last asked to keep the journal; None if not since the last lesson."""
    obeyed: tuple[str, ...] = ()
    """Short ids of the last mails whose command was obeyed, so that a retry changes nothing more."""
    mention_other_address_in: int | None = None
    """The lesson that will mention that a reply came from another address: 1 is the next one; 2 is the one after it,
    if a lesson was being sent when the reply came. None if there is nothing to mention."""
    mention_reply_in: int | None = None
    """The lesson that will mention that a reply was kept, counted in the same way."""
    links_ended: int = 0
    """How often the subscriber ended all links. The signature of course-page links covers this number."""
    version: int = 0
    """The number of writes. Each write has the condition that it has not changed."""

    @property
    def next_email(self) -> str | None:
        """The email that comes next, now or later: `confirm`, a lesson id, or None."""
        if self.held:
            return None
        if self.sign_up:
            return None if self.sign_up.email_sent else CONFIRM
        return self.next_lesson if self.status is Status.ACTIVE or self.paused_until else None

    @property
    def has_next_email(self) -> bool:
        """Whether an email comes, now or later. The index `due` holds exactly these subscribers."""
        return self.next_email is not None and self.due_at is not None

    @property
    def reachable(self) -> bool:
        """Whether we may send to the mailbox: there was no permanent bounce and no complaint."""
        return self.status not in STOPPED_FOR_GOOD

    @property
    def is_in_course(self) -> bool:
        """Whether the subscriber is taking the course, has paused it or has completed it."""
        return self.status in IN_COURSE

    @property
    def current_epoch(self) -> int:
        """The epoch of the sign-up that waits for its confirmation; if there is none, that of the confirmed one."""
        return self.sign_up.epoch if self.sign_up else self.epoch

    def awaits(self, epoch: int) -> bool:
        """Whether a sign-up of this epoch waits for its confirmation."""
        return self.sign_up is not None and self.sign_up.epoch == epoch

    def signed_up_since(self, at: datetime) -> bool:
        """Whether a sign-up made after this time (UTC) waits for its confirmation. Earlier mail is not about it."""
        return self.sign_up is not None and self.sign_up.at > at

    @property
    def last_lesson(self) -> str | None:
        """The lesson of this round that was sent last."""
        return max(self.sent, key=lambda lesson: self.sent[lesson], default=None)

    @property
    def minute(self) -> int:
        """The subscriber's minute of the hour, so that not all emails of an hour are sent at once."""
        return int.from_bytes(self.id.encode()[-4:]) % schedule.SPREAD_MINUTES

    @property
    def gap(self) -> timedelta:
        """The shortest time between the last attempt and the next one."""
        after_introduction = self.last_at is not None and self.sent.get(INTRODUCTION) == self.last_at
        return schedule.AFTER_INTRODUCTION if after_introduction else schedule.MIN_GAP

    def next_due(self, now: datetime) -> datetime:
        """The next slot that keeps the rules: one lesson a local day, the gap, and no lesson before a pause ends."""
        earliest = max(now, self.last_at + self.gap) if self.last_at else now
        day_before = self.paused_until - timedelta(days=1) if self.paused_until else None
        after = max(filter(None, (self.last_day, day_before)), default=None)
        return schedule.next_slot(earliest, after, self.zone, self.hour, self.minute)


STORED_AS = {
    "earlier_message_id": "taken",
    "email_sent": "mailed",
    "mention_other_address_in": "another",
    "mention_reply_in": "heard",
    "proven": "verified",
}
"""Fields of a dataclass that are stored, and exported, under another name. Stored names never change."""


def stored_names(kind: Any) -> dict[str, str]:
    """The stored name of each field of a dataclass, by its name in the code."""
    return {each.name: STORED_AS.get(each.name, each.name) for each in fields(kind)}


def as_stored(value: Any) -> dict[str, Any]:
    """The fields of a dataclass by their stored names, in nested ones too."""
    values = ((stored, getattr(value, name)) for name, stored in stored_names(value).items())
    return {name: as_stored(part) if is_dataclass(part) else part for name, part in values}
