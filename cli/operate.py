"""What an operator asks of a stack, on AWS or on this machine: its audit function answers, by Lambda’s Invoke."""

import json
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from local_cloud.physical import REGION

LINES = ("sent", "claimed", "not due", "due", "overdue", "paused", "held")
"""They add up to everyone who is in the middle of a course."""
ELSEWHERE = ("pending", "completed", "unsubscribed", "bounced", "complained")
BESIDE = (
    *("in doubt", "paused by bounces", "lessons passed over", "of newer code"),
    *("asked whether to keep", "put right in the index"),
    *("reflections deleted", "sign-ups forgotten", "lost mail set aside"),
)
PATIENCE = 310
"""Seconds: the audit of a large table takes as long as its function may (300 s)."""

Answer = dict[str, Any]


class OperatorError(Exception):
    """The stack could not be asked. One line, and what to do."""


def on_one_line(error: BotoCoreError) -> str:
    """Why AWS was not reached, and what to set if it is the region."""
    hint = " (set AWS_REGION to the stack's)" if isinstance(error, NoRegionError) else ""
    return f"{' '.join(str(error).split())}{hint}"


class Stack:
    """A deployed stack by its name, or the local cloud by its address, such as http://localhost:8000."""

    def __init__(self, name: str, local: str = "") -> None:
        self._function = f"{name}-audit"
        self._local = local.rstrip("/") if "://" in local or not local else f"http://{local.rstrip('/')}"
        # Asked once: a release that was repeated would say that nobody is held.
        self._config = Config(read_timeout=PATIENCE, retries={"total_max_attempts": 1})

    def audit(self) -> Answer:
        """The account of the day as of now."""
        return self._ask({})

    def release(self, subscriber: str, *, arrived: bool) -> Answer:
        """Lets a held subscriber go on. `arrived`: the email in doubt did come."""
        return self._ask({"release": subscriber, "arrived": arrived})

    def resume_all(self) -> Answer:
        """Lets the stack send from the table that it has now."""
        return self._ask({"resume_all": True})

    def inbox(self) -> Answer:
        """The mail that is set aside."""
        return self._ask({"inbox": True})

    def accept(self, mail: str, subscriber: str, lesson: str) -> Answer:
        """Makes a mail that is set aside a reflection. Subscriber and lesson may be left empty."""
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
            raise OperatorError(f"AWS refused: {code}; it takes lambda:InvokeFunction on {self._function}") from error
        except BotoCoreError as error:
            where = f"nothing answers at {self._local}; is `make run` going? " if self._local else ""
            raise OperatorError(f"{where}{on_one_line(error)}") from error
        payload = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            # A handler's own error has the kind of what failed it for a text (aws/log.py).
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
            aws_secret_access_key="local",  # noqa: S106  the local cloud asks for none
            config=self._config,
        )


def account(answer: Answer) -> str:
    """The account as an operator reads it."""
    counted = answer["account"]
    lines = [f"The account at {_time(answer['at'])}:", ""]
    lines += [f"  {counted[name]:>7}  {name}" for name in LINES]
    lines += [f"  {'-' * 7}", f"  {counted['active']:>7}  active", ""]
    if not adds_up(answer):
        lines += ["These do not add up: somebody is lost. Please report it.", ""]
    others = [f"{name} {counted[name]}" for name in ELSEWHERE if counted.get(name)]
    others += [f"{name} {counted[name]}" for name in BESIDE if counted.get(name)]
    if others:
        lines += [f"Beside them: {', '.join(others)}.", ""]
    if answer["overdue"]:
        lines += [f"Overdue: {', '.join(answer['overdue'])}.", ""]
    if answer["paused by bounces"]:
        lines += ["Paused, since their mailboxes kept sending emails back for now:", ""]
        lines += [f"  {one['id']}  {_until(one['until'])}" for one in answer["paused by bounces"]]
        lines.append("")
    if answer["held"]:
        lines += ["Held until somebody has looked; `email-course release ID` lets one go on:", ""]
        lines += [f"  {held['id']}  {held['why']}" for held in answer["held"]]
        if (more := answer["held in all"] - len(answer["held"])) > 0:
            lines.append(f"  … and {more} more")
        lines.append("")
    if answer["stopped"]:
        lines += [f"Nobody is sent to: {answer['stopped']}.", ""]
    return "\n".join(lines).rstrip()


def _until(day: str) -> str:
    return f"until {day}" if day else "until they resume, after the third such pause in a row"


def adds_up(answer: Answer) -> bool:
    """sent + claimed + not due + due + overdue + paused + held = active."""
    counted = answer["account"]
    return bool(sum(counted[name] for name in LINES) == counted["active"])


def before_resuming(answer: Answer) -> str:
    """What resuming means for this table."""
    latest = f"Its last lesson was sent at {_time(answer['latest'])}." if answer["latest"] else "It knows of no lesson."
    return (
        f"{answer['account']['active']} subscribers of this table are in the middle of a course. {latest}\n"
        "Whatever happened after that it does not know: lessons sent since go out once more, and who has stopped\n"
        "since is active again. SES's own suppression list still holds who bounced or complained."
    )


def released(subscriber: str, answer: Answer) -> str:
    """What became of a release."""
    if not answer["released"]:
        return f"{subscriber}: {answer['why']}"
    due = f"the next email is due at {_time(answer['next'])}" if answer["next"] else "no email is due"
    return f"{subscriber}: goes on; {due}. It was held: {answer['why']}."


def inbox(answer: Answer) -> str:
    """What is set aside, as an operator reads it: never what it says."""
    if not answer["inbox"]:
        return "No mail is set aside."
    lines = [f"  {_time(one['at'])}  {one['id']}  {one['why']}" for one in answer["inbox"]]
    lines += [f"  … and {answer['more']} more"] if answer["more"] else []
    return "\n".join(
        ["Set aside; `email-course inbox accept ID` makes one a reflection of whom it is addressed by:", "", *lines]
    )


def accepted(mail: str, answer: Answer) -> str:
    """What became of a mail."""
    if not answer["accepted"]:
        return f"{mail}: not accepted: {answer['why']}"
    where = f"lesson {answer['lesson']}, round {answer['round']}" if answer["lesson"] else f"round {answer['round']}"
    return f"{mail}: a reflection of {answer['subscriber']} now, {where}"


def _time(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC"
