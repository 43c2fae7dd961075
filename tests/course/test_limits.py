"""How often is too often."""

from datetime import UTC, datetime, timedelta

import pytest

from course.limits import Confirmations, network
from course.subscriber import Subscriber
from tests.course.subscribers import ID, PLAN, pending

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NEWCOMER = Subscriber(ID, "rebuild-trust", "ann@example.net")


def test_one_confirmation_a_day() -> None:
    asked = Confirmations().promised(ID, NOW)
    assert Confirmations().allowed(NOW)
    assert not asked.allowed(NOW + DAY - timedelta(seconds=1))
    assert asked.allowed(NOW + DAY)


def test_three_confirmations_in_thirty_days() -> None:
    asked = Confirmations()
    for day in (0, 1, 2):
        assert asked.allowed(NOW + day * DAY)
        asked = asked.promised(ID, NOW + day * DAY)
    assert not asked.allowed(NOW + 29 * DAY)
    assert asked.allowed(NOW + 30 * DAY)


def test_a_sign_up_that_broke_off_may_be_finished_by_the_same_person_only() -> None:
    asked = Confirmations().promised(ID, NOW)
    assert asked.open_to(NEWCOMER, NOW)
    assert not asked.open_to(Subscriber("bbbbbbbbbbbbbbbb", "rebuild-trust", "a.nn@example.net"), NOW)
    assert not asked.open_to(pending(NOW), NOW)
    assert not asked.open_to(pending(NOW).confirmed(1057, PLAN, NOW), NOW)
    assert not Confirmations().open_to(NEWCOMER, NOW)
    assert not asked.open_to(NEWCOMER, NOW + DAY), "for a day: then it counts as one of three"


@pytest.mark.parametrize(
    ("one", "other"),
    [("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"), ("198.51.100.7", "198.51.100.7")],
)
def test_one_household_is_one_network(one: str, other: str) -> None:
    assert network(one) == network(other)
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
