"""A reply that begins with a request or an answer, and says more."""

from dataclasses import dataclass

from replies.decisions import expressions
from replies.decisions.context import ANSWERS, FRAMED, Context, obeyed
from replies.decisions.expressions import END, Level
from replies.decisions.grammar import Core
from replies.request import Answered, Decision

MOST_SENTENCES = 3
MOST_PIECES = 10
"""Of the beginning of a text."""
SHORT = 4
"""Words of a sentence that takes a yes back wherever the word for it stands: “Yes. I wish.”"""
_WITH_MORE = frozenset({"stop", "pause", "resume", "skip", "time", "again", "journal"})
"""Commands that are obeyed also when more is said behind them: never what is about all that is kept."""


@dataclass(frozen=True, slots=True)
class _Beginning:
    """A core at the beginning, and the words behind it."""

    core: Core
    same_sentence: str
    """The rest of its sentence."""
    following: str
    """The same, or else the next sentence."""

    @property
    def of_others(self) -> bool:
        """Whether what follows is about other people."""
        return expressions.has("other", self.following)

    @property
    def of_oneself(self) -> bool:
        """Whether a sentence about oneself follows."""
        return expressions.begins("first", self.following)


def decided(reply: Context) -> Decision | None:
    """What the beginning asks for; None where it asks for nothing."""
    begun = _begun(reply)
    if begun is None or begun.core.doubted:
        return None
    if reply.sentences[0].quotes or expressions.has("speech", begun.same_sentence):
        return None
    if begun.core.section in ANSWERS:
        return _an_answer(reply, begun)
    if begun.core.section not in _WITH_MORE or expressions.has("speech", begun.following):
        return None
    return _a_command(reply, begun)


def _begun(reply: Context) -> _Beginning | None:
    """The longest beginning that is one request."""
    pieces = [piece for sentence in reply.sentences[:MOST_SENTENCES] for piece in (*sentence.pieces, END)][:-1]
    for end in range(min(len(pieces) - 1, MOST_PIECES), 0, -1):
        cores = reply.cores(" ".join(pieces[:end])) if pieces[end - 1] != END else []
        if len({core.section for core in cores}) == 1 and cores[0].level > Level.ASIDE:
            same_sentence, _, others = f"{' '.join(pieces[end:])} ".partition(f"{END} ")
            following = same_sentence or others.partition(f" {END}")[0]
            return _Beginning(cores[0], same_sentence.strip(), following.strip())
    return None


def _an_answer(reply: Context, begun: _Beginning) -> Decision | None:
    match reply.answered:
        case Answered.ERASE:  # any doubt, and any condition, deletes nothing
            return None
        case Answered.CONFIRM:
            unclear = any(sentence.asks for sentence in reply.sentences) or _is_hedged(begun)
            unclear = unclear or expressions.has("questions", begun.same_sentence)
            unclear = unclear or expressions.begins("reasons", begun.following)
            if begun.core.section == "not-yet":
                return None
            return reply.asked("yes") if unclear else obeyed(begun.core, kept=True)
    if reply.answered is Answered.OFFER:  # only a bare answer is one to it
        return reply.asked(begun.core.section)
    if begun.core.section == "yes":
        in_short = begun.following.count(" ") < SHORT and expressions.has("hedges", begun.following)
        unclear = in_short or expressions.begins("hedges", begun.following) or _is_hedged(begun)
        unclear = unclear or expressions.begins("reasons", begun.same_sentence)
    else:
        unclear = expressions.begins("or", begun.following) or expressions.has("or", begun.same_sentence)
    return reply.asked(begun.core.section) if unclear else obeyed(begun.core, kept=True)


def _is_hedged(begun: _Beginning) -> bool:
    """Whether the sentence takes it back, or puts a condition on it."""
    return expressions.has("hedges", begun.same_sentence)


def _a_command(reply: Context, begun: _Beginning) -> Decision | None:
    core = begun.core
    if core.section == "pause" and core.until:
        sure = begun.of_oneself or not begun.same_sentence
        return obeyed(core, kept=True) if sure else reply.asked(core.section)
    if core.level is not Level.CLEAR:
        return reply.asked(core.section) if _is_likely(begun) else None
    if core.section in ("stop", "again") and not core.ours:  # “stop writing to me” may be what somebody else wrote
        return None if begun.of_others else reply.asked(core.section)
    return obeyed(core, kept=True) if _is_sure(reply, begun) else reply.asked(core.section)


def _is_sure(reply: Context, begun: _Beginning) -> bool:
    """Whether a clear request stands without a condition, a second one, and other people.

    A stop must be followed by a reason of one's own: “Unsubscribe. Block. Mute.” is a list.
    """
    conditional = expressions.has("conditions", begun.same_sentence)
    wants_more = any(other.level > Level.ASIDE for other in reply.cores(begun.following))
    asked = reply.sentences[0].asks and not begun.core.framed
    reasoned = begun.core.section not in ("stop", "again") or begun.of_oneself
    return reasoned and not (begun.of_others or conditional or wants_more or asked)


def _is_likely(begun: _Beginning) -> bool:
    """Whether a bare word in a sentence of its own is meant for us: “Pause. I have exams.”, not “Stop. Breathe.”."""
    core = begun.core
    alone = core.level is Level.WORD and core.section in FRAMED | {"stop"} and not begun.same_sentence
    return alone and begun.of_oneself and not begun.of_others
