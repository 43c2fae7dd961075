"""CloudFormation makes, changes or deletes the stack → its receipt rule set is the active one, or no longer.

Deployed where the parameter ActivateReceiptRules asks for it. CloudFormation waits for an answer, so it gets one
whatever happens: of what failed, the kind and the AWS call.
"""

from typing import Any

from aws.log import failed, observed, summary
from aws.stack import cloudformation
from services import activation


@observed
def handler(event: dict[str, Any], _context: Any) -> None:
    """A custom resource's event: `RequestType` is Create, Update or Delete."""
    try:
        rule_set = _carry_out(event)
    except activation.AnotherIsActive as refused:
        cloudformation.refuse(event, str(refused))
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation would wait for an answer
        failed("a function failed", error)
        cloudformation.refuse(event, f"{summary(error)}; the log of the function says more")
    else:
        cloudformation.agree(event, rule_set)


def _carry_out(event: dict[str, Any]) -> str:
    """Does what is asked, and returns the name of the rule set, which is the id of the resource."""
    if event["RequestType"] == "Delete":
        activation.deactivate(event["PhysicalResourceId"])
        return str(event["PhysicalResourceId"])
    rule_set = str(event["ResourceProperties"]["RuleSet"])
    activation.activate(rule_set, before=event.get("PhysicalResourceId", ""))
    return rule_set
