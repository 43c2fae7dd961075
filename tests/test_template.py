"""template.yaml: which resources are deployed, and how they are kept.

All checks here are ones that cfn-lint and checkov do not have.
"""

import ast
import re
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from aws.reflections import SET_ASIDE_LIFE
from aws.settings import Settings
from course import schedule
from local_cloud.cloud import PARAMETERS, TEMPLATE, World
from local_cloud.intrinsics import Resolver
from local_cloud.template import resolved
from tests.conftest import MONDAY
from tests.metrics import Series, goes_off, written
from tests.people import Person

ROOT = TEMPLATE.parent
FUNCTIONS = ROOT / "functions"
HANDLERS = {path.stem for path in FUNCTIONS.glob("*.py")}
ASKED_FOR = {"activate_rules"}
"""Deployed only if a parameter asks for it."""
FORTNIGHT = timedelta(days=14)


def functions(resources: Resolver) -> dict[str, dict[str, Any]]:
    """The properties of every function, by its module's name."""
    found = [properties for _, properties in resources.resources("AWS::Lambda::Function")]
    return {properties["Handler"].removesuffix(".handler"): properties for properties in found}


def by_arn(resources: Resolver, kind: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of a type, by its ARN."""
    return {resources.get_att(name, "Arn"): properties for name, properties in resources.resources(kind)}


# ---------------------------------------------------------------- functions


def test_the_deployed_handlers_are_the_files_in_functions_and_each_has_an_event(resources: Resolver) -> None:
    assert set(functions(resources)) == HANDLERS - ASKED_FOR
    asked_for = resolved(TEMPLATE, PARAMETERS | {"ActivateReceiptRules": "yes"}, resources.made)
    assert set(functions(asked_for)) == HANDLERS
    assert {path.stem for path in (ROOT / "events").iterdir()} == HANDLERS


def test_every_function_runs_on_the_same_runtime(resources: Resolver) -> None:
    for name, properties in functions(resources).items():
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.13", ["arm64"]), name
        assert properties["Code"]["S3Key"] == "functions/", name
        assert properties["Environment"]["Variables"]["EMAILS_DIR"] == "/opt"
        assert properties["Layers"] == [resources.ref(layer) for layer in only(resources, "AWS::Lambda::LayerVersion")]
    [(_, layer)] = resources.resources("AWS::Lambda::LayerVersion")
    assert (layer["Content"]["S3Key"], layer["CompatibleRuntimes"]) == ("emails/", ["python3.13"])


def only(resources: Resolver, kind: str) -> list[str]:
    return [name for name, _ in resources.resources(kind)]


def test_every_function_has_every_setting(resources: Resolver) -> None:
    needed = {field.name.upper() for field in fields(Settings)}
    for name, properties in functions(resources).items():
        assert needed <= set(properties["Environment"]["Variables"]), name


def test_logs_are_kept_for_30_days(resources: Resolver) -> None:
    groups = {resources.ref(name): given for name, given in resources.resources("AWS::Logs::LogGroup")}
    for name, properties in functions(resources).items():
        assert groups[properties["LoggingConfig"]["LogGroup"]]["RetentionInDays"] == 30, name


def test_the_api_writes_no_access_log(resources: Resolver) -> None:
    """It would hold the tokens, which are in the paths."""
    [(_, stage)] = resources.resources("AWS::ApiGatewayV2::Stage")
    assert "AccessLogSettings" not in stage
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] <= 25


def test_s19_the_forms_have_their_own_throttle_and_can_have_their_own_concurrency(resources: Resolver) -> None:
    """A limit on one function leaves the rest to the others. By default there is none, as new accounts refuse it."""
    [(_, stage)] = resources.resources("AWS::ApiGatewayV2::Stage")
    [(_, api)] = resources.resources("AWS::ApiGatewayV2::Api")
    routes = stage["RouteSettings"]
    assert set(routes) == {f"ANY {path}" for path in ("/", "/sign-up", "/embed", "/fresh-link")}
    assert {route.removeprefix("ANY ") for route in routes} <= set(api["Body"]["paths"])
    for settings in routes.values():
        assert settings["ThrottlingRateLimit"] < stage["DefaultRouteSettings"]["ThrottlingRateLimit"]
    assert not [name for name, given in functions(resources).items() if "ReservedConcurrentExecutions" in given]
    with World(start=MONDAY, parameters={"SignUpConcurrency": "5"}) as world:
        bound = {name: given.get("ReservedConcurrentExecutions") for name, given in functions(world.resources).items()}
    assert {name: int(most) for name, most in bound.items() if most} == {"sign_up": 5}


def test_paths_of_one_shape_have_one_name(resources: Resolver) -> None:
    """OpenAPI counts /me/{token}/{a} and /me/{token}/{b} as the same path, and the import refuses it."""
    [(_, api)] = resources.resources("AWS::ApiGatewayV2::Api")
    shapes = [re.sub(r"\{\w+\}", "{}", path) for path in api["Body"]["paths"]]
    assert len(shapes) == len(set(shapes))


def test_the_api_waits_longer_than_its_functions_take(resources: Resolver) -> None:
    """An HTTP API gives up after 30 seconds."""
    for name in ("sign_up", "confirm", "my_course", "unsubscribe"):
        assert functions(resources)[name]["Timeout"] < 30


# ---------------------------------------------------------------- queues and topics


def test_every_queue_has_a_dead_letter_queue_and_keeps_messages_for_14_days(resources: Resolver) -> None:
    queues = by_arn(resources, "AWS::SQS::Queue")
    targets = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue}
    assert len(targets) == 3
    for arn, queue in queues.items():
        assert queue["SqsManagedSseEnabled"] is True
        assert queue["MessageRetentionPeriod"] == FORTNIGHT.total_seconds(), arn
        if arn not in targets:
            assert queue["RedrivePolicy"]["maxReceiveCount"] == 5, arn


def test_a_message_is_invisible_while_lambda_may_still_work_on_it(resources: Resolver) -> None:
    """At least six times the function's timeout (Lambda guide, "Configuring a queue for use with Lambda")."""
    timeouts = {resources.ref(name): given["Timeout"] for name, given in resources.resources("AWS::Lambda::Function")}
    queues = by_arn(resources, "AWS::SQS::Queue")
    mappings = [mapping for _, mapping in resources.resources("AWS::Lambda::EventSourceMapping")]
    assert len(mappings) == 3
    for mapping in mappings:
        assert queues[mapping["EventSourceArn"]]["VisibilityTimeout"] >= 6 * timeouts[mapping["FunctionName"]]


def test_one_bad_message_does_not_fail_its_batch(resources: Resolver) -> None:
    for name, mapping in resources.resources("AWS::Lambda::EventSourceMapping"):
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name


def listeners(resources: Resolver) -> dict[str, str]:
    """Queue → the topic that it listens to."""
    found = [given for _, given in resources.resources("AWS::SNS::Subscription") if given["Protocol"] == "sqs"]
    return {given["Endpoint"]: given["TopicArn"] for given in found}


def test_queues_take_messages_from_their_own_topic_only(resources: Resolver) -> None:
    subscriptions = listeners(resources)
    assert len(subscriptions) == 2
    policies = [policy for _, policy in resources.resources("AWS::SQS::QueuePolicy")]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    assert {statement["Resource"] for statement in statements} == set(subscriptions)
    for statement in statements:
        assert statement["Principal"] == {"Service": "sns.amazonaws.com"}
        assert statement["Action"] == "sqs:SendMessage"
        assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": subscriptions[statement["Resource"]]}}


def test_the_feedback_topic_takes_events_only_from_ses_for_this_account(resources: Resolver) -> None:
    """SES publishes to the topic of inbound mail by a role, and nobody else may."""
    [(_, policy)] = resources.resources("AWS::SNS::TopicPolicy")
    assert set(listeners(resources).values()) == {*policy["Topics"], resources.ref("InboundTopic")}
    [statement] = policy["PolicyDocument"]["Statement"]
    assert statement["Resource"] == resources.ref("FeedbackTopic")
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert statement["Action"] == "sns:Publish"
    assert statement["Condition"] == {"StringEquals": from_ses(resources, "configuration_set")}


def from_ses(resources: Resolver, source: str) -> dict[str, Any]:
    """Returns SES's condition keys when it acts for the stack's receipt rule, or for its configuration set."""
    prefix = resources.get_att("RawMail", "Arn").partition(":s3:")[0] + f":ses:{resources.ref('AWS::Region')}"
    account, [(_, rule)] = resources.ref("AWS::AccountId"), resources.resources("AWS::SES::ReceiptRule")
    arns = {
        "receipt_rule": f"receipt-rule-set/{rule['RuleSetName']}:receipt-rule/{rule['Rule']['Name']}",
        "configuration_set": f"configuration-set/{resources.ref('ConfigurationSet')}",
    }
    return {"aws:SourceAccount": account, "aws:SourceArn": f"{prefix}:{account}:{arns[source]}"}


def test_topics_are_encrypted_with_a_key_that_their_publishers_may_use(resources: Resolver) -> None:
    """Otherwise messages of SES and alarms are lost.

    Source: SNS guide, "event sources from AWS services and encrypted topics".
    """
    topics = dict(resources.resources("AWS::SNS::Topic"))
    assert set(topics) == {"InboundTopic", "FeedbackTopic", "Alarms"}
    assert {topic["KmsMasterKeyId"] for topic in topics.values()} == {resources.ref("Key")}
    statements = resources.properties("Key")["KeyPolicy"]["Statement"]
    services = {s["Principal"]["Service"]: s for s in statements if "Service" in s["Principal"]}
    assert set(services) == {"ses.amazonaws.com", "cloudwatch.amazonaws.com"}
    for statement in services.values():
        assert (statement["Effect"], statement["Resource"]) == ("Allow", "*")
        assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    of_ses = from_ses(resources, "configuration_set")
    assert services["ses.amazonaws.com"]["Condition"] == {"StringEquals": of_ses}
    account = {"aws:SourceAccount": resources.ref("AWS::AccountId")}
    assert services["cloudwatch.amazonaws.com"]["Condition"] == {"StringEquals": account}


# ---------------------------------------------------------------- what is kept


def test_tables_are_recoverable_and_encrypted(resources: Resolver) -> None:
    tables = dict(resources.resources("AWS::DynamoDB::Table"))
    assert set(tables) == {"Subscribers", "Reflections", "Suppressions", "Limits"}
    for name, table in tables.items():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert table["SSESpecification"] == {
            "SSEEnabled": True,
            "SSEType": "KMS",
            "KMSMasterKeyId": resources.ref("Key"),
        }, name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name


@pytest.mark.parametrize(
    "name", ["Subscribers", "Reflections", "Suppressions", "Limits", "RawMail", "Key", "SigningSecret"]
)
def test_resources_that_cannot_be_made_again_stay_when_the_stack_is_deleted(resources: Resolver, name: str) -> None:
    resource = resources.template["Resources"][name]
    assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_n3_a_failed_first_deployment_can_be_deleted_and_a_successful_one_is_protected(
    resources: Resolver,
) -> None:
    """CloudFormation deletes the resources that it has just made, which the protection of a table would prevent."""
    policies = {resource.get("DeletionPolicy", "Delete") for resource in resources.template["Resources"].values()}
    assert policies == {"Delete", "RetainExceptOnCreate"}
    assert "DeletionProtection=yes" in resources.outputs()["Protection"]
    standing = resolved(TEMPLATE, PARAMETERS | {"DeletionProtection": "yes"}, resources.made)
    for name in only(resources, "AWS::DynamoDB::Table"):
        assert resources.properties(name)["DeletionProtectionEnabled"] is False, name
        assert standing.properties(name)["DeletionProtectionEnabled"] is True, name
    assert standing.outputs()["Protection"] == "The tables are protected."


def test_items_expire_by_the_attribute_that_the_code_writes(resources: Resolver) -> None:
    lives = {name: table.get("TimeToLiveSpecification") for name, table in resources.resources("AWS::DynamoDB::Table")}
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    assert lives == {"Subscribers": ttl, "Reflections": ttl, "Limits": ttl, "Suppressions": None}


def test_the_key_is_rotated_and_every_bucket_and_secret_uses_it(resources: Resolver) -> None:
    assert resources.properties("Key")["EnableKeyRotation"] is True
    for _, secret in resources.resources("AWS::SecretsManager::Secret"):
        assert secret["KmsKeyId"] == resources.ref("Key")
    statements = resources.properties("Key")["KeyPolicy"]["Statement"]
    [condition] = [s["Condition"]["StringEquals"] for s in statements if "kms:ViaService" in str(s)]
    services = {service.partition(".")[0] for service in condition["kms:ViaService"]}
    assert services == {"dynamodb", "s3", "secretsmanager"}
    assert condition["kms:CallerAccount"] == resources.ref("AWS::AccountId")
    for _, bucket in resources.resources("AWS::S3::Bucket"):
        [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        default = rule["ServerSideEncryptionByDefault"]
        assert default == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": resources.get_att("Key", "Arn")}


def test_buckets_are_private_and_their_objects_expire(resources: Resolver) -> None:
    for name, bucket in resources.resources("AWS::S3::Bucket"):
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}, name
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4, name
        assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], name
        [rule] = bucket["LifecycleConfiguration"]["Rules"]
        assert (rule["Status"], rule["ExpirationInDays"]) == ("Enabled", FORTNIGHT.days), name
        assert "VersioningConfiguration" not in bucket, "an expired object would be kept as an old version"
    assert SET_ASIDE_LIFE == FORTNIGHT  # a note that a mail was set aside is kept as long as the mail


def test_buckets_are_reached_over_tls_only_and_by_roles_of_the_account_only(resources: Resolver) -> None:
    policies = {given["Bucket"]: given["PolicyDocument"] for _, given in resources.resources("AWS::S3::BucketPolicy")}
    for name in only(resources, "AWS::S3::Bucket"):
        arn = resources.get_att(name, "Arn")
        statements = policies[resources.ref(name)]["Statement"]
        [deny] = [statement for statement in statements if statement["Effect"] == "Deny"]
        assert (deny["Principal"], deny["Action"], deny["Resource"]) == ("*", "s3:*", [arn, f"{arn}/*"])
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert statements == [deny]  # SES writes by a role


# ---------------------------------------------------------------- email


def test_ses_stops_trying_before_the_next_lesson_can_start(resources: Resolver) -> None:
    [(_, configuration)] = resources.resources("AWS::SES::ConfigurationSet")
    assert 300 <= configuration["DeliveryOptions"]["MaxDeliverySeconds"] < schedule.MIN_GAP.total_seconds()


def test_ses_publishes_every_event_that_settles_an_attempt(resources: Resolver) -> None:
    [(_, destination)] = resources.resources("AWS::SES::ConfigurationSetEventDestination")
    wanted = {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"}
    assert set(destination["EventDestination"]["MatchingEventTypes"]) == wanted
    assert destination["EventDestination"]["Enabled"] is True


def test_ses_suppresses_addresses_that_bounced_or_complained_and_tracks_no_opening(resources: Resolver) -> None:
    """The privacy page says both. SES puts its own pixel and links into emails only for OPEN and CLICK."""
    [(_, given)] = resources.resources("AWS::SES::ConfigurationSet")
    assert given["SuppressionOptions"] == {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}
    assert given.keys() == {"DeliveryOptions", "ReputationOptions", "SuppressionOptions"}
    for _, destination in resources.resources("AWS::SES::ConfigurationSetEventDestination"):
        assert not {"OPEN", "CLICK"} & {*destination["EventDestination"]["MatchingEventTypes"]}


def test_replies_are_scanned_and_stored_where_ses_may_write(resources: Resolver) -> None:
    [(_, given)] = resources.resources("AWS::SES::ReceiptRule")
    rule = given["Rule"]
    [action] = rule["Actions"]
    assert (rule["Enabled"], rule["ScanEnabled"]) == (True, True)
    assert rule["Recipients"] == [resources.ref("ReplyDomain")]
    role = by_arn(resources, "AWS::IAM::Role")[action["S3Action"]["IamRoleArn"]]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Principal"], trust["Action"]) == ({"Service": "ses.amazonaws.com"}, "sts:AssumeRole")
    assert trust["Condition"] == {"StringEquals": from_ses(resources, "receipt_rule")}
    [policy] = role["Policies"]
    granted = {statement["Resource"]: statement["Action"] for statement in policy["PolicyDocument"]["Statement"]}
    assert granted == {
        f"{resources.get_att('RawMail', 'Arn')}/{action['S3Action']['ObjectKeyPrefix']}*": "s3:PutObject",
        action["S3Action"]["TopicArn"]: "sns:Publish",
        resources.get_att("Key", "Arn"): ["kms:GenerateDataKey*", "kms:Decrypt"],
    }
    assert "ManagedPolicyArns" not in role


# ---------------------------------------------------------------- alarms


def counted() -> set[str]:
    """Every metric that the functions count by a plain name."""
    calls = [
        node
        for path in FUNCTIONS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]
    named = [call.args[0] for call in calls if ast.unparse(call.func) == "count" and call.args]
    named += [word.value for call in calls for word in call.keywords if word.arg == "counted_as"]
    by_default = {"Failed"} if any(ast.unparse(call.func) == "failed" for call in calls) else set()
    return by_default | {str(name.value) for name in named if isinstance(name, ast.Constant)}


def alarms_on(resources: Resolver, namespace: str) -> list[dict[str, Any]]:
    """The alarms that watch one metric of this namespace."""
    alarms = [alarm for _, alarm in resources.resources("AWS::CloudWatch::Alarm")]
    return [alarm for alarm in alarms if alarm.get("Namespace") == namespace]


def test_every_metric_that_an_alarm_watches_is_counted_by_a_function(resources: Resolver) -> None:
    """An alarm on a metric that no function counts never goes off."""
    ours = alarms_on(resources, "EmailCourse")
    assert {alarm["MetricName"] for alarm in ours} == {
        *("Held", "InDoubt", "BreakerOpen", "Overdue", "Refused", "Rejected", "Broken"),
        *("RepliesLost", "SignUpsClosed", "Failed", "PausedByBounces", "NewerItems"),
    }
    assert {alarm["MetricName"] for alarm in ours} <= counted()
    for name, properties in functions(resources).items():
        variables = properties["Environment"]["Variables"]
        for alarm in ours:
            assert alarm["Namespace"] == variables["POWERTOOLS_METRICS_NAMESPACE"], name
            service = {"Name": "service", "Value": variables["POWERTOOLS_SERVICE_NAME"]}
            assert alarm["Dimensions"] == [service], name


def test_alarms_watch_exactly_the_metrics_that_the_functions_write(world: World) -> None:
    """Compares written metrics: for CloudWatch another namespace, value or set of dimensions is another metric."""
    ann = Person(world).joins()
    world.ses.refused[ann.address] = "Address blocked."
    world.advance(timedelta(days=1))
    metrics = {series for series, _ in written(world)}
    assert {series.name for series in metrics} >= {"SignUps", "Confirmed", "Sent", "Refused", "Held"}
    [(namespace, dimensions)] = {(series.namespace, series.dimensions) for series in metrics}
    ours = alarms_on(world.resources, "EmailCourse")
    assert ours
    for alarm in ours:
        assert Series.watched_by(alarm) == Series(namespace, dimensions, alarm["MetricName"])
    ringing = {alarm["MetricName"] for alarm in ours if goes_off(alarm, world)}
    assert ringing == {"Refused", "Held"}


def test_alarms_go_off_long_before_ses_reviews_the_account(resources: Resolver) -> None:
    """SES does so at 5 % bounces and 0.1 % complaints (SES guide, "Sending review process FAQs"), by its own rates."""
    alarms = alarms_on(resources, "AWS/SES")
    rates = {alarm["MetricName"]: alarm["Threshold"] for alarm in alarms}
    assert rates == {"Reputation.BounceRate": 0.02, "Reputation.ComplaintRate": 0.0005}
    assert {alarm["ComparisonOperator"] for alarm in alarms} == {"GreaterThanOrEqualToThreshold"}


def test_f6_every_dead_letter_queue_has_an_alarm(resources: Resolver) -> None:
    """One each: an idle queue sends no metrics, and an expression over several queues is missing if one of them is."""
    alarms = alarms_on(resources, "AWS/SQS")
    watched = {alarm["Dimensions"][0]["Value"] for alarm in alarms}
    queues = by_arn(resources, "AWS::SQS::Queue")
    targets = {queue["RedrivePolicy"]["deadLetterTargetArn"] for queue in queues.values() if "RedrivePolicy" in queue}
    assert watched == {arn.rpartition(":")[2] for arn in targets}
    assert {alarm["MetricName"] for alarm in alarms} == {"ApproximateNumberOfMessagesVisible"}


@pytest.mark.parametrize(("alarm_name", "serves_pages"), [("PageErrorsAlarm", True), ("WorkErrorsAlarm", False)])
def test_g2_an_alarm_watches_invocations_that_lambda_could_not_run(
    resources: Resolver, alarm_name: str, *, serves_pages: bool
) -> None:
    """Timeouts, errors at import and lack of memory, which no function can count. Pages have their own alarm."""
    alarm = resources.properties(alarm_name)
    [watched] = [query for query in alarm["Metrics"] if query["ReturnData"]]
    assert watched["Expression"] == "SUM(FILL(METRICS(), 0))"
    stats = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    assert len(stats) <= 10  # CloudWatch guide, "Limits that apply to alarms based on metric math expressions"
    assert {stat["Stat"] for stat in stats} == {"Sum"}
    allowed = [permission for _, permission in resources.resources("AWS::Lambda::Permission")]
    of_pages = {one["FunctionName"] for one in allowed if one["Principal"] == "apigateway.amazonaws.com"}
    names = [resources.ref(name) for name in only(resources, "AWS::Lambda::Function")]
    dimensions = [{"Name": "FunctionName", "Value": name} for name in names if (name in of_pages) == serves_pages]
    assert dimensions
    errors = [{"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": [one]} for one in dimensions]
    assert sorted((stat["Metric"] for stat in stats), key=str) == sorted(errors, key=str)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_g2_an_alarm_watches_invocations_that_lambda_could_not_start(resources: Resolver) -> None:
    """In the whole account, because the limit is the account's: the metric has no dimensions."""
    [alarm] = [alarm for alarm in alarms_on(resources, "AWS/Lambda") if alarm["MetricName"] == "Throttles"]
    assert "Dimensions" not in alarm
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == ("Sum", 0, "GreaterThanThreshold")


def test_g2_an_alarm_watches_the_errors_of_the_api(resources: Resolver) -> None:
    [alarm] = alarms_on(resources, "AWS/ApiGateway")
    assert (alarm["MetricName"], alarm["Dimensions"]) == ("5xx", [{"Name": "ApiId", "Value": resources.ref("HttpApi")}])
    assert (alarm["Statistic"], alarm["Threshold"], alarm["ComparisonOperator"]) == ("Sum", 0, "GreaterThanThreshold")


def test_alarms_reach_a_person(resources: Resolver) -> None:
    mailed = [given for _, given in resources.resources("AWS::SNS::Subscription") if given["Protocol"] == "email"]
    assert [given["Endpoint"] for given in mailed] == [resources.ref("AlarmEmail")]
    for name, alarm in resources.resources("AWS::CloudWatch::Alarm"):
        assert alarm["AlarmActions"] == [mailed[0]["TopicArn"]], name


def test_e7_lambda_lets_send_put_a_notice_back_into_its_own_queue(resources: Resolver) -> None:
    """By default Lambda cuts a loop after 16 turns. No other function may loop."""
    allowed = {name for name, given in functions(resources).items() if given.get("RecursiveLoop") == "Allow"}
    assert allowed == {"send"}


# ---------------------------------------------------------------- values that are in the code as well


def test_dispatch_knows_its_own_rate_and_the_number_of_senders(resources: Resolver) -> None:
    import dispatch
    from aws import outbox

    assert resources.properties("DispatchTick")["ScheduleExpression"] == f"rate({dispatch.TICK // 60} minutes)"
    assert resources.properties("SendOutbox")["ScalingConfig"]["MaximumConcurrency"] == outbox.SENDERS


@pytest.mark.parametrize("rate", [0.5, 1, 7, 100])  # SES's sandbox takes one a second from two senders
def test_send_has_time_for_a_whole_message_and_its_slowest_email(resources: Resolver, rate: float) -> None:
    from aws.outbox import ids_a_message
    from course.delivery import IN_FLIGHT
    from services.sending import ANSWER_TIME, CLAIM_TIME

    assert resources.properties("SendOutbox")["BatchSize"] == 1
    assert functions(resources)["send"]["Timeout"] <= IN_FLIGHT.total_seconds()
    starting = (ids_a_message(rate) - 1) / rate  # seconds until the last one starts
    assert functions(resources)["send"]["Timeout"] >= starting + (CLAIM_TIME + ANSWER_TIME) / 1000
