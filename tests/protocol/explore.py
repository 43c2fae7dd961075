"""Explores a specification completely: breadth first, every step from every situation that can be reached."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from tests.protocol.situation import LAST, NOBODY, STORED, Sender, Situation
from tests.protocol.specification import Safeguards, steps

NO_LONGER = -1
"""An attempt on which no sender works any more."""


@dataclass
class Exploration:
    """The result of an exploration."""

    came_from: dict[Situation, tuple[Situation, str] | None] = field(default_factory=dict)
    """Each situation, with the situation and the step that first led to it, on one of the shortest ways."""
    countable: dict[Situation, list[Situation]] = field(default_factory=dict)
    """Each situation, with the situations from which a step that does not depend on chance leads there."""
    step_names: set[str] = field(default_factory=set)
    transitions: int = 0
    wrong: dict[str, list[str]] = field(default_factory=dict)
    """Each failure that was found, with the names of the steps on a shortest way to it."""

    def way_to(self, situation: Situation) -> list[str]:
        """Returns the names of the steps that lead to a situation."""
        way = []
        while came := self.came_from[situation]:
            situation, name = came
            way.append(name)
        return way[::-1]

    def cannot_finish(self) -> set[Situation]:
        """Returns the situations from which steps without chance can no longer send the whole course."""
        finished = [one for one in self.came_from if one.subscriber.next_lesson > LAST and one.truth.taken == LAST]
        return self.came_from.keys() - self._leading_to(finished)

    def _leading_to(self, goals: list[Situation]) -> set[Situation]:
        found, open_ends = set(goals), list(goals)
        while open_ends:
            for before in self.countable[open_ends.pop()]:
                if before not in found:
                    found.add(before)
                    open_ends.append(before)
        return found


def explore(on: Safeguards, until: str | None = None) -> Exploration:
    """Takes every step from every situation; with `until`, stops when this failure is found."""
    start = simplest(Situation())
    seen = Exploration(came_from={start: None}, countable={start: []})
    waiting = deque([start])
    while waiting and until not in seen.wrong:
        now = waiting.popleft()
        for step in steps(now, on):
            seen.transitions += 1
            seen.step_names.add(step.name)
            for wrong in step.wrong:
                seen.wrong.setdefault(wrong, [*seen.way_to(now), step.name])
            after = simplest(step.after)
            if after not in seen.came_from:
                seen.came_from[after] = (now, step.name)
                seen.countable[after] = []
                waiting.append(after)
            if not step.chance:
                seen.countable[after].append(now)
    return seen


@cache
def simplest(now: Situation) -> Situation:
    """Returns the same situation under its simplest names, so that equal situations are explored only once.

    Both dispatchers can do the same, and both senders too, so each pair is sorted. Versions and epochs are counted back
    from the stored one, because the steps only ask if one is the same or the one before. Attempts are only compared, so
    they are numbered by their place. An attempt that does not hold the claim and is not the last that SES took is never
    looked at again: its event changes nothing, and is dropped.
    """
    subscriber, truth = now.subscriber, now.truth
    versions_back, epochs_back = subscriber.version - STORED, max(0, subscriber.epoch - 2)
    claim = subscriber.claim

    def order(sender: Sender) -> tuple[object, ...]:
        also_elsewhere = [
            sender.attempt == attempt
            for attempt in (claim.attempt, truth.unheard, truth.too_late, truth.claimed_at_stop)
        ]
        return (sender.next_call, sender.version, sender.epoch, sender.lesson, also_elsewhere)

    one, other = sorted(now.senders, key=order)
    asked_for = {claim.attempt, truth.unheard} - {NOBODY}
    names = {NOBODY: NOBODY}
    for attempt in (claim.attempt, truth.unheard, one.attempt, other.attempt):
        names.setdefault(attempt, len(names))

    def renamed(attempts: Iterable[int]) -> frozenset[int]:
        return frozenset(names[attempt] for attempt in attempts if attempt in asked_for)

    def seen_from_now(sender: Sender) -> Sender:
        return sender._replace(
            version=max(0, sender.version - versions_back),
            epoch=max(0, sender.epoch - epochs_back),
            attempt=names[sender.attempt],
        )

    return Situation(
        subscriber._replace(
            version=STORED,
            epoch=subscriber.epoch - epochs_back,
            claim=claim._replace(attempt=names[claim.attempt]),
            earlier=names[subscriber.earlier] if subscriber.earlier in asked_for else NOBODY,
        ),
        now.outbox,
        (min(now.dispatchers), max(now.dispatchers)),
        (seen_from_now(one), seen_from_now(other)),
        renamed(now.events),
        truth._replace(
            unheard=names[truth.unheard],
            lost=renamed(truth.lost),
            too_late=names.get(truth.too_late, NO_LONGER),
            claimed_at_stop=names.get(truth.claimed_at_stop, NOBODY),
        ),
    )
