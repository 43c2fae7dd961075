"""Which email a reply answers, by its token or by In-Reply-To from the subscriber's address."""

import json
import re
from datetime import timedelta

import pytest

from local_cloud.cloud import World
from tests.people import Person
from tests.services.test_receiving import WORDS, reasons, reply_to, texts, written
from tests.stories import a_key_is_added, next_email, reads, without_schedules


def test_r1_the_token_is_found_however_it_is_written(world: World) -> None:
    ann = Person(world).joins()
    email = ann.emails[-1]
    local_part, _, domain = reply_to(email).partition("@")
    mixed = "".join(char.upper() if n % 2 else char for n, char in enumerate(local_part)) + "@" + domain
    for to, envelope in (
        (reply_to(email).upper(), [reply_to(email).upper()]),
        (mixed, [mixed]),
        ("her@example.com", [f"somebody@{domain}", reply_to(email)]),  # and in Cc
        (f'"Rebuilding Trust" <{reply_to(email)}>', [reply_to(email)]),
    ):
        world.deliver(written(f"I wrote to {len(to)}.", None, To=to, Cc=reply_to(email)), envelope)
        assert f"I wrote to {len(to)}." in texts(ann), to
        assert not reasons(world)
    assert {row["attributed_by"] for row in ann.reflections} == {"token"}


@pytest.mark.parametrize("client", ["gmail", "apple-mail", "outlook", "thunderbird"])
@pytest.mark.parametrize("moves_to", ["Europe/London", "America/Chicago", "Australia/Sydney", "Europe/Paris"])
def test_h1_helplines_of_a_former_country_are_recognised_as_ours(world: World, client: str, moves_to: str) -> None:
    """Also those of a country with its name on a separate line, wherever it is in the list of countries."""
    ann = reads(Person(world, zone="Europe/Madrid"), 1)
    assert "016" in (ann.emails[-1].text or "")
    ann.presses("time", hour="8", zone=moves_to)
    ann.replies(WORDS, client=client)
    assert texts(ann) == [WORDS]


def test_a_reply_to_an_email_signed_with_a_key_just_added_is_kept(world: World) -> None:
    """The process that reads the reply started before the key was added."""
    ann = reads(Person(world), 1)
    with a_key_is_added(world):
        lesson = next_email(world)
    world.deliver(written(WORDS, None), reply_to(lesson))
    assert texts(ann) == [WORDS]
    assert reasons(world) == []


def test_a_mail_to_a_list_unsubscribe_address_signed_with_a_key_just_added_unsubscribes(world: World) -> None:
    ann = reads(Person(world), 1)
    with a_key_is_added(world):
        lesson = next_email(world)
    leave = re.search(r"<mailto:([^<>,?\s]+)", lesson.header("List-Unsubscribe") or "")
    assert leave
    world.deliver(written("unsubscribe", None), leave[1])
    assert ann.row["status"] == "unsubscribed"


def test_forged_reply_addresses_do_not_fetch_the_keys_each_time(world: World) -> None:
    ann = Person(world).joins()
    before = sum(call.operation == "secretsmanager:GetSecretValue" for call in world.calls)
    local_part, domain = reply_to(ann.emails[-1]).split("@")
    forged = [f"{first}{second}{local_part[2:]}@{domain}" for first in "bcdefghi" for second in "bcdefghi"]
    for number, address in enumerate(forged):
        world.deliver(written(f"Number {number}", None), address)
    assert len(reasons(world)) == len(forged)
    assert sum(call.operation == "secretsmanager:GetSecretValue" for call in world.calls) - before <= 2


def test_r2_a_mail_with_a_forged_old_or_missing_token_is_set_aside_and_never_answered(world: World) -> None:
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    old = reply_to(ann.emails[-1])
    world.request("POST", ann.link("/unsubscribe/"))
    without_schedules(world, timedelta(days=2))
    ann.joins()
    good, domain = reply_to(ann.emails[-1]).split("@")
    spliced = reply_to(bob.emails[-1])[:16] + good[16:]
    sent, emails = len(world.emails), world.emails[:]
    for number, local_part in enumerate(
        (
            good[:-1] + ("a" if good[-1] != "a" else "b"),
            ("a" if good[0] != "a" else "b") + good[1:],
            good[:-2],
            good + "aa",
            spliced,
            old.partition("@")[0],
            "somebody",
            "a" * 34,
            "a" * 64,
            "0" * 34,
            "course",
            "'; drop table--",
        )
    ):
        for text in (WORDS, "STOP"):
            world.deliver(written(f"{text}\n", None), f"{local_part}@{domain}")
        assert len(reasons(world)) == 2 * (number + 1), local_part
    assert not ann.reflections
    assert not bob.reflections
    assert (ann.row["status"], bob.row["status"]) == ("active", "active")
    assert (len(world.emails), world.emails) == (sent, emails)
    assert WORDS.split("\n", maxsplit=1)[0] not in json.dumps(world.rows("Reflections"), default=str)


def test_without_a_token_in_reply_to_counts_only_from_the_subscribers_proven_address(world: World) -> None:
    ann = reads(Person(world), 1)
    answer = written(WORDS, ann.emails[-1])
    to = "course@reply.example.org"
    world.deliver(answer, to, verdicts={"dmarc": "FAIL"})
    world.deliver(answer, to, verdicts={"dmarc": "GRAY"})
    world.deliver(written(WORDS, ann.emails[-1], sender="eve@example.com"), to)
    assert not ann.reflections
    assert len(reasons(world)) == 3

    world.deliver(answer, to)
    assert [(row["lesson"], row["attributed_by"]) for row in ann.reflections] == [("acknowledge", "in-reply-to")]


def test_without_a_token_in_reply_to_must_name_the_last_lesson(world: World) -> None:
    ann = reads(Person(world), 1)
    to = "course@reply.example.org"
    world.deliver(written(WORDS, ann.emails[1]), to)
    world.deliver(written(WORDS, None, In_Reply_To="<somebody-elses@example.com>"), to)
    assert not ann.reflections
    assert reasons(world) == ["no valid reply address"] * 2
