"""A subscriber, and what people do to change it.

Every change is a method that returns the new subscriber, or the same one where it does not apply. The tables store the
result on the condition that nothing else changed meanwhile, so a decision and its condition cannot drift apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from course import schedule
from course.limits import UNCONFIRMED_LIFE
from course.record import EPOCH_START, IN_COURSE, INTRODUCTION, Held, Record, SignUp, Status

SOFT_BOUNCES = 5
"""After this many emails of a round came back from a full or unreachable mailbox, the course is paused."""
BOUNCE_PAUSE = timedelta(days=3)
BOUNCE_PAUSES = 3
"""The last of so many pauses for bounces in a row does not end by itself."""

ATTEMPT_CHARACTERS = 8
"""Of an attempt's id: enough to tell five of them apart, in an item of which every byte counts."""

LAST_OBEYED = 5
"""How many obeyed mails are remembered: more than one person sends while a failed mail is retried."""


@dataclass(frozen=True, slots=True)
class Subscriber(Record):
    """A record, with every change that people make to it."""

    def signing_up(self, sign_up: SignUp) -> "Subscriber":
        """Asks for confirmation. Changes nothing while a course is going on or paused, or was stopped for good."""
        if not self.reachable or self.status in (Status.ACTIVE, Status.PAUSED):
            return self
        # Mail from before this sign-up changes nothing any more, so the obeyed mails are forgotten.
        return replace(self, sign_up=sign_up, due_at=sign_up.at, claim=None, held=Held.NOT, obeyed=())

    def asked(self, now: datetime) -> "Subscriber":
        """The email that asks to confirm goes out now, however long it had to wait: its link lives from then on."""
        return replace(self, sign_up=replace(self.sign_up, at=now)) if self.sign_up else self

    def asked_once_more(self, promised_at: datetime) -> "Subscriber":
        """The email of the same sign-up goes out again, unless it did since this was promised."""
        if not self.sign_up or not self.sign_up.mailed or self.sign_up.at >= promised_at:
            return self
        return replace(self, sign_up=replace(self.sign_up, mailed=False), due_at=promised_at)

    def without_old_sign_up(self, now: datetime) -> "Subscriber":
        """Forgets a sign-up that was not confirmed in time, of somebody who was in the course before.

        Whoever never was is deleted whole, by the expiry of the item.
        """
        if not self.sign_up or not self.round or now < self.sign_up.at + UNCONFIRMED_LIFE:
            return self
        return replace(self, sign_up=None, due_at=None, claim=None, held=Held.NOT)

    def confirmed(self, epoch: int, plan: tuple[str, ...], now: datetime) -> "Subscriber":
        """Starts the course. The introduction is due now, or at the next slot if a lesson went out today or lately."""
        if not (asked := self.sign_up) or asked.epoch != epoch:
            return self
        started = replace(self._new_round(plan), epoch=epoch, first_name=asked.first_name, zone=asked.zone)
        started = replace(started, hour=asked.hour, another=None, heard=None)
        started = replace(started, last_day=self.last_day_in(asked.zone))
        free_today = started.last_day is None or started.last_day < schedule.local_day(now, started.zone)
        rested = self.last_at is None or now >= self.last_at + schedule.MIN_GAP
        return replace(started, due_at=now if free_today and rested else started.next_due(now))

    def paused(self, until: date | None = None) -> "Subscriber":
        """Nothing is sent until the subscriber resumes, or before a local day on which the course goes on by itself."""
        if self.status not in (Status.ACTIVE, Status.PAUSED):
            return self
        waits = replace(self, status=Status.PAUSED, paused_until=until if self.next_lesson else None)
        waits = replace(waits, soft_bounces=(), bounce_pauses=None)
        if not until or waits == self:
            return waits
        return replace(waits, due_at=waits.next_due(schedule.slot(until, self.zone, 0)))

    def after_pause(self, now: datetime) -> "Subscriber":
        """Ends a pause whose local day `paused_until` has come."""
        if self.paused_until and schedule.local_day(now, self.zone) >= self.paused_until:
            return replace(self, status=Status.ACTIVE, paused_until=None)
        return self

    def resumed(self, now: datetime) -> "Subscriber":
        """Goes on with the next lesson, at the next slot."""
        if self.status is not Status.PAUSED:
            return self
        if self.next_lesson is None:
            return replace(self, status=Status.COMPLETED, paused_until=None)
        free = replace(self, status=Status.ACTIVE, paused_until=None, soft_bounces=(), bounce_pauses=None)
        return replace(free, due_at=free.next_due(now))

    def soft_bounced(self, attempt: str, now: datetime) -> "Subscriber":
        """Counts an email that a mailbox sent back for now, once an attempt. The last allowed one pauses the course.

        So does the first one after such a pause: the two pauses are in a row. The last in a row waits for its
        subscriber; the others end by themselves.
        """
        short = attempt[:ATTEMPT_CHARACTERS]
        if self.status is not Status.ACTIVE or short in self.soft_bounces:
            return self
        bounces = (*self.soft_bounces, short)
        if len(bounces) < SOFT_BOUNCES and not self.bounce_pauses:
            return replace(self, soft_bounces=bounces)
        pauses = (self.bounce_pauses or 0) + 1
        until = schedule.local_day(now, self.zone) + BOUNCE_PAUSE if pauses < BOUNCE_PAUSES else None
        return replace(self.paused(until), soft_bounces=(short,), bounce_pauses=pauses)

    def sent_to(self) -> "Subscriber":
        """One more lesson was sent. The second one after a pause for bounces ends their row: the first has arrived."""
        if not self.bounce_pauses:
            return self
        return replace(self, soft_bounces=(), bounce_pauses=self.bounce_pauses if self.soft_bounces else None)

    def keeping(self, now: datetime) -> "Subscriber":
        """Asks to keep what was written for as long again while the course is paused. It begins with this day (UTC)."""
        return replace(self, kept_on=now.date()) if self.status is Status.PAUSED else self

    def stopped(self, status: Status) -> "Subscriber":
        """Ends every email, and a waiting sign-up, whose epoch it takes. BOUNCED and COMPLAINED are final."""
        if not self.reachable:
            return self
        ended = replace(self, status=status, epoch=self.current_epoch, sign_up=None, due_at=None)
        return replace(ended, paused_until=None, held=Held.NOT)

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
        fresh = self._new_round(plan)
        return replace(fresh, due_at=fresh.next_due(now))

    def _new_round(self, plan: tuple[str, ...]) -> "Subscriber":
        """At the first lesson of a plan. Attempts of an earlier round are forgotten: its lessons have the same ids."""
        begun = replace(self, status=Status.ACTIVE, round=self.round + 1, plan=plan, next_lesson=plan[0], sent={})
        begun = replace(begun, claim=None, unsettled={}, sign_up=None, paused_until=None)
        return replace(begun, held=Held.NOT, kept_on=None, soft_bounces=(), bounce_pauses=None)

    def skipping(self) -> "Subscriber":
        """Passes over the next lesson: the one after it takes its slot. The last is never passed over."""
        following = self.plan[self.plan.index(self.next_lesson) + 1 :] if self.next_lesson else ()
        return replace(self, next_lesson=following[0]) if self.is_in_course and following else self

    def unskipped(self) -> "Subscriber":
        """Takes back the lesson that was skipped, unless the one after it was sent or is being sent."""
        place = self.plan.index(self.next_lesson) if self.next_lesson else 0
        skipped = self.plan[place - 1] if place else INTRODUCTION
        if not self.is_in_course or self.claim or skipped in (INTRODUCTION, *self.sent):
            return self
        return replace(self, next_lesson=skipped)

    def concluding(self) -> "Subscriber":
        """Skips to the closing letter, when YES follows NOT YET before anything of the new round was sent."""
        if self.status in IN_COURSE and self.round > 1 and not self.sent and self.next_lesson and not self.claim:
            return replace(self, next_lesson=self.plan[-1])
        return self

    def answered_by_another(self) -> "Subscriber":
        """Notes that a reply came from another address, which the next lesson tells. Several are one."""
        return self if self.another or not self.is_in_course else replace(self, another=self._teller)

    def heard_from(self) -> "Subscriber":
        """Notes that a reply of theirs was kept, which the next lesson tells. Several are one."""
        return self if self.heard or not self.is_in_course else replace(self, heard=self._teller)

    @property
    def _teller(self) -> int:
        """Which lesson from now on can tell something new: one that is on its way was made without it."""
        return 2 if self.claim else 1

    def with_links_ended(self) -> "Subscriber":
        """Every link to the course page that was mailed before leads nowhere from now on."""
        return replace(self, links_ended=self.links_ended + 1)

    def renamed(self, first_name: str) -> "Subscriber":
        """Is greeted with another first name, or with none."""
        return replace(self, first_name=first_name)

    def with_ids(self, renamed: Mapping[str, str]) -> "Subscriber":
        """With the ids that lessons of the course have now, unless the plan has that lesson already."""
        now: dict[str, str] = {}
        for lesson in self.plan:
            if lesson in renamed and renamed[lesson] not in (*self.plan, *now.values()):
                now[lesson] = renamed[lesson]
        if not now:
            return self
        return replace(
            self,
            plan=tuple(now.get(lesson, lesson) for lesson in self.plan),
            next_lesson=now.get(self.next_lesson or "", self.next_lesson),
            sent={now.get(lesson, lesson): at for lesson, at in self.sent.items()},
            claim=replace(self.claim, email=now.get(self.claim.email, self.claim.email)) if self.claim else None,
            unsettled={attempt: now.get(email, email) for attempt, email in self.unsettled.items()},
        )

    def having_obeyed(self, mail_id: str) -> "Subscriber":
        """Remembers a mail whose command was obeyed, also where it changed nothing: later it might."""
        return self if mail_id in self.obeyed else replace(self, obeyed=(*self.obeyed, mail_id)[-LAST_OBEYED:])


def new_epoch(now: datetime) -> int:
    """Days since 2024, in 16 bits.

    Two sign-ups on one day would share an epoch, and the links of the one would work for the other. So a course asks
    a mailbox once in 24 hours (`Asks.allow` in course/limits.py), also after an erasure, which counts as having asked.
    """
    return (now - EPOCH_START).days
