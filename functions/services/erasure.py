"""How long each kind of data about a subscriber is kept, and how all of it is erased on request."""

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
"""How often the dispatch resumes an erasure that is due. The press of the button queues the first try itself."""

LOG_DAYS, QUEUE_DAYS = 30, 14
"""As in template.yaml. The privacy page shows these numbers."""


def days_kept() -> dict[str, int]:
    """The days after which each kind of data is deleted automatically, by its name on the privacy page."""
    return {
        "retention": settings().retention_days,
        "unconfirmed": UNCONFIRMED_LIFE.days,
        "mail": SET_ASIDE_LIFE.days,
        "queues": QUEUE_DAYS,
        "logs": LOG_DAYS,
        "backups": BACKUP_DAYS,
    }


def may_erase(subscriber: Subscriber, yes_at: datetime, now: datetime) -> bool:
    """Whether a yes (UTC) to the erasure question counts: it is in time, and no sign-up came after it."""
    asked_at = clients.limits().asked_to_erase(subscriber.id)
    in_time = asked_at is not None and now < asked_at + ERASE_WITHIN
    return in_time and not subscriber.signed_up_since(yes_at)


def erase(subscriber: Subscriber, now: datetime) -> None:
    """Erases everything about a subscriber at once.

    The subscriber's item is deleted last: an interrupted erasure can be asked for again, and is then resumed.

    Only hashes stay: a suppression, which is the promise never to write again; for 30 days, the fact that the mailbox
    was written to, so that a new sign-up on the same day brings no second lesson that day; and, for at most 30 days,
    marks and counters under a hash of the id. Raw mail that cannot be attributed is deleted after its 14 days.
    """
    close_mailbox(subscriber, now)
    deque(delete_remains(subscriber.id), maxlen=0)
    clients.subscribers().erase(subscriber.id)
    deque(delete_remains(subscriber.id), maxlen=0)  # what came meanwhile; later mail finds no subscriber


def begin(subscriber: Subscriber, now: datetime) -> None:
    """Deletes the subscriber's item; `services.sending.erasing` then deletes the rest, through the queue.

    If the button is pressed again after a crash, the erasure begins again.
    """
    close_mailbox(subscriber, now)
    address = subscriber.address if subscriber.reachable else ""  # an unreachable address is never mailed again
    known = subscriber.id, subscriber.course, address, subscriber.epoch, subscriber.zone
    clients.erasures().begin(Erasing(*known, now, now + TRIED_EVERY))
    clients.subscribers().erase(subscriber.id)
    clients.outbox().erase(subscriber.id)


def close_mailbox(subscriber: Subscriber, now: datetime) -> None:
    """Allows this mailbox no sign-up for this course for a day."""
    mailbox = clients.keys().hashed("mailbox", forms.mailbox(subscriber.address))
    clients.limits().close(mailbox, subscriber.course, now)


def delete_remains(subscriber_id: str) -> Iterator[str]:
    """Deletes mail, reflections, journal links and proofs of consent; yields the id of each deleted mail.

    Each reflection is deleted together with its mail, so that an erasure ends even if it is interrupted many times.
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
