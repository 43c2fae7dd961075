"""A situation of the delivery protocol: what is stored, queued, under way and in work, and what really happened.

It has one subscriber in a course of two lessons, two dispatchers and two senders. The end of this module says what must
never happen. `specification` says what can happen next.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

LAST = 2
"""The last lesson. Lessons are numbered from 1."""
NOBODY = 0
"""No attempt. Real attempts are random ids and only compared, so here they are numbers from 1, in no order."""
STORED = 2
"""The version that is stored now. The one before is 1, and every earlier one is 0: no step needs more."""

Call = Literal["read", "claim", "hold", "request", "commit", "release"]


class Claim(NamedTuple):
    """The right to send the next lesson once. Without an attempt there is no claim."""

    attempt: int = NOBODY
    in_doubt: bool = False
    """The next slot has come, and it is unknown whether SES took the lesson."""
    taken: bool = False
    """The event of an earlier copy came while this attempt was under way."""


class Subscriber(NamedTuple):
    """The stored subscriber."""

    version: int = STORED
    epoch: int = 1
    """1 for the first sign-up, 2 for a later one."""
    stopped: bool = False
    held: bool = False
    next_lesson: int = 1
    day_taken: bool = False
    """A lesson was claimed today."""
    claim: Claim = Claim()
    earlier: int = NOBODY
    """The earlier attempt at the next lesson that SES took, if another claim replaced it before a reply or event came.
    Of several such attempts only the last is here; the code remembers all of them."""


class Sender(NamedTuple):
    """A run of `send`: its next call, and everything that it knows. Its first call is the read."""

    next_call: Call = "read"
    version: int = 0
    attempt: int = NOBODY
    lesson: int = 0
    epoch: int = 0


class Truth(NamedTuple):
    """What really happened. It judges the system's steps, which do not look at it (one exception: `specification`)."""

    taken: int = 0
    """The last lesson of this sign-up that SES took."""
    taken_today: bool = False
    unheard: int = NOBODY
    """The attempt of the last copy that SES took, until it is committed, or until its event comes while no other
    attempt is about to ask SES."""
    lost: frozenset[int] = frozenset()
    """The attempts whose sender crashed or never received SES's reply."""
    day_lost: bool = False
    """Today a sender ended early and left its claim."""
    too_late: int = NOBODY
    """The attempt that was under way when the event of the last copy came. Only it may still send a second copy."""
    claimed_at_stop: int = NOBODY
    """The attempt that held the claim when the last stop was stored."""


class Situation(NamedTuple):
    """Everything at one moment."""

    subscriber: Subscriber = Subscriber()
    outbox: bool = False
    """Whether a message names the subscriber. Until it is deleted, it may be received many times."""
    dispatchers: tuple[bool, bool] = (False, False)
    """Whether each dispatcher has found the subscriber due and is about to queue a message."""
    senders: tuple[Sender, Sender] = (Sender(), Sender())
    events: frozenset[int] = frozenset()
    """The attempts with an event under way. An event may come any number of times, until it is lost."""
    truth: Truth = Truth()

    def stores(self, subscriber: Subscriber) -> "Situation":
        """Stores the subscriber under the next version. A conditional write from an older read then fails."""
        return self._replace(subscriber=subscriber._replace(version=self.subscriber.version + 1))

    def with_dispatcher(self, number: int, has_found: bool) -> "Situation":
        """Returns the situation with this dispatcher changed. The order of the two does not matter."""
        return self._replace(dispatchers=(has_found, self.dispatchers[1 - number]))

    def with_sender(self, number: int, sender: Sender) -> "Situation":
        """Returns the situation with this sender changed. The order of the two does not matter."""
        return self._replace(senders=(sender, self.senders[1 - number]))

    def going_on(self, number: int, next_call: Call) -> "Situation":
        """Returns the situation with this sender about to make its next call."""
        return self.with_sender(number, self.senders[number]._replace(next_call=next_call))

    def done(self, number: int) -> "Situation":
        """Returns the situation after this sender's work. It forgets everything and is free for the next message."""
        return self.with_sender(number, Sender())

    def gone(self, number: int) -> "Situation":
        """Returns the situation after this sender ended early. If it leaves a claim, its outcome is unknown."""
        attempt = self.senders[number].attempt
        if attempt != self.subscriber.claim.attempt:
            return self.done(number)
        return self._replace(truth=self.truth._replace(lost=self.truth.lost | {attempt}, day_lost=True)).done(number)

    def taken(self, sender: Sender) -> "Situation":
        """Returns the situation after SES took a copy of this sender's lesson, with its event under way."""
        truth = self.truth._replace(taken_today=True)
        if sender.epoch == self.subscriber.epoch:
            truth = truth._replace(taken=sender.lesson, unheard=sender.attempt, too_late=NOBODY)
        return self._replace(truth=truth, events=self.events | {sender.attempt})

    @property
    def in_flight(self) -> bool:
        """Whether a sender works on the attempt that holds the claim."""
        claim = self.subscriber.claim.attempt
        return any(one.attempt == claim != NOBODY for one in self.senders)

    def heard(self, attempt: int) -> "Situation":
        """Returns the situation after the reply or event of an attempt that SES took came.

        It is too late for a sender that has claimed the lesson again.
        """
        if attempt != self.truth.unheard:
            return self
        if attempt != self.subscriber.claim.attempt and self.in_flight:
            return self._replace(truth=self.truth._replace(too_late=self.subscriber.claim.attempt))
        return self._replace(truth=self.truth._replace(unheard=NOBODY, too_late=NOBODY))


# ---------------------------------------------------------------- failures

CLAIMED_BEFORE_STOP = "SES took a lesson after a stored stop, already claimed when the stop landed"
NO_NEWS = "SES took a lesson twice: of the first copy neither the reply nor an event had come when it was claimed again"
# These two are the known windows: SES cannot be asked what it has taken, and cannot give an email back.

CLAIMED_AFTER_STOP = "SES took a lesson after a stored stop, not claimed before it"
TWICE = "SES took a lesson twice, and there was news of the first copy or should have been"
OUT_OF_ORDER = "SES took a lesson out of order"
TWO_A_DAY = "SES took two on a day"
HELD = "SES took a lesson of a subscriber who is held"
LATE = "a day was taken for a lesson, and SES took none, though nothing was lost"
STOPPED_BY_OLD = "a link or a bounce of an earlier sign-up stopped a later one"


def wrong_with_copy(now: Situation, sender: Sender) -> Iterator[str]:
    """Yields each failure that there would be if SES took a copy of this sender's lesson now."""
    truth, earlier_epoch = now.truth, sender.epoch < now.subscriber.epoch
    if truth.taken_today:
        yield TWO_A_DAY
    if now.subscriber.held:
        yield HELD
    if now.subscriber.stopped or earlier_epoch:
        yield CLAIMED_BEFORE_STOP if sender.attempt == truth.claimed_at_stop else CLAIMED_AFTER_STOP
    if earlier_epoch:
        return
    if sender.lesson == truth.taken:
        no_news = truth.unheard in truth.lost and truth.too_late in (NOBODY, sender.attempt)
        yield NO_NEWS if no_news and not truth.taken_today else TWICE
    elif sender.lesson != truth.taken + 1:
        yield OUT_OF_ORDER


def wrong_with_day(now: Situation) -> Iterator[str]:
    """Yields each failure that there would be if the day ended now."""
    subscriber, truth = now.subscriber, now.truth
    if subscriber.stopped or truth.taken_today or not subscriber.day_taken:
        return
    by_earlier_sign_up = subscriber.claim.attempt == NOBODY and subscriber.epoch > 1
    if not truth.day_lost and not by_earlier_sign_up:
        yield LATE
