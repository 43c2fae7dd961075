"""Inbound mail in the queue → a reflection, or a command obeyed, or set aside; never an answer to a machine."""

import hashlib
from email.message import Message
from typing import Any

from aws import clients
from aws.inbox import Arrival, arrival
from aws.log import count, each_message, observed
from aws.replies import Answered, answered, original
from course import mail, reflections
from course.commands import NOTICES, Command, command_in, obey
from course.errors import UnreadableMail
from course.journal import Reflection, cut_to_bytes
from course.subscriber import IN_COURSE, Status


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """An SQS event of SES's notifications, wrapped by SNS."""
    return each_message(event, context, _receive)


def _receive(body: str) -> None:
    came = arrival(body)
    if came is None:
        return
    raw = clients.inbox().fetch(came.object_key)
    try:
        answer = came.harmful or reflections.automatic(raw) or answered(came, mail.parse(raw), clients.now())
    except UnreadableMail as error:
        answer = str(error)
    if isinstance(answer, str):
        # The raw mail is kept for its 14 days, the reason is noted, and nobody is answered.
        clients.reflections().set_aside(came.mail_id, came.received_at, reason=answer)
        count("RepliesSetAside")
        return
    mark = f"mail#{_fingerprint(raw, answer)}"
    if not clients.limits().mark(mark, came.mail_id, clients.now()):
        count("RepliesRepeated")
        return
    letter = original(answer, clients.now())
    text = reflections.extract(raw, letter.text, letter.html) if letter else reflections.extract(raw)
    if answer.confirms:
        _confirm(answer, text)
    else:
        _take(came, mail.parse(raw), answer, text)
    clients.limits().mark_done(mark, clients.now())


def _fingerprint(raw: bytes, answer: Answered) -> str:
    """What is the same when one mail arrives twice: to whom and to what it answers, its Message-ID, and its body."""
    body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
    answers = f"{answer.subscriber.id}#{answer.notice or (answer.round, answer.lesson)}"
    message_id = mail.header(mail.parse(raw), "Message-ID")
    return hashlib.sha256(f"{answers}#{message_id}#".encode() + body).hexdigest()[:32]


def _take(came: Arrival, message: Message, answer: Answered, text: str) -> None:
    """A command is obeyed, if it is really from the subscriber; anything else is a reflection."""
    subscriber, course = answer.subscriber, answer.course
    verified = came.authentic and mail.sender(message) == subscriber.address
    command = command_in(text, answer.lesson if answer.is_current else "", course)
    if command and verified:
        _obey(command, answer, came.mail_id)
    elif text:
        reflection = Reflection(
            subscriber=subscriber.id,
            round=answer.round,
            lesson=answer.lesson,
            received_at=came.received_at,
            mail_id=came.mail_id,
            text=cut_to_bytes(text),
            attributed_by=answer.by,
            verified=verified,
            cut=cut_to_bytes(text) != text,
        )
        clients.reflections().add(reflection)
        count("Reflections")


def _obey(command: Command, answer: Answered, mail_id: str) -> None:
    """Does what was asked and answers it with one notice; whoever has left the course gets none."""
    before, now = answer.subscriber, clients.now()
    clients.subscribers().change(before.id, lambda current: obey(command, current, answer.course, now))
    if before.status in IN_COURSE:
        clients.outbox().notice(NOTICES[command], before.id, before.epoch, mail_id)
    count(f"Command.{command}")


def _confirm(answer: Answered, text: str) -> None:
    """A reply to the confirmation email confirms, as its button does; only STOP does the opposite."""
    subscriber, now, plan = answer.subscriber, clients.now(), answer.course.plan
    if command_in(text, "", answer.course) is Command.STOP:
        clients.subscribers().change(subscriber.id, lambda current: current.stopped(Status.UNSUBSCRIBED))
        return
    clients.subscribers().change(subscriber.id, lambda current: current.confirmed(answer.epoch, plan, now))
    clients.outbox().lessons([subscriber.id], rate=1)
    count("Confirmed")
