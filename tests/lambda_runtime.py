"""Lambda's side of its Runtime API: runs the built artefact in separate processes, loaded as on Lambda.

Each function is a process of Python 3.13 with awslambdaric, Lambda's own runtime client. Its code folder is a copy of
the artefact, dated 1980 and not writable. Its environment has the variables that Lambda and template.yaml set, and in
addition only those that lead to stand-ins: the address of moto, and libfaketime for the clock of the local cloud.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any
from unittest.mock import patch

from local_cloud.cloud import World
from local_cloud.environment import OFFLINE
from local_cloud.functions import Failure, Function, Outcome
from local_cloud.physical import REGION
from tests.conftest import cannot_run_here
from tests.faults.gateway import gateway

ROOT = Path(__file__).parents[1]
BUILT = ROOT / ".aws-sam/build"
PYTHON = ROOT / ".venv-lambda/bin/python"
NATIVE = ROOT / ".tools/native"
LAYER = ROOT / "emails"
IN_1980 = 315532800  # seconds since 1970: sam dates every file of the zip 1980-01-01
TIME_LEFT = 900  # seconds that any invocation may take, so that no test depends on how fast the machine is


class HandlerError(Exception):
    """A failure that a function's process reported: the kind of error and its message."""


def artefact() -> Path:
    """Returns the folder of one built function; all folders are the same.

    Skips the test if .venv-lambda is missing, and raises AssertionError if the build is older than the source.
    """
    if not PYTHON.exists():
        cannot_run_here("the built artefact (.venv-lambda is missing: make test-long makes it, with a Python 3.13)")
    code = min(folder for folder in BUILT.iterdir() if folder.is_dir())
    for source in (ROOT / "functions").rglob("*"):
        if source.is_file() and "__pycache__" not in source.parts:
            copy = code / source.relative_to(ROOT / "functions")
            assert copy.is_file(), f"{copy} is missing: make build"
            assert copy.read_bytes() == source.read_bytes(), f"{copy} is older than {source}: make build"
    return code


def digest(folder: Path) -> str:
    """A hash of the names and contents of all files in a folder."""
    whole = sha256()
    for path in sorted(folder.rglob("*")):
        whole.update(f"{path.relative_to(folder)}\n".encode())
        if path.is_file():
            whole.update(sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@contextmanager
def unpacked() -> Iterator[Path]:
    """Yields a folder with the artefact in `task` and the layer in `opt`, unpacked as on Lambda.

    All files are dated 1980 and not writable. Compiled modules are replaced by those for this machine's processor.
    Raises AssertionError if a file was changed.
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(artefact(), root / "task")
        shutil.copytree(LAYER, root / "opt")
        for compiled in (root / "task").rglob("*.so"):
            package = compiled.parent.relative_to(root / "task")
            compiled.unlink()
            for ours in (NATIVE / package).glob(f"{compiled.name.partition('.')[0]}.*.so"):
                shutil.copy(ours, compiled.parent)
        for path in (*root.rglob("*"), root):
            os.utime(path, (IN_1980, IN_1980))
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = digest(root)
        try:
            yield root
            assert digest(root) == before, "a function wrote into its code"
        finally:
            for path in (root, *root.rglob("*")):
                path.chmod(0o755)


def started_by(at: datetime) -> list[str]:
    """Returns the start of a command line, for a program whose clock shows this time when it starts.

    If we are root, the program loses root's right to write to files that are not writable.
    """
    unprivileged = [_program("setpriv"), "--bounding-set", "-all", "--inh-caps", "-all"] if os.geteuid() == 0 else []
    return [*unprivileged, _program("faketime"), "-f", f"@{at:%Y-%m-%d %H:%M:%S}"]


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        cannot_run_here(f"the built artefact ({name} is missing: make test-long)")
    return str(found)


def environment(function: Function, root: Path, runtime_api: str, aws: str) -> dict[str, str]:
    """Returns the environment of a function's process, as on Lambda, and the addresses of stand-ins.

    Source: Lambda guide, "Defined runtime environment variables".
    """
    own = {name: value.replace(str(LAYER), str(root / "opt")) for name, value in function.environment.items()}
    task, log = str(root / "task"), f"/aws/lambda/email-course-{function.logical_id}"
    by_lambda = {
        "_HANDLER": function.handler,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "AWS_LAMBDA_FUNCTION_NAME": f"email-course-{function.logical_id}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log,
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/11/23/[$LATEST]0123456789abcdef",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_LAMBDA_RUNTIME_API": runtime_api,
        "LAMBDA_TASK_ROOT": task,
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "TZ": ":UTC",
    }
    stand_ins = {"AWS_ENDPOINT_URL": aws, "AWS_ACCOUNT_ID_ENDPOINT_MODE": OFFLINE["AWS_ACCOUNT_ID_ENDPOINT_MODE"]}
    return own | by_lambda | stand_ins


class Sandbox:
    """The process of one function, and the Runtime API that it asks for its events."""

    def __init__(self, function: Function, root: Path, at: datetime, aws: str, log: IO[str]) -> None:
        self._function, self._at = function, at
        self._events: SimpleQueue[tuple[str, bytes] | None] = SimpleQueue()
        self._answers: SimpleQueue[tuple[str, bytes]] = SimpleQueue()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _runtime_api(self))
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self._process = subprocess.Popen(
            [*started_by(at), str(PYTHON), "-m", "awslambdaric", function.handler],
            cwd=root / "task",
            env=environment(function, root, f"127.0.0.1:{self._server.server_port}", aws),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # faketime waits for the Python that it starts: both have to be ended
        )
        threading.Thread(target=self._tell_the_end, daemon=True).start()

    def run(self, event: Any) -> Outcome:
        """Gives the function one event, and returns its outcome."""
        self._events.put((str(uuid.uuid4()), json.dumps(event).encode()))
        path, body = self._answers.get()
        if path.endswith("/response"):
            return Outcome(json.loads(body))
        return Outcome(error=HandlerError(f"{self._function.name}: {body.decode()}"))

    def end(self) -> None:
        """Ends the process and its server."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()

    def _tell_the_end(self) -> None:
        status = self._process.wait()
        self._answers.put(("ended", f"its process ended with {status}".encode()))

    def next(self) -> tuple[bytes, dict[str, str]] | None:
        """Returns the next event with its header fields; None after the last one."""
        asked = self._events.get()
        if asked is None:
            return None
        request_id, body = asked
        fields = {
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(int((self._at.timestamp() + TIME_LEFT) * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": self._function.arn,
            "Lambda-Runtime-Trace-Id": "Root=1-6b040090-0123456789abcdef01234567;Sampled=0",
        }
        return body, fields

    def answered(self, path: str, body: bytes) -> None:
        """Takes the function's answer, or an error of the handler or of its import."""
        self._answers.put((path, body))


def _runtime_api(sandbox: Sandbox) -> type[BaseHTTPRequestHandler]:
    """The Runtime API as an HTTP handler (Lambda guide, "Using the Lambda runtime API")."""

    class Api(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if given := sandbox.next():
                self._answer(200, *given)

        def do_POST(self) -> None:
            sandbox.answered(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(202, b'{"status":"OK"}', {})

        def _answer(self, status: int, body: bytes, fields: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in (
                {"Content-Type": "application/json", "Content-Length": str(len(body))} | fields
            ).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Api


@contextmanager
def artefact_runs(world: World) -> Iterator[None]:
    """Within the block, every function of the world runs from the built artefact, in a separate process."""
    sandboxes: dict[str, Sandbox] = {}
    # Run one function in this process first, so that code which the test itself calls has the settings.
    assert world.invoke("dispatch", {}).error is None
    with unpacked() as root, gateway() as aws, tempfile.TemporaryFile("w+") as log:

        def invoke(function: Function, event: Any, seconds: float | None = None) -> Outcome:
            if function.name not in sandboxes:
                sandboxes[function.name] = Sandbox(function, root, world.now(), aws, log)
            outcome = sandboxes[function.name].run(event)
            if outcome.error:
                world.functions.failed(Failure(function.name, outcome.error))
            return outcome

        try:
            with patch.object(world.functions, "invoke", invoke):
                yield
        finally:
            for sandbox in sandboxes.values():
                sandbox.end()
            log.seek(0)
            world.functions.logs.extend(log.read().splitlines())
