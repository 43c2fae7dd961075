"""The oracle: compares the lessons that SES took with what each person did, and reports every broken promise.

It sees no table and shares no code with the system, so it cannot repeat the system's mistakes. `Lesson` is what SES
took, `Action` is what a person did, `Timeline` is everything about one person, `judge` gives the verdict, and `Tally`
adds up verdicts.
"""

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
"""For so long after a stop a lesson may still come if it was claimed before: the first known window."""

NEWS_IS_READ = timedelta(hours=1)
"""By then an event has been recorded, even if its message was retried. Until then a lesson may be claimed again."""

BROKEN = (
    *("lost", "twice", "out of order", "two on a day", "after a stop"),
    *("left after an erasure", "untold", "seen by a second person"),
)
"""What must never happen, in the words of the last line of `make faults`."""

OUTSIDE = "outside its day"
"""Must never happen either: a lesson before the chosen hour, or sooner after the last one than any zone allows."""

A_TRY = timedelta(minutes=10)
"""The longest time for which a person retries a button. During it the old or the new zone and hour may hold."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson that SES took, with its time in UTC."""

    at: datetime
    epoch: int
    round: int
    id: str
    attempt: str = ""

    @property
    def round_key(self) -> tuple[int, int]:
        return self.epoch, self.round


@dataclass(frozen=True, slots=True)
class Action:
    """One action of a person, with the time in UTC from which it counts.

    The kinds are `start` (confirmed, resumed, began again), `stop` (paused, unsubscribed, erased, or their mailbox
    refused), `yes` (asked for the closing letter) and `clock` (chose a zone and hour).
    """

    at: datetime
    kind: str
    zone: str = ""
    hour: int = 0
    claimed: str = ""
    """The attempt that held the claim when a stop was stored."""
    day: date | None = None
    """The local day of a `start` that ends a pause by itself."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """One person's actions in order of time, and everything else that decides which lessons must come.

    A `clock` comes before the first `start`.
    """

    plan: tuple[str, ...]
    """The lesson ids of a first round, in order; the introduction is the first."""
    actions: Sequence[Action]
    removed: frozenset[str] = frozenset()
    """Lessons that the author removed or the person skipped: they may be missing."""
    outages: Sequence[tuple[datetime, datetime]] = ()
    """Times at which nothing could be sent: they do not count as lateness."""

    def clock(self, at: datetime) -> tuple[str, int]:
        """Returns the zone and hour in force."""
        clocks = [action for action in self.actions if action.kind == "clock"]
        return next(((c.zone, c.hour) for c in reversed(clocks) if c.at <= at), (clocks[0].zone, clocks[0].hour))

    def day(self, at: datetime) -> date:
        """Returns the local day in the zone in force."""
        return at.astimezone(ZoneInfo(self.clock(at)[0])).date()

    def hour_has_come(self, at: datetime) -> bool:
        """Whether the chosen hour has come, in the zone in force or in the one before if it has just changed."""
        for zone_name, hour in (self.clock(at), self.clock(at - A_TRY)):
            local = at.astimezone(ZoneInfo(zone_name))
            if local.hour >= hour or at >= _begins(local.date(), hour, zone_name):
                return True
        return False

    def began(self, at: datetime) -> datetime | None:
        """Returns the first start after the last stop before a time."""
        stop = max((action.at for action in self.actions if action.kind == "stop" and action.at <= at), default=None)
        starts = [action.at for action in self.actions if action.kind == "start" and action.at <= at]
        return min((start for start in starts if stop is None or start >= stop), default=None)

    def stopped(self, at: datetime, attempt: str = "") -> bool:
        """Whether a stop was in force. An attempt that was claimed before it is excepted for `ALREADY_CLAIMED`."""
        last = next((d for d in reversed(self.actions) if d.kind in ("start", "stop") and d.at <= at), None)
        if last is None or last.kind == "start":
            return last is None
        return not attempt or attempt != last.claimed or at >= last.at + ALREADY_CLAIMED


@dataclass(slots=True)
class Tally:
    """The counts of one or many runs. Tallies can be added up."""

    runs: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    latest: int = 0
    """The lateness of the latest lesson, in days."""
    windows: Counter[str] = field(default_factory=Counter)
    """How often each known window occurred."""
    findings: list[str] = field(default_factory=list)
    """The first hundred broken promises, each with its place."""

    def add(self, other: "Tally") -> None:
        self.runs += other.runs
        self.broken += other.broken
        self.latest = max(self.latest, other.latest)
        self.windows += other.windows
        self.findings = (self.findings + other.findings)[:100]

    def found(self, kind: str, finding: str) -> None:
        self.broken[kind] += 1
        self.findings = [*self.findings, f"{kind}: {finding}"][:100]

    @property
    def holds(self) -> bool:
        return not self.broken.total()

    @property
    def line(self) -> str:
        """All counts, zeros included, as in the last line of `make faults`."""
        return ", ".join([*(f"{self.broken[kind]} {kind}" for kind in BROKEN), f"latest +{self.latest} days"])


def judge(
    lessons: Iterable[Lesson], timeline: Timeline, end: datetime, unanswered: Mapping[str, datetime] | None = None
) -> Tally:
    """Returns the promises that these lessons break.

    `unanswered` maps each attempt whose reply was lost to the time of its first event. Until then the lesson may come a
    second time: the second known window.
    """
    taken = sorted(lessons, key=lambda lesson: lesson.at)
    tally = Tally(runs=1)
    _judge_repeats(taken, unanswered or {}, tally)
    firsts = list({(lesson.round_key, lesson.id): lesson for lesson in reversed(taken)}.values())[::-1]
    firsts.sort(key=lambda lesson: lesson.at)
    for lesson in taken:
        if timeline.stopped(lesson.at, lesson.attempt):
            tally.found("after a stop", f"{lesson.id} of {lesson.round_key} at {lesson.at}")
        if lesson.id != timeline.plan[0] and not timeline.hour_has_come(lesson.at):
            tally.found(OUTSIDE, f"{lesson.id} at {lesson.at}, before the hour of {timeline.clock(lesson.at)}")
    for before, after in pairwise(taken):
        gap = GAP_AFTER_INTRODUCTION if before.id == timeline.plan[0] else GAP
        if after.at - before.at < gap - ALREADY_CLAIMED:  # the gap counts from claim to claim
            tally.found(OUTSIDE, f"{after.id} {after.at - before.at} after {before.id}")
        zone = ZoneInfo(timeline.clock(after.at)[0])
        day = timeline.day(after.at)
        if day in (timeline.day(before.at), before.at.astimezone(zone).date()):
            tally.found("two on a day", f"{before.id} and {after.id} on {day}")
    _judge_order(firsts, timeline, end, tally)
    _judge_lateness(firsts, timeline, tally)
    return tally


def _judge_repeats(taken: Sequence[Lesson], unanswered: Mapping[str, datetime], tally: Tally) -> None:
    seen: dict[tuple[tuple[int, int], str], Lesson] = {}
    for lesson in taken:
        earlier = seen.get((lesson.round_key, lesson.id))
        again = earlier is not None and earlier.attempt != lesson.attempt  # by another claim
        if (
            earlier
            and again
            and earlier.attempt in unanswered
            and lesson.at <= unanswered[earlier.attempt] + NEWS_IS_READ
        ):
            tally.windows["second copies of what SES never told of"] += 1
        elif earlier:
            tally.found("twice", f"{lesson.id} of {lesson.round_key} at {earlier.at} and {lesson.at}")
        seen[lesson.round_key, lesson.id] = lesson


def _judge_order(firsts: Sequence[Lesson], timeline: Timeline, end: datetime, tally: Tally) -> None:
    """Each round goes through the plan without a gap, rounds do not overlap, and the last one reaches its end."""
    rounds = [list(lessons) for _, lessons in groupby(firsts, key=lambda lesson: lesson.round_key)]
    if len(rounds) > sum(action.kind == "start" for action in timeline.actions):
        tally.found("twice", f"{len(rounds)} rounds, more than were begun")
    if [one[0].round_key for one in rounds] != sorted({lesson.round_key for lesson in firsts}):
        tally.found("out of order", f"rounds {[one[0].round_key for one in rounds]}")
    for one in rounds:
        places = [timeline.plan.index(lesson.id) for lesson in one]
        if places != sorted(places):
            tally.found("out of order", f"{[lesson.id for lesson in one]} of {one[0].round_key}")
        ends = one is rounds[-1] and not timeline.stopped(end)
        wanted = timeline.plan[1 if one[0].round > 1 else 0 : None if ends else max(places) + 1]
        if places == [len(timeline.plan) - 1] and any(action.kind == "yes" for action in timeline.actions):
            continue  # a new round that was begun by mistake, and then skipped to the closing letter
        got = {lesson.id for lesson in one}
        for missing in [lesson for lesson in wanted if lesson not in got | timeline.removed]:
            tally.found("lost", f"{missing} of {one[0].round_key}")
    if not rounds and not timeline.stopped(end):
        tally.found("lost", "everything")


def _judge_lateness(firsts: Sequence[Lesson], timeline: Timeline, tally: Tally) -> None:
    """Counts the local days on which a lesson could have come and did not."""
    if firsts and (began := timeline.began(firsts[0].at)):
        # The introduction comes at once; after a repeated sign-up, on the first free day.
        tally.latest = (timeline.day(firsts[0].at) - timeline.day(began)).days
    for before, lesson in pairwise(firsts):
        if lesson.id == timeline.plan[0]:
            continue
        started = max(d.at for d in timeline.actions if d.kind in ("start", "clock") and d.at <= lesson.at)
        gap = GAP_AFTER_INTRODUCTION if before.id == timeline.plan[0] else GAP
        tally.latest = max(tally.latest, _days_late(timeline, before, max(before.at + gap, started), lesson.at))


def _days_late(timeline: Timeline, before: Lesson, earliest: datetime, came: datetime) -> int:
    """Counts the local days after `before` whose chosen hour began at `earliest` or later, outside all outages."""
    zone_name, hour = timeline.clock(came)
    zone = ZoneInfo(zone_name)
    day, late = max(timeline.day(before.at), before.at.astimezone(zone).date()) + DAY, 0
    while day < timeline.day(came):
        begins = _begins(day, hour, zone_name)
        missed = any(start <= begins + timedelta(hours=1) and begins <= end for start, end in timeline.outages)
        late += begins >= earliest and begins.astimezone(zone).date() == day and not missed
        day += DAY
    return late


def _begins(day: date, hour: int, zone_name: str) -> datetime:
    """Returns when an hour of a local day begins, in UTC. An hour that the clocks skip together with midnight begins an
    hour earlier."""
    zone = ZoneInfo(zone_name)
    local = datetime.combine(day, time(hour), zone)
    moved_on = local.astimezone(UTC)
    return moved_on if moved_on.astimezone(zone).date() == day else local.replace(fold=1).astimezone(UTC)
