"""The injection of faults: the effect of each fault, and that a crashed process does nothing more."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from local_cloud.cloud import World
from local_cloud.faults import Fault, Site, faults
from local_cloud.functions import Crash
from tests.conftest import MONDAY
from tests.people import Person


def at_the_first(operation: str, fault: Fault, met: list[Site]) -> Callable[[Site], Fault | None]:
    """A choice of this fault at the first call of this operation."""

    def choose(site: Site) -> Fault | None:
        met.append(site)
        return fault if [one.operation for one in met].count(operation) == 1 == (site.operation == operation) else None

    return choose


@pytest.mark.parametrize(
    ("fault", "requests", "taken"),
    [
        (Fault.CRASH_BEFORE, 1, 0),
        (Fault.CRASH_AFTER, 1, 1),
        (Fault.LOST_BEFORE, 1, 0),
        (Fault.LOST_AFTER, 1, 1),
    ],
)
def test_ses_takes_an_email_only_if_the_request_arrived(fault: Fault, requests: int, taken: int) -> None:
    with World(start=MONDAY) as world:
        met: list[Site] = []
        with faults(world.functions, at_the_first("SendEmail", fault, met)):
            Person(world).signs_up()
        assert [site.operation for site in met].count("SendEmail") == requests
        assert len(world.emails) == taken
        crashed = [failure for failure in world.failures if isinstance(failure.error, Crash)]
        assert len(crashed) == (1 if fault in (Fault.CRASH_BEFORE, Fault.CRASH_AFTER) else 0)


def test_a_crashed_process_makes_no_further_call_and_its_message_is_retried() -> None:
    with World(start=MONDAY) as world:
        met: list[Site] = []
        with faults(world.functions, at_the_first("DescribeTable", Fault.CRASH_BEFORE, met)):
            Person(world).signs_up()
            assert met[-1].operation == "DescribeTable"
            (waiting,) = [queue.in_flight for queue in world.queues() if queue.logical_id == "Outbox"]
            assert len(waiting) == 1
            world.advance(timedelta(minutes=7))
        assert len(world.emails) == 1


def test_boto3_retries_a_call_without_a_reply_and_each_try_is_seen() -> None:
    with World(start=MONDAY) as world:
        met: list[Site] = []
        with faults(world.functions, at_the_first("GetItem", Fault.LOST_BEFORE, met)):
            Person(world).signs_up()
        first, second, *_ = [site for site in met if site.operation == "GetItem"]
        assert first == second
        assert first.function == "send"
        assert first.place.startswith("aws/")
        assert len(world.emails) == 1


def test_calls_of_the_local_cloud_itself_have_no_faults() -> None:
    with World(start=MONDAY) as world, faults(world.functions, lambda _: Fault.CRASH_BEFORE):
        assert world.rows("Subscribers") == []
