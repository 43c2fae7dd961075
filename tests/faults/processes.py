"""Many dispatchers and senders at once, each a process (process.py) that may be killed at any moment (SIGKILL).

moto is in this process, and one request after another reaches it over HTTP, as if AWS had no threads. The clock stands
still while the processes work and moves on when all is done: nothing depends on how fast they were.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from math import ceil
from operator import itemgetter

import time_machine

from aws.subscribers import Subscribers
from course.record import Status
from course.subscriber import Subscriber
from local_cloud.cloud import World
from local_cloud.queues import event_sources
from tests.faults.gateway import dynalite_for_processes, gateway
from tests.faults.oracle import ALREADY_CLAIMED, Deed, Lesson, Story, Tally, judge
from tests.faults.process import WITHOUT_CONDITION, Sandboxes
from tests.stories import id_of

SANDBOXES = {"dispatch": 8, "send": 8, "record_delivery": 2}

HOUR = 7
START = datetime(2026, 11, 23, HOUR, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = ("intro", "acknowledge", "own-it")
TICKS = tuple(timedelta(minutes=minutes) for minutes in (9, 18, 27, 36, 45))
"""After START each day: everyone is due in the first three quarters of the hour, a fifth of them before each tick. They
are further apart than a message is hidden (six minutes). At the last one nobody is killed: what it sends proves that
events come through, without which a lesson in doubt is held for a person (E3)."""
LEAVE = 0.06
"""Part of those due at a tick who unsubscribe while it is worked on."""
UNDER_WAY = "lessons under way when somebody stopped"
LATE = "later than a day for each fault"
"""A promise that only this test can judge: it knows whom the faults hit."""
ERROR = "an error though nobody was killed"

TABLES = {
    "SUBSCRIBERS_TABLE": "Subscribers",
    "REFLECTIONS_TABLE": "Reflections",
    "SUPPRESSIONS_TABLE": "Suppressions",
    "LIMITS_TABLE": "Limits",
}

Fate = tuple[int, Callable[[], object]]
"""What happens to somebody, and after how many emails in all."""


@dataclass
class Run:
    """What came of it all."""

    tally: Tally = field(default_factory=Tally)
    emails: int = 0
    days: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    """Processes killed, by function."""
    errors: Counter[str] = field(default_factory=Counter)
    """What the functions logged as errors, and messages that became dead letters. A killed process is none."""


def concurrent(
    *,
    on_dynalite: bool,
    kills: int = 0,
    subscribers: int = 500,
    lessons: int = len(PLAN),
    seed: int = 0,
    conditional: bool = True,
) -> Run:
    """Eight dispatchers and eight senders take everyone through an introduction and more lessons, one a day.

    So many of them are killed on the way. The tables are in dynalite or in moto. At least 20 subscribers, so that some
    are due at every day's last tick. Without `conditional` the claim's condition is left out.
    """
    with World(start=START) as world, ExitStack() as ending:
        world.ses.max_send_rate = world.ses.max_24_hour_send = 1e9
        world.ses.delivers = False  # one event an email, Send, is enough
        settings = {**world.functions.by_name["send"].environment, "NO_PROXY": "127.0.0.1"}
        settings["AWS_ENDPOINT_URL"] = ending.enter_context(gateway())
        client = world.clients.dynamodb
        if on_dynalite:
            database = ending.enter_context(dynalite_for_processes())
            client = database.client
            settings["AWS_ENDPOINT_URL_DYNAMODB"] = client.meta.endpoint_url
            settings |= {variable: database.table(table) for variable, table in TABLES.items()}
        if not conditional:
            settings[WITHOUT_CONDITION] = "1"
        sandboxes = ending.enter_context(Sandboxes(world.resources, SANDBOXES, settings))
        table = Subscribers(client, settings["SUBSCRIBERS_TABLE"])
        crowd = Crowd(world, sandboxes, table, PLAN[:lessons], random.Random(seed))
        crowd.subscribe(subscribers)
        run = crowd.goes_through(kills)
    run.errors += sandboxes.errors
    if not kills:
        for error, times in run.errors.items():
            run.tally.found(ERROR, f"{error} ({times} times)")
    return run


class Crowd:
    """Everyone who is subscribed, and what is done to them."""

    def __init__(
        self, world: World, sandboxes: Sandboxes, table: Subscribers, plan: tuple[str, ...], chance: random.Random
    ) -> None:
        self._world = world
        self._sandboxes = sandboxes
        self._table = table
        self._plan = plan
        self._chance = chance
        sources = event_sources(world.resources, sandboxes, world.clients.sqs)
        self._sources = {source.function.name: source for source in sources}
        self._ids: list[str] = []
        self._stopped: dict[str, tuple[datetime, Subscriber]] = {}

    def subscribe(self, number: int) -> None:
        """Stores so many subscribers, who are due today at their minute of the hour."""
        for n in range(number):
            address = f"p{n}@example.net"
            someone = Subscriber(
                id=id_of(self._world, address),
                course="rebuild-trust",
                address=address,
                status=Status.ACTIVE,
                epoch=1000,
                round=1,
                plan=self._plan,
                next_lesson=self._plan[0],
                hour=HOUR,
            )
            assert self._table.save(replace(someone, due_at=someone.next_due(START)))
            self._ids.append(someone.id)

    def goes_through(self, kills: int) -> Run:
        """Day after day until nobody waits for an email any more."""
        day, deadly = 0, len(self._plan) * (len(TICKS) - 1)  # ticks that are left to kill in
        while day <= len(self._plan) + kills and self._table.due(START + (day + 2) * DAY, limit=1):
            for tick in TICKS:
                now = 0
                if tick != TICKS[-1] and deadly:
                    now = ceil((kills - self._sandboxes.killed.total()) / deadly)
                    deadly -= 1
                self._tick(START + day * DAY + tick, now)
            day += 1
        return self._judged(day)

    def _tick(self, at: datetime, kills: int) -> None:
        """All at once: dispatchers, senders until the outbox is empty, recorders until everything is told."""
        dispatched, sent = threading.Event(), threading.Event()
        with time_machine.travel(at, tick=False), ThreadPoolExecutor(sum(SANDBOXES.values()) + 1) as pool:
            try:
                due = self._table.due(at, limit=len(self._ids))
                others = [pool.submit(self._let, self._fates(due, kills), sent)]
                dispatch = [pool.submit(self._dispatch, seconds) for seconds in self._waits(due)]
                send = [pool.submit(self._drain, "send", dispatched) for _ in range(SANDBOXES["send"])]
                others += [
                    pool.submit(self._drain, "record_delivery", sent) for _ in range(SANDBOXES["record_delivery"])
                ]
                wait(dispatch)
                dispatched.set()
                wait(send)
                sent.set()
                wait(others)
            except BaseException:
                self._sandboxes.end()
                raise
            finally:
                dispatched.set()
                sent.set()
        for done in (*dispatch, *send, *others):
            done.result()

    def _waits(self, due: list[str]) -> list[float]:
        """Half of the dispatchers come at the same moment, the others (seconds later) while the senders are at it."""
        late = SANDBOXES["dispatch"] // 2
        return [0.0] * (SANDBOXES["dispatch"] - late) + [self._chance.uniform(0, len(due) / 30) for _ in range(late)]

    def _dispatch(self, seconds: float) -> None:
        time.sleep(seconds)
        self._sandboxes.invoke(self._sandboxes.by_name["dispatch"], {})

    def _drain(self, function: str, over: threading.Event) -> None:
        """Works on what the function's queue holds, and ends when it is empty and nothing more can come."""
        while True:
            last = over.is_set()
            if self._sources[function].poll():
                continue
            if last:
                return
            time.sleep(0.005)

    def _fates(self, due: list[str], kills: int) -> list[Fate]:
        """Who is killed and who unsubscribes during this tick: somebody, after somebody has had an email."""
        before = len(self._world.emails)
        fates: list[Fate] = [(before + self._chance.randrange(1 + len(due) // 2), self._kill) for _ in range(kills)]
        for someone in self._chance.sample(due, round(len(due) * LEAVE)):
            fates.append((before + self._chance.randrange(len(due)), partial(self._stop, someone)))
        return sorted(fates, key=itemgetter(0))

    def _let(self, fates: list[Fate], over: threading.Event) -> None:
        """Each happens in its turn, at the latest when the senders have ended."""
        for emails, happens in fates:
            while len(self._world.emails) < emails and not over.is_set():
                time.sleep(0.002)
            happens()

    def _kill(self) -> None:
        time.sleep(self._chance.random() * 0.02)  # any moment of an attempt, not only that at which SES answers
        self._sandboxes.kill_one(self._chance)

    def _stop(self, someone: str) -> None:
        stopped = self._table.change(someone, lambda current: current.stopped(Status.UNSUBSCRIBED))
        assert stopped
        self._stopped[someone] = (datetime.now(UTC), stopped)

    # ---------------------------------------------------------------- what came of it

    def _judged(self, days: int) -> Run:
        run = Run(days=days, emails=len(self._world.emails), killed=self._sandboxes.killed)
        taken: dict[str, list[Lesson]] = {someone: [] for someone in self._ids}
        for email in self._world.emails:
            tags = email.tags
            lesson = Lesson(email.at, int(tags["epoch"]), int(tags["round"]), tags["email"], tags["attempt"])
            taken[tags["subscriber"]].append(lesson)
        for someone, lessons in taken.items():
            run.tally.add(self._judged_one(someone, lessons, START + days * DAY))
        for queue in self._world.queues():
            if queue.is_dead_letters:
                run.errors[f"dead letters in {queue.logical_id}"] += len(queue.waiting)
        return run

    def _judged_one(self, someone: str, lessons: list[Lesson], end: datetime) -> Tally:
        deeds = [Deed(START, "clock", "UTC", HOUR), Deed(START, "start")]
        if someone in self._stopped:
            deeds.append(Deed(self._stopped[someone][0] + ALREADY_CLAIMED, "stop"))
        tally = judge(lessons, Story(self._plan, tuple(deeds)), end)
        if someone in self._stopped:
            # The clock stands still, so the judge cannot tell before from after. What was stored with the stop can.
            stopped = self._stopped[someone][1]
            for lesson in lessons:
                if stopped.claim and lesson.attempt == stopped.claim.attempt:
                    tally.windows[UNDER_WAY] += 1
                elif lesson.id not in stopped.sent:
                    tally.found("after a stop", f"{lesson.id} was not claimed before {someone} stopped")
        if tally.latest > self._sandboxes.faults[someone]:
            tally.found(LATE, f"+{tally.latest} days for {self._sandboxes.faults[someone]} faults")
        return tally
