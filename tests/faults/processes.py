"""Runs many dispatchers and senders at once, each in a process (`sandboxes`) that SIGKILL may end at any moment.

moto runs in this process and takes one request after another over HTTP. The clock stands still while the processes work
and moves on when they have finished, so nothing depends on their speed.
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
from tests.faults.oracle import ALREADY_CLAIMED, Action, Lesson, Tally, Timeline, judge
from tests.faults.sandboxes import WITHOUT_CONDITION, Sandboxes
from tests.stories import id_of

SANDBOXES = {"dispatch": 8, "send": 8, "record_delivery": 2}

HOUR = 7
START = datetime(2026, 11, 23, HOUR, tzinfo=UTC)
DAY = timedelta(days=1)
PLAN = ("intro", "acknowledge", "own-it")
TICKS = tuple(timedelta(minutes=minutes) for minutes in (9, 18, 27, 36, 45))
"""The times of each day's ticks after START. Everyone is due in the first 45 minutes of the hour, a fifth of them
before each tick. The ticks are further apart than a message is hidden (six minutes). At the last tick no process is
killed: its emails prove that events come through, without which a lesson in doubt is held for an operator (E3)."""
UNSUBSCRIBING = 0.06
"""The share of the subscribers due at a tick who unsubscribe during it."""
UNDER_WAY = "lessons under way when somebody stopped"
LATE = "later than a day for each fault"
"""A promise that only this test can judge, because it knows which subscribers the faults hit."""
ERROR = "an error though nobody was killed"

TABLES = {
    "SUBSCRIBERS_TABLE": "Subscribers",
    "REFLECTIONS_TABLE": "Reflections",
    "SUPPRESSIONS_TABLE": "Suppressions",
    "LIMITS_TABLE": "Limits",
}

Interruption = tuple[int, Callable[[], object]]
"""A kill or an unsubscription, and the total number of emails after which it happens."""


@dataclass
class Run:
    """The result of a run."""

    tally: Tally = field(default_factory=Tally)
    emails: int = 0
    days: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    """The number of killed processes, by function."""
    errors: Counter[str] = field(default_factory=Counter)
    """Logged errors, exceptions of handlers, and dead letters. A killed process does not count."""


def concurrent(
    *,
    on_dynalite: bool,
    kills: int = 0,
    subscribers: int = 500,
    lessons: int = len(PLAN),
    seed: int = 0,
    conditional: bool = True,
) -> Run:
    """Runs eight dispatchers and eight senders until everyone has had an introduction and more lessons, one a day.

    `kills` processes are killed on the way. The tables are in dynalite or in moto. There must be at least 20
    subscribers, so that some are due at the last tick of every day. Without `conditional` a claim is stored
    unconditionally.
    """
    with World(start=START) as world, ExitStack() as ending:
        world.ses.max_send_rate = world.ses.max_24_hour_send = 1e9
        world.ses.delivers = False  # one event for each email, Send, is enough
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
        run = crowd.run_course(kills)
    run.errors += sandboxes.errors
    if not kills:
        for error, times in run.errors.items():
            run.tally.found(ERROR, f"{error} ({times} times)")
    return run


class Crowd:
    """All subscribers, and everything that the test does to them."""

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
        """Stores this many subscribers, each due today at their minute of the hour."""
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

    def run_course(self, kills: int) -> Run:
        """Runs one day after another until no subscriber is due any more."""
        day, deadly = 0, len(self._plan) * (len(TICKS) - 1)  # remaining ticks at which processes may be killed
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
        """Runs everything at once: dispatchers, senders until the outbox is empty, recorders until no event is left."""
        dispatched, sent = threading.Event(), threading.Event()
        with time_machine.travel(at, tick=False), ThreadPoolExecutor(sum(SANDBOXES.values()) + 1) as pool:
            try:
                due = self._table.due(at, limit=len(self._ids))
                others = [pool.submit(self._interrupt, self._plan_interruptions(due, kills), sent)]
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
        """Returns the start of each dispatcher: half at once, the others seconds later, while the senders work."""
        late = SANDBOXES["dispatch"] // 2
        return [0.0] * (SANDBOXES["dispatch"] - late) + [self._chance.uniform(0, len(due) / 30) for _ in range(late)]

    def _dispatch(self, seconds: float) -> None:
        time.sleep(seconds)
        self._sandboxes.invoke(self._sandboxes.by_name["dispatch"], {})

    def _drain(self, function: str, over: threading.Event) -> None:
        """Handles the messages of the function's queue until it is empty and no more can come."""
        while True:
            last = over.is_set()
            if self._sources[function].poll():
                continue
            if last:
                return
            time.sleep(0.005)

    def _plan_interruptions(self, due: list[str], kills: int) -> list[Interruption]:
        """Plans the kills and unsubscriptions of this tick, each after a random number of emails."""
        before = len(self._world.emails)
        interruptions: list[Interruption] = [
            (before + self._chance.randrange(1 + len(due) // 2), self._kill) for _ in range(kills)
        ]
        for someone in self._chance.sample(due, round(len(due) * UNSUBSCRIBING)):
            interruptions.append((before + self._chance.randrange(len(due)), partial(self._stop, someone)))
        return sorted(interruptions, key=itemgetter(0))

    def _interrupt(self, interruptions: list[Interruption], over: threading.Event) -> None:
        """Carries out each interruption in turn, at the latest when the senders have finished."""
        for emails, interruption in interruptions:
            while len(self._world.emails) < emails and not over.is_set():
                time.sleep(0.002)
            interruption()

    def _kill(self) -> None:
        time.sleep(self._chance.random() * 0.02)  # at any moment of an attempt, not only when SES answers
        self._sandboxes.kill_one(self._chance)

    def _stop(self, someone: str) -> None:
        stopped = self._table.change(someone, lambda current: current.stopped(Status.UNSUBSCRIBED))
        assert stopped
        self._stopped[someone] = (datetime.now(UTC), stopped)

    # ---------------------------------------------------------------- the result

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
        actions = [Action(START, "clock", "UTC", HOUR), Action(START, "start")]
        if someone in self._stopped:
            actions.append(Action(self._stopped[someone][0] + ALREADY_CLAIMED, "stop"))
        tally = judge(lessons, Timeline(self._plan, tuple(actions)), end)
        if someone in self._stopped:
            # The clock stands still, so `judge` cannot order the stop and a lesson. The row of the stop can.
            stopped = self._stopped[someone][1]
            for lesson in lessons:
                if stopped.claim and lesson.attempt == stopped.claim.attempt:
                    tally.windows[UNDER_WAY] += 1
                elif lesson.id not in stopped.sent:
                    tally.found("after a stop", f"{lesson.id} was not claimed before {someone} stopped")
        if tally.latest > self._sandboxes.faults[someone]:
            tally.found(LATE, f"+{tally.latest} days for {self._sandboxes.faults[someone]} faults")
        return tally
