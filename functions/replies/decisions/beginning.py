"""Decides on a reply that begins with a request or an answer, and says more."""

from dataclasses import dataclass

from replies.decisions import expressions
from replies.decisions.context import ANSWERS, FRAMED, Context, obey_decision
from replies.decisions.expressions import END, Level
from replies.decisions.grammar import Core
from replies.request import Decision, EmailKind

MOST_SENTENCES = 3
"""A request or an answer at the beginning is searched for in so many sentences."""
MOST_PIECES = 10
"""A request or an answer at the beginning has at most so many pieces. The end of a sentence counts as a piece."""
SHORT = 4
"""If at most so many words follow a yes, a hedge anywhere in them makes it unclear: “Yes. I wish.”"""
_OBEYED_WITH_MORE = frozenset({"stop", "pause", "resume", "skip", "time", "again", "journal"})
"""Commands that are obeyed even if more text follows. Commands about all stored data are not among them."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """A core at the beginning, and the words after it."""

    core: Core
    same_sentence: str
    """The rest of its sentence."""
    following: str
    """The rest of its sentence or, if that is empty, the next sentence."""

    @property
    def about_others(self) -> bool:
        """Whether the following words are about other people."""
        return expressions.has("other", self.following)

    @property
    def about_oneself(self) -> bool:
        """Whether the following words begin a sentence about the person."""
        return expressions.begins("first", self.following)


def decide(reply: Context) -> Decision | None:
    """Decides by the beginning of a reply; None if it asks for nothing."""
    beginning = _beginning(reply)
    if beginning is None or beginning.core.doubted:
        return None
    if reply.sentences[0].quotes or expressions.has("speech", beginning.same_sentence):
        return None
    if beginning.core.section in ANSWERS:
        return _an_answer(reply, beginning)
    if beginning.core.section not in _OBEYED_WITH_MORE or expressions.has("speech", beginning.following):
        return None
    return _a_command(reply, beginning)


def _beginning(reply: Context) -> _Beginning | None:
    """Returns the longest beginning that is one request."""
    pieces = [piece for sentence in reply.sentences[:MOST_SENTENCES] for piece in (*sentence.pieces, END)][:-1]
    for end in range(min(len(pieces) - 1, MOST_PIECES), 0, -1):
        cores = reply.cores(" ".join(pieces[:end])) if pieces[end - 1] != END else []
        if len({core.section for core in cores}) == 1 and cores[0].level > Level.ASIDE:
            same_sentence, _, others = f"{' '.join(pieces[end:])} ".partition(f"{END} ")
            following = same_sentence or others.partition(f" {END}")[0]
            return _Beginning(cores[0], same_sentence.strip(), following.strip())
    return None


def _an_answer(reply: Context, beginning: _Beginning) -> Decision | None:
    match reply.answered:
        case EmailKind.ERASE:  # with any doubt or condition, nothing is deleted
            return None
        case EmailKind.CONFIRM:
            unclear = any(sentence.asks for sentence in reply.sentences) or _is_hedged(beginning)
            unclear = unclear or expressions.has("questions", beginning.same_sentence)
            unclear = unclear or expressions.begins("reasons", beginning.following)
            if beginning.core.section == "not-yet":
                return None
            return reply.ask_about("yes") if unclear else obey_decision(beginning.core, kept=True)
    if reply.answered is EmailKind.OFFER:  # only a bare answer answers an offer
        return reply.ask_about(beginning.core.section)
    if beginning.core.section == "yes":
        in_short = beginning.following.count(" ") < SHORT and expressions.has("hedges", beginning.following)
        unclear = in_short or expressions.begins("hedges", beginning.following) or _is_hedged(beginning)
        unclear = unclear or expressions.begins("reasons", beginning.same_sentence)
    else:
        unclear = expressions.begins("or", beginning.following) or expressions.has("or", beginning.same_sentence)
    return reply.ask_about(beginning.core.section) if unclear else obey_decision(beginning.core, kept=True)


def _is_hedged(beginning: _Beginning) -> bool:
    """Whether its sentence takes the answer back, or puts a condition on it."""
    return expressions.has("hedges", beginning.same_sentence)


def _a_command(reply: Context, beginning: _Beginning) -> Decision | None:
    core = beginning.core
    if core.section == "pause" and core.until:
        sure = beginning.about_oneself or not beginning.same_sentence
        return obey_decision(core, kept=True) if sure else reply.ask_about(core.section)
    if core.level is not Level.CLEAR:
        return reply.ask_about(core.section) if _is_likely(beginning) else None
    if core.section in ("stop", "again") and not core.ours:  # somebody else may have written “stop writing to me”
        return None if beginning.about_others else reply.ask_about(core.section)
    return obey_decision(core, kept=True) if _is_sure(reply, beginning) else reply.ask_about(core.section)


def _is_sure(reply: Context, beginning: _Beginning) -> bool:
    """Whether a clear request has no condition, no second request, and no other people in it.

    A stop must be followed by the person's own reason: “Unsubscribe. Block. Mute.” is a list.
    """
    conditional = expressions.has("conditions", beginning.same_sentence)
    wants_more = any(other.level > Level.ASIDE for other in reply.cores(beginning.following))
    asked = reply.sentences[0].asks and not beginning.core.framed
    reasoned = beginning.core.section not in ("stop", "again") or beginning.about_oneself
    return reasoned and not (beginning.about_others or conditional or wants_more or asked)


def _is_likely(beginning: _Beginning) -> bool:
    """Whether a sentence of one word is meant for us: “Pause. I have exams.”, not “Stop. Breathe.”."""
    core = beginning.core
    alone = core.level is Level.WORD and core.section in FRAMED | {"stop"} and not beginning.same_sentence
    return alone and beginning.about_oneself and not beginning.about_others
