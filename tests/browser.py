"""Chromium and a running `email-course run`, for tests that look at pages as people do."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from cli.chromium import NoChromium
from cli.chromium import chromium as launched
from local_cloud.cloud import TEMPLATE, World
from local_cloud.web import Listener, Server
from tests.conftest import cannot_run_here

ROOT = Path(__file__).parents[1]
AXE = ROOT / ".tools/node_modules/axe-core/axe.min.js"
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PATIENCE = 120_000  # milliseconds: a busy machine may be slow, and a test that hangs ends by its own timeout

expect.set_options(timeout=PATIENCE)


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Starts the machine's own Chromium. Skips the test if there is none."""
    try:
        with launched(*arguments) as browser:
            yield browser
    except NoChromium as error:
        cannot_run_here(str(error))


@cache
def axe() -> str:
    """Returns the script of axe-core, which finds barriers to accessibility in a page."""
    if not AXE.exists():
        cannot_run_here("axe-core is missing in .tools: run make test")
    return AXE.read_text("utf-8")


def barriers(page: Page, *, colours_only: bool = False) -> list[str]:
    """Returns axe-core's findings on a page at WCAG's levels A and AA, one line each.

    `colours_only` checks only the contrast, of a page that was checked before in other colours or at another width.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe())  # evaluated: the page's Content-Security-Policy would refuse a script element
    rules = {"type": "rule", "values": ["color-contrast"]} if colours_only else {"type": "tag", "values": list(LEVELS)}
    run = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(results => results.violations)"
    found = page.evaluate(run, rules)
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@contextmanager
def running_course(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Runs `email-course run` on a free port; yields the address that it prints, and the process."""
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


@contextmanager
def served(start: datetime, template: Path = TEMPLATE, **parameters: str) -> Iterator[World]:
    """Yields a world in this process whose pages a browser can open, at its parameter SiteUrl.

    The address is a number: a client that looks "localhost" up may ask a name server for its IPv6 address, and wait.
    """
    listener = Listener("127.0.0.1", 0)
    site_url = f"http://127.0.0.1:{listener.port}"
    with (
        closing(listener.socket),
        World(template, start=start, parameters={"SiteUrl": site_url, **parameters}) as world,
        Server(world, listener),
    ):
        yield world
