"""Message in the outbox → one email to each subscriber it names, through SES; the only function that sends."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws import clients
from aws.log import each_message, observed
from services.pace import Pace
from services.sending import Postman, stopped_for_all

pace = Pace()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event with `{"subscribers": [id, …], "rate": per second}` or one notice a message.

    Without a rate it is one subscriber who waits for the email: should SES be too busy, the next tick comes round.
    """
    clients.mailer().connect_anew()
    postman = Postman(
        clients.site(),
        clients.subscribers(),
        clients.reflections(),
        clients.limits(),
        clients.mailer(),
        context.get_remaining_time_in_millis,
    )

    def work(body: str, message_id: str) -> None:
        message = json.loads(body)
        stopped = stopped_for_all(clients.now())
        if "notice" in message:
            asked = message["notice"], message["subscriber"], message["epoch"], message["key"]
            if stopped or not postman.notice(*asked, message_id, clients.now()):
                clients.outbox().notice(*asked, later=True)
        elif not stopped:
            _deliver_all(postman, message["subscribers"], message.get("rate"))

    return each_message(event, context, work)


def _deliver_all(postman: Postman, subscribers: list[str], rate: float | None) -> None:
    """In parallel, started at the pace. What fails fails the message, once all have had their turn."""
    with ThreadPoolExecutor(clients.SENDERS) as pool:
        deliveries = [pool.submit(_deliver, postman, subscriber, rate) for subscriber in subscribers]
    for done in deliveries:
        done.result()


def _deliver(postman: Postman, subscriber: str, rate: float | None) -> None:
    """One starts after the other, also those that waited for a thread while SES was slow. Who finds the postman no
    longer ready stays due, and comes round with the next tick.

    The time is that of the attempt, not of its place in the line: a day may have ended meanwhile.
    """
    with pace.line:
        if rate and postman.ready:
            pace.wait(rate, postman.throttled)
    postman.deliver(subscriber, clients.now())
