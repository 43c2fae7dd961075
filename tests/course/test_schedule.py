"""The slots of emails, in every zone and at every hour."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from course.forms import zones
from course.schedule import hour_has_come, local_day, next_slot, slot


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def test_a_slot_is_the_local_hour_in_utc() -> None:
    assert slot(date(2026, 11, 24), "Asia/Tokyo", 7, 12) == utc(2026, 11, 23, 22, 12)
    assert slot(date(2026, 11, 24), "America/St_Johns", 7) == utc(2026, 11, 24, 10, 30)


def test_a_slot_in_a_skipped_hour_moves_an_hour_later() -> None:
    assert slot(date(2026, 3, 29), "Europe/Berlin", 2, 30) == utc(2026, 3, 29, 1, 30)
    assert slot(date(2026, 3, 29), "Europe/Berlin", 2, 30).astimezone(ZoneInfo("Europe/Berlin")).hour == 3


def test_a_slot_in_a_skipped_hour_before_midnight_moves_earlier_and_stays_on_its_day() -> None:
    due = slot(date(2026, 3, 28), "America/Nuuk", 23, 30)
    assert due.astimezone(ZoneInfo("America/Nuuk")).isoformat() == "2026-03-28T22:30:00-02:00"


def test_a_slot_in_an_hour_that_comes_twice_is_in_the_first_one() -> None:
    assert slot(date(2026, 10, 25), "Europe/Berlin", 2, 30) == utc(2026, 10, 25, 0, 30)


def test_the_next_slot_is_today_before_its_hour_and_tomorrow_after_it() -> None:
    berlin = ("Europe/Berlin", 7, 10)
    assert next_slot(utc(2026, 11, 24, 5), None, *berlin) == utc(2026, 11, 24, 6, 10)
    assert next_slot(utc(2026, 11, 24, 6, 11), None, *berlin) == utc(2026, 11, 25, 6, 10)


def test_the_next_slot_is_not_on_a_used_day() -> None:
    due = next_slot(utc(2026, 11, 24, 0), date(2026, 11, 24), "Europe/Berlin", 7, 10)
    assert due == utc(2026, 11, 25, 6, 10)


def test_no_lesson_is_lost_on_a_day_that_a_zone_skips() -> None:
    """Samoa had no 30 December 2011: the date line moved."""
    due = next_slot(utc(2011, 12, 29, 18), date(2011, 12, 29), "Pacific/Apia", 7, 0)
    assert local_day(due, "Pacific/Apia") == date(2011, 12, 31)


def test_the_hour_has_come_from_the_chosen_hour_until_midnight() -> None:
    assert not hour_has_come(utc(2026, 11, 24, 5, 59), "Europe/Berlin", 7)
    assert hour_has_come(utc(2026, 11, 24, 6, 0), "Europe/Berlin", 7)
    assert hour_has_come(utc(2026, 11, 24, 22, 59), "Europe/Berlin", 7)
    assert not hour_has_come(utc(2026, 11, 24, 23, 0), "Europe/Berlin", 7)


def test_seven_slots_of_each_hour_are_on_seven_local_days_at_every_clock_change_of_every_zone() -> None:
    for zone in zones():
        for start in _clock_changes(zone):
            for hour in range(24):
                now, taken = start - timedelta(days=3), None
                days = []
                for _ in range(7):
                    due = next_slot(now, taken, zone, hour, 44)
                    assert due >= now, f"{zone}, {hour}, from {start}"
                    assert hour_has_come(due, zone, hour), f"{zone}, {hour}, {due}"
                    taken = local_day(due, zone)
                    days.append(taken)
                    now = due + timedelta(minutes=1)
                assert days == [days[0] + timedelta(days=number) for number in range(7)], f"{zone}, {hour}"


def _clock_changes(zone: str) -> list[datetime]:
    """The days of a year on which the zone's offset changes; one ordinary day if there are none."""
    place, start = ZoneInfo(zone), utc(2026, 1, 1, 12)
    noons = [start + timedelta(days=number) for number in range(365)]
    changes = [
        noon
        for noon in noons
        if noon.astimezone(place).utcoffset() != (noon + timedelta(1)).astimezone(place).utcoffset()
    ]
    return changes or [start]


@given(
    hours=st.integers(0, 24 * 365 * 6),
    days_taken=st.integers(0, 2),
    zone=st.sampled_from(zones()),
    hour=st.integers(0, 23),
    minute=st.integers(0, 44),
)
def test_a_slot_is_never_early_or_on_a_used_day_or_days_late(
    hours: int, days_taken: int, zone: str, hour: int, minute: int
) -> None:
    moment = utc(2024, 1, 1) + timedelta(hours=hours)
    taken = local_day(moment, zone) + timedelta(days=days_taken)
    due = next_slot(moment, taken, zone, hour, minute)
    assert due >= moment
    assert local_day(due, zone) > taken
    assert due - moment <= timedelta(days=days_taken + 2, hours=2)


def test_a_slot_stays_on_its_day_when_the_clocks_jump_into_the_chosen_hour() -> None:
    """In Casey, 00:01 was followed by 03:01. A slot at three o'clock stays on its day."""
    due = slot(date(2022, 10, 2), "Antarctica/Casey", 3, 12)
    assert local_day(due, "Antarctica/Casey") == date(2022, 10, 2)
    assert hour_has_come(due, "Antarctica/Casey", 3)
