"""`make test`, `make test-long` and `make test-all` leave nothing out between them."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def pytest_of(target: str) -> str:
    """Returns the arguments that a target gives to pytest."""
    found = re.search(rf"^{target}:.*\n(?:\t.*\n)*?\t@\$\(pytest\)(.*)\n", MAKEFILE, re.MULTILINE)
    assert found, target
    return found[1].strip()


def test_a_test_that_one_target_leaves_out_is_run_by_the_other() -> None:
    assert pytest_of("test") == '-m "not long" $(TESTS)'
    assert pytest_of("test-long") == "-m long $(TESTS)"
    assert pytest_of("test-all") == "$(TESTS)"
    assert pytest_of("check") == '-m "not long" $(rules)'


def test_ci_runs_all_targets_and_fails_if_one_fails() -> None:
    run = (ROOT / ".ci/run").read_text("utf-8")
    targets = ("test", "test-long", "second-cloud ARGS=--grants")
    assert re.findall(r"^make (.*)$", run, re.MULTILINE) == [f"{target} || failed=1" for target in targets]
    assert run.endswith('exit "$failed"\n')


ASK_OTHER_PROGRAMS = {"test_artefact.py": 1, "test_mails_as_received.py": 3, "test_pages.py": 1}
"""File → how often it marks a whole test or file as long, because SpamAssassin, vnu or Lambda's runtime client runs."""


def test_each_long_sample_leaves_a_smaller_one_in_the_short_run() -> None:
    """Only cases of a test are long, never a whole test or file, except if it needs a program that is slow to start."""
    whole = Counter[str]()
    for path in (ROOT / "tests").rglob("*.py"):
        if path != Path(__file__):
            for line in path.read_text("utf-8").splitlines():
                if "mark.long" in line and not re.search(r"pytest\.param\(.*marks=pytest\.mark\.long\)", line):
                    whole[path.name] += 1
    assert whole == ASK_OTHER_PROGRAMS
