"""Everything that is kept about a subscriber: for how many days, and erased at their word."""

from datetime import datetime

from aws import clients
from aws.items import UNCONFIRMED_LIFE
from aws.reflections import SET_ASIDE_LIFE
from aws.settings import settings
from course import forms
from course.commands import ERASE_WITHIN
from course.subscriber import Subscriber

LOG_DAYS, BACKUP_DAYS = 30, 35
"""As in template.yaml, and what DynamoDB's point-in-time recovery keeps: the privacy page tells them."""


def days_kept() -> dict[str, int]:
    """Days after which each kind of data is deleted by itself, by its name on the privacy page."""
    return {
        "retention": settings().retention_days,
        "unconfirmed": UNCONFIRMED_LIFE.days,
        "mail": SET_ASIDE_LIFE.days,
        "logs": LOG_DAYS,
        "backups": BACKUP_DAYS,
    }


def may_erase(subscriber: Subscriber, yes_at: datetime, now: datetime) -> bool:
    """Whether the question was asked lately enough, and no sign-up was made since the yes to it came (UTC)."""
    asked_at = clients.limits().asked_to_erase(subscriber.id)
    in_time = asked_at is not None and now < asked_at + ERASE_WITHIN
    return in_time and not subscriber.signed_up_since(yes_at)


def erase(subscriber: Subscriber, now: datetime) -> None:
    """The raw mail first, the subscriber last: broken off half-way, it can be asked for again.

    What stays are hashes: a suppression, which is the promise never to write again, and for 30 days that the mailbox
    was written to, so that coming back the same day brings no second lesson on it. Raw mail that cannot be attributed
    goes after its 14 days.
    """
    clients.limits().close(clients.keys().hashed("mailbox", forms.mailbox(subscriber.address)), subscriber.course, now)
    _erase_the_rest(subscriber.id)
    clients.subscribers().erase(subscriber.id)
    _erase_the_rest(subscriber.id)  # of what came meanwhile; what comes from now on finds no subscriber


def _erase_the_rest(subscriber_id: str) -> None:
    """Mail, reflections and proofs of consent."""
    for reflection in clients.reflections().of(subscriber_id):
        clients.raw_mail().delete(reflection.mail_id)
    for aside in clients.set_aside().all():
        if aside.subscriber == subscriber_id:
            clients.raw_mail().delete(aside.mail_id)
            clients.set_aside().remove(aside)
    clients.reflections().erase(subscriber_id)
    clients.consents().erase(subscriber_id)
