"""The mails and tokens that `make faults` tries: all hostile mails, and many more damaged ones than `make test`."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from functools import partial

from tests.faults.forks import forked
from tests.faults.oracle import Tally
from tests.mail import fuzz

SHARES = 100
HOSTILE = 200_000
"""Bytes of text; `python -m tests.mail.weighing` has larger ones."""
DAMAGED = 100_000
FORGED = 1_000_000

Part = Callable[[str, Iterable[Tally], int], None]
"""Adds up a part of the report: its name, what came of it, and of how many."""


def tried(part: Part, jobs: int) -> None:
    """Reads hostile and damaged mails, and tries forged tokens."""
    part("hostile mails", map(hostile, [HOSTILE]), 1)
    each = DAMAGED // SHARES
    read = [partial(fuzz.read, share * each, each) for share in range(SHARES)]
    part("damaged mails", forked(read, jobs), DAMAGED)
    each = FORGED // SHARES
    part("forged tokens", forked([partial(fuzz.forge, share, each) for share in range(SHARES)], jobs), FORGED)


def hostile(size: int) -> Tally:
    """Each in a process of its own, whose memory is measured; their texts are of so many bytes."""
    command = [sys.executable, "-m", "tests.mail.weighing", str(size)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    *found, last = result.stdout.strip().split("\n")
    tally = Tally(runs=int(last.split()[0]) if result.returncode in (0, 1) else 0)
    if result.returncode:
        tally.found(fuzz.BROKEN, "\n".join((*found, result.stderr[-2000:])))
    return tally
