"""The second cloud with the course deployed in it: what a subscriber's browser and mailbox and an operator see of it.

It answers to the same calls as `local_cloud.cloud.World`, as far as `tests.people.Person` makes them.
"""

import http.client
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

import boto3
import time_machine
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from cli.erase import Leftovers
from cli.main import app
from local_cloud import ses_events
from local_cloud.api import Response, form_body
from local_cloud.environment import environment
from local_cloud.mime import SentEmail
from local_cloud.physical import ACCOUNT, REGION
from local_cloud.receiving import ReceivedMail, Receiving, rule_of
from local_cloud.ses import mail_of
from local_cloud.ses_events import SesEvent
from tests.second_cloud.server import Server
from tests.second_cloud.stack import QUIET_WITHIN, STACK, RunFailed, Stack

SES = "ses.amazonaws.com"
FAILED_AFTER = 3
"""Seconds of real time that a message may be in hand while no function runs: then it failed, and will come again."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call that a role or a service made, and whether the policies allowed it."""

    who: str
    action: str
    resource: str
    allowed: bool


class SecondCloud(Stack):
    """The deployed course, and its subscribers and operator. All times are UTC."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.emails: list[SentEmail] = []
        self.received: list[ReceivedMail] = []
        self.calls: list[Call] = []
        self.logs: list[str] = []
        self._seen = 0

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
        """Sends an HTTP request to the API, and waits for its effects. `path` may have a query or be a link."""
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
        """Gives a mail to SES, which carries out the active receipt rules."""
        recipients = [to] if isinstance(to, str) else list(to)
        mail = self._receiving.receive(raw, recipients, sender, dict(verdicts or {}))
        self.received.append(mail)
        self.drain()
        return mail

    def set_up_notices(self) -> None:
        """Sends the notices that SES itself sends through a new stack's topics before any mail."""
        words = "Successfully validated SNS topic for Amazon SES event publishing."
        self._publish(self.resources["FeedbackTopic"], words, "Amazon SES Email Event Notification", self._set_arn())
        self._receiving.announce()
        self.drain()

    @cached_property
    def _rule_set(self) -> dict[str, Any]:
        """Returns the active receipt rule set, as SES describes it."""
        return dict(self.client("ses").describe_active_receipt_rule_set())

    @cached_property
    def _receiving(self) -> Receiving:
        rules = [rule_of(rule["Name"], rule) for rule in self._rule_set["Rules"]]
        return Receiving(rules, _AsSes(self), self._tell_of_mail, self._has_identity)  # type: ignore[arg-type]

    def _has_identity(self, address: str) -> bool:
        """Returns whether SES has an identity for the domain of an address: it refuses mail to any other domain."""
        known = self.client("sesv2").list_email_identities()["EmailIdentities"]
        return address.rpartition("@")[2] in {identity["IdentityName"] for identity in known}

    def look_at_the_rules(self) -> None:
        """Reads the receipt rules again, after they have changed."""
        for known in ("_rule_set", "_receiving"):
            self.__dict__.pop(known, None)

    def beside(self, name: str, **given: str) -> Stack:
        """Returns another stack in the same account and region, with these parameters. It is not deployed yet."""
        return Stack(self._server, name, **given)

    def erase(self, stack: str) -> list[str]:
        """Erases what `email-course erase-all` finds of a deleted stack, as the account's owner."""
        with environment(self._server.root), time_machine.travel(self.now(), tick=True):
            boto3.setup_default_session()  # not with the operator's credentials, which the command has used
            left = Leftovers(stack, ACCOUNT)
            return [left.erase(arn) for arn in left.found()]

    def _tell_of_mail(self, topic: str, body: dict[str, Any], subject: str) -> None:
        """Notifies a topic of a mail, with the receipt rule's role."""
        with self._by_the_rule("sns", TopicArn=topic) as sns:
            sns.publish(TopicArn=topic, Message=json.dumps(body), Subject=subject)

    def put(self, bucket: str, key: str, raw: bytes) -> None:
        """Stores a mail in the bucket, with the receipt rule's role."""
        with self._by_the_rule("s3", BucketName=bucket) as s3:
            s3.put_object(Bucket=bucket, Key=key, Body=raw)

    @contextmanager
    def _by_the_rule(self, service: str, **target: str) -> Iterator[Any]:
        """Gives a client with the permissions of a receipt rule's role. Raises RunFailed if a call is denied.

        The rule is the one whose action has this target. SES assumes the role for the rule (SES guide, "Setting up IAM
        role permissions for Deliver to S3 bucket action").
        """
        rule_set, rules = self._rule_set["Metadata"]["Name"], self._rule_set["Rules"]
        rule = next(one for one in rules if target.items() <= one["Actions"][0]["S3Action"].items())
        role = rule["Actions"][0]["S3Action"]["IamRoleArn"]
        source = _arn(f"receipt-rule-set/{rule_set}:receipt-rule/{rule['Name']}")
        rights = self._server.ask("assume", service=SES, role=role, source=source)
        try:
            if rights is None:
                raise RunFailed(f"SES may not assume {role}")
            with time_machine.travel(self.now(), tick=True):  # requests are signed with the cloud's time
                yield self._session.client(service, endpoint_url=self._server.url, **rights)  # type: ignore[call-overload]
        except (ClientError, RunFailed):
            self.drain()  # raises RunFailed with the denied action
            raise

    def _publish(self, topic: str, body: dict[str, Any] | str, subject: str, source: str) -> None:
        """Publishes an event of SES to a topic, if the policies of the topic and its key allow it."""
        if self._server.ask("may-publish", service=SES, topic=topic, source=source):
            words = body if isinstance(body, str) else json.dumps(body)
            self.client("sns").publish(TopicArn=topic, Message=words, Subject=subject)

    def bounced(self, email: SentEmail) -> None:
        """Publishes a permanent bounce: the mailbox does not exist."""
        self._tell(ses_events.bounce(email, self.now()))
        self.drain()

    def _taken(self, event: dict[str, Any]) -> None:
        """Puts an email that SES accepted into its mailbox, and publishes its events."""
        email = mail_of(event["request"], event["id"], datetime.fromtimestamp(event["at"], UTC))
        self.emails.append(email)
        for news in (ses_events.send, ses_events.delivery):
            self._tell(news(email, email.at))

    def _tell(self, event: SesEvent) -> None:
        name = event.email.configuration_set
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
        """Runs the email-course command as an operator, who may invoke the audit function and nothing else."""
        rights = self._server.root | self._operator
        with environment(rights), time_machine.travel(self.now(), tick=True):
            done = CliRunner().invoke(app, list(arguments))
        self.drain()
        if done.exit_code:
            raise RunFailed(f"email-course {' '.join(arguments)}: {done.output}")
        return done.output

    @cached_property
    def _operator(self) -> dict[str, str]:
        """Credentials of a user with the permissions that README.md names."""
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
        """Moves the clock in one step, after which each schedule that has come due fires once."""
        self._server.move_to(self.now() + by)
        self.drain()

    def next_email(self, to: str) -> SentEmail:
        """Moves the clock to the next email in this mailbox. Raises RunFailed if none comes in three days."""
        before = len(self.mails_to(to))
        for _ in range(12):
            self.advance(timedelta(hours=6))
            if len(self.mails_to(to)) > before:
                return self.mails_to(to)[before]
        raise RunFailed("no email came in three days")

    def drain(self) -> None:
        """Waits until no function runs and no message waits. Raises RunFailed if something is stuck."""
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
        """Reads what has happened since the last look, and returns whether SES acted. Raises RunFailed like `judge`."""
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
        """Raises RunFailed if a call was denied or a function failed."""
        for event in new:
            if event["kind"] == "call" and not event["allowed"]:
                raise RunFailed(f"AccessDenied: {event['who']} {event['action']} on {event['resource']}")
        for event in new:
            if event["kind"] == "run" and event["failed"]:
                raise RunFailed(f"{event['function']} failed: {event['error']} {event['log'][-2000:]}")

    # ---------------------------------------------------------------- what is stored

    def mails_to(self, address: str) -> list[SentEmail]:
        return [email for email in self.emails if email.address.lower() == address.lower()]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Returns all items of a table, named by its logical id."""
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=self.resources[table])
        reader = TypeDeserializer()
        items = [item for page in pages for item in page["Items"]]
        return [{key: reader.deserialize(value) for key, value in item.items()} for item in items]

    def subscribers(self) -> list[dict[str, Any]]:
        """Returns the items of the table Subscribers that are subscribers."""
        return [row for row in self.rows("Subscribers") if "address" in row and "#" not in row["id"]]

    def tables(self) -> list[str]:
        return ["Subscribers", "Reflections", "Suppressions", "Limits"]

    def raw_mail(self) -> dict[str, str]:
        """Returns all mail in the bucket, by its key."""
        s3, bucket = self.client("s3"), self.resources["RawMail"]
        keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode("utf-8", "replace") for key in keys}

    def restart(self, functions: Sequence[str]) -> None:
        """Empties tables, bucket and queues, and ends the processes of these functions, named by their logical ids."""
        names = [self.resources[name] for name in functions]
        while self._server.ask("restart", functions=names)["running"]:  # what still runs would store and queue more
            time.sleep(0.05)
        for table in self.tables():
            self._empty(table)
        for key in self.raw_mail():
            self.client("s3").delete_object(Bucket=self.resources["RawMail"], Key=key)
        self._seen = self._server.ask("state")["seen"]
        self.emails.clear()
        self.received.clear()

    def _empty(self, table: str) -> None:
        dynamodb, name = self.client("dynamodb"), self.resources[table]
        keys = [key["AttributeName"] for key in dynamodb.describe_table(TableName=name)["Table"]["KeySchema"]]
        for row in self.rows(table):
            dynamodb.delete_item(TableName=name, Key={key: {"S": row[key]} for key in keys})

    def dead_letters(self) -> int:
        return int(self._server.ask("state")["dead"])


class _AsSes:
    """An S3 client for `Receiving` that stores with the permissions of SES."""

    def __init__(self, cloud: SecondCloud) -> None:
        self._cloud = cloud

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> None:
        self._cloud.put(Bucket, Key, Body)


def _arn(resource: str) -> str:
    return f"arn:aws:ses:{REGION}:{ACCOUNT}:{resource}"
