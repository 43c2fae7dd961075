"""SES's answers: each is one of three outcomes, and an unclear answer is unknown."""

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.config import Config
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from aws.ses import Mailer, Outcome, Quota, Refusal, Refused, Sent, Unknown
from content.emails import Email

EMAIL = Email("ann@example.net", "Zoë’s Course", "Hello", "<p>Hi</p>", "Hi", "token@reply.example.org", {"X-A": "b"})
URL = "https://email.eu-central-1.amazonaws.com"


class Wire:
    """Answers each request of one SES client, and remembers it."""

    def __init__(self, answer: Callable[[], AWSResponse]) -> None:
        self.requests: list[Any] = []
        self._answer = answer
        config = Config(retries={"total_max_attempts": 1})
        secrets = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.client = boto3.client("sesv2", region_name="eu-central-1", config=config, **secrets)  # type: ignore[call-overload]
        self.client.meta.events.register("before-send.sesv2", self._send)

    def _send(self, request: Any, **_: Any) -> AWSResponse:
        self.requests.append(request)
        return self._answer()


class Raw:
    """The body of an answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> list[bytes]:
        return [self._content]


def answer(status: int, body: str, error: str = "") -> Callable[[], AWSResponse]:
    headers = HeadersDict({"x-amzn-errortype": error} if error else {})
    return lambda: AWSResponse(URL, status, headers, Raw(body.encode()))  # type: ignore[arg-type]


def raising(error: Exception) -> Callable[[], AWSResponse]:
    def fail() -> AWSResponse:
        raise error

    return fail


def outcome(respond: Callable[[], AWSResponse]) -> tuple[Outcome, Wire]:
    wire = Wire(respond)
    return Mailer(wire.client, "course@example.org", "set").send(EMAIL, {"attempt": "0123"}), wire


def test_an_email_that_ses_accepts_is_sent_with_all_its_parts() -> None:
    sent, wire = outcome(answer(200, '{"MessageId": "ses-id"}'))
    assert sent == Sent("ses-id")
    body = wire.requests[0].body.decode()
    for part in (
        '"ann@example.net"',
        '"token@reply.example.org"',
        '"X-A"',
        '"attempt"',
        '"ConfigurationSetName": "set"',
    ):
        assert part in body
    assert "=?utf-8?" in body, "a name with other letters is encoded (RFC 2047)"


@pytest.mark.parametrize(
    ("status", "error", "message", "why"),
    [
        (429, "TooManyRequestsException", "Maximum sending rate exceeded.", Refusal.THROTTLED),
        (400, "LimitExceededException", "Daily message quota exceeded.", Refusal.THROTTLED),
        (400, "AccountSuspendedException", "suspended", Refusal.ACCOUNT),
        (400, "SendingPausedException", "paused", Refusal.ACCOUNT),
        (400, "MailFromDomainNotVerifiedException", "not verified", Refusal.ACCOUNT),
        (400, "MessageRejected", "Email address is not verified. ann@example.net", Refusal.ACCOUNT),
        (403, "AccessDeniedException", "not authorized", Refusal.ACCOUNT),
        (404, "NotFoundException", "no such configuration set", Refusal.ACCOUNT),
        (400, "MessageRejected", "Sending paused for this account. For more information, …", Refusal.ACCOUNT),
        (400, "MessageRejected", "Address blacklisted", Refusal.ADDRESS),
        (400, "BadRequestException", "Missing final '@domain'", Refusal.ADDRESS),
    ],
)
def test_a_clear_refusal_says_whether_it_concerns_the_rate_the_account_or_the_address(
    status: int, error: str, message: str, why: Refusal
) -> None:
    refused, _ = outcome(answer(status, f'{{"message": "{message}"}}', error))
    assert refused == Refused(why, error)


def test_g2_the_action_that_ses_denies_is_named_in_the_refusal() -> None:
    """The breaker stores it, and the audit shows it to the operator."""
    text = "User `arn:aws:sts::1:x' is not authorized to perform `ses:SendEmail' on resource `ann@example.net'"
    refused, _ = outcome(answer(403, f'{{"message": "{text}"}}', "AccessDeniedException"))
    assert refused == Refused(Refusal.ACCOUNT, "AccessDeniedException on SendEmail, which lacks ses:SendEmail")


@pytest.mark.parametrize(
    "respond",
    [
        raising(ReadTimeoutError(endpoint_url=URL)),
        raising(ConnectionClosedError(endpoint_url=URL)),
        answer(500, '{"message": "?"}', "InternalFailure"),
        answer(503, "", "ServiceUnavailable"),
        answer(200, "not json"),
    ],
    ids=["timeout", "closed", "500", "503", "garbled"],
)
def test_e2_an_email_that_ses_may_have_taken_is_unknown_and_requested_once(respond: Callable[[], AWSResponse]) -> None:
    unknown, wire = outcome(respond)
    assert unknown == Unknown()
    assert len(wire.requests) == 1


def test_a_connection_closed_while_the_process_was_frozen_loses_no_request() -> None:
    """The server answers one request on each connection, and resets it unread at the next request."""
    body = b'{"MessageId": "1"}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)

    class OnceOnly(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while b"Destination" not in self.request.recv(65536):
                pass
            self.request.sendall(head + body)
            self.request.recv(1, socket.MSG_PEEK)
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), OnceOnly) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        given: Any = {"region_name": "eu-central-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
        given["endpoint_url"] = f"http://127.0.0.1:{server.server_address[1]}"
        client = boto3.client("sesv2", config=Config(retries={"total_max_attempts": 1}), **given)
        mailer = Mailer(client, "course@mail.example.org", "feedback")
        assert mailer.send(EMAIL, {}) == Sent("1")
        assert mailer.send(EMAIL, {}) == Unknown()
        assert mailer.send(EMAIL, {}) == Sent("1")
        mailer.close_connections()
        assert mailer.send(EMAIL, {}) == Sent("1")
        server.shutdown()


@pytest.mark.parametrize("error", [EndpointConnectionError(endpoint_url=URL), ConnectTimeoutError(endpoint_url=URL)])
def test_an_email_that_never_reached_ses_was_not_taken(error: Exception) -> None:
    refused, wire = outcome(raising(error))
    assert refused == Refused(Refusal.THROTTLED, type(error).__name__)
    assert len(wire.requests) == 1


@pytest.mark.parametrize(
    ("quota", "left"), [((50000.0, 14.0, 49990.0), 10), ((200.0, 1.0, 300.0), 0), ((-1.0, 14.0, 5.0), 10**9 - 5)]
)
def test_the_capacity_is_the_one_that_ses_reports(quota: tuple[float, float, float], left: int) -> None:
    most, rate, sent = quota
    given = {"Max24HourSend": most, "MaxSendRate": rate, "SentLast24Hours": sent}
    body = json.dumps({"SendingEnabled": True, "SendQuota": given})
    capacity = Quota(Wire(answer(200, body)).client).capacity()
    assert (capacity.rate, capacity.left_today, capacity.refusal) == (rate, left, None)
    assert capacity.daily == (most if most > 0 else 10**9)


def test_a_paused_account_has_no_capacity() -> None:
    given = {"Max24HourSend": 1, "MaxSendRate": 1, "SentLast24Hours": 0}
    body = json.dumps({"SendingEnabled": False, "EnforcementStatus": "SHUTDOWN", "SendQuota": given})
    assert Quota(Wire(answer(200, body)).client).capacity().refusal == "SHUTDOWN"
