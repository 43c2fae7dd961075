"""CloudFormation creates, updates or deletes the stack → its receipt rule set is the active one, or no longer.

Deployed only where the parameter ActivateReceiptRules asks for it. CloudFormation waits for an answer, so it always
gets one. The answer to a failure names the kind of error and the AWS call.
"""

from typing import Any

from aws.log import failed, observed, summary
from aws.stack import cloudformation
from services import activation


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """Handles a custom resource's event, whose `RequestType` is Create, Update or Delete."""
    try:
        resource = _carry_out(event)
    except activation.AnotherIsActive as refused:
        cloudformation.refuse(event, str(refused), _rule_set(event))
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation would wait for an answer
        failed("a function failed", error)
        cloudformation.refuse(event, f"{summary(error)}; the log of the function says more", _rule_set(event))
    else:
        cloudformation.agree(event, resource)


def _carry_out(event: dict[str, Any]) -> str:
    """Does what CloudFormation asks, and returns the resource's id, which is the name of its rule set."""
    rule_set = str(event["ResourceProperties"]["RuleSet"])
    if event["RequestType"] == "Delete":
        # After a Create that was cancelled, timed out or lost its answer, the id is one of CloudFormation's own.
        activation.deactivate(event["PhysicalResourceId"], rule_set)
        return str(event["PhysicalResourceId"])
    activation.activate(rule_set, before=event.get("PhysicalResourceId", ""))
    return rule_set


def _rule_set(event: dict[str, Any]) -> str:
    """The name of the rule set, or nothing if the event lacks it."""
    return str(event.get("ResourceProperties", {}).get("RuleSet", ""))
