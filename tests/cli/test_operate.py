"""The operator's commands, sent to the local cloud by the same call as to AWS."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from local_cloud.cloud import World
from local_cloud.web import Listener, Server
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import without_schedules_until

COMMAND = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.fixture
def served() -> Iterator[tuple[World, str]]:
    """A local cloud with its web server, as in `make run`, and its address."""
    listener = Listener("127.0.0.1", 0)
    world = World(start=MONDAY, parameters={"SiteUrl": listener.url})
    with listener.socket, world, Server(world, listener):
        yield world, listener.url


def asked(url: str, *words: str) -> Result:
    return COMMAND.invoke(app, [*words, "--local", url])


def test_o1_audit_lists_held_subscribers_and_release_releases_them(served: tuple[World, str]) -> None:
    world, url = served
    ann = Person(world).joins()
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    Person(world, "eve@example.net", "Eve", source_ip="203.0.113.10").signs_up()
    world.ses.refused[ann.address] = "Address blocked."
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.advance(timedelta(minutes=6))

    account = asked(url, "audit")
    assert account.exit_code == 0
    told = [line.strip() for line in account.output.splitlines()]
    assert {"1  sent", "0  claimed", "0  not due", "0  overdue", "0  paused", "1  held", "2  active"} <= set(told)
    assert "Also: pending 1." in told
    assert f"{ann.row['id']}  SES refused the address" in told
    assert "example.net" not in account.output

    world.ses.refused.clear()
    released = asked(url, "release", str(ann.row["id"]))
    assert released.exit_code == 0
    assert "released; the next email is due at 2026-11-24 06:5" in released.output
    world.advance(timedelta(minutes=6))
    assert [len(person.emails) for person in (ann, bob)] == [3, 3]
    assert "held" not in asked(url, "audit").output.replace("0  held", "")

    again = asked(url, "release", str(ann.row["id"]), "aaaaaaaaaaaaaaaa")
    assert again.exit_code == 1
    assert "is not held" in again.output
    assert "aaaaaaaaaaaaaaaa: there is no such subscriber" in again.output


def test_mail_that_was_set_aside_is_listed_and_accepted(served: tuple[World, str]) -> None:
    world, url = served
    ann = Person(world).joins()
    assert "No mail is set aside." in asked(url, "inbox").output
    raw = b"From: ann@example.net\r\nTo: course@reply.example.org\r\n\r\nI listened for once.\r\n"
    mail = world.deliver(raw, "course@reply.example.org")

    listed = asked(url, "inbox")
    assert listed.exit_code == 0
    assert f"2026-11-23 09:00 UTC  {mail.id}  no valid reply address" in listed.output
    assert "listened" not in listed.output
    assert json.loads(asked(url, "inbox", "--json").output)["inbox"][0]["id"] == mail.id

    refused = asked(url, "inbox", "accept", mail.id)
    assert refused.exit_code == 1
    assert f"{mail.id}: not accepted: no valid reply address: name its subscriber with --subscriber" in refused.output
    accepted = asked(url, "inbox", "accept", mail.id, "--subscriber", str(ann.row["id"]), "--lesson", "intro")
    assert accepted.exit_code == 0
    assert accepted.output.strip() == f"{mail.id}: now a reflection of {ann.row['id']}, lesson intro, round 1"
    assert [row["text"] for row in ann.reflections] == ["I listened for once."]
    assert "No mail is set aside." in asked(url, "inbox").output


def test_d9_a_restored_table_waits_for_resume_all(served: tuple[World, str]) -> None:
    world, url = served
    ann = Person(world).joins()
    assert "There is nothing to resume" in asked(url, "resume-all").output
    elsewhere = {"id": {"S": "home"}, "home": {"S": "another stack#another table#another day"}}
    world.clients.dynamodb.put_item(TableName=world.resources.ref("Subscribers"), Item=elsewhere)
    without_schedules_until(world, MONDAY.replace(day=24, hour=6, minute=50))
    world.advance(timedelta(minutes=6))
    assert len(ann.emails) == 2
    assert "email-course resume-all" in asked(url, "audit").output

    refused = asked(url, "resume-all")
    assert refused.exit_code == 1
    assert "Its last lesson was sent at 2026-11-23 09:00 UTC." in refused.output
    assert "--yes" in refused.output
    world.advance(timedelta(minutes=6))
    assert len(ann.emails) == 2

    assert asked(url, "resume-all", "--yes").exit_code == 0
    world.advance(timedelta(minutes=6))
    assert len(ann.emails) == 3


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--stack", "nope"), "there is no function nope-audit in this account and region; --stack names the stack"),
        ((), "email-course-audit failed (KeyError); its log says more"),
    ],
)
def test_an_error_is_one_line(
    served: tuple[World, str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    _, url = served
    monkeypatch.setattr("aws.subscribers.Subscribers.all", _fails)
    result = asked(url, "audit", *words)
    assert result.exit_code == 1
    assert result.output == f"email-course: {told}\n"


def _fails(_: object) -> None:
    raise KeyError


def test_a_missing_local_cloud_is_reported_in_one_line() -> None:
    listener = Listener("127.0.0.1", 0)
    listener.socket.close()
    result = asked(listener.url, "audit")
    assert result.exit_code == 1
    assert result.output.startswith(f"email-course: nothing answers at {listener.url}; is `make run` running?")
