"""The AWS calls that functions make, in IAM's words: the actions that must be allowed, and on which resources."""

from dataclasses import dataclass, field
from typing import Any

from local_cloud.physical import ACCOUNT, REGION, arn

# Operations that have another name in IAM (Service Authorization Reference).
ACTIONS = {
    "s3:HeadObject": "s3:GetObject",
    "s3:ListObjects": "s3:ListBucket",
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:DeleteObjects": "s3:DeleteObject",
    "s3:CopyObject": "s3:PutObject",
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
TRANSACTION = {
    "Put": "dynamodb:PutItem",
    "Update": "dynamodb:UpdateItem",
    "Delete": "dynamodb:DeleteItem",
    "ConditionCheck": "dynamodb:ConditionCheckItem",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `needs` has every (IAM action, resource ARN) that the function's role must allow."""

    function: str
    operation: str  # service:Operation, as called
    needs: tuple[tuple[str, str], ...]
    parameters: dict[str, Any] = field(repr=False)


def described(function: str, service: str, operation: str, parameters: dict[str, Any]) -> Call:
    called = f"{service}:{operation}"
    if operation == "TransactWriteItems":
        needs = tuple(
            (TRANSACTION[kind], arn("dynamodb", f"table/{part['TableName']}"))
            for item in parameters["TransactItems"]
            for kind, part in item.items()
        )
    else:
        action = ACTIONS.get(called, called)
        if called == "ses:SendEmail" and "Raw" in parameters.get("Content", {}):
            action = "ses:SendRawEmail"
        needs = tuple((action, resource) for resource in _resources(service, parameters))
    return Call(function, called, needs, parameters)


def _resources(service: str, parameters: dict[str, Any]) -> list[str]:
    match service:
        case "dynamodb":
            found = _tables(parameters)
        case "sqs" if "QueueUrl" in parameters:
            found = [arn("sqs", parameters["QueueUrl"].rpartition("/")[2])]
        case "s3" if "Bucket" in parameters:
            key = f"/{parameters['Key']}" if "Key" in parameters else ""
            found = [f"arn:aws:s3:::{parameters['Bucket']}{key}"]
        case "ses" if "FromEmailAddress" in parameters:
            domain = parameters["FromEmailAddress"].rstrip(">").rpartition("@")[2]
            names = [f"identity/{domain}"]
            if name := parameters.get("ConfigurationSetName"):
                names.append(f"configuration-set/{name}")
            found = [arn("ses", name) for name in names]
        case "secretsmanager" if "SecretId" in parameters:
            secret = parameters["SecretId"]
            found = [secret if secret.startswith("arn:") else arn("secretsmanager", f"secret:{secret}")]
        case "sns" if "TopicArn" in parameters:
            found = [parameters["TopicArn"]]
        case "lambda" if "FunctionName" in parameters:
            name = parameters["FunctionName"]
            found = [name if name.startswith("arn:") else f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"]
        case _:
            found = ["*"]
    return found


def _tables(parameters: dict[str, Any]) -> list[str]:
    names = [parameters["TableName"]] if "TableName" in parameters else list(parameters.get("RequestItems", {}))
    index = f"/index/{parameters['IndexName']}" if parameters.get("IndexName") else ""
    return [arn("dynamodb", f"table/{name}{index}") for name in names] or ["*"]
