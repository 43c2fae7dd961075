"""`make faults`: tries out everything that can go wrong, and ends with one line of what came of it.

The counts are of what was tried, and go into build/faults.json as well. Exits with 1 if any promise was broken.
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
from tests.faults.chapters import CHAPTERS
from tests.faults.enumeration import Known, Plans
from tests.faults.forks import Forks, forked
from tests.faults.gateway import no_dynalite
from tests.faults.life import Events
from tests.faults.oracle import BROKEN, Tally
from tests.faults.short_course import short_course
from tests.faults.trouble import KINDS, Kind
from tests.mail import trials as mails
from tests.protocol.explore import explore
from tests.protocol.situation import CLAIMED_BEFORE_STOP, NO_NEWS
from tests.protocol.specification import Safeguards

ROOT = Path(__file__).parents[2]
REQUESTS = 150
"""Trials at the requests to SES, beside those at every place in the code, out of about a thousand that there are."""
LARGE = 100
"""A smaller sample has only events that come on time, and what histories make of them."""
EVERY = "every"
"""Each safeguard turned off, one after the other."""
SHARES = 20
"""Parts in which zones and histories are done, so that there is something to be told of."""


class Report:
    """Says on the terminal how far it is, and keeps what each part came to."""

    def __init__(self, *, patient: bool) -> None:
        self.total = Tally()
        self.parts: dict[str, dict[str, object]] = {}
        self.left_out: list[str] = []
        self._patient = patient
        self._told = 0.0

    @property
    def whole(self) -> bool:
        """Whether all was tried: a report that isn't patient ends at the first finding."""
        return self._patient or self.total.holds

    def beside(self, name: str, tallies: Iterable[Tally], of: int) -> None:
        """A part that tries no delivery: its findings count, its runs don't."""
        self.part(name, tallies, of)
        self.total.runs -= int(str(self.parts[name]["runs"]))

    def part(self, name: str, tallies: Iterable[Tally], of: int) -> None:
        """Adds up a part, until its end or, unless patient, the first finding."""
        began, part = time.monotonic(), Tally()
        for tally in tallies:
            part.add(tally)
            self._tell(f"{name}: {part.runs} of {of}")
            if not part.holds and not self._patient:
                break
        self.total.add(part)
        seconds = round(time.monotonic() - began)
        self.parts[name] = {"runs": part.runs, "seconds": seconds, "broken": dict(part.broken), "latest": part.latest}
        self._tell(f"{name}: {part.runs} runs, {seconds} s", last=True)

    def _tell(self, what: str, *, last: bool = False) -> None:
        terminal = sys.stderr.isatty()
        if last or (terminal and time.monotonic() > self._told + 0.2):
            self._told = time.monotonic()
            print(f"\r\x1b[K{what}" if terminal else what, end="\n" if last else "", file=sys.stderr, flush=True)


def main() -> int:
    given = _arguments()
    began, jobs = time.monotonic(), os.cpu_count() or 1
    if given.without == EVERY:
        return _without_each(jobs, given.report)
    exploring = Forks(1)  # beside the rest, which waits at times
    if not given.without and not given.sample:  # tests/protocol has these too
        exploring.start(_explored)
    report = Report(patient=not given.without)
    schedules = tuple(Events) if not given.sample else (Events.ON_TIME, Events.LATE)[: 1 + (given.sample >= LARGE)]
    with short_course() as template:
        if given.without:
            found = _without(given.without, template, report, jobs)
        else:
            found = enumeration.known(template, jobs, schedules)
            report.part("no fault", (steps.tally for steps in found.steps.values()), len(found.steps))
            gc.freeze()  # what is there now is shared by all forks
            _with_faults(report, found, jobs, sample=given.sample)
            _others(report, jobs, sample=given.sample)
    specification = exploring.result() if exploring.any else {}
    return _end(report, found, specification, given.report, time.monotonic() - began)


def _without(safeguard: str, template: Path, report: Report, jobs: int) -> Known:
    """Until a promise is broken: life by life with what is likely to break one, and then like the whole."""
    safeguards.turn_off(safeguard)
    for number, chapter in enumerate(CHAPTERS):
        found = enumeration.known_in_one(template, number)
        report.part(f"{chapter.__name__}, no fault", (steps.tally for steps in found.steps.values()), 1)
        _until_broken(report, found, enumeration.at_every_request(found), safeguards.SHOWN_BY[safeguard], jobs)
        if not report.total.holds:
            return found
    found = enumeration.known(template, jobs, (Events.ON_TIME,))
    for plans in (enumeration.sampled(enumeration.at_every_request(found), REQUESTS), enumeration.single_faults(found)):
        _until_broken(report, found, plans, KINDS, jobs)
    return found


def _until_broken(report: Report, found: Known, plans: Plans, kinds: Collection[Kind], jobs: int) -> None:
    plans = enumeration.only(kinds, plans)
    if report.total.holds and enumeration.size(plans):
        report.part("with one fault", enumeration.tried(found, plans, jobs), enumeration.size(plans))


def _without_each(jobs: int, file: Path) -> int:
    """One safeguard after the other, each in a fork of its own. 1 if without each of them a promise is broken."""
    with short_course() as template:
        enumeration.known_in_one(template, 0)  # now everything is imported
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
    """What the specification came to."""
    explored = explore(Safeguards())
    return {
        "situations": len(explored.came_from),
        "transitions": explored.transitions,
        "possible": explored.wrong,
    }


def _with_faults(report: Report, found: Known, jobs: int, *, sample: int) -> None:
    """All in one pass through the lives, which takes its time."""
    single, several = enumeration.single_faults(found), enumeration.several_faults(found, 2000)
    plans = {
        "with one fault": enumeration.sampled(single, sample) if sample else single,
        "with two or three": enumeration.sampled(several, sample // 3) if sample else several,
        "at a request to SES": enumeration.sampled(enumeration.at_every_request(found), sample // 2 or REQUESTS),
    }
    name = ", ".join(f"{enumeration.size(some)} {what}" for what, some in plans.items())
    every = enumeration.together(plans.values())
    report.part(name, enumeration.tried(found, every, jobs), enumeration.size(every))


def _others(report: Report, jobs: int, *, sample: int) -> None:
    number, steps = (sample, 25) if sample else (1000, 80)
    shares = min(SHARES, number)
    told = [partial(histories.told, number // shares, steps, share) for share in range(shares)]
    report.part("histories", forked(told, jobs), number)
    if sample:
        return  # test_zones.py and test_processes.py have their own
    swept = [partial(zones.sweep, share, SHARES) for share in range(SHARES)]
    report.part("zones and hours", forked(swept, jobs), 0)
    run = partial(processes.concurrent, on_dynalite=False, lessons=2)
    report.part("processes at once", (run().tally for _ in "1"), 500)
    mails.tried(report.beside, jobs)
    if why := no_dynalite():
        report.left_out.append(why)
    else:
        run = partial(processes.concurrent, on_dynalite=True, kills=60)
        report.part("processes killed", (run().tally for _ in "1"), 500)


def _end(report: Report, found: Known, specification: dict[str, Any], file: Path, seconds: float) -> int:
    total, missing = report.total, enumeration.not_reached(found) if report.whole else set()
    unknown = specification.get("possible", {}).keys() - {CLAIMED_BEFORE_STOP, NO_NEWS}
    told = [f"never reached: {place}" for place in sorted(missing)] + [f"left out: {why}" for why in report.left_out]
    for what in [*told, *total.findings, *unknown]:
        print(what, file=sys.stderr)
    line = f"{len(found.sites)} call sites, {total.runs} runs, {total.line}"
    written = {
        "line": line,
        "call sites": sorted(" ".join(site) for site in found.sites),
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
    parser = argparse.ArgumentParser(prog="faults", description="Tries out everything that can go wrong.")
    parser.add_argument("--sample", type=int, default=0, help="only so many runs with one fault, and so many histories")
    parser.add_argument(
        "--without", choices=[*sorted(safeguards.SAFEGUARDS), EVERY], help="turn a safeguard off, and find it out"
    )
    parser.add_argument("--report", type=Path, default=ROOT / "build" / "faults.json", help="where the counts go")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
