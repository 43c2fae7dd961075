"""Faults tried out: a life is gone through once, and from each of its steps on again and again, each time with others.

A trial is a fork of the process just before the step in which its first fault happens. It ends when the life does, or
after a step that leaves all as it was without a fault: what comes then is known. The life without a fault also says how
late a lesson may be: a day more for each fault.
"""

import traceback
from collections.abc import Hashable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from local_cloud.cloud import World
from local_cloud.faults import Site, faults
from tests.faults.chapters import Chapter
from tests.faults.forks import Forks, one_thread
from tests.faults.life import AnotherTurn, Events, Life
from tests.faults.oracle import Tally
from tests.faults.trouble import COSTS_A_DAY, Kind, Trouble

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATE = "later than a day for each fault"


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes wrong in one trial: at the n-th call of a step, and then again so many calls later."""

    step: int
    faults: tuple[tuple[int, Kind], ...]


@dataclass(frozen=True, slots=True)
class Steps:
    """A life without a fault: the calls of each step, and what the oracle said of it."""

    calls: list[list[Site]]
    traces: list[Hashable]
    tally: Tally


class Lives:
    """One chapter with one schedule of events."""

    def __init__(self, template: Path, chapter: Chapter, events: Events) -> None:
        self._template, self._chapter, self._events = template, chapter, events
        self.name = f"{chapter.__name__}, events {events}"

    def trials(self, plans: list[Plan], known: Steps, jobs: int) -> Iterator[Tally]:
        """What the oracle says of each, in the order in which they end."""
        forks = Forks(jobs)
        with ExitStack() as ending:
            life, trouble = self._begin(ending)
            going_on = self._chapter(life)
            for step in range(max((plan.step for plan in plans), default=-1) + 1):
                for plan in [plan for plan in plans if plan.step == step]:
                    while forks.full:
                        yield forks.result()
                    forks.start(lambda plan=plan: self._try(life, trouble, going_on, plan, known))  # type: ignore[misc]
                next(going_on, None)
        while forks.any:
            yield forks.result()

    def _begin(self, ending: ExitStack) -> tuple[Life, Trouble]:
        ending.enter_context(one_thread())
        world = ending.enter_context(World(self._template, MONDAY))
        life = Life(world, self._events)
        trouble = Trouble(life)
        ending.enter_context(faults(world.functions, trouble.choose))
        return life, trouble

    def without_a_fault(self) -> Steps:
        """The life as it is."""
        with ExitStack() as ending:
            life, trouble = self._begin(ending)
            calls: list[list[Site]] = []
            traces: list[Hashable] = []
            for _ in self._chapter(life):
                calls.append(trouble.sites)
                traces.append(life.trace())
                trouble.sites = []
            tally = life.judged({})
            return Steps([*calls, trouble.sites], traces, tally)

    def _try(self, life: Life, trouble: Trouble, going_on: Iterator[None], plan: Plan, known: Steps) -> Tally:
        trouble.plan = list(plan.faults)
        tally = Tally(runs=1)
        try:
            with suppress(AnotherTurn):
                for step, _ in enumerate(going_on, start=plan.step):
                    if not trouble.plan and life.trace() == known.traces[step]:
                        return replace(known.tally, runs=1)  # no trace is left: it goes on as it did without a fault
            tally = life.judged(trouble.no_reply)
        except Exception:  # noqa: BLE001 - whatever a trial breaks off with is a finding
            tally.found("lost", f"broke off: {traceback.format_exc(limit=-3)}")
        days = known.tally.latest + sum(kind in COSTS_A_DAY for _, kind in plan.faults)
        if tally.latest > days:
            tally.found(LATE, f"{tally.latest} days")
        tally.findings = [f"{finding} ({self.name}: {'; '.join(trouble.happened)})" for finding in tally.findings]
        return tally
