"""The machine's own Chromium, for pictures of emails and for tests."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


class NoChromium(Exception):
    """No Chromium is on the PATH. The message is one line."""


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser without a window and without background networking. Raises NoChromium."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise NoChromium("no Chromium on the PATH; on Debian: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        quiet = [*QUIET, "--disable-sync", "--no-first-run", *arguments]
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()
