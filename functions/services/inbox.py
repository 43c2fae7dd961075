"""Mail that was set aside: found where it was lost, listed for an operator, and made a reflection at their word.

Nothing here tells what a mail says.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import Message
from typing import Any

import replies
from aws import clients
from aws.inbound import Arrival, key_of, record
from aws.log import count
from aws.reflections import Aside
from course.reflection import Reflection, cut_to_bytes
from replies import UnreadableMail, mail
from services.attribution import Answered, answered, original

OPERATOR = "operator"
"""How what an operator accepted is attributed."""

LOST = "lost on its way, or failed: nobody knows whether it is genuine"
LOST_AFTER = timedelta(hours=1)
"""Longer than its notification takes, however often it comes back."""

MOST_LISTED = 1000


def take_up_lost(now: datetime) -> int:
    """Sets aside the raw mail that nothing was made of: its notification was lost, or failed each time it came.

    The verdicts of SES are lost with it, so it is for a person to look. Returns how many were found now.
    """
    waiting = {mail_id: at for mail_id, at in clients.inbox().all() if at < now - LOST_AFTER}
    done = clients.limits().all_done([record(mail_id) for mail_id in waiting])
    lost = {mail_id: at for mail_id, at in waiting.items() if record(mail_id) not in done}
    known = {one.mail_id for one in clients.reflections().aside()} if lost else set()
    for mail_id in lost.keys() - known:
        clients.reflections().set_aside(mail_id, lost[mail_id], LOST)
    return len(lost.keys() - known)


def listed() -> dict[str, Any]:
    """What is set aside, the latest first: id, when (UTC) and why."""
    found = list(clients.reflections().aside())[::-1]
    shown = [{"id": one.mail_id, "at": one.at.isoformat(), "why": one.reason} for one in found[:MOST_LISTED]]
    return {"inbox": shown, "more": len(found) - len(shown)}


def accept(mail_id: str, subscriber_id: str, lesson: str, now: datetime) -> dict[str, Any]:
    """Makes a mail a reflection of whom it is addressed by, or of a subscriber and lesson that the operator names."""
    aside = next((one for one in clients.reflections().aside() if one.mail_id == mail_id), None)
    if aside is None:
        return _refused("no mail of this id is set aside")
    if aside.reason == LOST and clients.limits().done(record(mail_id)) is not None:
        clients.reflections().restored(aside)
        return _refused("it has been worked on meanwhile")
    if "virus" in aside.reason:
        return _refused("its reason is a virus")
    raw = clients.inbox().fetch_if_there(key_of(mail_id))
    if raw is None:
        return _refused("its raw mail is not there any more")
    try:
        answer = _whose(aside, raw, subscriber_id, lesson, now)
        if isinstance(answer, str):
            return _refused(answer)
        letter = original(answer, now)
        text = replies.own_words(raw, letter.text, letter.html) if letter else replies.own_words(raw)
    except UnreadableMail as error:
        return _refused(str(error))
    if not text:
        return _refused("nothing in it is the person's own words")
    kept = cut_to_bytes(text)
    clients.reflections().add(
        Reflection(
            subscriber=answer.subscriber.id,
            round=max(answer.round, 1),
            lesson=answer.lesson,
            received_at=aside.at,
            mail_id=mail_id,
            text=kept,
            attributed_by=OPERATOR,
            verified=False,
            cut=kept != text,
        )
    )
    if clients.subscribers().get(answer.subscriber.id) is None:
        clients.reflections().erase(answer.subscriber.id, mail_id)
        return _refused("whose it is was erased meanwhile")
    clients.limits().mark_done(record(mail_id), now)
    clients.reflections().restored(aside)
    count("RepliesAccepted")
    return {"accepted": True, "subscriber": answer.subscriber.id, "lesson": answer.lesson, "round": answer.round}


def _whose(aside: Aside, raw: bytes, subscriber_id: str, lesson: str, now: datetime) -> Answered | str:
    """The email that was answered, or why that cannot be told."""
    message = mail.parse(raw)
    addresses = tuple(_addressed(message))
    answer = answered(Arrival(aside.mail_id, aside.at, "", addresses, "", {}), message, now)
    if subscriber_id and (isinstance(answer, str) or answer.subscriber.id != subscriber_id):
        who = clients.subscribers().get(subscriber_id)
        if who is None:
            return "there is no such subscriber"
        answer = Answered(who, who.epoch, who.round, who.last_lesson or "", "", OPERATOR)
    if isinstance(answer, str):
        return f"{answer}: name whose it is with --subscriber"
    if not answer.subscriber.round:
        return "whose it is has not confirmed the sign-up"
    if not lesson:
        return answer
    if lesson not in answer.course.lessons:
        return f"the course has no lesson {lesson}"
    return Answered(answer.subscriber, answer.epoch, answer.round, lesson, "", OPERATOR)


def _addressed(message: Message) -> Iterator[str]:
    """To whom a mail says that it goes. The envelope, which alone counts as proof, is not kept with it."""
    for name in ("To", "Cc", "Delivered-To", "X-Original-To"):
        yield from re.findall(r"[a-z2-7]+@", mail.header(message, name).lower())


def _refused(why: str) -> dict[str, Any]:
    return {"accepted": False, "why": why}
