"""Logs and alarms of a failure: enough for the operator, and no personal data."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from aws.log import FUNCTIONS, PACKAGES, Failed, where
from local_cloud.cloud import World
from tests.logs import ADDRESS
from tests.metrics import goes_off
from tests.test_events import event
from tests.test_template import ASKED_FOR, HANDLERS

TEXT = "The ciphertext of ann@example.net (I shouted at her) refers to a key that you may not use."


@pytest.mark.parametrize("name", sorted(HANDLERS - ASKED_FOR))
def test_g2_a_denied_call_is_logged_with_code_and_operation_only(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In every handler the alarm goes off, and neither the log nor the traceback has any of AWS's text."""

    def denied(_client: BaseClient, operation: str, _parameters: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": TEXT}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    outcome = world.invoke(name, event(name))
    monkeypatch.undo()

    if outcome.error:
        assert type(outcome.error) is Failed
        assert outcome.error.__suppress_context__
    else:
        failed = outcome.payload.get("batchItemFailures") or outcome.payload["statusCode"] == 503
        assert failed, outcome.payload
    (logged,) = [json.loads(line) for line in world.logs if '"AccessDeniedException"' in line]
    assert (logged["level"], logged["error"], logged["code"]) == ("ERROR", "ClientError", "AccessDeniedException")
    assert logged["operation"][0].isupper()
    assert ".py:" in logged["where"]
    logs = "\n".join(world.logs)
    assert not ADDRESS.search(logs)
    assert "ciphertext" not in logs
    assert goes_off(world.resources.properties("FailedAlarm"), world)
    world.failures.clear()


@pytest.mark.parametrize(
    ("message", "action"),
    [
        ("User: arn:aws:sts::1:x is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:y", "kms:Decrypt"),
        (
            "User `arn:aws:sts::1:x' is not authorized to perform `ses:SendEmail' on resource `ann@example.net'",
            "ses:SendEmail",
        ),
        ("KMS key access denied error: User is not authorized to perform: kms:GenerateDataKey", "kms:GenerateDataKey"),
    ],
)
def test_g2_the_denied_action_is_logged_and_nothing_else_of_the_text(
    world: World, monkeypatch: pytest.MonkeyPatch, message: str, action: str
) -> None:
    """It can differ from the call: a table's key belongs to KMS. The operator's command shows it too."""

    def denied(_client: BaseClient, operation: str, _parameters: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": f"{message}. {TEXT}"}}, operation)

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", denied)
        error = str(world.invoke("dispatch", event("dispatch")).error)
    assert error == f"AccessDeniedException on Query, which lacks {action}"
    (logged,) = [json.loads(line) for line in world.logs if '"AccessDeniedException"' in line]
    assert logged["denied"] == action
    assert "arn:aws:sts" not in "\n".join(world.logs)
    world.failures.clear()


def test_g2_an_unexpected_error_is_logged_with_type_and_place_only(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ValueError(TEXT)

    monkeypatch.setattr("aws.subscribers.Subscribers.due", fails)
    assert str(world.invoke("dispatch", event("dispatch")).error) == "ValueError"
    assert TEXT not in "\n".join(world.logs)
    (logged,) = [json.loads(line) for line in world.logs if '"a function failed"' in line]
    assert logged["where"].startswith("dispatch.py:")
    assert "code" not in logged
    assert goes_off(world.resources.properties("FailedAlarm"), world)
    world.failures.clear()


def test_every_package_of_the_functions_is_listed_as_our_code() -> None:
    assert {path.parent.name for path in FUNCTIONS.glob("*/__init__.py")} == PACKAGES


@pytest.mark.parametrize("file", ["send.py", "aws/ses.py", "aws/web/routes.py", "services/links/leaving.py"])
def test_where_is_the_last_place_in_our_code_at_any_depth(file: str) -> None:
    """A place in a library does not count, although libraries are deployed next to our packages."""
    library = compiled("def fails():\n    raise ValueError", FUNCTIONS / "botocore" / "client.py")
    ours = compiled("\ndef calls():\n    fails()", FUNCTIONS / file, fails=library["fails"])
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - it has no text
        ours["calls"]()
    assert where(caught.value) == f"{Path(file).name}:3"


def compiled(source: str, file: Path, **names: Any) -> dict[str, Any]:
    """The names that a source defines, as if it were in that file."""
    exec(compile(source, str(file), "exec"), names)
    return names
