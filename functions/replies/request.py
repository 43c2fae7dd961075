"""The types for what a reply asks for. The rules of a course import them, so they import nothing else."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its details."""

    class Command(StrEnum):
        """What a subscriber can ask for. The values are also the actions of the course page.

        A reply never means KEEP: it is only a button.
        """

        STOP = "stop"
        PAUSE = "pause"
        RESUME = "resume"
        SKIP = "skip"
        AGAIN = "again"
        YES = "yes"
        NOT_YET = "not-yet"
        TIME = "time"
        JOURNAL = "journal"
        EXPORT = "export"
        ERASE = "erase"
        HELP = "help"
        KEEP = "keep"

    command: Command
    until: date | None = None
    """The local day on which a pause ends; None for a pause that waits for its subscriber."""
    hour: int = 0
    """Hour of the day for the command TIME, 0 to 23."""


class EmailKind(Enum):
    """The kind of email that a reply answers: the same words can mean different things."""

    LESSON = auto()
    WAY_BACK = auto()
    """The way back: the lesson that asks for a yes or a not yet."""
    CONFIRM = auto()
    """The confirmation email."""
    ERASE = auto()
    """The notice that asks whether to delete everything."""
    OFFER = auto()
    """The notice that asks whether a reply meant a command."""
    NOTICE = auto()
    """Any other notice."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a reply."""

    class Kind(Enum):
        """Whether it is obeyed, and whether its words are kept."""

        OBEY = auto()
        """The whole reply is the request, or a no to an offer: its words are not kept."""
        OBEY_AND_KEEP = auto()
        """The reply begins with the request and says more."""
        ASK = auto()
        """The reply may be a request: its words are kept, and one email offers the command."""
        KEEP = auto()

    kind: Kind
    request: Request | None = None
    """The request that is obeyed or asked about. None if there is none, or if the way back is asked again."""
