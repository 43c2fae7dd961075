"""An inbound mail: kept as a reflection, obeyed as a command, set aside, or discarded; never an answer to a machine."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

import replies
from aws import clients
from aws.inbound import RECORD, Arrival
from aws.log import count
from course import commands
from course.commands import ERASE_NOTICE, Asked, Command, Place
from course.errors import UnreadableSubscriber
from course.limits import ANSWERS_AN_HOUR, UNPROVEN_A_DAY
from course.record import CONFIRM, Status
from course.reflection import NotTaken, Why
from course.subscriber import Subscriber
from course.tokens import LinkToken
from replies.request import Request
from services import attribution, leaving, sign_ups
from services.attribution import Answered
from services.erasure import erase, may_erase

if TYPE_CHECKING:
    from replies.reader import Mail


class Done(Enum):
    """What was done with a mail."""

    KEPT = auto()
    OBEYED = auto()
    DISCARDED = auto()
    SET_ASIDE = auto()

    @property
    def note(self) -> str:
        """Stored with the mark that the mail is done: empty unless its raw mail is to be deleted."""
        return "its raw mail goes" if self in (Done.OBEYED, Done.DISCARDED) else ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply on its way through the steps: how it came, what it says, and which email it answers."""

    came: Arrival
    mail: "Mail"
    answer: Answered
    place: Place
    """Where the subscriber stood when the mail first came."""
    text: str
    """The person's own words."""
    now: datetime


def receive(came: Arrival, now: datetime) -> None:
    """Works on a mail once, however often its notification comes."""
    noted = clients.limits().done(RECORD + came.mail_id)
    if noted is None:
        noted = _work_on(came, now).note
        clients.limits().mark_done(RECORD + came.mail_id, now, noted)
    if noted:
        clients.raw_mail().delete(came.mail_id)


def _work_on(came: Arrival, now: datetime) -> Done:
    if token := attribution.leaving(came):
        leaving.stop_by_mail(LinkToken(token.subscriber, token.epoch), came.mail_id, now)
        return Done.OBEYED
    raw = clients.raw_mail().fetch(came.object_key)
    if harmful := came.harmful:
        return _set_aside(came, harmful)
    try:
        mail = replies.opened(raw)
        if mail.automatic:
            return _set_aside(came, NotTaken(Why.OTHER, mail.automatic))
        return _read(came, mail, now)
    except replies.UnreadableMail as error:
        return _set_aside(came, NotTaken(Why.OTHER, str(error)))


def _read(came: Arrival, mail: "Mail", now: datetime) -> Done:
    answer = attribution.answered(came, mail, now)
    if isinstance(answer, NotTaken) and answer.why is Why.ERASED:
        clients.reflections().erase(attribution.addressed_by(came), came.mail_id)
        return _discard_of_erased()
    if isinstance(answer, NotTaken):
        return _set_aside(came, answer)
    key, subscriber = f"mail#{attribution.fingerprint(mail, answer)}", answer.subscriber
    place = clients.limits().begin(key, came.mail_id, str(Place.of(subscriber)), now)
    if place is None:  # another mail with the same content has this key
        count("RepliesRepeated")
        return Done.DISCARDED
    text = attribution.own_words(mail, answer, now)
    reply = Reply(came, mail, answer, Place.read(place), text, now)
    return _of_the_subscriber(reply) if answer.own_address else _of_another(reply)


def _of_the_subscriber(reply: Reply) -> Done:
    """Mail from the subscriber's address, proven or not: a yes to the confirmation, a command, a reflection."""
    answer, subscriber = reply.answer, reply.answer.subscriber
    if answer.confirms:
        if not replies.consents(reply.text):
            return _decline(reply)
        sign_ups.confirm(subscriber, answer.epoch, answer.course.plan, reply.now)
    if answer.notice == CONFIRM and replies.agrees(reply.text):
        return Done.OBEYED
    request = _command(reply)
    if not request and reply.came.short_id in subscriber.obeyed:  # obeyed before a crash, and its question has closed
        return Done.DISCARDED
    if not request:
        return _keep(reply)
    needs_no_proof = request.command is Command.STOP
    return _obey(reply, request) if needs_no_proof or answer.verified else _unproven_command(reply, request)


def _of_another(reply: Reply) -> Done:
    """Mail from another address: only the bare word STOP is obeyed; all else is set aside."""
    if any(map(replies.says_stop, (reply.text, reply.mail.own_words()))):
        return _obey(reply, Request(Command.STOP))
    clients.subscribers().change(reply.answer.subscriber.id, Subscriber.answered_by_another)
    return _set_aside(reply.came, NotTaken(Why.ANOTHER_ADDRESS))


def _unproven_command(reply: Reply, request: Request) -> Done:
    """A command from the subscriber's address without proof is neither obeyed nor kept as a reflection."""
    count(f"Unproven.{request.command}")
    return _set_aside(reply.came, NotTaken(Why.UNPROVEN_COMMAND))


def _decline(reply: Reply) -> Done:
    """No clear yes to the confirmation. ERASE deletes a sign-up that was never confirmed without asking again."""
    request, subscriber = _asked(reply, reply.text), reply.answer.subscriber
    if request and request.command is Command.ERASE and not subscriber.round and reply.answer.verified:
        erase(subscriber, reply.now)
        count("Erased")
        return Done.OBEYED
    if request and request.command in (Command.STOP, Command.ERASE):
        clients.subscribers().change(subscriber.id, lambda current: current.stopped(Status.UNSUBSCRIBED))
    return _set_aside(reply.came, NotTaken(Why.NO_CLEAR_YES))


def _command(reply: Reply) -> Request | None:
    """The command in the reply, if any. When our email has changed, its quote can look like the person's words."""
    if request := _asked(reply, reply.text):
        return request
    bare = _asked(reply, reply.mail.own_words())
    return bare if bare and (reply.answer.notice or bare.command is Command.STOP) else None


def _asked(reply: Reply, text: str) -> Request | None:
    answer = reply.answer
    question = answer.notice or (answer.lesson if answer.is_current else "")
    request = replies.requested(text, answer.today, answer.subscriber.first_name)
    return commands.in_answer_to(request, question, answer.course, answer.today)


def _obey(reply: Reply, request: Request) -> Done:
    """Does what was asked once, and answers it once.

    A mail that is retried after a crash undoes neither a later decision of its writer nor a later sign-up. A writer who
    had left the course when the mail first came is answered only about their data.
    """
    came, subscriber, now = reply.came, reply.answer.subscriber, reply.now
    again = came.short_id in subscriber.obeyed
    if not again and commands.too_late(request, reply.answer.notice, came.received_at, now):
        return _set_aside(came, NotTaken(Why.TOO_LATE))
    count(f"Command.{request.command}")
    if reply.answer.notice == ERASE_NOTICE and request.command in (Command.YES, Command.ERASE):
        if may_erase(subscriber, came.received_at, now):
            erase(subscriber, now)  # and no notice: there is no address any more that it could go to
            count("Erased")
            return Done.OBEYED
        request = Request(Command.ERASE)
    if request.command is Command.ERASE:
        clients.limits().ask_to_erase(subscriber.id, now)
    asked = Asked(request, reply.answer.course, now, reply.place)

    def decided(current: Subscriber) -> Subscriber:
        if came.short_id in current.obeyed or current.signed_up_since(came.received_at):
            return current
        return asked.obeyed(current).having_obeyed(came.short_id)

    if after := clients.subscribers().change(subscriber.id, decided):
        _answer(reply, asked, after)
    return Done.OBEYED


def _answer(reply: Reply, asked: Asked, after: Subscriber) -> None:
    came = reply.came
    was_in_course = reply.place.in_course and not after.signed_up_since(came.received_at)
    if not (asked.row.about_data or was_in_course):
        return
    if clients.limits().admit(f"answers#{after.id}", came.mail_id, ANSWERS_AN_HOUR, reply.now):
        notice = asked.notice(after, reply.place)
        clients.outbox().notice(notice, after.id, after.epoch, came.mail_id)


def _keep(reply: Reply) -> Done:
    if not reply.text:
        return Done.DISCARDED
    if not reply.answer.verified and not _may_be_unproven(reply):
        count("UnprovenSetAside")
        return _set_aside(reply.came, NotTaken(Why.TOO_MANY_UNPROVEN))
    if not keep(reply.answer, reply.came.mail_id, reply.came.received_at, reply.text):
        return _discard_of_erased()
    count("Reflections")
    return Done.KEPT


def _may_be_unproven(reply: Reply) -> bool:
    """Whether the mail is among the first without proof that came on its UTC day. A retry counts once."""
    came = reply.came
    key = f"unproven#{reply.answer.subscriber.id}"
    return clients.limits().admit_of_day(key, came.mail_id, UNPROVEN_A_DAY, came.received_at)


def keep(answer: Answered, mail_id: str, received_at: datetime, text: str) -> bool:
    """Keeps a person's words as a reflection. False when the subscriber was erased meanwhile: then nothing is kept."""
    clients.reflections().add(answer.reflection(mail_id, received_at, text))
    if not _is_erased(answer.subscriber.id):  # asked after the write: an erasure may have come between
        return True
    clients.reflections().erase(answer.subscriber.id, mail_id)
    return False


def _set_aside(came: Arrival, reason: NotTaken) -> Done:
    """The raw mail is kept and the reason noted; nobody is answered. Of an erased subscriber nothing is kept."""
    subscriber_id = attribution.addressed_by(came)
    clients.set_aside().add(came.mail_id, came.received_at, reason, subscriber_id)
    if subscriber_id and _is_erased(subscriber_id):
        clients.set_aside().erase(came.mail_id)
        return _discard_of_erased()
    count("RepliesSetAside")
    return Done.SET_ASIDE


def _discard_of_erased() -> Done:
    count("RepliesDropped")
    return Done.DISCARDED


def _is_erased(subscriber_id: str) -> bool:
    with suppress(UnreadableSubscriber):
        return clients.subscribers().get(subscriber_id) is None
    return False
