"""What is judged of what people wrote: it finds what is lost, what is there twice, and what an erasure left."""

from collections.abc import Iterator

import pytest

from local_cloud.cloud import World
from tests.faults.kept import LEFT, UNTOLD, judge_kept
from tests.faults.life import Events, Life, Someone
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course
from tests.faults.trials import MONDAY
from tests.faults.trouble import ADDRESS_REFUSED, Trouble


@pytest.fixture
def ann() -> Iterator[Someone]:
    with short_course() as template, World(template, MONDAY) as world:
        ann = Life(world, Events.ON_TIME).person("ann").joins()
        ann.replies("It was my fault.")
        yield ann


def judged(person: Someone) -> dict[str, int]:
    tally = Tally()
    judge_kept(person.life, tally)
    return dict(tally.broken)


def test_what_was_written_once_is_there_once(ann: Someone) -> None:
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


def test_what_waits_for_a_person_is_not_lost(ann: Someone) -> None:
    old = ann.latest()
    ann.replies("STOP")
    ann.life.days(2)
    ann.signs_up()
    ann.confirms()
    ann.replies("I wrote to the wrong one.", old)
    assert judged(ann) == {}


def test_a_command_that_is_kept_as_words_is_found(ann: Someone) -> None:
    (kept,) = ann.world.rows("Reflections")
    kept_too = {"subscriber": kept["subscriber"], "key": "another", "received_at": kept["received_at"], "text": "YES"}
    ann.world.clients.dynamodb.put_item(
        TableName=ann.world.resources.ref("Reflections"),
        Item={name: {"S": str(value)} for name, value in kept_too.items()},
    )
    assert judged(ann) == {"twice": 1}
    ann.replies("YES")  # to a lesson, which asked no such question
    assert judged(ann) == {"twice": 1}


def test_what_an_erasure_left(ann: Someone) -> None:
    ann.erases()
    assert judged(ann) == {}
    bucket = ann.world.resources.ref("RawMail")
    ann.world.clients.s3.put_object(Bucket=bucket, Key="inbound/left", Body=f"From: {ann.address}".encode())
    assert judged(ann) == {LEFT: 1}


def test_who_is_erased_is_told_unless_ses_refuses_their_address(ann: Someone) -> None:
    ann.erases()
    ann.world.emails[:] = [email for email in ann.world.emails if email.tags["email"] != "erased"]
    assert judged(ann) == {UNTOLD: 1}


@pytest.mark.parametrize("refuses", ["SES", "the mailbox"])
def test_an_address_that_is_refused_cannot_be_told(ann: Someone, refuses: str) -> None:
    trouble, url = Trouble(ann.life), ann.journal_url
    if refuses == "SES":
        trouble._refuse(ADDRESS_REFUSED)
    else:
        ann.world.ses.bounced(ann.latest())
        ann.life.settle()
    ann.asks("POST", f"{url}/erase", {"sure": "yes"})
    ann.leaves()
    ann.erased = ann.is_to_be_told = True
    ann.life.days(2)
    assert "erased" not in {email.tags["email"] for email in ann.emails}
    assert judged(ann) == {}
