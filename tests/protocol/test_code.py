"""The specification describes the code: its steps are carried out with `course.delivery`, and both store the same."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from course import delivery, schedule
from course.record import Held, SignUp, Status
from course.subscriber import Subscriber
from tests.protocol.explore import explore
from tests.protocol.situation import CLAIMED_BEFORE_STOP, LAST, NO_NEWS, NOBODY, Situation
from tests.protocol.specification import (
    Safeguards,
    Step,
    day_steps,
    dispatcher_steps,
    due,
    message_and_event_steps,
    person_steps,
    sender_steps,
)
from tests.protocol.test_specification import EVERY_STEP

ALL = Safeguards()
PLAN = ("intro", "acknowledge")
MORNING = datetime(2026, 11, 24, 9, tzinfo=UTC)  # 10:00 in Berlin; the chosen hour is 7
DAY = timedelta(days=1)
assert len(PLAN) == LAST


def new_round(subscriber: Subscriber, epoch: int, now: datetime) -> Subscriber:
    """Returns the subscriber signed up and confirmed."""
    asked = SignUp(epoch, now, "Ann", "Europe/Berlin", 7)
    return subscriber.signing_up(asked).confirmed(epoch, PLAN, now)


@dataclass
class Replay:
    """A situation of the specification, together with the subscriber that the code has stored."""

    situation: Situation = field(default_factory=Situation)
    now: datetime = MORNING
    stored: Subscriber = field(
        default_factory=lambda: new_round(Subscriber("a" * 16, "rebuild-trust", "ann@example.net"), 1, MORNING)
    )
    at_version: dict[int, Subscriber] = field(default_factory=dict)
    """What the code had stored at each version of the specification, which a sender of that version has read."""
    copies: list[str] = field(default_factory=list)
    """The lessons that SES took."""

    def __post_init__(self) -> None:
        self.at_version[self.situation.subscriber.version] = self.stored

    def choices(self) -> Iterator[tuple[Step, int]]:
        """Yields the steps that can happen next, each with the number of its dispatcher or sender, or its attempt."""
        for number in (0, 1):
            yield from ((step, number) for step in dispatcher_steps(self.situation, number, ALL))
            yield from ((step, number) for step in sender_steps(self.situation, number, ALL) if self.agrees(step))
        attempts = [attempt for attempt in sorted(self.situation.events) for _ in ("comes", "is lost")]
        others = [*message_and_event_steps(self.situation, ALL)]
        yield from zip(others, [NOBODY] * (len(others) - len(attempts)) + attempts, strict=True)
        yield from ((step, NOBODY) for step in (*person_steps(self.situation, ALL), *day_steps(self.situation)))

    def agrees(self, step: Step) -> bool:
        """Whether the code decides after a read as the specification does.

        The code may wait for another slot if no lesson is in doubt. The specification never waits.
        """
        if not step.name.startswith("a sender reads"):
            return True
        subscriber = delivery.commit_earlier_copy(self.stored, self.now)
        if step.name == "a sender reads: an earlier copy is known":
            assert subscriber != self.stored
            return True
        heard = self.now if "events of later attempts have come" in step.name else None
        decision = delivery.decide(subscriber, self.now, heard)
        if step.name == "a sender reads: due":
            assert decision is not delivery.Step.HOLD
            return decision is delivery.Step.SEND
        assert decision is (delivery.Step.SEND if heard else delivery.Step.HOLD)
        return True

    def take(self, step: Step, who: int) -> None:
        """Takes a step in the specification and in the code, and compares both."""
        self.do(step, who)
        after = step.after
        asked_for = {after.subscriber.claim.attempt, after.truth.unheard} - {NOBODY}
        self.situation = after._replace(
            events=after.events & asked_for
        )  # `simplest` also drops events that change nothing
        self.at_version[after.subscriber.version] = self.stored
        claim = self.stored.claim
        if claim and not self.situation.in_flight:
            self.now = max(self.now, claim.at + delivery.IN_FLIGHT + timedelta(seconds=1))
        self.compare(step.name)

    def do(self, step: Step, who: int) -> None:
        """Carries out a step with the code."""
        name, before = step.name, self.situation
        no_effect = ("a sender crashes before", "dispatch", "the message", "an event is lost", "a link or a bounce")
        if name.startswith((*no_effect, "the request to SES is lost", "SES clearly refuses", "a sender meets")):
            return
        if name.startswith("SES takes"):
            self.copies.append(PLAN[before.senders[who].lesson - 1])
            return
        if name == "the day ends":
            self.now = datetime.combine(self.now.date() + DAY, MORNING.timetz())
        elif name == "the person unsubscribes":
            self.save(self.stored.stopped(Status.UNSUBSCRIBED))
        elif name == "the person signs up again":
            self.save(new_round(self.stored, step.after.subscriber.epoch, self.now))
        elif name == "an event comes":
            self.save(delivery.commit(self.stored, str(who), "ses-id", self.now))
        elif name == "a sender reads: an earlier copy is known":
            self.save(delivery.commit_earlier_copy(self.stored, self.now))
        elif not name.startswith("a sender reads"):
            self.write(name, who, before)

    def write(self, name: str, who: int, before: Situation) -> None:
        """Carries out a sender's write, with its condition: nothing has changed since the read."""
        read, attempt = self.at_version[before.senders[who].version], str(before.senders[who].attempt)
        unchanged = read.version == self.stored.version
        if name.startswith("a sender claims"):
            assert unchanged
            self.save(delivery.claim(read, attempt, self.now))
        elif name.startswith("a sender holds"):
            assert unchanged
            self.save(delivery.hold(read, Held.IN_DOUBT))
        elif name.startswith("a sender commits"):
            self.save(delivery.commit(self.stored, attempt, "ses-id", self.now))
        elif name.startswith("a sender releases"):
            self.save(delivery.release(self.stored, attempt))
        else:
            assert name == "a sender finds the subscriber changed, and gives up"
            assert not unchanged

    def save(self, subscriber: Subscriber) -> None:
        if subscriber != self.stored:
            self.stored = replace(subscriber, version=self.stored.version + 1)

    def compare(self, name: str) -> None:
        """Checks that both have stored the same, and that the code wants to send only if the specification would."""
        said, stored = self.situation.subscriber, self.stored
        today = schedule.local_day(self.now, stored.zone)
        claim = stored.claim
        assert (stored.status is Status.UNSUBSCRIBED) is said.stopped, name
        assert said.stopped or bool(stored.held) is said.held, name
        assert (PLAN.index(stored.next_lesson) + 1 if stored.next_lesson else LAST + 1) == said.next_lesson, name
        assert (stored.last_day == today) is said.day_taken, name
        assert (int(claim.attempt) if claim else NOBODY) == said.claim.attempt, name
        assert bool(claim and claim.earlier_message_id) is said.claim.taken, name
        assert bool(claim and self.now >= claim.retry_at) is said.claim.in_doubt, name
        assert said.earlier in (NOBODY, *map(int, stored.unsettled)), name
        # This holds late in the day, when the gap between two lessons is over, and for any entry of the index.
        night = self.now.replace(hour=22, minute=30)
        wants = delivery.decide(replace(delivery.commit_earlier_copy(stored, self.now), due_at=self.now), night, night)
        assert wants is not delivery.Step.SEND or due(said, ALL), name


def follow(way: list[str]) -> Replay:
    """Takes these steps from the start."""
    replay = Replay()
    for name in way:
        replay.take(*next((step, who) for step, who in replay.choices() if step.name == name))
    return replay


@pytest.mark.parametrize("window", [CLAIMED_BEFORE_STOP, NO_NEWS], ids=["stop", "no news"])
def test_the_code_has_the_two_known_windows(window: str) -> None:
    """Each is reached on the specification's shortest way to it."""
    replay = follow(explore(ALL, until=window).wrong[window])
    assert replay.copies == (["intro"] if window == CLAIMED_BEFORE_STOP else ["intro", "intro"])
    assert (replay.stored.status is Status.UNSUBSCRIBED) is (window == CLAIMED_BEFORE_STOP)


def test_the_code_stores_the_same_as_the_specification_on_random_ways() -> None:
    """Takes a thousand random ways; the rarer a step was so far, the likelier it is taken.

    Every second way begins where a lesson was claimed again and the event of the first copy may come too late, because
    chance seldom leads there.
    """
    chance, taken = random.Random(1), Counter[str]()
    claimed_again = explore(ALL, until=NO_NEWS).wrong[NO_NEWS][:-1]
    for number in range(1000):
        replay = follow(claimed_again if number % 2 else [])
        for _ in range(40):
            choices = [*replay.choices()]
            [(step, who)] = chance.choices(choices, [1 / (1 + taken[step.name]) for step, _ in choices])
            replay.take(step, who)
            taken[step.name] += 1
    assert taken.keys() == EVERY_STEP
