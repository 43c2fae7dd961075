"""A subscriber, and the changes that people make to it.

Every change is a method that returns the changed subscriber, or the same one if the change does not apply. The tables
store the result on the condition that nothing else has changed meanwhile, so no decision is stored that is out of date.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from course import schedule
from course.limits import UNCONFIRMED_LIFE
from course.record import EPOCH_START, IN_COURSE, INTRODUCTION, Held, Record, SignUp, Status

SOFT_BOUNCES = 5
"""The course is paused after so many transient bounces in a round, from a full or unreachable mailbox."""
BOUNCE_PAUSE = timedelta(days=3)
BOUNCE_PAUSES = 3
"""After so many pauses for bounces in a row, the last one does not end by itself."""

ATTEMPT_CHARACTERS = 8
"""How much of an attempt's id is stored: enough to distinguish five, in an item that must stay small."""

LAST_OBEYED = 5
"""How many obeyed mails are remembered: more than a subscriber sends while a failed mail is retried."""


@dataclass(frozen=True, slots=True)
class Subscriber(Record):
    """A record with every change that people make to it."""

    def signing_up(self, sign_up: SignUp) -> "Subscriber":
        """Starts to wait for a confirmation, unless the course is going on, is paused or was stopped for good."""
        if not self.reachable or self.status in (Status.ACTIVE, Status.PAUSED):
            return self
        # Mail from before this sign-up changes nothing any more, so the obeyed mails are forgotten.
        return replace(self, sign_up=sign_up, due_at=sign_up.at, claim=None, held=Held.NOT, obeyed=())

    def with_link_time_restarted(self, now: datetime) -> "Subscriber":
        """Restarts the time for which the confirmation link works.

        Its email is sent only now, perhaps long after the form.
        """
        return replace(self, sign_up=replace(self.sign_up, at=now)) if self.sign_up else self

    def asked_once_more(self, promised_at: datetime) -> "Subscriber":
        """Makes the confirmation email of the same sign-up due again.

        Not if it was sent after the promise (`limits.Ask`) was made.
        """
        if not self.sign_up or not self.sign_up.email_sent or self.sign_up.at >= promised_at:
            return self
        return replace(self, sign_up=replace(self.sign_up, email_sent=False), due_at=promised_at)

    def without_old_sign_up(self, now: datetime) -> "Subscriber":
        """Forgets a sign-up that was not confirmed in time, if the subscriber was in the course before.

        All other unconfirmed sign-ups are deleted with their item, which expires.
        """
        if not self.sign_up or not self.round or now < self.sign_up.at + UNCONFIRMED_LIFE:
            return self
        return replace(self, sign_up=None, due_at=None, claim=None, held=Held.NOT)

    def confirmed(self, epoch: int, plan: tuple[str, ...], now: datetime) -> "Subscriber":
        """Starts the course. The introduction is due now, or at the next slot if a lesson was sent today or lately."""
        if not (asked := self.sign_up) or asked.epoch != epoch:
            return self
        started = replace(self._new_round(plan), epoch=epoch, first_name=asked.first_name, zone=asked.zone)
        started = replace(started, hour=asked.hour, mention_other_address_in=None, mention_reply_in=None)
        started = replace(started, last_day=self.last_day_in(asked.zone))
        free_today = started.last_day is None or started.last_day < schedule.local_day(now, started.zone)
        rested = self.last_at is None or now >= self.last_at + schedule.MIN_GAP
        return replace(started, due_at=now if free_today and rested else started.next_due(now))

    def paused(self, until: date | None = None) -> "Subscriber":
        """Pauses the course until the subscriber resumes it, or until a local day on which it goes on by itself."""
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
        """Ends a pause: the next lesson comes at the next slot."""
        if self.status is not Status.PAUSED:
            return self
        if self.next_lesson is None:
            return replace(self, status=Status.COMPLETED, paused_until=None)
        free = replace(self, status=Status.ACTIVE, paused_until=None, soft_bounces=(), bounce_pauses=None)
        return replace(free, due_at=free.next_due(now))

    def soft_bounced(self, attempt: str, now: datetime) -> "Subscriber":
        """Counts a transient bounce, once for each attempt. The course is paused after SOFT_BOUNCES of them.

        If an email bounces before the second lesson after such a pause, the course is paused again. After BOUNCE_PAUSES
        pauses in a row, the course waits for the subscriber; earlier pauses end by themselves.
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

    def lesson_sent(self) -> "Subscriber":
        """Notes that a lesson was sent. The first lesson after a pause for bounces clears the stored bounces.

        If it does not bounce, the second one ends the series of pauses.
        """
        if not self.bounce_pauses:
            return self
        return replace(self, soft_bounces=(), bounce_pauses=self.bounce_pauses if self.soft_bounces else None)

    def keeping(self, now: datetime) -> "Subscriber":
        """Starts the retention time of a paused course's journal again, counted from the end of this UTC day."""
        return replace(self, kept_on=now.date()) if self.status is Status.PAUSED else self

    def stopped(self, status: Status) -> "Subscriber":
        """Stops all emails and ends a waiting sign-up. The subscriber then has that sign-up's epoch.

        BOUNCED and COMPLAINED are final.
        """
        if not self.reachable:
            return self
        ended = replace(self, status=status, epoch=self.current_epoch, sign_up=None, due_at=None)
        return replace(ended, paused_until=None, held=Held.NOT)

    def at_time(self, zone: str, hour: int, now: datetime) -> "Subscriber":
        """Changes zone and hour.

        `last_day` becomes the later of the last attempt's days in the old and the new zone, so that no local day gets
        two lessons.
        """
        moved = replace(self, zone=zone, hour=hour, last_day=self.last_day_in(zone))
        if moved.due_at is None or moved.next_lesson in (None, INTRODUCTION):
            return moved
        return replace(moved, due_at=moved.next_due(now))

    def last_day_in(self, zone: str) -> date | None:
        """The local day of the last attempt: the later one of the stored day and the day in this zone."""
        if self.last_day is None or self.last_at is None:
            return self.last_day
        return max(self.last_day, schedule.local_day(self.last_at, zone))

    def beginning_again(self, plan: tuple[str, ...], now: datetime) -> "Subscriber":
        """Starts a new round at lesson 1, without a second introduction. Two requests start only one round."""
        if self.status not in IN_COURSE:
            return self
        if not self.sent:
            return self.resumed(now)
        fresh = self._new_round(plan)
        return replace(fresh, due_at=fresh.next_due(now))

    def _new_round(self, plan: tuple[str, ...]) -> "Subscriber":
        """Starts a plan. Attempts of the round before are forgotten: its lessons have the same ids."""
        begun = replace(self, status=Status.ACTIVE, round=self.round + 1, plan=plan, next_lesson=plan[0], sent={})
        begun = replace(begun, claim=None, unsettled={}, sign_up=None, paused_until=None)
        return replace(begun, held=Held.NOT, kept_on=None, soft_bounces=(), bounce_pauses=None)

    def skipping(self) -> "Subscriber":
        """Skips the next lesson: the one after it takes its slot. The last lesson is never skipped."""
        following = self.plan[self.plan.index(self.next_lesson) + 1 :] if self.next_lesson else ()
        return replace(self, next_lesson=following[0]) if self.is_in_course and following else self

    def unskipped(self) -> "Subscriber":
        """Takes back the skip of a lesson, unless the lesson after it was sent or is being sent."""
        place = self.plan.index(self.next_lesson) if self.next_lesson else 0
        skipped = self.plan[place - 1] if place else INTRODUCTION
        if not self.is_in_course or self.claim or skipped in (INTRODUCTION, *self.sent):
            return self
        return replace(self, next_lesson=skipped)

    def concluding(self) -> "Subscriber":
        """Skips to the closing letter if YES follows NOT YET before a lesson of the new round was sent."""
        if self.status in IN_COURSE and self.round > 1 and not self.sent and self.next_lesson and not self.claim:
            return replace(self, next_lesson=self.plan[-1])
        return self

    def note_other_address(self) -> "Subscriber":
        """Notes that a reply came from another address, so that a lesson mentions it: once for several replies."""
        if self.mention_other_address_in or not self.is_in_course:
            return self
        return replace(self, mention_other_address_in=self._can_mention_from)

    def note_kept_reply(self) -> "Subscriber":
        """Notes that a reply was kept, so that a lesson mentions it: once for several replies."""
        if self.mention_reply_in or not self.is_in_course:
            return self
        return replace(self, mention_reply_in=self._can_mention_from)

    @property
    def _can_mention_from(self) -> int:
        """The first lesson that can mention something new: 2 if a lesson is being sent, as that one is already made."""
        return 2 if self.claim else 1

    def with_links_ended(self) -> "Subscriber":
        """Makes every course-page link that was sent before invalid."""
        return replace(self, links_ended=self.links_ended + 1)

    def with_first_name(self, first_name: str) -> "Subscriber":
        """Changes or removes the first name in the greeting of emails."""
        return replace(self, first_name=first_name)

    def with_new_lesson_ids(self, new_ids: Mapping[str, str]) -> "Subscriber":
        """Replaces old ids of lessons with their new ones, unless the plan has the lesson of the new id already."""
        now: dict[str, str] = {}
        for lesson in self.plan:
            if lesson in new_ids and new_ids[lesson] not in (*self.plan, *now.values()):
                now[lesson] = new_ids[lesson]
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
        """Remembers a mail whose command was obeyed, even if it changed nothing: obeyed again later, it might."""
        return self if mail_id in self.obeyed else replace(self, obeyed=(*self.obeyed, mail_id)[-LAST_OBEYED:])


def new_epoch(now: datetime) -> int:
    """Days since 2024, in 16 bits.

    Two sign-ups on one day would share an epoch, and the links of one would work for the other. So a course takes at
    most one new sign-up from a mailbox in 24 hours (`Asks.allow` in course/limits.py). The confirmation email of the
    same sign-up may be sent again. An erasure counts as a sign-up.
    """
    return (now - EPOCH_START).days
