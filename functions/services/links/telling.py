"""Emails the subscriber what was done by a link: anybody who has an email can press its buttons."""

from collections.abc import Callable
from datetime import datetime

from aws import clients
from course import tokens
from course.commands import ROWS, Command, Place
from course.limits import PRESSES_TOLD_A_DAY
from course.subscriber import Subscriber


def tell(command: Command, after: Subscriber, now: datetime) -> None:
    """Emails the subscriber about a fulfilled press, at most PRESSES_TOLD_A_DAY times a day.

    A press that is repeated after a crash finds the same version, so it is emailed once.
    """
    notice = ROWS[command].notice
    someone = tokens.nameless(after.id)
    key = f"told#{someone}#{after.epoch}#{after.version}"
    number = clients.limits().number_of_day(f"told#{someone}", key, PRESSES_TOLD_A_DAY, now)
    if number is not None:
        last = number == PRESSES_TOLD_A_DAY
        clients.outbox().notice(notice, after.id, after.epoch, key, by_link=True, last_today=last)


def stop(subscriber_id: str, stopped: Callable[[Subscriber], Subscriber], now: datetime) -> Subscriber | None:
    """Stops all email as `stopped` does, and sends one notice if there was a course. None if not stored.

    Whether there was a course is stored before the stop, so that a press repeated after a crash still sends the notice.
    """
    before = clients.subscribers().get(subscriber_id)
    if before is None:
        return None
    key = f"stop#{tokens.nameless(subscriber_id)}#{before.current_epoch}"
    after: Subscriber | None = before
    if stopped(before) == before:
        noted = clients.limits().noted(key)
    else:
        noted = clients.limits().begin(key, "link", str(Place.of(before)), now)
        after = clients.subscribers().change(subscriber_id, stopped)
    if after and noted and Place.read(noted).in_course and not after.is_in_course:
        clients.outbox().notice(ROWS[Command.STOP].notice, after.id, after.epoch, key, by_link=True)
    return after
