"""`email-course deployable` says what keeps a stack from being deployed, before AWS is asked."""

import re
from pathlib import Path

import pytest

from cli.deployable import given_to_sam
from cli.main import app
from tests.cli.test_operate import COMMAND

MAKEFILE = Path(__file__).parents[2] / "Makefile"


def asked(*words: str) -> tuple[int, str]:
    result = COMMAND.invoke(app, ["deployable", *words])
    return result.exit_code, result.output


def test_n4_a_valid_name_and_region_are_accepted() -> None:
    assert asked("email-course", "--region", "eu-central-1")[0] == 0
    assert asked("a" * 55, "--region", "us-east-1", "--set", "ActivateReceiptRules=yes")[0] == 0


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("a" * 56, "--region", "eu-central-1"), "the name '" + "a" * 56 + "-dispatch' has 65 characters"),
        (("email-course", "--region", "ap-east-1"), "SES receives no mail in this region"),
        (("email-course", "--region", "eu-west-1", "--set", "Sender=nobody"), "parameter Sender: 'nobody' must match"),
        (("email-course", "--region", "eu-west-1", "--set", "Sendr=x"), "the template has no parameter Sendr"),
        (
            ("email-course", "--region", "eu-west-1", "--", "--parameter-overrides", "Sender=nobody"),
            "parameter Sender: 'nobody' must match",
        ),
        (("email-course", "--region", "eu-west-1", "--", "--config-file", "none.toml"), "No such file"),
    ],
)
def test_n4_the_reason_against_a_deployment_is_named(words: tuple[str, ...], why: str) -> None:
    code, told = asked(*words)
    assert code == 1
    assert told.startswith("email-course: ")
    assert why in told


ONE_NAME = ["MailFrom=reply", "Sender=a@example.org", "ReplyDomain=reply.example.org"]
"""Parameters with which the domain for bounces is the domain for replies."""


@pytest.mark.parametrize(
    "words",
    [
        [word for one in ONE_NAME for word in ("--set", one)],
        ["--", "--parameter-overrides", *ONE_NAME],
        ["--", "--guided", f"--parameter-overrides={' '.join(ONE_NAME)}", "--no-confirm-changeset"],
    ],
    ids=["by hand", "of make", "one word"],
)
def test_n8_a_mail_from_domain_that_is_the_reply_domain_is_refused(words: list[str]) -> None:
    """A name with the MX record of each would lose replies at random."""
    code, told = asked("email-course", "--region", "eu-west-1", *words)
    assert code == 1
    assert told.startswith("email-course: reply.example.org would be both the MAIL FROM domain and the reply domain")


def test_n8_where_the_stack_makes_no_mail_from_domain_nothing_is_refused() -> None:
    words = [word for one in [*ONE_NAME, "MakeSenderIdentity=no"] for word in ("--set", one)]
    assert asked("email-course", "--region", "eu-west-1", *words)[0] == 0


CONFIGURED = """
[default.global.parameters]
stack_name = "email-course"
[default.deploy.parameters]
parameter_overrides = ["Sender=a@example.org", "PostalAddress='1 Example Street, Exampletown'"]
[other.deploy.parameters]
parameter_overrides = "Sender=b@example.org MailFrom=returns"
[third.deploy.parameters]
parameter_overrides = { Sender = "c@example.org", RetentionDays = 30, PostalAddress = "1 Example Street" }
[fourth.deploy.parameters]
capabilities = "CAPABILITY_IAM"
"""


@pytest.mark.parametrize(
    ("arguments", "parameters"),
    [
        ([], {"Sender": "a@example.org", "PostalAddress": "1 Example Street, Exampletown"}),
        (["--config-env", "other"], {"Sender": "b@example.org", "MailFrom": "returns"}),
        (
            ["--config-env=third"],
            {"Sender": "c@example.org", "RetentionDays": "30", "PostalAddress": "1 Example Street"},
        ),
        (["--config-env", "fourth"], {}),
        (["--config-env", "fifth"], {}),
        (["--parameter-overrides", "Sender=d@example.org", "--guided", "X=y"], {"Sender": "d@example.org"}),
        (["--parameter-overrides", "PostalAddress='1 A Street'", "file://more.yaml"], {"PostalAddress": "1 A Street"}),
        (["--parameter-overrides", "PostalAddress=O'Neil"], {"PostalAddress": "O'Neil"}),
        (["--parameter-overrides", "ParameterKey=Sender,ParameterValue=e@example.org"], {}),
    ],
)
def test_the_parameters_are_those_that_sam_will_be_given(
    tmp_path: Path, arguments: list[str], parameters: dict[str, str]
) -> None:
    """In its arguments or its configuration file; the arguments replace the file's."""
    (tmp_path / "samconfig.toml").write_text(CONFIGURED, "utf-8")
    assert given_to_sam(arguments, tmp_path) == parameters
    (tmp_path / "samconfig.toml").rename(tmp_path / "deploy.toml")
    assert given_to_sam([*arguments, "--config-file", "deploy.toml"], tmp_path) == parameters


def test_a_parameter_without_a_value_is_a_usage_error() -> None:
    assert asked("email-course", "--region", "eu-west-1", "--set", "Sender") == (
        2,
        "email-course: --set Sender: must be NAME=VALUE\n",
    )


def test_n4_make_deploy_runs_deployable_before_sam() -> None:
    """With the same name, region and parameters, or another stack than the one that was checked would be deployed."""
    makefile = MAKEFILE.read_text("utf-8")
    assert re.search(r"^deploy: deployable build", makefile, re.MULTILINE)
    assert "\t@$(email-course) deployable $(STACK) --region $(REGION) -- $(ARGS)\n" in makefile
    assert "\t$(sam) deploy --stack-name $(STACK) --region $(REGION) $(ARGS)\n" in makefile
