"""Carries out public forms that come through the outbox, and confirmations.

No page shows whether a form had an effect.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aws import clients
from aws.log import count
from course import forms, tokens
from course.limits import Ask
from course.record import Consent, SignUp, Status
from course.subscriber import Subscriber, new_epoch


def carry_out(key: str, now: datetime) -> list[str]:
    """Carries out a form if its mailbox may be written to; returns the subscribers who wait for an email.

    A retry after a crash finds its own promise by its key, so nothing is done or sent twice.
    """
    kept, library = clients.forms().get(key), clients.library()
    if kept is None:
        return []
    asked = {**kept, "key": key}
    if asked["form"] == "fresh-link":
        return [one for course in library.folders for one in _fresh_link(asked, course, now)]
    if asked["course"] not in library.courses:
        return []
    return _sign_up(asked, now) if asked["form"] == "sign-up" else _once_more(asked, asked["course"], now)


def confirm(subscriber: Subscriber, epoch: int, plan: tuple[str, ...], by: str, now: datetime) -> Subscriber | None:
    """Starts the course and queues the introduction at once. A second confirmation changes nothing.

    `by` says how it was confirmed: `button` or `reply`.
    """
    if subscriber.awaits(epoch):
        clients.consents().confirm(subscriber.id, epoch, by, now)
    started = clients.subscribers().change(subscriber.id, lambda current: current.confirmed(epoch, plan, now))
    if started and started.version != subscriber.version:
        clients.outbox().at_once(started.id)
        count("Confirmed")
    return started


def _sign_up(asked: Mapping[str, Any], now: datetime) -> list[str]:
    """Stores the sign-up and its proof of consent.

    A subscriber whose course is already going on gets a notice with the course-page link instead.
    """
    subscriber = _of(asked["address"], asked["course"])
    if subscriber is None:
        return []
    ask = _promised(asked, asked["course"], now)
    if ask is None or _already_here(subscriber, ask):
        return []
    epoch = new_epoch(ask.at)
    if subscriber.current_epoch < epoch:  # otherwise it was stored before a crash
        text, language = forms.CONSENT_VERSION, clients.library().courses[ask.course].language.code
        consent = Consent(text, language, asked["source"], datetime.fromisoformat(asked["at"]), epoch)
        clients.consents().store(subscriber.id, consent, now)
        made = SignUp(epoch, now, asked.get("first_name", ""), asked["zone"], int(asked["hour"]))
        if not clients.subscribers().save(subscriber.signing_up(made)):
            return _sign_up(asked, now)  # another write was faster, and may have changed what applies
        count("SignUps")
    return [subscriber.id]


def _once_more(asked: Mapping[str, Any], course: str, now: datetime) -> list[str]:
    """Sends the confirmation email again, or the course-page link if the course is already going on."""
    subscriber = _of(asked["address"], course)
    if subscriber is None:
        return []
    if not subscriber.sign_up:
        if subscriber.status in (Status.ACTIVE, Status.PAUSED) and (ask := _promised(asked, course, now, again=True)):
            _already_here(subscriber, ask)
        return []
    if not subscriber.sign_up.email_sent:
        return [subscriber.id]  # the first one is still to come
    if ask := _promised(asked, course, now, again=True):
        if consent := clients.consents().of_last_sign_up(subscriber.id):
            clients.consents().store(subscriber.id, consent, now)  # for as long as the new link works
        clients.subscribers().change(subscriber.id, lambda current: current.asked_once_more(ask.at))
    return [subscriber.id]


def _fresh_link(asked: Mapping[str, Any], course: str, now: datetime) -> list[str]:
    """Sends a new course-page link, or the confirmation email again if the subscriber never confirmed.

    The limit of these links is separate, so they do not count against the limit of sign-ups.
    """
    known = _of(asked["address"], course)
    if known is None or not known.version:
        return []
    if known.sign_up and not known.round:
        return _once_more(asked, course, now)
    if known.round and (ask := _promised(asked, course, now, counted_as=f"fresh-link {course}")):
        key = f"fresh-link#{tokens.nameless(known.id)}#{ask.key}"
        clients.outbox().notice("fresh-link", known.id, known.epoch, key)
        count("FreshLinks")
    return []


def _of(address: str, course: str) -> Subscriber | None:
    """The subscriber as stored, or a new one; None if the address must not be written to."""
    keys = clients.keys()
    subscriber_id = tokens.subscriber_id(keys, course, address)
    found = clients.subscribers().get(subscriber_id) or Subscriber(subscriber_id, course, address)
    suppressed = clients.suppressions().has(tokens.address_hash(keys, address))
    return found if found.reachable and not suppressed else None


def _already_here(subscriber: Subscriber, ask: Ask) -> bool:
    """Whether the course is going on; if so, asks for a notice that says so and links to the course page."""
    if subscriber.status not in (Status.ACTIVE, Status.PAUSED):
        return False
    key = f"already-here#{tokens.nameless(subscriber.id)}#{ask.key}"
    clients.outbox().notice("already-here", subscriber.id, subscriber.epoch, key)
    return True


def _promised(
    asked: Mapping[str, Any], course: str, now: datetime, *, again: bool = False, counted_as: str = "mailbox"
) -> Ask | None:
    """Promises an email to the mailbox before the sign-up is stored; None above the mailbox's limits."""
    mailbox = clients.keys().hashed(counted_as, forms.mailbox(asked["address"]))
    before = clients.limits().asks(mailbox)
    if own := before.of(asked["key"]):
        return own
    allowed = before.allow_once_more(now) if again else before.allow(course, now)
    ask = Ask(now, course, asked["key"])
    return ask if allowed and clients.limits().promise(mailbox, before, before.promised(ask)) else None
