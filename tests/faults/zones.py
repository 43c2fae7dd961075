"""Courses in every zone, at every hour, over the changes of its clocks, alone and with trouble: D3 and D4, no AWS."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from course import delivery, schedule
from course.delivery import Decision
from course.forms import zones
from course.record import Held, SignUp
from course.subscriber import Subscriber
from tests.faults.oracle import GAP, GAP_AFTER_INTRODUCTION, Deed, Lesson, Story, Tally, judge

PLAN = ("intro", "one", "two", "three", "four")
TICK = timedelta(minutes=5)
"""Between two runs of `dispatch`."""
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LONGEST = timedelta(days=25)
"""A course that has not ended by then never will."""
YEARS = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
HISTORY = datetime(1973, 1, 1, tzinfo=UTC)
"""Before that some clocks differed from UTC by odd seconds, which the check of the hours does not read."""
ORDINARY = datetime(2026, 5, 20, 12, tzinfo=UTC), datetime(2027, 2, 28, 12, tzinfo=UTC)
"""For the zones whose clocks stand still."""
TWICE_THE_SAME_DAY = {"Pacific/Kwajalein": datetime(1969, 9, 30, 13, tzinfo=UTC)}
"""The date line moved over the island, to the other side than usual."""
OUTSIDE = "outside its day"
"""One more way to break a promise: before the chosen hour; where nothing is in the way, also after it, or on a later
day than the first possible."""
AWAY = ("Pacific/Kiritimati", "Pacific/Honolulu", "Europe/Berlin", "Asia/Tokyo")
"""Where people go. The first two have the same time of day, and never the same day."""
TROUBLES_A_COURSE = 3
"""How many of the troubles each hour of each change meets in the sweep: they take turns."""
ODD = ("America/Nuuk", "Antarctica/Troll", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein")
"""In every sample: an hour that is missing before midnight, two hours, half an hour, a day too few, a day too many."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What comes in the way of a course; without arguments, nothing does."""

    name: str = "plain"
    clocks: tuple[Deed, ...] = ()
    """Changes of zone or hour."""
    asleep: tuple[datetime, datetime] | None = None
    """When the scheduler does not run."""
    error: timedelta = timedelta(0)
    """What the functions' clock is ahead, and from when until when, at every call or at every other."""
    wrong: tuple[datetime, datetime] = YEARS
    every_other: bool = False
    firings: int = 1
    """How often the scheduler fires at each tick."""

    def seen(self, at: datetime) -> datetime:
        """The time that the functions read."""
        if not self.error or not self.wrong[0] <= at < self.wrong[1]:
            return at
        right = self.every_other and (at - HISTORY) // TICK % 2
        return at if right else at + self.error

    def next_tick(self, not_before: datetime, due: datetime) -> datetime:
        """When the scheduler next runs and, by the functions' clock, finds what is due."""
        earliest = max(not_before, due - abs(self.error))
        at = HISTORY - (HISTORY - earliest) // TICK * TICK
        while self.seen(at) < due or (self.asleep and self.asleep[0] <= at < self.asleep[1]):
            at += TICK
        return at


def sweep(share: int = 0, shares: int = 1, sample: bool = False, told: Callable[[int], None] | None = None) -> Tally:
    """One of `shares` equal parts of everything, or of a sample of it. `told` hears the number of runs so far.

    All zones, changes and hours without trouble; each zone and change with each trouble at some hours, which differ.
    """
    chosen = sorted({*zones()[::16], *ODD}) if sample else zones()
    tally = Tally()
    for number, zone in list(enumerate(chosen))[share::shares]:
        hours = range(number % 5, 24, 5) if sample and zone not in ODD else range(24)
        tally.add(courses(zone, hours, number, TROUBLES_A_COURSE))
        if told:
            told(tally.runs)
    return tally


def courses(zone: str, hours: Iterable[int] = range(24), turn: int = 0, troubles_each: int | None = None) -> Tally:
    """Courses over each change of this zone's clocks: two without trouble for each hour, and some with, by turns.

    With all troubles, as here without the last two arguments, every finding of the sweep is found again.
    """
    tally = Tally()
    for change in changes(zone):
        for hour in hours:
            chance = Random(f"{zone} {change} {hour}")
            start = change - timedelta(minutes=chance.randrange(24 * 60), seconds=13)  # never on a tick
            tally.add(run(zone, hour, start, Trouble(), 0))
            tally.add(run(zone, hour, start - DAY, Trouble(), schedule.SPREAD_MINUTES - 1))
            kinds = troubles(zone, hour, start - DAY, chance)
            minute = chance.randrange(schedule.SPREAD_MINUTES)
            for _ in range(troubles_each or len(kinds)):
                tally.add(run(zone, hour, start - DAY, kinds[turn % len(kinds)], minute))
                turn += 1
    return tally


def run(zone: str, hour: int, start: datetime, trouble: Trouble, minute: int) -> Tally:
    """One course of somebody who confirms at `start` and whose emails go out at this minute of the hour, judged."""
    asked = SignUp(1, start, "Ann", zone, hour, mailed=True)
    subscriber = Subscriber(_id(minute), "course", "ann@example.net").signing_up(asked).confirmed(1, PLAN, start)
    sent = list(deliveries(subscriber, start, trouble))
    lessons = [lesson for _, lesson in sent]
    deeds = (Deed(start, "clock", zone, hour), Deed(start, "start"), *trouble.clocks)
    story = Story(PLAN, deeds, outages=(trouble.asleep,) if trouble.asleep else ())
    tally = judge(lessons, story, start + LONGEST)
    _judge_gaps([lesson.at for lesson in lessons], timedelta(0), tally)
    if trouble.error:
        _judge_gaps([at for at, _ in sent], abs(trouble.error), tally)
    _judge_hours(lessons, story, tally, punctual=not trouble.clocks and not trouble.error)
    where = f"{trouble.name} in {zone} at {hour}:{minute:02}, confirmed {start:%Y-%m-%d %H:%M:%S} UTC"
    tally.findings = [f"{finding} ({where})" for finding in tally.findings]
    return tally


def _id(minute: int) -> str:
    """An id whose minute of the hour is this one: the minute counts up with the last character."""
    ahead = minute - Subscriber("0" * 16, "course", "").minute
    return "0" * 15 + chr(ord("0") + ahead % schedule.SPREAD_MINUTES)


def deliveries(subscriber: Subscriber, at: datetime, trouble: Trouble) -> Iterator[tuple[datetime, Lesson]]:
    """What SES takes, with its time: the true one, and in the lesson the one that the functions knew."""
    end, clocks = at + LONGEST, list(trouble.clocks)
    while at < end and subscriber.waiting:
        assert subscriber.due_at
        tick = trouble.next_tick(at, subscriber.due_at)
        if clocks and clocks[0].at < tick:
            clock = clocks.pop(0)
            at = max(at, clock.at)
            subscriber = subscriber.at_time(clock.zone, clock.hour, trouble.seen(clock.at))
            continue
        at = tick
        for _ in range(trouble.firings):
            subscriber, lesson = _delivered(subscriber, trouble.seen(at))
            if lesson:
                yield at, lesson
        at += TICK


def _delivered(subscriber: Subscriber, now: datetime) -> tuple[Subscriber, Lesson | None]:
    """As Sending.deliver does it, with a table that keeps everything and an SES that takes everything."""
    match delivery.decide(subscriber, now, events_until=None):
        case Decision.SEND:
            claimed = delivery.claim(subscriber, "attempt", now)
            assert claimed.claim
            lesson = Lesson(now, claimed.epoch, claimed.round, claimed.claim.email)
            return delivery.commit(claimed, "attempt", "ses-id", now), lesson
        case Decision.SLIDE:
            return delivery.slide(subscriber, now), None
        case Decision.HOLD:
            return delivery.hold(subscriber, Held.IN_DOUBT), None
    return subscriber, None


def troubles(zone: str, hour: int, start: datetime, chance: Random) -> tuple[Trouble, ...]:
    """One of each kind. They begin on the second or third day, at any time of it."""
    then = start + timedelta(hours=26, minutes=chance.randrange(24 * 60))

    def clocks(*moves: tuple[int, str, int]) -> tuple[Deed, ...]:
        return tuple(Deed(then + HOUR * hours, "clock", zone, hour % 24) for hours, zone, hour in moves)

    east, west, *_ = AWAY
    to_and_fro = [(hours, (east, west)[hours % 2], hour) for hours in range(0, 50, 5)]
    awhile, three_days = (then, then + timedelta(hours=31)), (then, then + timedelta(days=3))
    return (
        *(Trouble(f"to {away} and back", clocks((0, away, hour), (31, zone, hour))) for away in AWAY),
        Trouble("over the date line every five hours", clocks(*to_and_fro, (50, zone, hour))),
        Trouble("five hours earlier", clocks((0, zone, hour - 5))),
        Trouble("five hours later", clocks((0, zone, hour + 5))),
        Trouble("another hour for some hours", clocks((0, zone, hour + 9), (7, zone, hour))),
        Trouble("an hour fast", error=HOUR, wrong=awhile),
        Trouble("an hour slow", error=-HOUR, wrong=awhile),
        Trouble("every other call fast", error=HOUR, wrong=three_days, every_other=True),
        Trouble("every other call slow", error=-HOUR, wrong=three_days, every_other=True),
        Trouble("asleep for three days", asleep=three_days),
        Trouble("26 hours late", asleep=(then, then + timedelta(hours=26))),
        Trouble("away, and asleep for three days", clocks((9, chance.choice(AWAY), hour)), three_days),
        Trouble("fires twice", firings=2),
    )


def changes(zone: str) -> list[datetime]:
    """When the clocks of this zone change in 2026 and 2027, or ordinary dates; the last change in each direction; and
    every jump over the date line."""
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
    """The minute between the two in which the clocks change."""
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
    """An hour of a local day, UTC. What the clocks skip of it is moved on by as much."""

    begins: datetime
    ends: datetime


@lru_cache(maxsize=4096)
def hours_of(zone: str, day: date) -> tuple[Hour, ...]:
    """The 24 hours of a local day, read off a clock that ticks, and so not by the way of the code; none for a day that
    a place left out. An hour begins when the clock first shows it or a later one; one that is missing before midnight
    is the last hour of the day."""
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
    """`error` is how much shorter a gap may be because the functions' clock jumped in it."""
    for number, (before, after) in enumerate(pairwise(times)):
        gap = GAP if number else GAP_AFTER_INTRODUCTION
        if after - before < gap - error:
            tally.found("two on a day", f"only {after - before} between {before} and {after}")


def _judge_hours(lessons: Sequence[Lesson], story: Story, tally: Tally, punctual: bool) -> None:
    """On its day, once the hour has come; if punctual, within the hour, and on the first day on which that could be,
    unless that hour was slept through."""
    for number, (before, lesson) in enumerate(pairwise(lessons)):
        zone, chosen = story.clock(lesson.at)
        day = story.day(lesson.at)
        hour = hours_of(zone, day)[chosen]
        if lesson.at < hour.begins or (punctual and lesson.at >= hour.ends and not _slept(hour, story)):
            tally.found(OUTSIDE, f"{lesson.id} at {lesson.at.astimezone(ZoneInfo(zone))}")
        if punctual:
            rested = before.at + (GAP if number else GAP_AFTER_INTRODUCTION)
            since = story.day(before.at)
            days = [hours_of(zone, since + DAY * number) for number in range(1, (day - since).days)]
            if any(hours and hours[chosen].begins >= rested and not _slept(hours[chosen], story) for hours in days):
                tally.found(OUTSIDE, f"{lesson.id} only on {day}, after {before.at}")


def _slept(hour: Hour, story: Story) -> bool:
    return any(start < hour.ends and hour.begins < end for start, end in story.outages)
