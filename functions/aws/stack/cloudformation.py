"""The answer that CloudFormation waits for when it has asked a function to create, update or delete a resource.

CloudFormation guide, "Custom resource request objects" and "Custom resource response objects".
"""

import json
from typing import Any
from urllib.request import Request, urlopen

PUTS = 3
SECONDS = 5
"""For each of them. All of them fit into the function's timeout, in addition to the work that was asked for."""

LONGEST_REASON = 1000
"""Characters. The whole answer may have 4,096 bytes."""


def agree(event: dict[str, Any], resource: str) -> None:
    """Answers that the request is done. A new id of the resource makes CloudFormation delete the previous resource."""
    _answer(event, {"Status": "SUCCESS", "PhysicalResourceId": resource})


def refuse(event: dict[str, Any], reason: str, resource: str = "") -> None:
    """Answers that the request failed: CloudFormation shows the reason and rolls back.

    `resource` is the id of the resource that was to be created. The attempt may have had an effect, and CloudFormation
    asks for its deletion by this id.
    """
    known = event.get("PhysicalResourceId") or resource or event.get("LogicalResourceId") or "none"
    _answer(event, {"Status": "FAILED", "Reason": reason[:LONGEST_REASON], "PhysicalResourceId": known})


def _answer(event: dict[str, Any], said: dict[str, str]) -> None:
    """Sends the answer. Raises OSError if it cannot: Lambda then runs the function again with the same event."""
    same = {name: event.get(name, "") for name in ("StackId", "RequestId", "LogicalResourceId")}
    # S3's signature in the address covers an empty content type, and urllib would add one.
    request = Request(  # noqa: S310 - CloudFormation's own address
        event["ResponseURL"], json.dumps({**same, **said}).encode(), {"Content-Type": ""}, method="PUT"
    )
    for left in reversed(range(PUTS)):
        try:
            with urlopen(request, timeout=SECONDS):  # noqa: S310
                return
        except OSError:
            if not left:
                raise
