"""Carries out sign-ups, requests for a new link, and confirmations. No page shows whether it did."""

from dataclasses import replace
from datetime import datetime

from aws import clients
from aws.items import Consent
from aws.log import count
from course import forms, limits, tokens
from course.errors import InvalidForm
from course.forms import SignUpForm
from course.record import STOPPED_FOR_GOOD, SignUp, Status
from course.subscriber import Subscriber


def admit(address: str, source_ip: str, now: datetime) -> None:
    """Counts the mailboxes that sign up in an hour, by network and in all. Raises InvalidForm above a limit."""
    keys, table = clients.keys(), clients.limits()
    mailbox = keys.hashed("mailbox", forms.mailbox(address))
    source = keys.hashed("network", limits.network(source_ip))
    if not table.admit(f"network#{source}", mailbox, limits.SIGN_UPS_AN_HOUR, now):
        raise InvalidForm("network_busy", 429, limits.seconds_left(now))
    if not table.admit("sign-ups", mailbox, limits.SIGN_UPS_AN_HOUR_IN_ALL, now):
        count("SignUpsClosed")
        raise InvalidForm("busy", 503, limits.seconds_left(now))


def accept(form: SignUpForm, consent: Consent, now: datetime) -> None:
    """Stores the sign-up and its proof of consent, and queues its confirmation, if the mailbox may be written to."""
    keys = clients.keys()
    subscriber_id = tokens.subscriber_id(keys, form.course, form.address)
    new = Subscriber(subscriber_id, form.course, form.address)
    subscriber = clients.subscribers().get(subscriber_id) or new
    suppressed = clients.suppressions().has(tokens.address_hash(keys, form.address))
    if suppressed or subscriber.status in STOPPED_FOR_GOOD:
        return
    epoch = _promised("mailbox", form.address, subscriber, now)
    if epoch is None:
        return
    if subscriber.status in (Status.ACTIVE, Status.PAUSED):
        key = f"already-here#{tokens.nameless(subscriber_id)}#{epoch}"
        clients.outbox().notice("already-here", subscriber_id, subscriber.epoch, key)
        return
    asked = SignUp(epoch, now, form.first_name, form.zone, form.hour)
    clients.consents().ask(subscriber_id, replace(consent, epoch=epoch))
    if clients.subscribers().save(subscriber.signing_up(asked)):
        clients.outbox().at_once(subscriber_id)
        count("SignUps")
    else:
        accept(form, consent, now)  # somebody else was faster, and may have changed what applies


def fresh_link(course: str, address: str, now: datetime) -> None:
    """Sends a new link to a subscriber, or the confirmation again if the sign-up was never confirmed.

    An unknown address costs the same work. These emails are counted apart and use up no sign-up's allowance.
    """
    keys = clients.keys()
    subscriber_id = tokens.subscriber_id(keys, course, address)
    known = clients.subscribers().get(subscriber_id)
    if known and (waits := known.sign_up) and not known.round:
        if consent := clients.consents().asked(subscriber_id):
            accept(SignUpForm(course, address, waits.first_name, waits.zone, waits.hour), consent, now)
        return
    suppressed = clients.suppressions().has(tokens.address_hash(keys, address))
    epoch = _promised(f"fresh-link {course}", address, known or Subscriber(subscriber_id, course, address), now)
    if known and epoch is not None and not suppressed and known.status not in STOPPED_FOR_GOOD:
        key = f"fresh-link#{tokens.nameless(subscriber_id)}#{epoch}"
        clients.outbox().notice("fresh-link", subscriber_id, known.epoch, key)
        count("FreshLinks")


def confirm(subscriber: Subscriber, epoch: int, plan: tuple[str, ...], by: str, now: datetime) -> Subscriber | None:
    """Starts the course and queues the introduction at once. A second confirmation changes nothing.

    `by` says how it was confirmed: `button` or `reply`.
    """
    if subscriber.awaits(epoch):
        clients.consents().give(subscriber.id, epoch, by, now)
    started = clients.subscribers().change(subscriber.id, lambda current: current.confirmed(epoch, plan, now))
    if started and started.version != subscriber.version:
        clients.outbox().at_once(started.id)
        count("Confirmed")
    return started


def _promised(counted_as: str, address: str, subscriber: Subscriber, now: datetime) -> int | None:
    """The epoch of the mailbox's one email a day, or None if used up. Reserved before the sign-up is stored."""
    mailbox = clients.keys().hashed(counted_as, forms.mailbox(address))
    before = clients.limits().confirmations(mailbox)
    if before.open_to(subscriber, now):
        return before.epoch
    after = before.promised(subscriber.id, now)
    return after.epoch if before.allowed(now) and clients.limits().promise(mailbox, before, after) else None
