"""Inbound mail in the queue → a reflection, or a command obeyed, or set aside; never an answer to a machine."""

from typing import Any

from aws import clients, sign_ups
from aws.inbox import Arrival, arrival
from aws.log import count, each_message, observed
from aws.replies import Answered, answered, fingerprint, leaving, original
from aws.settings import settings
from course import mail, reflections
from course.commands import Command, agrees, command_in, declines, notice_after, obey
from course.errors import UnreadableMail
from course.journal import Reflection, cut_to_bytes
from course.limits import ANSWERS_AN_HOUR
from course.subscriber import IN_COURSE, Status, Subscriber
from course.tokens import ReplyToken


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event of SES's notifications, wrapped by SNS."""
    return each_message(event, context, _receive)


def _receive(body: str, _message_id: str) -> None:
    came = arrival(body, settings().inbound_topic)
    if came is None:
        return
    if token := leaving(came):
        _leave(token)
        return
    raw = clients.inbox().fetch(came.object_key)
    try:
        answer = came.harmful or reflections.automatic(raw) or answered(came, mail.parse(raw), clients.now())
    except UnreadableMail as error:
        answer = str(error)
    if isinstance(answer, str):
        _set_aside(came, answer)
        return
    message = mail.parse(raw)
    mark = f"mail#{fingerprint(raw, message, answer)}"
    if not clients.limits().mark(mark, came.mail_id, clients.now()):
        count("RepliesRepeated")
        return
    letter = original(answer, clients.now())
    text = reflections.extract(raw, letter.text, letter.html) if letter else reflections.extract(raw)
    if answer.confirms and declines(text):
        _set_aside(came, "declined to confirm")
        if command_in(text, "", answer.course) is Command.STOP:
            clients.subscribers().change(answer.subscriber.id, lambda who: who.stopped(Status.UNSUBSCRIBED))
    elif answer.confirms:
        sign_ups.confirm(answer.subscriber, answer.epoch, answer.course.plan, clients.now())
    if not answer.confirms or not (agrees(text) or declines(text)):
        _take(came, raw, mail.sender(message), answer, text)
    clients.limits().mark_done(mark, clients.now())


def _take(came: Arrival, raw: bytes, sender: str, answer: Answered, text: str) -> None:
    """A command is obeyed, if it is really from the subscriber; anything else is a reflection."""
    address, lesson = answer.subscriber.address, answer.lesson if answer.is_current else ""
    verified = sender == address and came.is_from(address)
    command = command_in(text, lesson, answer.course)
    if not command and answer.notice:  # its dates may have changed since it was sent, and then look like new words
        command = command_in(reflections.extract(raw), lesson, answer.course)
    if command and verified:
        _obey(command, answer, came.mail_id)
    elif text:
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
        count("Reflections")


def _obey(command: Command, answer: Answered, mail_id: str) -> None:
    """Does what was asked and answers with one notice that is true; whoever has left the course gets none."""
    before, course, now = answer.subscriber, answer.course, clients.now()
    after = clients.subscribers().change(before.id, lambda current: obey(command, current, course, now))
    if before.status in IN_COURSE and clients.limits().admit(f"answers#{before.id}", mail_id, ANSWERS_AN_HOUR, now):
        clients.outbox().notice(notice_after(command, before, after, course), before.id, before.epoch, mail_id)
    count(f"Command.{command}")


def _leave(token: ReplyToken) -> None:
    """As the one click of List-Unsubscribe: an email of an earlier sign-up does not touch a later one."""

    def stopped(current: Subscriber) -> Subscriber:
        return current.stopped(Status.UNSUBSCRIBED) if current.current_epoch == token.epoch else current

    clients.subscribers().change(token.subscriber, stopped)
    count("Unsubscribed")


def _set_aside(came: Arrival, reason: str) -> None:
    """The raw mail is kept for its 14 days, the reason is noted, and nobody is answered."""
    clients.reflections().set_aside(came.mail_id, came.received_at, reason)
    count("RepliesSetAside")
