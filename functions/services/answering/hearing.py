"""Decides what a reply asks for, by the rules of the course."""

import replies
from course import commands
from course.commands import ASK_CONFIRM, ERASE_NOTICE, Command, Question
from course.record import CONFIRM
from replies.request import Decision, EmailKind, Request
from services.answering.reply import Reply
from services.attribution import Attribution

OBEYED = (Decision.Kind.OBEY, Decision.Kind.OBEY_AND_KEEP)

KINDS = {Question.WAY_BACK: EmailKind.WAY_BACK, Question.ERASURE: EmailKind.ERASE, Question.OFFER: EmailKind.OFFER}
"""The kind of email that asks each question."""


def interpret(reply: Reply) -> Decision:
    """Decides what to do with a reply.

    If our email has changed since it was sent, its quote can look like the person's own words. So,
    unless its request is obeyed already, the reply is read a second time without the original. The second reading
    counts if it is plainly a request. In a reply to a lesson, it counts only if it asks for STOP.
    """
    decision = _decided(reply, reply.text)
    if decision.kind in OBEYED:
        return decision
    bare_text = reply.mail.words_without_original
    if bare_text == reply.text:
        return decision
    bare = _decided(reply, bare_text)
    plain = bare.kind is Decision.Kind.OBEY and bare.request
    return bare if plain and (reply.answer.notice or plain.command is Command.STOP) else decision


def _decided(reply: Reply, text: str) -> Decision:
    answer = reply.answer
    decision = _read_as(answer, text)
    if offered := commands.offered(answer.notice):
        decision = _to_an_offer(decision, offered)
    if decision.kind not in OBEYED or decision.request is None:
        return decision
    return Decision(decision.kind, commands.within_limits(decision.request, answer.today))


def _read_as(answer: Attribution, text: str) -> Decision:
    """Decides what the words ask for.

    After the confirmation, a reply to the confirmation email is read as a reply to a notice, unless it is another yes.
    """
    answered = kind(answer)
    kinds = (answered,) if answered is not EmailKind.CONFIRM or answer.confirms else (answered, EmailKind.NOTICE)
    told = [replies.decide(text, each, answer.today, answer.subscriber.first_name) for each in kinds]
    obeyed = [decision for decision in told if decision.kind in OBEYED]
    heard = [decision for decision in reversed(told) if decision.kind is not Decision.Kind.KEEP]
    return next(iter(obeyed or heard or told))


def _to_an_offer(decision: Decision, offered: Command) -> Decision:
    """Reads a bare yes to an offer as the offered command, and a bare no as no request.

    A yes to the offer of another hour names no hour, so the hour is asked for again.
    """
    if decision.kind is Decision.Kind.ASK and decision.request is None:
        return Decision(Decision.Kind.ASK, Request(offered))
    if decision.request is None or decision.request.command not in (Command.YES, Command.NOT_YET):
        return decision
    if decision.request.command is Command.NOT_YET:
        return Decision(Decision.Kind.OBEY)
    return Decision(Decision.Kind.ASK if offered is Command.TIME else Decision.Kind.OBEY, Request(offered))


def kind(answer: Attribution) -> EmailKind:
    """The kind of email that was answered. The question of an earlier round is closed."""
    if answer.confirms or answer.notice in (CONFIRM, ASK_CONFIRM):
        return EmailKind.CONFIRM
    closed = not answer.is_current and answer.notice != ERASE_NOTICE
    question = None if closed else commands.question(answer.notice or answer.lesson, answer.course)
    return KINDS[question] if question else EmailKind.NOTICE if answer.notice else EmailKind.LESSON
