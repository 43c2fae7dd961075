"""The simulation: people, schedules, queues, SES's events and an operator, while faults are injected.

`Simulation` moves the world's clock from one possible event to the next and fires the schedules itself.
`RecordedPerson` retries like a real person and records each action. The oracle later compares these actions with what
SES took.
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
from tests.faults.oracle import Action, Lesson, Tally, Timeline, judge
from tests.faults.second_person import judge_second_person
from tests.faults.stored_data import judge_stored_data
from tests.people import Person, one_click

PLAN = ("intro", "acknowledge", "safety-first", "keep-showing-up")
"""The lessons of the short course (`short_course`)."""
WAY_BACK = PLAN[-2]
TICK = timedelta(minutes=5)
SOON = timedelta(hours=1)
"""By then a reply or an event has taken effect, even if its message was retried several times."""
LATE = timedelta(hours=26)
AUDIT_HOUR = 3
PATIENCE = 4
"""How many times a person tries a page or a button that answers with an error."""


class EventTiming(StrEnum):
    """When SES's events come, compared with the requests that caused them."""

    ON_TIME = "on time"
    BEFORE_THE_COMMIT = "before the commit"
    TWICE = "twice"
    REVERSED = "reversed"
    LATE = "26 h late"
    NEVER = "never"


class Unanswered(Exception):
    """Every try of a page ended with an error, or an email never came."""


class StepImpossible(Exception):
    """The next action is impossible because a fault took away the email or the place in the course that it needs."""


@dataclass
class RecordedPerson(Person):
    """A person who retries, with a record of their actions for the oracle."""

    sim: "Simulation" = field(kw_only=True)
    actions: list[Action] = field(default_factory=list)
    signed_up_at: datetime | None = None  # until they confirm
    wrote: list[tuple[datetime, str]] = field(default_factory=list)
    """Their own words, with the time."""
    answers: list[str] = field(default_factory=list)
    """Their answers to a question. An answer is kept as a reflection if the email asked another question or none."""
    pause_end: Action | None = None  # the start that ends a pause by itself
    skipped: set[str] = field(default_factory=set)
    left: bool = False  # unsubscribed: only a new sign-up starts the course again
    erased: bool = False
    expects_erased_notice: bool = False
    """Whether the notice of the erasure must come."""

    def record(self, kind: str, at: datetime | None = None, zone: str = "", hour: int = 0) -> None:
        """Records an action, from now on or from the given time."""
        claimed = self.sim.claimed_attempt(self.address) if kind == "stop" else ""
        action = Action(at or self.world.now(), kind, zone, hour, claimed)
        if self.pause_end and action.at < self.pause_end.at and kind in ("start", "stop", "clock"):
            self.actions.remove(self.pause_end)
            day, self.pause_end = self.pause_end.day, None
            if kind == "clock":  # the pause ends on the same day, now in the new zone
                self.resumes_on(day, zone)
        self.actions.append(action)

    def resumes_on(self, day: date | None, zone: str) -> None:
        """Records that a pause ends on this local day."""
        assert day
        at = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
        self.pause_end = Action(at, "start", day=day)
        self.actions.append(self.pause_end)

    def sends_request(self, method: str, path: str, form: dict[str, str] | None = None, minutes: int = 1) -> Response:
        """Opens a page or presses a button; tries again after an error. Raises Unanswered."""
        for _ in range(PATIENCE):
            answer = self.world.request(method, path, form=form, source_ip=self.source_ip, drain=False)
            if answer.status < 500:
                self.sim.process_messages()
                return answer
            self.sim.advance_to(self.world.now() + timedelta(minutes=minutes))
        raise Unanswered(f"{method} {path.partition('/')[0]}")

    def signs_up(self, path: str = "/sign-up", **changed: str) -> Response:
        page = self.sends_request("GET", "/").text
        form_time = re.search(r'name="form_time" value="([^"]+)"', page)
        assert form_time
        self.sim.advance_to(self.world.now() + timedelta(seconds=10))
        filled = {"course": "rebuild-trust", "form_time": form_time[1], "website": "", "address": self.address}
        filled |= {"first_name": self.first_name, "zone": self.zone, "hour": str(self.hour), "consent": "yes"}
        self.signed_up_at = self.signed_up_at or self.world.now()  # a second form on a day brings no second email
        answer = self.sends_request("POST", path, filled | changed)
        self.sim.advance_to(self.world.now() + SOON)
        return answer

    def confirms(self) -> Response:
        """Waits at most two days for the confirmation email, and presses its button."""
        self.record("clock", zone=self.zone, hour=self.hour)
        for _ in range(48):
            if self.can_confirm():
                break
            if self.left:
                raise StepImpossible
            self.sim.advance_to(self.world.now() + timedelta(hours=1))
        else:
            raise Unanswered("no confirmation email came")
        before = self.world.now()
        answer = self.sends_request("POST", self.link("/confirm/"), {})
        if answer.status == 200:
            stopped = any(action.kind == "stop" and action.at >= before for action in self.actions)  # meanwhile
            self._starts(before)  # from the first try, which may have been stored
            self.left = stopped
        elif self.lessons:  # the first try was stored, and a stop followed
            self.actions.insert(0, Action(before, "start"))
        self.sim.advance_to(self.world.now() + SOON)
        return answer

    def confirms_by_reply(self) -> None:
        self.record("clock", zone=self.zone, hour=self.hour)
        self._starts(self.world.now())
        self.replies("YES")

    def _starts(self, at: datetime) -> None:
        self.record("start", at)
        self.signed_up_at, self.left = None, False

    def can_confirm(self) -> bool:
        """Whether the last email is the confirmation email of the last sign-up, and its link still works."""
        if not self.signed_up_at or not self.emails or self.emails[-1].tags["email"] != "confirm":
            return False
        came = self.emails[-1].at
        return self.signed_up_at <= came and self.world.now() + SOON < came + CONFIRM_LIFE

    def latest_email(self) -> SentEmail:
        if not self.emails:
            raise StepImpossible
        return self.emails[-1]

    @property
    def page_url(self) -> str:
        if all(email.tags["email"] == "confirm" for email in self.emails):
            raise StepImpossible
        return super().page_url

    def joins(self) -> "RecordedPerson":
        self.signs_up()
        self.confirms()
        return self

    def presses(self, action: str, **fields: str) -> Response:
        """Presses a button of their course page. A start counts from the first try, a stop from the answer."""
        before = self.world.now()
        answer = self.sends_request("POST", f"{self.page_url}/{action}", fields)
        if answer.status >= 400:
            return answer  # the course page of an earlier sign-up
        match action:
            case "stop":
                self.leaves()
            case "pause":
                self.record("stop")
            case "yes":
                self.record("yes")
            case "time":
                self.record("clock", before, fields["zone"], int(fields["hour"]))
            case _ if not self.left:
                self.record("start", before)
        self.sim.process_messages()
        return answer

    def one_click(self, email: SentEmail) -> None:
        """Unsubscribes with the link in an email's header, as a mail program does. A later sign-up is not affected."""
        self.sends_request("POST", one_click(email), {"List-Unsubscribe": "One-Click"})
        if self.is_current(email):
            self.leaves()

    def erases(self) -> Response:
        """Erases everything on the journal page."""
        answer = self.sends_request("POST", f"{self.journal_url}/erase", {"sure": "yes"})
        if answer.status < 400:
            self.leaves()
            self.erased = self.expects_erased_notice = True
        return answer

    @property
    def journal_url(self) -> str:
        """Asks for a journal link and returns the last one that came."""
        self.sends_request("POST", f"{self.page_url}/journal", {})
        self.sim.advance_to(self.world.now() + SOON)
        mailed = (url for email in reversed(self.emails) for _, url in email.links() if "/journal/" in url)
        if not (last := next(mailed, "")):
            raise StepImpossible
        return last

    def is_current(self, email: SentEmail) -> bool:
        """Whether an email belongs to the last sign-up."""
        return email.tags["epoch"] == max((email.tags["epoch"] for email in self.emails), key=int)

    def leaves(self, at: datetime | None = None) -> None:
        """Records that they unsubscribed, bounced or were erased."""
        self.record("stop", at)
        self.left, self.signed_up_at = True, None

    def replies(
        self, text: str, email: SentEmail | None = None, client: str = "gmail", place: Place = Place.ABOVE
    ) -> None:
        """Replies to an email, and records the action that the reply asks for within the hour."""
        answered = email or self.latest_email()
        now = self.world.now()
        raw = clients.reply(client, answered, text, now, place)
        self.world.deliver(raw, clients.reply_address(answered), drain=False)
        if text.endswith("."):  # own words, not a command
            self.wrote.append((now, text))
        elif text == "Not yet" or (text == "YES" and answered.tags["email"] not in ("confirm", "erase")):
            self.answers.append(text)
        if self.is_current(answered):
            match text:
                case "STOP":
                    self.leaves(now + SOON)
                case "PAUSE":
                    self.record("stop", now + SOON)
                case "PAUSE 2 DAYS":
                    self.record("stop", now + SOON)
                    if not self.left:
                        zone = next(action.zone for action in reversed(self.actions) if action.kind == "clock")
                        self.resumes_on(now.astimezone(ZoneInfo(zone)).date() + timedelta(days=2), zone)
                case "SKIP":
                    self.skipped.add(str(self.row.get("next_lesson")))
                case "YES" if answered.tags["email"] == "erase":
                    self.leaves(now + SOON)
                    self.erased = True
                case "YES":
                    self.record("yes")
                case "Not yet" if answered.tags["email"] == WAY_BACK and not self.left:
                    self.record("start", now)
        self.sim.advance_to(now + SOON)

    @property
    def lessons(self) -> list[Lesson]:
        """The lessons that SES took for this person."""
        return [
            Lesson(email.at, int(tags["epoch"]), int(tags["round"]), tags["email"], tags["attempt"])
            for email in self.emails
            if (tags := email.tags)["email"] in PLAN
        ]


class Simulation:
    """Moves the time of a world, delivers SES's events with a chosen timing, and acts as the operator once a day."""

    def __init__(self, world: World, events: EventTiming) -> None:
        self.world = world
        self.events = events
        self.people: list[RecordedPerson] = []
        self.outages: list[tuple[datetime, datetime]] = []
        self.removed: set[str] = set()
        self.first_events: dict[str, datetime] = {}  # the time of each attempt's first event
        self.refused: set[tuple[str, str]] = set()  # addresses that SES refused, with the id of the email
        self._scheduler_stopped = False
        self._delayed_events: list[tuple[datetime, SesEvent]] = []
        self._publish = world.ses.publish
        self._alarm: datetime | None = None
        self.audit_every = timedelta(days=1)
        self._next_audit = world.start.replace(hour=AUDIT_HOUR, minute=0, second=0) + timedelta(days=1)
        self._idle = 0
        # Ids are hashes with this key, and the minute at which a subscriber is due comes from the id.
        secret = world.resources.ref("SigningSecret")
        world.clients.secretsmanager.put_secret_value(SecretId=secret, SecretString='{"1": "the same in every life"}')
        world.ses.publish = self._on_event  # type: ignore[method-assign]
        world.ses.max_send_rate = 1000.0
        for schedule in world.schedules:  # the simulation fires them itself, when they can have an effect
            schedule.next_at = datetime.max.replace(tzinfo=UTC)

    def add_person(self, name: str, **more: Any) -> RecordedPerson:
        """Adds a new person with their own network."""
        number = len(self.people)
        someone = RecordedPerson(
            self.world, f"{name}@example.net", name.title(), source_ip=f"198.51.100.{number}", sim=self, **more
        )
        self.people.append(someone)
        return someone

    # ---------------------------------------------------------------- time, schedules and queues

    def process_messages(self) -> None:
        """Works on every message that is visible, and on the messages that result from it."""
        self.world.drain()
        if self.events is EventTiming.REVERSED and self._delayed_events:
            came, self._delayed_events = self._delayed_events, []
            for _, event in reversed(came):
                self._deliver_event(event)
            self.world.drain()

    def advance_to(self, at: datetime) -> None:
        """Moves the time to `at`, from one possible event to the next."""
        self.process_messages()
        while (next_at := self._next()) <= at:
            self.world._move_to(next_at)
            self._run_due()
            self.process_messages()
        self.world._move_to(at)

    def advance_days(self, number: int = 1) -> None:
        """Moves the time to 20:00 UTC of a later day."""
        day = self.world.now() + timedelta(days=number)
        self.advance_to(day.replace(hour=20, minute=0, second=0, microsecond=0))

    def stop_scheduler(self, time: timedelta) -> None:
        """Moves the time forward while the scheduler fires nothing."""
        start, self._scheduler_stopped = self.world.now(), True
        self.advance_to(start + time)
        self._scheduler_stopped = False
        self.outages.append((start, self.world.now()))
        self._next_audit = max(self._next_audit, self.world.now())

    def jump(self, time: timedelta) -> None:
        """Moves the time forward without the audits in between, except the last. No lesson may be due in that time."""
        self._next_audit = self.world.now() + time
        self.advance_to(self._next_audit)

    def _next(self) -> datetime:
        now = self.world.now()
        times = [at for at, _ in self._delayed_events]
        times += [at for source in self.world.event_sources if (at := source.next_visible())]
        if self._scheduler_stopped:
            return min(times, default=datetime.max.replace(tzinfo=UTC))
        times.append(self._next_audit)
        if self._alarm:
            times.append(self._alarm + SOON)
        if due := self._due_times():
            wait = TICK * 2 ** min(self._idle, 4)  # skips ticks that changed nothing before
            times.append(max(_tick_after(min(due)), _tick_after(now + wait - TICK)))
        return min(times)

    def _run_due(self) -> None:
        now = self.world.now()
        due_now, self._delayed_events = (
            [e for e in self._delayed_events if e[0] <= now],
            [e for e in self._delayed_events if e[0] > now],
        )
        for _, event in due_now:
            self._deliver_event(event)
        if self._scheduler_stopped:
            return
        if now >= self._next_audit:
            self._next_audit += self.audit_every
            self.run_operator()
        if self._alarm and now >= self._alarm + SOON:
            self._alarm = None
            self.run_operator()
        before = self._due_times()
        if before and min(before) <= now:
            self.world.invoke("dispatch", {})
            self.process_messages()
            self._idle = self._idle + 1 if self._due_times() == before else 0
        if any("held" in row for row in self.stored_subscribers()):
            self._alarm = self._alarm or now

    def _due_times(self) -> list[datetime]:
        """The times at which subscribers are due. They only decide where the time stops next."""
        return sorted(
            datetime.fromisoformat(str(row["due_at"])) for row in self.stored_subscribers() if "due_shard" in row
        )

    def stored_subscribers(self) -> list[dict[str, object]]:
        """The plain values of all subscribers' items, read from moto without boto3 and the world's lock."""
        table = dynamodb_backends[ACCOUNT][REGION].tables[self.world.resources.ref("Subscribers")]
        return [{name: value.value for name, value in item.attrs.items()} for item in table.all_items()]

    def claimed_attempt(self, address: str) -> str:
        """The attempt that holds the claim on this address now."""
        claims = [row["claim"] for row in self.stored_subscribers() if row.get("address") == address and "claim" in row]
        return str(claims[0]["attempt"].value) if claims else ""  # type: ignore[index]

    def fingerprint(self) -> Hashable:
        """The whole stored and queued state, without values that differ between equal runs: ids, versions, seconds.

        Two runs with the same fingerprint after the same step continue in the same way.
        """
        tables = dynamodb_backends[ACCOUNT][REGION].tables.values()
        items = [(table.name, item.to_json()["Attributes"]) for table in tables for item in table.all_items()]
        kept = sorted((table, _plain(item)) for table, item in items)
        waiting = [source.queue_name for source in self.world.event_sources if source.queue._messages]
        mails = [(email.address, email.tags["email"], email.tags["round"]) for email in self.world.emails]
        later = [(event.kind, event.email.tags["email"]) for _, event in self._delayed_events]
        return str((kept, waiting, mails, later, self._alarm is None, self._idle))

    def run_operator(self) -> None:
        """Runs the audit, and releases each subscriber that it lists as held; the operator knows if the email arrived.

        This happens once a day, and within an hour after an alarm. A held subscriber that the audit does not list is
        never released: the oracle then counts the lessons as lost.
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

    def give_command(self, **command: Any) -> None:
        """Gives an operator's command, again if it fails."""
        for _ in range(PATIENCE):
            if not self.world.invoke("audit", command).error:
                break

    def _redrive(self) -> None:
        """Moves dead letters back to their queues, as an operator does after fixing the cause."""
        sqs, ref = self.world.clients.sqs, self.world.resources.ref
        for dead in [queue for queue in self.world.queues() if queue.is_dead_letters and queue.waiting]:
            for _ in dead.waiting:
                for message in sqs.receive_message(QueueUrl=ref(dead.logical_id)).get("Messages", []):
                    queue = ref(dead.logical_id.removesuffix("DeadLetters"))
                    sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
                    sqs.delete_message(QueueUrl=ref(dead.logical_id), ReceiptHandle=message["ReceiptHandle"])

    # ---------------------------------------------------------------- SES's events

    def _on_event(self, event: SesEvent) -> SesEvent:
        """Delivers an event of SES now, later or never, as the timing says."""
        match self.events:
            case EventTiming.ON_TIME:
                self._deliver_event(event)
            case EventTiming.TWICE:
                self._deliver_event(event)
                self._deliver_event(event)
            case EventTiming.BEFORE_THE_COMMIT:
                self._note_event(event)
                self.world.functions.invoke(self.world.functions.by_name["record_delivery"], _message(event))
            case EventTiming.REVERSED:
                self._delayed_events.append((datetime.max.replace(tzinfo=UTC), event))
            case EventTiming.LATE:
                self._delayed_events.append((self.world.now() + LATE, event))
        return event

    def _deliver_event(self, event: SesEvent) -> None:
        self._note_event(event)
        self._publish(event)

    def _note_event(self, event: SesEvent) -> None:
        """Notes the time of the event. A permanent bounce or a complaint stops the person, even after a new sign-up."""
        self.first_events.setdefault(event.email.tags["attempt"], self.world.now())
        permanent = event.kind == "Bounce" and event.body["bounce"]["bounceType"] == "Permanent"
        for person in self.people:
            if person.address == event.email.address and (permanent or event.kind == "Complaint"):
                person.leaves(self.world.now() + SOON)

    # ---------------------------------------------------------------- the end

    def finish_and_judge(self, unanswered: Mapping[str, datetime]) -> Tally:
        """Lets everything end, for at most nine days, and judges it by the promises."""
        for _ in range(9):
            self.advance_to(self._next_audit)
            if not self._due_times() and not self._delayed_events and not self._alarm:
                break
        tally = Tally()
        for person in self.people:
            actions = sorted(person.actions, key=lambda action: action.at)
            timeline = Timeline(PLAN, actions, frozenset(self.removed | person.skipped), self.outages)
            if any(action.kind == "start" for action in actions):
                tally.add(judge(person.lessons, timeline, self.world.now(), unanswered))
            elif person.lessons:
                tally.found("after a stop", f"{person.lessons} without a confirmation")
        for queue in self.world.queues():
            if queue.is_dead_letters and queue.waiting:
                tally.found("lost", f"{len(queue.waiting)} messages in {queue.logical_id}")
        for _ in range(PATIENCE):  # a pending fault may hit the audit
            if not (account := self.world.invoke("audit", {})).error:
                break
        if account.error:
            tally.found("lost", f"the audit failed: {account.error}")
        elif not adds_up(account.payload):
            tally.found("lost", f"the account does not add up: {account.payload['account']}")
        judge_stored_data(self, tally)
        judge_second_person(self, tally)
        tally.runs = 1
        return tally


RANDOM = re.compile(r"[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f-]{27,}")
SECONDS = re.compile(r"(\d\dT\d\d:\d)\d:\d\d(\.\d+)?")


def _plain(attributes: dict[str, Any]) -> str:
    """An item without its random values and write counters, with times cut to ten minutes."""
    differing = ("version", "message_id", "expires_at", "obeyed")
    kept = {name: value for name, value in attributes.items() if name not in differing}
    return SECONDS.sub(r"\1", RANDOM.sub("", json.dumps(kept, sort_keys=True)))


def _message(event: SesEvent) -> dict[str, Any]:
    return {"Records": [{"messageId": "0", "body": json.dumps(event.body), "eventSource": "aws:sqs", "attributes": {}}]}


def _tick_after(at: datetime) -> datetime:
    """The first tick of the dispatcher at or after a time."""
    since = at - at.replace(hour=0, minute=0, second=0, microsecond=0)
    return at + (-since % TICK)
