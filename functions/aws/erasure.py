"""Everything that is kept about a subscriber, deleted at their word."""

from datetime import datetime

from aws import clients
from course import forms
from course.subscriber import Subscriber


def erase(subscriber: Subscriber, now: datetime) -> None:
    """The raw mail first, the subscriber last: broken off half-way, it can be asked for again.

    What stays are hashes: a suppression, which is the promise never to write again, and for 30 days that the mailbox
    was written to, so that coming back the same day brings no second lesson on it.
    """
    clients.limits().close(clients.keys().hashed("mailbox", forms.mailbox(subscriber.address)), now)
    for reflection in clients.reflections().of(subscriber.id):
        clients.inbox().delete(reflection.mail_id)
    for aside in clients.reflections().aside():
        if aside.subscriber == subscriber.id:
            clients.inbox().delete(aside.mail_id)
            clients.reflections().restored(aside)
    clients.reflections().erase(subscriber.id)
    clients.subscribers().erase(subscriber.id)
