"""The pace: how long it waits between two starts, on a clock that moves only when it waits."""

from types import SimpleNamespace

import pytest

from services.sending.pace import MOST_DOUBLINGS, Pace

NOW = 1_795_424_400.0


class Clock:
    """A clock that does not run by itself, and records every wait."""

    def __init__(self) -> None:
        self.now = NOW
        self.waits: list[float] = []

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("services.sending.pace.time", SimpleNamespace(time=clock.time, sleep=clock.sleep))
    return clock


def starts(clock: Clock, pace: Pace, number: int, rate: float, throttled: int = 0) -> list[float]:
    """The times at which `number` emails start, in seconds from now."""
    begun, at = clock.now, []
    for _ in range(number):
        pace.wait(rate, throttled)
        at.append(clock.now - begun)
    return at


@pytest.mark.parametrize("rate", [0.5, 1, 7, 50])
def test_the_first_email_starts_at_once_and_each_other_one_gap_later(clock: Clock, rate: float) -> None:
    assert starts(clock, Pace(), 5, rate) == pytest.approx([n / rate for n in range(5)], abs=1e-5)


def test_the_rate_is_kept_from_one_message_to_the_next(clock: Clock) -> None:
    pace = Pace()
    first = starts(clock, pace, 3, rate=7)
    second = starts(clock, pace, 3, rate=7)  # another message, and no time between the two
    assert first == pytest.approx([0, 1 / 7, 2 / 7], abs=1e-5)
    assert second == pytest.approx([1 / 7, 2 / 7, 3 / 7], abs=1e-5)


def test_idle_time_is_not_saved_up_for_a_burst(clock: Clock) -> None:
    pace = Pace()
    starts(clock, pace, 1, rate=2)
    clock.now += 3600
    assert starts(clock, pace, 4, rate=2) == pytest.approx([0, 0.5, 1, 1.5], abs=1e-5)


def test_a_late_start_is_not_made_up_for(clock: Clock) -> None:
    """The process was frozen for a while: the next starts keep their distance from the late one."""
    pace = Pace()
    starts(clock, pace, 2, rate=2)
    clock.now += 0.8
    late = clock.now
    pace.wait(2, 0)
    assert clock.now == late
    pace.wait(2, 0)
    assert clock.now - late == pytest.approx(0.5, abs=1e-5)


def test_the_gap_doubles_each_time_ses_throttles(clock: Clock) -> None:
    pace = Pace()
    for throttled in range(4):
        pace.wait(4, throttled)
        begun = clock.now
        pace.wait(4, throttled)
        assert clock.now - begun == pytest.approx(2**throttled / 4, abs=1e-5)


def test_the_pace_never_waits_longer_than_sixteen_gaps(clock: Clock) -> None:
    assert 2**MOST_DOUBLINGS == 16
    assert starts(clock, Pace(), 3, rate=4, throttled=100) == pytest.approx([0, 4, 8], abs=1e-5)


def test_the_usual_pace_comes_back_with_the_next_message(clock: Clock) -> None:
    pace = Pace()
    starts(clock, pace, 3, rate=4, throttled=3)
    assert starts(clock, pace, 4, rate=4) == pytest.approx([0.25, 0.5, 0.75, 1], abs=1e-5)


@pytest.mark.parametrize("back", [1, 3600, 86_400 * 365])
def test_a_clock_that_is_set_back_does_not_make_the_pace_wait_for_ever(clock: Clock, back: float) -> None:
    pace = Pace()
    starts(clock, pace, 3, rate=2)
    clock.now -= back
    clock.waits.clear()
    starts(clock, pace, 3, rate=2)
    assert max(clock.waits) <= 0.5 + 1e-5
