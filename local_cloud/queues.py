"""SQS as Lambda's event source: gives batches to the handler, deletes succeeded messages, retries the others."""

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Queue, sqs_backends

from local_cloud.functions import Failure, Function, Functions, MessagesFailed
from local_cloud.intrinsics import Resolver, TemplateError, blamed
from local_cloud.physical import ACCOUNT, REGION

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

KNOWN = {
    "BatchSize",
    "Enabled",
    "EventSourceArn",
    "FunctionName",
    "FunctionResponseTypes",
    "MaximumBatchingWindowInSeconds",  # not applied: a batch here never waits for more messages
    "ScalingConfig",  # not applied: only one function runs at a time here
    "Tags",
}


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue at this moment: the bodies of its messages by their state."""

    logical_id: str
    waiting: tuple[str, ...]
    delayed: tuple[str, ...]
    in_flight: tuple[str, ...]
    is_dead_letters: bool


class EventSource:
    """One event source mapping: a queue and the function that gets its messages."""

    def __init__(self, logical_id: str, properties: dict[str, Any], functions: Functions, sqs: "SQSClient") -> None:
        if unknown := sorted(set(properties) - KNOWN):
            raise TemplateError(f"{logical_id}.{unknown[0]}: the local cloud does not know it")
        self.queue_arn: str = properties["EventSourceArn"]
        self.queue_name = self.queue_arn.rpartition(":")[2]
        self.url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{self.queue_name}"
        self.batch_size = int(properties.get("BatchSize", 10))
        self.enabled = properties.get("Enabled", True) in (True, "true")
        self.reports_failures = "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])
        self.function = _function(logical_id, properties["FunctionName"], functions)
        self._functions = functions
        self._sqs = sqs

    @property
    def queue(self) -> Queue:
        return sqs_backends[ACCOUNT][REGION].queues[self.queue_name]

    def poll(self) -> bool:
        """Gives one batch to the function. Returns False if no message could be received."""
        if not self.enabled or not self.queue.messages:
            return False
        messages = self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=min(self.batch_size, 10),
            MessageSystemAttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not messages:  # the received messages went to the dead-letter queue
            return bool(self.queue.messages)
        written = len(self._functions.logs)
        outcome = self._functions.invoke(self.function, {"Records": [self._record(m) for m in messages]})
        if outcome.error is None:
            failed = self._failed(outcome.payload, messages)
            done = [m for m in messages if m["MessageId"] not in failed]
            for message in done:
                self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            if failed:
                why = MessagesFailed(_reason(self._functions.logs[written:], len(failed), len(messages)))
                self._functions.failed(Failure(self.function.name, why))
        return True

    def next_visible(self) -> datetime | None:
        """The next time at which a delayed or in-flight message can be received."""
        now = datetime.now(UTC).timestamp() * 1000
        times = (max(m.visible_at, m.delayed_until) for m in self.queue._messages)
        later = [at for at in times if at >= now]
        # In moto a message becomes visible one millisecond later, and the messages of a batch are hidden one by one.
        return datetime.fromtimestamp(min(later) / 1000 + 0.02, UTC) if later and self.enabled else None

    def _failed(self, payload: Any, messages: list[Any]) -> set[str]:
        """Ids of failed messages. A malformed report fails the whole batch (Lambda guide, "batch item failures")."""
        everything = {message["MessageId"] for message in messages}
        if not self.reports_failures or not payload:
            return set()
        try:
            reported = {item["itemIdentifier"] for item in payload.get("batchItemFailures") or []}
        except (AttributeError, KeyError, TypeError):
            return everything
        return reported if reported <= everything else everything

    def _record(self, message: Any) -> dict[str, Any]:
        attributes = {
            name: {key[0].lower() + key[1:]: value for key, value in attribute.items()}
            for name, attribute in message.get("MessageAttributes", {}).items()
        }
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": attributes,
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue_arn,
            "awsRegion": REGION,
        }


def _function(logical_id: str, name: str, functions: Functions) -> Function:
    short = name.rpartition(":")[2]
    for function in functions.by_arn.values():
        if function.arn.rpartition(":")[2] == short:
            return function
    raise TemplateError(f"{logical_id}.FunctionName: there is no function {name}")


def event_sources(resolver: Resolver, functions: Functions, sqs: "SQSClient") -> list[EventSource]:
    found: list[EventSource] = []
    for logical_id, properties in resolver.resources("AWS::Lambda::EventSourceMapping"):
        with blamed(logical_id):
            found.append(EventSource(logical_id, properties, functions, sqs))
    return found


def _reason(lines: list[str], failed: int, received: int) -> str:
    """How many messages failed, and the errors that the handler logged."""
    found = [f"{failed} of {received} messages"]
    for line in lines:
        with suppress(ValueError):
            entry = json.loads(line)
            if isinstance(entry, dict) and entry.get("level") == "ERROR":
                found.append(" ".join(str(entry[key]) for key in ("message", "error", "where") if key in entry))
    return "; ".join(found)


def queue_states(resolver: Resolver) -> list[QueueState]:
    found = list(resolver.resources("AWS::SQS::Queue"))
    targets = {given["RedrivePolicy"]["deadLetterTargetArn"] for _, given in found if "RedrivePolicy" in given}
    return [_state(logical_id, str(resolver.ref(logical_id)).rpartition("/")[2], targets) for logical_id, _ in found]


def _state(logical_id: str, name: str, targets: set[str]) -> QueueState:
    queue = sqs_backends[ACCOUNT][REGION].queues[name]
    delayed = [message for message in queue._messages if message.delayed]
    hidden = [message for message in queue._messages if not message.visible and not message.delayed]
    return QueueState(
        logical_id,
        waiting=tuple(message.body for message in queue.messages),
        delayed=tuple(message.body for message in delayed),
        in_flight=tuple(message.body for message in hidden),
        is_dead_letters=queue.queue_arn in targets,
    )
