"""No zone, clock change or disturbance breaks a promise, and the check finds each rule that would break one."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from course import delivery, forms, schedule
from course.record import SignUp
from course.schedule import next_slot
from course.subscriber import Subscriber
from tests.faults import zones
from tests.faults.oracle import Tally
from tests.faults.zones import ODD, OUTSIDE, PLAN, Disturbance, changes, courses, deliveries, hours_of, run, sweep

MORNING = datetime(2026, 3, 26, 9, 2, tzinfo=UTC)
"""Three days before the clocks of Berlin change."""


def test_d4_zones_clock_changes_hours_and_wrong_clocks_break_no_promise() -> None:
    tally = sweep(sample=True)
    assert tally.holds, tally.findings
    assert tally.runs > 1000


@pytest.mark.parametrize("zone", ODD)
def test_d4_no_hour_of_the_oddest_clocks_breaks_a_promise(zone: str) -> None:
    tally = courses(zone, disturbances_each=3)
    assert tally.holds, tally.findings


@pytest.mark.parametrize("hours_asleep", [26, 72])
@pytest.mark.parametrize("hour", [0, 7, 15, 23])
def test_d3_one_email_and_no_burst_comes_after_the_scheduler_slept(hour: int, hours_asleep: int) -> None:
    for zone in ("Europe/Berlin", "Pacific/Kiritimati", *ODD):
        for wakes in range(24):
            outage = MORNING + timedelta(hours=20 + wakes)
            slept = Disturbance(
                "outage",
                outage=(outage, outage + timedelta(hours=hours_asleep)),
            )
            tally = run(zone, hour, MORNING, slept, minute=44)
            assert tally.holds, tally.findings


def test_d3_missed_lessons_come_one_a_day_from_the_day_the_scheduler_resumes() -> None:
    night = MORNING.replace(hour=23)
    slept = Disturbance("outage", outage=(night, night + timedelta(days=3)))
    assert _days(slept) == [26, 30, 31, 32, 33]
    assert _days(Disturbance()) == [26, 27, 28, 29, 30]


def test_d3_a_scheduler_that_fires_twice_sends_once() -> None:
    assert _days(Disturbance("fires twice", firings=2)) == _days(Disturbance())


def _days(disturbance: Disturbance) -> list[int]:
    """The days of March on which a subscriber in Berlin gets the course's emails; the 32nd is the first of April."""
    asked = SignUp(1, MORNING, "Ann", "Europe/Berlin", 7, email_sent=True)
    someone = Subscriber("0" * 16, "course", "ann@example.net").signing_up(asked).confirmed(1, PLAN, MORNING)
    days = [schedule.local_day(at, "Europe/Berlin") for at, _ in deliveries(someone, MORNING, disturbance)]
    return [(day - date(2026, 2, 28)).days for day in days]


def test_the_clock_changes_of_a_zone_are_found() -> None:
    assert [f"{change:%Y-%m-%d %H:%M}" for change in changes("Europe/Berlin")] == [
        "2026-03-29 01:00",
        "2026-10-25 01:00",
        "2027-03-28 01:00",
        "2027-10-31 01:00",
    ]
    assert datetime(2011, 12, 30, 10, tzinfo=UTC) in changes("Pacific/Apia"), "the day that Samoa skipped"
    assert datetime(1993, 8, 21, 12, tzinfo=UTC) in changes("Pacific/Kwajalein")
    assert set(zones.ORDINARY) <= set(changes("Asia/Tokyo"))


def test_hours_are_read_correctly_where_the_clock_jumps() -> None:
    def at(zone: str, day: date, hour: int) -> str:
        return f"{hours_of(zone, day)[hour].begins:%d %H:%M} to {hours_of(zone, day)[hour].ends:%d %H:%M}"

    assert at("Asia/Kathmandu", date(2026, 3, 29), 7) == "29 01:15 to 29 02:15"
    assert at("Europe/Berlin", date(2026, 3, 29), 2) == "29 01:00 to 29 02:00", "skipped: begins at three"
    assert at("Europe/Berlin", date(2026, 10, 25), 2) == "25 00:00 to 25 01:00", "comes twice: the first one counts"
    assert at("America/Nuuk", date(2026, 3, 28), 23).startswith("29 00:00 to"), "skipped: begins at 22 on its day"
    assert hours_of("Pacific/Apia", date(2011, 12, 30)) == ()


def test_every_zone_meets_every_disturbance(monkeypatch: pytest.MonkeyPatch) -> None:
    met: Counter[str] = Counter()

    def note(zone: str, hour: int, start: datetime, disturbance: Disturbance, minute: int) -> Tally:
        met[disturbance.name] += 1
        return Tally(runs=1)

    monkeypatch.setattr(zones, "run", note)
    assert courses("Asia/Tokyo", range(4, 24, 5), 11, zones.DISTURBANCES_PER_HOUR).runs == sum(met.values())
    assert len(met) == 17


def test_shares_add_up_to_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    progress: list[int] = []

    def note(zone: str, *_: object) -> Tally:
        seen.append(zone)
        return Tally(runs=1)

    monkeypatch.setattr(zones, "courses", note)
    assert sum(sweep(share, 3, progress=progress.append).runs for share in range(3)) == len(forms.zones())
    assert sorted(seen) == sorted(forms.zones())
    assert max(progress) == len(forms.zones()) // 3


def _a_day_is_never_taken(patch: pytest.MonkeyPatch) -> None:
    free = delivery._day_is_free
    patch.setattr(delivery, "_day_is_free", lambda someone, now: free(replace(someone, last_day=None), now))
    patch.setattr(schedule, "next_slot", lambda at, _, *clock: next_slot(at, None, *clock))


def _no_gap(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "MIN_GAP", timedelta(0))


def _no_gap_after_the_introduction(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "AFTER_INTRODUCTION", timedelta(0))


def _at_any_hour(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "hour_has_come", lambda *_: True)


def _up_to_the_last_minute_of_the_hour(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "SPREAD_MINUTES", 60)


def _a_day_counts_only_in_its_zone(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Subscriber, "last_day_in", lambda someone, _: someone.last_day)


def _a_missed_lesson_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delivery, "postpone", lambda someone, _: replace(someone, due_at=None))


def _missed_lessons_are_due_at_once(patch: pytest.MonkeyPatch) -> None:
    """Sends three lessons after the scheduler slept for three days."""
    patch.setattr(delivery, "_day_is_free", lambda *_: True)
    patch.setattr(Subscriber, "next_due", lambda someone, now: (someone.due_at or now) + timedelta(days=1))


def _a_skipped_hour_is_always_moved_on(patch: pytest.MonkeyPatch) -> None:
    def slot(day: date, zone: str, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(day, time(hour, minute), ZoneInfo(zone)).astimezone(UTC)

    patch.setattr(schedule, "slot", slot)


def _days_are_those_of_utc(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(schedule, "local_day", lambda at, _: at.date())


@pytest.mark.parametrize(
    ("rule_broken", "found", "zone"),
    [
        (_a_day_is_never_taken, "two on a day", "Asia/Tokyo"),
        (_no_gap, "two on a day", "Asia/Tokyo"),
        (_no_gap_after_the_introduction, "two on a day", "Asia/Tokyo"),
        (_a_day_counts_only_in_its_zone, "two on a day", "Asia/Tokyo"),
        (_missed_lessons_are_due_at_once, "two on a day", "Asia/Tokyo"),
        (_at_any_hour, OUTSIDE, "Asia/Tokyo"),
        (_up_to_the_last_minute_of_the_hour, OUTSIDE, "Asia/Tokyo"),
        (_days_are_those_of_utc, OUTSIDE, "Asia/Tokyo"),
        (_a_skipped_hour_is_always_moved_on, OUTSIDE, "America/Nuuk"),
        (_a_missed_lesson_is_forgotten, "lost", "Asia/Tokyo"),
    ],
)
def test_a_broken_rule_is_found(rule_broken: Callable[[pytest.MonkeyPatch], None], found: str, zone: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        rule_broken(patch)
        tally = courses(zone)
    assert not tally.holds
    assert tally.broken[found], tally.findings
