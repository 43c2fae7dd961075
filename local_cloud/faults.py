"""Faults at AWS calls: a function's process dies, or a request or its reply is lost, under all that it can catch.

The layer is `Endpoint._do_get_response` of botocore, where one attempt at a request is made: boto3's own retries come
back to it, each an attempt of its own.
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
    """What can go wrong at one attempt at a call."""

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
"""Asked at every attempt at a call that a function makes. It may let something else happen meanwhile."""


@contextmanager
def faults(functions: Functions, choose: Choose) -> Iterator[None]:
    """While inside, `choose` says what goes wrong. Once a process has crashed, none of its threads makes a call."""
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
    """The innermost function of ours, file and name, that a call comes from. `Table` stands for its caller."""
    while frame:
        file = Path(frame.f_code.co_filename)
        if file.parent.name == "aws" and file.parent.parent.name == "functions":
            name = frame.f_code.co_qualname.partition(".<locals>")[0]
            if not name.startswith("Table."):
                return f"aws/{file.name} {name}"
        frame = frame.f_back
    return "?"
