"""A reply that is to be decided on: its sentences, and what kind of email it answers."""

from dataclasses import dataclass
from datetime import date

from replies.decisions import expressions, grammar
from replies.decisions.grammar import Core
from replies.decisions.wording import Sentence
from replies.request import Answered, Decision, Request

Command = Request.Command
Kind = Decision.Kind

KEEP = Decision(Kind.KEEP)
ANSWERS = frozenset({"yes", "not-yet", *expressions.BESIDE_A_YES})
"""Sections that mean something only in answer to a question."""
BESIDE_YES = {
    Answered.CONFIRM: frozenset({"yes", "confirming"}),
    Answered.ERASE: frozenset({"yes", "erasing", "erase"}),
}
"""What together is a yes."""
FRAMED = frozenset({"pause", "skip", "resume", "journal", "export", "time"})
"""Commands that are one also as a bare word behind “could you”. “I want to stop” may be about anything."""

_LEFT_OUT = {
    Answered.LESSON: ANSWERS,
    Answered.NOTICE: ANSWERS,
    Answered.WAY_BACK: frozenset(expressions.BESIDE_A_YES),
    Answered.OFFER: frozenset(expressions.BESIDE_A_YES),
    Answered.CONFIRM: frozenset({"erasing", "resume", "again", "skip", "time", "pause"}),
    Answered.ERASE: frozenset({"confirming"}),
}
"""Sections that mean nothing in answer to such an email."""


@dataclass(frozen=True, slots=True)
class Context:
    """The sentences of a reply to one kind of email."""

    sentences: list[Sentence]
    unsigned: list[Sentence]
    """The same without a signature."""
    answered: Answered
    today: date
    """The local day of the person who wrote it."""

    @property
    def asks(self) -> bool:
        """Whether it ends with a question."""
        return self.sentences[-1].asks

    def cores(self, words: str, *, with_reasons: bool = True) -> list[Core]:
        """The requests that words consist of, here."""
        return grammar.cores(words, self.today, _LEFT_OUT[self.answered], with_reasons=with_reasons)

    def has(self, name: str) -> bool:
        """Whether an entry of the list `name` of any language's frames stands in a sentence."""
        return any(expressions.has(name, sentence.words) for sentence in self.sentences)

    def asked(self, section: str) -> Decision:
        """Kept, and asked about: a command, or the question that was answered."""
        if section not in ANSWERS:
            return Decision(Kind.ASK, Request(Command(section)))
        if self.answered is Answered.WAY_BACK:
            return Decision(Kind.ASK)
        if self.answered is Answered.OFFER:
            return Decision(Kind.ASK) if section == "yes" else KEEP
        return Decision(Kind.ASK, Request(Command.ERASE if self.answered is Answered.ERASE else Command.YES))


def obeyed(core: Core, *, kept: bool = False) -> Decision:
    """Obeyed, and perhaps kept as well."""
    command = Command.YES if core.section in expressions.BESIDE_A_YES else Command(core.section)
    return Decision(Kind.OBEY_AND_KEEP if kept else Kind.OBEY, Request(command, core.until, core.hour))
