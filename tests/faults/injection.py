"""Injects failures at the calls to AWS that a function makes.

There are two kinds of injection. A fault (`local_cloud.faults.Fault`) makes the call crash or lose its request or its
reply. An interference makes something else happen at that moment: another run of the function, a stop, or a refusal by
SES.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from local_cloud.api import Request, form_body
from local_cloud.faults import Fault, Site
from local_cloud.ses_rules import SesError
from tests.faults.simulation import RecordedPerson, Simulation
from tests.people import one_click


class Interference(StrEnum):
    """Everything that can be injected at a call, in addition to a fault."""

    SAME_MEANWHILE = "the same again meanwhile"
    """The same function runs on the same event."""
    STOP_MEANWHILE = "a stop meanwhile"
    """The subscriber unsubscribes."""
    THROTTLED = "SES says too fast"
    REFUSED = "SES refuses the account"
    REJECTED = "SES refuses the address"


Injection = Fault | Interference
INJECTIONS: tuple[Injection, ...] = (*Fault, *Interference)
SES_REFUSALS = (Interference.THROTTLED, Interference.REFUSED, Interference.REJECTED)
COSTS_A_DAY = (*Fault, Interference.REJECTED)  # an operator has to look first
ADDRESS_REFUSED = SesError("MessageRejected", "Address blocked.")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def possible(site: Site) -> tuple[Injection, ...]:
    """Everything that can be injected at this call."""
    return tuple(kind for kind in INJECTIONS if site.operation == "SendEmail" or kind not in SES_REFUSALS)


@dataclass
class FaultInjector:
    """Counts the calls to AWS and injects each pending failure at its call."""

    sim: Simulation
    pending: list[tuple[int, Injection]] = field(default_factory=list)
    """Each injection, after the number of calls since the one before."""
    sites: list[Site] = field(default_factory=list)
    """The calls so far."""
    happened: list[str] = field(default_factory=list)
    """The injections so far, for the report."""
    may_cost: int = 0
    """The number of injections that may have delayed a lesson by a day."""
    unanswered: list[int] = field(default_factory=list)
    """The number of each email that SES took and whose reply was lost."""
    _answers: list[tuple[SesError, bool]] = field(default_factory=list)
    """SES's next answers: an error, and whether SES takes the email nevertheless."""

    def __post_init__(self) -> None:
        ses = self.sim.world.ses
        self._take = ses.send
        ses.send = self._answer  # type: ignore[method-assign]

    def choose(self, site: Site) -> Fault | None:
        """Returns the fault for this call, if one is pending; carries out an interference itself."""
        self.sites.append(site)
        if not self.pending:
            return None
        calls, kind = self.pending[0]
        self.pending[0] = (calls - 1, kind)
        if calls > 1 or (kind in SES_REFUSALS and site.operation != "SendEmail"):
            return None
        self.pending.pop(0)
        self.happened.append(f"{kind} at {' '.join(site)}")
        self.may_cost += kind is not Interference.SAME_MEANWHILE
        match kind:
            case Fault():
                if site.operation == "SendEmail" and kind in (Fault.CRASH_AFTER, Fault.LOST_AFTER):
                    self.unanswered.append(len(self.sim.world.emails))
                return kind
            case Interference.SAME_MEANWHILE:
                functions = self.sim.world.functions
                assert functions.running
                functions.invoke(functions.running, functions.event)
            case Interference.STOP_MEANWHILE:
                self._stop()
            case Interference.THROTTLED:
                self._refuse(SesError("TooManyRequestsException", "Maximum sending rate exceeded."))
            case Interference.REFUSED:
                self._refuse(SesError("SendingPausedException", "Email sending is disabled for this account."))
            case Interference.REJECTED:
                self._refuse(ADDRESS_REFUSED)
        return None

    def _stop(self) -> None:
        """Unsubscribes the first person at this moment, if they have an email with the link."""
        person = self.sim.people[0]
        if not person.emails:
            return
        path = one_click(person.emails[-1]).removeprefix(self.sim.world.parameters["SiteUrl"])
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", path, headers=headers, body=form_body({"List-Unsubscribe": "One-Click"}))
        before = self._version(person)
        self.sim.world.api.handle(request)
        if self._version(person) != before:
            person.leaves()

    def _version(self, person: RecordedPerson) -> object:
        rows = [row for row in self.sim.stored_subscribers() if row.get("address") == person.address]
        return rows[0]["version"] if rows else "erased"

    def _refuse(self, error: SesError) -> None:
        """Makes this error SES's next answer."""
        self._answers.append((error, False))

    def ses_fails(self, answers: int, *, taken: bool) -> None:
        """Makes SES's next answers HTTP 500; `taken` says whether SES takes the emails nevertheless."""
        error = SesError("InternalServiceErrorException", "Try again.")
        error.status = 500
        self._answers = [(error, taken)] * answers

    def _answer(self, request: dict[str, Any]) -> Any:
        if not self._answers:
            return self._take(request)
        error, taken = self._answers.pop(0)
        if error.status >= 500:
            self.happened.append(f"SES answers {error.status}")
            self.may_cost += 1
        if error is ADDRESS_REFUSED:
            tags = {tag["Name"]: tag["Value"] for tag in request["EmailTags"]}
            self.sim.refused |= {(address, tags["email"]) for address in request["Destination"]["ToAddresses"]}
        if taken:
            self.unanswered.append(len(self.sim.world.emails))
            self._take(request)
        raise error

    @property
    def unanswered_attempts(self) -> dict[str, datetime]:
        """The attempts that SES took and whose reply was lost, each with the time of its first event."""
        emails, first_events = self.sim.world.emails, self.sim.first_events
        attempts = [emails[number].tags["attempt"] for number in self.unanswered if number < len(emails)]
        return {attempt: first_events.get(attempt, NEVER) for attempt in attempts}
