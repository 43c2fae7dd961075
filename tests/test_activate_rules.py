"""Tests the custom resource that makes the stack's receipt rule set the active one, and that it always answers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from aws.stack import cloudformation
from local_cloud import custom
from local_cloud.cloud import World
from local_cloud.functions import Crash
from tests.conftest import MONDAY
from tests.metrics import goes_off
from tests.test_events import event, shape
from tests.test_first_deployment import rule_set
from tests.test_policies import grants, policies, refused, unused

THEIRS = "default-rule-set"


@pytest.fixture
def world() -> Iterator[World]:
    """A deployed stack whose rule set is the active one."""
    with World(start=MONDAY, parameters={"ActivateReceiptRules": "yes"}) as world:
        world.clients.ses.create_receipt_rule_set(RuleSetName=THEIRS)
        yield world
        assert not world.failures


def asks(world: World, what: str, rule_set_name: str = "", before: str = "") -> dict[str, Any]:
    """Returns the answer that CloudFormation gets to Create, Update or Delete."""
    given = dict(world.resources.properties("ActiveReceiptRules"))
    given["RuleSet"] = rule_set_name or given["RuleSet"]
    asked = custom.request(what, "ActiveReceiptRules", "Custom::ActiveReceiptRules", given, before)
    answer = custom.ask(world.functions, asked)
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        name: asked[name] for name in ("StackId", "RequestId", "LogicalResourceId")
    }
    return answer


def test_n5_deleting_the_stack_leaves_no_rule_set_active(world: World) -> None:
    ours = world.resources.ref("ReceiptRules")
    for _ in range(2):  # CloudFormation may ask twice
        assert asks(world, "Delete", before=ours)["Status"] == "SUCCESS"
        assert rule_set(world) == ""
    world.clients.ses.delete_receipt_rule_set(RuleSetName=ours)  # SES refuses this of an active one


def test_n5_a_create_whose_answer_was_lost_is_undone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """SES made the rule set active, and its answer was lost: CloudFormation rolls back with the id in our answer."""
    ours = world.resources.ref("ReceiptRules")
    world.clients.ses.set_active_receipt_rule_set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def loses(client: BaseClient, operation: str, given: dict[str, Any]) -> Any:
        answer = call(client, operation, given)
        if operation == "SetActiveReceiptRuleSet":
            raise ReadTimeoutError(endpoint_url="https://email.eu-west-1.amazonaws.com")
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", loses)
        answer = asks(world, "Create")
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", ours)
    assert rule_set(world) == ours
    assert asks(world, "Delete", before=answer["PhysicalResourceId"])["Status"] == "SUCCESS"
    world.clients.ses.delete_receipt_rule_set(RuleSetName=ours)  # SES refuses this of an active one


def test_n5_a_create_that_cloudformation_gave_up_is_undone(world: World) -> None:
    """It was cancelled or timed out, so CloudFormation deletes it with an id that it has made up."""
    made_up = "email-course-ActiveReceiptRules-1ABCDEFGHIJKL"
    answer = asks(world, "Delete", before=made_up)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made_up)
    assert rule_set(world) == ""


def test_n5_a_rule_set_of_others_is_neither_replaced_nor_deactivated(world: World) -> None:
    world.clients.ses.set_active_receipt_rule_set(RuleSetName=THEIRS)
    answer = asks(world, "Create")
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith(f"The receipt rule set {THEIRS} is active in this region")
    assert f"ReceiptRuleSet={THEIRS}" in answer["Reason"]
    assert rule_set(world) == THEIRS
    assert asks(world, "Delete", before=answer["PhysicalResourceId"])["Status"] == "SUCCESS"  # the rollback
    assert rule_set(world) == THEIRS


def test_n5_a_deployment_is_refused_where_another_rule_set_is_active(world: World) -> None:
    """The error has the function's reason. The stack's rule set is never active."""
    world.clients.ses.set_active_receipt_rule_set(RuleSetName=THEIRS)
    with pytest.raises(Exception, match=f"ActiveReceiptRules: The receipt rule set {THEIRS} is active"):
        custom.create(world.resources, world.functions)


def test_n5_a_new_rule_set_of_the_stack_replaces_the_previous_one(world: World) -> None:
    ours = world.resources.ref("ReceiptRules")
    world.clients.ses.create_receipt_rule_set(RuleSetName="ours-anew")
    answer = asks(world, "Update", "ours-anew", before=ours)
    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "ours-anew")
    assert rule_set(world) == "ours-anew"
    assert (
        asks(world, "Delete", before=ours)["Status"] == "SUCCESS"
    )  # the one before, by which CloudFormation cleans up
    assert rule_set(world) == "ours-anew"


def test_n5_creating_what_is_active_already_changes_nothing(world: World) -> None:
    before = len(world.calls)
    assert asks(world, "Create")["Status"] == "SUCCESS"
    assert [call.operation for call in world.calls[before:]] == ["ses:DescribeActiveReceiptRuleSet"]


DENIED = "User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: ses:SetActiveReceiptRuleSet on *"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ClientError({"Error": {"Code": "AccessDenied", "Message": DENIED}}, "SetActiveReceiptRuleSet"),
            "AccessDenied on SetActiveReceiptRuleSet, which lacks ses:SetActiveReceiptRuleSet",
        ),
        (ConnectTimeoutError(endpoint_url="https://email.eu-west-1.amazonaws.com"), "ConnectTimeoutError"),
        (KeyError("Metadata"), "KeyError"),
    ],
    ids=["denied", "not reached", "anything else"],
)
@pytest.mark.parametrize("what", ["Create", "Update", "Delete"])
def test_n5_cloudformation_is_answered_whatever_fails(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str, what: str
) -> None:
    def fails(*_: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", fails)
        answer = asks(world, what, before="" if what == "Create" else world.resources.ref("ReceiptRules"))
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"{reason}; the log of the function says more"
    assert goes_off(world.resources.properties("FailedAlarm"), world)


@pytest.mark.parametrize("missing", ["RequestType", "ResourceProperties", "StackId", "RequestId", "LogicalResourceId"])
def test_n5_cloudformation_is_answered_whatever_it_asks(world: World, missing: str) -> None:
    given = {name: value for name, value in event("activate_rules").items() if name != missing}
    with custom.listening() as (url, answers):
        assert world.invoke("activate_rules", given | {"ResponseURL": url}).error is None
    assert answers[-1]["Status"] in {"SUCCESS", "FAILED"}
    assert answers[-1]["PhysicalResourceId"]


def test_n5_lambda_retries_an_answer_that_cannot_be_sent(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function tries three times; then it fails, and Lambda runs it again with the same event."""
    tries: list[object] = []

    def refuses(request: object, timeout: float) -> None:
        tries.append(request)
        raise TimeoutError(timeout)

    monkeypatch.setattr(cloudformation, "urlopen", refuses)
    outcome = world.invoke("activate_rules", event("activate_rules"))
    assert outcome.error
    assert not isinstance(outcome.error, Crash)
    assert len(tries) == cloudformation.PUTS
    world.failures.clear()


def test_a_reason_is_short_enough_for_an_answer(world: World) -> None:
    with custom.listening() as (url, answers):
        cloudformation.refuse(event("activate_rules") | {"ResponseURL": url}, "why " * 2000)
    assert len(json.dumps(answers[-1])) < 4096


def test_its_longest_run_fits_into_its_timeout(world: World) -> None:
    """The sum of two calls of SES, with three attempts of up to 5 s each, and the attempts to answer."""
    function = world.functions.by_name["activate_rules"]
    assert function.timeout >= 2 * 3 * 5 + cloudformation.PUTS * cloudformation.SECONDS
    given = world.resources.properties("ActiveReceiptRules")
    assert function.timeout < given["ServiceTimeout"] < 3600


def test_the_sample_event_is_what_cloudformation_sends(world: World) -> None:
    given = world.resources.properties("ActiveReceiptRules")
    asked = custom.request("Create", "ActiveReceiptRules", "Custom::ActiveReceiptRules", given)
    assert dict(shape(asked | {"ResponseURL": ""})) == dict(shape(event("activate_rules")))


def test_its_role_has_what_it_needs_and_nothing_else(world: World) -> None:
    world.clients.ses.set_active_receipt_rule_set()
    asks(world, "Create")
    given = {grant for grant in grants(policies(world.resources)) if grant.function == "activate_rules"}
    assert len(given) == 2
    assert not refused(world.calls, given)
    assert not unused(world.calls, given)
