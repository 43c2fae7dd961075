"""The names and ARNs that resources get in the local cloud, known before anything is created."""

import re

ACCOUNT = "123456789012"  # moto's own
REGION = "eu-west-1"
STACK = "email-course"

PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackId": f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/local",
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}

DKIM_TOKEN = re.compile(r"DkimDNSToken(Name|Value)([123])")
# Type → the service in its ARN, and the text before the name in it.
ARNS = {
    "AWS::DynamoDB::Table": ("dynamodb", "table/"),
    "AWS::KMS::Key": ("kms", "key/"),  # only a name, not a key: moto encrypts nothing, and needs 0.1 s to make a key
    "AWS::Lambda::Function": ("lambda", "function:"),
    "AWS::Lambda::LayerVersion": ("lambda", "layer:"),
    "AWS::SQS::Queue": ("sqs", ""),
    "AWS::SNS::Topic": ("sns", ""),
    "AWS::Logs::LogGroup": ("logs", "log-group:"),
    "AWS::Events::Rule": ("events", "rule/"),
    "AWS::Scheduler::Schedule": ("scheduler", "schedule/default/"),
    "AWS::CloudWatch::Alarm": ("cloudwatch", "alarm:"),
}
# Types whose Ref is the name itself.
NAMED = {
    "AWS::ApiGatewayV2::Api",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::DynamoDB::Table",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::Function",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SES::ConfigurationSet",
    "AWS::SES::EmailIdentity",
    "AWS::SES::ReceiptRuleSet",
    "AWS::Scheduler::Schedule",
}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def physical_name(kind: str, logical_id: str, given: str | None) -> str:
    """The resource's name in the template, otherwise one made from the stack's name and the logical id."""
    if given:
        return given
    name = f"{STACK}-{logical_id}"
    return name.lower() if kind in ("AWS::S3::Bucket", "AWS::ApiGatewayV2::Api") else name


def reference(kind: str, logical_id: str, given: str | None) -> str | None:
    """The value of Ref; None if it is not known for the type."""
    name = physical_name(kind, logical_id, given)
    if kind in NAMED:
        return name
    if kind == "AWS::SQS::Queue":
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
    if kind in ("AWS::SNS::Topic", "AWS::Lambda::LayerVersion"):
        return attribute(kind, logical_id, given, "Arn")
    return None


def attribute(kind: str, logical_id: str, given: str | None, wanted: str) -> str | None:
    """The value of GetAtt; None if it is not known for the attribute."""
    name = physical_name(kind, logical_id, given)
    if wanted == "Arn" and kind in ARNS:
        service, before = ARNS[kind]
        return arn(service, before + name)
    if kind == "AWS::SES::EmailIdentity" and (token := DKIM_TOKEN.fullmatch(wanted)):
        selector = f"dkim{token[2]}-{name.replace('.', '-')}"
        return f"{selector}._domainkey.{name}" if token[1] == "Name" else f"{selector}.dkim.amazonses.com"
    special = {
        ("AWS::S3::Bucket", "Arn"): f"arn:aws:s3:::{name}",
        ("AWS::IAM::Role", "Arn"): f"arn:aws:iam::{ACCOUNT}:role/{name}",
        ("AWS::ApiGatewayV2::Api", "ApiEndpoint"): f"https://{name}.execute-api.{REGION}.amazonaws.com",
        ("AWS::SNS::Topic", "TopicArn"): arn("sns", name),
        ("AWS::SNS::Topic", "TopicName"): name,
        ("AWS::SQS::Queue", "QueueName"): name,
        ("AWS::SQS::Queue", "QueueUrl"): reference("AWS::SQS::Queue", logical_id, given),
    }
    return special.get((kind, wanted))
