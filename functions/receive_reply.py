"""Inbound mail in the queue → a reflection, or a command obeyed, or set aside; never an answer to a machine."""

from email.message import Message
from typing import Any

from aws import clients
from aws.inbox import Arrival, arrival
from aws.log import count, each_message, observed
from aws.replies import Answered, answered, fingerprint, original
from course import mail, reflections
from course.commands import NOTICES, Command, command_in, obey
from course.errors import UnreadableMail
from course.journal import Reflection, cut_to_bytes
from course.limits import REPLIES_AN_HOUR
from course.subscriber import IN_COURSE, Status

A_FEW_WORDS = 40
"""Characters: a longer reply to the confirmation email is kept as well as obeyed."""


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
        _set_aside(came, answer)
        return
    mark = f"mail#{fingerprint(raw, answer)}"
    if not clients.limits().mark(mark, came.mail_id, clients.now()):
        count("RepliesRepeated")
        return
    letter = original(answer, clients.now())
    text = reflections.extract(raw, letter.text, letter.html) if letter else reflections.extract(raw)
    if answer.confirms:
        _confirm(answer, text)
    if not answer.confirms or len(text) > A_FEW_WORDS:
        _take(came, mail.parse(raw), answer, text)
    clients.limits().mark_done(mark, clients.now())


def _take(came: Arrival, message: Message, answer: Answered, text: str) -> None:
    """A command is obeyed, if it is really from the subscriber; anything else is a reflection."""
    subscriber, course = answer.subscriber, answer.course
    verified = mail.sender(message) == subscriber.address and came.is_from(subscriber.address)
    command = command_in(text, answer.lesson if answer.is_current else "", course)
    if command and verified:
        _obey(command, answer, came.mail_id)
    elif text and not clients.limits().admit(f"replies#{subscriber.id}", came.mail_id, REPLIES_AN_HOUR, clients.now()):
        _set_aside(came, "too many replies in an hour")
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
    if before.status in IN_COURSE and clients.limits().admit(f"answers#{before.id}", mail_id, REPLIES_AN_HOUR, now):
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


def _set_aside(came: Arrival, reason: str) -> None:
    """The raw mail is kept for its 14 days, the reason is noted, and nobody is answered."""
    clients.reflections().set_aside(came.mail_id, came.received_at, reason)
    count("RepliesSetAside")
