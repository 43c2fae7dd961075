"""The connection of boto3 to moto: one lock, no access to the network, and a note of every call by a function.

The lock is needed because moto is not atomic across threads (10 of 100 conditional puts had two winners). Shortcuts
save most of moto's time:

- A request to DynamoDB goes straight to moto's handler. moto would find the service by the address and make a second
  web request.
- Values of DynamoDB are answered as they are. moto would look for other spellings of each name in them.
- SNS signs nothing. moto would make a key and a certificate for each topic and message.
- No call is signed or describes its client, and no answer has a random id.
- The methods of moto's response classes, a client's paginators and a service's address are looked up once.
- A Jinja template is compiled once, even if it is loaded again.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest
from botocore.client import BaseClient
from botocore.exceptions import OperationNotPageableError
from botocore.model import OperationModel
from botocore.paginate import Paginator
from botocore.regions import EndpointRulesetResolver
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString
from jinja2 import Environment
from moto import backend_index
from moto.core import responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.serialize import BaseJSONSerializer
from moto.core.utils import camelcase_to_underscores, method_names_from_class
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoHandler
from moto.sns.models import Subscription
from moto.sqs import models as queues
from werkzeug.http import http_date

from local_cloud.physical import ACCOUNT, REGION

MOTO = threading.RLock()
NEAR = ("localhost", "127.0.0.1", "::1")
DYNAMODB = f"https://dynamodb.{REGION}.amazonaws.com/"
OURS = ("dynamodb", "s3", "secretsmanager", "ses", "sesv2", "sns", "sqs")
"""Services for which moto's address patterns are tried first, in moto's order."""
ONE_ADDRESS = ("dynamodb", "secretsmanager", "sns", "sqs")
"""Services whose address does not depend on the request, unlike S3's, which depends on the bucket."""

_compiled: dict[tuple[Any, ...], Any] = {}

Note = Callable[[str, str, dict[str, Any]], None]


class NetworkError(Exception):
    """A request to an address that moto does not answer for, which the local cloud forbids."""


@contextmanager
def wired(note: Note) -> Iterator[None]:
    """Adds the lock, blocks the network, and calls `note` with each call: service, operation, parameters."""
    process, call = BotocoreStubber.process_request, BaseClient._make_api_call  # type: ignore[attr-defined]
    structure, compiled = BaseJSONSerializer._serialize_type_structure, Environment.compile
    sign, address = RequestSigner.sign, EndpointRulesetResolver.construct_endpoint
    addresses: dict[tuple[EndpointRulesetResolver, str], Any] = {}
    underscored = cache(camelcase_to_underscores)

    def process_request(stubber: BotocoreStubber, request: AWSPreparedRequest) -> Any:
        with MOTO:
            response = _dynamodb(request) if request.url == DYNAMODB else process(stubber, request)
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

    def signed(signer: RequestSigner, operation: str, request: AWSRequest, *more: Any, **named: Any) -> None:
        if request.url != DYNAMODB:
            sign(signer, operation, request, *more, **named)

    def address_once(resolver: EndpointRulesetResolver, operation_model: OperationModel, **asked: Any) -> Any:
        if operation_model.service_model.service_name not in ONE_ADDRESS:
            return address(resolver, operation_model, **asked)
        if (resolver, operation_model.name) not in addresses:
            addresses[resolver, operation_model.name] = address(resolver, operation_model, **asked)
        return addresses[resolver, operation_model.name]

    with ExitStack() as patched:
        for owner, name, replacement in (
            (backend_index, "backend_url_patterns", _ours_first(backend_index.backend_url_patterns)),
            (BotocoreStubber, "process_request", process_request),
            (BaseClient, "_make_api_call", make_api_call),
            (BaseClient, "get_paginator", _paginator),
            (EndpointRulesetResolver, "construct_endpoint", address_once),
            (RequestSigner, "sign", signed),
            (BaseJSONSerializer, "_serialize_type_structure", serialize),
            (Subscription, "get_post_data", _unsigned),
            (UserAgentString, "to_string", lambda _: "local"),
            (SigV4Auth, "canonical_request", lambda *_: ""),
            (SigV4Auth, "signature", lambda *_: "local"),
            (Environment, "compile", compile_once),
            (responses, "method_names_from_class", cache(method_names_from_class)),
            (responses, "camelcase_to_underscores", underscored),
            (responses, "gen_amzn_requestid_long", _request_id),
            (queues, "camelcase_to_underscores", underscored),
        ):
            patched.enter_context(mock.patch.object(owner, name, replacement))
        yield


def _dynamodb(request: AWSPreparedRequest) -> Any:
    """The answer of moto's handler: status, headers, body. It gets the parts of a web request that it reads."""
    headers = {name: _text(request.headers[name]) for name in ("X-Amz-Target", "Content-Type")}
    handler = DynamoHandler()
    handler.headers, handler.querystring, handler.uri_match = headers, {}, {}
    handler.region, handler.current_account = REGION, ACCOUNT
    handler.response_headers = {"server": "amazon.com", "date": http_date(datetime.now(UTC))}
    asked: Any = SimpleNamespace(
        method="POST", path="/", values={}, headers=headers, data=request.body, content_type=headers["Content-Type"]
    )
    handler.parse_parameters(asked)
    return handler.call_action()


def _ours_first(patterns: list[Any]) -> list[Any]:
    return sorted(patterns, key=lambda pattern: pattern[0] not in OURS)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")


def _paginator(client: BaseClient, operation: str) -> "Paginator[Any]":
    """The client's own paginator. botocore would make a class with a docstring for each."""
    if not client.can_paginate(operation):
        raise OperationNotPageableError(operation_name=operation)
    name = client.meta.method_to_api_mapping[operation]
    config = client._cache["page_config"][name]  # type: ignore[attr-defined]
    return Paginator(getattr(client, operation), config, client.meta.service_model.operation_model(name))


def _request_id(headers: dict[str, Any]) -> str:
    headers["x-amzn-requestid"] = "local"
    return "local"


def _unsigned(
    subscription: Subscription, message: str, message_id: str, subject: str | None, message_attributes: Any = None
) -> dict[str, Any]:
    """SNS's envelope of a message (SNS guide, "HTTP/HTTPS notification JSON format"), unsigned."""
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
