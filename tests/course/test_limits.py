"""The limits of emails and forms."""

from datetime import UTC, datetime, timedelta

import pytest

from course.limits import Ask, Asks, network, visitor

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY, SECOND, TEN = timedelta(days=1), timedelta(seconds=1), timedelta(minutes=10)


def asks(*when: tuple[str, datetime]) -> Asks:
    """The promises for these courses and times."""
    asked = Asks()
    for course, at in when:
        asked = asked.promised(Ask(at, course, f"{course} {at}"))
    return asked


def test_s17_a_course_sends_a_mailbox_one_confirmation_email_in_24_hours() -> None:
    asked = asks(("one", NOW))
    assert Asks().allow("one", NOW)
    assert not asked.allow("one", NOW + DAY - SECOND)
    assert asked.allow("one", NOW + DAY)


def test_s17_a_mailbox_gets_emails_of_two_courses_a_day_and_of_no_third() -> None:
    assert asks(("one", NOW)).allow("two", NOW)
    both = asks(("one", NOW), ("two", NOW + TEN))
    assert not both.allow("three", NOW + DAY - SECOND)
    assert both.allow("three", NOW + DAY)


def test_s20_the_email_is_sent_once_more_after_ten_minutes_and_twice_in_all() -> None:
    asked = asks(("one", NOW))
    assert not asked.allow_once_more(NOW + TEN - SECOND)
    assert asked.allow_once_more(NOW + TEN)
    twice = asks(("one", NOW), ("one", NOW + TEN))
    assert not twice.allow_once_more(NOW + 2 * TEN)
    assert not twice.allow("two", NOW + 2 * TEN)
    assert twice.allow_once_more(NOW + DAY)
    assert not twice.allow("one", NOW + DAY), "the last email was sent less than 24 hours ago"


def test_s7_a_mailbox_gets_at_most_six_emails_in_thirty_days() -> None:
    asked = asks(*(("one", NOW + number * DAY) for number in range(6)))
    for allowed in (asked.allow, lambda _course, now: asked.allow_once_more(now)):
        assert not allowed("two", NOW + 30 * DAY - SECOND)
        assert allowed("two", NOW + 30 * DAY)
    assert len(asked.promised(Ask(NOW + 30 * DAY, "one", "")).asks) == 6, "the first one is forgotten"


def test_repeated_erasures_count_as_one_email() -> None:
    closed = asks(("one", NOW), ("two", NOW + TEN)).closed("one", NOW + 2 * TEN)
    assert [(ask.course, ask.at) for ask in closed.asks] == [("two", NOW + TEN), ("one", NOW + 2 * TEN)]
    assert closed.closed("one", NOW + 3 * TEN).asks[1:] == (Ask(NOW + 3 * TEN, "one", ""),)
    later = Asks().closed("one", NOW)
    assert not later.allow("one", NOW + DAY - SECOND)
    assert later.allow("one", NOW + DAY)


def test_a_request_finds_only_its_own_promise() -> None:
    asked = Asks().promised(Ask(NOW, "one", "key"))
    assert asked.of("key") == Ask(NOW, "one", "key")
    assert asked.of("another") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_one_household_is_one_network(one: str, other: str) -> None:
    assert network(one) == network(other)
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("::ffff:198.51.100.7") != network("::ffff:198.51.100.8")


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:46532", "198.51.100.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("2001:db8::7:46532", "2001:db8::7"),
        ("[2001:db8::7]:46532", "2001:db8::7"),
        ("2001:db8:1:2:3:4:5:6:8080", "2001:db8:1:2:3:4:5:6"),
        (" 198.51.100.7 ", "198.51.100.7"),
        ("", "192.0.2.1"),
        ("198.51.100.7, 203.0.113.9", "192.0.2.1"),
        ("300.1.1.1:80", "192.0.2.1"),
        ("2001:db8::7%x", "192.0.2.1"),
        ("[fe80::1%eth0]:46532", "192.0.2.1"),
    ],
)
def test_n7_the_address_in_a_cdn_header_is_read_with_or_without_a_port(told: str, address: str) -> None:
    assert visitor(told, "192.0.2.1") == address


@pytest.mark.parametrize("port", ["80", "8080", "46532"])
def test_n7_a_port_that_looks_like_a_part_of_the_address_does_not_change_its_network(port: str) -> None:
    """The last group of an IPv6 address and a port of four digits look alike; the network is the first four groups."""
    assert network(visitor(f"2001:db8:1:2::7:{port}", "192.0.2.1")) == network("2001:db8:1:2::7")
