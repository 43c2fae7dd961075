"""Links in emails: reads their tokens, and finds the subscriber of each.

The course-page link, in every email, does not prove who follows it: emails are forwarded, and mailboxes are shared. So
only a journal link shows what was written. It is random, works for 24 hours, and is mailed to the subscriber's address.
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
"""Notices that contain a journal link."""
JOURNAL_LATER = "journal-later"
"""The notice that says, once a day, that no more journal links are mailed today."""


def read(purpose: Purpose, token: str, now: datetime, *, ended: int = 0) -> LinkToken:
    """Reads the token of a link. Raises InvalidToken; UnknownKey if none of our keys made it."""
    return clients.verified(lambda keys: tokens.read_link(keys, purpose, token, now, ended=ended))


def followed(purpose: Purpose, token: str, now: datetime) -> tuple[LinkToken, Subscriber | None]:
    """Returns what the token says, and the stored subscriber, or None if erased. Raises InvalidToken."""
    subscriber = clients.subscribers().get(tokens.claimed_subscriber(token))
    ended = subscriber.links_ended if subscriber and purpose is Purpose.PAGE else 0
    return read(purpose, token, now, ended=ended), subscriber


def ask_for_journal(subscriber: Subscriber, notice: str, asked: str, now: datetime) -> bool:
    """Has a journal link mailed in this notice. Returns False if today's limit (UTC) is reached.

    `asked` is the id of the press or the mail that asks. The same id counts once.
    """
    key = f"journal-links#{tokens.nameless(subscriber.id)}"
    if not clients.limits().admit_of_day(key, asked, JOURNAL_LINKS_A_DAY, now):
        count("JournalLinksRefused")
        return False
    clients.outbox().notice(notice, subscriber.id, subscriber.epoch, asked)
    return True


def is_genuine(subscriber: Subscriber) -> bool:
    """Whether the stored address is the one from which the subscriber's id was made.

    Without this check, code that may write subscribers could have a journal, or an email that quotes it, mailed to
    another address.
    """
    return subscriber.id == tokens.subscriber_id(clients.keys(), subscriber.course, subscriber.address)


def followed_to_journal(token: str, now: datetime) -> tuple[JournalToken, Subscriber]:
    """Returns what a journal link says, and its subscriber. Raises InvalidToken."""
    link = tokens.read_journal(token)
    subscriber = clients.subscribers().get(link.subscriber) if clients.journal_links().works(link, now) else None
    if subscriber is None:
        raise InvalidToken("not stored: too old, ended, erased, or made up")
    return link, subscriber
