"""Everything that is kept about a subscriber, deleted at their word."""

from aws import clients
from course.subscriber import Subscriber


def erase(subscriber: Subscriber) -> None:
    """The raw mail first, the subscriber last: broken off half-way, it can be asked for again.

    A suppression stays, since it is a hash, and the promise never to write again.
    """
    for reflection in clients.reflections().of(subscriber.id):
        clients.inbox().delete(reflection.mail_id)
    clients.reflections().erase(subscriber.id)
    clients.subscribers().erase(subscriber.id)
