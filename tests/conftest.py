"""Shared by all tests: fixtures of the local cloud, and how to skip a test that this machine cannot run."""

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

# At its default pace the garbage collector takes a sixth of the tests' time: it goes through all objects of boto3 and
# moto again and again.
gc.set_threshold(100_000, 20, 20)

# A test never depends on how fast the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def g1_no_log_gives_anybody_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails any test in whose worlds the logs hold an address, a token or a line of a reply."""
    end = World.__exit__

    def end_after_a_look(world: World, kind: Any, error: Any, trace: Any) -> None:
        found = given_away(world)
        end(world, kind, error, trace)
        assert error or not found, f"in the logs: {found}"

    monkeypatch.setattr(World, "__exit__", end_after_a_look)


@pytest.fixture
def world() -> Iterator[World]:
    """The whole system on this machine, on a Monday morning. Fails the test if a handler raised."""
    with World(start=MONDAY) as world:
        yield world
        assert not world.failures


@pytest.fixture
def own_course(tmp_path: Path) -> Iterator[tuple[World, Path]]:
    """A world and its course's folder, which a test edits as an author does while the course runs."""
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, tmp_path / "template.yaml")
    shutil.copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    with World(template=tmp_path / "template.yaml", start=MONDAY) as world:
        yield world, tmp_path / "emails" / "rebuild-trust"


@pytest.fixture(scope="module")
def resources() -> Resolver:
    """The template, resolved as CloudFormation would resolve it."""
    with World(start=MONDAY) as world:
        # Run one function first, so that `aws.log` is imported as on Lambda: it reads the environment on import.
        assert world.invoke("dispatch", {}).error is None
        return world.resources


def cannot_run_here(what: str) -> None:
    """Skips a test for which something is missing on this machine; with CI=true, fails it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"cannot run here: {what}")
    pytest.skip(f"cannot run here: {what}")
