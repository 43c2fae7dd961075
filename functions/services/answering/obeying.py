"""Obeys a command in a reply once, and answers it once."""

from aws import clients
from aws.log import count
from course import commands, tokens
from course.commands import ERASE_NOTICE, Command, RequestToObey
from course.limits import ANSWERS_AN_HOUR
from course.reflection import NotTaken, Why
from course.subscriber import Subscriber
from replies.request import Request
from services import links
from services.answering.reply import Reply
from services.erasure import erase, may_erase


def obey(reply: Reply, request: Request) -> NotTaken | None:
    """Obeys a request, or returns why the mail is to be set aside instead.

    A mail that is retried after a crash must not undo a later decision or a later sign-up of the subscriber. If the
    subscriber had left the course when the mail first came, they get an answer only about their data.
    """
    came, subscriber, now = reply.came, reply.answer.subscriber, reply.now
    again = came.short_id in subscriber.obeyed
    if not again and commands.too_late(request, reply.answer.notice, came.received_at, now):
        return NotTaken(Why.TOO_LATE)
    count(f"Command.{request.command}")
    answers = reply.answer.notice == ERASE_NOTICE and request.command in (Command.YES, Command.ERASE)
    request = Request(Command.ERASE) if answers else request
    cannot_be_asked = request.command is Command.ERASE and not subscriber.reachable
    if cannot_be_asked or (answers and may_erase(subscriber, came.received_at, now)):
        erase(subscriber, now)  # no notice follows: there is no address left for it
        count("Erased")
        return None
    if request.command is Command.ERASE:
        clients.limits().ask_to_erase(subscriber.id, now)
    asked = RequestToObey(request, reply.answer.course, now, reply.place)

    def decided(current: Subscriber) -> Subscriber:
        if came.short_id in current.obeyed or current.signed_up_since(came.received_at):
            return current
        return asked.apply(current).having_obeyed(came.short_id)

    if after := clients.subscribers().change(subscriber.id, decided):
        _answer(reply, asked, after)
    return None


def _answer(reply: Reply, asked: RequestToObey, after: Subscriber) -> None:
    came = reply.came
    was_in_course = reply.place.in_course and not after.signed_up_since(came.received_at)
    if not (asked.row.about_data or was_in_course):
        return
    always_told = asked.request.command is Command.STOP  # at most once: after it there is no course to stop
    key = f"answers#{tokens.nameless(after.id)}"
    if always_told or clients.limits().admit(key, came.mail_id, ANSWERS_AN_HOUR, reply.now):
        notice = asked.notice(after, reply.place)
        if notice not in links.WITH_JOURNAL_LINK:
            clients.outbox().notice(notice, after.id, after.epoch, came.mail_id)
        elif not links.ask_for_journal(after, notice, came.mail_id, reply.now):
            _tell_of_tomorrow(reply, after)


def _tell_of_tomorrow(reply: Reply, after: Subscriber) -> None:
    """Says once a day that no more journal links are mailed today: a second person may have used them up."""
    key = f"{links.JOURNAL_LATER}#{tokens.nameless(after.id)}"
    if clients.limits().admit_of_day(key, reply.came.mail_id, 1, reply.now):
        clients.outbox().notice(links.JOURNAL_LATER, after.id, after.epoch, reply.came.mail_id)
