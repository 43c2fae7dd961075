"""Hostile mails, each in a process of its own that has nothing else in its memory."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from local_cloud.cloud import TEMPLATE
from tests.mail import hostile as of
from tests.mail.hostile import hostile, weighed

pytestmark = pytest.mark.timeout(900)  # it is slow on a busy machine, and ends by itself


@pytest.mark.parametrize("size", [4000, pytest.param(20_000, marks=pytest.mark.long)])
def test_r5_no_hostile_mail_takes_too_long_too_much_or_breaks_the_reader(size: int) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "tests.mail.hostile", str(size)],
        cwd=TEMPLATE.parent,
        env=os.environ | {"PYTHONPATH": f"functions{os.pathsep}."},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stdout + result.stderr
    counted = re.search(r"(\d+) hostile mails, 0 bad", result.stdout)
    assert counted
    assert int(counted[1]) > 600


def test_every_hostile_mail_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(name for name, _ in hostile()).items() if times > 1] == []


def test_a_mail_that_breaks_the_reader_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(raw: bytes) -> None:
        raise KeyError(len(raw))

    monkeypatch.setattr(of, "opened", breaks)

    assert weighed("a mail", lambda: b"x").error == "KeyError(1)"
    assert weighed("a mail", lambda: b"x").bad
