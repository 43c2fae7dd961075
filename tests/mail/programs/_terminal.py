"""A virtual terminal (tmux) for the mail programs without windows."""

import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SECONDS = 30
"""The time limit of one step."""

FOLDERS = ("HOME", "XDG_RUNTIME_DIR", "TMPDIR")
"""The environment variables that name a program's folders."""


class Terminal:
    """A program in a separate tmux."""

    def __init__(self, home: Path) -> None:
        self._tmux = ["tmux", "-S", str(home / "tmux"), "-f", "/dev/null"]

    def run(self, *arguments: str, **environment: str) -> str:
        """Runs a tmux command and returns what it prints."""
        result = subprocess.run(
            [*self._tmux, *arguments],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "xterm"} | environment,
            capture_output=True,
            check=True,
            text=True,
            timeout=SECONDS,
        )
        return result.stdout

    def press(self, *keys: str) -> None:
        """Presses keys by tmux's names, such as `C-x` and `Enter`."""
        self.run("send-keys", *keys)

    def type(self, text: str) -> None:
        """Types a text, with Enter for each line feed."""
        for number, line in enumerate(text.split("\n")):
            if number:
                self.press("Enter")
            if line:
                self.run("send-keys", "-l", "--", line)

    def shows(self, pattern: str) -> str:
        """Waits until the screen matches the pattern, and returns the match. Raises TimeoutError."""
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if found := re.search(pattern, screen := self.run("capture-pane", "-p")):
                return found[0]
            time.sleep(0.05)
        raise TimeoutError(f"no {pattern!r} on the screen:\n{screen}")


@contextmanager
def terminal(command: str, home: Path) -> Iterator[Terminal]:
    """Starts a command in a terminal of the usual size, and ends it afterwards."""
    started = Terminal(home)
    try:
        started.run("new-session", "-d", "-x", "80", "-y", "24", command, **dict.fromkeys(FOLDERS, str(home)))
        yield started
    finally:
        with suppress(subprocess.SubprocessError):  # it has ended by itself
            started.run("kill-server")
