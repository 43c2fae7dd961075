"""Sends a notice: once per key, and only if it is still wanted."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws import clients
from aws.log import count
from aws.ses import Refused, Sent, Unknown
from content.emails import notice_email
from course import tokens
from course.commands import ASK_CONFIRM, ROWS
from course.errors import EmailCourseError, NewerItem
from course.record import Status
from course.standing import KEEP_NOTICE
from course.subscriber import Subscriber
from services import courses, links
from services.sending import HELD, Sending, held_if_changed

AFTER_STOPPING = {"goodbye", "fresh-link", links.JOURNAL_LATER} | {
    row.notice for row in ROWS.values() if row.about_data
}
"""Notices that a subscriber gets even after a stop: the goodbye, a new link, and answers about their data."""


class NotSent(EmailCourseError):
    """Raised when SES refuses the address of a notice, or does not answer.

    After five tries, its message goes to the dead-letter queue.
    """


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice to be sent, as in Outbox.notice."""

    name: str
    subscriber: str
    epoch: int
    key: str
    told: tuple[str, ...] = ()
    """The names of the extra lines below its text."""

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> "Notice":
        """Reads a notice from a message in the outbox."""
        told = tuple(message.get("told", ()))
        return cls(message["notice"], message["subscriber"], message["epoch"], message["key"], told)


def send(sending: Sending, asked: Notice, message_id: str, now: datetime) -> bool:
    """Sends a notice once per key. Raises NotSent if SES refuses this address or does not answer.

    Returns False if the notice has to wait: SES is busy or refuses the account, or newer code stored the subscriber.
    """
    with suppress(NewerItem):
        return _send(sending, asked, message_id, now)
    return False


def _send(sending: Sending, asked: Notice, message_id: str, now: datetime) -> bool:
    """Sends a notice, unless another message with the same key owns it.

    The first message with a key owns it, and may retry after a crash: a second copy is better than no notice.
    """
    subscriber = clients.subscribers().get(asked.subscriber)
    if subscriber is None or held_if_changed(subscriber) or not _is_wanted(asked.name, subscriber, asked.epoch):
        return True
    token = tokens.journal(subscriber.id) if asked.name in links.WITH_JOURNAL_LINK else ""
    site = courses.site_of(subscriber)
    subscriber = subscriber.with_new_lesson_ids(site.library.courses[subscriber.course].renamed)
    email = notice_email(site, subscriber, asked.name, now, told=asked.told, journal_token=token)
    mark = f"notice#{asked.key}"
    if not clients.limits().mark(mark, message_id, now):
        return True
    if token:
        clients.journal_links().add(tokens.read_journal(token), now)
    match sending.send_email(email, subscriber, asked.name, asked.epoch, now):
        case Sent():
            clients.limits().mark_done(mark, now)
            count("NoticesSent")
        case Refused(why, code):
            clients.limits().unmark(mark)
            if why in HELD:
                raise NotSent(f"SES refused a notice: {code}")
            return False
        case Unknown():
            raise NotSent("SES did not answer: the queue brings the notice back")
    return True


def _is_wanted(notice: str, subscriber: Subscriber, epoch: int) -> bool:
    """Whether to send a notice: not if another sign-up came since, and after a stop only if it is in AFTER_STOPPING."""
    if notice == ASK_CONFIRM:
        return subscriber.awaits(epoch) and subscriber.reachable
    if subscriber.epoch != epoch or not subscriber.reachable:
        return False
    if notice == KEEP_NOTICE:
        return subscriber.status is Status.PAUSED
    return notice in AFTER_STOPPING or subscriber.is_in_course
