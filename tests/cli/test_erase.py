"""`email-course erase-all` erases everything that a deleted stack leaves, asks twice, and can be interrupted."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from typer.testing import Result

from cli import main
from cli.erase import KINDS, TAG, Leftovers
from cli.main import app
from local_cloud.cloud import World
from local_cloud.physical import ACCOUNT, STACK
from tests.cli.test_operate import COMMAND
from tests.conftest import MONDAY
from tests.people import Person

SURE = f"y\n{STACK}\n"
TABLES = {"Subscribers", "Reflections", "Suppressions", "Limits"}


class Account:
    """An AWS account with a deleted stack's resources, Ann's data among them, and another stack's table."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.stands: set[str] = set()  # names of the stacks that still exist
        self.kms = world.clients.kms
        self.key = self.kms.create_key(Tags=[{"TagKey": TAG, "TagValue": STACK}])["KeyMetadata"]["KeyId"]
        self.table("theirs", "another")

    def table(self, name: str, stack: str) -> None:
        attribute = {"AttributeName": "id", "AttributeType": "S"}
        self.world.clients.dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[attribute],
            Tags=[{"Key": TAG, "Value": stack}],
        )

    @property
    def left(self) -> set[str]:
        """The names of all resources; `key` for a key that can be used."""
        clients = self.world.clients
        names = set(clients.dynamodb.list_tables()["TableNames"])
        names |= {bucket["Name"] for bucket in clients.s3.list_buckets()["Buckets"]}
        names |= {secret["Name"] for secret in clients.secretsmanager.list_secrets()["SecretList"]}
        keys = [self.kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in self.kms.list_keys()["Keys"]]
        return names | {"key" for key in keys if key["KeyState"] == "Enabled"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    with World(start=MONDAY, parameters={"DeletionProtection": "yes"}) as world:
        ann = Person(world).joins()
        ann.replies("I listened.")
        world.advance(timedelta(days=1))
        account = Account(world)
        call = BaseClient._make_api_call  # type: ignore[attr-defined]

        def with_stacks(client: BaseClient, operation: str, parameters: Any) -> Any:
            """Answers for CloudFormation: moto's needs libraries that nothing else needs."""
            if operation != "DescribeStacks":
                return call(client, operation, parameters)
            if parameters["StackName"] in account.stands:
                return {"Stacks": [{"StackStatus": "UPDATE_COMPLETE"}]}
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "does not exist"}}, operation)

        with monkeypatch.context() as patched:
            patched.setattr(BaseClient, "_make_api_call", with_stacks)
            yield account
        reflections = world.resources.ref("Reflections")
        if reflections not in account.left:
            account.table(reflections, STACK)  # conftest compares every world's logs with this table


def erases(monkeypatch: pytest.MonkeyPatch, typed: str = SURE, stack: str = STACK, account: str = ACCOUNT) -> Result:
    """Runs the command with these answers typed at its questions."""
    monkeypatch.setattr(main, "_is_terminal", lambda: True)
    return COMMAND.invoke(app, ["erase-all", stack, "--account", account], input=typed)


def test_n9_everything_that_outlives_the_stack_is_erased(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables are protected, the bucket contains mail, and one backup was made by hand."""
    subscribers = account.world.resources.ref("Subscribers")
    account.world.clients.dynamodb.create_backup(TableName=subscribers, BackupName="by-hand")
    assert len(account.left) == 4 + 1 + 1 + 1 + 1
    result = erases(monkeypatch)
    assert result.exit_code == 0, result.output
    assert account.left == {"theirs"}
    assert account.world.clients.dynamodb.list_backups()["BackupSummaries"] == []
    assert f"{subscribers}: deleted, with 1 backups" in result.output
    assert "raw mails" in result.output
    assert "is deleted in 7 days" in result.output
    again = erases(monkeypatch, typed="")
    assert (again.exit_code, again.output.count("Nothing is left of email-course")) == (0, 1)


def test_n9_every_retained_resource_has_the_tag_and_a_kind_that_the_command_knows(account: Account) -> None:
    """Every resource of the template that outlives the stack, and no other."""
    resources = account.world.resources
    kept = {name for name, it in resources.template["Resources"].items() if "Retain" in it.get("DeletionPolicy", "")}
    assert kept == {*TABLES, "RawMail", "SigningSecret", "Key"}
    for name in kept:
        assert {"Key": TAG, "Value": STACK} in resources.properties(name)["Tags"], name
        assert resources.types()[name].split("::")[1].lower() in KINDS, name
    assert len(Leftovers(STACK, ACCOUNT).found()) == len(kept)


def test_n9_no_backup_outlives_a_table(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """DynamoDB would keep one for 35 days if point-in-time recovery were on when the table is deleted."""
    recovers: list[str] = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def watched(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation == "DeleteTable":
            backups = call(client, "DescribeContinuousBackups", parameters)["ContinuousBackupsDescription"]
            recovers.append(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"])
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", watched)
    assert erases(monkeypatch).exit_code == 0
    assert recovers == ["DISABLED"] * len(TABLES)


def test_o1_an_erasure_that_is_interrupted_at_any_call_is_finished_by_the_next(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each run is interrupted one change later than the run before, until a run finishes."""
    stopped = 0
    while stopped < 100:
        with monkeypatch.context() as patched:
            patched.setattr(BaseClient, "_make_api_call", StopsAfter(stopped))
            result = erases(patched)
        if result.exit_code == 0:
            break
        stopped += 1
        assert "theirs" in account.left
    assert stopped > 3
    assert account.left == {"theirs"}


class StopsAfter:
    """AWS that takes this many changes, and interrupts the command at the next one."""

    def __init__(self, changes: int) -> None:
        self._left = changes
        self._call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def __get__(self, client: BaseClient, _: object) -> Any:
        return lambda operation, parameters: self._made(client, operation, parameters)

    def _made(self, client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation.startswith(("Delete", "Update", "Schedule")):
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        return self._call(client, operation, parameters)


@pytest.mark.parametrize(
    ("typed", "asked"),
    [("n\n", 1), ("\n", 1), (f"y\n{STACK}-test\n", 2), ("y\ny\n", 2)],
    ids=["no", "no answer", "another name", "yes twice"],
)
def test_o3_nothing_is_erased_without_two_confirmations(
    account: Account, monkeypatch: pytest.MonkeyPatch, typed: str, asked: int
) -> None:
    before = account.left
    result = erases(monkeypatch, typed)
    assert result.exit_code == 1
    assert "nothing was erased" in result.output
    assert result.output.count("Nobody can bring it back") + result.output.count("The stack's name:") == asked
    assert account.left == before


def test_o3_nothing_is_erased_without_a_terminal(account: Account) -> None:
    before = account.left
    result = COMMAND.invoke(app, ["erase-all", STACK, "--account", ACCOUNT], input=SURE)
    assert result.exit_code == 1
    assert "typed on a terminal" in result.output
    assert account.left == before
    assert not sys.stdin.isatty()


def test_o3_another_account_than_the_one_named_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    before = account.left
    result = erases(monkeypatch, account="210987654321")
    assert result.exit_code == 1
    assert f"these credentials belong to account {ACCOUNT}, not to 210987654321" in result.output
    assert account.left == before


def test_o3_a_stack_that_still_exists_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    account.stands.add(STACK)
    before = account.left
    result = erases(monkeypatch)
    assert result.exit_code == 1
    assert "still exists (UPDATE_COMPLETE): delete it first, with sam delete --stack-name email-course" in result.output
    assert account.left == before


def test_o3_the_resources_of_another_stack_are_not_found(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    before = account.left
    result = erases(monkeypatch, stack="email-course-test")
    assert "Nothing is left of email-course-test" in result.output
    assert account.left == before


def test_a_refusal_by_aws_is_one_line_with_the_operation(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def denies(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation == "DeleteTable":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)
        return call(client, operation, parameters)

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", denies)
        result = erases(patched)
    assert result.exit_code == 1
    assert result.output.endswith("email-course: AWS refused DeleteTable: AccessDeniedException\n")
    assert {name.partition(f"{STACK}-")[2] for name in account.left} >= TABLES
