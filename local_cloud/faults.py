"""Faults at AWS calls, below all error handling: a function's process dies, or a request or its reply is lost.

The faults happen in botocore's `Endpoint._do_get_response`, which makes one try of a request: each of boto3's own
retries is another call of it.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

from botocore.endpoint import Endpoint
from botocore.exceptions import ReadTimeoutError

from local_cloud.functions import Crash, Functions


class Fault(StrEnum):
    """A fault at one try of a call."""

    CRASH_BEFORE = "crash before it"
    CRASH_AFTER = "crash after its effect"
    LOST_BEFORE = "request lost"
    LOST_AFTER = "reply lost"


class Site(NamedTuple):
    """One place in the code at which one function makes one kind of call."""

    function: str
    place: str  # aws/subscribers.py Subscribers.save
    operation: str


Choose = Callable[[Site], Fault | None]
"""Called at every try of a call by a function; returns the fault. It may let other events happen first."""


@contextmanager
def faults(functions: Functions, choose: Choose) -> Iterator[None]:
    """Injects the faults that `choose` returns. After a crash, no thread of the process can make a call."""
    attempt = Endpoint._do_get_response  # type: ignore[attr-defined]

    def faulty(endpoint: Endpoint, request: Any, operation_model: Any, context: Any) -> Any:
        if functions.running is None:  # the local cloud itself
            return attempt(endpoint, request, operation_model, context)
        if functions.crashed:
            raise Crash
        site = Site(functions.running.name, place(sys._getframe()), operation_model.name)
        fault = choose(site)
        if fault is Fault.CRASH_BEFORE:
            functions.crashed = True
            raise Crash
        lost = None, ReadTimeoutError(endpoint_url=request.url)
        if fault is Fault.LOST_BEFORE:
            return lost
        answer = attempt(endpoint, request, operation_model, context)
        if fault is Fault.CRASH_AFTER:
            functions.crashed = True
            raise Crash
        return lost if fault is Fault.LOST_AFTER else answer

    Endpoint._do_get_response = faulty  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Endpoint._do_get_response = attempt  # type: ignore[attr-defined]


def place(frame: FrameType | None) -> str:
    """The innermost function in functions/aws that a call comes from, by file and name; never one of `Table`."""
    while frame:
        file = Path(frame.f_code.co_filename)
        if file.parent.name == "aws" and file.parent.parent.name == "functions":
            name = frame.f_code.co_qualname.partition(".<locals>")[0]
            if not name.startswith("Table."):
                return f"aws/{file.name} {name}"
        frame = frame.f_back
    return "?"
