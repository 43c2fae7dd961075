"""The local cloud itself: time, queues, schedules and environments, with a small template and with the real one."""

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_cloud.cloud import World
from local_cloud.queues import QueueState
from local_cloud.wire import NetworkError
from tests.people import Person
from tests.stories import reads

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

TEMPLATE = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, CodeUri: code/, Timeout: 5}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 30
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 3}
  Dead: {Type: AWS::SQS::Queue}
  Rows:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: small_work.handler
      Environment: {Variables: {MINE: work}}
      Events:
        Job:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn, BatchSize: 10, FunctionResponseTypes: [ReportBatchItemFailures]}
  Tick:
    Type: AWS::Serverless::Function
    Properties:
      Handler: small_tick.handler
      Environment: {Variables: {TICKS: tick, JOBS: !Ref Jobs, ROWS: !Ref Rows}}
      Events:
        Often: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(20 minutes), Input: '{"by": "often"}'}}
        Seldom: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
"""
# Handles each message of a batch; reports a bad one as failed, and fails the whole batch for an awful one.
WORK = """
import json, os

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("work", json.dumps([bodies, os.environ.get("MINE"), os.environ.get("TICKS")]))
    if "awful" in bodies:
        raise RuntimeError("awful")
    bad = [record["messageId"] for record in event["Records"] if record["body"] == "bad"]
    return {"batchItemFailures": [{"itemIdentifier": id} for id in bad]}
"""
TICK = """
import json, os, boto3
from datetime import datetime, timezone

def handler(event, context):
    seen = [event.get("by") or event["source"], os.environ.get("MINE"), os.environ.get("TICKS")]
    print("tick", datetime.now(timezone.utc).strftime("%H:%M"), json.dumps(seen))
    boto3.client("sqs").send_message(QueueUrl=os.environ["JOBS"], MessageBody="ticked")
    boto3.client("dynamodb").put_item(TableName=os.environ["ROWS"], Item={"id": {"S": context.aws_request_id}})
"""


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A system of two functions, one queue with a dead-letter queue, one table and two schedules."""
    (tmp_path / "code").mkdir()
    for name, source in {"template.yaml": TEMPLATE, "code/small_work.py": WORK, "code/small_tick.py": TICK}.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path / "template.yaml"
    for module in ("small_work", "small_tick"):
        sys.modules.pop(module, None)


@pytest.fixture
def small(template: Path) -> Iterator[World]:
    """The small system, on a Monday morning."""
    with World(template, START) as world:
        yield world


def put(world: World, *bodies: str) -> None:
    """Puts messages into the queue and waits until they can be received, from the next millisecond on."""
    for body in bodies:
        world.clients.sqs.send_message(QueueUrl=world.resources.ref("Jobs"), MessageBody=body)
    time.sleep(0.005)


def queue(world: World, name: str) -> QueueState:
    return next(state for state in world.queues() if state.logical_id == name)


def batches(world: World) -> list[list[str]]:
    """The bodies that `work` got, batch by batch."""
    lines = [line for line in world.logs if line.startswith("work ")]
    return [sorted(json.loads(line.partition(" ")[2])[0]) for line in lines]


# ---------------------------------------------------------------- time


def test_schedules_fire_in_order_and_each_ones_messages_are_handled_before_the_next(small: World) -> None:
    small.advance(timedelta(hours=2, minutes=1))
    said = [" ".join(line.split()[:2]) for line in small.logs]
    times = [line for line in said if line.startswith("tick")]
    assert times == [
        "tick 09:20", "tick 09:40", "tick 10:00", "tick 10:00",
        "tick 10:20", "tick 10:40", "tick 11:00", "tick 11:00",
    ]  # fmt: skip
    by = [json.loads(line.split(maxsplit=2)[2])[0] for line in small.logs if line.startswith("tick")]
    assert sorted(by) == ["aws.events"] * 2 + ["often"] * 6
    assert said[:4] == ["tick 09:20", 'work [["ticked"],', "tick 09:40", 'work [["ticked"],']
    assert queue(small, "Jobs").waiting == ()
    assert len(small.rows("Rows")) == 8
    assert small.now() - START - timedelta(hours=2, minutes=1) < timedelta(seconds=5)


def test_step_lets_one_event_happen_and_never_passes_its_limit(small: World) -> None:
    assert small.next_at() == START + timedelta(minutes=20)
    assert not small.step(START + timedelta(minutes=19))
    assert small.logs == []
    assert small.step(START + timedelta(hours=1))
    assert sum(line.startswith("tick") for line in small.logs) == 1
    assert small.next_email(within=timedelta(minutes=30)) is None


def test_a_laptop_that_slept_fires_each_schedule_once(small: World) -> None:
    small._move_to(START + timedelta(hours=5, minutes=50))
    small.catch_up()
    assert sum(line.startswith("tick") for line in small.logs) == 2, "one of each schedule"
    assert small.next_at() == START + timedelta(hours=6)


# ---------------------------------------------------------------- queues


def test_a_bad_message_is_retried_after_its_visibility_timeout_and_ends_in_the_dead_letter_queue(small: World) -> None:
    put(small, "one", "bad", "two")
    small.drain()
    assert batches(small) == [["bad", "one", "two"]]
    assert queue(small, "Jobs").in_flight == ("bad",), "the other messages are done"
    (failure,) = small.failures
    assert failure.summary == "small_work: MessagesFailed: 1 of 3 messages"

    small.advance(timedelta(seconds=25))
    assert len(batches(small)) == 1, "not before its visibility timeout"
    small.advance(timedelta(seconds=10))
    assert batches(small)[1:] == [["bad"]]
    assert queue(small, "Dead").waiting == ()
    small.advance(timedelta(seconds=90))
    assert batches(small)[1:] == [["bad"], ["bad"]], "three times in all"
    assert queue(small, "Dead").waiting == ("bad",)
    assert queue(small, "Dead").is_dead_letters
    assert queue(small, "Jobs") == QueueState("Jobs", (), (), (), is_dead_letters=False)


def test_an_exception_fails_the_whole_batch(small: World) -> None:
    put(small, "awful", "one")
    small.drain()
    assert sorted(queue(small, "Jobs").in_flight) == ["awful", "one"]
    assert [failure.summary for failure in small.failures] == ["small_work: RuntimeError: awful"]
    assert any(line.startswith("Traceback") for line in small.logs)
    small.advance(timedelta(minutes=5))
    assert sorted(queue(small, "Dead").waiting) == ["awful", "one"]


def test_a_batch_has_at_most_the_templates_size_and_a_delayed_message_waits(small: World) -> None:
    put(small, *(f"{number:02}" for number in range(12)))
    url = small.resources.ref("Jobs")
    small.clients.sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=60)
    assert queue(small, "Jobs").delayed == ("later",)
    small.drain()
    assert [len(batch) for batch in batches(small)] == [10, 2]
    small.advance(timedelta(seconds=61))
    assert batches(small)[2:] == [["later"]]


# ---------------------------------------------------------------- functions


def test_each_function_sees_only_its_own_environment(small: World) -> None:
    before = dict(os.environ)
    small.advance(timedelta(minutes=21))
    said = {line.split()[0]: json.loads(line[line.index("[") :]) for line in small.logs}
    assert said == {"tick": ["often", None, "tick"], "work": [["ticked"], "work", None]}
    assert dict(os.environ) == before


def test_calls_are_recorded_with_their_function_and_iam_action(small: World) -> None:
    put(small, "mine")  # the local cloud's own calls are not recorded
    small.advance(timedelta(minutes=21))
    jobs, rows = small.resources.get_att("Jobs", "Arn"), small.resources.get_att("Rows", "Arn")
    assert [(call.function, call.operation, call.needs) for call in small.calls] == [
        ("small_tick", "sqs:SendMessage", (("sqs:SendMessage", jobs),)),
        ("small_tick", "dynamodb:PutItem", (("dynamodb:PutItem", rows),)),
    ]


# ---------------------------------------------------------------- several worlds, and the network


def test_two_worlds_share_nothing(tmp_path: Path) -> None:
    environment = dict(os.environ)
    seen: list[dict[str, Any]] = []
    for _ in range(2):
        with World(start=START) as world:
            assert (world.emails, world.logs, world.calls, world.received, world.failures) == ([], [], [], [], [])
            assert [world.rows(table) for table in world.tables()] == [[], [], [], []]
            assert all(not (state.waiting or state.delayed or state.in_flight) for state in world.queues())
            assert world.ses.suppressed == {}
            assert abs(world.now() - START) < timedelta(seconds=5)
            person = Person(world).joins()
            world.complained(person.emails[-1])
            secret = world.clients.secretsmanager.get_secret_value(SecretId=world.resources.ref("SigningSecret"))
            seen.append({"secret": secret["SecretString"], "id": person.row["id"], "link": person.link("/me/")})
            assert person.row["status"] == "complained"
            assert not world.failures
    assert all(seen[0][name] != seen[1][name] for name in seen[0])
    assert dict(os.environ) == environment
    (tmp_path / "now").touch()  # dated by the kernel
    assert abs(time.time() - (tmp_path / "now").stat().st_mtime) < 5, "the clock is put back"


def test_no_call_reaches_the_network(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def refuse(*arguments: object) -> None:
        asked.append(arguments)
        raise OSError("no network in this test")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    ann = reads(Person(world), 1)
    ann.replies("Something I had never said.")
    world.complained(ann.emails[-1])
    assert len(ann.reflections) == 1
    with pytest.raises(NetworkError, match=r"the local cloud has no POST https://sqs\.example\.org/"):
        boto3.client("sqs", endpoint_url="https://sqs.example.org").list_queues()
    assert asked == []


def test_a_function_that_uses_the_network_fails_and_is_named(template: Path) -> None:
    code = template.parent / "code" / "small_work.py"
    code.write_text(
        "import boto3\n\n"
        "def handler(event, context):\n"
        "    boto3.client('sqs', endpoint_url='https://sqs.example.org').list_queues()\n",
        encoding="utf-8",
    )
    with World(template, START) as world:
        outcome = world.invoke("small_work", {})
        assert isinstance(outcome.error, NetworkError)
        assert [failure.function for failure in world.failures] == ["small_work"]
        assert [call.operation for call in world.calls] == ["sqs:ListQueues"]


def test_the_remaining_time_is_the_templates_timeout_or_the_given_seconds(template: Path) -> None:
    code = template.parent / "code" / "small_work.py"
    code.write_text(
        "def handler(event, context):\n    return context.get_remaining_time_in_millis()\n", encoding="utf-8"
    )
    with World(template, START) as world:
        assert 4000 < world.invoke("small_work", {}).payload <= 5000, "the template's timeout"
        assert 0 < world.invoke("small_work", {}, seconds=0.5).payload <= 500
