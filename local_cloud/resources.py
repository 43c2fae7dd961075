"""Creates the template's resources in moto, with boto3, and exactly with their properties."""

import json
import re
from collections.abc import Callable
from typing import Any

import boto3

from local_cloud import custom
from local_cloud.intrinsics import Resolver, TemplateError, blamed
from local_cloud.ses import Ses

# These have no effect on one machine, or another file creates them.
ELSEWHERE = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Stage",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::KMS::Key",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::Logs::MetricFilter",
    "AWS::SES::EmailIdentity",
    "AWS::SES::ReceiptRule",
    "AWS::S3::BucketPolicy",
    "AWS::Scheduler::Schedule",
    "AWS::SecretsManager::Secret",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
}
PASSWORD = (
    "PasswordLength", "ExcludeCharacters", "ExcludeNumbers", "ExcludePunctuation", "ExcludeUppercase",
    "ExcludeLowercase", "IncludeSpace", "RequireEachIncludedType",
)  # fmt: skip

Made = dict[str, tuple[str, dict[str, str]]]


class Clients:
    """The local cloud's own clients, kept until the process ends: making one takes 3 to 40 ms."""

    _kept: dict[str, Any] = {}  # noqa: RUF012 - it is meant to be shared

    def __getattr__(self, service: str) -> Any:
        if service not in self._kept:
            self._kept[service] = boto3.Session().client(service)  # type: ignore[call-overload]
        return self._kept[service]


def secrets(resolver: Resolver, clients: Clients) -> Made:
    """Creates the secrets, whose names only AWS can give: their Ref and attributes, by logical id."""
    made: Made = {}
    for logical_id, kind in resolver.types().items():
        if kind == "AWS::SecretsManager::Secret":
            with blamed(logical_id):
                given = resolver.properties(logical_id)
                value = _secret_value(logical_id, given, clients)
            secret = clients.secretsmanager.create_secret(
                Name=f"email-course/{logical_id}", SecretString=value, Tags=given.get("Tags", [])
            )
            made[logical_id] = (secret["ARN"], {"Id": secret["ARN"]})
    return made


def _secret_value(logical_id: str, properties: dict[str, Any], clients: Clients) -> str:
    if "SecretString" in properties:
        return str(properties["SecretString"])
    generate = properties.get("GenerateSecretString")
    if generate is None:
        raise TemplateError(f"{logical_id}: has neither SecretString nor GenerateSecretString")
    options = {name: generate[name] for name in PASSWORD if name in generate}
    password: str = clients.secretsmanager.get_random_password(**options)["RandomPassword"]
    if "GenerateStringKey" not in generate:
        return password
    return json.dumps(json.loads(generate["SecretStringTemplate"]) | {generate["GenerateStringKey"]: password})


def create(resolver: Resolver, clients: Clients, ses: Ses) -> None:
    """Creates every resource after the resources that it refers to."""
    for logical_id, kind in resolver.types().items():
        if kind not in ELSEWHERE and kind not in CREATE and not kind.startswith(custom.KIND):
            raise TemplateError(f"{logical_id}: the local cloud does not know {kind}")
    for kind, make in CREATE.items():
        found = list(resolver.resources(kind))
        if kind == "AWS::SQS::Queue":  # a dead-letter queue comes before the queue that names it
            found.sort(key=lambda resource: "RedrivePolicy" in resource[1])
        for logical_id, properties in found:
            with blamed(logical_id):
                make(resolver, logical_id, properties, clients)
    _mail(resolver, clients, ses)


def _table(resolver: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    name = str(resolver.ref(logical_id))
    carried = (
        "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "GlobalSecondaryIndexes",
        "LocalSecondaryIndexes", "StreamSpecification", "DeletionProtectionEnabled", "Tags", "TableClass",
    )  # fmt: skip
    request = {key: given[key] for key in carried if key in given}
    if encryption := given.get("SSESpecification"):
        request["SSESpecification"] = {
            "Enabled": encryption["SSEEnabled"],
            **{key: encryption[key] for key in ("SSEType", "KMSMasterKeyId") if key in encryption},
        }
    clients.dynamodb.create_table(TableName=name, **request)
    if ttl := given.get("TimeToLiveSpecification"):
        clients.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    if recovery := given.get("PointInTimeRecoverySpecification"):
        clients.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)


def _queue(resolver: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    url = str(resolver.ref(logical_id))
    attributes = {
        name: json.dumps(value) if isinstance(value, dict) else str(value).lower()
        for name, value in given.items()
        if name not in ("QueueName", "Tags", "RedriveAllowPolicy")
    }
    clients.sqs.create_queue(QueueName=url.rpartition("/")[2], Attributes=attributes)


def _topic(resolver: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    topic = str(resolver.ref(logical_id))
    clients.sns.create_topic(Name=topic.rpartition(":")[2])
    for subscription in given.get("Subscription", []):
        clients.sns.subscribe(TopicArn=topic, **subscription)


def _subscription(_: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    attributes = {
        name: json.dumps(given[name]) if isinstance(given[name], dict) else str(given[name]).lower()
        for name in ("RawMessageDelivery", "FilterPolicy", "FilterPolicyScope")
        if name in given and given[name] not in (False, "false")
    }
    if given.get("Protocol") not in ("sqs", "email"):
        raise TemplateError(f"{logical_id}.Protocol: the local cloud knows sqs and email")
    clients.sns.subscribe(
        TopicArn=given["TopicArn"],
        Protocol=given["Protocol"],
        Endpoint=given["Endpoint"],
        Attributes=attributes,
    )


def _bucket(resolver: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    name = str(resolver.ref(logical_id))
    region = clients.s3.meta.region_name
    clients.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})
    if tags := given.get("Tags"):
        clients.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    if encryption := given.get("BucketEncryption"):
        rules = [
            {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
            for rule in encryption["ServerSideEncryptionConfiguration"]
        ]
        clients.s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})


def _configuration_set(resolver: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    options = {name: value for name, value in given.items() if name in ("DeliveryOptions", "SuppressionOptions")}
    clients.sesv2.create_configuration_set(ConfigurationSetName=resolver.ref(logical_id), **options)


def _event_destination(_: Resolver, logical_id: str, given: dict[str, Any], clients: Clients) -> None:
    destination = given["EventDestination"]
    if "SnsDestination" not in destination:
        raise TemplateError(f"{logical_id}.EventDestination: the local cloud knows SnsDestination only")
    clients.sesv2.create_configuration_set_event_destination(
        ConfigurationSetName=given["ConfigurationSetName"],
        EventDestinationName=destination.get("Name", logical_id),
        EventDestination={
            "Enabled": destination.get("Enabled", False),
            "MatchingEventTypes": [
                re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).upper() for kind in destination["MatchingEventTypes"]
            ],
            "SnsDestination": {"TopicArn": destination["SnsDestination"]["TopicARN"]},
        },
    )


def _rule_set(resolver: Resolver, logical_id: str, _: dict[str, Any], clients: Clients) -> None:
    clients.ses.create_receipt_rule_set(RuleSetName=resolver.ref(logical_id))


def _mail(resolver: Resolver, clients: Clients, ses: Ses) -> None:
    for _, properties in resolver.resources("AWS::SES::EmailIdentity"):
        clients.sesv2.create_email_identity(EmailIdentity=properties["EmailIdentity"])
    for logical_id, properties in resolver.resources("AWS::SES::ConfigurationSet"):
        if options := properties.get("SuppressionOptions"):
            ses.suppresses[str(resolver.ref(logical_id))] = options["SuppressedReasons"]


Make = Callable[[Resolver, str, dict[str, Any], Clients], None]
CREATE: dict[str, Make] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::SQS::Queue": _queue,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SES::ConfigurationSet": _configuration_set,
    "AWS::SES::ConfigurationSetEventDestination": _event_destination,
    "AWS::SES::ReceiptRuleSet": _rule_set,
}
