"""A reply while it is worked on, and what was done with it."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TYPE_CHECKING

from aws import clients
from aws.inbound import Arrival
from course import tokens
from course.commands import Place
from services.attribution import Attribution

if TYPE_CHECKING:
    from replies.reader import Mail


class Done(Enum):
    """What was done with a mail."""

    KEPT = auto()
    OBEYED = auto()
    DISCARDED = auto()
    SET_ASIDE = auto()

    @property
    def deletes_raw_mail(self) -> bool:
        """Whether the raw mail is deleted when the mail is done."""
        return self in (Done.OBEYED, Done.DISCARDED)


@dataclass(frozen=True, slots=True)
class Reply:
    """A mail: how it came, what it says, and which email it answers."""

    came: Arrival
    mail: "Mail"
    answer: Attribution
    place: Place
    """The subscriber's place in the course when the mail first came."""
    text: str
    """The person's own words."""
    now: datetime

    def is_among_first(self, what: str, most: int) -> bool:
        """Whether this mail is among the first `most` mails of its subscriber counted as `what`.

        They count on the UTC day on which they came. A retry is not counted again.
        """
        key = f"{what}#{tokens.nameless(self.answer.subscriber.id)}"
        return clients.limits().admit_of_day(key, self.came.mail_id, most, self.came.received_at)
