"""The promises, judged from outside: what SES took, held against what people did. Knows no table and no code."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
GAP = timedelta(hours=12)
GAP_AFTER_INTRODUCTION = timedelta(hours=4)
ALREADY_CLAIMED = timedelta(seconds=25)
"""A lesson that was claimed when somebody stopped may still come for so long: the first known window."""

NEWS_IS_READ = timedelta(hours=1)
"""After an event came, however often its message had to come back. Until then a lesson may be claimed again."""

BROKEN = (
    *("lost", "twice", "out of order", "two on a day", "after a stop"),
    *("left after an erasure", "untold", "seen by a second person"),
)
"""What must never be, in the words of the last line of `make faults`."""

OUTSIDE = "outside its day"
"""Must never be either: before the chosen hour, or too soon after the last lesson for any clock."""

A_TRY = timedelta(minutes=10)
"""So long a person may press a button that answers with errors: until then either clock may be in force."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson that SES took. Time UTC."""

    at: datetime
    epoch: int
    round: int
    id: str
    attempt: str = ""

    @property
    def run(self) -> tuple[int, int]:
        return self.epoch, self.round


@dataclass(frozen=True, slots=True)
class Deed:
    """What a person did, from the moment it counts: `start` (confirmed, resumed, began again), `stop` (paused,
    unsubscribed, erased, or their mailbox refused), `yes` (asked for the closing letter), `clock` (chose a zone and
    hour). Time UTC."""

    at: datetime
    kind: str
    zone: str = ""
    hour: int = 0
    claimed: str = ""
    """The attempt that was claimed when a stop was stored."""
    day: date | None = None
    """The local day of a `start` that ends a pause by itself."""


@dataclass(frozen=True, slots=True)
class Story:
    """One person's deeds, in order of time; a `clock` comes before the first `start`."""

    plan: tuple[str, ...]
    """Lesson ids of a first round, in order: the introduction first."""
    deeds: Sequence[Deed]
    removed: frozenset[str] = frozenset()
    """Lessons that the author took out meanwhile, or the person skipped: they may be missing."""
    outages: Sequence[tuple[datetime, datetime]] = ()
    """When nothing could be sent at all: nobody is late for that."""

    def clock(self, at: datetime) -> tuple[str, int]:
        """Zone and hour in force."""
        clocks = [deed for deed in self.deeds if deed.kind == "clock"]
        return next(((c.zone, c.hour) for c in reversed(clocks) if c.at <= at), (clocks[0].zone, clocks[0].hour))

    def day(self, at: datetime) -> date:
        """The local day, in the zone in force."""
        return at.astimezone(ZoneInfo(self.clock(at)[0])).date()

    def hour_has_come(self, at: datetime) -> bool:
        """By the clock in force, or by the one before it if it was just changed."""
        for zone_name, hour in (self.clock(at), self.clock(at - A_TRY)):
            local = at.astimezone(ZoneInfo(zone_name))
            if local.hour >= hour or at >= _begins(local.date(), hour, zone_name):
                return True
        return False

    def began(self, at: datetime) -> datetime | None:
        """The first start since the last stop before a time."""
        stop = max((deed.at for deed in self.deeds if deed.kind == "stop" and deed.at <= at), default=None)
        starts = [deed.at for deed in self.deeds if deed.kind == "start" and deed.at <= at]
        return min((start for start in starts if stop is None or start >= stop), default=None)

    def stopped(self, at: datetime, attempt: str = "") -> bool:
        """Whether a stop was in force, but for an attempt that was claimed by then."""
        last = next((d for d in reversed(self.deeds) if d.kind in ("start", "stop") and d.at <= at), None)
        if last is None or last.kind == "start":
            return last is None
        return not attempt or attempt != last.claimed or at >= last.at + ALREADY_CLAIMED


@dataclass(slots=True)
class Tally:
    """Counts over many runs. They add up."""

    runs: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    latest: int = 0
    """Days, of the latest lesson of all."""
    windows: Counter[str] = field(default_factory=Counter)
    """How often each known window was met."""
    findings: list[str] = field(default_factory=list)
    """What was broken, and where; the first hundred."""

    def add(self, other: "Tally") -> None:
        self.runs += other.runs
        self.broken += other.broken
        self.latest = max(self.latest, other.latest)
        self.windows += other.windows
        self.findings = (self.findings + other.findings)[:100]

    def found(self, kind: str, what: str) -> None:
        self.broken[kind] += 1
        self.findings = [*self.findings, f"{kind}: {what}"][:100]

    @property
    def holds(self) -> bool:
        return not self.broken.total()

    @property
    def line(self) -> str:
        """All five counts, also those that are none."""
        return ", ".join([*(f"{self.broken[kind]} {kind}" for kind in BROKEN), f"latest +{self.latest} days"])


def judge(
    lessons: Iterable[Lesson], story: Story, end: datetime, unheard: Mapping[str, datetime] | None = None
) -> Tally:
    """What of the promises these lessons break.

    `unheard` are attempts whose reply was lost, and when the first event of each came: until then the lesson may come
    once more, which is the second known window.
    """
    taken = sorted(lessons, key=lambda lesson: lesson.at)
    tally = Tally(runs=1)
    _judge_repeats(taken, unheard or {}, tally)
    firsts = list({(lesson.run, lesson.id): lesson for lesson in reversed(taken)}.values())[::-1]
    firsts.sort(key=lambda lesson: lesson.at)
    for lesson in taken:
        if story.stopped(lesson.at, lesson.attempt):
            tally.found("after a stop", f"{lesson.id} of {lesson.run} at {lesson.at}")
        if lesson.id != story.plan[0] and not story.hour_has_come(lesson.at):
            tally.found(OUTSIDE, f"{lesson.id} at {lesson.at}, before the hour of {story.clock(lesson.at)}")
    for before, after in pairwise(taken):
        gap = GAP_AFTER_INTRODUCTION if before.id == story.plan[0] else GAP
        if after.at - before.at < gap - ALREADY_CLAIMED:  # counted from claim to claim
            tally.found(OUTSIDE, f"{after.id} {after.at - before.at} after {before.id}")
        zone = ZoneInfo(story.clock(after.at)[0])
        day = story.day(after.at)
        if day in (story.day(before.at), before.at.astimezone(zone).date()):
            tally.found("two on a day", f"{before.id} and {after.id} on {day}")
    _judge_order(firsts, story, end, tally)
    _judge_lateness(firsts, story, tally)
    return tally


def _judge_repeats(taken: Sequence[Lesson], unheard: Mapping[str, datetime], tally: Tally) -> None:
    seen: dict[tuple[tuple[int, int], str], Lesson] = {}
    for lesson in taken:
        earlier = seen.get((lesson.run, lesson.id))
        anew = earlier is not None and earlier.attempt != lesson.attempt  # by a claim of its own
        if earlier and anew and earlier.attempt in unheard and lesson.at <= unheard[earlier.attempt] + NEWS_IS_READ:
            tally.windows["second copies of what SES never told of"] += 1
        elif earlier:
            tally.found("twice", f"{lesson.id} of {lesson.run} at {earlier.at} and {lesson.at}")
        seen[lesson.run, lesson.id] = lesson


def _judge_order(firsts: Sequence[Lesson], story: Story, end: datetime, tally: Tally) -> None:
    """Each run goes through the plan without a gap, runs follow each other, and the last one comes to its end."""
    runs = [list(lessons) for _, lessons in groupby(firsts, key=lambda lesson: lesson.run)]
    if len(runs) > sum(deed.kind == "start" for deed in story.deeds):
        tally.found("twice", f"{len(runs)} runs, more than were begun")
    if [run[0].run for run in runs] != sorted({lesson.run for lesson in firsts}):
        tally.found("out of order", f"runs {[run[0].run for run in runs]}")
    for run in runs:
        places = [story.plan.index(lesson.id) for lesson in run]
        if places != sorted(places):
            tally.found("out of order", f"{[lesson.id for lesson in run]} of {run[0].run}")
        ends = run is runs[-1] and not story.stopped(end)
        wanted = story.plan[1 if run[0].round > 1 else 0 : None if ends else max(places) + 1]
        if places == [len(story.plan) - 1] and any(deed.kind == "yes" for deed in story.deeds):
            continue  # a new round that was begun by mistake, and went on to the closing letter
        got = {lesson.id for lesson in run}
        for missing in [lesson for lesson in wanted if lesson not in got | story.removed]:
            tally.found("lost", f"{missing} of {run[0].run}")
    if not runs and not story.stopped(end):
        tally.found("lost", "everything")


def _judge_lateness(firsts: Sequence[Lesson], story: Story, tally: Tally) -> None:
    """In local days: how many of those on which it could have come went by."""
    if firsts and (began := story.began(firsts[0].at)):
        # The introduction comes at once; after a fresh sign-up, on the first free day.
        tally.latest = (story.day(firsts[0].at) - story.day(began)).days
    for before, lesson in pairwise(firsts):
        if lesson.id == story.plan[0]:
            continue
        started = max(d.at for d in story.deeds if d.kind in ("start", "clock") and d.at <= lesson.at)
        gap = GAP_AFTER_INTRODUCTION if before.id == story.plan[0] else GAP
        tally.latest = max(tally.latest, _days_late(story, before, max(before.at + gap, started), lesson.at))


def _days_late(story: Story, before: Lesson, earliest: datetime, came: datetime) -> int:
    """The local days after `before` whose chosen hour began at `earliest` or later and was not slept through."""
    zone_name, hour = story.clock(came)
    zone = ZoneInfo(zone_name)
    day, late = max(story.day(before.at), before.at.astimezone(zone).date()) + DAY, 0
    while day < story.day(came):
        begins = _begins(day, hour, zone_name)
        missed = any(start <= begins + timedelta(hours=1) and begins <= end for start, end in story.outages)
        late += begins >= earliest and begins.astimezone(zone).date() == day and not missed
        day += DAY
    return late


def _begins(day: date, hour: int, zone_name: str) -> datetime:
    """When an hour of a local day begins, UTC. Where the clocks skip it and midnight, that is an hour earlier."""
    zone = ZoneInfo(zone_name)
    local = datetime.combine(day, time(hour), zone)
    moved_on = local.astimezone(UTC)
    return moved_on if moved_on.astimezone(zone).date() == day else local.replace(fold=1).astimezone(UTC)
