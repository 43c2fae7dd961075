"""Courses in every time zone, at every hour, across clock changes, with and without disturbances: D3 and D4, no AWS.

A course runs through `course.delivery` alone, with a scheduler that ticks every five minutes. The result is judged by
the oracle, by the gaps between lessons, and by the hours of each local day. These hours are read from a ticking clock,
so that they do not repeat a mistake of `course.schedule`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from course import delivery, schedule
from course.delivery import Step
from course.forms import zones
from course.record import Held, SignUp
from course.subscriber import Subscriber
from tests.faults.oracle import GAP, GAP_AFTER_INTRODUCTION, Action, Lesson, Tally, Timeline, judge

PLAN = ("intro", "one", "two", "three", "four")
TICK = timedelta(minutes=5)
"""The time between two runs of `dispatch`."""
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = timedelta(days=25)
"""A course that has not ended after this time never ends."""
YEARS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HISTORY = datetime(1973, 1, 1, tzinfo=UTC)
"""Before this time some clocks differed from UTC by odd seconds, which the check of the hours cannot read."""
ORDINARY = datetime(2026, 5, 20, 12, tzinfo=UTC), datetime(2027, 2, 28, 12, tzinfo=UTC)
"""Ordinary dates, for zones whose clocks do not change."""
TWICE_THE_SAME_DAY = {"Pacific/Kwajalein": datetime(1969, 9, 30, 13, tzinfo=UTC)}
"""The island changed to the other side of the date line, and one day came twice."""
OUTSIDE = "outside its day"
"""One more broken promise: a lesson before the chosen hour. Without a disturbance also a lesson after that hour, or
later than the first possible day."""
AWAY = ("Pacific/Kiritimati", "Pacific/Honolulu", "Europe/Berlin", "Asia/Tokyo")
"""The zones that people travel to. The first two have the same time of day, but never the same date."""
DISTURBANCES_PER_HOUR = 3
"""The number of disturbances that the sweep tries at each hour of each clock change; they take turns."""
ODD = ("America/Nuuk", "Antarctica/Troll", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein")
"""Zones in every sample. Their clock changes skip an hour before midnight, two hours, half an hour, skip a day, and
repeat a day."""


@dataclass(frozen=True, slots=True)
class Disturbance:
    """A disturbance of a course. Without arguments there is none."""

    name: str = "plain"
    clocks: tuple[Action, ...] = ()
    """Changes of zone or hour."""
    outage: tuple[datetime, datetime] | None = None
    """When the scheduler does not run."""
    error: timedelta = timedelta(0)
    """How much the functions' clock is ahead, while it is `wrong`: at every call, or at every other one."""
    wrong: tuple[datetime, datetime] = YEARS
    every_other: bool = False
    firings: int = 1
    """How often the scheduler fires at each tick."""

    def seen(self, at: datetime) -> datetime:
        """Returns the time that the functions read."""
        if not self.error or not self.wrong[0] <= at < self.wrong[1]:
            return at
        right = self.every_other and (at - HISTORY) // TICK % 2
        return at if right else at + self.error

    def next_tick(self, not_before: datetime, due: datetime) -> datetime:
        """Returns the next tick at which the subscriber is due by the functions' clock."""
        earliest = max(not_before, due - abs(self.error))
        at = HISTORY - (HISTORY - earliest) // TICK * TICK
        while self.seen(at) < due or (self.outage and self.outage[0] <= at < self.outage[1]):
            at += TICK
        return at


def sweep(
    share: int = 0, shares: int = 1, sample: bool = False, progress: Callable[[int], None] | None = None
) -> Tally:
    """Runs one of `shares` equal parts of everything, or of a sample. `progress` receives the number of runs so far.

    Every zone, clock change and hour runs without a disturbance. Every zone and clock change also runs with each
    disturbance, at varying hours.
    """
    chosen = sorted({*zones()[::16], *ODD}) if sample else zones()
    tally = Tally()
    for number, zone in list(enumerate(chosen))[share::shares]:
        hours = range(number % 5, 24, 5) if sample and zone not in ODD else range(24)
        tally.add(courses(zone, hours, number, DISTURBANCES_PER_HOUR))
        if progress:
            progress(tally.runs)
    return tally


def courses(zone: str, hours: Iterable[int] = range(24), turn: int = 0, disturbances_each: int | None = None) -> Tally:
    """Runs courses across each clock change of a zone: for each hour two without a disturbance, and some with.

    `disturbances_each` limits the disturbances for each hour, and `turn` is the first one. Without these arguments all
    of them run, and so every finding of the sweep is found again.
    """
    tally = Tally()
    for change in changes(zone):
        for hour in hours:
            chance = Random(f"{zone} {change} {hour}")
            start = change - timedelta(minutes=chance.randrange(24 * 60), seconds=13)  # never on a tick
            tally.add(run(zone, hour, start, Disturbance(), 0))
            tally.add(run(zone, hour, start - DAY, Disturbance(), schedule.SPREAD_MINUTES - 1))
            kinds = disturbances(zone, hour, start - DAY, chance)
            minute = chance.randrange(schedule.SPREAD_MINUTES)
            for _ in range(disturbances_each or len(kinds)):
                tally.add(run(zone, hour, start - DAY, kinds[turn % len(kinds)], minute))
                turn += 1
    return tally


def run(zone: str, hour: int, start: datetime, disturbance: Disturbance, minute: int) -> Tally:
    """Runs and judges one course of a subscriber who confirms at `start` and is due at this minute of the hour."""
    asked = SignUp(1, start, "Ann", zone, hour, email_sent=True)
    subscriber = Subscriber(_id(minute), "course", "ann@example.net").signing_up(asked).confirmed(1, PLAN, start)
    sent = list(deliveries(subscriber, start, disturbance))
    lessons = [lesson for _, lesson in sent]
    actions = (Action(start, "clock", zone, hour), Action(start, "start"), *disturbance.clocks)
    timeline = Timeline(PLAN, actions, outages=(disturbance.outage,) if disturbance.outage else ())
    tally = judge(lessons, timeline, start + LONGEST)
    _judge_gaps([lesson.at for lesson in lessons], timedelta(0), tally)
    if disturbance.error:
        _judge_gaps([at for at, _ in sent], abs(disturbance.error), tally)
    _judge_hours(lessons, timeline, tally, punctual=not disturbance.clocks and not disturbance.error)
    where = f"{disturbance.name} in {zone} at {hour}:{minute:02}, confirmed {start:%Y-%m-%d %H:%M:%S} UTC"
    tally.findings = [f"{finding} ({where})" for finding in tally.findings]
    return tally


def _id(minute: int) -> str:
    """Returns an id with this minute of the hour. The minute counts up with the id's last character."""
    ahead = minute - Subscriber("0" * 16, "course", "").minute
    return "0" * 15 + chr(ord("0") + ahead % schedule.SPREAD_MINUTES)


def deliveries(subscriber: Subscriber, at: datetime, disturbance: Disturbance) -> Iterator[tuple[datetime, Lesson]]:
    """Yields the lessons that SES takes, each with the true time; the lesson itself has the functions' time."""
    end, clocks = at + LONGEST, list(disturbance.clocks)
    while at < end and subscriber.has_next_email:
        assert subscriber.due_at
        tick = disturbance.next_tick(at, subscriber.due_at)
        if clocks and clocks[0].at < tick:
            clock = clocks.pop(0)
            at = max(at, clock.at)
            subscriber = subscriber.at_time(clock.zone, clock.hour, disturbance.seen(clock.at))
            continue
        at = tick
        for _ in range(disturbance.firings):
            subscriber, lesson = _delivered(subscriber, disturbance.seen(at))
            if lesson:
                yield at, lesson
        at += TICK


def _delivered(subscriber: Subscriber, now: datetime) -> tuple[Subscriber, Lesson | None]:
    """Delivers as Sending.deliver does. Every write succeeds, and SES takes every email."""
    match delivery.decide(subscriber, now, events_until=None):
        case Step.SEND:
            claimed = delivery.claim(subscriber, "attempt", now)
            assert claimed.claim
            lesson = Lesson(now, claimed.epoch, claimed.round, claimed.claim.email)
            return delivery.commit(claimed, "attempt", "ses-id", now), lesson
        case Step.POSTPONE:
            return delivery.postpone(subscriber, now), None
        case Step.HOLD:
            return delivery.hold(subscriber, Held.IN_DOUBT), None
    return subscriber, None


def disturbances(zone: str, hour: int, start: datetime, chance: Random) -> tuple[Disturbance, ...]:
    """Returns one disturbance of each kind. They begin on the second or third day, at a random time."""
    then = start + timedelta(hours=26, minutes=chance.randrange(24 * 60))

    def clocks(*moves: tuple[int, str, int]) -> tuple[Action, ...]:
        return tuple(Action(then + HOUR * hours, "clock", zone, hour % 24) for hours, zone, hour in moves)

    east, west, *_ = AWAY
    to_and_fro = [(hours, (east, west)[hours % 2], hour) for hours in range(0, 50, 5)]
    awhile, three_days = (then, then + timedelta(hours=31)), (then, then + timedelta(days=3))
    return (
        *(Disturbance(f"to {away} and back", clocks((0, away, hour), (31, zone, hour))) for away in AWAY),
        Disturbance("over the date line every five hours", clocks(*to_and_fro, (50, zone, hour))),
        Disturbance("five hours earlier", clocks((0, zone, hour - 5))),
        Disturbance("five hours later", clocks((0, zone, hour + 5))),
        Disturbance("another hour for some hours", clocks((0, zone, hour + 9), (7, zone, hour))),
        Disturbance("an hour fast", error=HOUR, wrong=awhile),
        Disturbance("an hour slow", error=-HOUR, wrong=awhile),
        Disturbance("every other call fast", error=HOUR, wrong=three_days, every_other=True),
        Disturbance("every other call slow", error=-HOUR, wrong=three_days, every_other=True),
        Disturbance("outage for three days", outage=three_days),
        Disturbance("26 hours late", outage=(then, then + timedelta(hours=26))),
        Disturbance("away, and outage for three days", clocks((9, chance.choice(AWAY), hour)), three_days),
        Disturbance("fires twice", firings=2),
    )


def changes(zone: str) -> list[datetime]:
    """Returns the times to test in a zone: its clock changes in 2026 and 2027, or ordinary dates if there are none; the
    last change in each direction; and every jump over the date line."""
    place, week = ZoneInfo(zone), timedelta(weeks=1)
    mondays = [HISTORY + week * number for number in range((YEARS[1] - HISTORY) // week)]
    offsets = [monday.astimezone(place).utcoffset() for monday in mondays]
    moments = [
        _change(monday, monday + week, place)
        for monday, (before, after) in zip(mondays, pairwise(offsets), strict=False)
        if before != after
    ]
    shifts = {moment: _shift(moment, place) for moment in moments}
    now = [moment for moment in moments if moment >= YEARS[0]] or list(ORDINARY)
    forward = [moment for moment in moments if shifts[moment] > timedelta(0)][-1:]
    back = [moment for moment in moments if shifts[moment] < timedelta(0)][-1:]
    jumps = [moment for moment in moments if abs(shifts[moment]) > 12 * HOUR]
    again = [TWICE_THE_SAME_DAY[zone]] if zone in TWICE_THE_SAME_DAY else []
    return sorted({*now, *forward, *back, *jumps, *again})


def _change(start: datetime, end: datetime, place: ZoneInfo) -> datetime:
    """Returns the minute between `start` and `end` in which the clocks change."""
    before = start.astimezone(place).utcoffset()
    while end - start > timedelta(minutes=1):
        middle = start + (end - start) // timedelta(minutes=2) * timedelta(minutes=1)
        start, end = (middle, end) if middle.astimezone(place).utcoffset() == before else (start, middle)
    return end


def _shift(moment: datetime, place: ZoneInfo) -> timedelta:
    after, before = (at.astimezone(place).replace(tzinfo=None) for at in (moment, moment - timedelta(minutes=1)))
    return after - before - timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of a local day, in UTC. Minutes that the clocks skip are moved forward by the length of the jump."""

    begins: datetime
    ends: datetime


@lru_cache(maxsize=4096)
def hours_of(zone: str, day: date) -> tuple[Hour, ...]:
    """Returns the 24 hours of a local day, read from a ticking clock and not computed as the code does.

    A day that the zone skipped has no hours. An hour begins when the clock first shows it or a later hour. An hour that
    is missing before midnight is the last hour of the day.
    """
    place = ZoneInfo(zone)
    first = datetime.combine(day, time(), UTC) - 16 * HOUR
    last = first + 54 * HOUR
    offsets = [at.astimezone(place).utcoffset() or timedelta(0) for at in (first, last)]
    steady = offsets[0] == offsets[1] and not offsets[0] % QUARTER
    step = QUARTER if steady else timedelta(minutes=1)
    shown: list[dict[int, datetime]] = [{} for _ in range(24)]
    midnight = at = first
    while at < last:
        local = at.astimezone(place)
        if local.date() == day:
            shown[local.hour].setdefault(local.minute, at)
            midnight = at + step
        at += step
    hours: list[Hour] = []
    for hour, minutes in enumerate(shown if any(shown) else []):
        begins = min((at for later in shown[hour:] for at in later.values()), default=midnight - HOUR)
        ends = max([begins + HOUR, *(at + step for at in minutes.values())])
        moved_on = hour and 0 not in minutes
        hours.append(Hour(begins, hours[-1].ends + HOUR if moved_on else ends))
    return tuple(hours)


def _judge_gaps(times: Sequence[datetime], error: timedelta, tally: Tally) -> None:
    """Checks the gaps between lessons. A gap may be shorter by `error`, because the functions' clock jumped in it."""
    for number, (before, after) in enumerate(pairwise(times)):
        gap = GAP if number else GAP_AFTER_INTRODUCTION
        if after - before < gap - error:
            tally.found("two on a day", f"only {after - before} between {before} and {after}")


def _judge_hours(lessons: Sequence[Lesson], timeline: Timeline, tally: Tally, punctual: bool) -> None:
    """Checks that no lesson comes before its hour.

    If punctual, it must also come within the hour, on the first possible day, unless the scheduler slept in that hour.
    """
    for number, (before, lesson) in enumerate(pairwise(lessons)):
        zone, chosen = timeline.clock(lesson.at)
        day = timeline.day(lesson.at)
        hour = hours_of(zone, day)[chosen]
        if lesson.at < hour.begins or (punctual and lesson.at >= hour.ends and not _slept(hour, timeline)):
            tally.found(OUTSIDE, f"{lesson.id} at {lesson.at.astimezone(ZoneInfo(zone))}")
        if punctual:
            rested = before.at + (GAP if number else GAP_AFTER_INTRODUCTION)
            since = timeline.day(before.at)
            days = [hours_of(zone, since + DAY * number) for number in range(1, (day - since).days)]
            if any(hours and hours[chosen].begins >= rested and not _slept(hours[chosen], timeline) for hours in days):
                tally.found(OUTSIDE, f"{lesson.id} only on {day}, after {before.at}")


def _slept(hour: Hour, timeline: Timeline) -> bool:
    return any(start < hour.ends and hour.begins < end for start, end in timeline.outages)
