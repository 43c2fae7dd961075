"""SES under stress: throttling us, out of quota, refusing us; and the pace of two senders at the same time.

The clock moves only when code sleeps or the world moves it: nothing depends on how fast a test runs.
"""

import math
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine

from local_cloud.cloud import World
from local_cloud.environment import environment
from local_cloud.functions import Context
from local_cloud.ses_rules import SesError
from services.sending.pace import Pace
from tests.conftest import MONDAY
from tests.services.test_sending import THROTTLED, record
from tests.test_dispatch import queued, subscribe
from tests.test_record_delivery import records

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
TICK = timedelta(minutes=5)
LAMBDA_TIME = timedelta(seconds=60)


class Turns:
    """Runs one thread at a time: a thread that sleeps lets the next to wake work, and only this moves the clock."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self._clock = clock
        self._scheduler_stopped: list[tuple[float, int, threading.Semaphore]] = []
        self._numbers = count()

    def sleep(self, seconds: float) -> None:
        wake = self._wake_in(seconds)
        self._next()
        wake.acquire()

    def play(self, *parts: Callable[[], None]) -> None:
        """Runs all parts until each has ended."""
        with ThreadPoolExecutor(len(parts)) as threads:
            ends = [threads.submit(self._play, self._wake_in(0), part) for part in parts]
            self._next()
        for end in ends:
            end.result()

    def _play(self, wake: threading.Semaphore, part: Callable[[], None]) -> None:
        wake.acquire()
        try:
            part()
        finally:
            self._next()

    def _wake_in(self, seconds: float) -> threading.Semaphore:
        """Plans a wake-up a little late, as after any sleep: at the next tenth of a millisecond."""
        wake = threading.Semaphore(0)
        at = math.ceil((time.time() + seconds) * 10_000) / 10_000
        heappush(self._scheduler_stopped, (at, next(self._numbers), wake))
        return wake

    def _next(self) -> None:
        if self._scheduler_stopped:
            at, _, wake = heappop(self._scheduler_stopped)
            self._clock.move_to(max(at, time.time()))
            wake.release()


class AtOnce:
    """A pool that has done its work when `submit` returns: a delivery takes no time."""

    def __init__(self, _workers: int) -> None:
        pass

    def __enter__(self) -> "AtOnce":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., None], *given: object) -> Future[None]:
        done: Future[None] = Future()
        work(*given)
        done.set_result(None)
        return done


@dataclass
class Stress:
    """A world in which time stands still, and the times at which its SES was asked to take an email."""

    world: World
    turns: Turns
    refuses: Callable[[datetime], SesError | None] = lambda _: None
    """The error that SES answers at this time instead of taking an email, if any."""
    asked: list[datetime] = field(default_factory=list)
    took: list[timedelta] = field(default_factory=list)
    """How long the senders worked on each message."""

    def tick(self) -> None:
        """Fires the schedule once, and lets one sender work until the outbox is empty."""
        self.world.invoke("dispatch", {})
        start = self.world.now()
        self.world.drain()
        self.took.append(self.world.now() - start)

    def sent(self, since: int = 0) -> list[int]:
        """The numbers of the people who got an email, in the order in which SES took them."""
        return [number(email.address) for email in self.world.emails[since:]]

    def people(self) -> dict[int, dict[str, Any]]:
        """The stored item of each person by their number, without the count of writes."""
        rows = [{name: value for name, value in row.items() if name != "version"} for row in self.world.subscribers()]
        return {number(str(row["address"])): row for row in rows}

    def two_senders(self, until: Callable[[], bool]) -> None:
        """Runs the schedule, and two senders that Lambda keeps busy, each with its own pace as a process has."""
        with environment(self.world.functions.by_name["send"].environment):
            senders = lambda: self._sender(until, 0.2), lambda: self._sender(until, 0.3)
            self.turns.play(lambda: self._ticks(until), *senders)

    def _ticks(self, until: Callable[[], bool]) -> None:
        while not until():
            self.world.invoke("dispatch", {})
            self.turns.sleep(TICK.total_seconds())

    def _sender(self, until: Callable[[], bool], between: float) -> None:
        """Works on messages, with `between` seconds before each one for Lambda and the queue."""
        from send import handler

        function, sqs = self.world.functions.by_name["send"], self.world.clients.sqs
        url = str(self.world.resources.ref("Outbox"))
        while not until():
            self.turns.sleep(between)
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages", []):
                start = self.world.now()
                handler({"Records": [record(message["Body"])]}, Context(function, function.timeout))
                self.took.append(self.world.now() - start)
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


class OwnPace(threading.local, Pace):
    """A pace for each thread, as each process has one."""


@pytest.fixture
def stress(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stress]:
    """A world whose clock moves only when code sleeps or the world moves it."""
    world.invoke("send", records({"subscribers": []}))
    world.ses.destinations.clear()  # no event settles anything
    with time_machine.travel(MONDAY, tick=False) as clock:
        stress, take = Stress(world, Turns(clock)), world.ses.send

        def answer(request: dict[str, Any]) -> Any:
            stress.asked.append(world.now())
            if error := stress.refuses(world.now()):
                raise error
            return take(request)

        monkeypatch.setattr(world, "_clock", clock)
        monkeypatch.setattr(world.ses, "send", answer)
        monkeypatch.setattr("send.ThreadPoolExecutor", AtOnce)
        monkeypatch.setattr("send.pace", OwnPace())
        monkeypatch.setattr("services.sending.pace.time", SimpleNamespace(time=time.time, sleep=stress.turns.sleep))
        # The time that a function has left is measured by this clock as well.
        monkeypatch.setattr("local_cloud.functions.time", SimpleNamespace(monotonic=time.time))
        yield stress


def number(address: str) -> int:
    """Returns 7 for p7@example.net."""
    return int(address.partition("@")[0][1:])


# ---------------------------------------------------------------- throttled


def test_e1_a_burst_of_throttling_slows_the_message_and_loses_no_email(stress: Stress) -> None:
    """Refused subscribers come first at the next tick, in the old order and at the usual pace."""
    world = stress.world
    subscribe(world, *(MONDAY - (60 - n) * MINUTE for n in range(20)), *(MONDAY + n * MINUTE for n in range(1, 6)))
    before = stress.people()
    stress.refuses = lambda at: THROTTLED if MONDAY + SECOND <= at < MONDAY + 3 * SECOND else None
    stress.tick()
    refused = [n for n in range(20) if n not in stress.sent()]
    assert 2 <= len(refused) <= 7  # at the usual pace, two seconds would refuse fourteen
    assert stress.sent() == [n for n in range(20) if n not in refused]
    assert {n: row for n, row in stress.people().items() if n in refused} == {n: before[n] for n in refused}

    world._move_to(MONDAY + TICK)
    first, asked = len(world.emails), len(stress.asked)
    stress.tick()
    assert stress.sent(first) == [*refused, *range(20, 25)]
    gaps = [(later - at).total_seconds() for at, later in pairwise(stress.asked[asked:])]
    assert gaps == pytest.approx([2 / 14] * (len(refused) + 4), abs=0.001)  # a sender's half of 14 a second
    assert sorted(stress.sent()) == list(range(25))


def test_e1_if_ses_throttles_half_of_the_time_everybody_is_served_within_the_hour(stress: Stress) -> None:
    """Somebody else uses the account as well: SES takes our emails only in the first half of each second."""
    subscribe(stress.world, *(MONDAY - (60 - n) * MINUTE for n in range(40)))
    stress.refuses = lambda at: THROTTLED if at.microsecond >= 500_000 else None
    for tick in range(12):
        stress.world._move_to(MONDAY + tick * TICK)
        served = len(stress.world.emails)
        stress.tick()
        assert stress.sent(served) == sorted(stress.sent(served))
    assert sorted(stress.sent()) == list(range(40))
    assert not [row for row in stress.people().values() if "claim" in row or "held" in row]


def test_a_message_that_is_slowed_down_ends_before_the_time_of_its_function(stress: Stress) -> None:
    """If Lambda ended the function, the queue would retry the message."""
    subscribe(stress.world, *[MONDAY - MINUTE] * 100)
    stress.refuses = lambda at: THROTTLED if MONDAY + SECOND <= at < MONDAY + 3 * SECOND else None
    stress.tick()
    assert stress.took[0] < LAMBDA_TIME


SOME = [(1, 110), (15, 300)]
MANY = [(1, 330), (3, 700), (5, 700), (14, 420), (15, 420), (100, 600)]


@pytest.mark.parametrize(("rate", "people"), [*SOME, *(pytest.param(*one, marks=pytest.mark.long) for one in MANY)])
def test_two_senders_at_once_use_the_rate_of_ses_and_no_more(stress: Stress, rate: int, people: int) -> None:
    """Each at half the rate, or in turns, and neither knows of the other. SES counts the emails of the last second."""
    world = stress.world
    world.ses.max_send_rate = rate
    subscribe(world, *[MONDAY - MINUTE] * people)
    stress.two_senders(until=lambda: len(world.emails) == people or world.now() > MONDAY + timedelta(hours=1))
    assert sorted(stress.sent()) == list(range(people))
    assert max(stress.took) < LAMBDA_TIME
    at = [email.at for email in world.emails]
    most = max(bisect_right(at, moment) - bisect_right(at, moment - SECOND) for moment in at)
    assert (most <= rate, len(stress.asked) - people) == (True, 0), (
        "the most emails in a second, and the refused requests"
    )
    used = people / rate / (at[-1] - at[0] + SECOND / rate).total_seconds()
    assert used >= 0.85


class Line:
    """A lock that sleeps while it waits, so that other threads can work."""

    def __init__(self, turns: Turns) -> None:
        self._turns, self._held = turns, False

    def __enter__(self) -> None:
        while self._held:
            self._turns.sleep(0.01)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False


def test_emails_that_waited_while_ses_was_slow_go_out_at_the_usual_pace(
    stress: Stress, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For three seconds SES does not answer: all sixteen threads wait, and then do not start at once."""
    import send

    rate, turns, started = 7, stress.turns, list[datetime]()
    pace, ids = Pace(), iter([f"p{n}" for n in range(100)])
    pace.start_lock = Line(turns)  # type: ignore[assignment]
    monkeypatch.setattr(send, "pace", pace)

    def deliver(_subscriber: str, now: datetime) -> None:
        started.append(now)
        turns.sleep(max(0.1, (MONDAY + 6 * SECOND - now).total_seconds() if now > MONDAY + 3 * SECOND else 0))

    def thread() -> None:
        for subscriber in ids:
            send._deliver(sending, subscriber, rate)

    sending: Any = SimpleNamespace(ready=True, throttled=0, deliver=deliver)
    turns.play(*[thread] * 16)
    assert len(started) == 100
    most = max(bisect_right(started, at) - bisect_right(started, at - SECOND) for at in started)
    assert most <= rate + 1  # a wait ends at a tenth of a millisecond


# ---------------------------------------------------------------- out of quota, and refused


def test_e1_a_daily_quota_used_up_in_the_middle_of_a_message_loses_no_email(stress: Stress) -> None:
    """Somebody else on the account uses it up. SES is not asked again before some quota is free."""
    world = stress.world
    world.ses.max_24_hour_send = 50
    world.ses.sent_at.append((MONDAY - timedelta(hours=23), 20))
    subscribe(world, *(MONDAY - (60 - n) * MINUTE for n in range(30)))
    before = stress.people()

    def somebody_else(now: datetime) -> None:
        if len(world.emails) == 10:
            world.ses.sent_at.append((now, 5))

    stress.refuses = somebody_else
    stress.tick()
    assert stress.sent() == list(range(25))
    assert {n: row for n, row in stress.people().items() if n >= 25} == {n: before[n] for n in range(25, 30)}
    world.advance_to(MONDAY + 59 * MINUTE)
    assert len(stress.asked) == 30
    assert not any("BreakerOpen" in line for line in world.logs)

    world.advance_to(MONDAY + 66 * MINUTE)
    assert stress.sent() == list(range(30))
    assert not [row for row in stress.people().values() if "claim" in row or "held" in row]


def test_e4_the_breaker_opens_again_after_each_try_until_the_cause_is_mended(stress: Stress) -> None:
    """The sender's MAIL FROM domain is lost, which GetAccount does not show: only sending finds out."""
    world = stress.world
    subscribe(world, *(MONDAY - (3 - n) * MINUTE for n in range(3)))
    before = stress.people()
    world.ses.mail_from_verified = False
    stress.tick()

    for minutes, tried in ((14, False), (16, True), (29, False)):
        told, asked = len(world.logs), len(stress.asked)
        world.advance_to(MONDAY + minutes * MINUTE)
        assert (len(stress.asked) > asked, queued(world)) == (tried, [])
        assert any("BreakerOpen" in line for line in world.logs[told:])
        assert stress.people() == before
        world.ses.mail_from_verified = minutes > 14  # mended, but not yet tried again

    world.advance_to(MONDAY + 31 * MINUTE)
    assert stress.sent() == [0, 1, 2]
    told = len(world.logs)
    world.advance_to(MONDAY + 40 * MINUTE)
    assert not any("BreakerOpen" in line for line in world.logs[told:])
