"""Continues, through the queue, an erasure that began on the journal page. A last email ends it."""

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
"""For this long after the press of the button, the last email is tried again if SES did not take it.

The first try after that is the final one. Then, at most 24 hours after the press, the address is deleted in any case.
"""


def go_on(subscriber_id: str, sending: Sending, now: datetime, *, may_send: bool) -> None:
    """Deletes what is left, mail by mail, then sends the last email, then deletes the address.

    If the time runs out, or SES refuses for now, the erasure is due again in 15 minutes. If SES does not answer, the
    wait doubles with each try.
    """
    unfinished = clients.erasures().get(subscriber_id)
    if unfinished is None:
        return
    is_last = not unfinished.address or now >= unfinished.asked_at + TOLD_WITHIN
    begun = replace(unfinished, due_at=now + erasure.TRIED_EVERY)
    if not clients.erasures().put_off(unfinished, replace(begun, address="") if is_last else begun):
        return
    clients.subscribers().erase(subscriber_id)  # the press may have been interrupted before it did this
    if not all(sending.ready for _ in erasure.delete_remains(subscriber_id)):
        return
    is_over = bool(unfinished.address) and may_send and _send_last_email(begun, sending, now)
    if is_last and not is_over:
        count("ErasedUntold")
    if is_last or is_over:
        clients.erasures().end(subscriber_id)


def _send_last_email(unfinished: Erasing, sending: Sending, now: datetime) -> bool:
    """Sends the last email; returns whether it was sent or never can be."""
    subscriber = Subscriber(
        unfinished.subscriber, unfinished.course, unfinished.address, epoch=unfinished.epoch, zone=unfinished.zone
    )
    if not links.is_genuine(subscriber):
        count("ErasedUntold")
        return True
    email = notice_email(courses.site_of(subscriber), subscriber, ERASED_NOTICE, now)
    match sending.send_email(email, subscriber, ERASED_NOTICE, unfinished.epoch, now):
        case Sent():
            count("ErasedTold")
            return True
        case Refused(why) if why in HELD:
            count("ErasedUntold")
            return True
        case Unknown():
            if now < unfinished.asked_at + TOLD_WITHIN:
                clients.erasures().put_off(unfinished, _with_longer_wait(unfinished))
            return False
        case Refused():
            return False


def _with_longer_wait(unfinished: Erasing) -> Erasing:
    """Doubles the time until the next try: an email without an answer may have reached the mailbox."""
    longer = unfinished.due_at + (2**unfinished.unanswered - 1) * erasure.TRIED_EVERY
    return replace(
        unfinished, unanswered=unfinished.unanswered + 1, due_at=min(longer, unfinished.asked_at + TOLD_WITHIN)
    )
