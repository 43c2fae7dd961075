"""Where boto3 meets moto: one lock, no way to the network, and every call of a function noted.

moto is not atomic across threads (10 of 100 conditional puts had two winners), hence the lock. Two short cuts save half
of its time: values of DynamoDB are answered as they are, where it looks for other spellings of each name in them; and
SNS signs nothing, where it makes a key and a certificate for each topic and message.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.sns.models import Subscription

MOTO = threading.RLock()
NEAR = ("localhost", "127.0.0.1", "::1")

Note = Callable[[str, str, dict[str, Any]], None]


class NetworkError(Exception):
    """Something asked for an address that moto does not answer for: in the local cloud nothing may."""


@contextmanager
def wired(note: Note) -> Iterator[None]:
    """Puts the lock in, closes the network, and gives `note` each call: service, operation, parameters."""
    process, call = BotocoreStubber.process_request, BaseClient._make_api_call  # type: ignore[attr-defined]
    structure = BaseJSONSerializer._serialize_type_structure

    def process_request(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        with MOTO:
            response = process(stubber, request)
        if response is None and urlsplit(str(request.url)).hostname not in NEAR:
            raise NetworkError(f"the local cloud has no {request.method} {request.url}")
        return response

    def make_api_call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        note(client.meta.service_model.signing_name, operation, parameters)
        return call(client, operation, parameters)

    def serialize(serializer: BaseJSONSerializer, answer: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue":
            answer[key] = json.loads(dynamo_json_dump(value))
        else:
            structure(serializer, answer, value, shape, key)

    envelope = Subscription.get_post_data
    BaseJSONSerializer._serialize_type_structure = serialize  # type: ignore[method-assign, assignment]
    Subscription.get_post_data = _unsigned  # type: ignore[method-assign, assignment]
    BotocoreStubber.process_request = process_request  # type: ignore[method-assign, assignment]
    BaseClient._make_api_call = make_api_call  # type: ignore[attr-defined]
    try:
        yield
    finally:
        Subscription.get_post_data = envelope  # type: ignore[method-assign]
        BaseJSONSerializer._serialize_type_structure = structure  # type: ignore[method-assign]
        BotocoreStubber.process_request = process  # type: ignore[method-assign]
        BaseClient._make_api_call = call  # type: ignore[attr-defined]


def _unsigned(
    subscription: Subscription, message: str, message_id: str, subject: str | None, message_attributes: Any = None
) -> dict[str, Any]:
    """What SNS puts round a message (SNS guide, "HTTP/HTTPS notification JSON format"), unsigned."""
    topic = subscription.topic.arn
    wrapped: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic,
        "Message": message,
        "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "SignatureVersion": "1",
        "Signature": "local",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/local.pem",
        "UnsubscribeURL": f"https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={topic}:local",
    }
    if subject:
        wrapped["Subject"] = subject
    if message_attributes:
        wrapped["MessageAttributes"] = message_attributes
    return wrapped
