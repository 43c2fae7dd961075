"""IAM policies: every call that a function makes is allowed by its role, and every grant is used."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Any
from unittest.mock import patch

from aws import clients
from aws.subscribers import HOME, Subscribers
from local_cloud.calls import Call
from local_cloud.cloud import PARAMETERS, World
from local_cloud.functions import Function, Outcome
from local_cloud.intrinsics import Resolver
from local_cloud.ses_rules import SesError
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import without
from tests.test_template import by_arn, functions

Statement = dict[str, Any]
ADDED_BY_SAM = {
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    "arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole",
}


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One action on one resource that a function's role allows; both may have wildcards."""

    function: str
    action: str
    resource: str

    def covers(self, function: str, action: str, resource: str) -> bool:
        """Actions are not case-sensitive, resources are (IAM guide, "Action" and "Resource")."""
        alike = fnmatchcase(action.lower(), self.action.lower()) and fnmatchcase(resource, self.resource)
        return function == self.function and alike


def policies(resources: Resolver) -> dict[str, list[Statement]]:
    """The statements of every function's own policies."""
    roles = by_arn(resources, "AWS::IAM::Role")
    return {
        name: [
            statement
            for policy in roles[properties["Role"]]["Policies"]
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        for name, properties in functions(resources).items()
    }


def grants(statements: dict[str, list[Statement]]) -> set[Grant]:
    """Every action with every resource of its statement."""
    return {
        Grant(function, action, resource)
        for function, own in statements.items()
        for statement in own
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def needs(calls: Iterable[Call]) -> set[tuple[str, str, str]]:
    return {(call.function, action, resource) for call in calls for action, resource in call.needs}


def refused(calls: Iterable[Call], given: set[Grant]) -> list[str]:
    """Returns the calls that AWS would have refused."""
    return sorted(" ".join(need) for need in needs(calls) if not any(grant.covers(*need) for grant in given))


def unused(calls: Iterable[Call], given: set[Grant]) -> list[Grant]:
    """Returns the grants that no function used."""
    return sorted(grant for grant in given if not any(grant.covers(*need) for need in needs(calls)))


def test_a_week_with_everything_in_it_needs_every_grant_and_no_other() -> None:
    with World(start=MONDAY, parameters={"RetentionDays": "1"}) as world, each_in_its_own_process(world):
        live_a_week(world)
        assert not world.failures
        given = grants(policies(world.resources))
    assert not refused(world.calls, given)
    assert not unused(world.calls, given)


def test_a_grant_that_is_missing_or_not_used_is_noticed(world: World) -> None:
    """Shows that the test above can fail."""
    Person(world).joins()
    statements = deepcopy(policies(world.resources))
    assert not refused(world.calls, grants(statements))
    sends = next(own for own in statements["send"] if own["Action"] == "ses:SendEmail")
    identity, configuration = sends["Resource"]
    sends["Resource"] = [identity]
    assert refused(world.calls, grants(statements)) == [f"send ses:SendEmail {configuration}"]

    table = world.resources.get_att("Subscribers", "Arn")
    statements["sign_up"].append({"Effect": "Allow", "Action": ["dynamodb:Query", "ses:*"], "Resource": table})
    found = unused(world.calls, grants(statements))
    assert {Grant("sign_up", "dynamodb:Query", table), Grant("sign_up", "ses:*", table)} <= set(found)
    assert Grant("send", "ses:SendEmail", identity) not in found


@contextmanager
def each_in_its_own_process(world: World) -> Iterator[None]:
    """On Lambda each function reads the secret itself; in the local cloud they would share the cached one."""
    invoke, before = world.functions.invoke, ""

    def alone(function: Function, event: Any, seconds: float | None = None) -> Outcome:
        nonlocal before
        if before != function.name:
            clients.keys.cache_clear()
            clients.site.cache_clear()
        before = function.name
        return invoke(function, event, seconds)

    with patch.object(world.functions, "invoke", alone):
        yield


def live_a_week(world: World) -> None:
    """One person for each kind of event. Lessons for 7:00 in Berlin are sent at the first tick after 6:00 UTC."""
    world.schedules[0].every = timedelta(hours=1)  # a tick every five minutes would do nothing more, and take longer

    def person(name: str, number: int, **more: Any) -> Person:
        return Person(world, f"{name}@example.net", name.title(), source_ip=f"198.51.100.{number}", **more)

    names = ["ann", "bob", "cleo", "dora", "emil", "fay", "gus", "hal"]
    ann, bob, cleo, dora, emil, fay, gus, hal = [person(name, number) for number, name in enumerate(names)]
    ivy, kim = person("ivy", 8, hour=12), person("kim", 9)
    everyone = [ann, bob, cleo, dora, emil, fay, gus, hal, ivy]
    lou = person("lou", 10)
    lou.signs_up()
    for somebody in everyone:
        somebody.joins()
    lou.confirms()
    lou.replies("Delete this, please.")
    assert "It is erased" in lou.erases().text
    max_is_erased_by_reply(person("max", 11))

    first_day(world, ann, cleo, dora, emil, fay)
    kim_meets_a_full_quota(world, kim)
    world.ses.refused[gus.address] = "Email content is not allowed."
    with nothing_heard_of(world, hal):
        world.advance(timedelta(hours=22))  # Tuesday, after 7:00 UTC
    assert gus.row["held"]
    assert hal.row["claim"]
    assert len(hal.emails) == 2  # confirmation and introduction

    the_identity_fails(world, ivy, cleo)
    bob.signs_up()
    assert bob.emails[-1].tags["email"] == "already-here"
    the_page(world, bob)
    emil.signs_up()
    commands_by_mail(cleo)
    an_operator_accepts_a_mail(world, ann)
    the_audit_mends(world, bob)
    what_is_stored_breaks(world, ivy)

    nora_keeps_what_she_wrote(person("nora", 12))

    world.advance(timedelta(days=1))
    assert len(hal.emails) > 2  # tried again, because later attempts had their events
    while ann.emails[-1].tags["email"] != "safety-first":
        assert world.next_email()
    ann.replies("I think of it every day.")
    ann.replies("Not yet")
    while ann.emails[-1].tags["email"] != "acknowledge":
        assert world.next_email()
    ann.replies("This time I said it aloud.")
    world.advance(timedelta(days=1))
    assert "I think of it" not in str(world.logs)
    assert bob.emails[-1].tags["email"] == "keep-showing-up"
    assert not cleo.reflections  # kept for a day after the last lesson


def max_is_erased_by_reply(somebody: Person) -> None:
    somebody.joins()
    somebody.replies("I want it to be gone.")
    somebody.replies("Delete my data")
    somebody.replies("Yes")
    assert somebody.address not in {row["address"] for row in somebody.world.subscribers()}


def nora_keeps_what_she_wrote(somebody: Person) -> None:
    """Replies are kept for a day here, and so she is asked at once."""
    somebody.joins()
    somebody.replies("I need a while.")
    somebody.presses("pause")
    somebody.world.invoke("audit", {})
    somebody.world.drain()
    assert somebody.emails[-1].tags["email"] == "keep"
    somebody.world.request("POST", somebody.link("/keep"), form={})
    assert "kept_on" in somebody.row


def first_day(world: World, ann: Person, cleo: Person, dora: Person, emil: Person, fay: Person) -> None:
    ann.replies("I want to do this properly.")
    cleo.replies("I am not sure.")
    world.deliver(b"From: x@example.com\r\n\r\nBuy now", "nobody@reply.example.org")
    leave, page = dora.link("/unsubscribe/"), dora.page_url
    for url in (leave, leave, f"{page}/stop"):  # the second time, it reads whether the notice was sent
        world.request("POST", url, form={"List-Unsubscribe": "One-Click"})
    world.bounced(emil.emails[-1])
    world.complained(fay.emails[-1])
    assert [somebody.row["status"] for somebody in (dora, emil, fay)] == ["unsubscribed", "bounced", "complained"]


def kim_meets_a_full_quota(world: World, kim: Person) -> None:
    quota, world.ses.max_24_hour_send = world.ses.max_24_hour_send, 1
    kim.signs_up()
    assert not kim.emails
    world.ses.max_24_hour_send = quota
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key={"id": {"S": HOME}})
    with without(world, "send"):  # so that dispatch is the first to ask for the table
        world.advance(timedelta(hours=1))
    world.advance(timedelta(minutes=10))
    kim.confirms()


@contextmanager
def nothing_heard_of(world: World, somebody: Person) -> Iterator[None]:
    """SES answers 500 to this person's email, which leaves open whether it was taken."""
    take = world.ses.send

    def fail(request: dict[str, Any]) -> Any:
        if somebody.address in request["Destination"]["ToAddresses"]:
            error = SesError("InternalFailure", "Something went wrong.")
            error.status = 500
            raise error
        return take(request)

    with patch.object(world.ses, "send", fail):
        yield


def the_identity_fails(world: World, ivy: Person, cleo: Person) -> None:
    """At noon, for everyone: the breaker opens, and a notice waits in the queue."""
    before = len(ivy.emails)
    world.advance_to(MONDAY + timedelta(days=1, hours=1, minutes=55))
    world.ses.mail_from_verified = False
    world.advance(timedelta(hours=2))
    assert len(ivy.emails) == before
    cleo.replies("Help")
    world.ses.mail_from_verified = True
    world.advance(timedelta(hours=2))
    assert len(ivy.emails) == before + 1
    assert cleo.emails[-1].tags["email"] == "help"


def the_page(world: World, bob: Person) -> None:
    assert "Where you are" in bob.page
    for action in ("pause", "resume", "stop", "again", "yes", "not-yet"):
        world.request("GET", f"{bob.page_url}/{action}")
    bob.presses("pause")
    bob.presses("resume")
    bob.presses("time", hour="8", zone="Europe/Berlin")
    bob.replies("I said so.")
    assert "I said so." in bob.journal
    last = bob.reflections[-1]
    bob.in_the_journal("take-back", which=f"{last['round']}#{last.get('lesson', '')}#{last['mail_id']}")
    bob.in_the_journal("name", first_name="Robert")
    bob.in_the_journal("end-links")


def commands_by_mail(cleo: Person) -> None:
    for command in ("Pause", "Resume", "Journal", "Again", "Stop"):
        cleo.replies(command)
    assert cleo.row["status"] == "unsubscribed"


def an_operator_accepts_a_mail(world: World, ann: Person) -> None:
    mail = world.deliver(b"From: ann@example.net\r\n\r\nTo an address without a lesson.", "nobody@reply.example.org")
    asked = {"accept": mail.id, "subscriber": ann.row["id"], "lesson": "own-it"}
    assert world.invoke("audit", asked).payload["accepted"]
    assert world.invoke("audit", {"accept": "nothing"}).payload["accepted"] is False


def the_audit_mends(world: World, bob: Person) -> None:
    """Bob is missing from the index. He is changed while the audit puts him back, so the next audit does it."""
    table, key = world.resources.ref("Subscribers"), {"id": {"S": bob.row["id"]}}
    world.clients.dynamodb.update_item(TableName=table, Key=key, UpdateExpression="REMOVE due_shard")
    everyone = Subscribers.all

    def read_too_early(subscribers: Subscribers) -> Iterator[Any]:
        for row in everyone(subscribers):
            assert row.subscriber
            yield replace(row, subscriber=replace(row.subscriber, version=row.subscriber.version - 1))

    with patch.object(Subscribers, "all", read_too_early):
        assert world.invoke("audit", world.schedules[1].event()).error is None
    assert "due_shard" not in bob.row
    assert world.invoke("audit", world.schedules[1].event()).error is None
    assert bob.row["due_shard"]


def what_is_stored_breaks(world: World, ivy: Person) -> None:
    table, key = world.resources.ref("Subscribers"), {"id": {"S": ivy.row["id"]}}
    world.clients.dynamodb.update_item(
        TableName=table,
        Key=key,
        UpdateExpression="SET due_at = :now, #zone = :zone",
        ExpressionAttributeNames={"#zone": "zone"},
        ExpressionAttributeValues={":now": {"S": "2026-11-24T00:00:00Z"}, ":zone": {"S": "Nowhere"}},
    )
    world.advance(timedelta(hours=1))
    assert "cannot be read" in str(ivy.row["held"])


def test_wildcards_are_read_as_iam_reads_them() -> None:
    mail = Grant("receive_reply", "s3:Get*", "arn:aws:s3:::mail/inbound/*")
    assert mail.covers("receive_reply", "s3:getobject", "arn:aws:s3:::mail/inbound/1")
    assert not mail.covers("receive_reply", "s3:GetObject", "arn:aws:s3:::mail/other/1")
    assert not mail.covers("receive_reply", "s3:PutObject", "arn:aws:s3:::mail/inbound/1")
    assert not mail.covers("send", "s3:GetObject", "arn:aws:s3:::mail/inbound/1")


def test_policies_are_plain_and_name_their_resources(resources: Resolver) -> None:
    """The checks above read only plain policies. GetAccount has no resources (Service Authorization Reference)."""
    for name, statements in policies(resources).items():
        for statement in statements:
            assert set(statement) - {"Condition"} == {"Effect", "Action", "Resource"}, name
            assert statement["Effect"] == "Allow", name
            assert not [action for action in listed(statement["Action"]) if "*" in action], name
            if statement["Resource"] == "*":
                assert statement["Action"] == "ses:GetAccount", name


def test_send_may_send_as_the_sender_and_nobody_else(resources: Resolver) -> None:
    """IAM checks this condition, the local cloud does not: SES fills in the address of From."""
    (sending,) = [statement for statement in policies(resources)["send"] if statement["Action"] == "ses:SendEmail"]
    assert sending["Condition"] == {"StringEquals": {"ses:FromAddress": PARAMETERS["Sender"]}}


def test_roles_have_no_other_policies_than_sam_adds(resources: Resolver) -> None:
    roles = by_arn(resources, "AWS::IAM::Role")
    for name, properties in functions(resources).items():
        assert set(roles[properties["Role"]]["ManagedPolicyArns"]) <= ADDED_BY_SAM, name
        assert len([other for other in functions(resources).values() if other["Role"] == properties["Role"]]) == 1, name
