"""Links in emails: what the token of one says, and the subscriber that it was made for.

The link to the course page, in every email, is no proof of a person: emails are forwarded, mailboxes are shared. What
was written stands behind a journal link. It is random, works for 24 hours, and is mailed to the subscriber's address.
"""

from datetime import datetime

from aws import clients
from aws.log import count
from content.emails import EXPORT_NOTICE, JOURNAL_NOTICE
from course import tokens
from course.errors import InvalidToken
from course.limits import JOURNAL_LINKS_A_DAY
from course.subscriber import Subscriber
from course.tokens import JournalToken, LinkToken, Purpose

WITH_JOURNAL_LINK = {JOURNAL_NOTICE, EXPORT_NOTICE}
"""Notices that bring a journal link."""
JOURNAL_LATER = "journal-later"
"""Tells once a day that enough of them were mailed."""


def read(purpose: Purpose, token: str, now: datetime, *, ended: int = 0) -> LinkToken:
    """What the token of a link says. Raises InvalidToken; UnknownKey if no key at hand made it."""
    return clients.verified(lambda keys: tokens.read_link(keys, purpose, token, now, ended=ended))


def followed(purpose: Purpose, token: str, now: datetime) -> tuple[LinkToken, Subscriber | None]:
    """What the token says, and its subscriber as stored: None once erased. Raises InvalidToken."""
    subscriber = clients.subscribers().get(tokens.claimed_subscriber(token))
    ended = subscriber.links_ended if subscriber and purpose is Purpose.PAGE else 0
    return read(purpose, token, now, ended=ended), subscriber


def ask_for_journal(subscriber: Subscriber, notice: str, asked: str, now: datetime) -> bool:
    """Has a journal link mailed with this notice. False when enough were mailed today (UTC).

    `asked` is the id of the press or the mail that asks: twice is once.
    """
    key = f"journal-links#{tokens.nameless(subscriber.id)}"
    if not clients.limits().admit_of_day(key, asked, JOURNAL_LINKS_A_DAY, now):
        count("JournalLinksRefused")
        return False
    clients.outbox().notice(notice, subscriber.id, subscriber.epoch, asked)
    return True


def is_genuine(subscriber: Subscriber) -> bool:
    """Whether the address that is stored is the one that the subscriber's id was made from.

    Code that may write subscribers could else have somebody's journal, or an email that quotes it,
    mailed to another address.
    """
    return subscriber.id == tokens.subscriber_id(clients.keys(), subscriber.course, subscriber.address)


def followed_to_journal(token: str, now: datetime) -> tuple[JournalToken, Subscriber]:
    """What a journal link says, and its subscriber. Raises InvalidToken."""
    link = tokens.read_journal(token)
    subscriber = clients.subscribers().get(link.subscriber) if clients.journal_links().works(link, now) else None
    if subscriber is None:
        raise InvalidToken("not stored: too old, ended, erased, or made up")
    return link, subscriber
