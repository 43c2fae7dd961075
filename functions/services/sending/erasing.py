"""An erasure that was asked for behind the journal link goes on by the queue, and ends with one last email."""

from dataclasses import replace
from datetime import datetime, timedelta

from aws import clients
from aws.log import count
from aws.ses import Refused, Sent, Unknown
from aws.unfinished import Erasing
from content.emails import ERASED_NOTICE, notice_email
from course.subscriber import Subscriber
from services import courses, erasure, links
from services.sending import HELD, Sending

TOLD_WITHIN = timedelta(hours=23, minutes=30)
"""From the press. The first try after that is the last, within 24 hours: then the address is deleted in any case."""


def go_on(subscriber_id: str, sending: Sending, now: datetime, *, may_send: bool) -> None:
    """Deletes what is left, one thing at a time, then mails the last email, then deletes the address.

    If there is no time for all of it, or SES does not take the email, the erasure is due again 15 minutes later.
    """
    going = clients.erasures().get(subscriber_id)
    if going is None:
        return
    is_last = now >= going.asked_at + TOLD_WITHIN
    begun = replace(going, due_at=now + erasure.TRIED_EVERY)
    if not clients.erasures().put_off(going, replace(begun, address="") if is_last else begun):
        return
    clients.subscribers().erase(subscriber_id)  # the press may have broken off before it did
    if not all(sending.ready for _ in erasure.remains_deleted(subscriber_id)):
        return
    is_over = bool(going.address) and may_send and _is_over(begun, sending, now)
    if not is_over and (is_last or not going.address):
        count("ErasedUntold")
        is_over = True
    if is_over:
        clients.erasures().end(subscriber_id)


def _is_over(going: Erasing, sending: Sending, now: datetime) -> bool:
    """Whether the last email was sent, or never can be."""
    subscriber = Subscriber(going.subscriber, going.course, going.address, epoch=going.epoch, zone=going.zone)
    if not links.is_genuine(subscriber):
        count("ErasedUntold")
        return True
    email = notice_email(courses.site_of(subscriber), subscriber, ERASED_NOTICE, now)
    match sending.mailed(email, subscriber, ERASED_NOTICE, going.epoch, now):
        case Sent():
            count("ErasedTold")
            return True
        case Refused(why) if why in HELD:
            count("ErasedUntold")
            return True
        case Unknown():
            if now < going.asked_at + TOLD_WITHIN:
                clients.erasures().put_off(going, _rested(going))
            return False
        case Refused():
            return False


def _rested(going: Erasing) -> Erasing:
    """Due after twice as long each time: an email without an answer may have reached the mailbox."""
    longer = going.due_at + (2**going.unanswered - 1) * erasure.TRIED_EVERY
    return replace(going, unanswered=going.unanswered + 1, due_at=min(longer, going.asked_at + TOLD_WITHIN))
