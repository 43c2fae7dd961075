"""Where boto3 meets moto: one lock, no way to the network, and every call of a function noted.

moto is not atomic across threads (10 of 100 conditional puts had two winners), hence the lock. Short cuts save half of
its time: values of DynamoDB are answered as they are, where it looks for other spellings of each name in them;
SNS signs nothing, where it makes a key and a certificate for each topic and message; no call is signed or describes its
client; what a class of moto's answers for is found out once, and a template is compiled once, however often it is
loaded.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.useragent import UserAgentString
from jinja2 import Environment
from moto.core import responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.sns.models import Subscription
from moto.sqs import models as queues

MOTO = threading.RLock()
NEAR = ("localhost", "127.0.0.1", "::1")

_compiled: dict[tuple[Any, ...], Any] = {}

Note = Callable[[str, str, dict[str, Any]], None]


class NetworkError(Exception):
    """Something asked for an address that moto does not answer for: in the local cloud nothing may."""


@contextmanager
def wired(note: Note) -> Iterator[None]:
    """Puts the lock in, closes the network, and gives `note` each call: service, operation, parameters."""
    process, call = BotocoreStubber.process_request, BaseClient._make_api_call  # type: ignore[attr-defined]
    structure, compiled = BaseJSONSerializer._serialize_type_structure, Environment.compile
    underscored = cache(camelcase_to_underscores)

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

    def compile_once(environment: Environment, source: str, *more: Any, **named: Any) -> Any:
        asked = (source, more, *named.items(), environment.autoescape, environment.trim_blocks)
        if asked not in _compiled:
            _compiled[asked] = compiled(environment, source, *more, **named)
        return _compiled[asked]

    with ExitStack() as patched:
        for owner, name, replacement in (
            (BotocoreStubber, "process_request", process_request),
            (BaseClient, "_make_api_call", make_api_call),
            (BaseJSONSerializer, "_serialize_type_structure", serialize),
            (Subscription, "get_post_data", _unsigned),
            (UserAgentString, "to_string", lambda _: "local"),
            (SigV4Auth, "canonical_request", lambda *_: ""),
            (SigV4Auth, "signature", lambda *_: "local"),
            (Environment, "compile", compile_once),
            (responses, "method_names_from_class", cache(method_names_from_class)),
            (responses, "camelcase_to_underscores", underscored),
            (queues, "camelcase_to_underscores", underscored),
        ):
            patched.enter_context(mock.patch.object(owner, name, replacement))
        yield


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
