"""What can happen at a call that a function makes: a fault under it, something else meanwhile, or a refusal by SES."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from local_cloud.api import Request, form_body
from local_cloud.faults import Fault, Site
from local_cloud.ses_rules import SesError
from tests.faults.life import Life, Someone
from tests.people import one_click


class Other(StrEnum):
    """What else can happen at a call, beside a fault under it."""

    SAME_MEANWHILE = "the same again meanwhile"
    STOP_MEANWHILE = "a stop meanwhile"
    THROTTLED = "SES says too fast"
    REFUSED = "SES refuses the account"
    REJECTED = "SES refuses the address"


Kind = Fault | Other
KINDS: tuple[Kind, ...] = (*Fault, *Other)
ONLY_SES = (Other.THROTTLED, Other.REFUSED, Other.REJECTED)
COSTS_A_DAY = (*Fault, Other.REJECTED)  # a person has to look first
ADDRESS_REFUSED = SesError("MessageRejected", "Address blocked.")
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def possible(site: Site) -> tuple[Kind, ...]:
    """What can happen at this call."""
    return tuple(kind for kind in KINDS if site.operation == "SendEmail" or kind not in ONLY_SES)


@dataclass
class Trouble:
    """Counts the calls, and makes happen at each what the plan says."""

    life: Life
    plan: list[tuple[int, Kind]] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    may_cost: int = 0
    """How many of them may have cost a day."""
    unheard: list[int] = field(default_factory=list)
    """The number of each mail whose reply was lost, if SES took it."""
    _answers: list[tuple[SesError, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        ses = self.life.world.ses
        self._take = ses.send
        ses.send = self._answer  # type: ignore[method-assign]

    def choose(self, site: Site) -> Fault | None:
        self.sites.append(site)
        if not self.plan:
            return None
        calls, kind = self.plan[0]
        self.plan[0] = (calls - 1, kind)
        if calls > 1 or (kind in ONLY_SES and site.operation != "SendEmail"):
            return None
        self.plan.pop(0)
        self.happened.append(f"{kind} at {' '.join(site)}")
        self.may_cost += kind is not Other.SAME_MEANWHILE
        match kind:
            case Fault():
                if site.operation == "SendEmail" and kind in (Fault.CRASH_AFTER, Fault.LOST_AFTER):
                    self.unheard.append(len(self.life.world.emails))
                return kind
            case Other.SAME_MEANWHILE:
                functions = self.life.world.functions
                assert functions.running
                functions.invoke(functions.running, functions.event)
            case Other.STOP_MEANWHILE:
                self._stop()
            case Other.THROTTLED:
                self._refuse(SesError("TooManyRequestsException", "Maximum sending rate exceeded."))
            case Other.REFUSED:
                self._refuse(SesError("SendingPausedException", "Email sending is disabled for this account."))
            case Other.REJECTED:
                self._refuse(ADDRESS_REFUSED)
        return None

    def _stop(self) -> None:
        """Somebody unsubscribes at this very moment, if they have an email that says how."""
        person = self.life.people[0]
        if not person.emails:
            return
        path = one_click(person.emails[-1]).removeprefix(self.life.world.parameters["SiteUrl"])
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", path, headers=headers, body=form_body({"List-Unsubscribe": "One-Click"}))
        before = self._version(person)
        self.life.world.api.handle(request)
        if self._version(person) != before:
            person.leaves()

    def _version(self, person: Someone) -> object:
        rows = [row for row in self.life.stored() if row.get("address") == person.address]
        return rows[0]["version"] if rows else "erased"

    def _refuse(self, error: SesError) -> None:
        """SES's next answer."""
        self._answers.append((error, False))

    def ses_fails(self, answers: int, *, taken: bool) -> None:
        """SES's next answers are errors of its own, whether it took the emails or not."""
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
            self.life.refused |= {(address, tags["email"]) for address in request["Destination"]["ToAddresses"]}
        if taken:
            self.unheard.append(len(self.life.world.emails))
            self._take(request)
        raise error

    @property
    def no_reply(self) -> dict[str, datetime]:
        """Attempts that SES took and whose reply was lost, and when the first event of each came."""
        emails, told = self.life.world.emails, self.life.told
        silent = [emails[number].tags["attempt"] for number in self.unheard if number < len(emails)]
        return {attempt: told.get(attempt, NEVER) for attempt in silent}
