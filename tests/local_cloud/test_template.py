"""The template as AWS would read it: intrinsics, parameters, and an error of one line for each mistake."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local_cloud.cloud import PARAMETERS, TEMPLATE, World
from local_cloud.intrinsics import Resolver, TemplateError
from local_cloud.template import resolved, translated

RESOURCES: dict[str, Any] = {
    "Jobs": {"Type": "AWS::SQS::Queue"},
    "Mail": {"Type": "AWS::S3::Bucket"},
    "Rows": {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": {"Fn::Sub": "${Stage}-rows"}}},
    "News": {"Type": "AWS::SNS::Topic"},
    "Never": {"Type": "AWS::SQS::Queue", "Condition": "IsLive"},
}
CONDITIONS = {
    "IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]},
    "IsTest": {"Fn::Not": [{"Condition": "IsLive"}]},
    "Both": {"Fn::And": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
    "Either": {"Fn::Or": [{"Condition": "IsLive"}, {"Condition": "IsTest"}]},
}


def value(raw: Any) -> Any:
    """The resolved value of the property `It.Is`."""
    it = {"Type": "AWS::SQS::Queue", "Properties": {"Is": raw}}
    template = {
        "Resources": RESOURCES | {"It": it},
        "Conditions": CONDITIONS,
        "Mappings": {"Size": {"test": {"small": 1}}},
    }
    made = {"Secret": ("arn:secret", {"Id": "arn:secret"})}
    return Resolver(template, {"Stage": "test", "Sender": "course@example.org"}, made).properties("It").get("Is")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Jobs"}, "https://sqs.eu-west-1.amazonaws.com/123456789012/email-course-Jobs"),
        ({"Ref": "Mail"}, "email-course-mail"),
        ({"Ref": "News"}, "arn:aws:sns:eu-west-1:123456789012:email-course-News"),
        ({"Ref": "Secret"}, "arn:secret"),
        ({"Ref": "AWS::NoValue"}, None),
        ({"Fn::GetAtt": ["Rows", "Arn"]}, "arn:aws:dynamodb:eu-west-1:123456789012:table/test-rows"),
        ({"Fn::GetAtt": "Jobs.QueueName"}, "email-course-Jobs"),
        ({"Fn::Sub": "${AWS::Partition}:${Mail.Arn}/${!it}"}, "aws:arn:aws:s3:::email-course-mail/${it}"),
        ({"Fn::Sub": ["${who} in ${Stage}", {"who": {"Ref": "Sender"}}]}, "course@example.org in test"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-test-1"),
        ({"Fn::Select": [1, {"Fn::Split": ["@", {"Ref": "Sender"}]}]}, "example.org"),
        ({"Fn::If": ["IsTest", "yes", "no"]}, "yes"),
        ({"Fn::If": ["IsLive", "yes", {"Ref": "AWS::NoValue"}]}, None),
        ({"Fn::If": ["Both", 1, 2]}, 2),
        ({"Fn::If": ["Either", 1, 2]}, 1),
        ({"Fn::FindInMap": ["Size", {"Ref": "Stage"}, "small"]}, 1),
        ([{"Ref": "AWS::NoValue"}, {"deep": {"Ref": "Stage"}}], [{"deep": "test"}]),
        # `Condition` is also a key in an IAM statement.
        (
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        ),
    ],
    ids=str,
)
def test_an_intrinsic_becomes_its_value(raw: Any, expected: Any) -> None:
    assert value(raw) == expected


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ({"Ref": "Jobz"}, "there is no resource or parameter Jobz"),
        ({"Ref": ["Jobs"]}, "Ref cannot be ['Jobs']"),
        ({"Fn::GetAtt": ["Jobs", "Nope"]}, "the local cloud has no Jobs.Nope"),
        ({"Fn::GetAtt": "Jobs"}, "Fn::GetAtt cannot be 'Jobs'"),
        ({"Fn::Sub": "${Jobz}"}, "there is no resource or parameter Jobz"),
        ({"Fn::Sub": 3}, "Fn::Sub cannot be 3"),
        ({"Fn::If": ["Nope", 1, 2]}, "there is no condition Nope"),
        ({"Fn::If": ["IsLive"]}, "Fn::If cannot be ['IsLive']"),
        ({"Fn::Join": "x"}, "Fn::Join cannot be 'x'"),
        ({"Fn::Select": [2, ["a", "b"]]}, "Fn::Select 2 of 2 parts"),
        ({"Fn::Select": [-1, ["a", "b"]]}, "Fn::Select -1 of 2 parts"),
        ({"Fn::Select": ["x", ["a"]]}, "Fn::Select cannot be"),
        ({"Fn::Split": ["", "abc"]}, "Fn::Split cannot be"),
        ({"Fn::FindInMap": ["Size", "test", "large"]}, "Mappings has no Size.test.large"),
        ({"Fn::ImportValue": "x"}, "the local cloud does not know Fn::ImportValue"),
    ],
    ids=str,
)
def test_an_error_names_the_resource_and_the_property(raw: Any, complaint: str) -> None:
    with pytest.raises(TemplateError, match="^" + re.escape(f"It.Is: {complaint}")) as caught:
        value(raw)
    assert "\n" not in str(caught.value)


def test_a_resource_with_a_false_condition_does_not_exist() -> None:
    resolver = Resolver({"Resources": RESOURCES, "Conditions": CONDITIONS}, {"Stage": "test"}, {})
    assert "Never" not in resolver.types()
    assert [name for name, _ in resolver.resources("AWS::SQS::Queue")] == ["Jobs"]


# ---------------------------------------------------------------- parameters


def test_a_parameter_reaches_the_functions_and_the_senders_domain() -> None:
    given = PARAMETERS | {"Sender": "hello@letters.example.com", "RetentionDays": "7"}
    resolver = resolved(TEMPLATE, given, _secrets(given))
    assert resolver.properties("SenderIdentity")["EmailIdentity"] == "letters.example.com"
    variables = resolver.properties("Send")["Environment"]["Variables"]
    assert variables["SENDER"] == "hello@letters.example.com"
    assert variables["RETENTION_DAYS"] == "7"
    assert resolved(TEMPLATE, PARAMETERS, _secrets(PARAMETERS)).properties("Send")["Environment"]["Variables"] == (
        variables | {"SENDER": PARAMETERS["Sender"], "RETENTION_DAYS": "90"}
    )


def _secrets(given: dict[str, str]) -> dict[str, tuple[str, dict[str, str]]]:
    """Invented values of resources that only creation can give."""
    kinds = ("AWS::KMS::Key", "AWS::SecretsManager::Secret")
    types = resolved(TEMPLATE, given).types()
    return {name: (f"made-{name}", {"Arn": f"arn-{name}"}) for name, kind in types.items() if kind in kinds}


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"Sendr": "a@example.org"}, "the template has no parameter Sendr"),
        (
            {"SiteUrl": "https://example.org/"},
            "parameter SiteUrl: 'https://example.org/' must be an origin without a slash",
        ),
        ({"ReplyDomain": "Reply Domain"}, "parameter ReplyDomain: 'Reply Domain' must match"),
    ],
)
def test_a_wrong_parameter_is_named(changed: dict[str, str], complaint: str) -> None:
    with pytest.raises(TemplateError, match="^" + re.escape(complaint)):
        resolved(TEMPLATE, PARAMETERS | changed)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(TemplateError, match=r"^parameter PostalAddress has no default and was not given$"):
        resolved(TEMPLATE, {name: given for name, given in PARAMETERS.items() if name != "PostalAddress"})


# ---------------------------------------------------------------- mistakes in the file

Change = Callable[[str], str]


def _replaced(old: str, new: str) -> Change:
    def change(source: str) -> str:
        assert old in source
        return source.replace(old, new, 1)

    return change


def _instead(text: str) -> Change:
    return lambda _: text


QUEUE = "  Outbox:\n    Type: AWS::SQS::Queue\n"


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        (_replaced("Resources:\n", "Resources:\n\t"), "line "),
        (_instead(""), "has no Resources"),
        (_instead("- a list"), "has no Resources"),
        (_instead("Resources: {A: }"), "A has no Type"),
        (_replaced(QUEUE, "  Outbox:\n"), "Outbox has no Type"),
        (_replaced("Parameters:\n", "Parameters: [a]\nX:\n"), "Parameters must be names and their definitions"),
        (_replaced("BatchSize: 1\n", "BatchSize: many\n"), "Resource with id [SendOutbox] is invalid."),
        (
            _replaced("AWS::CloudWatch::Alarm", "AWS::CloudWatch::Alert"),
            "HeldAlarm: the local cloud does not know AWS::CloudWatch::Alert",
        ),
        (_replaced("Handler: send.handler", "Handler: sendd.handler"), "Send.Handler: there is no "),
        (
            _replaced("Handler: send.handler", "Handler: send"),
            "Send.Handler: 'send' is not of the form module.function",
        ),
        (_replaced("ContentUri: emails/", "ContentUri: emailz/"), ".ContentUri: there is no "),
        (_replaced("Timeout: 300", "Timeout: long"), "Audit: could not convert string to float"),
        (
            _replaced("rate(5 minutes)", "cron(0 5 * * ? *)"),
            "DispatchTick.ScheduleExpression: the local cloud knows only rate(…)",
        ),
        (
            _replaced("rate(5 minutes)", "rate(0 minutes)"),
            "DispatchTick.ScheduleExpression: the local cloud knows only rate(…)",
        ),
        (_replaced(QUEUE, QUEUE + "    Condition: Nope\n"), "Outbox: there is no condition Nope"),
        (
            _replaced("VisibilityTimeout: 360", "VisibilityTimeout: !Join x"),
            ".VisibilityTimeout: Fn::Join cannot be 'x'",
        ),
        (_replaced("!GetAtt OutboxDeadLetters.Arn", "nowhere"), "Outbox: An error occurred"),
    ],
    ids=[
        "tab",
        "empty",
        "list",
        "empty resource",
        "no type",
        "parameters",
        "SAM refuses",
        "unknown type",
        "no module",
        "no function",
        "no layer",
        "timeout",
        "cron",
        "rate of zero",
        "condition",
        "join",
        "dead letters",
    ],
)
def test_a_mistake_in_the_file_is_reported_in_one_line(tmp_path: Path, mistake: Change, complaint: str) -> None:
    for folder in ("functions", "emails"):
        (tmp_path / folder).symlink_to(TEMPLATE.parent / folder)
    broken = tmp_path / "template.yaml"
    broken.write_text(mistake(TEMPLATE.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(TemplateError, match=re.escape(complaint)) as caught, World(broken):
        pass
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=r"nowhere\.yaml: no such file$"):
        translated(tmp_path / "nowhere.yaml")


def test_an_edited_file_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    for number in (1, 2):
        file.write_text(f"Resources: {{Q{number}: {{Type: 'AWS::SQS::Queue'}}}}", encoding="utf-8")
        os.utime(file, (number, number))
        assert list(translated(file)["Resources"]) == [f"Q{number}"]
