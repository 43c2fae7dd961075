"""The outbox queue. What it holds is a hint, never a fact: who is due is stored with the subscriber."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

SENDERS = 2
"""Senders that run at once, as in template.yaml: each gets its share of the rate."""

SHARED_FROM = 8
"""Emails a second. Below, one sender works at a time: halves of less are not whole, and too many fall into a second."""

IDS_A_MESSAGE = 1000
"""About 20 KB: SQS bills by 64 KB and takes 256."""
LATER = 300
"""Seconds after which a notice is tried again that SES did not take for now."""

STARTING_TIME = 20
"""Seconds that `send` may take to start the deliveries of one message: the rest of its minute is for the last."""


def ids_a_message(rate: float) -> int:
    """How many ids one message carries at this rate (a second): as many as can be started in time.

    A message that is over sooner would leave SES idle between two of them for too much of the time.
    """
    return max(1, min(IDS_A_MESSAGE, int(rate * STARTING_TIME)))


class Outbox:
    """Puts work for `send` into the queue."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def lessons(self, subscribers: Sequence[str], rate: float, senders: int = SENDERS, waiting: int = 0) -> None:
        """Asks `send` to look at these subscribers, at most `rate` of them a second by each sender.

        What is more than a second's work is shared out evenly, so that neither sender is idle while the other works.
        For one sender, each message appears when the one before is done, after the `waiting` ones.
        """
        size = ids_a_message(rate)
        if len(subscribers) > rate:
            rounds = math.ceil(len(subscribers) / size / senders)
            size = math.ceil(len(subscribers) / rounds / senders)
        for number, start in enumerate(range(0, len(subscribers), size)):
            delay = 0 if senders > 1 else waiting * STARTING_TIME + number * math.ceil(size / rate + 1)
            self._send({"subscribers": list(subscribers[start : start + size]), "rate": rate}, delay)

    def form(self, key: str) -> None:
        """Asks `send` to carry out a form that waits."""
        self._send({"form": key})

    def at_once(self, subscriber: str) -> None:
        """Asks `send` to look at one subscriber who has just done something and waits for the email."""
        self._send({"subscribers": [subscriber]})

    def notice(
        self, name: str, subscriber: str, epoch: int, key: str, *, by_link: bool = False, last_today: bool = False
    ) -> None:
        """Asks for one notice. However often it is asked with the same key, it is sent once.

        `by_link`: it tells of a press, and so how that could come about; `last_today`: as the last one of the day.
        """
        message = {"notice": name, "subscriber": subscriber, "epoch": epoch, "key": key}
        told = {"by_link": by_link, "no_more_today": last_today}
        self._send(message | {"told": [line for line, is_said in told.items() if is_said]})

    def again_later(self, message: Mapping[str, object]) -> None:
        """Asks for a notice again that could not be sent just now."""
        self._send(message, LATER)

    def erase(self, subscriber: str) -> None:
        """Asks `send` to go on with an erasure."""
        self._send({"erase": subscriber})

    def waiting(self) -> int:
        """Messages that wait or are being worked on (approximate, as SQS counts)."""
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
