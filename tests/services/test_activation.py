"""Which receipt rule set is active: ours only if no other owner's is.

The whole function: tests/test_activate_rules.py.
"""

from collections.abc import Iterator

import pytest

from local_cloud.cloud import World
from services import activation
from tests.conftest import MONDAY
from tests.test_first_deployment import rule_set


@pytest.fixture
def world() -> Iterator[World]:
    with World(start=MONDAY) as world:
        world.invoke("dispatch", {})  # so that the settings are read
        for name in ("ours", "ours-before", "theirs"):
            world.clients.ses.create_receipt_rule_set(RuleSetName=name)
        yield world


@pytest.mark.parametrize("before", ["", "ours", "ours-before"])
def test_a_rule_set_is_activated_if_none_or_one_of_this_stack_is_active(world: World, before: str) -> None:
    world.clients.ses.set_active_receipt_rule_set(**({"RuleSetName": before} if before else {}))
    activation.activate("ours", before="ours-before")
    assert rule_set(world) == "ours"


def test_another_rule_set_is_named_and_stays_active(world: World) -> None:
    world.clients.ses.set_active_receipt_rule_set(RuleSetName="theirs")
    with pytest.raises(activation.AnotherIsActive, match="theirs is active"):
        activation.activate("ours")
    activation.deactivate("ours")
    assert rule_set(world) == "theirs"


def test_the_stacks_rule_set_is_made_inactive(world: World) -> None:
    activation.activate("ours")
    activation.deactivate("ours")
    assert rule_set(world) == ""
