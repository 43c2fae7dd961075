"""People in a world in which things go wrong: they try again, schedules fire, messages come back, an operator looks.

Time hops from one thing that can happen to the next. What people do is kept as the deeds that the oracle judges by.
"""

import json
import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from moto.dynamodb.models import dynamodb_backends

from cli.operate import adds_up
from course.tokens import CONFIRM_LIFE
from local_cloud import clients
from local_cloud.api import Response
from local_cloud.clients import Place
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from local_cloud.physical import ACCOUNT, REGION
from local_cloud.ses_events import SesEvent
from tests.faults.kept import judge_kept
from tests.faults.onlooker import judge_onlooker
from tests.faults.oracle import Deed, Lesson, Story, Tally, judge
from tests.people import Person, one_click

PLAN = ("intro", "acknowledge", "safety-first", "keep-showing-up")
"""Of the short course that these worlds have."""
WAY_BACK = PLAN[-2]
TICK = timedelta(minutes=5)
SOON = timedelta(hours=1)
"""What a reply or an event asks for counts by then, however often its message has to come back."""
LATE = timedelta(hours=26)
AUDIT_HOUR = 3
PATIENCE = 4
"""How often a person presses a button that answers with an error."""


class Events(StrEnum):
    """When SES's events come."""

    ON_TIME = "on time"
    BEFORE_THE_COMMIT = "before the commit"
    TWICE = "twice"
    REVERSED = "reversed"
    LATE = "26 h late"
    NEVER = "never"


class Unanswered(Exception):
    """A page answered with an error at every try, or an email never came."""


class AnotherTurn(Exception):
    """The story took another turn: without an email or a place in the course, a person can't do what comes next."""


@dataclass
class Someone(Person):
    """A person who tries again, and what they did."""

    life: "Life" = field(kw_only=True)
    deeds: list[Deed] = field(default_factory=list)
    asked: datetime | None = None  # when they signed up, until they confirm
    wrote: list[tuple[datetime, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    """Which are words where the question that was asked is another, or not open any more."""
    waking: Deed | None = None  # the end of a pause that ends by itself
    skipped: set[str] = field(default_factory=set)
    left: bool = False  # unsubscribed: nothing but a fresh sign-up starts anything
    erased: bool = False
    is_to_be_told: bool = False
    """Whether the last email has to say that everything was erased."""

    def did(self, kind: str, at: datetime | None = None, zone: str = "", hour: int = 0) -> None:
        claimed = self.life.claimed(self.address) if kind == "stop" else ""
        deed = Deed(at or self.world.now(), kind, zone, hour, claimed)
        if self.waking and deed.at < self.waking.at and kind in ("start", "stop", "clock"):
            self.deeds.remove(self.waking)
            day, self.waking = self.waking.day, None
            if kind == "clock":  # the day on which it goes on is one of the new zone
                self.wakes(day, zone)
        self.deeds.append(deed)

    def wakes(self, day: date | None, zone: str) -> None:
        """Has paused until this local day."""
        assert day
        at = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        self.waking = Deed(at, "start", day=day)
        self.deeds.append(self.waking)

    def asks(self, method: str, path: str, form: dict[str, str] | None = None, minutes: int = 1) -> Response:
        """Opens a page or presses a button, again if it answers with an error. Raises Unanswered."""
        for _ in range(PATIENCE):
            answer = self.world.request(method, path, form=form, source_ip=self.source_ip, drain=False)
            if answer.status < 500:
                self.life.settle()
                return answer
            self.life.until(self.world.now() + timedelta(minutes=minutes))
        raise Unanswered(f"{method} {path.partition('/')[0]}")

    def signs_up(self, path: str = "/sign-up", **changed: str) -> Response:
        page = self.asks("GET", "/").text
        form_time = re.search(r'name="form_time" value="([^"]+)"', page)
        assert form_time
        self.life.until(self.world.now() + timedelta(seconds=10))
        filled = {"course": "rebuild-trust", "form_time": form_time[1], "website": "", "address": self.address}
        filled |= {"first_name": self.first_name, "zone": self.zone, "hour": str(self.hour), "consent": "yes"}
        self.asked = self.world.now()
        answer = self.asks("POST", path, filled | changed)
        self.life.until(self.world.now() + SOON)
        return answer

    def confirms(self) -> Response:
        """Waits for the email, for two days at the most."""
        self.did("clock", zone=self.zone, hour=self.hour)
        for _ in range(48):
            if self.asks_to_confirm():
                break
            if self.left:
                raise AnotherTurn
            self.life.until(self.world.now() + timedelta(hours=1))
        else:
            raise Unanswered("no email to confirm came")
        before = self.world.now()
        answer = self.asks("POST", self.link("/confirm/"), {})
        if answer.status == 200:
            stopped = any(deed.kind == "stop" and deed.at >= before for deed in self.deeds)  # meanwhile
            self._starts(before)  # it counts from the first try, which may have been stored
            self.left = stopped
        elif self.lessons:  # the first try was stored, and a stop has come since
            self.deeds.insert(0, Deed(before, "start"))
        self.life.until(self.world.now() + SOON)
        return answer

    def confirms_by_reply(self) -> None:
        self.did("clock", zone=self.zone, hour=self.hour)
        self._starts(self.world.now())
        self.replies("YES")

    def _starts(self, at: datetime) -> None:
        self.did("start", at)
        self.asked, self.left = None, False

    def asks_to_confirm(self) -> bool:
        """Whether the last email asks to confirm the last sign-up, that is still to be done, and it still works."""
        if not self.asked or not self.emails or self.emails[-1].tags["email"] != "confirm":
            return False
        came = self.emails[-1].at
        return self.asked <= came and self.world.now() + SOON < came + CONFIRM_LIFE

    def latest(self) -> SentEmail:
        if not self.emails:
            raise AnotherTurn
        return self.emails[-1]

    @property
    def page_url(self) -> str:
        if all(email.tags["email"] == "confirm" for email in self.emails):
            raise AnotherTurn
        return super().page_url

    def joins(self) -> "Someone":
        self.signs_up()
        self.confirms()
        return self

    def presses(self, action: str, **fields: str) -> Response:
        """A button of their page. What starts something counts from the first try, what stops it from the answer."""
        before = self.world.now()
        answer = self.asks("POST", f"{self.page_url}/{action}", fields)
        if answer.status >= 400:
            return answer  # the page of an earlier sign-up
        match action:
            case "stop":
                self.leaves()
            case "pause":
                self.did("stop")
            case "yes":
                self.did("yes")
            case "time":
                self.did("clock", before, fields["zone"], int(fields["hour"]))
            case _ if not self.left:
                self.did("start", before)
        self.life.settle()
        return answer

    def one_click(self, email: SentEmail) -> None:
        """Unsubscribes by the link in a mail's header, as a mail client does; not from a later sign-up."""
        self.asks("POST", one_click(email), {"List-Unsubscribe": "One-Click"})
        if self.is_current(email):
            self.leaves()

    def erases(self) -> Response:
        """Has everything deleted, behind a journal link."""
        answer = self.asks("POST", f"{self.journal_url}/erase", {"sure": "yes"})
        if answer.status < 400:
            self.leaves()
            self.erased = self.is_to_be_told = True
        return answer

    @property
    def journal_url(self) -> str:
        """The last journal link that came, after asking for one."""
        self.asks("POST", f"{self.page_url}/journal", {})
        self.life.until(self.world.now() + SOON)
        mailed = (url for email in reversed(self.emails) for _, url in email.links() if "/journal/" in url)
        if not (last := next(mailed, "")):
            raise AnotherTurn
        return last

    def is_current(self, email: SentEmail) -> bool:
        """Whether a mail is of the last sign-up."""
        return email.tags["epoch"] == max((email.tags["epoch"] for email in self.emails), key=int)

    def leaves(self, at: datetime | None = None) -> None:
        """Is unsubscribed, bounced or erased from then on."""
        self.did("stop", at)
        self.left, self.asked = True, None

    def replies(
        self, text: str, email: SentEmail | None = None, client: str = "gmail", place: Place = Place.ABOVE
    ) -> None:
        """What it asks for counts within the hour."""
        answered = email or self.latest()
        now = self.world.now()
        raw = clients.reply(client, answered, text, now, place)
        self.world.deliver(raw, clients.reply_address(answered), drain=False)
        if text.endswith("."):  # words, and no command
            self.wrote.append((now, text))
        elif text == "Not yet" or (text == "YES" and answered.tags["email"] not in ("confirm", "erase")):
            self.answers.append(text)
        if self.is_current(answered):
            match text:
                case "STOP":
                    self.leaves(now + SOON)
                case "PAUSE":
                    self.did("stop", now + SOON)
                case "PAUSE 2 DAYS":
                    self.did("stop", now + SOON)
                    if not self.left:
                        zone = next(deed.zone for deed in reversed(self.deeds) if deed.kind == "clock")
                        self.wakes(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=2), zone)
                case "SKIP":
                    self.skipped.add(str(self.row.get("next_lesson")))
                case "YES" if answered.tags["email"] == "erase":
                    self.leaves(now + SOON)
                    self.erased = True
                case "YES":
                    self.did("yes")
                case "Not yet" if answered.tags["email"] == WAY_BACK and not self.left:
                    self.did("start", now)
        self.life.until(now + SOON)

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons that SES took for them."""
        return [
            Lesson(email.at, int(tags["epoch"]), int(tags["round"]), tags["email"], tags["attempt"])
            for email in self.emails
            if (tags := email.tags)["email"] in PLAN
        ]


class Life:
    """A world whose time is moved, whose events come as they are set to, and whose operator looks once a day."""

    def __init__(self, world: World, events: Events) -> None:
        self.world = world
        self.events = events
        self.people: list[Someone] = []
        self.outages: list[tuple[datetime, datetime]] = []
        self.removed: set[str] = set()
        self.told: dict[str, datetime] = {}  # when the first event of each attempt came
        self.refused: set[tuple[str, str]] = set()  # addresses that SES refused, and of which email
        self._asleep = False
        self._later: list[tuple[datetime, SesEvent]] = []
        self._publish = world.ses.publish
        self._alarm: datetime | None = None
        self.audit_every = timedelta(days=1)
        self._next_audit = world.start.replace(hour=AUDIT_HOUR, minute=0, second=0) + timedelta(days=1)
        self._idle = 0
        # Ids are hashes by this key, and the minute at which somebody is due is one of the id.
        secret = world.resources.ref("SigningSecret")
        world.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString='{"1": "the same in every life"}')
        world.ses.publish = self._come  # type: ignore[method-assign]
        world.ses.max_send_rate = 1000.0
        for schedule in world.schedules:  # they are fired here, when something can come of it
            schedule.next_at = datetime.max.replace(tzinfo=UTC)

    def person(self, name: str, **more: Any) -> Someone:
        """Somebody new, with a network of their own."""
        number = len(self.people)
        someone = Someone(
            self.world, f"{name}@example.net", name.title(), source_ip=f"198.51.100.{number}", life=self, **more
        )
        self.people.append(someone)
        return someone

    # ---------------------------------------------------------------- what comes of itself

    def settle(self) -> None:
        """Every message that can be received is worked on, and what comes of it."""
        self.world.drain()
        if self.events is Events.REVERSED and self._later:
            came, self._later = self._later, []
            for _, event in reversed(came):
                self._tell(event)
            self.world.drain()

    def until(self, at: datetime) -> None:
        """Time goes on to there, from one thing that can happen to the next."""
        self.settle()
        while (next_at := self._next()) <= at:
            self.world._move_to(next_at)
            self._happen()
            self.settle()
        self.world._move_to(at)

    def days(self, number: int = 1) -> None:
        """Goes on to eight in the evening, UTC, of a later day."""
        day = self.world.now() + timedelta(days=number)
        self.until(day.replace(hour=20, minute=0, second=0, microsecond=0))

    def sleep(self, time: timedelta) -> None:
        """Goes on by a time in which the scheduler fires nothing."""
        start, self._asleep = self.world.now(), True
        self.until(start + time)
        self._asleep = False
        self.outages.append((start, self.world.now()))
        self._next_audit = max(self._next_audit, self.world.now())

    def years_later(self, time: timedelta) -> None:
        """Goes on by a time in which nothing is due, without its audits but the last."""
        self._next_audit = self.world.now() + time
        self.until(self._next_audit)

    def _next(self) -> datetime:
        now = self.world.now()
        times = [at for at, _ in self._later]
        times += [at for source in self.world.event_sources if (at := source.next_visible())]
        if self._asleep:
            return min(times, default=datetime.max.replace(tzinfo=UTC))
        times.append(self._next_audit)
        if self._alarm:
            times.append(self._alarm + SOON)
        if due := self._due():
            wait = TICK * 2 ** min(self._idle, 4)  # nobody waits for a tick that does nothing
            times.append(max(_tick_after(min(due)), _tick_after(now + wait - TICK)))
        return min(times)

    def _happen(self) -> None:
        now = self.world.now()
        due_now, self._later = [e for e in self._later if e[0] <= now], [e for e in self._later if e[0] > now]
        for _, event in due_now:
            self._tell(event)
        if self._asleep:
            return
        if now >= self._next_audit:
            self._next_audit += self.audit_every
            self.look_after()
        if self._alarm and now >= self._alarm + SOON:
            self._alarm = None
            self.look_after()
        before = self._due()
        if before and min(before) <= now:
            self.world.invoke("dispatch", {})
            self.settle()
            self._idle = self._idle + 1 if self._due() == before else 0
        if any("held" in row for row in self.stored()):
            self._alarm = self._alarm or now

    def _due(self) -> list[datetime]:
        """When each who waits is due: it decides when time stops, and nothing else."""
        return sorted(datetime.fromisoformat(str(row["due_at"])) for row in self.stored() if "due_shard" in row)

    def stored(self) -> list[dict[str, object]]:
        """The plain values of all subscribers' items, read past boto3 and the world's lock."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[self.world.resources.ref("Subscribers")]
        return [{name: value.value for name, value in item.attrs.items()} for item in table.all_items()]

    def claimed(self, address: str) -> str:
        """The attempt that holds the claim on this address now."""
        claims = [row["claim"] for row in self.stored() if row.get("address") == address and "claim" in row]
        return str(claims[0]["attempt"].value) if claims else ""  # type: ignore[index]

    def trace(self) -> Hashable:
        """All that is kept and on its way, but for what differs between two runs alike: ids, versions, seconds.

        Two lives with the same trace after the same step go on alike.
        """
        tables = dynamodb_backends[ACCOUNT][REGION].tables.values()
        items = [(table.name, item.to_json()["Attributes"]) for table in tables for item in table.all_items()]
        kept = sorted((table, _plain(item)) for table, item in items)
        waiting = [source.queue_name for source in self.world.event_sources if source.queue._messages]
        mails = [(email.address, email.tags["email"], email.tags["round"]) for email in self.world.emails]
        later = [(event.kind, event.email.tags["email"]) for _, event in self._later]
        return str((kept, waiting, mails, later, self._alarm is None, self._idle))

    def look_after(self) -> None:
        """The audit runs, and an operator lets go whom it lists as held, having asked whether the email arrived.

        Once a day, and within the hour after an alarm: what is held but not listed goes on never, and is lost.
        """
        self._redrive()
        outcome = self.world.invoke("audit", {})
        for held in [] if outcome.error else outcome.payload["held"]:
            rows = [row for row in self.world.subscribers() if row["id"] == held["id"]]
            unknown = {row["claim"]["attempt"] for row in rows if "claim" in row}
            unknown |= {
                attempt
                for row in rows
                for attempt, email in row.get("unsettled", {}).items()
                if email == ("confirm" if row.get("sign_up") else row.get("next_lesson"))
            }
            arrived = any(email.tags["attempt"] in unknown for email in self.world.emails)
            self.world.invoke("audit", {"release": held["id"], "arrived": arrived})

    def operates(self, **command: Any) -> None:
        """An operator's command, given again if it fails."""
        for _ in range(PATIENCE):
            if not self.world.invoke("audit", command).error:
                break

    def _redrive(self) -> None:
        """Puts the dead letters back into their queues, as an operator does once the cause is mended."""
        sqs, ref = self.world.clients.sqs, self.world.resources.ref
        for dead in [queue for queue in self.world.queues() if queue.is_dead_letters and queue.waiting]:
            for _ in dead.waiting:
                for message in sqs.receive_message(QueueUrl=ref(dead.logical_id)).get("Messages", []):
                    queue = ref(dead.logical_id.removesuffix("DeadLetters"))
                    sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                    sqs.delete_message(QueueUrl=ref(dead.logical_id), ReceiptHandle=message["ReceiptHandle"])

    # ---------------------------------------------------------------- SES's events

    def _come(self, event: SesEvent) -> SesEvent:
        """SES has news."""
        match self.events:
            case Events.ON_TIME:
                self._tell(event)
            case Events.TWICE:
                self._tell(event)
                self._tell(event)
            case Events.BEFORE_THE_COMMIT:
                self._note(event)
                self.world.functions.invoke(self.world.functions.by_name["record_delivery"], _message(event))
            case Events.REVERSED:
                self._later.append((datetime.max.replace(tzinfo=UTC), event))
            case Events.LATE:
                self._later.append((self.world.now() + LATE, event))
        return event

    def _tell(self, event: SesEvent) -> None:
        self._note(event)
        self._publish(event)

    def _note(self, event: SesEvent) -> None:
        """A mailbox that refuses an email, or calls it spam, stops its person, who may have signed up since."""
        self.told.setdefault(event.email.tags["attempt"], self.world.now())
        permanent = event.kind == "Bounce" and event.body["bounce"]["bounceType"] == "Permanent"
        for person in self.people:
            if person.address == event.email.address and (permanent or event.kind == "Complaint"):
                person.leaves(self.world.now() + SOON)

    # ---------------------------------------------------------------- the end

    def judged(self, unheard: Mapping[str, datetime]) -> Tally:
        """Lets everything come to its end, in nine days at the most, and holds it against the promises."""
        for _ in range(9):
            self.until(self._next_audit)
            if not self._due() and not self._later and not self._alarm:
                break
        tally = Tally()
        for person in self.people:
            deeds = sorted(person.deeds, key=lambda deed: deed.at)
            story = Story(PLAN, deeds, frozenset(self.removed | person.skipped), self.outages)
            if any(deed.kind == "start" for deed in deeds):
                tally.add(judge(person.lessons, story, self.world.now(), unheard))
            elif person.lessons:
                tally.found("after a stop", f"{person.lessons} without a confirmation")
        for queue in self.world.queues():
            if queue.is_dead_letters and queue.waiting:
                tally.found("lost", f"{len(queue.waiting)} messages in {queue.logical_id}")
        for _ in range(PATIENCE):  # a fault may have waited for it
            if not (account := self.world.invoke("audit", {})).error:
                break
        if account.error:
            tally.found("lost", f"the audit failed: {account.error}")
        elif not adds_up(account.payload):
            tally.found("lost", f"the account does not add up: {account.payload['account']}")
        judge_kept(self, tally)
        judge_onlooker(self, tally)
        tally.runs = 1
        return tally


RANDOM = re.compile(r"[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f-]{27,}")
SECONDS = re.compile(r"(\d\dT\d\d:\d)\d:\d\d(\.\d+)?")


def _plain(attributes: dict[str, Any]) -> str:
    """An item without what is random or counts its writes; times to ten minutes."""
    unlike = ("version", "message_id", "expires_at", "obeyed")
    kept = {name: value for name, value in attributes.items() if name not in unlike}
    return SECONDS.sub(r"\1", RANDOM.sub("", json.dumps(kept, sort_keys=True)))


def _message(event: SesEvent) -> dict[str, Any]:
    return {"Records": [{"messageId": "0", "body": json.dumps(event.body), "eventSource": "aws:sqs", "attributes": {}}]}


def _tick_after(at: datetime) -> datetime:
    """The first tick of the dispatcher at or after a time."""
    since = at - at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at + (-since % TICK)
