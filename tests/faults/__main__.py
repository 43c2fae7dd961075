"""`make faults`: injects every failure into the whole system, and ends with one line that sums up the result.

Its parts: trials (`trials`, `enumeration`) inject one, two or three faults into fixed scenarios (`scenarios`);
histories (`histories`) are random sequences of actions and faults; `zones` runs courses in every time zone at every
hour; `processes` runs the functions as processes and kills them. The oracle judges them all (`oracle`, `stored_data`,
`second_person`). The counts are also written to build/faults.json. The exit code is 1 if any promise was broken.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Collection, Iterable
from functools import partial
from pathlib import Path
from typing import Any

from tests.faults import enumeration, histories, processes, safeguards, zones
from tests.faults.enumeration import Baselines, Trials
from tests.faults.forks import Forks, forked
from tests.faults.gateway import no_dynalite
from tests.faults.injection import INJECTIONS, Injection
from tests.faults.oracle import BROKEN, Tally
from tests.faults.scenarios import SCENARIOS
from tests.faults.short_course import short_course
from tests.faults.simulation import EventTiming
from tests.mail import trials as mails
from tests.protocol.explore import explore
from tests.protocol.situation import CLAIMED_BEFORE_STOP, NO_NEWS
from tests.protocol.specification import Safeguards

ROOT = Path(__file__).parents[2]
REQUESTS = 150
"""The number of trials at requests to SES, of about a thousand, in addition to those at every site."""
LARGE = 100
"""A sample below this size runs the trials with events on time only. Histories have every timing of events."""
EVERY = "every"
"""The value of `--without` that switches off each safeguard, one after another."""
SHARES = 20
"""The number of parts in which zones and histories run, so that the progress is shown."""


class Report:
    """Shows the progress on the terminal, and adds up the results of the parts."""

    def __init__(self, *, patient: bool) -> None:
        """Unless patient, the report ends at the first finding."""
        self.total = Tally()
        self.parts: dict[str, dict[str, object]] = {}
        self.left_out: list[str] = []
        self._patient = patient
        self._shown_at = 0.0

    @property
    def whole(self) -> bool:
        """Whether everything was tried."""
        return self._patient or self.total.holds

    def part_without_runs(self, name: str, tallies: Iterable[Tally], of: int) -> None:
        """Adds up a part that sends no email: its findings count, its runs do not."""
        self.part(name, tallies, of)
        self.total.runs -= int(str(self.parts[name]["runs"]))

    def part(self, name: str, tallies: Iterable[Tally], of: int) -> None:
        """Adds up a part until its end, or until the first finding unless patient."""
        began, part = time.monotonic(), Tally()
        for tally in tallies:
            part.add(tally)
            self._show(f"{name}: {part.runs} of {of}")
            if not part.holds and not self._patient:
                break
        self.total.add(part)
        seconds = round(time.monotonic() - began)
        self.parts[name] = {"runs": part.runs, "seconds": seconds, "broken": dict(part.broken), "latest": part.latest}
        self._show(f"{name}: {part.runs} runs, {seconds} s", last=True)

    def _show(self, text: str, *, last: bool = False) -> None:
        terminal = sys.stderr.isatty()
        if last or (terminal and time.monotonic() > self._shown_at + 0.2):
            self._shown_at = time.monotonic()
            print(f"\r\x1b[K{text}" if terminal else text, end="\n" if last else "", file=sys.stderr, flush=True)


def main() -> int:
    given = _arguments()
    began, jobs = time.monotonic(), os.cpu_count() or 1
    if given.without == EVERY:
        return _without_each(jobs, given.report)
    exploring = Forks(1)  # at the same time as the rest, which does not always use both cores
    if not given.without and not given.sample:  # the tests of tests/protocol explore it too
        exploring.start(_explored)
    report = Report(patient=not given.without)
    timings = (
        tuple(EventTiming)
        if not given.sample
        else (EventTiming.ON_TIME, EventTiming.LATE)[: 1 + (given.sample >= LARGE)]
    )
    with short_course() as template:
        if given.without:
            baselines = _without(given.without, template, report, jobs)
        else:
            baselines = enumeration.record_baselines(template, jobs, timings)
            report.part("no fault", (one.tally for one in baselines.steps.values()), len(baselines.steps))
            gc.freeze()  # all forks share the objects that exist now
            _with_faults(report, baselines, jobs, sample=given.sample)
            _others(report, jobs, sample=given.sample)
    specification = exploring.result() if exploring.any else {}
    return _end(report, baselines, specification, given.report, time.monotonic() - began)


def _without(safeguard: str, template: Path, report: Report, jobs: int) -> Baselines:
    """Switches a safeguard off and tries until a promise is broken: scenario by scenario with the likeliest failures,
    then with all."""
    safeguards.turn_off(safeguard)
    for number, scenario in enumerate(SCENARIOS):
        baselines = enumeration.record_one_baseline(template, number)
        report.part(f"{scenario.__name__}, no fault", (one.tally for one in baselines.steps.values()), 1)
        _until_broken(report, baselines, enumeration.at_every_request(baselines), safeguards.SHOWN_BY[safeguard], jobs)
        if not report.total.holds:
            return baselines
    baselines = enumeration.record_baselines(template, jobs, (EventTiming.ON_TIME,))
    at_requests = enumeration.sampled(enumeration.at_every_request(baselines), REQUESTS)
    for trials in (at_requests, enumeration.single_faults(baselines)):
        _until_broken(report, baselines, trials, INJECTIONS, jobs)
    return baselines


def _until_broken(
    report: Report, baselines: Baselines, trials: Trials, kinds: Collection[Injection], jobs: int
) -> None:
    trials = enumeration.only(kinds, trials)
    if report.total.holds and enumeration.size(trials):
        report.part("with one fault", enumeration.run_trials(baselines, trials, jobs), enumeration.size(trials))


def _without_each(jobs: int, file: Path) -> int:
    """Switches off each safeguard in turn, in a fork. Returns 1 if a promise is broken without each of them."""
    with short_course() as template:
        enumeration.record_one_baseline(template, 0)  # imports everything that the forks need
        gc.freeze()
        works = [partial(_broken_without, name, template) for name in safeguards.SAFEGUARDS]
        broken = dict(forked(works, jobs))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(broken, indent=2) + "\n", encoding="utf-8")
    for name, kinds in broken.items():
        print(f"without {name}: {', '.join(kinds) or 'no promise is broken'}")
    return int(all(broken.values()))


def _broken_without(safeguard: str, template: Path) -> tuple[str, dict[str, int]]:
    report = Report(patient=False)
    _without(safeguard, template, report, 1)
    return safeguard, dict(report.total.broken)


def _explored() -> dict[str, Any]:
    """Explores the specification and returns the counts."""
    explored = explore(Safeguards())
    return {
        "situations": len(explored.came_from),
        "transitions": explored.transitions,
        "possible": explored.wrong,
    }


def _with_faults(report: Report, baselines: Baselines, jobs: int, *, sample: int) -> None:
    """Runs all trials in one pass through the scenarios, because each pass through them takes long."""
    single, several = enumeration.single_faults(baselines), enumeration.several_faults(baselines, 2000)
    trials = {
        "with one fault": enumeration.sampled(single, sample) if sample else single,
        "with two or three": enumeration.sampled(several, sample // 3) if sample else several,
        "at a request to SES": enumeration.sampled(enumeration.at_every_request(baselines), sample // 2 or REQUESTS),
    }
    name = ", ".join(f"{enumeration.size(some)} {label}" for label, some in trials.items())
    every = enumeration.together(trials.values())
    report.part(name, enumeration.run_trials(baselines, every, jobs), enumeration.size(every))


def _others(report: Report, jobs: int, *, sample: int) -> None:
    number, steps = (sample, 25) if sample else (1000, 80)
    shares = min(SHARES, number)
    works = [partial(histories.run_histories, number // shares, steps, share) for share in range(shares)]
    report.part("histories", forked(works, jobs), number)
    if sample:
        return  # test_zones.py and test_processes.py run samples of the rest
    swept = [partial(zones.sweep, share, SHARES) for share in range(SHARES)]
    report.part("zones and hours", forked(swept, jobs), 0)
    run = partial(processes.concurrent, on_dynalite=False, lessons=2)
    report.part("processes at once", (run().tally for _ in "1"), 500)
    mails.run(report.part_without_runs, jobs)
    if why := no_dynalite():
        report.left_out.append(why)
    else:
        run = partial(processes.concurrent, on_dynalite=True, kills=60)
        report.part("processes killed", (run().tally for _ in "1"), 500)


def _end(report: Report, baselines: Baselines, specification: dict[str, Any], file: Path, seconds: float) -> int:
    total, missing = report.total, enumeration.not_reached(baselines) if report.whole else set()
    unknown = specification.get("possible", {}).keys() - {CLAIMED_BEFORE_STOP, NO_NEWS}
    notes = [f"never reached: {place}" for place in sorted(missing)] + [f"left out: {why}" for why in report.left_out]
    for note in [*notes, *total.findings, *unknown]:
        print(note, file=sys.stderr)
    line = f"{len(baselines.sites)} call sites, {total.runs} runs, {total.line}"
    written = {
        "line": line,
        "call sites": sorted(" ".join(site) for site in baselines.sites),
        "never reached": sorted(missing),
        "left out": report.left_out,
        "runs": total.runs,
        "broken": dict(total.broken),
        "latest": total.latest,
        "known windows": dict(total.windows),
        "parts": report.parts,
        "specification": specification,
        "findings": total.findings,
        "seconds": round(seconds),
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")
    if others := sorted(total.broken.keys() - set(BROKEN)):
        print(", ".join(f"{total.broken[kind]} {kind}" for kind in others))
    print(line)
    return 0 if total.holds and not missing and not unknown and not report.left_out else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description="Inject failures into the whole system, and judge it.")
    parser.add_argument(
        "--sample", type=int, default=0, help="run only SAMPLE trials with one fault and SAMPLE histories"
    )
    parser.add_argument(
        "--without",
        choices=[*sorted(safeguards.SAFEGUARDS), EVERY],
        help="switch a safeguard off, and stop at a broken promise",
    )
    parser.add_argument("--report", type=Path, default=ROOT / "build" / "faults.json", help="the file for the counts")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
