"""The outbox queue. A message is a hint, never a fact: what is due is stored with the subscriber."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SENDERS = 2
"""Senders that run at the same time, as in template.yaml: each gets its share of the rate."""

SHARED_FROM = 8
"""Emails a second. Below this rate only one sender works: half of a lower rate may not be a whole number, and then too
many emails would fall into one second."""

IDS_A_MESSAGE = 1000
"""The most ids in one message, about 20 KB: SQS bills by 64 KB, and takes 256 KB."""
LATER = 300
"""Seconds after which a notice that SES did not take is tried again."""

STARTING_TIME = 20
"""Seconds that `send` may take to start the emails of one message. The rest of its minute is for the last of them."""


def ids_a_message(rate: float) -> int:
    """How many ids one message has at this rate (a second): as many as `send` can start in STARTING_TIME.

    With fewer ids, SES would be idle too often between two messages.
    """
    return max(1, min(IDS_A_MESSAGE, int(rate * STARTING_TIME)))


class Outbox:
    """Puts work for `send` into the queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def lessons(self, subscribers: Sequence[str], rate: float, senders: int = SENDERS, waiting: int = 0) -> None:
        """Asks `send` to look at these subscribers, at most `rate` of them a second by each sender.

        More than a second's work is divided evenly, so that no sender is idle while the other works. For one sender,
        each message is delayed until the one before it is done, and all of them until the `waiting` messages are done.
        """
        size = ids_a_message(rate)
        if len(subscribers) > rate:
            rounds = math.ceil(len(subscribers) / size / senders)
            size = math.ceil(len(subscribers) / rounds / senders)
        for number, start in enumerate(range(0, len(subscribers), size)):
            delay = 0 if senders > 1 else waiting * STARTING_TIME + number * math.ceil(size / rate + 1)
            self._send({"subscribers": list(subscribers[start : start + size]), "rate": rate}, delay)

    def form(self, key: str) -> None:
        """Asks `send` to carry out a stored form."""
        self._send({"form": key})

    def at_once(self, subscriber: str) -> None:
        """Asks `send` to look at one subscriber, who has just done something and waits for the email."""
        self._send({"subscribers": [subscriber]})

    def notice(
        self, name: str, subscriber: str, epoch: int, key: str, *, by_link: bool = False, last_today: bool = False
    ) -> None:
        """Asks for one notice. It is sent once, even if it is asked for several times with the same key.

        `by_link`: it adds that this was done by a link; `last_today`: it adds that no more such emails come today.
        """
        message = {"notice": name, "subscriber": subscriber, "epoch": epoch, "key": key}
        told = {"by_link": by_link, "no_more_today": last_today}
        self._send(message | {"told": [line for line, is_said in told.items() if is_said]})

    def again_later(self, message: Mapping[str, object]) -> None:
        """Asks again, later, for a notice that could not be sent now."""
        self._send(message, LATER)

    def erase(self, subscriber: str) -> None:
        """Asks `send` to continue an erasure."""
        self._send({"erase": subscriber})

    def waiting(self) -> int:
        """The number of messages that wait or are being worked on (SQS's count, which is approximate)."""
        counts = self._client.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesDelayed",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return sum(map(int, counts.values()))

    def _send(self, message: Mapping[str, object], delay: int = 0) -> None:
        self._client.send_message(QueueUrl=self._url, MessageBody=json.dumps(dict(message)), DelaySeconds=delay)
