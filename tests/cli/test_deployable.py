"""`email-course deployable` says what keeps a stack from being deployed, before AWS is asked."""

import re
from pathlib import Path

import pytest

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
    ],
)
def test_n4_the_reason_against_a_deployment_is_named(words: tuple[str, ...], why: str) -> None:
    code, told = asked(*words)
    assert code == 1
    assert told.startswith("email-course: ")
    assert why in told


def test_a_parameter_without_a_value_is_a_usage_error() -> None:
    assert asked("email-course", "--region", "eu-west-1", "--set", "Sender") == (
        2,
        "email-course: --set Sender: must be NAME=VALUE\n",
    )


def test_n4_make_deploy_runs_deployable_before_sam() -> None:
    """With the same name and region: otherwise make would deploy another stack than the one that was checked."""
    makefile = MAKEFILE.read_text("utf-8")
    assert re.search(r"^deploy: deployable build", makefile, re.MULTILINE)
    assert "\t@$(email-course) deployable $(STACK) --region $(REGION)\n" in makefile
    assert "\t$(sam) deploy --stack-name $(STACK) --region $(REGION) $(ARGS)\n" in makefile
