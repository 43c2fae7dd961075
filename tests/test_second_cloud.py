"""Tests the second cloud's code without ministack: the list of grants, removing one, and what makes a run fail."""

import ast
import re
from copy import deepcopy
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

from local_cloud.cloud import TEMPLATE
from tests.people import Person
from tests.second_cloud import journey
from tests.second_cloud.cloud import SecondCloud
from tests.second_cloud.grants import Grant, Template, Trial, grants, statements, without
from tests.second_cloud.server import ROOT
from tests.second_cloud.stack import RunFailed

GAPS = Path(journey.__file__).with_name("gaps.py")


@pytest.fixture
def template() -> Template:
    return dict(yaml_parse(TEMPLATE.read_text("utf-8")))


def test_every_gap_that_is_closed_is_in_the_docs_and_no_other() -> None:
    assigned = {
        node.targets[0].id: node.value
        for node in ast.parse(GAPS.read_text("utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    closed = assigned["GAPS"]
    assert isinstance(closed, ast.Tuple)
    page = (ROOT / "docs" / "second-cloud.md").read_text("utf-8")
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [ast.unparse(name) for name in closed.elts]
    (pinned,) = re.findall(r"^ministack==(.+)$", (ROOT / "constraints-ministack.txt").read_text("utf-8"), re.MULTILINE)
    assert f"ministack {pinned} lacks" in page


def test_no_gap_is_closed_outside_the_list() -> None:
    """At its start the server only calls the functions of `GAPS`, and adds its own addresses."""
    (main,) = (node for node in ast.parse(GAPS.read_text("utf-8")).body if getattr(node, "name", "") == "main")
    changed = {
        ast.unparse(target) for node in ast.walk(main) if isinstance(node, ast.Assign) for target in node.targets
    }
    assert changed == {"ministack.app.app", "sys.argv[1:]"}


def test_what_the_run_does_in_place_of_ministack_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "second-cloud.md").read_text("utf-8")
    rows = re.findall(r"^\| (`(?:SecondCloud\.\w+|tools/[\w.-]+)`.*?) \|", page, re.MULTILINE)
    named = re.findall(r"`([^`]+)`", " ".join(rows))
    assert named == [
        *("SecondCloud.put", "SecondCloud._tell_of_mail", "SecondCloud._has_identity", "SecondCloud._publish"),
        *("SecondCloud.set_up_notices", "tools/second-cloud.sh"),
    ]
    for name in named:
        kind, _, method = name.partition(".")
        assert hasattr(SecondCloud, method) if kind == "SecondCloud" else (ROOT / name).is_file(), name


def test_the_grants_are_those_of_functions_and_of_resources(template: Template) -> None:
    found = list(grants(template))
    assert len(found) == len(set(found)) > 90
    assert Grant("SignUp", 0, "dynamodb:UpdateItem") in found
    assert Grant("InboundPolicy", 0, "sqs:SendMessage", "Inbound", "sns.amazonaws.com") in found
    assert Grant("FeedbackTopicPolicy", 0, "sns:Publish", "FeedbackTopic", "ses.amazonaws.com") in found
    assert Grant("ReceivesMail", 0, "sts:AssumeRole", "ReceivesMail", "ses.amazonaws.com") in found
    assert {grant.action for grant in found if grant.owner == "ReceivesMail" and not grant.principal} == {
        *("s3:PutObject", "sns:Publish", "kms:GenerateDataKey*", "kms:Decrypt")
    }
    assert Grant("Key", 2, "kms:Decrypt", "", "ses.amazonaws.com") in found
    through = {grant.via for grant in found if grant.via}
    assert through == {"dynamodb", "s3", "secretsmanager"}
    assert not [grant for grant in found if grant.owner == "Key" and grant.statement == 0]  # the account's own
    assert not [grant for grant in found if grant.action.startswith("ses:") or grant.action == "s3:*"]


def test_a_grant_is_removed_and_nothing_else(template: Template) -> None:
    before = deepcopy(template)
    for grant in grants(template):
        changed = without(template, grant)
        assert grant not in list(grants(changed))
        assert set(grants(template)) - set(grants(changed)) == {grant}
        assert {name for name, one in changed["Resources"].items() if one != before["Resources"][name]} == {grant.owner}
        kept = statements(changed["Resources"][grant.owner])
        assert len(kept) == len(statements(before["Resources"][grant.owner]))
    assert template == before


@pytest.mark.parametrize(
    ("how", "noticed"),
    [
        ("AccessDenied: a-SendRole s3:DeleteObject on arn:aws:s3:::mail/inbound/1", True),
        ("", False),
        ("no email came in three days", False),
        ("AccessDenied: a-SendRole s3:GetObject on arn:aws:s3:::mail/inbound/1", False),
    ],
)
def test_the_removal_of_a_grant_is_noticed_by_the_denied_action(how: str, noticed: bool) -> None:
    assert Trial(Grant("Send", 2, "s3:DeleteObject"), how, 0.0).noticed is noticed


RAN = {"kind": "run", "function": "Send", "failed": False, "error": "", "log": ""}
CALLED = {"kind": "call", "who": "SendRole", "action": "s3:GetObject", "resource": "x", "allowed": True}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (CALLED | {"allowed": False}, "AccessDenied: SendRole s3:GetObject on x"),
        (RAN | {"failed": True, "error": "boom"}, "Send failed: boom"),
    ],
)
def test_a_denied_call_or_a_failed_function_makes_the_run_fail(event: dict[str, Any], why: str) -> None:
    SecondCloud.judge([RAN, CALLED])
    with pytest.raises(RunFailed, match=why):
        SecondCloud.judge([RAN, CALLED, event])


class Stored:
    """Stored data, as `nothing_is_left` and `nothing_is_wrong` read it."""

    def __init__(self) -> None:
        self.tables_of: dict[str, list[dict[str, str]]] = {"Subscribers": [], "Reflections": [], "Limits": []}
        self.mail: dict[str, str] = {}
        self.dead = 0
        self.logs: list[str] = []
        self.mails: list[Any] = []
        self.received: list[Any] = []

    def tables(self) -> list[str]:
        return list(self.tables_of)

    def rows(self, table: str) -> list[dict[str, str]]:
        return self.tables_of[table]

    def raw_mail(self) -> dict[str, str]:
        return self.mail

    def dead_letters(self) -> int:
        return self.dead


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("Limits", {"key": "ann@example.net"}),
        ("Reflections", {"text": journey.WORDS}),
        ("Reflections", {"subscriber": "abc"}),
        ("Subscribers", {"id": "erasing#abc"}),
    ],
)
def test_what_is_left_of_an_erased_person_makes_the_run_fail(table: str, row: dict[str, str]) -> None:
    stored: Any = Stored()
    stored.tables_of["Limits"] = [{"key": "a mark of abc"}]
    ann = Person(stored)
    journey.nothing_is_left(stored, ann, "abc")
    stored.mail = {"inbound/1": f"From: {ann.address}"}
    with pytest.raises(RunFailed, match="left after an erasure in inbound/1"):
        journey.nothing_is_left(stored, ann, "abc")
    stored.mail = {}
    stored.tables_of[table] = [row]
    with pytest.raises(RunFailed, match=f"left after an erasure in {table}"):
        journey.nothing_is_left(stored, ann, "abc")


def test_a_dead_letter_or_an_address_in_a_log_makes_the_run_fail() -> None:
    stored: Any = Stored()
    journey.nothing_is_wrong(stored)
    stored.dead = 1
    with pytest.raises(RunFailed, match="1 dead letters"):
        journey.nothing_is_wrong(stored)
    stored.dead, stored.logs = 0, ["sent to ann@example.net"]
    with pytest.raises(RunFailed, match="the logs hold 1"):
        journey.nothing_is_wrong(stored)


class Deployed:
    """A cloud in which a stack is deployed and deleted, as `is_refused` and `is_deleted` use it."""

    bucket_of_sam = "of-sam"

    def __init__(self, refusal: str = "") -> None:
        names = ["Subscribers", "Limits", "RawMail", "SigningSecret", "Key", "Send"]
        self.resources = {name: name.lower() for name in names}
        self.active = journey.OF_OTHERS if refusal else ""
        self.refusal = refusal
        self.stands = {"buckets": ["of-sam"], "tables": [], "secrets": [], "keys": [], "functions": []}

    def client(self, _service: str) -> Any:
        return MagicMock()

    def tables(self) -> list[str]:
        return ["Subscribers", "Limits"]

    def deploy(self, _built: Path) -> None:
        if self.refusal:
            raise RunFailed(self.refusal)

    def delete(self) -> None:
        pass

    def active_rules(self) -> str:
        return self.active

    def what_stands(self) -> dict[str, list[str]]:
        return self.stands


REFUSAL = f"sam deploy: ActiveReceiptRules: The receipt rule set {journey.OF_OTHERS} is active in this region, and …"


def test_a_deployment_that_is_refused_leaves_nothing_and_names_the_reason() -> None:
    cloud: Any = Deployed(REFUSAL)
    journey.is_refused(cloud, ROOT)
    cloud.stands["keys"] = ["key"]
    with pytest.raises(RunFailed, match=r"left of a deployment that failed: .*'key'"):
        journey.is_refused(cloud, ROOT)
    cloud.active = "receiptrules"
    with pytest.raises(RunFailed, match="took the place of another's receipt rule set"):
        journey.is_refused(cloud, ROOT)
    cloud.refusal = "sam deploy: something else"
    with pytest.raises(RunFailed, match="something else"):
        journey.is_refused(cloud, ROOT)


@pytest.mark.parametrize(
    ("kind", "names"),
    [("tables", ["subscribers"]), ("functions", ["send"]), ("keys", []), ("buckets", ["of-sam"])],
)
def test_only_the_data_that_people_wrote_stays_after_the_stack(kind: str, names: list[str]) -> None:
    cloud: Any = Deployed()
    cloud.stands = {
        "tables": ["limits", "subscribers"],
        "buckets": ["rawmail", "of-sam"],
        "secrets": ["signingsecret"],
        "keys": ["key"],
        "functions": [],
    }
    journey.is_deleted(cloud)
    cloud.stands[kind] = names
    with pytest.raises(RunFailed, match=f"other {kind} outlive the stack"):
        journey.is_deleted(cloud)
    cloud.active = "receiptrules"
    with pytest.raises(RunFailed, match="the receipt rule set of a deleted stack is the active one"):
        journey.is_deleted(cloud)
