"""The server of the second cloud, in a process of its own, and the clock that it shares with its functions."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import Request, urlopen

from local_cloud.physical import ACCOUNT, REGION

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-ministack" / "bin" / "python"
STARTS_WITHIN = 60
"""Seconds."""


class CannotRun(Exception):
    """Raised when this machine lacks something. The text names it."""


class Server:
    """ministack with AUTH=true on a free port. Used with `with`. Its log is in `folder`."""

    def __init__(self, folder: Path) -> None:
        if not PYTHON.exists():
            raise CannotRun("the second cloud (no .venv-ministack: make second-cloud makes it)")
        self.folder = folder.resolve()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._clock = self.folder / "clock"
        self._ahead = timedelta()
        self._temporary = Path(tempfile.mkdtemp(prefix="second-cloud-"))
        self._move(timedelta())

    def __enter__(self) -> Self:
        with (self.folder / "ministack.log").open("w") as log:
            self._process = subprocess.Popen(
                [PYTHON, "gaps.py"],
                cwd=Path(__file__).parent,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C ends the run, which ends the server after it has deleted the stack
            )
        end = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < end and self._process.poll() is None:
            try:
                self.ask("state")
            except OSError:
                time.sleep(0.1)
            else:
                return self
        self.__exit__(None, None, None)
        raise CannotRun(f"the second cloud (ministack did not start: {self.folder / 'ministack.log'})")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._temporary, ignore_errors=True)

    @property
    def environment(self) -> dict[str, str]:
        """The server's environment: no variable of this machine's user, and the clock of the cloud."""
        return {
            "PATH": os.defpath,
            "HOME": str(self._temporary),
            "TMPDIR": str(self._temporary),
            "LANG": "C.UTF-8",
            "AUTH": "true",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_REGION": REGION,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "SECOND_CLOUD_CLOCK": str(self._clock),
        }

    @property
    def root(self) -> dict[str, str]:
        """The account's own credentials, which may do everything: for deployments and checks."""
        return {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
        }

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def move_to(self, at: datetime) -> None:
        """Moves the clock of the cloud and its functions forward to `at`. Schedules that are due by then fire once."""
        self._move(max(self._ahead, at - datetime.now(UTC)))
        self.ask("time")

    def _move(self, ahead: timedelta) -> None:
        self._ahead = ahead
        new = self._clock.with_suffix(".new")
        new.write_text(str(ahead.total_seconds()))
        new.replace(self._clock)

    def ask(self, what: str, **request: Any) -> Any:
        """Sends one of the requests of gaps.py, and returns the answer."""
        asked = Request(f"{self.url}/_gaps/{what}", json.dumps(request).encode(), method="POST")
        with urlopen(asked, timeout=60) as answer:
            return json.load(answer)
