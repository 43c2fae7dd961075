"""Trials: a scenario runs once without a fault, and then again from each of its steps with faults injected.

A trial is a fork of the process, made just before the step in which its first fault happens. It ends with the scenario,
or earlier: after a step that leaves everything in the same state as without a fault, the rest is known. The run without
a fault (the baseline) also gives the limit for lateness: its own lateness plus one day for each fault.
"""

import traceback
from collections.abc import Hashable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from local_cloud.cloud import World
from local_cloud.faults import Site, faults
from tests.faults.forks import Forks, one_thread
from tests.faults.injection import COSTS_A_DAY, FaultInjector, Injection
from tests.faults.oracle import Tally
from tests.faults.scenarios import Scenario
from tests.faults.simulation import EventTiming, Simulation, StepImpossible

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LATE = "later than a day for each fault"


@dataclass(frozen=True, slots=True)
class Trial:
    """The faults of one trial: the first at the n-th call of a step, each next one a number of calls later."""

    step: int
    faults: tuple[tuple[int, Injection], ...]


@dataclass(frozen=True, slots=True)
class Baseline:
    """A scenario without a fault: the calls and the fingerprint of each step, and the oracle's verdict."""

    calls: list[list[Site]]
    fingerprints: list[Hashable]
    tally: Tally


class ScenarioRunner:
    """Runs one scenario with one timing of SES's events."""

    def __init__(self, template: Path, scenario: Scenario, events: EventTiming) -> None:
        self._template, self._scenario, self._events = template, scenario, events
        self.name = f"{scenario.__name__}, events {events}"

    def run_trials(self, trials: list[Trial], baseline: Baseline, jobs: int) -> Iterator[Tally]:
        """Yields the oracle's verdict on each trial, in the order in which the trials end."""
        forks = Forks(jobs)
        with ExitStack() as ending:
            sim, injector = self._begin(ending)
            steps = self._scenario(sim)
            for step in range(max((trial.step for trial in trials), default=-1) + 1):
                for trial in [trial for trial in trials if trial.step == step]:
                    while forks.full:
                        yield forks.result()
                    forks.start(lambda trial=trial: self._try(sim, injector, steps, trial, baseline))  # type: ignore[misc]
                next(steps, None)
        while forks.any:
            yield forks.result()

    def _begin(self, ending: ExitStack) -> tuple[Simulation, FaultInjector]:
        ending.enter_context(one_thread())
        world = ending.enter_context(World(self._template, MONDAY))
        sim = Simulation(world, self._events)
        injector = FaultInjector(sim)
        ending.enter_context(faults(world.functions, injector.choose))
        return sim, injector

    def run_baseline(self) -> Baseline:
        """Runs the scenario without a fault."""
        with ExitStack() as ending:
            sim, injector = self._begin(ending)
            calls: list[list[Site]] = []
            fingerprints: list[Hashable] = []
            for _ in self._scenario(sim):
                calls.append(injector.sites)
                fingerprints.append(sim.fingerprint())
                injector.sites = []
            tally = sim.finish_and_judge({})
            return Baseline([*calls, injector.sites], fingerprints, tally)

    def _try(
        self, sim: Simulation, injector: FaultInjector, steps: Iterator[None], trial: Trial, baseline: Baseline
    ) -> Tally:
        injector.pending = list(trial.faults)
        tally = Tally(runs=1)
        try:
            with suppress(StepImpossible):
                for step, _ in enumerate(steps, start=trial.step):
                    if not injector.pending and sim.fingerprint() == baseline.fingerprints[step]:
                        return replace(baseline.tally, runs=1)  # the fault left no trace: the rest is as the baseline
            tally = sim.finish_and_judge(injector.unanswered_attempts)
        except Exception:  # noqa: BLE001 - any exception of a trial is a finding
            tally.found("lost", f"broke off: {traceback.format_exc(limit=-3)}")
        days = baseline.tally.latest + sum(kind in COSTS_A_DAY for _, kind in trial.faults)
        if tally.latest > days:
            tally.found(LATE, f"{tally.latest} days")
        tally.findings = [f"{finding} ({self.name}: {'; '.join(injector.happened)})" for finding in tally.findings]
        return tally
