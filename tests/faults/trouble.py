"""What can happen at a call that a function makes: a fault under it, something else meanwhile, or a refusal by SES."""

from dataclasses import dataclass, field
from enum import StrEnum

from cli.local.api import Request, form_body
from cli.local.faults import Fault, Site
from cli.local.ses_rules import SesError
from tests.faults.life import Events, Life, Someone


class Other(StrEnum):
    """What else can happen at a call, beside a fault under it."""

    SAME_MEANWHILE = "the same again meanwhile"
    STOP_MEANWHILE = "a stop meanwhile"
    THROTTLED = "SES says too fast"
    REFUSED = "SES refuses the account"


Kind = Fault | Other
KINDS: tuple[Kind, ...] = (*Fault, *Other)
ONLY_SES = (Other.THROTTLED, Other.REFUSED)
COSTS_A_DAY = tuple(Fault)


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
    unheard: list[int] = field(default_factory=list)
    """The number of each mail whose reply was lost, if SES took it."""

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
        match kind:
            case Fault():
                if site.operation == "SendEmail":
                    self.unheard.append(len(self.life.world.mails))
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
        return None

    def _stop(self) -> None:
        """Somebody unsubscribes at this very moment, if they have an email that says how."""
        person = self.life.people[0]
        if not person.mails:
            return
        link = str(person.mails[-1].header("List-Unsubscribe")).strip("<>")
        path = link.removeprefix(self.life.world.parameters["SiteUrl"])
        headers = {"content-type": "application/x-www-form-urlencoded"}
        request = Request("POST", path, headers=headers, body=form_body({"List-Unsubscribe": "One-Click"}))
        before = self._status(person)
        self.life.world.api.handle(request)
        if self._status(person) != before:
            person.leaves()

    def _status(self, person: Someone) -> object:
        rows = [row for row in self.life.stored() if row.get("address") == person.address]
        return rows[0]["status"] if rows else "erased"

    def _refuse(self, error: SesError) -> None:
        """SES's next answer."""
        ses = self.life.world.ses
        take = ses.send

        def refuse(_request: object) -> object:
            ses.send = take  # type: ignore[method-assign]
            raise error

        ses.send = refuse  # type: ignore[method-assign, assignment]

    @property
    def excused(self) -> frozenset[str]:
        """Attempts of which SES said nothing, when its events don't come in time either."""
        if self.life.events not in (Events.LATE, Events.NEVER):
            return frozenset()
        mails = self.life.world.mails
        return frozenset(mails[number].tags["attempt"] for number in self.unheard if number < len(mails))
