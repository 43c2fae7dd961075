"""A window of a browser as a person uses it, in Chromium and in Firefox: go to an address, read, click, type.

Elements are chosen by CSS selectors and by their words. Chromium is driven by Playwright and Firefox by Marionette, its
own protocol for remote control, because Playwright drives only its own build of Firefox.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any, Protocol

from playwright.sync_api import Page

from tests.browser import PATIENCE, chromium
from tests.conftest import cannot_run_here
from tests.mail.programs.thunderbird import Marionette, marionette_port, running

ZONE, LOCALE = "Europe/Berlin", "en-GB"


class Window(Protocol):
    """The actions that the journey needs. All except `texts` wait for an element that is not there yet."""

    @property
    def url(self) -> str:
        """The address that is open."""

    def goto(self, url: str) -> None:
        """Opens an address."""

    def texts(self, css: str, frame: str = "") -> list[str]:
        """The text of each element as it is shown, on the page or in one of its frames."""

    def value(self, css: str) -> str:
        """The value of a field."""

    def link(self, words: str, frame: str) -> str:
        """The address of the first link in a frame that has exactly these words."""

    def click(self, css: str, words: str, *, exact: bool = True) -> None:
        """Clicks on the first element that has exactly these words or, if not `exact`, contains them."""

    def fill(self, css: str, text: str) -> None:
        """Replaces the value of a field."""

    def check(self, css: str) -> None:
        """Ticks a box."""


class ChromiumWindow:
    """A window that is a page of Playwright."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @property
    def url(self) -> str:
        return self.page.url

    def goto(self, url: str) -> None:
        self.page.goto(url)

    def texts(self, css: str, frame: str = "") -> list[str]:
        return (self.page.frame_locator(frame) if frame else self.page).locator(css).all_inner_texts()

    def value(self, css: str) -> str:
        return self.page.locator(css).input_value()

    def link(self, words: str, frame: str) -> str:
        found = self.page.frame_locator(frame).locator("a", has_text=_like(words, exact=True)).first
        return str(found.get_attribute("href"))

    def click(self, css: str, words: str, *, exact: bool = True) -> None:
        self.page.locator(css, has_text=_like(words, exact=exact)).first.click()

    def fill(self, css: str, text: str) -> None:
        self.page.locator(css).fill(text)

    def check(self, css: str) -> None:
        self.page.locator(css).check()


def _like(words: str, *, exact: bool) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(words)}\s*$" if exact else re.escape(words))


@contextmanager
def chromium_window() -> Iterator[Window]:
    """A window of the machine's Chromium that nobody has used."""
    with chromium() as browser:
        yield ChromiumWindow(browser.new_context(timezone_id=ZONE, locale=LOCALE).new_page())


# ---------------------------------------------------------------- Firefox

PREFERENCES = {
    "intl.accept_languages": LOCALE,
    "marionette.port": 0,  # Firefox takes a free port and writes it into a file
    "datareporting.policy.dataSubmissionEnabled": False,
}
FIND = r"""
const [css, words, exact] = arguments;
const said = element => element.innerText.replace(/\s+/g, " ").trim();
return [...document.querySelectorAll(css)].find(one => exact ? said(one) == words : said(one).includes(words)) ?? null;
"""


class FirefoxWindow:
    """A tab of Firefox."""

    def __init__(self, marionette: Marionette) -> None:
        self._ask = marionette
        self._ask("WebDriver:SetTimeouts", script=PATIENCE, pageLoad=PATIENCE, implicit=PATIENCE)

    @property
    def url(self) -> str:
        return str(self._ask("WebDriver:GetCurrentURL"))

    def goto(self, url: str) -> None:
        self._ask("WebDriver:Navigate", url=url)

    def texts(self, css: str, frame: str = "") -> list[str]:
        all_texts = "return [...document.querySelectorAll(arguments[0])].map(element => element.innerText)"
        with self._inside(frame):
            return list(self._run(all_texts, css))

    def value(self, css: str) -> str:
        return str(self._run("return document.querySelector(arguments[0]).value", css))

    def link(self, words: str, frame: str) -> str:
        with self._inside(frame):
            return str(self._run("return arguments[0].getAttribute('href')", self._found("a", words, exact=True)))

    def click(self, css: str, words: str, *, exact: bool = True) -> None:
        self._click(self._found(css, words, exact=exact))

    def fill(self, css: str, text: str) -> None:
        field = self._element(css)
        self._ask("WebDriver:ElementClear", id=_id(field))
        self._ask("WebDriver:ElementSendKeys", id=_id(field), text=text)

    def check(self, css: str) -> None:
        self._click(self._element(css))

    def _click(self, element: dict[str, str]) -> None:
        """Clicks, and waits until the page that the click opens is loaded (WebDriver, "Element Click")."""
        self._ask("WebDriver:ElementClick", id=_id(element))

    def _element(self, css: str) -> dict[str, str]:
        return dict(self._ask("WebDriver:FindElement", using="css selector", value=css))

    def _found(self, css: str, words: str, *, exact: bool) -> dict[str, str]:
        deadline = monotonic() + PATIENCE / 1000
        while (element := self._run(FIND, css, words, exact)) is None:
            assert monotonic() < deadline, f"there is no {css} with the words {words!r} at {self.url}"
            sleep(0.1)
        return dict(element)

    def _run(self, script: str, *arguments: Any) -> Any:
        return self._ask("WebDriver:ExecuteScript", script=script, args=list(arguments))

    @contextmanager
    def _inside(self, frame: str) -> Iterator[None]:
        if frame:
            self._ask("WebDriver:SwitchToFrame", element=_id(self._element(frame)))
        yield
        if frame:
            self._ask("WebDriver:SwitchToFrame", id=None)


def _id(element: dict[str, str]) -> str:
    """Returns the id of an element: an object with one member, whose name the standard sets (WebDriver, "Elements")."""
    return next(iter(element.values()))


@contextmanager
def firefox_window() -> Iterator[Window]:
    """A window of the machine's Firefox with a new profile. Skips the test if there is no Firefox."""
    path = shutil.which("firefox-esr") or shutil.which("firefox")
    if path is None:
        cannot_run_here("the journey in Firefox (not on the PATH; on Debian: sudo apt-get install firefox-esr)")
    with TemporaryDirectory() as folder:
        profile = Path(folder)
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
        (profile / "user.js").write_text("".join(lines), "utf-8")
        own = {"PATH": os.environ["PATH"], "HOME": folder, "TZ": ZONE, "LANG": "C.UTF-8"}
        command = [str(path), "--headless", "--no-remote", "--marionette", "--profile", folder, "about:blank"]
        with (
            running(command, env=own, stdout=subprocess.DEVNULL) as program,
            closing(Marionette(marionette_port(profile, program), "content")) as marionette,
        ):
            yield FirefoxWindow(marionette)
