"""Work in forks of this process, which has one thread: what was done before need not be done again for each.

It never had another either: one that has ended holds a lock of OpenSSL's for a moment longer, and a fork made in that
moment waits for it forever.
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


class InTurn:
    """A pool of no threads, for `send`: it does at once what it is given, and each has its turn whatever happens."""

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
        except BaseException as error:  # noqa: BLE001 - a crash is one, and is raised when the result is asked for
            done.set_exception(error)
        return done


one_thread = partial(patch, "send.ThreadPoolExecutor", InTurn)
"""While inside, `send` makes no threads."""

HANGS = 900
"""Seconds of real time after which a fork is ended."""


class Forks:
    """So many at a time. Each gives back what its work returned."""

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
        gc.disable()  # what it makes is soon gone with it
        signal.alarm(HANGS)
        try:
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(_outcome(work), pipe)
        finally:
            os._exit(0)

    def result(self) -> Any:
        """Waits for one to end."""
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
    """What it returned, or how it failed."""
    try:
        return work(), ""
    except Exception:  # noqa: BLE001 - it is told in the process that waits for it
        return None, traceback.format_exc()


def forked(works: Iterable[Callable[[], Any]], jobs: int) -> Iterator[Any]:
    """The results of all these works, so many at a time, in the order in which they end."""
    forks = Forks(jobs)
    for work in works:
        while forks.full:
            yield forks.result()
        forks.start(work)
    while forks.any:
        yield forks.result()
