"""The part of `make faults` for mail and tokens: all hostile mails, and more damaged ones than in `make test`."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial

from tests.faults.forks import forked
from tests.faults.oracle import Tally
from tests.mail import fuzz

SHARES = 100
HOSTILE = 200_000
"""The size of the texts in bytes; `python -m tests.mail.weighing` has larger ones."""
DAMAGED = 100_000
FORGED = 1_000_000

Part = Callable[[str, Iterable[Tally], int], None]
"""Adds up a part of the report, given its name, its tallies and the number of runs."""


def run(part: Part, jobs: int) -> None:
    """Reads hostile and damaged mails, and tries forged tokens."""
    part("hostile mails", map(hostile, [HOSTILE]), 1)
    each = DAMAGED // SHARES
    read = [partial(fuzz.read, share * each, each) for share in range(SHARES)]
    part("damaged mails", forked(read, jobs), DAMAGED)
    each = FORGED // SHARES
    part("forged tokens", forked([partial(fuzz.forge, share, each) for share in range(SHARES)], jobs), FORGED)


def hostile(size: int) -> Tally:
    """Receives each hostile mail, with texts of `size` bytes, in a separate process, and measures its memory."""
    command = [sys.executable, "-m", "tests.mail.weighing", str(size)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    *found, last = result.stdout.strip().split("\n")
    tally = Tally(runs=int(last.split()[0]) if result.returncode in (0, 1) else 0)
    if result.returncode:
        tally.found(fuzz.BROKEN, "\n".join((*found, result.stderr[-2000:])))
    return tally
