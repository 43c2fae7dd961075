"""Each lesson comes once and in order when many dispatchers and senders run as processes and are killed."""

import os

import pytest

from local_cloud.cloud import World
from tests.conftest import cannot_run_here
from tests.faults.gateway import no_dynalite
from tests.faults.processes import concurrent
from tests.faults.sandboxes import Sandboxes

on_both = pytest.mark.parametrize("on_dynalite", [False, True], ids=["moto", "dynalite"])


@on_both
def test_d1_eight_dispatchers_and_eight_senders_at_once(on_dynalite: bool) -> None:
    if on_dynalite and (why := no_dynalite()):
        cannot_run_here(why)
    run = concurrent(on_dynalite=on_dynalite, subscribers=30, lessons=2)
    assert run.tally.holds, run
    assert not run.errors
    assert run.emails > 30


@pytest.mark.parametrize(("kills", "subscribers"), [(8, 25), pytest.param(16, 50, marks=pytest.mark.long)])
def test_d2_killed_at_any_moment(kills: int, subscribers: int) -> None:
    if why := no_dynalite():
        cannot_run_here(why)
    run = concurrent(on_dynalite=True, kills=kills, subscribers=subscribers)
    assert run.tally.holds, run
    assert run.killed.total() > 0


def test_lessons_come_twice_without_the_condition_of_the_claim() -> None:
    """Shows that the two tests above can fail."""
    run = concurrent(on_dynalite=False, subscribers=20, lessons=1, conditional=False)
    assert run.tally.broken["twice"] > 0


def test_every_process_ends_with_the_process_that_started_it(world: World) -> None:
    settings = world.functions.by_name["send"].environment
    with Sandboxes(world.resources, {"dispatch": 1, "send": 2}, settings) as sandboxes:
        started = [sandboxes.forker.pid, *sandboxes.alive()]
        assert len(started) == 4
        assert all(alive(pid) for pid in started)
        sandboxes.end()
        assert sandboxes.forker.returncode == 0  # it ended by itself, as it also does when we are killed
        assert not any(alive(pid) for pid in started)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
