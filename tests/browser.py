"""Chromium and a running `email-course run`, for tests that look at pages as people do."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import cannot_run_here

ROOT = Path(__file__).parents[1]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window and without its talk to the world."""
    path = next((found for name in CHROMIUM if (found := shutil.which(name))), None)
    if path is None:
        cannot_run_here("no Chromium")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*quiet, "--disable-sync", "--no-first-run"])
        yield browser
        browser.close()


@contextmanager
def running_course(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """`email-course run` on a free port, and the address it prints."""
    command = [str(Path(sys.executable).parent / "email-course"), "run", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        for line in process.stdout:
            if found := re.search(r"(http://\S+)/\s", line):
                yield found[1], process
                break
        else:
            raise AssertionError("email-course run ended before it printed its address")
    finally:
        process.terminate()
        process.wait(timeout=20)
        process.stdout.close()
