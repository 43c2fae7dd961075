"""Steps of stories: letting time pass, waiting for the next email, checking that nothing has changed."""

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
    """Fails if the block stores an item, sends an email or queues a message."""
    before = everything(world)
    yield
    after = everything(world)
    assert {name: held for name, held in after.items() if held != before[name]} == {}


def everything(world: World) -> dict[str, list[str]]:
    """Returns all items of all tables, all messages of all queues, and the ids of all emails."""
    rows = {table: [row for row in world.rows(table) if "home" not in row] for table in world.tables()}
    held = {table: [json.dumps(row, default=str, sort_keys=True) for row in found] for table, found in rows.items()}
    held |= {queue.logical_id: [*queue.waiting, *queue.delayed, *queue.in_flight] for queue in world.queues()}
    return {**{name: sorted(items) for name, items in held.items()}, "mails": [email.id for email in world.emails]}


def id_of(world: World, address: str, course: str = "rebuild-trust") -> str:
    """Returns the subscriber id of an address: an email goes only to the address that its id was made from."""
    secret = world.clients.secretsmanager.get_secret_value(SecretId=world.resources.ref("SigningSecret"))
    return tokens.subscriber_id(tokens.Keyring(json.loads(secret["SecretString"])), course, address)


def without_schedules_until(world: World, at: datetime) -> None:
    """Moves the clock without firing a schedule: it is down, or the test does not need it."""
    for schedule in world.schedules:
        schedule.next_at = max(schedule.next_at, at + timedelta(seconds=1))
    world.advance_to(at)


def without_schedules(world: World, time: timedelta) -> None:
    """Does the same as `without_schedules_until`, for this length of time."""
    without_schedules_until(world, world.now() + time)


def next_email(world: World) -> SentEmail:
    """Returns the next email, as `World.next_email` does, without the ticks before somebody is due."""
    due = min(str(row["due_at"]) for row in world.subscribers() if "due_shard" in row)
    without_schedules_until(world, datetime.fromisoformat(due))
    email = world.next_email(timedelta(minutes=30))
    assert email
    return email


def next_email_of(person: Person) -> SentEmail:
    """Returns this person's next email, in a world where others may be due as well."""
    sent, due = len(person.emails), datetime.fromisoformat(str(person.row["due_at"]))
    without_schedules_until(person.world, max(due, person.world.now()))
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
    """Gets the notice that follows a long pause, without waiting for months."""
    person.presses("pause")
    world, row = person.world, person.row
    asked = {"notice": "keep", "subscriber": row["id"], "epoch": int(str(row["epoch"])), "key": "keep"}
    world.clients.sqs.send_message(QueueUrl=world.resources.ref("Outbox"), MessageBody=json.dumps(asked))
    world.drain()
    assert person.emails[-1].tags["email"] == "keep"
    person.presses("resume")


def nothing_comes(world: World, days: int = 3) -> bool:
    """Tells whether no email comes in the next days, at any hour."""
    sent = len(world.emails)
    for _ in range(days * 4):
        without_schedules(world, timedelta(hours=6))
        world.advance(timedelta(minutes=6))
    return len(world.emails) == sent


@contextmanager
def without(world: World, function: str) -> Iterator[None]:
    """Within the block, the messages in this function's queue stay there."""
    source = next(source for source in world.event_sources if source.function.name == function)
    source.enabled = False
    yield
    source.enabled = True


@contextmanager
def a_key_is_added(world: World) -> Iterator[None]:
    """Within the block, a new key signs. After it, the process that reads started before the key was added."""
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
    """Changes a file of the course; functions that start from now on read the new text."""
    source = lesson.read_text("utf-8")
    assert old in source
    lesson.write_text(source.replace(old, new), "utf-8")
    forget_everything(lessons=True)
