"""Receives mail: keeps it as a reflection, obeys it as a command, sets it aside, or discards it.

An auto-reply is never answered.
"""

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

import replies
from aws import clients
from aws.inbound import RECORD, Arrival
from aws.log import count
from course.commands import Command, Place
from course.errors import NewerItem, UnreadableSubscriber
from course.limits import UNPROVEN_A_DAY
from course.record import Status
from course.reflection import NotTaken, Why
from course.subscriber import Subscriber
from course.tokens import LinkToken
from replies.request import Decision, EmailKind, Request
from services import attribution, sign_ups
from services.answering import asking, hearing, obeying
from services.answering.reply import Done, Reply
from services.attribution import Attribution
from services.erasure import erase
from services.links import leaving

if TYPE_CHECKING:
    from replies.reader import Mail

Kind = Decision.Kind

LONGEST_COMMAND = 6
"""The most words of a bare command, such as DELETE MY DATA. If another address sends one, we offer it to the
subscriber."""

DELETE_RAW_MAIL = "its raw mail goes"
"""The note that is stored with a mail whose raw mail is deleted; all other mail has an empty note. Never change it."""


def receive(came: Arrival, now: datetime) -> None:
    """Works on a mail once, even if its notification comes several times."""
    note = clients.limits().done(RECORD + came.mail_id)
    if note is None:
        note = DELETE_RAW_MAIL if _work_on(came, now).deletes_raw_mail else ""
        clients.limits().mark_done(RECORD + came.mail_id, now, note)
    if note:
        clients.raw_mail().delete(came.mail_id)


def _work_on(came: Arrival, now: datetime) -> Done:
    if token := attribution.leaving(came):
        leaving.stop(LinkToken(token.subscriber, token.epoch), now, pressed=False)
        return Done.OBEYED
    addressed = attribution.addressed_by(came)
    if addressed and _is_erased(
        addressed
    ):  # before the fetch: a crash may have left a reflection whose raw mail is gone
        clients.reflections().erase(addressed, came.mail_id)
        return _discard_of_erased()
    raw = clients.raw_mail().fetch(came.object_key)
    if harmful := came.harmful:
        return _set_aside(came, harmful)
    try:
        mail = replies.open_mail(raw)
        if mail.automatic:
            return _set_aside(came, NotTaken(Why.OTHER, mail.automatic))
        return _read(came, mail, now)
    except replies.UnreadableMail as error:
        return _set_aside(came, NotTaken(Why.OTHER, str(error)))


def _read(came: Arrival, mail: "Mail", now: datetime) -> Done:
    answer = attribution.attribute(came, mail, now)
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
    """Handles mail from the subscriber's address, proven or not: confirmation, command or reflection."""
    answer, decision = reply.answer, hearing.interpret(reply)
    request = decision.request
    if hearing.kind(answer) is EmailKind.CONFIRM:
        if decision.kind not in hearing.OBEYED or not request or request.command is not Command.YES:
            return _decline(reply, decision) if answer.confirms else _act(reply, decision)
        if answer.confirms:
            sign_ups.confirm(answer.subscriber, answer.epoch, answer.course.plan, "reply", reply.now)
        return Done.OBEYED if decision.kind is Kind.OBEY else _keep(reply)
    return _act(reply, decision)


def _act(reply: Reply, decision: Decision) -> Done:
    """Obeys, asks about or keeps a reply. Only STOP is obeyed without proof of its sender."""
    request, again = decision.request, reply.came.short_id in reply.answer.subscriber.obeyed
    match decision.kind:
        case Kind.OBEY | Kind.OBEY_AND_KEEP if request:
            kept = _keep(reply) if decision.kind is Kind.OBEY_AND_KEEP else Done.OBEYED
            if request.command is Command.STOP or reply.answer.proven:
                return _obey(reply, request, kept)
            return _offer(reply, request, kept)
        case Kind.OBEY:  # a no to an offer
            return Done.DISCARDED
        case Kind.KEEP | Kind.ASK if again:  # obeyed before a crash, and its question has closed since
            return Done.DISCARDED
        case Kind.ASK:
            asking.ask(reply, request.command if request else None)
    return _keep(reply)


def _of_another(reply: Reply) -> Done:
    """Obeys the bare word STOP from another address.

    Sets all other mail aside, offers a bare command in it to the subscriber, and notes it so that a lesson mentions it.
    """
    texts = (reply.text, reply.mail.words_without_original)
    if any(map(replies.says_stop, texts)):
        return _obey(reply, Request(Command.STOP), Done.OBEYED)
    decision = hearing.interpret(reply)
    bare = decision.kind is Kind.OBEY and not reply.answer.confirms
    if bare and decision.request and min(map(len, map(str.split, texts))) <= LONGEST_COMMAND:
        asking.ask(reply, decision.request.command, proven=False)
    clients.subscribers().change(reply.answer.subscriber.id, Subscriber.note_other_address)
    return _set_aside(reply.came, NotTaken(Why.ANOTHER_ADDRESS))


def _obey(reply: Reply, request: Request, kept: Done) -> Done:
    left = obeying.obey(reply, request)
    return _set_aside(reply.came, left) if left else kept


def _offer(reply: Reply, request: Request, kept: Done) -> Done:
    """Offers an unproven command to the subscriber. Sets the mail aside if there is nothing to keep."""
    count(f"Unproven.{request.command}")
    asking.ask(reply, request.command, proven=False)
    return kept if kept is Done.KEPT else _set_aside(reply.came, NotTaken(Why.UNPROVEN_COMMAND))


def _decline(reply: Reply, decision: Decision) -> Done:
    """Handles a reply to the confirmation email that is not a clear yes.

    If it may be a yes, or has a practical question, asks again. STOP or ERASE ends the sign-up. A bare, proven ERASE
    from a person who never confirmed deletes everything about them without another question.
    """
    subscriber = reply.answer.subscriber
    command = decision.request.command if decision.request else None
    if command in (Command.YES, Command.HELP):
        asking.ask(reply, Command.YES)
    elif command is Command.ERASE and decision.kind is Kind.OBEY and not subscriber.round and reply.answer.proven:
        erase(subscriber, reply.now)
        count("Erased")
        return Done.OBEYED
    elif command in (Command.STOP, Command.ERASE) and decision.kind in hearing.OBEYED:
        clients.subscribers().change(subscriber.id, lambda current: current.stopped(Status.UNSUBSCRIBED))
    return _set_aside(reply.came, NotTaken(Why.NO_CLEAR_YES))


def _keep(reply: Reply) -> Done:
    if not reply.text:
        return Done.DISCARDED
    if not reply.answer.proven and not reply.is_among_first("unproven", UNPROVEN_A_DAY):
        count("UnprovenSetAside")
        return _set_aside(reply.came, NotTaken(Why.TOO_MANY_UNPROVEN))
    if not keep(reply.answer, reply.came.mail_id, reply.came.received_at, reply.text):
        return _discard_of_erased()
    clients.subscribers().change(reply.answer.subscriber.id, Subscriber.note_kept_reply)
    count("Reflections")
    return Done.KEPT


def keep(answer: Attribution, mail_id: str, received_at: datetime, text: str) -> bool:
    """Keeps a reply as a reflection. False if the subscriber was erased meanwhile; nothing is kept then."""
    clients.reflections().add(answer.reflection(mail_id, received_at, text))
    if not _is_erased(answer.subscriber.id):  # checked after the write: an erasure may have happened in between
        return True
    clients.reflections().erase(answer.subscriber.id, mail_id)
    return False


def _set_aside(came: Arrival, reason: NotTaken) -> Done:
    """Keeps the raw mail, stores the reason, and sends no answer. Keeps nothing of an erased subscriber."""
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
    with suppress(UnreadableSubscriber, NewerItem):
        return clients.subscribers().get(subscriber_id) is None
    return False
