"""Lists the grants of the template, one action of one statement each, and tries the run without each of them."""

import time
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.second_cloud.cloud import Call, SecondCloud
from tests.second_cloud.journey import Chapter
from tests.second_cloud.stack import RunFailed

SERVICES = ("dynamodb", "sqs", "s3", "kms", "secretsmanager", "sns", "sts")
"""The services whose grants are tried. The grants that Lambda, SES and the logs need are not."""

Template = dict[str, Any]
POLICIES = {
    "AWS::KMS::Key": ("KeyPolicy", ""),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
}
"""Policies of resources: the property with the document, and the property that names the resource."""
ROLE = "AWS::IAM::Role"
"""A role that a service of AWS assumes. SAM adds the roles of the functions, which are not in the template."""


@dataclass(frozen=True, slots=True)
class Grant:
    """One action that one statement allows: of a function's or a role's own policy, or of a resource's."""

    owner: str
    """Logical id of the function or the role, or of the resource that has the policy."""
    statement: int
    action: str
    of: str = ""
    """Logical id of the queue, topic or role whose policy grants access to others; empty for any other policy."""
    principal: str = ""
    """The service that gets the grant from the policy of a resource; empty for everyone in the account."""
    via: str = ""
    """The only service through which the key may be used, if the grant is this condition's value."""

    def __str__(self) -> str:
        return f"{self.owner}[{self.statement}] {self.action}{' through ' * bool(self.via)}{self.via}"


def grants(template: Template) -> Iterator[Grant]:
    """Yields every grant of these services, except the account's on its own key, which is needed to repair the key."""
    for name, resource in template["Resources"].items():
        for number, statement in enumerate(statements(resource)):
            if statement["Effect"] != "Allow" or "kms:*" in listed(statement["Action"]):
                continue
            principal = statement.get("Principal", {}).get("Service", "")
            of = name if resource["Type"] == ROLE and principal else _of(resource)
            for action in listed(statement["Action"]):
                if action.partition(":")[0] in SERVICES:
                    yield Grant(name, number, action, of, principal)
            for via in _via(statement):
                yield Grant(name, number, "kms:Decrypt", of, principal, _service(via))


def statements(resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the statements of a function's policy, a role's trust and own policies, or a resource's policy.

    The list is empty for any other resource.
    """
    properties = resource.get("Properties") or {}
    if resource["Type"] == "AWS::Serverless::Function":
        return [statement for policy in properties["Policies"] for statement in policy["Statement"]]
    if resource["Type"] == ROLE:
        documents = [policy["PolicyDocument"] for policy in properties["Policies"]]
        documents.insert(0, properties["AssumeRolePolicyDocument"])
        return [statement for document in documents for statement in document["Statement"]]
    if resource["Type"] in POLICIES:
        return list(properties[POLICIES[resource["Type"]][0]]["Statement"])
    return []


def without(template: Template, grant: Grant) -> Template:
    """Returns the template without this grant, and with no other change."""
    changed = deepcopy(template)
    resource = changed["Resources"][grant.owner]
    statement = statements(resource)[grant.statement]
    if grant.via:
        _via(statement)[:] = [via for via in _via(statement) if _service(via) != grant.via]
        return changed
    statement["Action"] = [action for action in listed(statement["Action"]) if action != grant.action]
    if not statement["Action"]:  # a statement must have an action: this one is never used
        nothing = {"sts": "sts:TagSession"}
        service = grant.action.partition(":")[0]
        statement["Action"] = nothing.get(service, f"{service}:ListTagsForResource")
    return changed


def _via(statement: dict[str, Any]) -> list[dict[str, str]]:
    """Returns the services through which the key may be used, as the condition has them: `!Sub s3.${AWS::Region}…`."""
    condition = (statement.get("Condition") or {}).get("StringEquals") or {}
    found: list[dict[str, str]] = condition.get("kms:ViaService", [])
    return found


def _service(via: dict[str, str]) -> str:
    return via["Fn::Sub"].partition(".")[0]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _of(resource: dict[str, Any]) -> str:
    """Returns the logical id of a policy's resource, which the policy names as `!Ref X` or `[!Ref X]`."""
    reference = resource["Properties"].get(POLICIES.get(resource["Type"], ("", ""))[1])
    first = reference[0] if isinstance(reference, list) else reference
    return str(first["Ref"]) if first else ""


class Uses:
    """Notes which chapters of the journey needed which grant, and the quickest of them."""

    def __init__(self, cloud: SecondCloud, template: Template) -> None:
        self._cloud = cloud
        self._given = list(grants(template))
        self._resolved = {
            name: self._statements_of_role(name)
            for name, resource in template["Resources"].items()
            if resource["Type"] in ("AWS::Serverless::Function", ROLE)
        }
        self._quickest: dict[Grant, tuple[float, Chapter]] = {}

    @property
    def used(self) -> list[tuple[Grant, Chapter]]:
        """The grants that were used, each with the quickest chapter that needs it."""
        return [(grant, self._quickest[grant][1]) for grant in self._given if grant in self._quickest]

    @property
    def unused(self) -> list[Grant]:
        return [grant for grant in self._given if grant not in self._quickest]

    def note(self, chapter: Chapter, calls: list[Call], seconds: float) -> None:
        """Notes the calls of a chapter, and the seconds that it took."""
        distinct = set(calls)
        for grant in self._given:
            quicker = grant not in self._quickest or seconds < self._quickest[grant][0]
            if quicker and any(self._is_by(call, grant) for call in distinct):
                self._quickest[grant] = seconds, chapter

    def _is_by(self, call: Call, grant: Grant) -> bool:
        """Returns whether this grant allows the call."""
        if not fnmatchcase(call.action.lower(), grant.action.lower()):
            return False
        if grant.owner in self._resolved and not grant.principal:
            resources = listed(self._resolved[grant.owner][grant.statement]["Resource"])
            return call.who == self._role(grant.owner) and any(fnmatchcase(call.resource, one) for one in resources)
        if not grant.principal:  # the key's policy, for every role of the account that uses the key through a service
            return f"the key, through {grant.via}" in call.resource
        if grant.of and self._cloud.resources[grant.of].rpartition("/")[2] not in call.resource:
            return False
        return call.who == grant.principal

    def _role(self, owner: str) -> str:
        """Returns the name of a role of the template, or of a function's role, which SAM has added."""
        return self._cloud.resources.get(f"{owner}Role") or self._cloud.resources[owner]

    def _statements_of_role(self, owner: str) -> list[dict[str, Any]]:
        """Returns the statements as they were deployed, without intrinsics, in the order of `statements`."""
        iam, role = self._cloud.client("iam"), self._role(owner)
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
        if role == self._cloud.resources.get(owner):
            documents.insert(0, iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"])
        return [statement for document in documents for statement in document["Statement"]]


def fails_without(cloud: SecondCloud, template: Template, grant: Grant, chapter: Chapter) -> str:
    """Removes the grant from the deployed template, runs the chapter, and returns how it failed, or an empty text."""
    cloud.update(without(template, grant))
    functions = [name for name, one in template["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
    # A function reads the secret once and keeps it, so functions that shall lack it now start again.
    lacking = functions if grant.via == "secretsmanager" else {grant.owner} & {*functions}
    cloud.restart(sorted(lacking))
    try:
        chapter(cloud)
    except RunFailed as failure:
        return str(failure)
    except (LookupError, StopIteration) as failure:  # a link or an email is missing
        return repr(failure)
    return ""


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome of a run without a grant."""

    grant: Grant
    how: str
    """How the run failed; empty if it did not."""
    seconds: float

    @property
    def noticed(self) -> bool:
        """Returns whether the run failed because this action was denied."""
        action = self.grant.action.rstrip("*").lower()
        return self.how.startswith("AccessDenied") and action in self.how.lower() and self.grant.via in self.how


def try_each(cloud: SecondCloud, template: Template, used: list[tuple[Grant, Chapter]]) -> Iterator[Trial]:
    """Removes each grant that the journey used, one after the other, and runs a chapter that needs it."""
    for grant, chapter in used:
        begun = time.monotonic()
        how = fails_without(cloud, template, grant, chapter)
        yield Trial(grant, how, time.monotonic() - begun)
