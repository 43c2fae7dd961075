"""The safeguards of the delivery protocol, each with a function that switches it off.

The tests switch each one off and must then find a broken promise. A test that finds nothing would prove nothing.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from botocore.config import Config

import record_delivery
from aws.ses import READ_TIMEOUT
from aws.ses_events import Feedback
from aws.subscribers import Subscribers
from course import delivery, schedule
from course.subscriber import Subscriber
from course.tokens import LinkToken
from local_cloud.faults import Fault
from services.links import leaving
from tests.faults.injection import Injection, Interference


def turn_off(name: str | None) -> None:
    """Switches a safeguard off for the rest of this process. Does nothing without a name."""
    if name:
        SAFEGUARDS[name]()


def _claim_condition() -> None:
    """A subscriber is stored unconditionally: the changes that others made since the read are lost."""
    conditional = Subscribers.save

    def save(subscribers: Subscribers, subscriber: Subscriber) -> Subscriber | None:
        client = subscribers._client

        def put_item(TableName: str, Item: dict[str, Any], **_condition: Any) -> None:
            client.put_item(TableName=TableName, Item=Item)

        careless: Any = SimpleNamespace(put_item=put_item, exceptions=client.exceptions)
        return conditional(Subscribers(careless, subscribers._table), subscriber)

    patch.object(Subscribers, "save", save).start()


def _single_attempt() -> None:
    """The client of SES repeats a request whose reply was lost, as boto3 does by default."""
    patch("aws.clients._ONCE", Config(read_timeout=READ_TIMEOUT, retries={"mode": "standard"})).start()


def _release() -> None:
    """A lesson that SES clearly refused stays claimed."""
    patch.object(delivery, "release", lambda subscriber, _attempt, _held="": subscriber).start()


def _event_settling() -> None:
    """Events are recorded but commit no attempt."""
    nothing = SimpleNamespace(commit=lambda subscriber, *_: subscriber)
    patch.object(record_delivery, "delivery", nothing).start()


def _day_rule() -> None:
    """A day on which a lesson was sent stays free for another lesson."""
    slot = schedule.next_slot

    def next_slot(not_before: datetime, _after_day: date | None, zone: str, hour: int, minute: int) -> datetime:
        return slot(not_before, None, zone, hour, minute)

    patch.object(schedule, "next_slot", next_slot).start()
    patch.object(delivery, "_day_is_free", lambda _subscriber, _now: True).start()


def _epoch() -> None:
    """Links and events of an earlier sign-up count for the current one."""
    settled, stopped = record_delivery._settled, leaving._stopped

    def by_an_event(subscriber: Subscriber, news: Feedback) -> Subscriber:
        return settled(subscriber, replace(news, epoch=subscriber.current_epoch))

    def by_a_link(subscriber: Subscriber, link: LinkToken, *, pressed: bool) -> Subscriber:
        return stopped(subscriber, link, pressed=True)

    patch.object(record_delivery, "_settled", by_an_event).start()
    patch.object(leaving, "_stopped", by_a_link).start()


SAFEGUARDS: dict[str, Callable[[], None]] = {
    "claim-condition": _claim_condition,
    "single-attempt": _single_attempt,
    "release": _release,
    "event-settling": _event_settling,
    "day-rule": _day_rule,
    "epoch": _epoch,
}

SHOWN_BY: dict[str, tuple[Injection, ...]] = {
    "claim-condition": (Interference.SAME_MEANWHILE,),
    "single-attempt": (Fault.LOST_AFTER,),
    "release": (Interference.THROTTLED,),
    "event-settling": (Fault.LOST_AFTER,),
    "day-rule": (),
    "epoch": (),
}
"""The injection at a request to SES, or just before it, that breaks a promise without the safeguard; tried first.
Without one of the last two, a scenario breaks a promise without any fault."""
