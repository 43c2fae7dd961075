"""The scenarios into which faults are injected. Together they make every call to AWS that the code has.

Each scenario is a generator: a `yield` ends a step, and a trial may begin at each step.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

from local_cloud.ses_rules import SesError
from tests.faults.simulation import RecordedPerson, Simulation, StepImpossible

Scenario = Callable[[Simulation], Iterator[None]]

RETENTION = timedelta(days=91)


def a_whole_course(sim: Simulation) -> Iterator[None]:
    """From the sign-up to the closing letter, and on until the reflections reach the end of their retention."""
    ann = sim.add_person("ann")
    ann.signs_up()
    yield
    ann.confirms()
    yield
    ann.replies("I want to do this properly.")
    yield
    sim.advance_days()
    yield
    ann.signs_up()  # again, by mistake
    yield
    sim.advance_days()
    yield
    ann.presses("yes")
    yield
    sim.advance_days()
    yield
    sim.jump(RETENTION)


def pauses_and_hours(sim: Simulation) -> Iterator[None]:
    """Another hour on the day of a lesson, a pause by reply, and a resume by button."""
    ann = sim.add_person("ann").joins()
    sim.advance_days()
    yield
    ann.presses("time", zone="Europe/Berlin", hour="23")
    sim.advance_to(sim.world.now() + timedelta(hours=3))
    yield
    ann.presses("time", zone="Pacific/Auckland", hour="7")
    yield
    sim.advance_days()
    ann.presses("time", zone="Europe/Berlin", hour="7")
    yield
    ann.replies("PAUSE")
    yield
    sim.advance_days()
    yield
    ann.presses("resume")


def a_second_round(sim: Simulation) -> Iterator[None]:
    """The way back answered "not yet", and a second round whose lessons quote the reflections of the first."""
    ann = sim.add_person("ann").joins()
    sim.advance_days()
    ann.replies("I never asked how it was for them.")
    yield
    sim.advance_days()
    yield
    ann.replies("Not yet")
    yield
    sim.advance_days()
    yield
    ann.replies("JOURNAL")
    yield
    sim.advance_days(2)


def stops_and_returns(sim: Simulation) -> Iterator[None]:
    """Stops by reply, signs up again and confirms by reply; then a one-click and an event for an old email come."""
    ann = sim.add_person("ann").joins()
    sim.advance_days()
    old = ann.latest_email()
    yield
    ann.replies("STOP")
    yield
    sim.advance_days(2)
    ann.signs_up()
    yield
    if not ann.can_confirm():
        raise StepImpossible
    ann.confirms_by_reply()
    yield
    ann.one_click(old)
    sim.world.ses.bounced(old, "Transient", "MailboxFull")
    sim.process_messages()
    yield
    sim.advance_days(2)


def unsubscribes_and_is_erased(sim: Simulation) -> Iterator[None]:
    """Unsubscribes with one click, and later erases everything."""
    ann = sim.add_person("ann").joins()
    ann.replies("It was my fault.")
    sim.advance_days()
    yield
    ann.one_click(ann.latest_email())
    yield
    sim.advance_days()
    yield
    journal = ann.journal_url
    ann.sends_request("GET", journal)
    ann.sends_request("POST", journal, {})
    ann.erases()
    yield
    sim.advance_days(2)


def asks_by_reply(sim: Simulation) -> Iterator[None]:
    """Skips a lesson, pauses for two days, asks for the journal and then for the erasure, all by reply."""
    ann = sim.add_person("ann").joins()
    ann.replies("It was my fault.")
    yield
    ann.replies("SKIP")
    yield
    ann.replies("PAUSE 2 DAYS")
    yield
    sim.advance_days(2)
    yield
    ann.replies("JOURNAL")
    yield
    ann.replies("DELETE MY DATA")
    yield
    if ann.latest_email().tags["email"] != "erase":
        raise StepImpossible
    ann.replies("YES")
    yield
    sim.advance_days(2)


def a_mail_is_lost(sim: Simulation) -> Iterator[None]:
    """The event for a reply is lost: the audit finds the mail in the bucket, and an operator accepts it."""
    ann = sim.add_person("ann").joins()
    bucket, to = sim.world.resources.ref("RawMail"), ann.latest_email().reply_to[0]
    raw = f"From: {ann.address}\r\nTo: {to}\r\n\r\nI see it now.\r\n".encode()
    ann.wrote.append((sim.world.now(), "I see it now."))
    sim.world.clients.s3.put_object(Bucket=bucket, Key="inbound/lost", Body=raw)
    yield
    sim.advance_days(2)
    yield
    sim.give_command(accept="lost")
    yield
    sim.advance_days(2)


def bounces(sim: Simulation) -> Iterator[None]:
    """The mailbox bounces an email, and a later sign-up gets no email."""
    bob = sim.add_person("bob").joins()
    sim.advance_days()
    yield
    sim.world.ses.bounced(bob.latest_email())
    sim.advance_to(sim.world.now() + timedelta(days=2))
    yield
    bob.signs_up()
    yield
    sim.advance_days()


def ses_refuses_and_fails(sim: Simulation) -> Iterator[None]:
    """SES refuses one address, answers one request with HTTP 500, throttles one, and then refuses the account."""
    ann, eve = sim.add_person("ann").joins(), sim.add_person("eve", hour=8).joins()
    take = sim.world.ses.send
    failed: list[str] = []

    def send(request: dict[str, object]) -> object:
        if eve.address in str(request["Destination"]) and "lesson" not in failed:
            failed.append("lesson")
            raise _failure()
        if "'help'" in str(request["EmailTags"]) and "notice" not in failed:
            failed.append("notice")
            raise SesError("TooManyRequestsException", "Maximum sending rate exceeded.")
        return take(request)

    sim.world.ses.send = send  # type: ignore[method-assign, assignment]
    sim.world.ses.refused[ann.address] = "Address blocked."
    yield
    sim.advance_to(
        sim.world.now() + timedelta(days=1)
    )  # until nine: an operator released her once, and SES refused her again
    yield
    sim.world.ses.refused.clear()
    sim.advance_days(0)
    yield
    sim.advance_days()
    yield
    eve.replies("HELP")
    yield
    now = sim.world.now()
    six = (now + timedelta(days=1)).replace(hour=6, minute=0)
    sim.advance_to(six)
    sim.world.ses.mail_from_verified = False
    sim.advance_to(six + timedelta(minutes=45))
    sim.world.ses.mail_from_verified = True
    yield
    sim.advance_days()


def _failure() -> SesError:
    error = SesError("InternalServiceErrorException", "Try again.")
    error.status = 500
    return error


def stored_data_is_damaged(sim: Simulation) -> Iterator[None]:
    """An unreadable item, a missing index entry, a restored table, and mail to an unknown address."""
    dan, eve = sim.add_person("dan").joins(), sim.add_person("eve", hour=8).joins()
    sim.world.deliver(b"From: x@example.com\r\n\r\nBuy now", "nobody@reply.example.org", drain=False)
    sim.process_messages()
    yield
    _set(sim, dan, "zone", "Nowhere")
    sim.advance_days()
    yield
    _set(sim, dan, "zone", "Europe/Berlin")
    _remove_from_index(sim, eve)
    sim.advance_days()
    yield
    _restore(sim)
    now = sim.world.now()
    sim.advance_to(now + timedelta(days=1))
    sim.outages.append((now, sim.world.now()))
    yield
    sim.give_command(resume_all=True)
    yield
    sim.advance_days()


def _set(sim: Simulation, person: RecordedPerson, name: str, value: str) -> None:
    sim.world.clients.dynamodb.update_item(
        TableName=sim.world.resources.ref("Subscribers"),
        Key={"id": {"S": str(person.row["id"])}},
        UpdateExpression="SET #name = :value",
        ExpressionAttributeNames={"#name": name},
        ExpressionAttributeValues={":value": {"S": value}},
    )


def _remove_from_index(sim: Simulation, person: RecordedPerson) -> None:
    """Removes the person's entry from the index of due subscribers."""
    table, key = sim.world.resources.ref("Subscribers"), {"id": {"S": str(person.row["id"])}}
    sim.world.clients.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_shard")


def _restore(sim: Simulation) -> None:
    """Makes the table look like one that was restored from a backup: its `home` item names another table."""
    sim.world.clients.dynamodb.put_item(
        TableName=sim.world.resources.ref("Subscribers"),
        Item={"id": {"S": "home"}, "home": {"S": "another stack#another table#another day"}},
    )


SCENARIOS: tuple[Scenario, ...] = (
    a_whole_course,
    pauses_and_hours,
    a_second_round,
    stops_and_returns,
    unsubscribes_and_is_erased,
    asks_by_reply,
    a_mail_is_lost,
    bounces,
    ses_refuses_and_fails,
    stored_data_is_damaged,
)
