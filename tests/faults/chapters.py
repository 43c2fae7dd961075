"""The lives that faults are tried on: between them every call that the code makes. A `yield` ends a step."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from local_cloud.ses_rules import SesError
from tests.faults.life import AnotherTurn, Life, Someone

Chapter = Callable[[Life], Iterator[None]]

RETENTION = timedelta(days=91)


def a_whole_course(life: Life) -> Iterator[None]:
    """From the sign-up to the closing letter, and until what was written has had its time."""
    ann = life.person("ann")
    ann.signs_up()
    yield
    ann.confirms()
    yield
    ann.replies("I want to do this properly.")
    yield
    life.days()
    yield
    ann.signs_up()  # once more, by mistake
    yield
    life.days()
    yield
    ann.presses("yes")
    yield
    life.days()
    yield
    life.years_later(RETENTION)


def pauses_and_hours(life: Life) -> Iterator[None]:
    """Another hour on the day of a lesson, a pause by reply, and on with a button."""
    ann = life.person("ann").joins()
    life.days()
    yield
    ann.presses("time", zone="Europe/Berlin", hour="23")
    life.until(life.world.now() + timedelta(hours=3))
    yield
    ann.presses("time", zone="Pacific/Auckland", hour="7")
    yield
    life.days()
    ann.presses("time", zone="Europe/Berlin", hour="7")
    yield
    ann.replies("PAUSE")
    yield
    life.days()
    yield
    ann.presses("resume")


def round_again(life: Life) -> Iterator[None]:
    """The way back: not yet, and a second round that quotes what was written in the first."""
    ann = life.person("ann").joins()
    life.days()
    ann.replies("I never asked how it was for them.")
    yield
    life.days()
    yield
    ann.replies("Not yet")
    yield
    life.days()
    yield
    ann.replies("JOURNAL")
    yield
    life.days(2)


def stops_and_returns(life: Life) -> Iterator[None]:
    """Stops by reply, signs up again and confirms by reply; then an old one-click and old events come."""
    ann = life.person("ann").joins()
    life.days()
    old = ann.latest()
    yield
    ann.replies("STOP")
    yield
    life.days(2)
    ann.signs_up()
    yield
    if not ann.asks_to_confirm():
        raise AnotherTurn
    ann.confirms_by_reply()
    yield
    ann.one_click(old)
    life.world.ses.bounced(old, "Transient", "MailboxFull")
    life.settle()
    yield
    life.days(2)


def unsubscribes_and_is_erased(life: Life) -> Iterator[None]:
    """One click, and later the erasure of everything."""
    ann = life.person("ann").joins()
    ann.replies("It was my fault.")
    life.days()
    yield
    ann.one_click(ann.latest())
    yield
    life.days()
    yield
    journal = ann.journal_url
    ann.asks("GET", journal)
    ann.asks("POST", journal, {})
    ann.erases()
    yield
    life.days(2)


def asks_by_reply(life: Life) -> Iterator[None]:
    """Skips a lesson, pauses for two days, has the journal sent and then everything deleted, all by reply."""
    ann = life.person("ann").joins()
    ann.replies("It was my fault.")
    yield
    ann.replies("SKIP")
    yield
    ann.replies("PAUSE 2 DAYS")
    yield
    life.days(2)
    yield
    ann.replies("JOURNAL")
    yield
    ann.replies("DELETE MY DATA")
    yield
    if ann.latest().tags["email"] != "erase":
        raise AnotherTurn
    ann.replies("YES")
    yield
    life.days(2)


def a_mail_is_lost(life: Life) -> Iterator[None]:
    """Nobody is told of a reply; the audit finds it, and an operator accepts it."""
    ann = life.person("ann").joins()
    bucket, to = life.world.resources.ref("RawMail"), ann.latest().reply_to[0]
    raw = f"From: {ann.address}\r\nTo: {to}\r\n\r\nI see it now.\r\n".encode()
    ann.wrote.append((life.world.now(), "I see it now."))
    life.world.clients.s3.put_object(Bucket=bucket, Key="inbound/lost", Body=raw)
    yield
    life.days(2)
    yield
    life.operates(accept="lost")
    yield
    life.days(2)


def bounces(life: Life) -> Iterator[None]:
    """The mailbox refuses, and a fresh sign-up gets nothing."""
    bob = life.person("bob").joins()
    life.days()
    yield
    life.world.ses.bounced(bob.latest())
    life.until(life.world.now() + timedelta(days=2))
    yield
    bob.signs_up()
    yield
    life.days()


def ses_has_troubles(life: Life) -> Iterator[None]:
    """One address is refused, one answer says nothing, and then the account is paused."""
    ann, eve = life.person("ann").joins(), life.person("eve", hour=8).joins()
    take = life.world.ses.send
    failed: list[str] = []

    def send(request: dict[str, object]) -> object:
        if eve.address in str(request["Destination"]) and "lesson" not in failed:
            failed.append("lesson")
            raise _failure()
        if "'help'" in str(request["EmailTags"]) and "notice" not in failed:
            failed.append("notice")
            raise SesError("TooManyRequestsException", "Maximum sending rate exceeded.")
        return take(request)

    life.world.ses.send = send  # type: ignore[method-assign, assignment]
    life.world.ses.refused[ann.address] = "Address blocked."
    yield
    life.until(life.world.now() + timedelta(days=1))  # nine o'clock: she was let go once, and refused once more
    yield
    life.world.ses.refused.clear()
    life.days(0)
    yield
    life.days()
    yield
    eve.replies("HELP")
    yield
    now = life.world.now()
    six = (now + timedelta(days=1)).replace(hour=6, minute=0)
    life.until(six)
    life.world.ses.mail_from_verified = False
    life.until(six + timedelta(minutes=45))
    life.world.ses.mail_from_verified = True
    yield
    life.days()


def _failure() -> SesError:
    error = SesError("InternalServiceErrorException", "Try again.")
    error.status = 500
    return error


def what_is_stored_breaks(life: Life) -> Iterator[None]:
    """An item that cannot be read, an index that forgot, a table that was restored, and a mail from nobody."""
    dan, eve = life.person("dan").joins(), life.person("eve", hour=8).joins()
    life.world.deliver(b"From: x@example.com\r\n\r\nBuy now", "nobody@reply.example.org", drain=False)
    life.settle()
    yield
    _set(life, dan, "zone", "Nowhere")
    life.days()
    yield
    _set(life, dan, "zone", "Europe/Berlin")
    _forget(life, eve)
    life.days()
    yield
    _restore(life)
    now = life.world.now()
    life.until(now + timedelta(days=1))
    life.outages.append((now, life.world.now()))
    yield
    life.operates(resume_all=True)
    yield
    life.days()


def _set(life: Life, person: Someone, name: str, value: str) -> None:
    life.world.clients.dynamodb.update_item(
        TableName=life.world.resources.ref("Subscribers"),
        Key={"id": {"S": str(person.row["id"])}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def _forget(life: Life, person: Someone) -> None:
    """The index loses its entry."""
    table, key = life.world.resources.ref("Subscribers"), {"id": {"S": str(person.row["id"])}}
    life.world.clients.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_shard")


def _restore(life: Life) -> None:
    """The table is one that was restored from another's backup: what it says of its home is not of this one."""
    life.world.clients.dynamodb.put_item(
        TableName=life.world.resources.ref("Subscribers"),
        Item={"id": {"S": "home"}, "home": {"S": "another stack#another table#another day"}},
    )


CHAPTERS: tuple[Chapter, ...] = (
    a_whole_course,
    pauses_and_hours,
    round_again,
    stops_and_returns,
    unsubscribes_and_is_erased,
    asks_by_reply,
    a_mail_is_lost,
    bounces,
    ses_has_troubles,
    what_is_stored_breaks,
)
