"""Message in the outbox → one email to each subscriber it names, through SES; the only function that sends."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws import clients
from aws.log import each_message, observed
from aws.postman import Postman


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event with `{"subscribers": [id, …], "rate": per second}` or one notice a message."""
    postman = Postman(
        clients.site(),
        clients.subscribers(),
        clients.reflections(),
        clients.limits(),
        clients.mailer(),
        context.get_remaining_time_in_millis,
    )

    def work(body: str) -> None:
        message = json.loads(body)
        if "notice" in message:
            key, epoch = message["key"], message["epoch"]
            postman.notice(message["notice"], message["subscriber"], epoch, key, clients.now())
        elif not clients.limits().breaker_open(clients.now()):
            _deliver_all(postman, message["subscribers"], message["rate"])

    return each_message(event, context, work)


def _deliver_all(postman: Postman, subscribers: list[str], rate: float) -> None:
    """In parallel, started at no more than the rate. What fails fails the message, once all have had their turn."""
    with ThreadPoolExecutor(clients.SENDERS) as pool:
        deliveries = []
        for number, subscriber in enumerate(subscribers):
            if number:
                time.sleep(1 / rate)
            deliveries.append(pool.submit(_deliver, postman, subscriber))
    for done in deliveries:
        done.result()


def _deliver(postman: Postman, subscriber: str) -> None:
    """The time is that of the attempt, not of its place in the line: a day may have ended meanwhile."""
    postman.deliver(subscriber, clients.now())
