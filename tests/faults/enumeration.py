"""Enumerates the trials: every call to AWS × every failure at it × every timing of SES's events, and several faults.

The baselines (every scenario without a fault) show which calls to AWS the code makes and where. Trials are then chosen
from those calls. At the end of this module the calls are also read from the source code, so that a call that no
scenario makes is reported.
"""

import ast
import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from local_cloud.cloud import TEMPLATE
from local_cloud.faults import Fault, Site
from tests.faults.forks import forked
from tests.faults.injection import Injection, Interference, possible
from tests.faults.oracle import Tally
from tests.faults.scenarios import SCENARIOS
from tests.faults.simulation import EventTiming
from tests.faults.trials import Baseline, ScenarioRunner, Trial

Place = tuple[EventTiming, int, int, int]  # timing of events, scenario, step, number of the call


@dataclass
class Baselines:
    """Every scenario without a fault, by timing of events and scenario, and the places where each site was called."""

    runners: dict[tuple[EventTiming, int], ScenarioRunner] = field(default_factory=dict)
    steps: dict[tuple[EventTiming, int], Baseline] = field(default_factory=dict)
    places: dict[tuple[EventTiming, Site], list[Place]] = field(default_factory=lambda: defaultdict(list))

    def add(self, events: EventTiming, scenario: int, runner: ScenarioRunner, baseline: Baseline) -> None:
        self.runners[events, scenario], self.steps[events, scenario] = runner, baseline
        for step, calls in enumerate(baseline.calls):
            for at, site in enumerate(calls, start=1):
                self.places[events, site].append((events, scenario, step, at))

    @property
    def sites(self) -> set[Site]:
        return {site for _, site in self.places}


def record_baselines(template: Path, jobs: int, timings: Sequence[EventTiming]) -> Baselines:
    """Runs every scenario once for each timing of events.

    The runs with events on time are in this process, which then has imported everything that its forks need.
    """
    baselines = Baselines()
    runners = [
        (events, n, ScenarioRunner(template, one, events)) for events in timings for n, one in enumerate(SCENARIOS)
    ]
    on_time, others = runners[: len(SCENARIOS)], runners[len(SCENARIOS) :]
    for events, number, runner in on_time:
        baselines.add(events, number, runner, runner.run_baseline())
    works = [partial(_recorded, *one) for one in others]
    for events, number, runner, baseline in forked(works, jobs):
        baselines.add(events, number, runner, baseline)
    return baselines


def record_one_baseline(template: Path, number: int) -> Baselines:
    """Runs one scenario with events on time."""
    baselines, runner = Baselines(), ScenarioRunner(template, SCENARIOS[number], EventTiming.ON_TIME)
    baselines.add(EventTiming.ON_TIME, number, runner, runner.run_baseline())
    return baselines


def _recorded(
    events: EventTiming, number: int, runner: ScenarioRunner
) -> tuple[EventTiming, int, ScenarioRunner, Baseline]:
    return events, number, runner, runner.run_baseline()


Trials = dict[tuple[EventTiming, int], list[Trial]]
"""Trials by timing of events and scenario."""


def single_faults(baselines: Baselines, seed: int = 0) -> Trials:
    """Returns one trial for each site, fault and timing of events, at a random call of the site.

    The result of an interference does not depend on the timing of SES's events: it is tried with events on time only.
    """
    trials: Trials = defaultdict(list)
    for (timing, site), places in baselines.places.items():
        for kind in possible(site) if timing is EventTiming.ON_TIME else tuple(Fault):
            chosen = random.Random(f"{seed} {timing} {site} {kind}")
            events, scenario, step, at = chosen.choice(places)
            trials[events, scenario].append(Trial(step, ((at, kind),)))
    return trials


def at_every_request(baselines: Baselines) -> Trials:
    """Returns one trial for each request to SES and each failure there, and at the calls just before and after it."""
    trials: Trials = defaultdict(list)
    for (timing, site), places in baselines.places.items():
        if site.operation == "SendEmail" and timing is EventTiming.ON_TIME:
            for events, scenario, step, at in places:
                around = [(at, kind) for kind in possible(site)]
                meanwhile = (Interference.SAME_MEANWHILE, Interference.STOP_MEANWHILE)
                around += [(at + by, kind) for by in (-1, 1) for kind in meanwhile]
                trials[events, scenario] += [Trial(step, (one,)) for one in around if one[0] > 0]
    return trials


def only(kinds: Collection[Injection], trials: Trials) -> Trials:
    """Returns the trials whose first injection is one of these."""
    return {key: [trial for trial in group if trial.faults[0][1] in kinds] for key, group in trials.items()}


def several_faults(baselines: Baselines, number: int, seed: int = 0) -> Trials:
    """Returns trials with two or three faults, at all sites alike: each at most twenty calls after the one before."""
    chosen = random.Random(seed)
    everywhere = list(baselines.places.items())
    trials: Trials = defaultdict(list)
    for _ in range(number):
        (_, site), places = chosen.choice(everywhere)
        events, scenario, step, at = chosen.choice(places)
        kinds = possible(site)
        more = [(chosen.randint(1, 20), chosen.choice(kinds)) for _ in range(chosen.choice((1, 2)))]
        trials[events, scenario].append(Trial(step, ((at, chosen.choice(kinds)), *more)))
    return trials


def size(trials: Trials) -> int:
    """Returns the number of trials."""
    return sum(map(len, trials.values()))


def together(parts: Iterable[Trials]) -> Trials:
    """Returns all the trials as one."""
    every: Trials = defaultdict(list)
    for part in parts:
        for key, group in part.items():
            every[key] += group
    return every


def sampled(trials: Trials, most: int, seed: int = 0) -> Trials:
    """Returns a random sample of at most this many trials."""
    listed = [(key, trial) for key, group in trials.items() for trial in group]
    chosen = random.Random(seed).sample(listed, min(most, len(listed)))
    fewer: Trials = defaultdict(list)
    for key, trial in chosen:
        fewer[key].append(trial)
    return fewer


def run_trials(baselines: Baselines, trials: Trials, jobs: int) -> Iterator[Tally]:
    """Yields the tally of each trial, as the trials end."""
    for key, group in trials.items():
        yield from baselines.runners[key].run_trials(group, baselines.steps[key], jobs)


# ---------------------------------------------------------------- the calls in the source code

OF_TABLES = {"_get": "GetItem", "_put": "PutItem", "_update": "UpdateItem", "_delete": "DeleteItem", "_items": ""}
"""The methods of aws.items.Table and their operations; `_items` takes its operation as an argument."""


OF_THE_STACK = {"activate_rules"}
"""The functions that CloudFormation calls while the stack is made or deleted. No scenario runs them or the code in
functions/aws/stack/."""


def not_reached(baselines: Baselines) -> set[str]:
    """Returns the calls in the source that no scenario makes, and the functions that made no call in any scenario."""
    places = places_in_the_code() - {(site.place, site.operation) for site in baselines.sites}
    functions = {path.stem for path in (TEMPLATE.parent / "functions").glob("*.py")} - OF_THE_STACK
    return {" ".join(place) for place in places} | (functions - {site.function for site in baselines.sites})


def places_in_the_code() -> set[tuple[str, str]]:
    """Reads from the source every place in functions/ that calls AWS: place and operation, as a Site names them.

    A call of a method that all tables share counts at the place that calls the method.
    """
    found = set()
    for path in sorted((TEMPLATE.parent / "functions").rglob("*.py")):
        if path.parent.name == "stack":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for name, function in _functions(tree):
            if name.startswith("Table."):
                continue
            for call in [node for node in ast.walk(function) if isinstance(node, ast.Call)]:
                if operation := _operation(call):
                    found.add((f"{path.parent.name}/{path.name} {name}", operation))
    return found


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield from ((f"{node.name}.{part.name}", part) for part in node.body if isinstance(part, ast.FunctionDef))
        elif isinstance(node, ast.FunctionDef):
            yield node.name, node


def _operation(call: ast.Call) -> str | None:
    """Returns the AWS operation of a call to `self._client`, `boto3.client(…)`, Table or a paginator, or None."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr == "close":  # closes connections: not a request
        return None
    client = ast.unparse(call.func.value)
    if client == "self" and call.func.attr in OF_TABLES:
        return OF_TABLES[call.func.attr] or str(ast.literal_eval(call.args[0])).title()
    if client != "self._client" and not client.startswith("boto3.client("):
        return None
    name = str(ast.literal_eval(call.args[0])) if call.func.attr == "get_paginator" else call.func.attr
    return "".join(part.title() for part in name.split("_"))
