"""Whether anything is sent at all. Asked before each batch, so that a stop for everyone is a stop at once."""

from datetime import datetime

from aws import clients
from aws.settings import settings

MOVED = "the table was restored or belongs to another stack: email-course resume-all lets this one send from it"


def stopped_for_all(now: datetime) -> str | None:
    """Why nobody is sent to just now, or None."""
    if not clients.subscribers().at_home(settings().stack):
        return MOVED
    return clients.limits().breaker_open(now)
