"""What a valid sign-up form leads to, and what its confirmation does; or nothing that can be seen."""

from datetime import datetime

from aws import clients
from aws.log import count
from course import forms, limits, tokens
from course.errors import InvalidForm
from course.forms import SignUpForm
from course.subscriber import STOPPED_FOR_GOOD, SignUp, Status, Subscriber


def admit(form: SignUpForm, source_ip: str, now: datetime) -> None:
    """Counts mailboxes an hour, by network and in all. Raises InvalidForm when there are too many."""
    keys, table = clients.keys(), clients.limits()
    mailbox = keys.hashed("mailbox", forms.mailbox(form.address))
    source = keys.hashed("network", limits.network(source_ip))
    if not table.admit(f"network#{source}", mailbox, limits.SIGN_UPS_AN_HOUR, now):
        raise InvalidForm("Too many sign-ups came from your network. Please try again in an hour.", 429)
    if not table.admit("sign-ups", mailbox, limits.SIGN_UPS_AN_HOUR_IN_ALL, now):
        count("SignUpsClosed")
        raise InvalidForm("Too many people are signing up just now. Please try again in an hour.", 503)


def accept(form: SignUpForm, now: datetime) -> None:
    """Stores the sign-up and asks for its email, as far as the mailbox may be written to."""
    keys = clients.keys()
    subscriber_id = tokens.subscriber_id(keys, form.course, form.address)
    known = clients.subscribers().get(subscriber_id)
    subscriber = known or Subscriber(subscriber_id, form.course, form.address)
    suppressed = clients.suppressions().has(tokens.address_hash(keys, form.address))
    if suppressed or subscriber.status in STOPPED_FOR_GOOD:
        return
    epoch = _promised(form.address, subscriber, now)
    if epoch is None:
        return
    if subscriber.status in (Status.ACTIVE, Status.PAUSED):
        key = f"already-here#{subscriber_id}#{epoch}"
        clients.outbox().notice("already-here", subscriber_id, subscriber.epoch, key)
        return
    asked = SignUp(epoch, now, form.first_name, form.zone, form.hour, forms.CONSENT_VERSION)
    if clients.subscribers().save(subscriber.signing_up(asked)):
        clients.outbox().at_once(subscriber_id)
        count("SignUps")
    else:
        accept(form, now)  # somebody else was faster, and may have changed what applies


def confirm(subscriber: Subscriber, epoch: int, plan: tuple[str, ...], now: datetime) -> Subscriber | None:
    """Starts the course, and asks for the introduction now and not at the next tick. Twice is once."""
    started = clients.subscribers().change(subscriber.id, lambda current: current.confirmed(epoch, plan, now))
    if started and started.version != subscriber.version:
        clients.outbox().at_once(started.id)
        count("Confirmed")
    return started


def _promised(address: str, subscriber: Subscriber, now: datetime) -> int | None:
    """The epoch of the email that this sign-up may have, or None: one a mailbox and day, promised before stored."""
    mailbox = clients.keys().hashed("mailbox", forms.mailbox(address))
    before = clients.limits().confirmations(mailbox)
    if before.open_to(subscriber, now):
        return before.epoch
    after = before.promised(subscriber.id, now)
    return after.epoch if before.allowed(now) and clients.limits().promise(mailbox, before, after) else None
