"""Runs work in forks of this process, so that each fork starts from what the process has already done.

The process must never have had a second thread. A thread that has ended holds a lock of OpenSSL for a moment longer,
and a fork made in that moment waits for the lock forever.
"""

import gc
import os
import pickle
import select
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from functools import partial
from typing import Any, Self
from unittest.mock import patch


class SequentialExecutor:
    """Replaces the thread pool of `send`: runs each task at once in this thread, even after another task failed."""

    def __init__(self, _threads: int) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Callable[..., Any], *given: object) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*given))
        except BaseException as error:  # noqa: BLE001 - an injected crash too: `result` raises it
            done.set_exception(error)
        return done


one_thread = partial(patch, "send.ThreadPoolExecutor", SequentialExecutor)
"""A context in which `send` starts no threads."""

HANGS = 900
"""Seconds of real time after which a fork is killed."""


class Forks:
    """Runs at most `most` forks at a time, and returns the result of each."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[int, int] = {}  # the end of a pipe to read from → process

    @property
    def full(self) -> bool:
        return len(self._running) >= self._most

    @property
    def any(self) -> bool:
        return bool(self._running)

    def start(self, work: Callable[[], Any]) -> None:
        reading, writing = os.pipe()
        process = os.fork()
        if process:
            os.close(writing)
            self._running[reading] = process
            return
        gc.disable()  # the fork ends soon, and its objects with it
        signal.alarm(HANGS)
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(_outcome(work), pipe)
        finally:
            os._exit(0)

    def result(self) -> Any:
        """Waits until a fork ends, and returns its result."""
        reading = select.select(list(self._running), [], [])[0][0]
        with os.fdopen(reading, "rb") as pipe:
            returned = pipe.read()
        os.waitpid(self._running.pop(reading), 0)
        if not returned:
            raise RuntimeError("a fork hung, or was killed")
        result, error = pickle.loads(returned)
        if error:
            raise RuntimeError(error)
        return result


def _outcome(work: Callable[[], Any]) -> tuple[Any, str]:
    """Returns the result of the work, or the traceback of its error."""
    try:
        return work(), ""
    except Exception:  # noqa: BLE001 - the waiting process raises it
        return None, traceback.format_exc()


def forked(works: Iterable[Callable[[], Any]], jobs: int) -> Iterator[Any]:
    """Runs all the work, at most `jobs` forks at a time, and yields the results in the order in which they end."""
    forks = Forks(jobs)
    for work in works:
        while forks.full:
            yield forks.result()
        forks.start(work)
    while forks.any:
        yield forks.result()
