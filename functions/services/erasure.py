"""Everything that is kept about a subscriber: for how many days, and erased at their word."""

from collections import deque
from collections.abc import Iterator
from datetime import datetime, timedelta

from aws import clients
from aws.reflections import SET_ASIDE_LIFE
from aws.settings import settings
from aws.unfinished import Erasing
from content.emails import BACKUP_DAYS
from course import forms
from course.commands import ERASE_WITHIN
from course.limits import UNCONFIRMED_LIFE
from course.subscriber import Subscriber

TRIED_EVERY = timedelta(minutes=15)
"""By the tick that finds an erasure due. The first time is the message that the press puts into the queue."""

LOG_DAYS, QUEUE_DAYS = 30, 14
"""As in template.yaml: the privacy page tells them."""


def days_kept() -> dict[str, int]:
    """Days after which each kind of data is deleted by itself, by its name on the privacy page."""
    return {
        "retention": settings().retention_days,
        "unconfirmed": UNCONFIRMED_LIFE.days,
        "mail": SET_ASIDE_LIFE.days,
        "queues": QUEUE_DAYS,
        "logs": LOG_DAYS,
        "backups": BACKUP_DAYS,
    }


def may_erase(subscriber: Subscriber, yes_at: datetime, now: datetime) -> bool:
    """Whether the question was asked lately enough, and no sign-up was made since the yes to it came (UTC)."""
    asked_at = clients.limits().asked_to_erase(subscriber.id)
    in_time = asked_at is not None and now < asked_at + ERASE_WITHIN
    return in_time and not subscriber.signed_up_since(yes_at)


def erase(subscriber: Subscriber, now: datetime) -> None:
    """At once. The subscriber goes last: broken off half-way, it can be asked for again, and goes on where it was.

    What stays are hashes: a suppression, which is the promise never to write again, and for 30 days that the mailbox
    was written to, so that coming back the same day brings no second lesson on it; and, for 30 days at most, marks and
    counters by a hash of the id. Raw mail that cannot be attributed goes after its 14 days.
    """
    close_mailbox(subscriber, now)
    deque(remains_deleted(subscriber.id), maxlen=0)
    clients.subscribers().erase(subscriber.id)
    deque(remains_deleted(subscriber.id), maxlen=0)  # what came meanwhile; what comes from now on finds no subscriber


def begin(subscriber: Subscriber, now: datetime) -> None:
    """From now on nothing of the subscriber is found. The rest is `services.sending.erasing`'s, by the queue.

    Pressed again after a crash, it begins again.
    """
    close_mailbox(subscriber, now)
    address = subscriber.address if subscriber.reachable else ""  # which is never mailed again
    known = subscriber.id, subscriber.course, address, subscriber.epoch, subscriber.zone
    clients.erasures().begin(Erasing(*known, now, now + TRIED_EVERY))
    clients.subscribers().erase(subscriber.id)
    clients.outbox().erase(subscriber.id)


def close_mailbox(subscriber: Subscriber, now: datetime) -> None:
    """No sign-up of this mailbox for this course is confirmed for a day."""
    mailbox = clients.keys().hashed("mailbox", forms.mailbox(subscriber.address))
    clients.limits().close(mailbox, subscriber.course, now)


def remains_deleted(subscriber_id: str) -> Iterator[str]:
    """Deletes mail, reflections, journal links and proofs of consent, and says after each mail which one is gone.

    Each reflection goes with its mail, so that an erasure that is broken off again and again still comes to its end.
    """
    for reflection in clients.reflections().of(subscriber_id):
        clients.raw_mail().delete(reflection.mail_id)
        clients.reflections().delete(reflection)
        yield reflection.mail_id
    for aside in clients.set_aside().all():
        if aside.subscriber == subscriber_id:
            clients.raw_mail().delete(aside.mail_id)
            clients.set_aside().remove(aside)
            yield aside.mail_id
    clients.journal_links().end(clients.journal_links().of(subscriber_id))
    clients.consents().erase(subscriber_id)
