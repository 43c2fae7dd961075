"""Mails through the whole of receiving, each weighed in a process of its own: its CPU time and its memory.

The process holds what it holds on Lambda: the handler, boto3 as it is, and no part of the local cloud, which it reaches
over HTTP. `python -m tests.mail.weighing` weighs all hostile mails and says how many there were, which were bad, what
took longest and what needed most memory; a number after it is the size of their texts in bytes.
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
"""Of CPU, for one mail, from its notification until it is done."""
MAX_MEMORY = 256 * 1024 * 1024
"""Bytes that the whole process holds at most: Python, boto3 and the course are a third of them."""

FUNCTION = "receive_reply"


@dataclass(frozen=True, slots=True)
class Weighed:
    """What receiving one mail, or a batch, came to."""

    name: str
    seconds: float
    """Of CPU."""
    memory: int
    """The most bytes that the process ever held."""
    error: str = ""

    @property
    def bad(self) -> bool:
        """Whether it is over a bound that holds for one mail, or was not done."""
        return bool(self.error) or self.seconds > MAX_SECONDS or self.memory > MAX_MEMORY

    def __str__(self) -> str:
        return f"{self.seconds:6.2f} s {self.memory / 2**20:4.0f} MB {self.name} {self.error}".rstrip()


class Scales:
    """A course that Ann is in, whose replies are received in processes of their own. Used with `with`."""

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
        """A mail from Ann's address answers her last email, and waits in the queue."""
        to = self.ann.emails[-1].reply_to[0]
        self.world.deliver(raw.replace(b"eve@example.com", b"ann@example.net"), to, drain=False)

    def weighed(self, name: str, *raws: bytes) -> Weighed:
        """Receives a mail, or several in one batch."""
        for raw in raws:
            self.deliver(raw)
        return self.received(name)

    def received(self, name: str) -> Weighed:
        """Works on all that waits in the queue, as one batch."""
        sqs, url = self.world.clients.sqs, self._inbound.url
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        for message in messages:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        answer = self._sandboxes.alone(FUNCTION, {"Records": [self._inbound._record(message) for message in messages]})
        failed = (answer.get("payload") or {}).get("batchItemFailures")
        error = answer.get("error") or (f"failed: {failed}" if failed else "")
        return Weighed(name, answer.get("seconds", 0), answer.get("memory", 0), error)


def weighed_all(scales: Scales, size: int, every: int = 1) -> Iterator[Weighed]:
    """Weighs the largest hostile mails, and every so many of the others, whose texts are of so many bytes."""
    for number, (name, make) in enumerate(hostile(size)):
        if name in LARGEST or number % every == 0:
            yield scales.weighed(name, make())


def main(size: int) -> int:
    """Says how many there were, which were bad, what was slowest and what needed most; 1 if any was bad."""
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
