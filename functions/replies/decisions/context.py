"""The context of a decision: the sentences of a reply, and the kind of email that it answers."""

from dataclasses import dataclass
from datetime import date

from replies.decisions import expressions, grammar
from replies.decisions.grammar import Core
from replies.decisions.wording import Sentence
from replies.request import Decision, EmailKind, Request

Command = Request.Command
Kind = Decision.Kind

KEEP = Decision(Kind.KEEP)
ANSWERS = frozenset({"yes", "not-yet", *expressions.BESIDE_A_YES})
"""Sections that mean something only as an answer to a question."""
YES_SECTIONS = {
    EmailKind.CONFIRM: frozenset({"yes", "confirming"}),
    EmailKind.ERASE: frozenset({"yes", "erasing", "erase"}),
}
"""For each question, the sections that count as a yes, alone or together."""
FRAMED = frozenset({"pause", "skip", "resume", "journal", "export", "time"})
"""Commands that are a request as a bare word after “could you”. Stop is not one: “I want to stop” may be about
anything."""

_MEANINGLESS = {
    EmailKind.LESSON: ANSWERS,
    EmailKind.NOTICE: ANSWERS,
    EmailKind.WAY_BACK: frozenset(expressions.BESIDE_A_YES),
    EmailKind.OFFER: frozenset(expressions.BESIDE_A_YES),
    EmailKind.CONFIRM: frozenset({"erasing", "resume", "again", "skip", "time", "pause"}),
    EmailKind.ERASE: frozenset({"confirming"}),
}
"""Sections that mean nothing in a reply to this kind of email."""


@dataclass(frozen=True, slots=True)
class Context:
    """The sentences of a reply to one kind of email."""

    sentences: list[Sentence]
    unsigned: list[Sentence]
    """The sentences without a signature."""
    answered: EmailKind
    today: date
    """The local date of the person who wrote it."""

    @property
    def asks(self) -> bool:
        """Whether the reply ends with a question."""
        return self.sentences[-1].asks

    def cores(self, words: str, *, with_reasons: bool = True) -> list[Core]:
        """Returns the requests that words consist of, in a reply to this kind of email."""
        return grammar.cores(words, self.today, _MEANINGLESS[self.answered], with_reasons=with_reasons)

    def has(self, name: str) -> bool:
        """Whether a sentence has an entry of the list `name` in the frames of any language."""
        return any(expressions.has(name, sentence.words) for sentence in self.sentences)

    def ask_about(self, section: str) -> Decision:
        """Returns the decision to ask whether this section was meant.

        For a yes or a no, the question that was answered is asked again, but a no to an offer is only kept.
        """
        if section not in ANSWERS:
            return Decision(Kind.ASK, Request(Command(section)))
        if self.answered is EmailKind.WAY_BACK:
            return Decision(Kind.ASK)
        if self.answered is EmailKind.OFFER:
            return Decision(Kind.ASK) if section == "yes" else KEEP
        return Decision(Kind.ASK, Request(Command.ERASE if self.answered is EmailKind.ERASE else Command.YES))


def obey_decision(core: Core, *, kept: bool = False) -> Decision:
    """Returns the decision to obey and, if `kept`, also keep the words."""
    command = Command.YES if core.section in expressions.BESIDE_A_YES else Command(core.section)
    return Decision(Kind.OBEY_AND_KEEP if kept else Kind.OBEY, Request(command, core.until, core.hour))
