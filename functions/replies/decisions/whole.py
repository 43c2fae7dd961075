"""Decides on a reply that has only requests, answers and courtesies."""

from dataclasses import replace

from replies import tables
from replies.decisions import typos
from replies.decisions.context import ANSWERS, FRAMED, KEEP, YES_SECTIONS, Context, obey_decision
from replies.decisions.expressions import END, Level
from replies.decisions.grammar import Core
from replies.request import Decision, EmailKind

GRAVE = frozenset({"stop", "again", "erase"})
"""Commands that are obeyed in free wording only if it speaks of the course."""


def decide(reply: Context) -> Decision | None:
    """Decides what the whole reply asks for; None if it has other words."""
    said, unsigned = (
        f" {END} ".join(sentence.words for sentence in sentences) for sentences in (reply.sentences, reply.unsigned)
    )
    cores = reply.cores(said) or reply.cores(unsigned) or reply.cores(typos.corrected(unsigned))
    if not cores:
        return None
    core = max(cores, key=_weight)
    yes = {core.section for core in cores} <= YES_SECTIONS.get(reply.answered, frozenset())
    if not yes and core.section not in ANSWERS:
        return _a_command(reply, cores, core)
    cores = reply.cores(said, with_reasons=False) or reply.cores(typos.corrected(said), with_reasons=False)
    if not cores:  # in addition to the answer, there is a reason, or a name that may be no signature
        return None
    return _a_yes(reply, cores) if yes else _an_answer(reply, cores, core)


def _weight(core: Core) -> tuple[bool, bool, Level, bool]:
    """Ranks a core. The highest one of a reply decides.

    A command ranks above an answer, then a core with the end of a pause above one without, and then the clearer level
    above the other. Of equals, erase ranks above stop, because erasing includes stopping.
    """
    return core.section not in ANSWERS, bool(core.until), core.level, core.section == "erase"


def _a_yes(reply: Context, cores: list[Core]) -> Decision:
    """Decides on a yes to the confirmation email, or to the question whether to delete everything."""
    near = any(core.level <= Level.ASIDE or core.doubted for core in cores)
    if near or reply.asks or reply.sentences[0].quotes:
        return reply.ask_about("yes")
    return obey_decision(replace(cores[0], section="yes"))


def _an_answer(reply: Context, cores: list[Core], core: Core) -> Decision:
    """Decides on a reply that is only a yes or a not yet."""
    if core.section == "not-yet" and reply.answered in (EmailKind.CONFIRM, EmailKind.ERASE):
        return KEEP
    one = len({each.section for each in cores}) == 1 and core.level > Level.ASIDE
    return obey_decision(core) if one and not core.doubted and not reply.asks else reply.ask_about(core.section)


def _a_command(reply: Context, cores: list[Core], core: Core) -> Decision | None:
    if core.section == "resume" and core.level < Level.WORD and reply.answered is not EmailKind.NOTICE:
        return KEEP
    refused = any(each.section == "not-yet" for each in cores)
    if refused and core.section == "erase":
        return KEEP
    asks = refused and any(sentence.asks for sentence in reply.sentences)
    if _is_sure(reply, cores) and not _is_about_anything(reply, core) and core.level > Level.ASIDE and not asks:
        return obey_decision(core)
    reported = reply.has("other" if core.section == "help" else "speech")
    return None if reported and core.level is Level.HINT else reply.ask_about(core.section)


def _is_sure(reply: Context, cores: list[Core]) -> bool:
    """Whether it asks, without doubt, for one command, or for stop and erase, which go together."""
    commands = {core.section for core in cores} - ANSWERS
    doubted = any(core.doubted or (reply.asks and core.level <= Level.ASIDE) for core in cores)
    return not doubted and (len(commands) == 1 or commands == {"stop", "erase"})


def _is_about_anything(reply: Context, core: Core) -> bool:
    """Whether it may be about the person's life: “I want to stop”, “Again?”, “I don’t need you”, a quotation."""
    first = reply.sentences[0]
    if core.section in GRAVE and first.quotes and first.words not in tables.words("stop.taught"):
        return True
    if core.level is Level.WORD:
        return core.section not in FRAMED if core.framed else reply.asks and core.section != "help"
    return core.section in GRAVE and not core.ours
