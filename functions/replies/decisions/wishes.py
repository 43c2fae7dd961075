"""Decides on a wish among other words."""

from collections.abc import Iterator

from replies.decisions import expressions
from replies.decisions.context import ANSWERS, FRAMED, Context
from replies.decisions.expressions import Level
from replies.decisions.grammar import Core
from replies.decisions.wording import Sentence
from replies.request import Decision, EmailKind

MOST_PIECES = 10
"""A sentence with more pieces is not searched for a wish."""
LONGEST_NEAR = 25
"""A sentence with more words is not searched for words that make a request likely. In a reply with more words, a bare
“stop” at the end is not asked about."""
LONGEST_ANNOUNCEMENT = 4
"""A sentence with more words does not announce what somebody said."""


def decide(reply: Context) -> Decision | None:
    """Decides to ask about a wish; returns None if there is none."""
    own = [
        sentence for at, sentence in enumerate(reply.sentences) if not sentence.quotes and not _is_reported(reply, at)
    ]
    wishes = [core for sentence in own for core in _wishes(reply, sentence)]
    if wishes:
        return reply.ask_about(max(wishes, key=lambda core: core.level).section)
    if _ends_with_a_stop(reply):
        return reply.ask_about("stop")
    near = next((command for sentence in own for command in _near_requests(reply, sentence)), None)
    return reply.ask_about(near) if near else None


def _ends_with_a_stop(reply: Context) -> bool:
    """Whether a short reply ends with the bare word: “This is too much. Please stop.”"""
    short = sum(sentence.words.count(" ") + 1 for sentence in reply.sentences) <= LONGEST_NEAR
    last = len(reply.sentences) - 1
    if not last or not short or reply.has("other") or reply.has("speech") or _is_reported(reply, last):
        return False
    cores = reply.cores(reply.sentences[last].words)
    return bool(cores) and all(core.section == "stop" and core.level is Level.WORD for core in cores)


def _is_reported(reply: Context, at: int) -> bool:
    """Whether the sentence before or after says that somebody said it: “She told me: …”."""
    before = reply.sentences[at - 1].words if at else ""
    after = reply.sentences[at + 1].words if at + 1 < len(reply.sentences) else ""
    announced = before.count(" ") < LONGEST_ANNOUNCEMENT and expressions.has("speech", before)
    return announced or expressions.begins("speech", after)


def _wishes(reply: Context, sentence: Sentence) -> Iterator[Core]:
    pieces = sentence.pieces
    if len(pieces) > MOST_PIECES or expressions.has("speech", sentence.words):
        return
    for start in range(len(pieces)):
        before = " ".join(" ".join(pieces[:start]).split()[-3:])
        if expressions.begins("joins", pieces[start]) and expressions.has("not", before):
            continue  # “I don’t want | that the emails stop”
        for end in range(len(pieces), start, -1):
            yield from (core for core in reply.cores(" ".join(pieces[start:end])) if _counts(reply, core))


def _counts(reply: Context, core: Core) -> bool:
    """Whether a core counts as a wish among other words."""
    to_a_notice = reply.answered is EmailKind.NOTICE
    if core.section in ANSWERS or (core.section == "resume" and not to_a_notice):
        return False
    if core.section == "help" and core.level is not Level.ASIDE:
        return core.ours and not reply.has("other")
    match core.level:
        case Level.CLEAR | Level.ASIDE:
            return True
        case Level.WORD:
            return core.framed and core.section in FRAMED
        case Level.HINT:
            return core.ours or to_a_notice
    return False


def _near_requests(reply: Context, sentence: Sentence) -> Iterator[str]:
    """Yields the commands that a sentence may mean, by its words alone."""
    if sentence.words.count(" ") >= LONGEST_NEAR:
        return
    for command in expressions.likely_commands(sentence.words):
        if (command != "help" or sentence.asks) and (command != "resume" or reply.answered is EmailKind.NOTICE):
            yield command
