"""The judge of the stored data finds lost and repeated reflections, and everything that an erasure left."""

from collections.abc import Iterator

import pytest

from local_cloud.cloud import World
from tests.faults.injection import ADDRESS_REFUSED, FaultInjector
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course
from tests.faults.simulation import EventTiming, RecordedPerson, Simulation
from tests.faults.stored_data import LEFT, UNTOLD, judge_stored_data
from tests.faults.trials import MONDAY


@pytest.fixture
def ann() -> Iterator[RecordedPerson]:
    with short_course() as template, World(template, MONDAY) as world:
        ann = Simulation(world, EventTiming.ON_TIME).add_person("ann").joins()
        ann.replies("It was my fault.")
        yield ann


def judged(person: RecordedPerson) -> dict[str, int]:
    tally = Tally()
    judge_stored_data(person.sim, tally)
    return dict(tally.broken)


def test_a_lost_or_repeated_reflection_is_found(ann: RecordedPerson) -> None:
    assert judged(ann) == {}
    ann.replies("It was my fault.")
    assert judged(ann) == {}
    (kept, _) = ann.world.rows("Reflections")
    table, key = (
        ann.world.resources.ref("Reflections"),
        {name: {"S": str(kept[name])} for name in ("subscriber", "key")},
    )
    ann.world.clients.dynamodb.delete_item(TableName=table, Key=key)
    assert judged(ann) == {"lost": 1}
    ann.wrote.clear()
    assert judged(ann) == {"twice": 1}


def test_a_reply_that_is_set_aside_is_not_lost(ann: RecordedPerson) -> None:
    old = ann.latest_email()
    ann.replies("STOP")
    ann.sim.advance_days(2)
    ann.signs_up()
    ann.confirms()
    ann.replies("I wrote to the wrong one.", old)
    assert judged(ann) == {}


def test_a_command_that_is_kept_as_a_reflection_is_found(ann: RecordedPerson) -> None:
    (kept,) = ann.world.rows("Reflections")
    kept_too = {"subscriber": kept["subscriber"], "key": "another", "received_at": kept["received_at"], "text": "YES"}
    ann.world.clients.dynamodb.put_item(
        TableName=ann.world.resources.ref("Reflections"),
        Item={name: {"S": str(value)} for name, value in kept_too.items()},
    )
    assert judged(ann) == {"twice": 1}
    ann.replies("YES")  # to a lesson that asked no question
    assert judged(ann) == {"twice": 1}


def test_mail_that_an_erasure_left_is_found(ann: RecordedPerson) -> None:
    ann.erases()
    assert judged(ann) == {}
    bucket = ann.world.resources.ref("RawMail")
    ann.world.clients.s3.put_object(Bucket=bucket, Key="inbound/left", Body=f"From: {ann.address}".encode())
    assert judged(ann) == {LEFT: 1}


def test_a_missing_notice_of_an_erasure_is_found(ann: RecordedPerson) -> None:
    ann.erases()
    ann.world.emails[:] = [email for email in ann.world.emails if email.tags["email"] != "erased"]
    assert judged(ann) == {UNTOLD: 1}


@pytest.mark.parametrize("refuses", ["SES", "the mailbox"])
def test_a_refused_address_needs_no_notice_of_the_erasure(ann: RecordedPerson, refuses: str) -> None:
    injector, url = FaultInjector(ann.sim), ann.journal_url
    if refuses == "SES":
        injector._refuse(ADDRESS_REFUSED)
    else:
        ann.world.ses.bounced(ann.latest_email())
        ann.sim.process_messages()
    ann.sends_request("POST", f"{url}/erase", {"sure": "yes"})
    ann.leaves()
    ann.erased = ann.expects_erased_notice = True
    ann.sim.advance_days(2)
    assert "erased" not in {email.tags["email"] for email in ann.emails}
    assert judged(ann) == {}
