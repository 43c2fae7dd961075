"""Links in emails: what the token of one says, and the subscriber that it was made for."""

from datetime import datetime

from aws import clients
from course import tokens
from course.subscriber import Subscriber
from course.tokens import LinkToken, Purpose


def read(purpose: Purpose, token: str, now: datetime) -> LinkToken:
    """What the token of a link says. Raises InvalidToken; UnknownKey if no key at hand made it."""
    return clients.verified(lambda keys: tokens.read_link(keys, purpose, token, now))


def followed(purpose: Purpose, token: str, now: datetime) -> tuple[LinkToken, Subscriber | None]:
    """What the token says, and its subscriber as stored: None once erased. Raises InvalidToken."""
    link = read(purpose, token, now)
    return link, clients.subscribers().get(link.subscriber)
