"""Inbound mail in the queue → a reflection, or a command obeyed, or set aside; never an answer to a machine."""

from contextlib import suppress
from datetime import datetime
from typing import Any

import replies
from aws import clients
from aws.inbound import Arrival, arrival, record
from aws.log import count, each_message, observed
from aws.reflections import SET_ASIDE
from aws.settings import settings
from course import forms, schedule
from course.commands import Asked, Command, Place, command_in, too_late
from course.errors import InvalidForm, UnreadableSubscriber
from course.record import CONFIRM, Status
from course.reflection import Reflection, cut_to_bytes
from course.subscriber import Subscriber
from course.tokens import ReplyToken
from replies import UnreadableMail, mail
from services import sign_ups
from services.attribution import GONE, Answered, addressed_by, answered, fingerprint, leaving, original
from services.erasure import erase
from services.obeying import obey_by_mail

GOES = "its raw mail goes"
"""Noted with what was done, so that it goes even if the process dies before."""


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event of SES's notifications, wrapped by SNS."""
    return each_message(event, context, _receive)


def _receive(body: str, _message_id: str) -> None:
    came, now = arrival(body, settings().inbound_topic), clients.now()
    if came is None:
        return
    noted = clients.limits().done(record(came.mail_id))
    if noted is None:
        token = leaving(came)
        keeps_raw = _leave(token) if token else _work_on(came, clients.inbox().fetch(came.object_key), now)
        noted = "" if keeps_raw else GOES
        clients.limits().mark_done(record(came.mail_id), now, noted)
    if noted == GOES:
        clients.inbox().delete(came.mail_id)


def _work_on(came: Arrival, raw: bytes, now: datetime) -> bool:
    """Does what a mail is for. Returns whether the raw mail is to be kept for its 14 days."""
    try:
        return _read(came, raw, now)
    except UnreadableMail as error:
        return _set_aside(came, str(error))


def _read(came: Arrival, raw: bytes, now: datetime) -> bool:
    answer = came.harmful or replies.automatic(raw) or answered(came, mail.parse(raw), now)
    if answer == GONE:
        return _drop(came, addressed_by(came))
    if isinstance(answer, str):
        return _set_aside(came, answer)
    message = mail.parse(raw)
    mark = f"mail#{fingerprint(raw, message, answer)}"
    noted = clients.limits().begin(mark, came.mail_id, str(Place.of(answer.subscriber)), now)
    if noted is None:
        count("RepliesRepeated")
        return False
    letter = original(answer, now)
    text = replies.own_words(raw, letter.text, letter.html) if letter else replies.own_words(raw)
    if answer.confirms:
        if not replies.consents(text):
            return _declined(came, raw, answer, _asked(came, answer, text), now)
        sign_ups.confirm(answer.subscriber, answer.epoch, answer.course.plan, now)
    if answer.notice == CONFIRM and replies.agrees(text):
        return False
    return _take(came, raw, answer, text, Place.read(noted), now)


def _take(came: Arrival, raw: bytes, answer: Answered, text: str, place: Place, now: datetime) -> bool:
    """A command is obeyed, if it is really from the subscriber; anything else is a reflection."""
    verified = _is_from_subscriber(came, raw, answer)
    asked = _asked(came, answer, text)
    if not asked:  # what we sent may have changed since, and then looks like new words
        bare = _asked(came, answer, replies.own_words(raw))
        asked = bare if bare and (answer.notice or bare.command is Command.STOP) else None
    obeyed = came.short_id in answer.subscriber.obeyed
    if obeyed and not asked:  # the question that it answered is not open any more
        return False
    if asked and verified:
        if not obeyed and too_late(asked, answer.notice, came.received_at, now):
            return _set_aside(came, "a command that could not be obeyed in time")
        obey_by_mail(came, asked, answer, place, now)
        return False
    if text:
        kept = cut_to_bytes(text)
        clients.reflections().add(
            Reflection(
                subscriber=answer.subscriber.id,
                round=max(answer.round, 1),
                lesson=answer.lesson,
                received_at=came.received_at,
                mail_id=came.mail_id,
                text=kept,
                attributed_by=answer.by,
                verified=verified,
                cut=kept != text,
            )
        )
        if _is_gone(answer.subscriber.id):
            return _drop(came, answer.subscriber.id)
        count("Reflections")
    return bool(text)


def _asked(came: Arrival, answer: Answered, text: str) -> Asked | None:
    who, question = answer.subscriber, answer.notice or (answer.lesson if answer.is_current else "")
    today = schedule.local_day(came.received_at, who.zone)
    return command_in(text, question, answer.course, today, who.first_name)


def _is_from_subscriber(came: Arrival, raw: bytes, answer: Answered) -> bool:
    """By the address in From; its +tag may differ, since webmail answers from the mailbox's plain address."""
    address = answer.subscriber.address
    try:
        sender = forms.normalised_address(mail.sender(mail.parse(raw)))
    except InvalidForm:
        return False
    return forms.without_tag(sender) == forms.without_tag(address) and came.is_from(address)


def _declined(came: Arrival, raw: bytes, answer: Answered, asked: Asked | None, now: datetime) -> bool:
    """No to the confirmation. Who never confirmed has nothing to lose, and is deleted without being asked once more."""
    who = answer.subscriber
    if asked and asked.command is Command.ERASE and not who.round and _is_from_subscriber(came, raw, answer):
        erase(who, now)
        count("Erased")
        return False
    if asked and asked.command in (Command.STOP, Command.ERASE):
        clients.subscribers().change(who.id, lambda current: current.stopped(Status.UNSUBSCRIBED))
    return _set_aside(came, "no clear yes to the confirmation")


def _is_gone(subscriber_id: str) -> bool:
    with suppress(UnreadableSubscriber):
        return clients.subscribers().get(subscriber_id) is None
    return False


def _drop(came: Arrival, kept_with: str) -> bool:
    """Nothing is kept of who was erased, nor what was added of this mail while they were."""
    clients.reflections().erase(kept_with, came.mail_id)
    count("RepliesDropped")
    return False


def _leave(token: ReplyToken) -> bool:
    """As the one click of List-Unsubscribe: an email of an earlier sign-up does not touch a later one."""

    def stopped(current: Subscriber) -> Subscriber:
        return current.stopped(Status.UNSUBSCRIBED) if current.current_epoch == token.epoch else current

    clients.subscribers().change(token.subscriber, stopped)
    count("Unsubscribed")
    return False


def _set_aside(came: Arrival, reason: str) -> bool:
    """The raw mail is kept, the reason is noted, and nobody is answered; but for mail to who was erased."""
    whose = addressed_by(came)
    clients.reflections().set_aside(came.mail_id, came.received_at, reason, whose)
    if whose and _is_gone(whose):
        return _drop(came, SET_ASIDE)
    count("RepliesSetAside")
    return True
