"""Asks by email what a reply meant, or offers a command whose sender is unproven."""

from aws import clients
from aws.log import count
from course import tokens
from course.commands import ASK_CONFIRM, ASK_WAY_BACK, ERASE_NOTICE, Command, Question, offer, question
from course.limits import ASKS_A_DAY, HELPS_A_DAY, OF_OTHERS_A_DAY
from services.answering.reply import Reply


def ask(reply: Reply, command: Command | None, *, proven: bool = True) -> None:
    """Asks whether a command was meant, or offers an unproven command to the subscriber's own address.

    If the command is None, YES or NOT_YET, it asks again the question that was answered. The way back is asked about at
    most once a round, and not after the closing letter. A subscriber gets at most ASKS_A_DAY of these emails. They
    count on the UTC day on which the mail came in, so that a retry counts once. Mail from another address causes at
    most OF_OTHERS_A_DAY of them.
    """
    name = _notice(reply, command, proven=proven)
    if not name or (not reply.answer.own_address and not reply.is_among_first("asks-of-others", OF_OTHERS_A_DAY)):
        return
    if command is Command.HELP and not reply.is_among_first("help", HELPS_A_DAY):
        return
    if reply.is_among_first("asks", ASKS_A_DAY) and (name != ASK_WAY_BACK or _first_of_its_round(reply)):
        clients.outbox().notice(name, reply.answer.subscriber.id, reply.answer.epoch, reply.came.mail_id)
        count("Asked")


def _notice(reply: Reply, command: Command | None, *, proven: bool) -> str:
    """The notice that asks; empty if there is nothing left to ask."""
    answer = reply.answer
    if answer.confirms:
        return ASK_CONFIRM
    if command not in (Command.YES, Command.NOT_YET, None):
        return offer(command, proven=proven)
    if answer.notice == ERASE_NOTICE:
        return offer(Command.ERASE, proven=proven)
    asked = question(answer.notice or answer.lesson, answer.course) is Question.WAY_BACK
    at_the_end = answer.subscriber.last_lesson == answer.course.closing
    return ASK_WAY_BACK if asked and answer.is_current and not at_the_end else ""


def _first_of_its_round(reply: Reply) -> bool:
    """Whether no other mail of this round has led to the question about the way back."""
    key = f"way-back#{tokens.nameless(reply.answer.subscriber.id)}#{reply.answer.epoch}#{reply.answer.round}"
    return clients.limits().begin(key, reply.came.mail_id, "", reply.now) is not None
