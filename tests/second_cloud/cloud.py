"""The second cloud with the course deployed in it: what a subscriber's browser and mailbox and an operator see of it.

It answers to the same calls as `local_cloud.cloud.World`, as far as `tests.people.Person` makes them.
"""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import time_machine
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from cli.main import app
from local_cloud import ses_events
from local_cloud.api import Response, form_body
from local_cloud.cloud import PARAMETERS
from local_cloud.environment import environment
from local_cloud.mime import SentMail
from local_cloud.physical import ACCOUNT, REGION
from local_cloud.receiving import ReceivedMail, Receiving, rule_of
from local_cloud.ses import mail_of
from local_cloud.ses_events import SesEvent
from tests.second_cloud.server import ROOT, Server

STACK = "email-course"
GIVEN = PARAMETERS | {"SiteUrl": "", "ActivateReceiptRules": "yes"}
"""The parameters of a first deployment that needs nothing more by hand."""
SES = "ses.amazonaws.com"
QUIET_WITHIN = 60
"""Seconds of real time, after which what still runs or waits counts as stuck."""
FAILED_AFTER = 3
"""Seconds of real time that a message may be in hand while no function runs: then it failed, and will come again."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a role or a service made, and whether the policies let it."""

    who: str
    action: str
    resource: str
    allowed: bool


class RunFailed(Exception):
    """The run has found something that would not work on AWS. Says what."""


class SecondCloud:
    """One stack in one server. All times are UTC."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._session = boto3.Session(
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="secret",
            region_name=REGION,
        )
        self._clients: dict[str, Any] = {}
        self.mails: list[SentMail] = []
        self.received: list[ReceivedMail] = []
        self.calls: list[Call] = []
        self.logs: list[str] = []
        self._seen = 0

    def client(self, service: str) -> Any:
        """A client of the account's owner."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, endpoint_url=self._server.url)  # type: ignore[call-overload]
        return self._clients[service]

    # ---------------------------------------------------------------- deploying

    def deploy(self, built: Path) -> None:
        """`sam deploy`, as README.md says it, of the built artefact in this folder. Raises RunFailed."""
        values = [f"{name}='{value}'" for name, value in GIVEN.items()]
        done = subprocess.run(
            [
                *(ROOT / ".venv-sam" / "bin" / "sam", "deploy", "--template-file", built / "template.yaml"),
                *("--stack-name", STACK, "--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset"),
                *("--no-progressbar", "--parameter-overrides", *values),
            ],
            cwd=built,  # without the settings of samconfig.toml, which ask before they deploy
            env=os.environ | self._server.root | {"SAM_CLI_TELEMETRY": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RunFailed(f"sam deploy: {'; '.join(self._failed_resources()) or done.stdout + done.stderr}")
        if self.active_rules() != self.resources["ReceiptRules"]:
            raise RunFailed("the stack's receipt rule set is not the active one")

    def delete(self) -> None:
        """Deletes the stack. Raises RunFailed."""
        cloudformation = self.client("cloudformation")
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=STACK)
        self._ends_as("DELETE_COMPLETE", stack)

    def update(self, template: dict[str, Any]) -> None:
        """The stack with a changed template and the same parameters. Raises RunFailed."""
        # As `sam deploy` does it: CloudFormation takes 51,200 bytes in a request, and more from a bucket only.
        self.client("s3").put_object(Bucket=self.bucket_of_sam, Key="changed", Body=json.dumps(template).encode())
        self.client("cloudformation").update_stack(
            StackName=STACK,
            TemplateURL=f"https://s3.{REGION}.amazonaws.com/{self.bucket_of_sam}/changed",
            Capabilities=[
                "CAPABILITY_IAM",
                "CAPABILITY_AUTO_EXPAND",
            ],  # the second for SAM, which a change set has anyway
            Parameters=[{"ParameterKey": name, "UsePreviousValue": True} for name in GIVEN],
        )
        self._ends_as("UPDATE_COMPLETE", STACK)

    def _ends_as(self, wanted: str, stack: str) -> None:
        """Waits until CloudFormation is through with a stack, of this name or id. Raises RunFailed."""
        stacks, end = self.client("cloudformation"), time.monotonic() + QUIET_WITHIN
        while (status := stacks.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]).endswith("IN_PROGRESS"):
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        if status != wanted:
            raise RunFailed(f"the stack is {status} and not {wanted}: {'; '.join(self._failed_resources())}")

    def _failed_resources(self) -> list[str]:
        """What CloudFormation could not make, with the reason, first things first."""
        cloudformation = self.client("cloudformation")
        if STACK not in {stack["StackName"] for stack in cloudformation.list_stacks()["StackSummaries"]}:
            return []  # refused before anything was made
        events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
        failed = [event for event in reversed(events) if event["ResourceStatus"].endswith("_FAILED")]
        return [f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed]

    @cached_property
    def bucket_of_sam(self) -> str:
        """Where `sam deploy` puts what it uploads, in a stack of its own for all deployments."""
        described = self.client("cloudformation").describe_stacks(StackName="aws-sam-cli-managed-default")
        outputs = described["Stacks"][0]["Outputs"]
        return next(str(output["OutputValue"]) for output in outputs if output["OutputKey"] == "SourceBucket")

    def template(self) -> dict[str, Any]:
        """The template as it was deployed."""
        found = self.client("cloudformation").get_template(StackName=STACK, TemplateStage="Original")
        body = found["TemplateBody"]
        return dict(body if isinstance(body, dict) else _parsed(body))

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids by logical ids."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        found = [resource for page in pages for resource in page["StackResourceSummaries"]]
        return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in found}

    @cached_property
    def outputs(self) -> dict[str, str]:
        stack = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    # ---------------------------------------------------------------- what happens in it

    def request(
        self,
        method: str,
        path: str,
        *,
        form: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        source_ip: str = "127.0.0.1",
    ) -> Response:
        """One HTTP request to the API, and what it set going. `path` may have a query or be an email's link."""
        path = path.removeprefix(self.outputs["SiteUrl"]) or "/"
        sent = {"Host": f"{self.resources['HttpApi']}.execute-api.localhost:{self._server.port}"} | dict(headers or {})
        body = None
        if form is not None:
            body = form_body(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        found = Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        self.drain()
        return found

    def deliver(
        self,
        raw: bytes,
        to: str | Sequence[str],
        *,
        sender: str | None = None,
        verdicts: Mapping[str, str] | None = None,
    ) -> ReceivedMail:
        """A mail reaches SES, which carries out the active receipt rules."""
        recipients = [to] if isinstance(to, str) else list(to)
        mail = self._receiving.receive(raw, recipients, sender, dict(verdicts or {}))
        self.received.append(mail)
        self.drain()
        return mail

    def set_up_notices(self) -> None:
        """What SES itself sends through a new stack's topics before any mail."""
        words = "Successfully validated SNS topic for Amazon SES event publishing."
        self._publish(self.resources["FeedbackTopic"], words, "Amazon SES Email Event Notification", self._set_arn())
        self._receiving.announce()
        self.drain()

    @cached_property
    def _rule_set(self) -> dict[str, Any]:
        """The active receipt rule set, as SES describes it."""
        return dict(self.client("ses").describe_active_receipt_rule_set())

    @cached_property
    def _receiving(self) -> Receiving:
        rules = [rule_of(rule["Name"], rule) for rule in self._rule_set["Rules"]]
        return Receiving(rules, _AsSes(self), self._tell_of_mail, self._has_identity)  # type: ignore[arg-type]

    def _has_identity(self, address: str) -> bool:
        """Whether SES knows the domain of an address: it turns away mail to any other."""
        known = self.client("sesv2").list_email_identities()["EmailIdentities"]
        return address.rpartition("@")[2] in {identity["IdentityName"] for identity in known}

    def active_rules(self) -> str:
        """The name of the active receipt rule set, or nothing."""
        active = self.client("ses").describe_active_receipt_rule_set()
        return str(active.get("Metadata", {}).get("Name", ""))

    def _tell_of_mail(self, topic: str, body: dict[str, Any], subject: str) -> None:
        """SES tells a topic of a mail, as the receipt rule's role."""
        with self._by_the_rule("sns") as sns:
            sns.publish(TopicArn=topic, Message=json.dumps(body), Subject=subject)

    def put(self, bucket: str, key: str, raw: bytes) -> None:
        """SES stores a mail, as the receipt rule's role."""
        with self._by_the_rule("s3") as s3:
            s3.put_object(Bucket=bucket, Key=key, Body=raw)

    @contextmanager
    def _by_the_rule(self, service: str) -> Iterator[Any]:
        """A client with the permissions of the role that the receipt rule names. Raises RunFailed for what is denied.

        SES takes it on for the rule (SES guide, "Setting up IAM role permissions for Deliver to S3 bucket action").
        """
        rule_set, rule = self._rule_set["Metadata"]["Name"], self._rule_set["Rules"][0]
        role = rule["Actions"][0]["S3Action"]["IamRoleArn"]
        source = _arn(f"receipt-rule-set/{rule_set}:receipt-rule/{rule['Name']}")
        rights = self._server.ask("assume", service=SES, role=role, source=source)
        try:
            if rights is None:
                raise RunFailed(f"SES may not assume {role}")
            with time_machine.travel(self.now(), tick=True):  # what is signed is of the cloud's own time
                yield self._session.client(service, endpoint_url=self._server.url, **rights)  # type: ignore[call-overload]
        except (ClientError, RunFailed):
            self.drain()  # which fails with the action that was denied
            raise

    def _publish(self, topic: str, body: dict[str, Any] | str, subject: str, source: str) -> None:
        """SES tells a topic of an event, if the topic's policy and its key's let it."""
        if self._server.ask("may-publish", service=SES, topic=topic, source=source):
            words = body if isinstance(body, str) else json.dumps(body)
            self.client("sns").publish(TopicArn=topic, Message=words, Subject=subject)

    def bounced(self, mail: SentMail) -> None:
        """The mailbox does not exist."""
        self._tell(ses_events.bounce(mail, self.now()))
        self.drain()

    def _taken(self, event: dict[str, Any]) -> None:
        """SES took an email: it is in the mailbox, and the configuration set's topic hears of it."""
        mail = mail_of(event["request"], event["id"], datetime.fromtimestamp(event["at"], UTC))
        self.mails.append(mail)
        for news in (ses_events.send, ses_events.delivery):
            self._tell(news(mail, mail.at))

    def _tell(self, event: SesEvent) -> None:
        name = event.mail.configuration_set
        if name is None:
            return
        found = self.client("sesv2").get_configuration_set_event_destinations(ConfigurationSetName=name)
        for destination in found["EventDestinations"]:
            if event.kind.upper() in destination["MatchingEventTypes"]:
                topic = destination["SnsDestination"]["TopicArn"]
                self._publish(topic, event.body, "Amazon SES Email Event Notification", self._set_arn())

    def _set_arn(self) -> str:
        return _arn(f"configuration-set/{self.resources['ConfigurationSet']}")

    def command(self, *arguments: str) -> str:
        """The email-course command as an operator runs it, who may invoke the audit function and nothing else."""
        rights = self._server.root | self._operator
        with environment(rights), time_machine.travel(self.now(), tick=True):
            done = CliRunner().invoke(app, list(arguments))
        self.drain()
        if done.exit_code:
            raise RunFailed(f"email-course {' '.join(arguments)}: {done.output}")
        return done.output

    @cached_property
    def _operator(self) -> dict[str, str]:
        """Credentials of a user with the rights that README.md names."""
        iam = self.client("iam")
        allowed = {"Effect": "Allow", "Action": "lambda:InvokeFunction"}
        allowed["Resource"] = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-audit"
        document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.create_user(UserName="operator")
        iam.put_user_policy(UserName="operator", PolicyName="audit", PolicyDocument=document)
        key = iam.create_access_key(UserName="operator")["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    # ---------------------------------------------------------------- time

    def now(self) -> datetime:
        return self._server.now()

    def advance(self, by: timedelta) -> None:
        """Time moves in one hop, after which each schedule that has come due fires once."""
        self._server.move_to(self.now() + by)
        self.drain()

    def next_email(self, to: str) -> SentMail:
        """Time moves on to the next email in this mailbox. Raises RunFailed if none comes in three days."""
        before = len(self.mails_to(to))
        for _ in range(12):
            self.advance(timedelta(hours=6))
            if len(self.mails_to(to)) > before:
                return self.mails_to(to)[before]
        raise RunFailed("no email came in three days")

    def drain(self) -> None:
        """Waits until no function runs and no message can be received. Raises RunFailed for what is stuck."""
        begun, idle_since = time.monotonic(), None
        while True:
            state = self._server.ask("state")
            if self._look(state):
                continue
            if not (state["running"] or state["waiting"] or state["taken"]):
                return
            now = time.monotonic()
            if state["running"] or state["waiting"]:
                idle_since = None
            elif idle_since is None:
                idle_since = now
            elif now - idle_since > FAILED_AFTER:
                raise RunFailed("a message failed and waits to come again")
            if now - begun > QUIET_WITHIN:
                raise RunFailed(f"something is stuck: {state}")
            time.sleep(0.01)

    def _look(self, state: dict[str, Any]) -> bool:
        """Reads what has happened since the last look. Raises RunFailed for what may not happen; True if SES acted."""
        if state["seen"] == self._seen:
            return False
        new = self._server.ask("seen", start=self._seen)
        self._seen += len(new)
        for event in new:
            if event["kind"] == "call":
                self.calls.append(Call(event["who"], event["action"], event["resource"], event["allowed"]))
            elif event["kind"] == "run":
                self.logs += event["log"].splitlines()
        self.judge(new)
        emails = [event for event in new if event["kind"] == "email"]
        for event in emails:
            self._taken(event)
        return bool(emails)

    @staticmethod
    def judge(new: list[dict[str, Any]]) -> None:
        """Raises RunFailed when a call was denied or a function failed."""
        for event in new:
            if event["kind"] == "call" and not event["allowed"]:
                raise RunFailed(f"AccessDenied: {event['who']} {event['action']} on {event['resource']}")
        for event in new:
            if event["kind"] == "run" and event["failed"]:
                raise RunFailed(f"{event['function']} failed: {event['error']} {event['log'][-2000:]}")

    # ---------------------------------------------------------------- what is stored

    def mails_to(self, address: str) -> list[SentMail]:
        return [mail for mail in self.mails if mail.address.lower() == address.lower()]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, named by its logical id."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.resources[table])
        reader = TypeDeserializer()
        items = [item for page in pages for item in page["Items"]]
        return [{key: reader.deserialize(value) for key, value in item.items()} for item in items]

    def subscribers(self) -> list[dict[str, Any]]:
        """All items of the table Subscribers that are people."""
        return [row for row in self.rows("Subscribers") if "address" in row and "#" not in row["id"]]

    def tables(self) -> list[str]:
        return ["Subscribers", "Reflections", "Suppressions", "Limits"]

    def raw_mail(self) -> dict[str, str]:
        """All mail in the bucket, by its key."""
        s3, bucket = self.client("s3"), self.resources["RawMail"]
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace") for key in keys}

    def restart(self, functions: Sequence[str]) -> None:
        """Empties tables, bucket and queues. These functions, by their logical ids, start anew when they are needed."""
        names = [self.resources[name] for name in functions]
        while self._server.ask("restart", functions=names)["running"]:  # what still runs would store and queue more
            time.sleep(0.05)
        for table in self.tables():
            self._empty(table)
        for key in self.raw_mail():
            self.client("s3").delete_object(Bucket=self.resources["RawMail"], Key=key)
        self._seen = self._server.ask("state")["seen"]
        self.mails.clear()
        self.received.clear()

    def _empty(self, table: str) -> None:
        dynamodb, name = self.client("dynamodb"), self.resources[table]
        keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]]
        for row in self.rows(table):
            dynamodb.delete_item(TableName=name, Key={key: {"S": row[key]} for key in keys})

    def what_stands(self) -> dict[str, list[str]]:
        """Names of the tables, buckets, secrets, usable keys and functions there are, of whatever stack."""
        keys = (key["KeyId"] for key in self.client("kms").list_keys()["Keys"])
        described = [self.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in keys]
        return {
            "tables": list(self.client("dynamodb").list_tables()["TableNames"]),
            "buckets": [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]],
            "secrets": [secret["ARN"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]],
            "keys": [key["KeyId"] for key in described if key["Enabled"] and key["KeyManager"] == "CUSTOMER"],
            "functions": [one["FunctionName"] for one in self.client("lambda").list_functions()["Functions"]],
        }

    def dead_letters(self) -> int:
        return int(self._server.ask("state")["dead"])


class _AsSes:
    """An S3 client for `Receiving` that stores with the rights of SES."""

    def __init__(self, cloud: SecondCloud) -> None:
        self._cloud = cloud

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self._cloud.put(Bucket, Key, Body)


def _arn(resource: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT}:{resource}"


def _parsed(body: str) -> dict[str, Any]:
    from samtranslator.yaml_helper import yaml_parse  # type: ignore[import-untyped]

    return dict(yaml_parse(BytesIO(body.encode())))
