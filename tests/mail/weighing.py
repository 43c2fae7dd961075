"""Receives mails completely, each in a separate process, and measures CPU time and memory.

As on Lambda, the process has the handler, the real boto3 and no part of the local cloud, which it reaches over HTTP.
`python -m tests.mail.weighing [BYTES]` measures all hostile mails with texts of this size. It prints their number, the
bad ones, the slowest, and those that needed the most memory.
"""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from local_cloud.cloud import World
from tests.faults.gateway import gateway
from tests.faults.sandboxes import Sandboxes
from tests.mail.hostile import LARGEST, hostile
from tests.people import Person

MAX_SECONDS = 5.0
"""The limit of CPU time for one mail, from its notification to the end."""
MAX_MEMORY = 256 * 1024 * 1024
"""The memory limit of the whole process in bytes. Python, boto3 and the course need a third of it."""

FUNCTION = "receive_reply"


@dataclass(frozen=True, slots=True)
class Weighed:
    """The measurement of one mail or one batch."""

    name: str
    seconds: float
    """CPU time in seconds."""
    memory: int
    """The peak memory of the process in bytes."""
    error: str = ""

    @property
    def bad(self) -> bool:
        """Whether it exceeds a limit for one mail, or failed."""
        return bool(self.error) or self.seconds > MAX_SECONDS or self.memory > MAX_MEMORY

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s {self.memory / 2**20:4.0f} MB {self.name} {self.error}".rstrip()


class Scales:
    """A course with the subscriber Ann. Each of her replies is received in a new process. A context manager."""

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            self.world = ending.enter_context(World(start=datetime(2026, 11, 23, 9, tzinfo=UTC)))
            self.ann = Person(self.world).joins()  # the introduction quotes no reflections
            self._inbound = next(one for one in self.world.event_sources if one.function.name == FUNCTION)
            settings = {**self._inbound.function.environment, "NO_PROXY": "127.0.0.1"}
            settings["AWS_ENDPOINT_URL"] = ending.enter_context(gateway())
            self._sandboxes = ending.enter_context(Sandboxes(self.world.resources, {FUNCTION: 0}, settings))
            self._ending = ending.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def deliver(self, raw: bytes) -> None:
        """Puts a mail from Ann's address, in answer to her last email, into the queue."""
        to = self.ann.emails[-1].reply_to[0]
        self.world.deliver(raw.replace(b"eve@example.com", b"ann@example.net"), to, drain=False)

    def weighed(self, name: str, *raws: bytes) -> Weighed:
        """Receives and measures a mail, or several in one batch."""
        for raw in raws:
            self.deliver(raw)
        return self.received(name)

    def received(self, name: str) -> Weighed:
        """Receives and measures all mails in the queue as one batch."""
        sqs, url = self.world.clients.sqs, self._inbound.url
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        answer = self._sandboxes.alone(FUNCTION, {"Records": [self._inbound._record(message) for message in messages]})
        failed = (answer.get("payload") or {}).get("batchItemFailures")
        error = answer.get("error") or (f"failed: {failed}" if failed else "")
        return Weighed(name, answer.get("seconds", 0), answer.get("memory", 0), error)


def weighed_all(scales: Scales, size: int, every: int = 1) -> Iterator[Weighed]:
    """Measures the largest hostile mails, and each `every`-th of the others, whose texts have `size` bytes."""
    for number, (name, make) in enumerate(hostile(size)):
        if name in LARGEST or number % every == 0:
            yield scales.weighed(name, make())


def main(size: int) -> int:
    """Prints the bad, the slowest and the largest mails, and the counts. Returns 1 if a mail was bad."""
    with Scales() as scales:
        results = list(weighed_all(scales, size))
    bad = [result for result in results if result.bad]
    slowest = sorted(results, key=lambda result: -result.seconds)[:5]
    largest = sorted(results, key=lambda result: -result.memory)[:5]
    for result in (*bad, *slowest, *largest):
        sys.stdout.write(f"{result}\n")
    sys.stdout.write(f"{len(results)} hostile mails, {len(bad)} bad\n")
    return int(bool(bad))


if __name__ == "__main__":
    raise SystemExit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
