"""What tests share: the local cloud as a fixture, and how a test says that this machine cannot run it."""

import gc
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from local_cloud.cloud import TEMPLATE, World
from local_cloud.intrinsics import Resolver
from tests.logs import given_away

# The collector goes through all that boto3 and moto have made, again and again: a sixth of the time at its usual pace.
gc.set_threshold(100_000, 20, 20)

# A test never depends on how fast the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def g1_no_log_gives_anybody_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """The logs of every world that a test makes, whatever it is about: no address, no token, no word of a reply."""
    end = World.__exit__

    def end_after_a_look(world: World, kind: Any, error: Any, trace: Any) -> None:
        found = given_away(world)
        end(world, kind, error, trace)
        assert error or not found, f"in the logs: {found}"

    monkeypatch.setattr(World, "__exit__", end_after_a_look)


@pytest.fixture
def world() -> Iterator[World]:
    """The whole system on this machine, on a Monday morning. A handler that raised fails the test."""
    with World(start=MONDAY) as world:
        yield world
        assert not world.failures


@pytest.fixture
def own_course(tmp_path: Path) -> Iterator[tuple[World, Path]]:
    """A world whose `emails/` can be edited, as an author does while people are in the course."""
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, tmp_path / "template.yaml")
    shutil.copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    with World(template=tmp_path / "template.yaml", start=MONDAY) as world:
        yield world, tmp_path / "emails" / "rebuild-trust"


@pytest.fixture(scope="module")
def resources() -> Resolver:
    """The template as CloudFormation would carry it out."""
    with World(start=MONDAY) as world:
        # One function has run, so that `aws.log` is imported as on Lambda: it reads the environment when it is.
        assert world.invoke("dispatch", {}).error is None
        return world.resources


def cannot_run_here(what: str) -> None:
    """Skips a test that needs what this machine has not; with CI=true that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run here: {what}")
    pytest.skip(f"cannot run here: {what}")
