"""What a reply asks for, as types. They load nothing else, since the rules of a course import them."""

from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum, auto


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its details."""

    class Command(StrEnum):
        """What a subscriber can ask for. The values are also the actions of the subscriber's page.

        A reply never means KEEP, which is only a button.
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
    """Of the day, for a command TIME: 0 to 23."""


class Answered(Enum):
    """What kind of email a reply answers: the same words mean something else."""

    LESSON = auto()
    WAY_BACK = auto()
    """The lesson that asks for a yes or a not yet."""
    CONFIRM = auto()
    """The email that asks to confirm a sign-up."""
    ERASE = auto()
    """The notice that asks whether to delete everything."""
    OFFER = auto()
    """The one that asks whether a reply meant a command."""
    NOTICE = auto()
    """Any other."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a reply."""

    class Kind(Enum):
        """Whether it is obeyed, and whether its words are kept."""

        OBEY = auto()
        """The whole reply is the request, or a no to an offer: nothing is kept."""
        OBEY_AND_KEEP = auto()
        """It begins with the request and says more."""
        ASK = auto()
        """It may be a request: the words are kept, and one email offers the command."""
        KEEP = auto()

    kind: Kind
    request: Request | None = None
    """What is obeyed or asked about. None where nothing is, and where the way back is asked about once more."""
