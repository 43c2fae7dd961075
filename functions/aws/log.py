"""Logs and metrics. They hold ids, counts and reasons, never an address, a token or a person's words."""

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import ClientError

from course.errors import EmailCourseError

FUNCTIONS = Path(__file__).parents[1]
PACKAGES = frozenset({"aws", "content", "course", "replies", "services"})
"""Our own packages in `FUNCTIONS`. Once deployed, the packages of the libraries are in the same folder."""

_DENIED = re.compile(r"not authorized to perform:? [`']?([a-z0-9-]+:[A-Za-z]+)")
"""The action that AWS denied, as AWS names it: a call to S3 or DynamoDB can fail because `kms:Decrypt` is denied."""

_COUNTING = Lock()  # Powertools' metrics are not made for threads
logger = Logger()
metrics = Metrics()


class Failed(EmailCourseError):
    """Raised instead of a handler's error: Lambda prints an error's text, which can hold a person's words."""


def observed(work: Callable[[dict[str, Any], Any], Any]) -> Callable[[dict[str, Any], Any], Any]:
    """A Lambda handler that has the request's id in its logs, and writes out its counts at its end.

    Its errors are logged and counted, and raised without their text.
    """

    @logger.inject_lambda_context
    def handler(event: dict[str, Any], context: Any) -> Any:
        try:
            return work(event, context)
        except Exception as error:  # noqa: BLE001 - Lambda must not print the text of any error
            failed("a function failed", error)
            raise Failed(summary(error)) from None
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()

    return handler


def count(name: str, number: int = 1) -> None:
    """Counts something in CloudWatch, through the log (embedded metric format)."""
    with _COUNTING:
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def failed(what: str, error: BaseException, *, counted_as: str = "Failed", **ids: str) -> None:
    """Logs and counts a failure: the kind of error, and where it happened.

    For an AWS call it adds the error's code, the operation and the denied action. The error's text is never logged: it
    can hold an address, or what a person wrote.
    """
    known: dict[str, Any] = {"error": type(error).__name__, "where": where(error), **ids}
    if isinstance(error, ClientError):
        known |= {"code": error.response["Error"]["Code"], "operation": error.operation_name}
        known |= {"denied": action} if (action := denied(error)) else {}
    logger.error(what, **known)
    count(counted_as)


def summary(error: BaseException) -> str:
    """An error in a few words, without its text: its kind, or code and operation of an AWS call."""
    if not isinstance(error, ClientError):
        return type(error).__name__
    lacks = f", which lacks {action}" if (action := denied(error)) else ""
    return f"{error.response['Error']['Code']} on {error.operation_name}{lacks}"


def denied(error: ClientError) -> str:
    """The IAM action that AWS names as denied, or empty. Nothing else from the error's text is repeated."""
    found = _DENIED.search(str(error.response["Error"].get("Message", "")))
    return found[1] if found else ""


def each_message(event: dict[str, Any], context: Any, work: Callable[[str, str], object]) -> dict[str, Any]:
    """Works on each queue message separately (body, id): only the messages that fail come back."""

    def one(record: SQSRecord) -> None:
        try:
            work(record.body, record.message_id)
        except Exception as error:
            failed("a message failed", error, message_id=record.message_id)
            raise

    processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
    return dict(process_partial_response(event=event, record_handler=one, processor=processor, context=context))


def where(error: BaseException) -> str:
    """The last place in our own code, or in a template, that an error came through."""
    frames = [(Path(frame.f_code.co_filename), line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(file, line) for file, line in frames if _is_ours(file) or file.suffix == ".j2"]
    file, line = (ours or frames)[-1]
    return file.name if file.suffix == ".j2" else f"{file.name}:{line}"


def _is_ours(file: Path) -> bool:
    """Whether a file is a function, or is in one of our packages at any depth."""
    if not file.is_relative_to(FUNCTIONS):
        return False
    folder, *below = file.relative_to(FUNCTIONS).parts
    return not below or folder in PACKAGES
