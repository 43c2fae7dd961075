"""The operator's requests to a stack, on AWS or on this machine: its audit function answers Lambda's Invoke."""

import json
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from local_cloud.physical import REGION

LINES = ("sent", "claimed", "not due", "due", "overdue", "paused", "held")
"""Lines of the account that add up to all active subscribers."""
ELSEWHERE = ("pending", "completed", "unsubscribed", "bounced", "complained")
BESIDE = (
    *("in doubt", "paused by bounces", "lessons passed over", "of newer code"),
    *("asked whether to keep", "put right in the index"),
    *("reflections deleted", "sign-ups forgotten", "lost mail set aside"),
)
PATIENCE = 310
"""Seconds to wait for an answer: the audit of a large table may take its function's whole timeout (300 s)."""

Answer = dict[str, Any]


class OperatorError(Exception):
    """The stack could not be asked. The message is one line that says what to do."""


def on_one_line(error: BotoCoreError) -> str:
    """Why AWS was not reached; without a region, also which variable to set."""
    hint = " (set AWS_REGION to the stack's)" if isinstance(error, NoRegionError) else ""
    return f"{' '.join(str(error).split())}{hint}"


class Stack:
    """A deployed stack by its name, or the local cloud by its address, such as http://localhost:8000."""

    def __init__(self, name: str, local: str = "") -> None:
        self._function = f"{name}-audit"
        self._local = local.rstrip("/") if "://" in local or not local else f"http://{local.rstrip('/')}"
        # No retry: a repeated release would answer that the subscriber is not held.
        self._config = Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1})

    def audit(self) -> Answer:
        """The account of the day as of now."""
        return self._ask({})

    def release(self, subscriber: str, *, arrived: bool) -> Answer:
        """Releases a held subscriber. `arrived`: the email in doubt did arrive."""
        return self._ask({"release": subscriber, "arrived": arrived})

    def resume_all(self) -> Answer:
        """Lets the stack send from the table that it has now."""
        return self._ask({"resume_all": True})

    def inbox(self) -> Answer:
        """The mail that was set aside."""
        return self._ask({"inbox": True})

    def accept(self, mail: str, subscriber: str, lesson: str) -> Answer:
        """Turns a mail that was set aside into a reflection. Subscriber and lesson may be empty."""
        return self._ask({"accept": mail, "subscriber": subscriber, "lesson": lesson})

    def _ask(self, event: Answer) -> Answer:
        try:
            answer = self._client().invoke(FunctionName=self._function, Payload=json.dumps(event).encode())
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ResourceNotFoundException":
                raise OperatorError(
                    f"there is no function {self._function} in this account and region; --stack names the stack"
                ) from error
            raise OperatorError(f"AWS refused: {code}; this needs lambda:InvokeFunction on {self._function}") from error
        except BotoCoreError as error:
            where = f"nothing answers at {self._local}; is `make run` running? " if self._local else ""
            raise OperatorError(f"{where}{on_one_line(error)}") from error
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            # A handler raises Failed with the kind of the original error as its text (aws/log.py).
            kind = payload.get("errorMessage" if payload.get("errorType") == "Failed" else "errorType")
            raise OperatorError(f"{self._function} failed ({kind}); its log says more")
        return dict(payload)

    def _client(self) -> Any:
        if not self._local:
            return boto3.client("lambda", config=self._config)
        return boto3.client(
            "lambda",
            endpoint_url=f"{self._local}/_local",
            region_name=REGION,
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106  the local cloud checks no secret
            config=self._config,
        )


def account(answer: Answer) -> str:
    """The account as text for the operator."""
    counted = answer["account"]
    lines = [f"The account at {_time(answer['at'])}:", ""]
    lines += [f"  {counted[name]:>7}  {name}" for name in LINES]
    lines += [f"  {'-' * 7}", f"  {counted['active']:>7}  active", ""]
    if not adds_up(answer):
        lines += ["These do not add up: a subscriber is lost. Please report it.", ""]
    others = [f"{name} {counted[name]}" for name in ELSEWHERE if counted.get(name)]
    others += [f"{name} {counted[name]}" for name in BESIDE if counted.get(name)]
    if others:
        lines += [f"Also: {', '.join(others)}.", ""]
    if answer["overdue"]:
        lines += [f"Overdue: {', '.join(answer['overdue'])}.", ""]
    if answer["paused by bounces"]:
        lines += ["Paused, because emails to them kept bouncing (transient bounces):", ""]
        lines += [f"  {one['id']}  {_until(one['until'])}" for one in answer["paused by bounces"]]
        lines.append("")
    if answer["held"]:
        lines += ["Held until an operator has looked; `email-course release ID` releases one:", ""]
        lines += [f"  {held['id']}  {held['why']}" for held in answer["held"]]
        if (more := answer["held in all"] - len(answer["held"])) > 0:
            lines.append(f"  … and {more} more")
        lines.append("")
    if answer["stopped"]:
        lines += [f"No email is sent: {answer['stopped']}.", ""]
    return "\n".join(lines).rstrip()


def _until(day: str) -> str:
    return f"until {day}" if day else "until they resume, after the third such pause in a row"


def adds_up(answer: Answer) -> bool:
    """Whether sent + claimed + not due + due + overdue + paused + held = active."""
    counted = answer["account"]
    return bool(sum(counted[name] for name in LINES) == counted["active"])


def before_resuming(answer: Answer) -> str:
    """What resuming means for this table."""
    latest = f"Its last lesson was sent at {_time(answer['latest'])}." if answer["latest"] else "No lesson was sent."
    return (
        f"{answer['account']['active']} subscribers of this table are in the middle of a course. {latest}\n"
        "The table does not know what happened after that: later lessons are sent again, and subscribers who stopped\n"
        "later are active again. SES's own suppression list still has the addresses that bounced or complained."
    )


def released(subscriber: str, answer: Answer) -> str:
    """The outcome of a release, as one line."""
    if not answer["released"]:
        return f"{subscriber}: {answer['why']}"
    due = f"the next email is due at {_time(answer['next'])}" if answer["next"] else "no email is due"
    return f"{subscriber}: released; {due}. The reason was: {answer['why']}."


def inbox(answer: Answer) -> str:
    """The list of the mail that was set aside, as text for the operator; never the mail's own text."""
    if not answer["inbox"]:
        return "No mail is set aside."
    lines = [f"  {_time(one['at'])}  {one['id']}  {one['why']}" for one in answer["inbox"]]
    lines += [f"  … and {answer['more']} more"] if answer["more"] else []
    return "\n".join(
        ["Set aside; `email-course inbox accept ID` turns one into its subscriber's reflection:", "", *lines]
    )


def accepted(mail: str, answer: Answer) -> str:
    """The outcome of accepting a mail, as one line."""
    if not answer["accepted"]:
        return f"{mail}: not accepted: {answer['why']}"
    where = f"lesson {answer['lesson']}, round {answer['round']}" if answer["lesson"] else f"round {answer['round']}"
    return f"{mail}: now a reflection of {answer['subscriber']}, {where}"


def _time(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
