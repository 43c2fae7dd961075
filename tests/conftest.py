"""What tests share: the local cloud as a fixture, and how a test says that this machine cannot run it."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from cli.local.cloud import World
from cli.local.intrinsics import Resolver

# A test never depends on how fast the machine is.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def world() -> Iterator[World]:
    """The whole system on this machine, on a Monday morning. A handler that raised fails the test."""
    with World(start=MONDAY) as world:
        yield world
        assert not world.failures


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
