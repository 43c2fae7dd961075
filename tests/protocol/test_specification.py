"""The protocol keeps its promises in every situation that can be reached.

Two windows are known, and nothing can close them. These tests find both, show how each is reached, and find nothing
else.
"""

import time

import pytest

from tests.protocol.explore import Exploration, explore, simplest
from tests.protocol.situation import (
    CLAIMED_AFTER_STOP,
    CLAIMED_BEFORE_STOP,
    LATE,
    NO_NEWS,
    STOPPED_BY_OLD,
    TWICE,
    TWO_A_DAY,
    Sender,
    Situation,
)
from tests.protocol.specification import Safeguards, steps

ALL = Safeguards()


@pytest.fixture(scope="module")
def explored() -> Exploration:
    """Explores everything, in less than a minute of CPU time, so that every change can be tested."""
    began = time.process_time()
    everything = explore(ALL)
    assert time.process_time() - began < 60
    return everything


def test_there_are_the_two_known_windows_and_nothing_else(explored: Exploration) -> None:
    assert explored.wrong == {
        CLAIMED_BEFORE_STOP: [
            "dispatch finds the subscriber due",
            "dispatch queues a message",
            "a sender reads: due",
            "a sender claims lesson 1",
            "the person unsubscribes",
            "SES takes lesson 1",
        ],
        NO_NEWS: [
            "dispatch finds the subscriber due",
            "dispatch queues a message",
            "a sender reads: due",
            "a sender claims lesson 1",
            "SES takes lesson 1, and the reply is lost",
            "the day ends",
            "a sender reads: in doubt, and events of later attempts have come",
            "a sender claims lesson 1",
            "SES takes lesson 1",
        ],
    }


WITHOUT = [
    pytest.param(
        "claim_condition",
        CLAIMED_AFTER_STOP,
        ["a sender reads: due", "the person unsubscribes", "a sender claims lesson 1", "SES takes lesson 1"],
        id="without the condition of the claim, an outdated read overwrites a stop",
    ),
    pytest.param(
        "claim_condition",
        TWICE,
        ["a sender claims lesson 1", "a sender claims lesson 1", "SES takes lesson 1", "SES takes lesson 1"],
        id="without the condition of the claim, two senders send one lesson",
    ),
    pytest.param(
        "single_attempt",
        TWICE,
        ["a sender claims lesson 1", "SES takes lesson 1, and the reply is lost", "SES takes lesson 1"],
        id="without the single attempt, one sender sends twice",
    ),
    pytest.param(
        "release",
        LATE,
        ["a sender claims lesson 1", "SES clearly refuses", "the day ends"],
        id="without the release, a refusal costs the day",
    ),
    pytest.param(
        "settling",
        TWICE,
        [
            "SES takes lesson 1, and the reply is lost",
            "an event comes",
            "the day ends",
            "a sender reads: in doubt, and events of later attempts have come",
            "a sender claims lesson 1",
            "SES takes lesson 1",
        ],
        id="without settling, the event of a sent lesson has no effect",
    ),
    pytest.param(
        "day_rule",
        TWO_A_DAY,
        [
            "SES takes lesson 1",
            "a sender commits",
            "a sender reads: due",
            "a sender claims lesson 2",
            "SES takes lesson 2",
        ],
        id="without the rule of the day, the next lesson follows at once",
    ),
    pytest.param(
        "epoch",
        STOPPED_BY_OLD,
        ["the person unsubscribes", "the person signs up again", "a link or a bounce of an earlier sign-up comes"],
        id="without the epoch, an old email ends a new sign-up",
    ),
]


@pytest.mark.parametrize(("safeguard", "failure", "last_steps"), WITHOUT)
def test_each_safeguard_is_needed(safeguard: str, failure: str, last_steps: list[str]) -> None:
    without = explore(ALL._replace(**{safeguard: False}), until=failure)
    assert without.wrong[failure][-len(last_steps) :] == last_steps


def test_every_safeguard_has_a_case_without_it() -> None:
    assert {without.values[0] for without in WITHOUT} == set(Safeguards._fields)


EVERY_STEP = {
    "dispatch finds the subscriber due",
    "dispatch queues a message",
    "dispatch queues a message, and the reply is lost",
    "dispatch crashes before it queues a message",
    "the message leaves the outbox",
    "a sender reads: due",
    "a sender reads: in doubt, and events of later attempts have come",
    "a sender reads: in doubt, and no event of a later attempt has come",
    "a sender reads: an earlier copy is known",
    "a sender finds the subscriber changed, and gives up",
    *(
        step.format(write)
        for write in ("claims lesson 1", "claims lesson 2", "meets its own claim", "holds", "commits", "releases")
        for step in (
            "a sender {}",
            "a sender {}, and the reply is lost",
            "a sender {}, and crashes",
            "a sender crashes before it {}",
        )
    ),
    "a sender crashes before it asks SES",
    "the request to SES is lost",
    "SES clearly refuses",
    *(
        step.format(lesson)
        for lesson in (1, 2)
        for step in (
            "SES takes lesson {}",
            "SES takes lesson {}, and the reply is lost",
            "SES takes lesson {}, and the sender crashes",
        )
    ),
    "an event comes",
    "an event is lost",
    "the person unsubscribes",
    "the person signs up again",
    "a link or a bounce of an earlier sign-up comes",
    "the day ends",
}


def test_every_kind_of_step_is_taken(explored: Exploration) -> None:
    assert explored.step_names == EVERY_STEP


def test_nothing_is_lost_silently(explored: Exploration) -> None:
    """In every situation the certain steps alone can send the rest of the course, even if no event ever comes again.

    The exceptions are a stopped subscriber, and one who is held or about to be held: then an alarm goes off.
    """
    for situation in explored.cannot_finish():
        subscriber = situation.subscriber
        about_to_hold = any(sender.next_call == "hold" for sender in situation.senders)
        assert subscriber.stopped or subscriber.held or about_to_hold, explored.way_to(situation)


def test_only_lessons_that_ses_took_count_as_sent(explored: Exploration) -> None:
    for situation in explored.came_from:
        assert situation.subscriber.next_lesson - 1 <= situation.truth.taken, explored.way_to(situation)


@pytest.mark.parametrize("every", [20, pytest.param(1, marks=pytest.mark.long)])
def test_situations_with_the_same_simplest_name_have_the_same_steps(explored: Exploration, every: int) -> None:
    """Situations that `simplest` treats as one have the same steps, so the reduction leaves nothing out."""
    for situation in list(explored.came_from)[::every]:
        assert next_of(other_names(situation)) == next_of(situation)


def next_of(situation: Situation) -> set[tuple[str, Situation, tuple[str, ...]]]:
    return {(step.name, simplest(step.after), step.wrong) for step in steps(situation, ALL)}


def other_names(situation: Situation) -> Situation:
    """Returns the same situation with each pair swapped, versions counted from another number, and attempts renamed."""

    def attempt(name: int) -> int:
        return name and 9 - name

    def other(sender: Sender) -> Sender:
        if sender.next_call == "read":
            return sender
        return sender._replace(version=sender.version + 7, attempt=attempt(sender.attempt))

    subscriber, truth = situation.subscriber, situation.truth
    (one, two), (first, second) = situation.senders, situation.dispatchers
    return Situation(
        subscriber._replace(
            version=subscriber.version + 7,
            claim=subscriber.claim._replace(attempt=attempt(subscriber.claim.attempt)),
            earlier=attempt(subscriber.earlier),
        ),
        situation.outbox,
        (second, first),
        (other(two), other(one)),
        frozenset(map(attempt, situation.events)),
        truth._replace(
            unheard=attempt(truth.unheard),
            lost=frozenset(map(attempt, truth.lost)),
            too_late=truth.too_late if truth.too_late < 0 else attempt(truth.too_late),
            claimed_at_stop=attempt(truth.claimed_at_stop),
        ),
    )
