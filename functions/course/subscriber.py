"""A subscriber: everything that decides whether and what to send, and what people do to change it.

Every change is a method that returns the new subscriber, or the same one where it does not apply. The tables store the
result on the condition that nothing else changed meanwhile, so a decision and its condition cannot drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from course import schedule

INTRODUCTION = "intro"
"""The id of the lesson that comes at once, before the first day."""

CONFIRM = "confirm"
"""The notice that asks to confirm a sign-up."""

EPOCH_START = datetime(2024, 1, 1, tzinfo=UTC)


class Status(StrEnum):
    """Where a subscriber stands."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    COMPLETED = "completed"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


STOPPED_FOR_GOOD = frozenset({Status.BOUNCED, Status.COMPLAINED})
IN_COURSE = frozenset({Status.ACTIVE, Status.PAUSED, Status.COMPLETED})

SOFT_BOUNCES = 5
"""So many emails of a round that a full or unreachable mailbox sent back, and the course waits for its subscriber."""


LAST_OBEYED = 5
"""Commands by reply that are remembered: more than somebody sends while one of them fails and comes back."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up that waits for its confirmation. Nothing of it counts before that."""

    epoch: int
    at: datetime
    """When it was made, or its email went out (UTC): the link in it lives from then on."""
    first_name: str
    zone: str
    hour: int
    consent: str
    """Version of the consent text that was agreed to."""
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
    """SES's id of an earlier copy, if news of it came while this attempt was under way."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One person in one course. Times are UTC; `last_day` is a local day."""

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
    """Earlier attempts of which nothing was heard yet, and at which email: an event of one says that it is sent."""
    sent: Mapping[str, datetime] = field(default_factory=dict)
    """When each lesson of this round was sent."""
    last_day: date | None = None
    """Local day of the last attempt at a lesson."""
    last_at: datetime | None = None
    message_id: str = ""
    """SES's id of the last lesson, which a reply without a token names in In-Reply-To."""
    consent: str = ""
    consent_at: datetime | None = None
    sign_up: SignUp | None = None
    paused_until: date | None = None
    """The local day on which a paused course goes on by itself; None waits for its subscriber."""
    held: str = ""
    """Why no email is sent until a person has looked; empty when none is needed."""
    soft_bounces: tuple[str, ...] = ()
    """Attempts of this round that a mailbox sent back, for now."""
    obeyed: tuple[str, ...] = ()
    """Short ids of the last mails whose command was obeyed: one that is worked on again changes nothing more."""
    version: int = 0
    """Counts the writes: the condition of the next one."""

    @property
    def due_email(self) -> str | None:
        """What comes next: `confirm`, a lesson id, or nothing."""
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
        """Whether a sign-up waits that was made after this time (UTC): what was said before it is not about it."""
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
        """What must lie between the last attempt and the next."""
        after_introduction = self.last_at is not None and self.sent.get(INTRODUCTION) == self.last_at
        return schedule.AFTER_INTRODUCTION if after_introduction else schedule.MIN_GAP

    def next_due(self, now: datetime) -> datetime:
        """The next slot that keeps the rules: one a local day, the gap, and none before a pause is over."""
        earliest = max(now, self.last_at + self.gap) if self.last_at else now
        day_before = self.paused_until - timedelta(days=1) if self.paused_until else None
        after = max(filter(None, (self.last_day, day_before)), default=None)
        return schedule.next_slot(earliest, after, self.zone, self.hour, self.minute)

    def signing_up(self, sign_up: SignUp) -> "Subscriber":
        """Asks for confirmation. Somebody already in the course, or stopped for good, is not touched."""
        if self.status in STOPPED_FOR_GOOD or self.status in (Status.ACTIVE, Status.PAUSED):
            return self
        asking = replace(self, sign_up=sign_up, due_at=sign_up.at, claim=None, held="")
        return replace(asking, obeyed=())  # no mail from before it changes anything any more

    def asked(self, now: datetime) -> "Subscriber":
        """The email that asks to confirm goes out now, however long it had to wait: its link lives from then on."""
        return replace(self, sign_up=replace(self.sign_up, at=now)) if self.sign_up else self

    def confirmed(self, epoch: int, plan: tuple[str, ...], now: datetime) -> "Subscriber":
        """Starts the course: the introduction is due now, or tomorrow if an earlier run sent a lesson today."""
        if not self.sign_up or self.sign_up.epoch != epoch:
            return self
        started = replace(
            self,
            status=Status.ACTIVE,
            epoch=epoch,
            round=self.round + 1,
            plan=plan,
            next_lesson=plan[0],
            first_name=self.sign_up.first_name,
            zone=self.sign_up.zone,
            hour=self.sign_up.hour,
            consent=self.sign_up.consent,
            consent_at=now,
            sign_up=None,
            claim=None,
            unsettled={},  # emails of an earlier run
            sent={},
            held="",
            soft_bounces=(),
            last_day=self.last_day_in(self.sign_up.zone),
        )
        free_today = started.last_day is None or started.last_day < schedule.local_day(now, started.zone)
        rested = self.last_at is None or now >= self.last_at + schedule.MIN_GAP
        return replace(started, due_at=now if free_today and rested else started.next_due(now))

    def paused(self, until: date | None = None) -> "Subscriber":
        """Nothing is sent until the subscriber resumes, or before a local day on which the course goes on by itself."""
        if self.status not in (Status.ACTIVE, Status.PAUSED):
            return self
        waits = replace(self, status=Status.PAUSED, paused_until=until if self.next_lesson else None)
        if not until or waits == self:
            return waits
        return replace(waits, due_at=waits.next_due(schedule.slot(until, self.zone, 0)))

    def after_pause(self, now: datetime) -> "Subscriber":
        """Goes on by itself, once the local day has come until which the course is paused."""
        if self.paused_until and schedule.local_day(now, self.zone) >= self.paused_until:
            return replace(self, status=Status.ACTIVE, paused_until=None, soft_bounces=())
        return self

    def resumed(self, now: datetime) -> "Subscriber":
        """Goes on with the next lesson, at the next slot."""
        if self.status is not Status.PAUSED:
            return self
        if self.next_lesson is None:
            return replace(self, status=Status.COMPLETED, paused_until=None)
        free = replace(self, status=Status.ACTIVE, paused_until=None, soft_bounces=())
        return replace(free, due_at=free.next_due(now))

    def soft_bounced(self, attempt: str) -> "Subscriber":
        """A mailbox sent an email back, for now. However often it is told, an attempt counts once."""
        bounced = self.soft_bounces
        if attempt not in bounced and len(bounced) < SOFT_BOUNCES:
            bounced = (*bounced, attempt)
            counted = replace(self, soft_bounces=bounced)
            return counted.paused() if len(bounced) == SOFT_BOUNCES else counted
        return self

    def stopped(self, status: Status) -> "Subscriber":
        """Ends every email: unsubscribed, bounced or complained. The last two outrank the first and each stays."""
        if self.status in STOPPED_FOR_GOOD:
            return self
        ended = replace(self, status=status, epoch=self.current_epoch, sign_up=None, due_at=None)
        return replace(ended, paused_until=None, held="")

    def at_time(self, zone: str, hour: int, now: datetime) -> "Subscriber":
        """Chooses another zone or hour. What was sent counts as a day of the new zone as well as of the old."""
        moved = replace(self, zone=zone, hour=hour, last_day=self.last_day_in(zone))
        if moved.due_at is None or moved.next_lesson in (None, INTRODUCTION):
            return moved
        return replace(moved, due_at=moved.next_due(now))

    def last_day_in(self, zone: str) -> date | None:
        """The local day of the last attempt, in the zone it was made in or in another, whichever is later."""
        if self.last_day is None or self.last_at is None:
            return self.last_day
        return max(self.last_day, schedule.local_day(self.last_at, zone))

    def beginning_again(self, plan: tuple[str, ...], now: datetime) -> "Subscriber":
        """Starts a new round at lesson 1, without a second introduction. Asked for twice, it is one round."""
        if self.status not in IN_COURSE:
            return self
        if not self.sent:
            return self.resumed(now)
        fresh = replace(
            self,
            status=Status.ACTIVE,
            round=self.round + 1,
            plan=plan,
            next_lesson=plan[0],
            sent={},
            claim=None,
            unsettled={},  # the new round has lessons of the same ids
            paused_until=None,
            held="",
            soft_bounces=(),
            sign_up=None,
        )
        return replace(fresh, due_at=fresh.next_due(now))

    def skipping(self) -> "Subscriber":
        """Passes over the next lesson: the one after it takes its slot. The last is never passed over."""
        following = self.plan[self.plan.index(self.next_lesson) + 1 :] if self.next_lesson else ()
        return replace(self, next_lesson=following[0]) if self.is_in_course and following else self

    def concluding(self) -> "Subscriber":
        """Goes on to the closing letter: undoes a new round of which nothing has been sent."""
        if self.status in IN_COURSE and self.round > 1 and not self.sent and self.next_lesson and not self.claim:
            return replace(self, next_lesson=self.plan[-1])
        return self

    def having_obeyed(self, mail_id: str) -> "Subscriber":
        """Remembers a mail whose command was obeyed, also where it changed nothing: later it might."""
        return self if mail_id in self.obeyed else replace(self, obeyed=(*self.obeyed, mail_id)[-LAST_OBEYED:])


def new_epoch(now: datetime) -> int:
    """Days since 2024, in 16 bits. An address is asked to confirm once in 24 hours, so no two sign-ups share one."""
    return (now - EPOCH_START).days
