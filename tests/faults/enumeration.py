"""Every place at which a function calls AWS × everything that can happen there × every schedule of events; then two or
three faults at once.
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
from tests.faults.chapters import CHAPTERS
from tests.faults.forks import forked
from tests.faults.life import Events
from tests.faults.oracle import Tally
from tests.faults.trials import Lives, Plan, Steps
from tests.faults.trouble import Kind, Other, possible

Place = tuple[Events, int, int, int]  # schedule, chapter, step, number of the call


@dataclass
class Known:
    """Every life without a fault, by schedule and chapter, and where each site was met."""

    lives: dict[tuple[Events, int], Lives] = field(default_factory=dict)
    steps: dict[tuple[Events, int], Steps] = field(default_factory=dict)
    met: dict[tuple[Events, Site], list[Place]] = field(default_factory=lambda: defaultdict(list))

    def note(self, events: Events, chapter: int, life: Lives, steps: Steps) -> None:
        self.lives[events, chapter], self.steps[events, chapter] = life, steps
        for step, calls in enumerate(steps.calls):
            for at, site in enumerate(calls, start=1):
                self.met[events, site].append((events, chapter, step, at))

    @property
    def sites(self) -> set[Site]:
        return {site for _, site in self.met}


def known(template: Path, jobs: int, schedules: Sequence[Events]) -> Known:
    """Goes through each life once: on time in this process, which then has all imported that its forks need."""
    found = Known()
    lives = [(events, n, Lives(template, life, events)) for events in schedules for n, life in enumerate(CHAPTERS)]
    on_time, others = lives[: len(CHAPTERS)], lives[len(CHAPTERS) :]
    for events, number, life in on_time:
        found.note(events, number, life, life.without_a_fault())
    works = [partial(_recorded, *one) for one in others]
    for events, number, life, steps in forked(works, jobs):
        found.note(events, number, life, steps)
    return found


def known_in_one(template: Path, number: int) -> Known:
    """One chapter without a fault, its events on time."""
    found, life = Known(), Lives(template, CHAPTERS[number], Events.ON_TIME)
    found.note(Events.ON_TIME, number, life, life.without_a_fault())
    return found


def _recorded(events: Events, number: int, life: Lives) -> tuple[Events, int, Lives, Steps]:
    return events, number, life, life.without_a_fault()


Plans = dict[tuple[Events, int], list[Plan]]


def single_faults(found: Known, seed: int = 0) -> Plans:
    """One trial for each site, each kind of fault and each schedule, at one of the calls from there.

    What else may happen at a call doesn't hang on SES's events: that is tried with those on time.
    """
    plans: Plans = defaultdict(list)
    for (schedule, site), places in found.met.items():
        for kind in possible(site) if schedule is Events.ON_TIME else tuple(Fault):
            chosen = random.Random(f"{seed} {schedule} {site} {kind}")
            events, chapter, step, at = chosen.choice(places)
            plans[events, chapter].append(Plan(step, ((at, kind),)))
    return plans


def at_every_request(found: Known) -> Plans:
    """One trial for each email that is asked for, each kind of fault there, and at the calls just before and after."""
    plans: Plans = defaultdict(list)
    for (schedule, site), places in found.met.items():
        if site.operation == "SendEmail" and schedule is Events.ON_TIME:
            for events, chapter, step, at in places:
                around = [(at, kind) for kind in possible(site)]
                around += [(at + by, kind) for by in (-1, 1) for kind in (Other.SAME_MEANWHILE, Other.STOP_MEANWHILE)]
                plans[events, chapter] += [Plan(step, (one,)) for one in around if one[0] > 0]
    return plans


def only(kinds: Collection[Kind], plans: Plans) -> Plans:
    """Those that begin with one of these kinds of trouble."""
    return {life: [plan for plan in of_life if plan.faults[0][1] in kinds] for life, of_life in plans.items()}


def several_faults(found: Known, trials: int, seed: int = 0) -> Plans:
    """Two or three at a time, at all sites alike: the next within twenty calls of the one before."""
    chosen = random.Random(seed)
    everywhere = list(found.met.items())
    plans: Plans = defaultdict(list)
    for _ in range(trials):
        (_, site), places = chosen.choice(everywhere)
        events, chapter, step, at = chosen.choice(places)
        kinds = possible(site)
        more = [(chosen.randint(1, 20), chosen.choice(kinds)) for _ in range(chosen.choice((1, 2)))]
        plans[events, chapter].append(Plan(step, ((at, chosen.choice(kinds)), *more)))
    return plans


def size(plans: Plans) -> int:
    """How many trials."""
    return sum(map(len, plans.values()))


def together(plans: Iterable[Plans]) -> Plans:
    """All of them."""
    every: Plans = defaultdict(list)
    for some in plans:
        for life, of_life in some.items():
            every[life] += of_life
    return every


def sampled(plans: Plans, most: int, seed: int = 0) -> Plans:
    """So many of them, from all of them alike."""
    listed = [(life, plan) for life, of_life in plans.items() for plan in of_life]
    chosen = random.Random(seed).sample(listed, min(most, len(listed)))
    fewer: Plans = defaultdict(list)
    for life, plan in chosen:
        fewer[life].append(plan)
    return fewer


def tried(found: Known, plans: Plans, jobs: int) -> Iterator[Tally]:
    """Each trial's tally, as they end."""
    for life, of_life in plans.items():
        yield from found.lives[life].trials(of_life, found.steps[life], jobs)


# ---------------------------------------------------------------- the code's own list

OF_TABLES = {"_get": "GetItem", "_put": "PutItem", "_update": "UpdateItem", "_delete": "DeleteItem", "_items": ""}
"""The methods of aws.items.Table and their operations; `_items` is told its own."""


OF_THE_STACK = {"activate_rules"}
"""What CloudFormation calls while the stack is made or deleted, and functions/aws/stack/: no part of any life."""


def not_reached(found: Known) -> set[str]:
    """Places that the code has and no life came to, and functions that none of its calls were made by."""
    places = places_in_the_code() - {(site.place, site.operation) for site in found.sites}
    functions = {path.stem for path in (TEMPLATE.parent / "functions").glob("*.py")} - OF_THE_STACK
    return {" ".join(place) for place in places} | (functions - {site.function for site in found.sites})


def places_in_the_code() -> set[tuple[str, str]]:
    """Every place in functions/ that calls AWS, read off the source: place and operation, as a Site names them.

    A call of what every table does counts where it is called: there it has a meaning of its own.
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
    """The operation that a call asks for: a method of `self._client`, `boto3.client(…)` or Table, or by a paginator."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr == "close":  # connections, and no request
        return None
    client = ast.unparse(call.func.value)
    if client == "self" and call.func.attr in OF_TABLES:
        return OF_TABLES[call.func.attr] or str(ast.literal_eval(call.args[0])).title()
    if client != "self._client" and not client.startswith("boto3.client("):
        return None
    name = str(ast.literal_eval(call.args[0])) if call.func.attr == "get_paginator" else call.func.attr
    return "".join(part.title() for part in name.split("_"))
