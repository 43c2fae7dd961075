"""Runs the real handlers in separate processes, as Lambda does: with the real boto3, no moto and no shared lock.

This module has both sides. `Sandboxes` plays Lambda: it starts `python -m tests.faults.sandboxes FD …`, the forker. The
forker imports everything once and then forks a sandbox for each socket that arrives at FD, because an import takes a
second and many sandboxes are killed. It has one thread, so it may fork. When the other end is closed, it kills its
sandboxes and ends.
"""

import importlib
import json
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import IO, Any, Self

import boto3

import replies
from aws import clients
from aws.items import subscriber_item, to_wire
from aws.subscribers import Subscribers
from course.subscriber import Subscriber
from local_cloud.functions import Function, Functions, Outcome
from local_cloud.intrinsics import Resolver
from replies.request import EmailKind

ROOT = Path(__file__).resolve().parents[2]
TIME_LEFT = 900_000
"""The remaining Lambda time in milliseconds, always the same: no test depends on the speed of the machine."""
WITHOUT_CONDITION = "WITHOUT_CONDITION"
"""This environment variable makes the functions store subscribers unconditionally: lessons must then come twice."""


class Sandbox:
    """One process that handles the events of one function, one after another."""

    def __init__(self, function: str, pid: int, wire: socket.socket) -> None:
        self.function = function
        self.pid = pid
        self.dead = False
        self._wire = wire
        self._answers = wire.makefile("r")

    def run(self, event: Any) -> dict[str, Any] | None:
        """Returns the handler's result as `payload`, or its exception as `error`; None if the process ended.

        A payload comes with the handler's CPU time in `seconds` and the process's peak memory in `memory`, in bytes.
        """
        with suppress(OSError):
            self._wire.sendall(json.dumps({"now": datetime.now(UTC).isoformat(), "event": event}).encode() + b"\n")
            answer = self._answers.readline()
            if answer.endswith("\n"):
                return dict(json.loads(answer))
        return None

    def close(self) -> None:
        self._answers.close()
        self._wire.close()


class Sandboxes(Functions):
    """Plays Lambda with a fixed number of sandboxes for each function. As a context manager it ends every process.

    When all sandboxes of a function are busy, an invocation waits. A dead sandbox is replaced by a new one.
    """

    def __init__(self, resolver: Resolver, number: Mapping[str, int], environment: Mapping[str, str]) -> None:
        super().__init__(resolver, ROOT)
        self.killed: Counter[str] = Counter()
        """The number of killed sandboxes, by function."""
        self.faults: Counter[str] = Counter()
        """How often a message that names a subscriber was not worked through."""
        self.errors: Counter[str] = Counter()
        """Exceptions of handlers, logged errors (known at the end), and sandboxes that ended without being killed."""
        self._lock = threading.Lock()  # for the orders and for the list of busy sandboxes
        self._made: list[Sandbox] = []
        self._busy: list[Sandbox] = []
        self._free: dict[str, SimpleQueue[Sandbox]] = {name: SimpleQueue() for name in number}
        self._number = number
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by `__exit__`
        self._orders, theirs = socket.socketpair()
        with theirs:
            self.forker = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.sandboxes", str(theirs.fileno()), *number],
                cwd=ROOT,
                env={**os.environ, **environment, "PYTHONPATH": f"{ROOT / 'functions'}{os.pathsep}{ROOT}"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # a Ctrl-C reaches only this process, which ends the forker
            )

    def __enter__(self) -> Self:
        try:
            for name, many in self._number.items():
                for _ in range(many):
                    self._free[name].put(self._started(name))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        self._orders.close()
        for sandbox in self._made:
            sandbox.close()
        self.errors += _errors(self._log)
        self._log.close()

    def invoke(self, function: Function, event: Any, seconds: float | None = None) -> Outcome:
        """Runs one event in a free sandbox."""
        sandbox = self._free[function.name].get()
        with self._lock:
            self._busy.append(sandbox)
        answer = sandbox.run(event)
        with self._lock:
            self._busy.remove(sandbox)
            if answer is None and not sandbox.dead:
                self.errors[f"{function.name} ended by itself"] += 1
                self._kill(sandbox)  # reaps the dead process
            if sandbox.dead:
                sandbox = self._started(function.name)
            self._free[function.name].put(sandbox)
            if answer and "payload" in answer and not (answer["payload"] or {}).get("batchItemFailures"):
                return Outcome(answer["payload"])
            for record in event.get("Records", []):
                self.faults.update(json.loads(record["body"]).get("subscribers", []))
            if answer and "error" in answer:
                self.errors[answer["error"].splitlines()[-1]] += 1
        if answer and "payload" in answer:
            return Outcome(answer["payload"])
        return Outcome(error=RuntimeError(answer["error"] if answer else "killed"))

    def alone(self, function: str, event: Any) -> dict[str, Any]:
        """As `Sandbox.run`, in a new sandbox that has handled no event before."""
        with self._lock:
            sandbox = self._started(function)
        answer = sandbox.run(event)
        with self._lock:
            self._kill(sandbox)
            sandbox.close()
        return answer or {"error": "its process ended"}

    def kill_one(self, chance: random.Random) -> None:
        """Kills a random busy sandbox, if there is one."""
        with self._lock:
            if alive := [sandbox for sandbox in self._busy if not sandbox.dead]:
                victim = chance.choice(sorted(alive, key=lambda sandbox: sandbox.pid))
                self._kill(victim)
                self.killed[victim.function] += 1

    def alive(self) -> list[int]:
        """Returns the process ids of the living sandboxes."""
        with self._lock:
            return [sandbox.pid for sandbox in self._made if not sandbox.dead]

    def end(self) -> None:
        """Kills every process. An invocation that still runs raises OSError."""
        with suppress(OSError):
            self._orders.shutdown(socket.SHUT_RDWR)
        try:
            self.forker.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.forker.pid, signal.SIGKILL)
            self.forker.wait()

    def _started(self, function: str) -> Sandbox:
        ours, theirs = socket.socketpair()
        with theirs:
            sandbox = Sandbox(function, self._order(f"start {function}", theirs.fileno()), ours)
        self._made.append(sandbox)
        return sandbox

    def _kill(self, sandbox: Sandbox) -> None:
        sandbox.dead = True
        self._order(f"kill {sandbox.pid}")

    def _order(self, order: str, *descriptors: int) -> int:
        socket.send_fds(self._orders, [order.encode()], descriptors)
        answer = self._orders.recv(100)
        if not answer:
            raise OSError("the sandboxes have ended; their output:\n" + _output(self._log)[-2000:])
        return int(answer)


def _output(log: IO[str]) -> str:
    log.seek(0)
    return log.read()


def _errors(log: IO[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in _output(log).splitlines():
        with suppress(ValueError, TypeError, KeyError):
            entry = json.loads(line)
            if entry["level"] == "ERROR":
                found[" ".join(str(entry[key]) for key in ("message", "error", "where") if key in entry)] += 1
    return found


# ---------------------------------------------------------------- the forker and its sandboxes


def main(parent: socket.socket, handlers: list[str]) -> None:
    """Carries out orders: `start FUNCTION`, with the sandbox's socket, and `kill PID`. The answer is the process id."""
    _warm(handlers)
    running: set[int] = set()
    while order := _received(parent):
        word, argument, sockets = order
        if word == "start":
            pid = os.fork()
            if pid == 0:
                parent.close()
                _work(argument, sockets[0])
            os.close(sockets[0])
            running.add(pid)
        else:
            pid = int(argument)
            _kill(pid)
            running.discard(pid)
        parent.sendall(str(pid).encode())
    for pid in running:
        _kill(pid)


def _received(parent: socket.socket) -> tuple[str, str, list[int]] | None:
    """Returns the next order. An order follows only after the answer to the last one, so two never run together."""
    message, sockets, _, _ = socket.recv_fds(parent, 100, 1)
    word, _, argument = message.decode().partition(" ")
    return (word, argument, sockets) if word else None


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def _warm(handlers: list[str]) -> None:
    """Prepares what every sandbox needs, without a request to AWS: modules, lessons and unconnected clients."""
    for name in handlers:
        importlib.import_module(name)
    for make in (clients.subscribers, clients.reflections, clients.limits, clients.suppressions):
        make()
    for other in (clients.outbox, clients.mailer, clients.quota, clients.library):
        other()
    boto3.client("secretsmanager")  # reads boto3's model of the service, which takes longest
    if "receive_reply" in handlers:
        for needed in (clients.raw_mail, clients.set_aside):
            needed()
        _read_a_reply()
    if os.environ.get(WITHOUT_CONDITION):
        Subscribers.save = _save_whatever_others_did  # type: ignore[method-assign, assignment]


def _read_a_reply() -> None:
    """Compiles the regular expressions for replies, which takes 0.75 s."""
    text = "From: ann@example.net\n\nI see.\n\nOn Mon, Aug 3, 2026, X <x@example.com> wrote:\n> b"
    replies.decide(replies.own_words(text.encode(), "b", "<p>b</p>"), EmailKind.WAY_BACK, date(2026, 8, 4))


def _save_whatever_others_did(table: Subscribers, subscriber: Subscriber) -> Subscriber | None:
    """`Subscribers.save` without its condition."""
    stored = replace(subscriber, version=subscriber.version + 1)
    table._client.put_item(TableName=table._table, Item=to_wire(subscriber_item(stored)))
    return stored


def _work(function: str, descriptor: int) -> None:
    """Handles one event after another until the other end is closed."""
    try:
        handler = importlib.import_module(function).handler
        with socket.socket(fileno=descriptor) as parent, parent.makefile("r") as events:
            for line in events:
                asked = json.loads(line)
                _set_clock(datetime.fromisoformat(asked["now"]))
                parent.sendall(json.dumps(_answer(handler, asked["event"], function)).encode() + b"\n")
    finally:
        os._exit(0)  # never returns into the code of the forker


def _set_clock(now: datetime) -> None:
    """Sets the time in the one place where the handlers read it."""
    clients.now = lambda: now


def _answer(handler: Any, event: Any, function: str) -> dict[str, Any]:
    context = SimpleNamespace(
        function_name=function,
        memory_limit_in_mb="1024",
        invoked_function_arn=f"arn:aws:lambda:eu-west-1:123456789012:function:{function}",
        aws_request_id=str(uuid.uuid4()),
        get_remaining_time_in_millis=lambda: TIME_LEFT,
    )
    began = time.process_time()
    try:
        payload = handler(event, context)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return {"payload": payload, "seconds": time.process_time() - began, "memory": memory}
    except Exception:  # noqa: BLE001 - like Lambda: report any error and continue
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:])
