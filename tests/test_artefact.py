"""The artefact of `make build`, loaded as on Lambda: it answers every sample event and does its work.

The tests are those of `tests/test_events.py`, on the built artefact instead of the source.
"""

import re
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.cloud import World
from local_cloud.custom import listening
from tests.conftest import MONDAY
from tests.lambda_runtime import BUILT, PYTHON, ROOT, artefact, artefact_runs, digest, environment, started_by, unpacked
from tests.people import Person
from tests.test_events import (  # noqa: F401 - run once more, with the fixture `ann` of this file
    EVENTS,
    before_her_first_event,
    event,
    test_audit_accounts_for_everyone,
    test_confirm_starts_the_course,
    test_dispatch_queues_due_subscribers,
    test_my_course_changes_the_hour,
    test_my_journal_shows_the_journal_for_a_valid_link,
    test_receive_reply_keeps_the_reflection,
    test_record_delivery_stops_a_bounced_address_for_good,
    test_send_sends_the_introduction,
    test_sign_up_stores_a_pending_subscriber,
    test_unsubscribe_needs_one_click,
)
from tests.test_first_deployment import rule_set

pytestmark = pytest.mark.long  # each starts processes, whose imports take a second or more

AARCH64 = 183  # ELF's number of the processor
NOT_CHECKED = 1  # flags of bytecode that is used whatever its source's date is (PEP 552)


@pytest.fixture
def ann(world: World) -> Iterator[Person]:
    """Ann, before her first event, in a world whose functions are the built artefact."""
    person = before_her_first_event(world)
    with artefact_runs(world):
        yield person


@pytest.mark.parametrize("name", sorted(path.stem for path in EVENTS.glob("*.json") if path.stem != "activate_rules"))
def test_each_function_answers_its_sample_event_in_a_world_without_subscribers(ann: Person, name: str) -> None:
    outcome = ann.world.invoke(name, event(name))
    if "Records" in event(name):
        assert outcome.payload == {"batchItemFailures": []}
    elif "routeKey" in event(name):
        assert outcome.payload["statusCode"] in (200, 404)
    assert outcome.error is None


def test_activate_rules_answers_its_sample_event() -> None:
    """It is deployed only if a parameter asks for it, and its answer goes to CloudFormation's address."""
    with World(start=MONDAY, parameters={"ActivateReceiptRules": "yes"}) as world, listening() as (url, answers):
        world.clients.ses.set_active_receipt_rule_set()
        with artefact_runs(world):
            given = event("activate_rules") | {"ResponseURL": url}
            given["ResourceProperties"]["RuleSet"] = world.resources.ref("ReceiptRules")
            assert world.invoke("activate_rules", given).error is None
        assert [answer["Status"] for answer in answers] == ["SUCCESS"]
        assert rule_set(world) == world.resources.ref("ReceiptRules")


def test_a_function_that_cannot_be_loaded_is_an_error(world: World) -> None:
    """Shows that the tests above can fail."""
    with artefact_runs(world):
        function = world.functions.by_name["audit"]
        object.__setattr__(function, "handler", "audit.nothing")
        error = world.functions.invoke(function, {}).error
        assert "Runtime.HandlerNotFound" in str(error)
    world.failures.clear()


# ---------------------------------------------------------------- how it is loaded


def python(code: str, world: World, root: Path) -> subprocess.CompletedProcess[str]:
    """Runs a line of code in Python as a function's process would run it."""
    environ = environment(world.functions.by_name["send"], root, "127.0.0.1:1", "http://127.0.0.1:1")
    command = [*started_by(MONDAY), str(PYTHON), "-c", code]
    return subprocess.run(command, cwd=root / "task", env=environ, capture_output=True, text=True, check=False)


def test_the_project_is_not_on_the_path_and_the_code_is_not_writable(world: World) -> None:
    with unpacked() as root:
        found = python("import sys; print(*sys.path, sep='\\n')", world, root)
        assert found.returncode == 0, found.stderr
        ours = [path for path in found.stdout.splitlines() if path.startswith(str(ROOT))]
        assert [path.removeprefix(str(ROOT)) for path in ours] == ["/.venv-lambda/lib/python3.13/site-packages"]
        assert "PermissionError" in python("open('written', 'w')", world, root).stderr
        assert "PermissionError" in python("open('send.py', 'a')", world, root).stderr
        assert "2026-11-23 09:0" in python("import datetime; print(datetime.datetime.now())", world, root).stdout


def test_bytecode_is_used_although_every_file_is_dated_1980(world: World) -> None:
    """Otherwise each cold start would compile everything, which takes two to three times as long."""
    with unpacked() as root:
        loaded = python(
            "import send, sys; print(*(m.__cached__ for m in sys.modules.values() if "
            "getattr(m, '__cached__', None)), sep='\\n')",
            world,
            root,
        )
        ours = [line for line in loaded.stdout.splitlines() if line.startswith(str(root))]
        assert len(ours) > 100, loaded.stderr
        for bytecode in map(Path, ours):
            assert struct.unpack("<I", bytecode.read_bytes()[4:8]) == (NOT_CHECKED,), bytecode


# ---------------------------------------------------------------- what is deployed


def test_all_functions_are_the_same_zip() -> None:
    artefact()
    folders = [folder for folder in BUILT.iterdir() if folder.is_dir()]
    assert len(folders) == len(list(EVENTS.glob("*.json")))
    assert len({digest(folder) for folder in folders}) == 1


def test_compiled_modules_are_for_the_processor_of_lambda() -> None:
    compiled = list(artefact().rglob("*.so"))
    assert compiled
    for path in compiled:
        assert struct.unpack("<H", path.read_bytes()[18:20]) == (AARCH64,), path


def test_only_packages_that_the_functions_need_are_deployed() -> None:
    """No test, no tool and nothing of the local cloud: each package is our own, or named in constraints.txt."""
    pinned = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()}
    for metadata in artefact().glob("*.dist-info"):
        assert re.sub(r"[-_.]+", "-", metadata.name.partition("-")[0]).lower() in {
            re.sub(r"[-_.]+", "-", name) for name in pinned
        }
    assert not {"tests", "cli", "local_cloud", "boto3", "moto"} & {path.name for path in artefact().iterdir()}
