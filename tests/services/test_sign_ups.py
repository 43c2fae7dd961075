"""What a valid sign-up leads to: one subscriber a person, and no more emails than a mailbox should get."""

import re
from datetime import timedelta

import pytest

from local_cloud.api import Response
from local_cloud.cloud import World
from tests.metrics import rings
from tests.people import Person
from tests.stories import asleep, without


def test_s6_another_case_is_the_same_subscriber(world: World) -> None:
    ann = Person(world)
    ann.signs_up(address="ANN@Example.NET")
    asleep(world, timedelta(days=2))
    ann.signs_up(address=" ann@example.net ")
    assert len(world.subscribers()) == 1
    assert [mail.address for mail in world.mails] == ["ann@example.net"] * 2


def test_s7_fifty_spellings_of_one_mailbox_get_one_email_a_day(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    dots = [f"{'a.nn.smi.th'[:n]}{'annsmith'[n - 'a.nn.smi.th'[:n].count('.') :]}" for n in (2, 5, 9)]
    spellings = [f"{name}@example.net" for name in ("annsmith", *dots)]
    spellings += [f"annsmith+{n}@example.net" for n in range(23)] + [f"ann.smith+{n}@example.net" for n in range(23)]
    assert len(set(spellings)) == 50

    def sign_up(addresses: list[str]) -> set[bytes]:
        return {
            world.request("POST", "/sign-up", form=form | {"address": address}, source_ip=f"203.0.113.{n}").body
            for n, address in enumerate(addresses)
        }

    assert len(sign_up(spellings)) == 1
    assert [mail.address for mail in world.mails] == ["annsmith@example.net"]

    # The next days bring one more each, and after three there are none for a month.
    for expected in (2, 3, 3):
        asleep(world, timedelta(hours=24, minutes=1))
        form = ann.form()
        sign_up(spellings[::10])
        assert len(world.mails) == expected


def test_s9_one_address_a_hundred_times_in_an_hour(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    answers = set()
    for n in range(100):
        answer = world.request("POST", "/sign-up", form=form, source_ip=f"203.0.113.{n}")
        answers.add((answer.status, answer.body))
        world.advance(timedelta(seconds=30))
    assert len(answers) == 1
    assert len(ann.mails) == 1


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:0:7::{:x}"], ids=["IPv4", "IPv6"])
def test_s10_one_network_may_sign_up_five_times_an_hour(world: World, address: str) -> None:
    """Of a hundred mailboxes the first five have a confirmation, and the others' answer says when it works again."""
    form = Person(world).form()
    answers = [
        world.request(
            "POST", "/sign-up", form=form | {"address": f"p{n}@example.net"}, source_ip=address.format(n), drain=False
        )
        for n in range(100)
    ]
    world.drain()
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 95
    assert [mail.address for mail in world.mails] == [f"p{n}@example.net" for n in range(5)]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert re.search(r"It works again in \d+ minutes", answers[-1].text)
    elsewhere = Person(world, "bob@example.net", source_ip=address.replace(":7:", ":8:").replace(".7", ".8").format(1))
    assert elsewhere.signs_up().status == 200

    asleep(world, timedelta(hours=1))
    later = Person(world, "later@example.net", source_ip=address.format(100))
    assert later.signs_up().status == 200
    assert later.mails


def test_s10_from_everywhere_the_form_closes_and_the_alarm_rings(world: World) -> None:
    """Mailboxes, each from a network of its own: the 201st and all after it find the form closed."""
    alarm = world.resources.properties("SignUpsClosedAlarm")
    form = Person(world).form()

    def sign_up(n: int) -> Response:
        filled = form | {"address": f"p{n}@example.net"}
        return world.request("POST", "/sign-up", form=filled, source_ip=f"203.0.113.{n}", drain=False)

    assert [sign_up(n).status for n in range(200)] == [200] * 200
    assert not rings(alarm, world)
    answers = [sign_up(n) for n in range(200, 205)]
    assert {answer.status for answer in answers} == {503}
    assert 0 < int(answers[0].headers["retry-after"]) <= 3600
    assert rings(alarm, world)
    assert sign_up(0).status == 200, "who is among them already may come again"
    assert len(world.subscribers()) == 200
    waiting = next(queue.waiting for queue in world.queues() if queue.logical_id == "Outbox")
    assert len(waiting) == 200, "one confirmation each"
    with without(world, "send"):
        asleep(world, timedelta(hours=1))
        assert sign_up(205).status == 200


def test_s11_a_suppressed_address_looks_like_any_other_even_when_all_else_of_it_is_gone(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9")
    world.complained(ann.mails[-1])
    table = world.resources.ref("Subscribers")
    world.clients.dynamodb.delete_item(TableName=table, Key={"id": {"S": str(ann.row["id"])}})
    asleep(world, timedelta(days=2))

    refused, taken = ann.signs_up(), bob.signs_up()
    assert (refused.status, refused.body) == (taken.status, taken.body)
    assert len(ann.mails) == 2  # the confirmation and the introduction of back then
    assert len(bob.mails) == 1


def test_nobody_can_be_made_to_get_many_emails_by_others_signing_them_up(world: World) -> None:
    ann = Person(world).joins()
    for _ in range(14):
        asleep(world, timedelta(days=1, minutes=1))
        ann.signs_up()
    assert [mail.tags["email"] for mail in ann.mails].count(
        "already-here"
    ) == 2  # with the confirmation, three in 30 days
