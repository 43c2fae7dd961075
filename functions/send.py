"""Message in the outbox → one email to each subscriber that it names, through SES. Only this function sends."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aws import clients
from aws.log import each_message, observed
from services import sign_ups
from services.sending import Sending, erasing, halted, notices
from services.sending.notices import Notice
from services.sending.pace import Pace

pace = Pace()


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handles an SQS event. A message is `{"subscribers": [id, …], "rate": per second}`, a form, notice or erasure.

    A message without a rate has one subscriber who has just acted and waits. If SES throttles this email, it stays due,
    and the next run of `dispatch` queues it.
    """
    clients.mailer().close_connections()
    sending = Sending(context.get_remaining_time_in_millis)

    def work(body: str, message_id: str) -> None:
        message = json.loads(body)
        halt = halted(clients.now())
        if "form" in message:
            waiting = sign_ups.carry_out(message["form"], clients.now())
            if not halt:
                _deliver_all(sending, waiting, None)
            clients.forms().done(message["form"])
        elif "notice" in message:
            if halt or not notices.send(sending, Notice.read(message), message_id, clients.now()):
                clients.outbox().again_later(message)
        elif "erase" in message:
            erasing.go_on(message["erase"], sending, clients.now(), may_send=not halt)
        elif not halt:  # otherwise they stay due
            _deliver_all(sending, message["subscribers"], message.get("rate"))

    return each_message(event, context, work)


def _deliver_all(sending: Sending, subscribers: list[str], rate: float | None) -> None:
    """Sends in parallel, at the pace. After all were tried, one failure fails the message."""
    with ThreadPoolExecutor(clients.THREADS) as pool:
        deliveries = [pool.submit(_deliver, sending, subscriber, rate) for subscriber in subscribers]
    for done in deliveries:
        done.result()


def _deliver(sending: Sending, subscriber: str, rate: float | None) -> None:
    """Starts one email at a time. It reads the clock after the wait, since a local day may end during it."""
    with pace.start_lock:
        if rate and sending.ready:
            pace.wait(rate, sending.throttled)
    sending.deliver(subscriber, clients.now())
