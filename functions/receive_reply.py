"""Inbound mail in the queue → a reflection, an obeyed command, or set aside. An auto-reply never gets an answer."""

from typing import Any

from aws import clients
from aws.inbound import arrival
from aws.log import each_message, observed
from aws.settings import settings
from services.receiving import receive


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handles an SQS event with SES's notifications in SNS messages."""
    return each_message(event, context, _receive)


def _receive(body: str, _message_id: str) -> None:
    if came := arrival(body, settings().inbound_topic):
        receive(came, clients.now())
