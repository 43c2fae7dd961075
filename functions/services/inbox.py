"""Mail that is set aside: finds lost mail, lists all of it, and keeps what an operator accepts.

No function here returns the text of a mail.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import replies
from aws import clients
from aws.inbound import RECORD, Arrival, key_of
from aws.log import count
from aws.reflections import Aside
from course.errors import EmailCourseError
from course.reflection import NotTaken, Why
from services import attribution
from services.attribution import Attribution
from services.receiving import keep

if TYPE_CHECKING:
    from replies.reader import Mail

OPERATOR = "operator"
"""`attributed_by` of a reflection that an operator accepted."""

LOST_AFTER = timedelta(hours=1)
"""Longer than a mail's notification takes with all its retries."""

MOST_LISTED = 1000


class NotAccepted(EmailCourseError):
    """Raised when a mail cannot be accepted. Its text tells the operator why, and which option to name."""


def take_up_lost(now: datetime) -> int:
    """Sets aside each raw mail that was never worked on: its notification was lost, or failed each time.

    SES's verdicts are lost too, so an operator must look at the mail. Returns the number found now.
    """
    waiting = {mail_id: at for mail_id, at in clients.raw_mail().all() if at < now - LOST_AFTER}
    done = clients.limits().all_done([RECORD + mail_id for mail_id in waiting])
    lost = {mail_id: at for mail_id, at in waiting.items() if RECORD + mail_id not in done}
    known = {one.mail_id for one in clients.set_aside().all()} if lost else set()
    for mail_id in lost.keys() - known:
        clients.set_aside().add(mail_id, lost[mail_id], NotTaken(Why.LOST))
    return len(lost.keys() - known)


def listed() -> dict[str, Any]:
    """The mail that is set aside, the latest first: its id, when it came (UTC) and why."""
    found = list(clients.set_aside().all())[::-1]
    shown = [{"id": one.mail_id, "at": one.at.isoformat(), "why": one.reason.text} for one in found[:MOST_LISTED]]
    return {"inbox": shown, "more": len(found) - len(shown)}


def accept(mail_id: str, subscriber_id: str, lesson: str, now: datetime) -> dict[str, Any]:
    """Keeps a mail as a reflection: of the given subscriber and lesson, or of those in its reply address.

    Returns what the mail was attributed to, or why it was not accepted.
    """
    try:
        answer = _accepted(mail_id, subscriber_id, lesson, now)
    except (NotAccepted, replies.UnreadableMail) as error:
        return {"accepted": False, "why": str(error)}
    return {"accepted": True, "subscriber": answer.subscriber.id, "lesson": answer.lesson, "round": answer.round}


def _accepted(mail_id: str, subscriber_id: str, lesson: str, now: datetime) -> Attribution:
    """Keeps the mail, and returns the email that it answers. Raises NotAccepted and UnreadableMail."""
    aside = _on_the_list(mail_id)
    raw = clients.raw_mail().fetch_if_there(key_of(mail_id))
    if raw is None:
        raise NotAccepted("its raw mail no longer exists")
    mail = replies.open_mail(raw)
    answer = replace(_attribution(aside, mail, subscriber_id, lesson, now), by=OPERATOR, proven=False)
    if not answer.own_address:
        raise NotAccepted(f"mail like this is never accepted: {Why.ANOTHER_ADDRESS.value}")
    text = attribution.own_words(mail, answer, now)
    if not text:
        raise NotAccepted("nothing in it is the person's own words")
    if not keep(answer, mail_id, aside.at, text):
        raise NotAccepted("its subscriber was erased meanwhile")
    clients.limits().mark_done(RECORD + mail_id, now)
    clients.set_aside().remove(aside)
    count("RepliesAccepted")
    return answer


def _on_the_list(mail_id: str) -> Aside:
    """The mail that is set aside, if an operator may accept it. Raises NotAccepted."""
    aside = next((one for one in clients.set_aside().all() if one.mail_id == mail_id), None)
    if aside is None:
        raise NotAccepted("no mail with this id is set aside")
    if aside.reason.why is Why.LOST and clients.limits().done(RECORD + mail_id) is not None:
        clients.set_aside().remove(aside)
        raise NotAccepted("it has been worked on meanwhile")
    if not aside.reason.may_be_accepted:
        raise NotAccepted(f"mail like this is never accepted: {aside.reason.text}")
    return aside


def _attribution(aside: Aside, mail: "Mail", subscriber_id: str, lesson: str, now: datetime) -> Attribution:
    """Finds the email that a mail answers. Raises NotAccepted if there is none."""
    came = Arrival(aside.mail_id, aside.at, source="", recipients=tuple(_addressed(mail)), object_key="", verdicts={})
    answer = attribution.attribute(came, mail, now)
    if subscriber_id and (isinstance(answer, NotTaken) or answer.subscriber.id != subscriber_id):
        subscriber = clients.subscribers().get(subscriber_id)
        if subscriber is None:
            raise NotAccepted("there is no such subscriber")
        answer = attribution.to_last_lesson(came, mail, subscriber, OPERATOR)
    if isinstance(answer, NotTaken):
        raise NotAccepted(f"{answer.text}: name its subscriber with --subscriber")
    if not answer.subscriber.round:
        raise NotAccepted("its subscriber has not confirmed the sign-up")
    if lesson and lesson not in answer.course.lessons:
        raise NotAccepted(f"the course has no lesson {lesson}")
    return replace(answer, lesson=lesson, notice="") if lesson else answer


def _addressed(mail: "Mail") -> Iterator[str]:
    """The local parts, with @, of the addresses in the mail's headers.

    The envelope would be the only proof, but it is not kept.
    """
    for name in ("To", "Cc", "Delivered-To", "X-Original-To"):
        yield from re.findall(r"[a-z2-7]+@", mail.header(name).lower())
