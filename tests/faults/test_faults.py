"""A small sample of `make faults`, run as a separate command because it forks and needs a process with one thread."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local_cloud.cloud import TEMPLATE
from tests.faults.enumeration import OF_THE_STACK, Baselines, not_reached, places_in_the_code
from tests.faults.safeguards import SAFEGUARDS
from tests.faults.trials import LATE

ROOT = TEMPLATE.parent
LINE = re.compile(
    r"(\d+) call sites, (\d+) runs, 0 lost, 0 twice, 0 out of order, 0 two on a day, 0 after a stop, "
    r"0 left after an erasure, 0 untold, 0 seen by a second person, latest \+\d+ days"
)

pytestmark = pytest.mark.timeout(900)  # slow on a busy machine, but it ends by itself


def faults(report: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.faults", "--report", str(report), *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": f"functions{os.pathsep}."},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("size", [12, pytest.param(120, marks=pytest.mark.long)])
def test_d2_a_sample_of_all_faults_breaks_no_promise(tmp_path: Path, size: int) -> None:
    report = tmp_path / "faults.json"
    result = faults(report, "--sample", str(size))
    assert result.returncode == 0, result.stdout + result.stderr
    counted = LINE.fullmatch(result.stdout.strip())
    assert counted, result.stdout
    written = json.loads(report.read_text("utf-8"))
    assert written["line"] == result.stdout.strip()
    assert int(counted[1]) == len(written["call sites"]) > 50
    assert int(counted[2]) == written["runs"] == sum(part["runs"] for part in written["parts"].values())
    assert written["parts"]["histories"]["runs"] >= size
    assert not written["never reached"]


BREAKS = {
    "claim-condition": {"after a stop", "twice", "two on a day", LATE},
    "day-rule": {"two on a day"},
    "epoch": {"lost"},
    "event-settling": {"twice"},
    "release": {LATE},
    "single-attempt": {"twice"},
}
"""The promises that each safeguard protects."""


def test_a_promise_is_broken_without_each_safeguard(tmp_path: Path) -> None:
    """Shows that `make faults` can fail, for each safeguard."""
    report = tmp_path / "faults.json"
    result = faults(report, "--without", "every")
    assert result.returncode == 1, result.stdout + result.stderr
    broken = json.loads(report.read_text("utf-8"))
    assert broken.keys() == SAFEGUARDS.keys()
    assert [safeguard for safeguard, kinds in broken.items() if not BREAKS[safeguard] & kinds.keys()] == []


def test_a_call_that_no_scenario_makes_is_reported() -> None:
    """The list is read from the source: a new call is in it, and the sample fails until a scenario makes that call."""
    assert ("aws/ses.py Mailer.send", "SendEmail") in places_in_the_code()
    assert ("aws/subscribers.py Subscribers.due", "Query") in places_in_the_code()
    assert ("aws/clients.py keys", "GetSecretValue") in places_in_the_code()
    functions = {path.stem for path in (ROOT / "functions").glob("*.py")} - OF_THE_STACK
    assert len(not_reached(Baselines())) == len(places_in_the_code()) + len(functions)
