"""The delivery protocol as a specification: every step that can happen next, in any situation.

A step is one call to AWS, one event, one action of the person, or the end of a day. `explore` takes every step. The
specification describes `course.delivery`, `services.sending`, `aws.subscribers`, `dispatch`, `send` and
`record_delivery`.

A call succeeds, or its caller crashes before it or right after its effect, or its reply is lost. boto3 repeats a call
to DynamoDB or SQS whose reply was lost: the caller stays where it is, and its next step is the repetition. Only the
request to SES is never repeated. Two things are not steps, because they change nothing: a request that was lost before
the call had an effect, which equals a call not made yet; and a crash around a read.

Nothing is counted, so nothing is bounded: there may be any number of days, faults, refusals, sign-ups, repeated
messages and events. A day matters only as today or earlier.

Assumptions: a sender's work never continues into the next day, because a function runs for at most 60 s and slots end a
quarter of an hour before midnight. And `change` of `aws.subscribers` is one step: it reads, decides, and writes on the
condition that nothing changed in between, and repeats this until the write succeeds.

Left out: the confirmation, pausing, skipping and an edited course; an operator who releases a held subscriber, and a
refusal that holds one. So a held subscriber stays held until an event shows that SES took the lesson.

Simpler than the code:
- The event of an earlier copy settles a claim (`commit_earlier_copy`) in one certain step, at the next slot.
- A claim is worked on for as long as a sender works on it. The code assumes one minute.
- Whether events of later attempts have come does not depend on an event here: a lesson in doubt may be sent again or
  held at any time, and only sending it again counts as certain.
- `claim` looks at `truth.unheard`: it remembers the attempt before only if SES took it. The code cannot know that and
  remembers every attempt, but no event ever comes for the others.
"""

from collections.abc import Iterator
from typing import NamedTuple

from tests.protocol.situation import (
    LAST,
    NOBODY,
    STOPPED_BY_OLD,
    Call,
    Claim,
    Sender,
    Situation,
    Subscriber,
    Truth,
    wrong_with_copy,
    wrong_with_day,
)


class Safeguards(NamedTuple):
    """The safeguards of the protocol. Each can be switched off, to show that it is needed."""

    claim_condition: bool = True
    """A claim is stored only if the subscriber has not changed since the sender read it."""
    single_attempt: bool = True
    """The client that asks SES never repeats a request."""
    release: bool = True
    """A lesson that SES clearly refused is free again, and so is its day."""
    settling: bool = True
    """An event that carries the attempt's tag commits it."""
    day_rule: bool = True
    """A day that a lesson has taken is closed to every other lesson."""
    epoch: bool = True
    """A link or a bounce of an earlier sign-up does not affect a later one."""


class Step(NamedTuple):
    """One thing that can happen."""

    name: str
    after: Situation
    wrong: tuple[str, ...] = ()
    """The failures that this step causes."""
    chance: bool = False
    """Whether the step may never happen: a fault, an event, a person's action."""


Steps = Iterator[Step]


def steps(now: Situation, on: Safeguards) -> Steps:
    """Yields every step that can happen next."""
    for number in (0, 1):
        yield from dispatcher_steps(now, number, on)
        yield from sender_steps(now, number, on)
    yield from message_and_event_steps(now, on)
    yield from person_steps(now, on)
    yield from day_steps(now)


# ---------------------------------------------------------------- decisions about a subscriber


def due(subscriber: Subscriber, on: Safeguards) -> bool:
    """Whether the next lesson may be claimed now."""
    waiting = not subscriber.stopped and not subscriber.held and subscriber.next_lesson <= LAST
    unclaimed = subscriber.claim.attempt == NOBODY or subscriber.claim.in_doubt
    return waiting and unclaimed and not (subscriber.day_taken and on.day_rule)


def commit(now: Situation, attempt: int) -> Situation:
    """Records that SES took the lesson. Only an attempt at the next lesson commits, and so only once.

    While a later attempt is under way, the event of an earlier one is stored with the claim.
    """
    subscriber = now.subscriber
    if attempt not in (subscriber.claim.attempt, subscriber.earlier):
        return now
    if attempt != subscriber.claim.attempt and now.in_flight:
        known = subscriber._replace(claim=subscriber.claim._replace(taken=True))
        return now if known == subscriber else now.stores(known)
    following = subscriber._replace(claim=Claim(), earlier=NOBODY, held=False, next_lesson=subscriber.next_lesson + 1)
    return now.stores(following)


def claim(now: Situation, attempt: int) -> Situation:
    """Takes the right to send, and the day. The attempt that held the claim before is remembered."""
    subscriber = now.subscriber
    earlier = subscriber.claim.attempt if subscriber.claim.attempt == now.truth.unheard else subscriber.earlier
    return now.stores(subscriber._replace(claim=Claim(attempt), earlier=earlier, day_taken=True))


def release(now: Situation, attempt: int) -> Situation:
    """Frees the claim and its day after a clear refusal by SES, or commits if an earlier copy is known by now."""
    subscriber = now.subscriber
    if subscriber.claim.attempt != attempt:
        return now
    if subscriber.claim.taken:
        return commit(now._replace(subscriber=subscriber._replace(day_taken=False)), attempt)
    return now.stores(subscriber._replace(claim=Claim(), day_taken=False))


# ---------------------------------------------------------------- the system's steps


def dispatcher_steps(now: Situation, number: int, on: Safeguards) -> Steps:
    """A dispatcher reads which subscribers are due, and then queues a message."""
    if now.dispatchers[number]:
        queued = now._replace(outbox=True)
        yield Step("dispatch queues a message", queued.with_dispatcher(number, False))
        yield Step("dispatch queues a message, and the reply is lost", queued, chance=True)
        yield Step("dispatch crashes before it queues a message", now.with_dispatcher(number, False), chance=True)
    elif due(now.subscriber, on):
        yield Step("dispatch finds the subscriber due", now.with_dispatcher(number, True))


def sender_steps(now: Situation, number: int, on: Safeguards) -> Steps:
    """A sender makes its next call: read; claim or hold; request; commit or release."""
    subscriber, sender = now.subscriber, now.senders[number]
    as_read = subscriber.version == sender.version
    match sender.next_call:
        case "read" if now.outbox and due(subscriber, on):
            yield from read_steps(now, number)
        case "claim" if subscriber.claim.attempt == sender.attempt and subscriber.version == sender.version + 1:
            yield from write_steps(now, number, "meets its own claim", now, "request")
        case "claim" if as_read or not on.claim_condition:
            yield from write_steps(now, number, f"claims lesson {sender.lesson}", claim(now, sender.attempt), "request")
        case "hold" if as_read:
            yield from write_steps(now, number, "holds", now.stores(subscriber._replace(held=True)))
        case "claim" | "hold":
            yield Step("a sender finds the subscriber changed, and gives up", now.gone(number))
        case "request":
            yield from request_steps(now, number, on)
        case "commit":
            yield from write_steps(now, number, "commits", commit(now.heard(sender.attempt), sender.attempt))
        case "release":
            yield from write_steps(now, number, "releases", release(now, sender.attempt))


def read_steps(now: Situation, number: int) -> Steps:
    """A sender reads a due lesson to claim it. It claims a lesson in doubt only if events are known to come through."""
    subscriber = now.subscriber
    if subscriber.claim.taken:
        yield Step("a sender reads: an earlier copy is known", commit(now, subscriber.claim.attempt))
        return
    new = 1 + max(subscriber.claim.attempt, now.truth.unheard, *(sender.attempt for sender in now.senders))
    claiming = now.with_sender(
        number, Sender("claim", subscriber.version, new, subscriber.next_lesson, subscriber.epoch)
    )
    if not subscriber.claim.in_doubt:
        yield Step("a sender reads: due", claiming)
        return
    holding = now.with_sender(number, Sender("hold", subscriber.version))
    yield Step("a sender reads: in doubt, and events of later attempts have come", claiming)
    yield Step("a sender reads: in doubt, and no event of a later attempt has come", holding, chance=True)


def write_steps(now: Situation, number: int, verb: str, written: Situation, next_call: Call | None = None) -> Steps:
    """Yields the outcomes of a sender's write to DynamoDB. Without a next call, its work is done."""
    yield Step(f"a sender {verb}", written.going_on(number, next_call) if next_call else written.done(number))
    yield Step(f"a sender {verb}, and the reply is lost", written, chance=True)
    yield Step(f"a sender {verb}, and crashes", written.gone(number), chance=True)
    yield Step(f"a sender crashes before it {verb}", now.gone(number), chance=True)


def request_steps(now: Situation, number: int, on: Safeguards) -> Steps:
    """Yields the outcomes of the one request to SES. Without a reply the claim stays, and the outcome is unknown."""
    sender = now.senders[number]
    takes, taken, wrong = f"SES takes lesson {sender.lesson}", now.taken(sender), tuple(wrong_with_copy(now, sender))
    unanswered = Situation.gone if on.single_attempt else again
    yield Step(takes, taken.going_on(number, "commit"), wrong)
    yield Step(f"{takes}, and the reply is lost", unanswered(taken, number), wrong, chance=True)
    yield Step(f"{takes}, and the sender crashes", taken.gone(number), wrong, chance=True)
    yield Step("the request to SES is lost", unanswered(now, number), chance=True)
    yield Step("a sender crashes before it asks SES", now.gone(number), chance=True)
    refused = now.going_on(number, "release") if on.release else now.done(number)
    yield Step("SES clearly refuses", refused, chance=True)


def again(now: Situation, _number: int) -> Situation:
    """Returns the situation if the client repeats an unanswered request: the sender asks SES again."""
    return now


# ---------------------------------------------------------------- the world's steps


def message_and_event_steps(now: Situation, on: Safeguards) -> Steps:
    """A message is deleted or expires. An event comes, now or days later, and may come again; or it is lost."""
    if now.outbox:
        yield Step("the message leaves the outbox", now._replace(outbox=False), chance=True)
    for attempt in sorted(now.events):
        news = now.heard(attempt)
        yield Step("an event comes", commit(news, attempt) if on.settling else news, chance=True)
        yield Step("an event is lost", now._replace(events=now.events - {attempt}), chance=True)


def person_steps(now: Situation, on: Safeguards) -> Steps:
    """The person unsubscribes (a bounce or a complaint does the same), signs up again, or uses an old email."""
    subscriber, truth = now.subscriber, now.truth
    if subscriber.stopped:
        # A new epoch begins with the first lesson and without a claim. A taken day stays taken.
        fresh = now.stores(Subscriber(epoch=subscriber.epoch + 1, day_taken=subscriber.day_taken))
        new_truth = Truth(taken_today=truth.taken_today, claimed_at_stop=truth.claimed_at_stop)
        yield Step("the person signs up again", fresh._replace(truth=new_truth), chance=True)
        return
    claimed = subscriber.claim.attempt or truth.claimed_at_stop
    stopped = now.stores(subscriber._replace(stopped=True))._replace(truth=truth._replace(claimed_at_stop=claimed))
    yield Step("the person unsubscribes", stopped, chance=True)
    if subscriber.epoch > 1:
        old = "a link or a bounce of an earlier sign-up comes"
        yield Step(old, now, chance=True) if on.epoch else Step(old, stopped, (STOPPED_BY_OLD,), chance=True)


def day_steps(now: Situation) -> Steps:
    """The day ends. The next day is free, and a claim that still exists is in doubt."""
    if all(sender.next_call == "read" for sender in now.senders):
        claim = now.subscriber.claim
        subscriber = now.subscriber._replace(day_taken=False, claim=claim._replace(in_doubt=claim.attempt != NOBODY))
        tomorrow = now._replace(subscriber=subscriber, truth=now.truth._replace(taken_today=False, day_lost=False))
        yield Step("the day ends", tomorrow, tuple(wrong_with_day(now)))
