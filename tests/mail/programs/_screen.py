"""A virtual screen and keyboard for the mail programs that have windows."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from time import monotonic, sleep
from typing import Any, TypeVar

from tests.mail.programs.cases import ABOVE, ALONE, BELOW, Case
from tests.mail.programs.sink import sink

NEEDED = ("xvfb", "openbox", "xdotool", "xclip", "locales")
DISPLAYS = range(60, 100)
LANGUAGES = {"german": "de_DE", "spanish": "es_ES"}
WAIT_SECONDS = 30
QUESTION = "YOUR QUESTION"
"""The line above the lesson's question."""

FOLDERS = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist>
    <folder type="mh" name="Mail" path="Mail">
        <folderitem type="inbox" name="inbox" path="inbox" />
        <folderitem type="outbox" name="sent" path="sent" />
        <folderitem type="draft" name="draft" path="draft" />
        <folderitem type="queue" name="queue" path="queue" />
        <folderitem type="trash" name="trash" path="trash" />
    </folder>
</folderlist>
"""
"""The folder list of Claws and Sylpheed."""

Run = Callable[[Case, Path, int, dict[str, str]], Iterator[None]]
"""Answers a case, given a new home, the port of an SMTP server and the environment; ends the program afterwards."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Screen:
    """A virtual screen. Keys go to the window that has the focus."""

    environment: dict[str, str]

    def xdotool(self, *arguments: str) -> str:
        """Runs xdotool and returns its output."""
        command = ["xdotool", *arguments]
        return subprocess.run(
            command, env=self.environment, timeout=240, check=True, capture_output=True, text=True
        ).stdout

    def window(self, pattern: str, seconds: int = WAIT_SECONDS) -> None:
        """Waits for a window whose title matches `pattern` and gives it the focus."""

        def found() -> str:
            search = ["xdotool", "search", "--onlyvisible", "--name", pattern]
            listed = subprocess.run(search, env=self.environment, capture_output=True, text=True, check=False).stdout
            return listed.split()[-1] if listed.split() else ""

        self.xdotool("windowactivate", "--sync", wait(found, f"the window {pattern}", seconds))

    def opens(self, key: str, pattern: str) -> None:
        """Presses a key until it opens a window, because a program ignores keys while it loads."""
        for _ in range(5):
            self.key(key)
            with suppress(TimeoutError):
                return self.window(pattern, 5)
        raise TimeoutError(f"{key} does not open {pattern}")

    def key(self, *keys: str, times: int = 1) -> None:
        """Presses keys such as `ctrl+Home`, one after another."""
        for key in keys if times else ():
            self.xdotool("key", "--delay", "4", "--repeat", str(times), key)

    def type(self, text: str) -> None:
        """Types a text, slowly if a key must first be mapped: the program may otherwise read its next meaning."""
        for piece in re.findall(r"\n|[ -~]+|.", text):
            if piece == "\n":
                self.key("Return")
            else:
                self.xdotool("type", "--delay", "6" if piece.isascii() else "250", "--", piece)

    def text(self) -> str:
        """Returns all text of the field that has the focus."""
        return self.selected("ctrl+a")

    def selected(self, key: str) -> str:
        """Returns, through the clipboard, the text that a key selects in the field that has the focus."""
        mark = b"nothing is copied yet"
        subprocess.run(["xclip", "-sel", "c"], input=mark, env=self.environment, check=True, stdout=subprocess.DEVNULL)

        def copied() -> str:
            self.key(key, "ctrl+c")
            paste = ["xclip", "-o", "-sel", "c", "-t", "UTF8_STRING"]
            got = subprocess.run(paste, env=self.environment, capture_output=True, check=False, timeout=10).stdout
            return "" if got == mark else got.decode().replace("\r\n", "\n")  # one step of the caret

        return wait(copied, "the text of the field")

    def answer(self, case: Case) -> None:
        """Types the text of the case into an editor with a quote, with a blank line between them."""
        text = self.text()
        if case.place == ALONE:
            self.key("ctrl+a", "Delete")
            self.type(case.text)
        elif case.place == ABOVE:
            self.key("ctrl+Home")
            self.type(case.text + ("" if text.startswith("\n") else "\n\n"))
        elif case.place == BELOW:
            self.at(len(text.rstrip()), len(text))
            self.type("\n\n" + case.text)
        else:
            self.at(end_of_question(text), len(text))
            self.type("\n\n" + case.text + "\n")
        self.has(case)

    def has(self, case: Case) -> None:
        """Raises ValueError if not all of the case's text is in the field that has the focus."""
        if " ".join(case.text.split()) not in " ".join(self.text().split()):
            raise ValueError("keys were lost")

    def at(self, place: int, length: int) -> None:
        """Moves the caret to this place in a text of this length, from the nearer end."""
        if place < length / 2:
            self.key("ctrl+Home")
            self.key("Right", times=place)
        else:
            self.key("ctrl+End")
            self.key("Left", times=length - place)


def wait(ready: Callable[[], T], what: str, seconds: int = WAIT_SECONDS) -> T:
    """Waits until `ready` returns something true, and returns it. Raises TimeoutError."""
    until = monotonic() + seconds
    while not (result := ready()):
        if monotonic() > until:
            raise TimeoutError(f"waited {seconds} s for {what}")
        sleep(0.1)
    return result


def end_of_question(text: str) -> int:
    """Returns the end of the quoted paragraph with the question."""
    paragraphs = [found.end() for found in re.finditer(r"(?:^[>| ]*[^>|\s].*$\n?)+", text, re.M)]
    asked = text.upper().index(QUESTION) + len(QUESTION) + 1
    return next((end - 1 for end in paragraphs if end > asked), len(text))


def inbox(home: Path, settings: Path, email: Path) -> None:
    """Creates the folders of Claws or Sylpheed, with an email in the inbox."""
    for folder in ("inbox", "sent", "draft", "queue", "trash"):
        (home / "Mail" / folder).mkdir(parents=True)
    (settings / "folderlist.xml").write_text(FOLDERS)
    shutil.copy(email, home / "Mail/inbox/1")


@contextmanager
def running(command: list[str], environment: dict[str, str], **options: Any) -> Iterator["subprocess.Popen[str]"]:
    """Starts a program, and ends it with everything that it started."""
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "text": True} | options
    process = subprocess.Popen(command, env=environment, start_new_session=True, **options)
    try:
        yield process
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(3)


@contextmanager
def screen() -> Iterator[str]:
    """Yields the name of a display with a window manager, such as `:60`."""
    with ExitStack() as stack:
        for number in DISPLAYS:
            command = ["Xvfb", f":{number}", "-screen", "0", "1400x1000x24", "-displayfd", "1", "-nolisten", "tcp"]
            server = stack.enter_context(running(command, dict(os.environ), stdout=subprocess.PIPE))
            if server.stdout and server.stdout.readline():
                break
        else:
            raise RuntimeError("no display is free")
        stack.enter_context(running(["openbox"], dict(os.environ) | {"DISPLAY": f":{number}"}))
        yield f":{number}"


def environment(case: Case, home: Path, display: str) -> dict[str, str]:
    """Returns the environment variables for a program's home, screen and language."""
    locale = next((LANGUAGES[option] for option in case.options if option in LANGUAGES), "en_GB")
    made = home.parent / f"{locale}.UTF-8"
    if not made.exists():
        subprocess.run(["localedef", "-i", locale, "-f", "UTF-8", str(made)], check=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "TMPDIR": str(home),
        "DISPLAY": display,
        "LOCPATH": str(made.parent),
        "LANG": made.name,
        "NO_AT_BRIDGE": "1",
        "DBUS_SESSION_BUS_ADDRESS": "disabled:",  # otherwise GTK starts a bus that runs on after the program
    }


def replies(chosen: Iterable[Case], home: Path, run: Run) -> Iterator[tuple[Case, bytes]]:
    """Yields the mail that the program sends for each case. A case that fails twice is left out."""
    with screen() as display:
        for case in chosen:
            for own in (home / case.name, home / f"{case.name}-again"):
                own.mkdir()
                try:
                    with sink() as (port, mails), contextmanager(run)(case, own, port, environment(case, own, display)):
                        mail = mails.get(timeout=WAIT_SECONDS)
                except (Empty, TimeoutError, ValueError, subprocess.SubprocessError) as error:
                    sys.stderr.write(f"{case.name}: {error!r}\n")
                else:
                    yield case, mail
                    break
