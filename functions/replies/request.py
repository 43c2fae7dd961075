"""The type of a request. It loads nothing else, since the rules of a course import it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its details."""

    class Command(StrEnum):
        """What a subscriber can ask for. The values are also the actions of the subscriber's page."""

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

    command: Command
    until: date | None = None
    """The local day on which a pause ends; None for a pause that waits for its subscriber."""
    hour: int = 0
    """Of the day, for a command TIME: 0 to 23."""
