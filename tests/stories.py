"""Steps of stories: time that passes in an empty house, the next email, and what must not have changed."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from course import tokens
from local_cloud.cloud import World
from local_cloud.functions import forget_everything
from local_cloud.mime import SentEmail
from tests.people import Person


@contextmanager
def unchanged(world: World) -> Iterator[None]:
    """Whatever happens inside: nothing is stored, nothing is sent, nothing is queued."""
    before = everything(world)
    yield
    after = everything(world)
    assert {name: held for name, held in after.items() if held != before[name]} == {}


def everything(world: World) -> dict[str, list[str]]:
    """All items of all tables, all messages of all queues, all mails."""
    rows = {table: [row for row in world.rows(table) if "home" not in row] for table in world.tables()}
    held = {table: [json.dumps(row, default=str, sort_keys=True) for row in found] for table, found in rows.items()}
    held |= {queue.logical_id: [*queue.waiting, *queue.delayed, *queue.in_flight] for queue in world.queues()}
    return {**{name: sorted(items) for name, items in held.items()}, "mails": [email.id for email in world.emails]}


def id_of(world: World, address: str, course: str = "rebuild-trust") -> str:
    """The id of whoever has this address: an email goes to no other than the one its id was made from."""
    secret = world.clients.secretsmanager.get_secret_value(SecretId=world.resources.ref("SigningSecret"))
    return tokens.subscriber_id(tokens.Keyring(json.loads(secret["SecretString"])), course, address)


def asleep_until(world: World, at: datetime) -> None:
    """Time goes on with no schedule firing: the scheduler is down, or the test has no need of it."""
    for schedule in world.schedules:
        schedule.next_at = max(schedule.next_at, at + timedelta(seconds=1))
    world.advance_to(at)


def asleep(world: World, time: timedelta) -> None:
    """As `asleep_until`, from now on."""
    asleep_until(world, world.now() + time)


def next_email(world: World) -> SentEmail:
    """The next email, as `World.next_email`, with the ticks of the hours in which nothing is due left out."""
    due = min(str(row["due_at"]) for row in world.subscribers() if "due_shard" in row)
    asleep_until(world, datetime.fromisoformat(due))
    email = world.next_email(timedelta(minutes=30))
    assert email
    return email


def next_email_of(person: Person) -> SentEmail:
    """The next email of this one of several people, whoever else is due."""
    sent, due = len(person.emails), datetime.fromisoformat(str(person.row["due_at"]))
    asleep_until(person.world, max(due, person.world.now()))
    for _ in range(6):
        if len(person.emails) > sent:
            return person.emails[-1]
        person.world.advance(timedelta(minutes=6))
    raise AssertionError("no email came")


def reads(person: Person, lessons: int) -> Person:
    """Joins, and gets this many lessons after the introduction."""
    person.joins()
    for _ in range(lessons):
        next_email(person.world)
    return person


def is_asked_to_keep(person: Person) -> None:
    """Gets the notice that follows a long pause, without the months."""
    person.presses("pause")
    world, row = person.world, person.row
    asked = {"notice": "keep", "subscriber": row["id"], "epoch": int(str(row["epoch"])), "key": "keep"}
    world.clients.sqs.send_message(QueueUrl=world.resources.ref("Outbox"), MessageBody=json.dumps(asked))
    world.drain()
    assert person.emails[-1].tags["email"] == "keep"
    person.presses("resume")


def nothing_comes(world: World, days: int = 3) -> bool:
    """Whether no email comes in the next days, at whatever hour."""
    sent = len(world.emails)
    for _ in range(days * 4):
        asleep(world, timedelta(hours=6))
        world.advance(timedelta(minutes=6))
    return len(world.emails) == sent


@contextmanager
def without(world: World, function: str) -> Iterator[None]:
    """What waits in this function's queue stays there meanwhile."""
    source = next(source for source in world.event_sources if source.function.name == function)
    source.enabled = False
    yield
    source.enabled = True


@contextmanager
def a_key_is_added(world: World) -> Iterator[None]:
    """What is made inside is signed with a new key. Whoever reads it afterwards is a process that began before."""
    secret = {"SecretId": world.resources.ref("SigningSecret")}
    before = world.clients.secretsmanager.get_secret_value(**secret)["SecretString"]
    after = json.dumps({**json.loads(before), "2": "2" * 64})
    world.clients.secretsmanager.put_secret_value(**secret, SecretString=after)
    forget_everything()
    yield
    world.clients.secretsmanager.put_secret_value(**secret, SecretString=before)
    forget_everything()
    world.request("GET", "/")  # reads the keys
    world.clients.secretsmanager.put_secret_value(**secret, SecretString=after)


def edit(lesson: Path, old: str, new: str) -> None:
    """Changes a file of the course; functions started from now on read it anew."""
    source = lesson.read_text("utf-8")
    assert old in source
    lesson.write_text(source.replace(old, new), "utf-8")
    forget_everything(lessons=True)
