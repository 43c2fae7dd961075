"""The local cloud: moto with the resources of one template, the real functions, and a clock that can be moved."""

import functools
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import boto3
import time_machine
from boto3.dynamodb.types import TypeDeserializer
from moto import mock_aws

from local_cloud import custom
from local_cloud.api import Api, Request, Response, form_body
from local_cloud.calls import Call
from local_cloud.environment import offline_aws
from local_cloud.functions import Failure, Functions, Outcome, forget_everything
from local_cloud.intrinsics import TemplateError
from local_cloud.mime import SentEmail
from local_cloud.queues import EventSource, QueueState, event_sources, queue_states
from local_cloud.receiving import ReceivedMail, Receiving, rules_of
from local_cloud.resources import Clients, create, secrets
from local_cloud.schedules import Schedule, schedules
from local_cloud.ses import Ses, answers_for, publish
from local_cloud.template import resolved, translated
from local_cloud.wire import wired

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
# The parameters that a deployment must give. The example domains have no owner.
PARAMETERS = {
    "SiteUrl": "http://localhost:8000",
    "Sender": "course@mail.example.org",
    "ReplyDomain": "reply.example.org",
    "PostalAddress": "The Email Course, 1 Example Street, Exampletown",
    "AlarmEmail": "operator@example.org",
}


class World:
    """Everything between a subscriber's browser and their mailbox. Used with `with`, one at a time.

    All times are UTC. Time passes by itself from `start`, and jumps with `advance` and when a function sleeps;
    schedules fire only in `advance`, `step` and `catch_up`. Nothing is kept when the world ends.
    """

    def __init__(
        self,
        template: Path = TEMPLATE,
        start: datetime | None = None,
        parameters: Mapping[str, str] | None = None,
    ) -> None:
        self.template = template.resolve()
        self.start = (start or datetime.now(UTC)).astimezone(UTC)
        declared = translated(self.template).get("Parameters") or {}
        defaults = {name: value for name, value in PARAMETERS.items() if name in declared}
        self.parameters = defaults | dict(parameters or {})
        self.lock = threading.RLock()
        self.ses = Ses()
        self.received: list[ReceivedMail] = []
        self._built = False
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as ending:
            ending.enter_context(offline_aws())
            ending.enter_context(_default_session())
            ending.enter_context(mock_aws(config=_MOTO))
            self._clock = ending.enter_context(time_machine.travel(self.start, tick=True))
            ending.enter_context(patch("time.sleep", self._sleep))
            ending.enter_context(answers_for(self.ses))
            ending.enter_context(wired(self._note))
            self._build()
            ending.callback(forget_everything)
            forget_everything()
            self._ending = ending.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    def _build(self) -> None:
        self.clients = Clients()
        made = secrets(resolved(self.template, self.parameters), self.clients)
        self.resources = resolved(self.template, self.parameters, made)
        for why in self.resources.refusals():
            raise TemplateError(why)
        self.functions = Functions(self.resources, self.template.parent)
        create(self.resources, self.clients, self.ses)
        custom.create(self.resources, self.functions)
        self.api = Api(self.resources, self.functions)
        self.receiving = Receiving(rules_of(self.resources), self.clients.s3, publish, self.ses.verified)
        self.event_sources: list[EventSource] = event_sources(self.resources, self.functions, self.clients.sqs)
        self.schedules: list[Schedule] = schedules(self.resources, self.functions, self.start)
        self._built = True

    def _note(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        if self._built:
            self.functions.note(service, operation, parameters)

    # ---------------------------------------------------------------- events

    def request(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        form: Mapping[str, str | list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        source_ip: str = "127.0.0.1",
        drain: bool = True,
    ) -> Response:
        """Sends one HTTP request to the API, then drains the queues. `path` may have a query or be an email's link."""
        path = path.removeprefix(self.site_url) or "/"
        path, _, query = path.partition("?")
        sent = dict(headers or {})
        if form is not None:
            body = form_body(form)
            sent.setdefault("content-type", "application/x-www-form-urlencoded")
        with self.lock:
            response = self.api.handle(Request(method, path, query, sent, body, source_ip))
            if drain:
                self.drain()
        return response

    def deliver(
        self,
        raw: bytes,
        to: str | Sequence[str],
        *,
        sender: str | None = None,
        verdicts: Mapping[str, str] | None = None,
        mail_id: str | None = None,
        drain: bool = True,
    ) -> ReceivedMail:
        """Delivers a mail to SES. `to` and `sender` are the envelope's; no sender means the From field's address.

        Verdicts are PASS unless given: {"dmarc": "FAIL"}. `mail_id` is SES's id of the mail; the same id again is
        a second notification of the same mail.
        """
        with self.lock:
            recipients = [to] if isinstance(to, str) else list(to)
            mail = self.receiving.receive(raw, recipients, sender, dict(verdicts or {}), mail_id)
            self.received.append(mail)
            if drain:
                self.drain()
        return mail

    def delivered(self, email: SentEmail) -> None:
        """SES reports a delivery once more: it reports one by itself unless ses.delivers is off."""
        with self.lock:
            self.ses.delivered(email)
            self.drain()

    def bounced(self, email: SentEmail, kind: str = "Permanent", sub_type: str = "General") -> None:
        with self.lock:
            self.ses.bounced(email, kind, sub_type)
            self.drain()

    def complained(self, email: SentEmail) -> None:
        with self.lock:
            self.ses.complained(email)
            self.drain()

    def set_up_notices(self) -> None:
        """SES sends its first notices through a new stack's topics: one is not JSON, one is about a set-up mail."""
        with self.lock:
            self.ses.validate_topics()
            self.receiving.announce()
            self.drain()

    def invoke(self, function: str, event: Any, *, seconds: float | None = None) -> Outcome:
        """Runs one function (`send`, `audit` …) with this event; `seconds` is the time left to it."""
        with self.lock:
            return self.functions.invoke(self.functions.by_name[function], event, seconds)

    # ---------------------------------------------------------------- time

    def now(self) -> datetime:
        return datetime.now(UTC)

    def drain(self) -> None:
        """Gives every message that can be received now to its function, until none is left."""
        with self.lock:
            while any([source.poll() for source in self.event_sources]):  # noqa: C419 - every queue, not the first
                pass

    def next_at(self) -> datetime | None:
        """The time of the next event: a schedule fires, or a message can be received."""
        times = [schedule.next_at for schedule in self.schedules]
        times += [at for source in self.event_sources if (at := source.next_visible())]
        return min(times, default=None)

    def step(self, until: datetime) -> bool:
        """Moves the clock to the next event and lets it happen. Returns False, unmoved, if it is after `until`."""
        with self.lock:
            at = self.next_at()
            if at is None or at > until:
                return False
            self._move_to(at)
            self._fire()
            self.drain()
        return True

    def advance_to(self, at: datetime) -> None:
        """Moves the clock to `at`, stops at every event on the way, and drains the queues after each."""
        with self.lock:
            while self.step(at):
                pass
            self._move_to(at)
            self.drain()

    def advance(self, by: timedelta) -> None:
        self.advance_to(self.now() + by)

    def next_email(self, within: timedelta = timedelta(days=3)) -> SentEmail | None:
        """Moves the clock to the next email that SES takes. Returns None if none comes in that time."""
        with self.lock:
            before, end = len(self.emails), self.now() + within
            while len(self.emails) == before and self.step(end):
                pass
            return self.emails[before] if len(self.emails) > before else None

    def catch_up(self) -> None:
        """Fires the schedules that became due while time passed by itself, and drains the queues."""
        with self.lock:
            self._fire()
            self.drain()

    def _fire(self) -> None:
        for schedule in self.schedules:
            now = self.now()
            if schedule.next_at <= now:
                event = schedule.event()
                schedule.fired(now)
                self.functions.invoke(schedule.function, event)

    def _move_to(self, at: datetime) -> None:
        if at > self.now():
            self._clock.move_to(at)

    def _sleep(self, seconds: float) -> None:
        """Moves the clock if a function sleeps, so that nobody waits for it. Any other caller really sleeps."""
        if self.functions.running:
            self._clock.shift(seconds)
        else:
            _sleep(seconds)

    # ---------------------------------------------------------------- contents

    @property
    def site_url(self) -> str:
        """The address of the pages, from the template's output."""
        return self.resources.outputs().get("SiteUrl", "")

    @property
    def emails(self) -> list[SentEmail]:
        """Every email that SES took, in order."""
        return self.ses.emails

    @property
    def logs(self) -> list[str]:
        """Every line that the functions wrote, with tracebacks."""
        return self.functions.logs

    @property
    def calls(self) -> list[Call]:
        """Every AWS call that a function made."""
        return self.functions.calls

    @property
    def failures(self) -> list[Failure]:
        """Every exception that a handler raised, and every report of failed messages."""
        return self.functions.failures

    def mails_to(self, address: str) -> list[SentEmail]:
        return [email for email in self.emails if email.address.lower() == address.lower()]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All items of a table, named by its logical id in the template: `Subscribers`."""
        with self.lock:
            pages = self.clients.dynamodb.get_paginator("scan").paginate(TableName=self.resources.ref(table))
            reader = TypeDeserializer()
            items = [item for page in pages for item in page["Items"]]
            return [{key: reader.deserialize(value) for key, value in item.items()} for item in items]

    def subscribers(self) -> list[dict[str, Any]]:
        """All subscribers in the table Subscribers: another item of it names the stack that sends from it."""
        return [row for row in self.rows("Subscribers") if "address" in row and "#" not in row["id"]]

    def tables(self) -> list[str]:
        """Logical ids of the template's tables, in its order."""
        return [name for name, _ in self.resources.resources("AWS::DynamoDB::Table")]

    def queues(self) -> list[QueueState]:
        """The messages in each queue of the template."""
        with self.lock:
            return queue_states(self.resources)


_sleep = time.sleep
_MOTO: Any = {"core": {"mock_credentials": False, "reset_boto3_session": False}}


class _default_session:
    """boto3's session for the whole process: fake credentials, models parsed once, each client made once."""

    @staticmethod
    @functools.cache
    def _kept() -> boto3.Session:
        session = boto3.Session()
        session.client = functools.cache(session.client)  # type: ignore[method-assign]
        return session

    def __enter__(self) -> None:
        self._before = boto3.DEFAULT_SESSION
        boto3.DEFAULT_SESSION = self._kept()

    def __exit__(self, *_: object) -> None:
        boto3.DEFAULT_SESSION = self._before
