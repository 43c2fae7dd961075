"""Repeats in a local cloud the course of the subscriber to whom `email-course simulate` sent the emails in `sent/`."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, cast

from cli.replies import read
from local_cloud import clients
from local_cloud.cloud import World
from local_cloud.functions import command_in
from local_cloud.mime import SentEmail
from tests.mail.programs._kept import SENT, Kept
from tests.people import Person
from tests.stories import next_email, without_schedules

START = datetime(2026, 11, 27, 23, 0, tzinfo=UTC)
"""The time of the sign-up: midnight in Berlin."""
KEYS = {"Subscribers": ("id",), "Reflections": ("subscriber", "key")}
"""The tables that a reply can change, with the names of their keys."""

CONFIRMED = "confirmed"

Item = dict[str, Any]


def life(world: World, *, again: bool = False) -> Iterator[tuple[str, SentEmail]]:
    """Yields each email as it comes, with its name in `sent/`. With `again`, the course has a second round."""
    world.ses.max_send_rate = 1000  # the answers to many replies within a second must not exceed the rate
    someone = Person(world, "someone@example.net", first_name="")
    number = 0

    def named(email: SentEmail) -> tuple[str, SentEmail]:
        nonlocal number
        number += 1
        later = f"-round-{email.tags['round']}" if int(email.tags.get("round", 0)) > 1 else ""
        return f"{number:02}-{email.tags['email']}{later}", email

    someone.signs_up()
    confirmation = someone.emails[-1]
    yield named(confirmation)
    world.request("POST", someone.link("/confirm/", confirmation), form={})
    yield named(world.emails[-1])
    lessons = ["acknowledge", "own-it", "apology-in-action", "no-rush-to-forgiveness", "safety-first"]
    planned = read(SENT / "replies.yaml", lessons) if again else []
    while any("due_shard" in row for row in world.subscribers()):
        email = next_email(world)
        yield named(email)
        for reply in planned:
            if (reply.lesson, str(reply.round)) == (email.tags["email"], email.tags["round"]):
                without_schedules(world, email.at + reply.after - world.now())
                sent = len(world.emails)
                world.deliver(clients.reply("gmail", email, reply.text, world.now()), clients.reply_address(email))
                yield from map(named, world.emails[sent:])


def received(
    world: World, email: SentEmail, replies: Iterable[Kept], change: Callable[[World], None]
) -> dict[str, str]:
    """Returns the result of each reply by its name, as if it were the only one: the command or the stored words."""
    came = {}
    sent = stored(world)
    change(world)
    before = stored(world)
    for reply in replies:
        lines = len(world.logs)
        world.deliver(reply.raw, clients.reply_address(email))
        after = stored(world)
        kept = [item for item in after["Reflections"] if item not in before["Reflections"]]
        confirmed = person(before)["status"]["S"] == "pending" and person(after)["status"]["S"] == "active"
        done = CONFIRMED if confirmed else command_in(world.logs[lines:])
        came[reply.name] = "\n".join([*([done] if done else []), *map(told, kept)])
        store(world, before, after)
    store(world, sent, stored(world))
    return came


def becomes_another(world: World) -> None:
    """Changes the subscriber's name, zone and hour, and adds one more answer to the last email."""
    subscriber = person(stored(world))
    if "sign_up" not in subscriber:
        email = world.mails_to(subscriber["address"]["S"])[-1]
        world.deliver(clients.reply("gmail", email, "Another thought.", world.now()), clients.reply_address(email))
    changed = {"first_name": {"S": "Robin"}, "zone": {"S": "America/New_York"}, "hour": {"N": "21"}}
    world.clients.dynamodb.put_item(TableName=world.resources.ref("Subscribers"), Item=subscriber | changed)


def person(held: dict[str, list[Item]]) -> Item:
    """Returns the item of the subscriber."""
    return next(item for item in held["Subscribers"] if "address" in item)


def told(item: Item) -> str:
    """Returns the words of a reflection, or the reason why a mail was set aside."""
    return str(item["text"]["S"] if "text" in item else f"set aside: {item['reason']['S']}")


def stored(world: World) -> dict[str, list[Item]]:
    """Returns the items of the tables that a reply can change, in DynamoDB's format."""
    scan = world.clients.dynamodb.scan
    return {table: cast("list[Item]", scan(TableName=world.resources.ref(table))["Items"]) for table in KEYS}


def store(world: World, before: dict[str, list[Item]], after: dict[str, list[Item]]) -> None:
    """Restores the earlier items of the tables."""
    for table, key in KEYS.items():
        name = world.resources.ref(table)
        for item in [item for item in after[table] if item not in before[table]]:
            world.clients.dynamodb.delete_item(TableName=name, Key={part: item[part] for part in key})
        for item in [item for item in before[table] if item not in after[table]]:
            world.clients.dynamodb.put_item(TableName=name, Item=item)
