"""Decides whether a reply is obeyed, kept or asked about: by rules, never by the mood of its text."""

from datetime import date

from replies.decisions import beginning, expressions, whole, wishes, wording
from replies.decisions.context import KEEP, YES_SECTIONS, Context, Kind
from replies.request import Decision, EmailKind, Request

MOST_READ = 2_500
"""Characters. Only so many at each end of a long text are searched for requests."""


def decide(text: str, answered: EmailKind, today: date, first_name: str = "") -> Decision:
    """Decides what a reply asks for. `today` is the local date of the person who wrote it."""
    if len(text) > 2 * MOST_READ:
        text = f"{text[:MOST_READ]}\n{text[-MOST_READ:]}"
    sentences = wording.sentences(text, first_name)
    if not sentences:
        return _without_words(text, answered)
    reply = Context(sentences, wording.unsigned(text, first_name), answered, today)
    found = [each for each in (whole.decide(reply), beginning.decide(reply)) if each]
    obeyed = [each for each in found if each.kind in (Kind.OBEY, Kind.OBEY_AND_KEEP)]
    return next(iter(obeyed or found), None) or wishes.decide(reply) or _otherwise(reply)


def _without_words(text: str, answered: EmailKind) -> Decision:
    """Decides on a reply without words.

    An empty reply to the confirmation email confirms. “👍” may be a yes to the way back.
    """
    if answered is EmailKind.CONFIRM and not text.strip():
        return Decision(Kind.OBEY, Request(Request.Command.YES))
    return Decision(Kind.ASK) if answered is EmailKind.WAY_BACK and text.strip() else KEEP


def _otherwise(reply: Context) -> Decision:
    """Decides on a reply in which no request was found."""
    if reply.answered is EmailKind.WAY_BACK:
        return reply.ask_about("yes")
    if reply.answered is EmailKind.ERASE and _is_half_a_yes(reply):
        return reply.ask_about("yes")
    if reply.answered is EmailKind.CONFIRM and any(sentence.asks for sentence in reply.sentences):
        return reply.ask_about("help")
    return reply.ask_about("yes") if reply.answered is EmailKind.CONFIRM and _leans_to_yes(reply) else KEEP


def _is_half_a_yes(reply: Context) -> bool:
    first = reply.sentences[0].words
    return expressions.begins("hedged_yes", first) and expressions.has("hedges", first) and not reply.has("other")


def _leans_to_yes(reply: Context) -> bool:
    if expressions.begins("hedged_yes", reply.sentences[0].words):
        return True
    pieces = [piece for sentence in reply.sentences[: beginning.MOST_SENTENCES] for piece in sentence.pieces]
    return any(core.section in YES_SECTIONS[EmailKind.CONFIRM] for piece in pieces for core in reply.cores(piece))
