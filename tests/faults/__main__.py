"""`make faults`: tries everything that can go wrong, and ends with one line of what came of it.

The counts are of what was tried, and go into build/faults.json as well. Exits with 1 if any promise was broken.
"""

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from tests.faults import enumeration, safeguards
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course

ROOT = Path(__file__).parents[2]


class Progress:
    """Says on the terminal how far it is, and keeps what each part came to."""

    def __init__(self, *, patient: bool) -> None:
        self.total = Tally()
        self.parts: dict[str, dict[str, object]] = {}
        self._patient = patient
        self._told = 0.0

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
        self.parts[name] = {"runs": part.runs, "seconds": seconds, "broken": dict(part.broken)}
        self._tell(f"{name}: {part.runs} runs, {seconds} s", last=True)

    def _tell(self, what: str, *, last: bool = False) -> None:
        if last or (sys.stderr.isatty() and time.monotonic() > self._told + 0.2):
            self._told = time.monotonic()
            end = "\n" if last else ""
            print(f"\r\x1b[K{what}" if sys.stderr.isatty() else what, end=end, file=sys.stderr, flush=True)


def main() -> int:
    given = _arguments()
    jobs = os.cpu_count() or 1
    safeguards.turn_off(given.without)
    progress = Progress(patient=not given.without)
    with short_course() as template:
        found = enumeration.known(template, jobs)
        missing = enumeration.not_reached(found)
        gc.freeze()  # what is there now is shared by all forks
        single = enumeration.single_faults(found)
        several = enumeration.several_faults(found, given.several)
        if given.sample:
            single, several = (enumeration.sampled(plans, given.sample) for plans in (single, several))
        for name, plans in (("one fault", single), ("two or three faults", several)):
            if progress.total.holds or not given.without:
                progress.part(name, enumeration.tried(found, plans, jobs), sum(map(len, plans.values())))
    return _end(progress, len(found.sites), missing)


def _end(progress: Progress, sites: int, missing: set[str]) -> int:
    total = progress.total
    for place in sorted(missing):
        print(f"never reached: {place}", file=sys.stderr)
    for finding in total.findings:
        print(finding, file=sys.stderr)
    line = f"{sites} call sites, {total.runs} runs, {total.line}"
    report = {
        "line": line,
        "call sites": sites,
        "never reached": sorted(missing),
        "runs": total.runs,
        "broken": dict(total.broken),
        "latest": total.latest,
        "known windows": dict(total.windows),
        "parts": progress.parts,
        "findings": total.findings,
    }
    (ROOT / "build").mkdir(exist_ok=True)
    (ROOT / "build" / "faults.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(line)
    return 0 if total.holds and not missing else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="faults", description="Tries everything that can go wrong.")
    parser.add_argument("--several", type=int, default=2000, help="runs with two or three faults (2000)")
    parser.add_argument("--sample", type=int, default=0, help="only so many runs of each part")
    parser.add_argument("--without", choices=sorted(safeguards.SAFEGUARDS), help="turn a safeguard off")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
