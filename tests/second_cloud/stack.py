"""A stack in the second cloud, as an engineer sees it: deployed, changed, looked at and deleted."""

import json
import os
import subprocess
import time
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3

from local_cloud.cloud import PARAMETERS
from local_cloud.physical import ACCOUNT, REGION
from tests.second_cloud.server import ROOT, Server

STACK = "email-course"
GIVEN = PARAMETERS | {"SiteUrl": "", "ActivateReceiptRules": "yes"}
"""The parameters of a first deployment that needs no manual step."""
QUIET_WITHIN = 60
"""Seconds of real time after which a function or message that still runs or waits counts as stuck."""


class RunFailed(Exception):
    """Raised when the run has found something that would not work on AWS. The text names it."""


class Stack:
    """A stack of the course in one server, used with the permissions of the account's owner."""

    def __init__(self, server: Server, name: str = STACK, **given: str) -> None:
        self._server = server
        self.name = name
        self.given = GIVEN | given
        self._session = boto3.Session(
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
            region_name=REGION,
        )
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """Returns a client of the account's owner."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._server.url)  # type: ignore[call-overload]
        return self._clients[service]

    def deploy(self, built: Path) -> None:
        """Deploys the built artefact in this folder with `sam deploy`. Raises RunFailed."""
        values = [f"{name}='{value}'" for name, value in self.given.items()]
        done = subprocess.run(
            [
                *(ROOT / ".venv-sam" / "bin" / "sam", "deploy", "--template-file", built / "template.yaml"),
                *(
                    "--stack-name",
                    self.name,
                    "--resolve-s3",
                    "--capabilities",
                    "CAPABILITY_IAM",
                    "--no-confirm-changeset",
                ),
                *("--no-progressbar", "--parameter-overrides", *values),
            ],
            cwd=built,  # without the settings of samconfig.toml, which ask before they deploy
            env=os.environ
            | self._server.root
            | {"SAM_CLI_TELEMETRY": "0", "TMPDIR": self._server.environment["TMPDIR"]},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RunFailed(f"sam deploy: {'; '.join(self._failed_resources()) or done.stdout + done.stderr}")
        if self.active_rules() != self.outputs["ReceiptRuleSet"]:
            raise RunFailed("the receipt rule set that has the stack's rule is not the active one")

    def delete(self) -> None:
        """Deletes the stack. Raises RunFailed."""
        cloudformation = self.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=self.name)
        self._ends_as("DELETE_COMPLETE", stack)

    def update(self, template: dict[str, Any]) -> None:
        """Updates the stack with a changed template and the same parameters. Raises RunFailed."""
        # As `sam deploy` does it: CloudFormation takes 51,200 bytes in a request, and more from a bucket only.
        self.client("s3").put_object(Bucket=self.bucket_of_sam, Key="changed", Body=json.dumps(template).encode())
        self.client("cloudformation").update_stack(
            StackName=self.name,
            TemplateURL=f"https://s3.{REGION}.amazonaws.com/{self.bucket_of_sam}/changed",
            Capabilities=[
                "CAPABILITY_IAM",
                "CAPABILITY_AUTO_EXPAND",
            ],  # the second for SAM, which a change set has anyway
            Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in self.given],
        )
        self._ends_as("UPDATE_COMPLETE", self.name)

    def _ends_as(self, wanted: str, stack: str) -> None:
        """Waits until CloudFormation has finished with a stack of this name or id. Raises RunFailed."""
        stacks, end = self.client("cloudformation"), time.monotonic() + QUIET_WITHIN
        while (status := stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        if status != wanted:
            raise RunFailed(f"the stack is {status} and not {wanted}: {'; '.join(self._failed_resources())}")

    def _failed_resources(self) -> list[str]:
        """Returns the resources that CloudFormation could not make, with the reason, in order of time."""
        cloudformation = self.client("cloudformation")
        if self.name not in {stack["StackName"] for stack in cloudformation.list_stacks()["StackSummaries"]}:
            return []  # refused before anything was made
        pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.name)
        events = [event for page in pages for event in page["StackEvents"]]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
        return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]

    @cached_property
    def bucket_of_sam(self) -> str:
        """The bucket for the uploads of `sam deploy`, which is in a separate stack for all deployments."""
        described = self.client("cloudformation").describe_stacks(StackName="aws-sam-cli-managed-default")
        outputs = described["Stacks"][0]["Outputs"]
        return next(str(output["OutputValue"]) for output in outputs if output["OutputKey"] == "SourceBucket")

    def template(self) -> dict[str, Any]:
        """Returns the template as it was deployed."""
        found = self.client("cloudformation").get_template(StackName=self.name, TemplateStage="Original")
        body = found["TemplateBody"]
        return dict(body if isinstance(body, dict) else _parsed(body))

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids by logical ids."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.name)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = self.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def active_rules(self) -> str:
        """Returns the name of the active receipt rule set, or nothing."""
        active = self.client("ses").describe_active_receipt_rule_set()
        return str(active.get("Metadata", {}).get("Name", ""))

    def rules(self) -> list[str]:
        """Returns the names of the rules in the active receipt rule set."""
        active = self.client("ses").describe_active_receipt_rule_set()
        return [rule["Name"] for rule in active.get("Rules", [])]

    def what_stands(self) -> dict[str, list[str]]:
        """Returns the names of all tables, buckets, secrets, usable keys and functions, of every stack."""
        keys = (key["KeyId"] for key in self.client("kms").list_keys()["Keys"])
        described = [self.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in keys]
        return {
            "tables": list(self.client("dynamodb").list_tables()["TableNames"]),
            "buckets": [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]],
            "secrets": [secret["ARN"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]],
            "keys": [key["KeyId"] for key in described if key["Enabled"] and key["KeyManager"] == "CUSTOMER"],
            "functions": [one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"]],
        }


def _parsed(body: str) -> dict[str, Any]:
    from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

    return dict(yaml_parse(BytesIO(body.encode())))
