"""A table restored from a backup, and a second stack on the same data: neither sends before an operator allows it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local_cloud.cloud import World
from local_cloud.functions import forget_everything
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_held import DAY, TUESDAY, counted, days, tick
from tests.stories import without_schedules, without_schedules_until

OTHER_STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/another/b6a2ad80-c87e-11f0-9d5f-0a1b2c3d4e5f"
SAME = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes")


def deployed(world: World, **variables: str) -> dict[str, str]:
    """Gives the functions other settings, and returns the ones that they had."""
    before: dict[str, str] = {}
    for function in world.functions.by_name.values():
        before = {name: function.environment[name] for name in variables}
        function.environment.update(variables)
    forget_everything()
    return before


def copied(world: World, name: str, items: list[dict[str, Any]]) -> None:
    """Makes a new table that holds the same items, as point-in-time recovery does."""
    definition = world.resources.properties("Subscribers")
    request: Any = {key: definition[key] for key in SAME}
    world.clients.dynamodb.create_table(TableName=name, **request)
    for item in items:
        world.clients.dynamodb.put_item(TableName=name, Item=item)


def restored_beside(world: World) -> None:
    items = world.clients.dynamodb.scan(TableName=world.resources.ref("Subscribers"))["Items"]
    copied(world, "Restored", items)
    deployed(world, SUBSCRIBERS_TABLE="Restored")


def restored_in_its_place(world: World) -> None:
    """Deletes the old table and gives the new one its name."""
    database, table = world.clients.dynamodb, str(world.resources.ref("Subscribers"))
    items = database.scan(TableName=table)["Items"]
    database.update_table(TableName=table, DeletionProtectionEnabled=False)
    database.delete_table(TableName=table)
    copied(world, table, items)


def another_stack(world: World) -> None:
    deployed(world, STACK=OTHER_STACK)


MOVES = [restored_beside, restored_in_its_place, another_stack]


@pytest.mark.parametrize("move", MOVES)
def test_d9_nothing_is_sent_from_a_moved_table_until_an_operator_allows_it(
    world: World, move: Callable[[World], None]
) -> None:
    ann, carl = Person(world).joins(), Person(world, "carl@example.net", "Carl", source_ip="203.0.113.10")
    without_schedules(world, timedelta(hours=1))
    move(world)
    assert "look in your inbox" in carl.signs_up().text
    without_schedules_until(world, TUESDAY)
    told = len(world.logs)
    tick(world)
    assert len(world.emails) == 2
    assert counted(world, "BreakerOpen")
    assert any("email-course resume-all" in line for line in world.logs[told:])
    account = world.invoke("audit", {}).payload
    assert "email-course resume-all" in account["stopped"]
    assert account["moved"]
    world.advance(timedelta(minutes=30))
    assert len(world.emails) == 2

    account = world.invoke("audit", {"resume_all": True}).payload
    assert (account["stopped"], account["moved"]) == ("", False)
    tick(world)
    assert days(ann, "acknowledge") == [24]
    assert days(carl, "confirm") == [24]
    carl.confirms()
    without_schedules_until(world, TUESDAY + DAY)
    tick(world)
    assert days(ann, "own-it") == days(carl, "acknowledge") == [25]


def test_d9_only_one_of_two_stacks_on_the_same_data_sends(world: World) -> None:
    """Messages that already wait in the outbox of the other stack are not sent either."""
    ann = Person(world).joins()
    first = deployed(world, STACK=OTHER_STACK)
    assert world.invoke("audit", {"resume_all": True}).payload["stopped"] == ""
    without_schedules_until(world, TUESDAY)
    world.invoke("dispatch", {})
    deployed(world, **first)
    world.drain()
    assert days(ann, "acknowledge") == []
    told = len(world.logs)
    tick(world)
    assert days(ann, "acknowledge") == []
    assert any("BreakerOpen" in line for line in world.logs[told:])
    assert ann.page  # pages still work

    deployed(world, STACK=OTHER_STACK)
    tick(world)
    assert days(ann, "acknowledge") == [24]


def test_d9_a_stack_that_is_deployed_again_goes_on_sending(world: World) -> None:
    """An update changes neither the stack's id nor its table."""
    ann = Person(world).joins()
    deployed(world, RETENTION_DAYS="30")
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    tick(world)
    assert days(ann, "acknowledge") == [24]
    assert not counted(world, "BreakerOpen")
