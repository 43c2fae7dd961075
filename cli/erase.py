"""Erases what outlives a deleted stack: tables, bucket, secret and key, found by the tag from the template."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cli.operate import OperatorError, on_one_line

TAG = "email-course"
"""The key of that tag; its value is the stack's name."""

GONE = {"ResourceNotFoundException", "404", "NoSuchBucket", "NotFoundException"}
KEY_DAYS = 7
"""Days until AWS deletes a key: the minimum that AWS allows. Nobody can use the key in the meantime."""


class Leftovers:
    """The resources that a deleted stack has left in the account and region of the current credentials."""

    def __init__(self, stack: str, account: str) -> None:
        self.stack, self.account = stack, account

    def found(self) -> list[str]:
        """The ARNs of the resources that still exist, in the order in which they are erased: the key last.

        Raises OperatorError if the account is not the named one, and while the stack still exists.
        """
        with _told():
            self._check()
            pages = boto3.client("resourcegroupstaggingapi").get_paginator("get_resources")
            tagged = [
                resource["ResourceARN"]
                for page in pages.paginate(TagFilters=[{"Key": TAG, "Values": [self.stack]}])
                for resource in page["ResourceTagMappingList"]
            ]
            known = [arn for arn in tagged if _service(arn) in KINDS and KINDS[_service(arn)].stands(_name(arn))]
            return sorted(known, key=lambda arn: (list(KINDS).index(_service(arn)), arn))

    def erase(self, arn: str) -> str:
        """Erases one resource and returns a line that says so. Can be repeated after an interruption."""
        with _told():
            return f"{_name(arn)}: {KINDS[_service(arn)].erase(_name(arn))}"

    def about(self, found: list[str]) -> str:
        """The resources that are about to be erased, as text for the question to the operator."""
        where = f"account {self.account}, region {boto3.Session().region_name}"
        lines = [f"  {KINDS[_service(arn)].called}  {_name(arn)}" for arn in found]
        return "\n".join([f"The stack {self.stack} left these resources in {where}:", "", *lines, ""])

    def _check(self) -> None:
        here = boto3.client("sts").get_caller_identity()["Account"]
        if here != self.account:
            raise OperatorError(f"these credentials belong to account {here}, not to {self.account}")
        try:
            (stack,) = boto3.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":  # this code means that the stack does not exist
                raise
        else:
            raise OperatorError(
                f"the stack {self.stack} still exists ({stack['StackStatus']}): "
                f"delete it first, with sam delete --stack-name {self.stack}"
            )


class _Kind:
    """One kind of resource that a deleted stack leaves."""

    def __init__(self, called: str, stands: Callable[[str], bool], erase: Callable[[str], str]) -> None:
        self.called = called
        self.erase = erase
        self._stands = stands

    def stands(self, name: str) -> bool:
        """Whether the resource still exists: AWS lists a deleted resource by its tag for a while."""
        try:
            return self._stands(name)
        except ClientError as error:
            if error.response["Error"]["Code"] in GONE:
                return False
            raise


def _table_stands(name: str) -> bool:
    table = boto3.client("dynamodb").describe_table(TableName=name)["Table"]
    return bool(table["TableStatus"] != "DELETING")


def _erase_table(name: str) -> str:
    dynamodb = boto3.client("dynamodb")
    # This comes first: otherwise DynamoDB keeps a backup of the deleted table for 35 days, which nobody can delete.
    dynamodb.update_continuous_backups(
        TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
    )
    backups = 0
    while found := dynamodb.list_backups(TableName=name, BackupType="USER")["BackupSummaries"]:
        for backup in found:
            dynamodb.delete_backup(BackupArn=backup["BackupArn"])
            backups += 1
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    dynamodb.delete_table(TableName=name)
    dynamodb.get_waiter("table_not_exists").wait(TableName=name)
    return f"deleted, with {backups} backups" if backups else "deleted"


def _bucket_stands(name: str) -> bool:
    boto3.client("s3").head_bucket(Bucket=name)
    return True


def _erase_bucket(name: str) -> str:
    s3, mails = boto3.client("s3"), 0
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
        stored = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        objects: list[Any] = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in stored]
        if objects:
            answer = s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
            if failed := answer.get("Errors"):
                raise OperatorError(f"AWS did not delete {len(failed)} objects of {name}: {failed[0]['Code']}")
            mails += len(objects)
    s3.delete_bucket(Bucket=name)
    return f"deleted, with {mails} raw mails"


def _secret_stands(name: str) -> bool:
    return "DeletedDate" not in boto3.client("secretsmanager").describe_secret(SecretId=name)


def _erase_secret(name: str) -> str:
    boto3.client("secretsmanager").delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    return "deleted"


def _key_stands(name: str) -> bool:
    key = boto3.client("kms").describe_key(KeyId=name)["KeyMetadata"]
    return bool(key["KeyState"] != "PendingDeletion")


def _erase_key(name: str) -> str:
    boto3.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=KEY_DAYS)
    return f"cannot be used any more, and is deleted in {KEY_DAYS} days"


KINDS = {
    "dynamodb": _Kind("table ", _table_stands, _erase_table),
    "s3": _Kind("bucket", _bucket_stands, _erase_bucket),
    "secretsmanager": _Kind("secret", _secret_stands, _erase_secret),
    "kms": _Kind("key   ", _key_stands, _erase_key),
}
"""The kinds of resources by the service in their ARN, in the order in which they are erased."""


def _service(arn: str) -> str:
    return arn.split(":", 5)[2]


def _name(arn: str) -> str:
    """The name in the service's own calls: a secret's whole ARN, otherwise the part after the last slash or colon."""
    return arn if _service(arn) == "secretsmanager" else arn.split(":", 5)[5].rpartition("/")[2]


@contextmanager
def _told() -> Iterator[None]:
    """Turns errors into an OperatorError of one line. A refusal by AWS names the operation."""
    try:
        yield
    except ClientError as error:
        raise OperatorError(f"AWS refused {error.operation_name}: {error.response['Error']['Code']}") from error
    except BotoCoreError as error:
        raise OperatorError(on_one_line(error)) from error
