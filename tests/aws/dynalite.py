"""The fixture `database`: DynamoDB on moto and on dynalite, with the tables of template.yaml.

Each is lenient where the other is strict, so code that works on both is likely to work on DynamoDB.
dynalite is a Node program; `make test` installs it into .tools.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from local_cloud.cloud import PARAMETERS, TEMPLATE
from local_cloud.environment import offline_aws
from local_cloud.physical import REGION, arn
from local_cloud.template import resolved
from tests.conftest import cannot_run_here

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PROGRAM = TEMPLATE.parent / ".tools/node_modules/dynalite/cli.js"
MADE = {"Key": ("key", {"Arn": arn("kms", "key/key")}), "SigningSecret": (arn("secretsmanager", "secret:s"), {})}
"""Resources with a name only after they are created."""
KEPT = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")
"""The parts of a table's definition that both of them accept."""

_numbers = count()


class Database:
    """Moto or dynalite, with the template's tables in it."""

    def __init__(self, name: str, client: "DynamoDBClient") -> None:
        self.name = name
        self.client = client

    def table(self, logical_id: str) -> str:
        """Makes a new, empty table as template.yaml has it, and returns its name."""
        definition = resolved(TEMPLATE, PARAMETERS, MADE).properties(logical_id)
        name = f"{logical_id}-{next(_numbers)}"
        request: Any = {key: definition[key] for key in KEPT if key in definition}
        self.client.create_table(TableName=name, **request)
        while self.client.describe_table(TableName=name)["Table"]["TableStatus"] != "ACTIVE":
            time.sleep(0.002)
        return name

    def items(self, table: str) -> list[dict[str, Any]]:
        """Every item of a table, in DynamoDB's typed JSON."""
        return self.client.scan(TableName=table, ConsistentRead=True)["Items"]


@pytest.fixture(params=["moto", "dynalite"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """DynamoDB on moto, then on dynalite."""
    if request.param == "dynalite":
        yield request.getfixturevalue("dynalite")
        return
    with offline_aws(), mock_aws(config={"core": {"mock_credentials": False, "reset_boto3_session": False}}):
        yield Database("moto", boto3.Session().client("dynamodb"))


@pytest.fixture(scope="session")
def dynalite() -> Iterator[Database]:
    """dynalite, started once for all tests of a process."""
    node = shutil.which("node")
    if node is None or not PROGRAM.exists():
        cannot_run_here("the tables on dynalite (node, or dynalite in .tools, is missing: run make test)")
    with offline_aws(), running(str(node), PROGRAM) as url:
        client = boto3.Session().client("dynamodb", endpoint_url=url, region_name=REGION, config=Config(proxies={}))
        yield Database("dynalite", client)


@contextmanager
def running(node: str, program: Path) -> Iterator[str]:
    """dynalite on a free port; another process may take that port first, so it is tried three times."""
    for _ in range(3):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [node, str(program), "--host", "127.0.0.1", "--port", str(port), "--createTableMs", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            said = process.stdout.readline() if process.stdout else ""
            if "listening" in said:
                try:
                    yield f"http://127.0.0.1:{port}"
                finally:
                    process.terminate()
                return
            process.kill()
    pytest.fail(f"dynalite did not start: {said}")


@contextmanager
def asked_for(database: Database, operation: str, **more: Any) -> Iterator[None]:
    """Adds parameters to every call of an operation: `Limit` makes pages as small as in a large table."""

    def add(params: dict[str, Any], **_: Any) -> None:
        params.update(more)

    event = f"before-parameter-build.dynamodb.{operation}"
    database.client.meta.events.register(event, add)
    try:
        yield
    finally:
        database.client.meta.events.unregister(event, add)
