"""A situation of the delivery protocol: what is stored, queued, under way and being done, and what really happened.

One subscriber in a course of two lessons, two dispatchers and two senders. At the end: what must never happen.
`specification` says what can happen next.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

LAST = 2
"""The last lesson. They are numbered from 1."""
NOBODY = 0
"""No attempt. Attempts are random and only ever compared, so here they are numbered from 1, in no order."""
STORED = 2
"""The version that is stored now. The one before is 1, and any earlier one 0: nobody asks for more."""

Call = Literal["read", "claim", "hold", "request", "commit", "release"]


class Claim(NamedTuple):
    """The right to send the next lesson once. Without an attempt there is no claim."""

    attempt: int = NOBODY
    in_doubt: bool = False
    """The next slot has come, and nobody knows whether SES took the lesson."""
    taken: bool = False
    """News of an earlier copy came while this attempt was under way."""


class Subscriber(NamedTuple):
    """What is stored."""

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
    """The earlier attempt at the next lesson that SES took, if its claim was replaced before anything was heard of it.
    Of several such attempts the last; the code remembers all of them."""


class Sender(NamedTuple):
    """A run of `send`: the call that it makes next, and what it knows. The read is its first call."""

    next_call: Call = "read"
    version: int = 0
    attempt: int = NOBODY
    lesson: int = 0
    epoch: int = 0


class Truth(NamedTuple):
    """What really happened. No step of the system looks at it: it is there to judge them by."""

    taken: int = 0
    """The last lesson of this sign-up that SES took."""
    taken_today: bool = False
    unheard: int = NOBODY
    """The attempt of the last copy that SES took, unless it was committed, or its event came when no other was about to
    ask SES."""
    lost: frozenset[int] = frozenset()
    """The attempts whose sender crashed, or never got SES's reply."""
    day_lost: bool = False
    """A sender of today is gone and left its claim behind."""
    too_late: int = NOBODY
    """The attempt that was under way when news of the last copy came: the only one that may still become a second."""
    claimed_at_stop: int = NOBODY
    """The attempt that held the claim when the last stop landed."""


class Situation(NamedTuple):
    """Everything at one moment."""

    subscriber: Subscriber = Subscriber()
    outbox: bool = False
    """Whether a message names the subscriber. Until it is gone, it may be handed out any number of times."""
    dispatchers: tuple[bool, bool] = (False, False)
    """Whether each has found the subscriber due, and is about to queue a message."""
    senders: tuple[Sender, Sender] = (Sender(), Sender())
    events: frozenset[int] = frozenset()
    """The attempts with an event under way. It may come any number of times, until it is lost."""
    truth: Truth = Truth()

    def stores(self, subscriber: Subscriber) -> "Situation":
        """A write counts the version up, and thereby refuses whoever has read the one before."""
        return self._replace(subscriber=subscriber._replace(version=self.subscriber.version + 1))

    def with_dispatcher(self, number: int, has_found: bool) -> "Situation":
        """With this dispatcher changed. Which of the two comes first doesn't matter."""
        return self._replace(dispatchers=(has_found, self.dispatchers[1 - number]))

    def with_sender(self, number: int, sender: Sender) -> "Situation":
        """With this sender changed. Which of the two comes first doesn't matter."""
        return self._replace(senders=(sender, self.senders[1 - number]))

    def going_on(self, number: int, next_call: Call) -> "Situation":
        """With this sender about to make its next call."""
        return self.with_sender(number, self.senders[number]._replace(next_call=next_call))

    def done(self, number: int) -> "Situation":
        """With this sender's work at its end: it knows nothing any more, and is free for the next message."""
        return self.with_sender(number, Sender())

    def gone(self, number: int) -> "Situation":
        """With this sender gone before its work's end. If it leaves a claim behind, nobody knows what became of it."""
        attempt = self.senders[number].attempt
        if attempt != self.subscriber.claim.attempt:
            return self.done(number)
        return self._replace(truth=self.truth._replace(lost=self.truth.lost | {attempt}, day_lost=True)).done(number)

    def taken(self, sender: Sender) -> "Situation":
        """With a copy of this sender's lesson taken by SES, and its event under way."""
        truth = self.truth._replace(taken_today=True)
        if sender.epoch == self.subscriber.epoch:
            truth = truth._replace(taken=sender.lesson, unheard=sender.attempt, too_late=NOBODY)
        return self._replace(truth=truth, events=self.events | {sender.attempt})

    @property
    def in_flight(self) -> bool:
        """Whether a sender is at work on what it has claimed."""
        claim = self.subscriber.claim.attempt
        return any(one.attempt == claim != NOBODY for one in self.senders)

    def heard(self, attempt: int) -> "Situation":
        """With the news that SES took it, which is too late for a sender who has claimed the lesson again."""
        if attempt != self.truth.unheard:
            return self
        if attempt != self.subscriber.claim.attempt and self.in_flight:
            return self._replace(truth=self.truth._replace(too_late=self.subscriber.claim.attempt))
        return self._replace(truth=self.truth._replace(unheard=NOBODY, too_late=NOBODY))


# ---------------------------------------------------------------- what must never happen

CLAIMED_BEFORE_STOP = "SES took a lesson after a stored stop, already claimed when the stop landed"
NO_NEWS = "SES took a lesson twice: of the first copy neither the reply nor an event had come when it was claimed again"
# These two are the windows that remain: SES can't be asked what it has taken, nor told to give it back.

CLAIMED_AFTER_STOP = "SES took a lesson after a stored stop, not claimed before it"
TWICE = "SES took a lesson twice, and there was news of the first copy or should have been"
OUT_OF_ORDER = "SES took a lesson out of order"
TWO_A_DAY = "SES took two on a day"
HELD = "SES took a lesson of a subscriber who is held"
LATE = "a day was taken for a lesson, and SES took none, though nothing was lost"
STOPPED_BY_OLD = "a link or a bounce of an earlier sign-up stopped a later one"


def wrong_with_copy(now: Situation, sender: Sender) -> Iterator[str]:
    """What would be wrong if SES took a copy of this sender's lesson now."""
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
    """What would be wrong if the day ended now."""
    subscriber, truth = now.subscriber, now.truth
    if subscriber.stopped or truth.taken_today or not subscriber.day_taken:
        return
    by_earlier_sign_up = subscriber.claim.attempt == NOBODY and subscriber.epoch > 1
    if not truth.day_lost and not by_earlier_sign_up:
        yield LATE
