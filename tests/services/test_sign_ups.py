"""Valid sign-ups: one subscriber for each address, and no more emails than a mailbox should get."""

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from course.tokens import CONFIRM_LIFE
from local_cloud.api import Response
from local_cloud.cloud import TEMPLATE, World
from tests.conftest import MONDAY
from tests.metrics import goes_off
from tests.people import Person
from tests.services.test_sending import emails
from tests.stories import without, without_schedules, without_schedules_until
from tests.test_sign_up import as_shown


def test_s6_an_address_in_another_case_is_the_same_subscriber(world: World) -> None:
    ann = Person(world)
    ann.signs_up(address="ANN@Example.NET")
    without_schedules(world, timedelta(days=2))
    ann.signs_up(address=" ann@example.net ")
    assert len(world.subscribers()) == 1
    assert [email.address for email in world.emails] == ["ann@example.net"] * 2


def test_s7_fifty_spellings_of_one_mailbox_get_one_email_a_day(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    dots = [f"{'a.nn.smi.th'[:n]}{'annsmith'[n - 'a.nn.smi.th'[:n].count('.') :]}" for n in (2, 5, 9)]
    spellings = [f"{name}@example.net" for name in ("annsmith", *dots)]
    spellings += [f"annsmith+{n}@example.net" for n in range(23)] + [f"ann.smith+{n}@example.net" for n in range(23)]
    assert len(set(spellings)) == 50

    def sign_up(addresses: list[str]) -> set[str]:
        """The answers, without the address in them."""
        answers = (
            world.request("POST", "/sign-up", form=form | {"address": address}, source_ip=f"203.0.113.{n}").text
            for n, address in enumerate(addresses)
        )
        return {answer.replace(address, "") for answer, address in zip(answers, addresses, strict=True)}

    assert len(sign_up(spellings)) == 1
    assert [email.address for email in world.emails] == ["annsmith@example.net"]

    # Each further day brings one more email, and after six there are none for a month.
    for expected in (2, 3, 4, 5, 6, 6):
        without_schedules(world, timedelta(hours=24, minutes=1))
        form = ann.form()
        sign_up(spellings[::10])
        assert len(world.emails) == expected


def test_s9_one_address_signed_up_a_hundred_times_in_an_hour_gets_one_email(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    answers = set()
    for n in range(100):
        answer = world.request("POST", "/sign-up", form=form, source_ip=f"203.0.113.{n}")
        answers.add((answer.status, answer.body))
        world.advance(timedelta(seconds=30))
    assert len(answers) == 1
    assert len(ann.emails) == 1


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:0:7::{:x}"], ids=["IPv4", "IPv6"])
def test_s10_one_network_may_send_ten_forms_an_hour(world: World, address: str) -> None:
    """The first ten of a hundred forms send an email; the other answers say when to try again."""
    form = Person(world).form()
    answers = [
        world.request(
            "POST", "/sign-up", form=form | {"address": f"p{n}@example.net"}, source_ip=address.format(n), drain=False
        )
        for n in range(100)
    ]
    world.drain()
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 90
    assert [email.address for email in world.emails] == [f"p{n}@example.net" for n in range(10)]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert re.search(r"press the button again in \d+ minutes", answers[-1].text)
    elsewhere = Person(world, "bob@example.net", source_ip=address.replace(":7:", ":8:").replace(".7", ".8").format(1))
    assert elsewhere.signs_up().status == 200

    without_schedules(world, timedelta(hours=1))
    later = Person(world, "later@example.net", source_ip=address.format(100))
    assert later.signs_up().status == 200
    assert later.emails


def test_s19_forms_take_half_of_the_days_quota_and_the_rest_is_for_lessons(world: World) -> None:
    """A flood of forms comes between the first lesson of a day and the others."""
    world.ses.max_24_hour_send = 60
    early = Person(world, hour=2)
    others = [Person(world, f"p{n}@example.net", source_ip=f"203.0.113.{n}") for n in range(7)]
    for reader in (early, *others):
        reader.joins()
    world.advance(timedelta(hours=17))
    form = early.form()

    def sign_up(n: int) -> Response:
        filled = form | {"address": f"flood{n}@example.net"}
        return world.request("POST", "/sign-up", form=filled, source_ip=f"198.51.100.{n}")

    answers = [sign_up(n) for n in range(60)]
    assert [answer.status for answer in answers] == [200] * 30 + [503] * 30
    assert "Please come back tomorrow" in answers[-1].text
    assert as_shown(answers[-1])["address"] == "flood59@example.net"
    assert goes_off(world.resources.properties("SignUpsClosedAlarm"), world)
    assert {len(reader.emails) for reader in others} == {2}
    world.advance(timedelta(hours=7))
    assert {len(reader.emails) for reader in others} == {3}, "their lessons still came"
    without_schedules(world, timedelta(hours=24))
    form = early.form()
    assert sign_up(60).status == 200


def test_s10_after_200_forms_from_different_networks_the_form_closes_and_an_alarm_goes_off(world: World) -> None:
    """Each form comes from a different network: all from the 201st on are refused, for any address."""
    alarm = world.resources.properties("SignUpsClosedAlarm")
    form = Person(world).form()

    def sign_up(n: int) -> Response:
        filled = form | {"address": f"p{n}@example.net"}
        return world.request("POST", "/sign-up", form=filled, source_ip=f"203.0.113.{n}", drain=False)

    assert [sign_up(n).status for n in range(200)] == [200] * 200
    assert not goes_off(alarm, world)
    answers = [sign_up(n) for n in (*range(200, 205), 0)]
    assert {answer.status for answer in answers} == {503}
    assert 0 < int(answers[0].headers["retry-after"]) <= 3600
    assert goes_off(alarm, world)
    waiting = next(queue.waiting for queue in world.queues() if queue.logical_id == "Outbox")
    assert len(waiting) == 200, "one message each"
    with without(world, "send"):
        without_schedules(world, timedelta(hours=1))
        assert sign_up(205).status == 200


def test_s19_the_limits_are_those_of_the_template_and_their_items_do_not_grow() -> None:
    with World(start=MONDAY, parameters={"FormsPerHour": "3", "FormsPerNetwork": "2"}) as world:
        form, sizes = Person(world).form(), set()
        for n, network, status in ((0, 1, 200), (1, 1, 200), (2, 1, 429), (3, 2, 200), (4, 3, 503), (5, 3, 503)):
            filled = form | {"address": f"person{n}@example.net"}
            answer = world.request("POST", "/sign-up", form=filled, source_ip=f"203.0.113.{network}")
            assert answer.status == status, n
            counters = [row for row in world.rows("Limits") if "count" in row]
            sizes |= {frozenset(row) for row in counters} | {len(str(row)) for row in counters}
        assert frozenset({"key", "count", "expires_at"}) in sizes
        assert len(sizes) == 4, "one length for each of the three kinds of item, and one set of fields"


# ---------------------------------------------------------------- what one mailbox gets


def confirmations(person: Person) -> int:
    return [email.tags["email"] for email in person.emails].count("confirm")


COURSE, OTHER = "rebuild-trust", "another-course"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[World]:
    """A world with three courses that differ only in their names."""
    (tmp_path / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, tmp_path / "template.yaml")
    emails = shutil.copytree(TEMPLATE.parent / "emails", tmp_path / "emails")
    for name in (OTHER, "third-course"):
        shutil.copytree(emails / COURSE, emails / name)
    with World(tmp_path / "template.yaml", start=MONDAY) as world:
        yield world
        assert not world.failures


def test_s17_two_courses_on_one_day_send_their_confirmation_emails_and_a_third_sends_none(two: World) -> None:
    ann = Person(two)
    pages = {ann.signs_up(course=course).status for course in (COURSE, OTHER, "third-course", COURSE)}
    assert pages == {200}
    assert confirmations(ann) == 2
    assert sorted(str(row["course"]) for row in two.subscribers()) == sorted([COURSE, OTHER])
    without_schedules(two, timedelta(days=1))
    ann.signs_up(course="third-course")
    assert confirmations(ann) == 3


def test_s17_s20_a_repeated_confirmation_email_counts_towards_the_two_of_a_day(two: World) -> None:
    ann = Person(two)
    ann.signs_up()
    without_schedules(two, timedelta(minutes=20))
    ann.signs_up(then="once-more")
    ann.signs_up(course=OTHER)
    assert confirmations(ann) == 2


def test_s17_a_course_sends_one_confirmation_email_in_24_hours_even_after_an_erasure(world: World) -> None:
    """Two sign-ups are on two days, so a link of the first epoch never works for the second."""
    ann = Person(world).joins()
    without_schedules(world, timedelta(days=3))
    erased_at = world.now()
    assert "It is erased" in ann.erases().text
    for hours in (0, 12, 23):
        without_schedules_until(world, erased_at + timedelta(hours=hours))
        ann.signs_up()
        assert confirmations(ann) == 1, hours
    without_schedules_until(world, erased_at + timedelta(hours=24))
    ann.signs_up()
    assert confirmations(ann) == 2


def test_s20_once_more_sends_the_same_sign_up_after_ten_minutes_and_at_most_twice_a_day(world: World) -> None:
    ann = Person(world, hour=21)
    ann.signs_up()
    first, asked = ann.link("/confirm/"), ann.row["sign_up"]
    for minutes, expected in ((0, 1), (9, 1), (10, 2), (30, 2), (600, 2)):
        without_schedules_until(world, MONDAY + timedelta(minutes=minutes, seconds=20))
        ann.signs_up(then="once-more", hour="3", first_name="Eve")
        assert confirmations(ann) == expected, minutes
    again = ann.row["sign_up"]
    assert (asked["epoch"], asked["hour"], asked["first_name"]) == (again["epoch"], again["hour"], again["first_name"])  # type: ignore[index]
    assert ann.link("/confirm/") != first
    assert world.request("POST", first, form={}).status == 200, "the first link belongs to the same sign-up"
    assert ann.row["hour"] == 21


def test_s20_once_more_on_another_day_keeps_the_proof_of_consent_as_long_as_the_link(world: World) -> None:
    """Sent again on day six and confirmed on day eight: the agreed text and its time are known."""
    ann = Person(world)
    ann.signs_up()
    [asked] = [row for row in world.rows("Subscribers") if str(row["id"]).startswith("asked#")]
    without_schedules(world, timedelta(days=6))
    ann.signs_up(then="once-more")
    [later] = [row for row in world.rows("Subscribers") if str(row["id"]).startswith("asked#")]
    assert later["asked_at"] == asked["asked_at"]
    assert datetime.fromtimestamp(int(str(later["expires_at"])), UTC) >= world.now() + CONFIRM_LIFE
    assert confirmations(ann) == 2


def test_s20_once_more_mails_the_page_link_to_an_active_subscriber_and_nothing_to_a_stranger(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9")
    without_schedules(world, timedelta(days=1))
    ann.signs_up(then="once-more")
    bob.signs_up(then="once-more")
    assert ann.emails[-1].tags["email"] == "already-here"
    assert bob.emails == []
    assert len(world.subscribers()) == 1


def test_s11_a_suppressed_address_looks_like_any_other_even_after_its_subscriber_is_deleted(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9")
    world.complained(ann.emails[-1])
    table = world.resources.ref("Subscribers")
    world.clients.dynamodb.delete_item(TableName=table, Key={"id": {"S": str(ann.row["id"])}})
    without_schedules(world, timedelta(days=2))

    form = ann.form()
    refused, taken = (
        world.request("POST", "/sign-up", form=form | {"address": who.address}, source_ip=who.source_ip)
        for who in (ann, bob)
    )
    assert (refused.status, refused.text.replace("ann@", "bob@")) == (taken.status, taken.text)
    assert len(ann.emails) == 2  # the earlier confirmation email and introduction
    assert len(bob.emails) == 1


def test_repeated_sign_ups_by_others_send_few_emails_to_a_mailbox(world: World) -> None:
    ann = Person(world).joins()
    for _ in range(14):
        without_schedules(world, timedelta(days=1, minutes=1))
        ann.signs_up()
    assert emails(ann).count("already-here") == 5  # with the confirmation email, six in 30 days
