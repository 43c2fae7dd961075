"""Schedules of the form rate(…): the next time at which each fires, and the event that its function gets."""

import json
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local_cloud.functions import Function, Functions
from local_cloud.intrinsics import Resolver, TemplateError, blamed
from local_cloud.physical import ACCOUNT, REGION, arn

RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)s?\)")


@dataclass
class Schedule:
    """One schedule of the template. The first firing is one period after the world began."""

    name: str
    arn: str
    function: Function
    expression: str
    every: timedelta
    next_at: datetime
    given: Any  # the template's own Input, if it has one
    source: str

    def event(self) -> Any:
        """EventBridge's event for this firing."""
        if self.given is not None:
            return self.given
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": self.source,
            "account": ACCOUNT,
            "time": self.next_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [self.arn],
            "detail": "{}" if self.source == "aws.scheduler" else {},
        }

    def fired(self, now: datetime) -> None:
        """Notes a firing. Missed firings count as one, such as those of a laptop that was asleep."""
        missed = max(0, (now - self.next_at) // self.every)
        self.next_at += self.every * (missed + 1)


def schedules(resolver: Resolver, functions: Functions, start: datetime) -> list[Schedule]:
    found: list[Schedule] = []
    for logical_id, properties in resolver.resources("AWS::Scheduler::Schedule", "AWS::Events::Rule"):
        if properties.get("State", "ENABLED") == "ENABLED":
            with blamed(logical_id):
                targets = properties["Targets"] if "Targets" in properties else [properties["Target"]]
                found += [_schedule(logical_id, properties, target, functions, start) for target in targets]
    return found


def _schedule(
    logical_id: str, properties: dict[str, Any], target: dict[str, Any], functions: Functions, start: datetime
) -> Schedule:
    expression = str(properties.get("ScheduleExpression", ""))
    match = RATE.fullmatch(expression)
    if not match:
        raise TemplateError(f"{logical_id}.ScheduleExpression: the local cloud knows only rate(…), not {expression!r}")
    function = functions.by_arn.get(str(target.get("Arn")))
    if function is None:
        raise TemplateError(f"{logical_id}.Target: there is no function {target.get('Arn')}")
    every = timedelta(**{f"{match[2]}s": int(match[1])})
    name = str(properties.get("Name", logical_id))
    by_scheduler = "Target" in properties
    return Schedule(
        name=name,
        arn=arn("scheduler", f"schedule/default/{name}") if by_scheduler else arn("events", f"rule/{name}"),
        function=function,
        expression=expression,
        every=every,
        next_at=start + every,
        given=_input(logical_id, target),
        source="aws.scheduler" if by_scheduler else "aws.events",
    )


def _input(logical_id: str, target: dict[str, Any]) -> Any:
    if "Input" not in target:
        return None
    try:
        return json.loads(target["Input"])
    except ValueError as error:
        raise TemplateError(f"{logical_id}.Input: not JSON") from error
