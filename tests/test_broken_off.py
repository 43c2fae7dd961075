"""Interruptions of a sign-up, a command or a claim: a process dies, or a request or its answer is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from local_cloud.api import Response
from local_cloud.cloud import World
from local_cloud.faults import Fault, Site, faults
from local_cloud.functions import forget_everything
from tests.conftest import MONDAY
from tests.people import Person
from tests.services.test_receiving import raw_mails, written
from tests.services.test_sending import emails
from tests.stories import next_email, without_schedules

HOUR = timedelta(hours=1)
PROMISE = Site("send", "aws/limits.py Limits.promise", "PutItem")
CLAIM = Site("send", "aws/subscribers.py Subscribers.save", "PutItem")


@dataclass
class OneFault:
    """A fault at the n-th call that a function makes, counted from 0; if `stubborn`, at all its retries too."""

    function: str
    n: int
    fault: Fault | None
    stubborn: bool = False
    sites: list[Site] = field(default_factory=list)

    def choose(self, site: Site) -> Fault | None:
        if site.function != self.function:
            return None
        self.sites.append(site)
        number = len(self.sites) - 1
        again = self.stubborn and number > self.n and set(self.sites[self.n :]) == {site}
        return self.fault if number == self.n or again else None


@contextmanager
def reply_lost(world: World, where: Site) -> Iterator[list[Site]]:
    """Lets the first call at a site take effect, but loses its answer. Yields all calls there, retries included."""
    seen: list[Site] = []

    def choose(site: Site) -> Fault | None:
        if site != where:
            return None
        seen.append(site)
        return Fault.LOST_AFTER if len(seen) == 1 else None

    with faults(world.functions, choose):
        yield seen


# ---------------------------------------------------------------- S15: sign-up


def sign_up(person: Person, form: dict[str, str], one: OneFault) -> Response:
    """Sends the form to a process that has just been started."""
    forget_everything()
    with faults(person.world.functions, one.choose):
        return person.world.request("POST", "/sign-up", form=form, source_ip=person.source_ip)


def calls_of_a_sign_up(function: str) -> list[Site]:
    """Returns a function's calls for a sign-up without a fault."""
    nothing = OneFault(function, 0, None)
    with World(start=MONDAY) as world:
        ann = Person(world)
        assert sign_up(ann, ann.form(), nothing).status == 200
        assert emails(ann) == ["confirm"]
    return nothing.sites


LOST = (Fault.LOST_BEFORE, Fault.LOST_AFTER)
OF_EACH = {
    "sign_up": {"GetSecretValue", "UpdateItem", "PutItem", "SendMessage"},
    "send": {"DescribeTable", "GetItem", "PutItem", "SendEmail", "DeleteItem"},
}


@pytest.mark.parametrize("function", OF_EACH)
@pytest.mark.parametrize(
    ("fault", "stubborn"),
    [*((fault, False) for fault in Fault), *((fault, True) for fault in LOST)],
    ids=[*Fault, *(f"{fault} at each retry" for fault in LOST)],
)
def test_s15_an_interrupted_sign_up_is_completed(fault: Fault, stubborn: bool, function: str) -> None:
    """Whichever call fails: the page says to try again, or the queue retries, and in the end there is one subscriber.

    Two emails may come if SES took the first one and its answer was lost: both are of the same sign-up.
    """
    calls = calls_of_a_sign_up(function)
    assert {site.operation for site in calls} >= OF_EACH[function]
    started: dict[int, datetime] = {}
    with World(start=MONDAY) as world:
        people = [Person(world, f"p{n}@example.net", f"P{n}", source_ip=f"203.0.113.{n}") for n in range(len(calls))]
        for n, person in enumerate(people):
            form, started[n] = person.form(), world.now()
            answer = sign_up(person, form, OneFault(function, n, fault, stubborn))
            if answer.status != 200:
                assert answer.status in (500, 503)
                world.advance(timedelta(minutes=1))
                answer = world.request("POST", "/sign-up", form=form, source_ip=person.source_ip)
            assert (answer.status, "look in your inbox" in answer.text) == (200, True), calls[n]
        world.advance(timedelta(minutes=5))
        Person(world, "later@example.net", source_ip="203.0.113.99").signs_up()  # its event shows that events do arrive
        world.advance(2 * HOUR)
        for n, person in enumerate(people):
            at_ses = calls[n].operation in ("SendEmail", "PutItem")
            assert set(emails(person)) == {"confirm"}, calls[n]
            assert len(emails(person)) == 1 or (function == "send" and at_ses), calls[n]
            assert person.emails[0].at < started[n] + HOUR + timedelta(minutes=10), calls[n]
            rows = [row for row in world.subscribers() if row["address"] == person.address]
            assert [row["status"] for row in rows] == ["pending"], calls[n]
        for person in people:
            world.advance(timedelta(seconds=1))  # SES takes 14 emails a second
            person.confirms()
            assert (person.row["first_name"], person.row["zone"]) == (person.first_name, person.zone)
            assert emails(person)[-1] == "intro"


# ---------------------------------------------------------------- R9, R10: mail


def calls_of_a_command() -> list[Site]:
    """Returns the calls for a command without a fault."""
    nothing = OneFault("receive_reply", 0, None)
    with World(start=MONDAY) as world:
        reply(Person(world).joins(), "PAUSE", nothing)
    return nothing.sites


def reply(person: Person, words: str, one: OneFault) -> None:
    """Delivers a reply to a process that has just been started, and again six minutes later if it died."""
    forget_everything()
    email = person.emails[-1]
    with faults(person.world.functions, one.choose):
        person.world.deliver(written(words, email), email.reply_to[0])
        person.world.advance(HOUR)


@pytest.mark.parametrize("fault", [Fault.CRASH_BEFORE, Fault.CRASH_AFTER])
def test_r9_the_mail_of_an_interrupted_command_is_deleted(fault: Fault) -> None:
    """Whichever call fails: the command is obeyed and answered once, and its text is not kept."""
    calls = calls_of_a_command()
    assert {site.operation for site in calls} >= {"GetObject", "DeleteObject", "PutItem"}
    for n, call in enumerate(calls):
        with World(start=MONDAY) as world:
            ann = Person(world).joins()
            reply(ann, "PAUSE", OneFault("receive_reply", n, fault))
            assert (ann.row["status"], emails(ann)) == ("paused", ["confirm", "intro", "paused"]), call
            assert raw_mails(world) == [], call
            assert not next(q for q in world.queues() if q.logical_id == "InboundDeadLetters").waiting, call


# ---------------------------------------------------------------- own writes that are reported as failed


@pytest.mark.parametrize("before", [0, 1], ids=["first promise", "later promise"])
def test_the_promise_of_an_email_is_kept_if_the_answer_to_its_write_was_lost(world: World, before: int) -> None:
    """boto3's retry finds its own write. Taken for another request's, it would leave a page with an untrue promise."""
    ann = Person(world)
    for _ in range(before):
        ann.signs_up()
        without_schedules(world, timedelta(days=2))
    with reply_lost(world, PROMISE) as calls:
        assert "look in your inbox" in ann.signs_up().text
    assert len(calls) == 2
    assert emails(ann) == ["confirm"] * (before + 1)
    ann.confirms()
    assert emails(ann)[-1] == "intro"


def test_d7_our_own_claim_is_recognised_if_it_was_reported_as_failed(world: World) -> None:
    """boto3's retry finds the claim of the first try: it is ours, and the lesson is sent."""
    ann = Person(world).joins()
    with reply_lost(world, CLAIM) as calls:
        lesson = next_email(world)
    assert len(calls) == 3  # the claim, its retry, the commit
    assert lesson.tags["email"] == "acknowledge"
    assert "claim" not in ann.row
    assert "held" not in ann.row
    assert ann.row["next_lesson"] == "own-it"
    following = next_email(world)
    assert following.tags["email"] == "own-it"
    assert emails(ann) == ["confirm", "intro", "acknowledge", "own-it"]


def test_d7_the_claim_of_another_sender_is_not_taken_for_our_own(world: World) -> None:
    """Two senders have the same message: the second one finds the first one's claim."""
    ann = Person(world).joins()
    taken: list[Site] = []

    def another_is_faster(site: Site) -> None:
        if site == CLAIM and not taken:
            taken.append(site)
            function = world.functions.running
            assert function
            world.functions.invoke(function, world.functions.event)

    with faults(world.functions, another_is_faster):
        next_email(world)
    assert taken
    assert emails(ann) == ["confirm", "intro", "acknowledge"]
    assert "claim" not in ann.row
