"""When the next lesson is due: the subscriber's hour, in their zone, at most once a local day."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIN_GAP = timedelta(hours=12)
"""The shortest time between two lessons, whatever happens to clocks and zones."""

AFTER_INTRODUCTION = timedelta(hours=4)
"""The shortest time between the introduction and the first lesson. It is shorter, so that after an evening sign-up the
first lesson comes next morning."""

SPREAD_MINUTES = 45
"""The first minutes of an hour, over which its subscribers are spread. The rest of the hour stays free so that an email
of the hour 23:00 is still sent on the same local day."""


def local_day(at: datetime, zone: str) -> date:
    """The calendar day that `at` falls on in an IANA zone."""
    return at.astimezone(ZoneInfo(zone)).date()


def slot(day: date, zone: str, hour: int, minute: int = 0) -> datetime:
    """The moment (UTC) of a local time on a local day.

    A time that the clocks skip moves later by the skipped time, or earlier if that would be another day (Nuuk skips the
    hour before midnight). Of a time that comes twice, the first one counts (PEP 495).
    """
    local = datetime.combine(day, time(hour, minute), ZoneInfo(zone))
    moved_on, moved_back = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return moved_back if local_day(moved_on, zone) != day == local_day(moved_back, zone) else moved_on


def next_slot(not_before: datetime, after_day: date | None, zone: str, hour: int, minute: int) -> datetime:
    """The first slot (UTC) at or after `not_before` whose local day is later than `after_day`."""
    day = local_day(not_before, zone)
    if after_day and day <= after_day:
        day = after_day + timedelta(days=1)
    while True:
        due = slot(day, zone, hour, minute)
        if due >= not_before and (after_day is None or local_day(due, zone) > after_day):
            return due
        day += timedelta(days=1)


def hour_has_come(now: datetime, zone: str, hour: int) -> bool:
    """Whether the chosen hour of this local day has begun.

    Where the clocks skip the hour, both tests are needed. In Nuuk, `slot` moves the hour earlier, so only the second
    test sees that it has come. In Casey on 2022-10-02, the clocks go from 00:01 to 03:01, and
    `slot` moves hour 2 to 05:00, later than hour 4. There the first test lets hour 2 begin at 03:01 already.
    """
    local = now.astimezone(ZoneInfo(zone))
    return local.hour >= hour or now >= slot(local.date(), zone, hour)
