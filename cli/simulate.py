"""Takes one subscriber through a whole course on the local cloud in seconds, with the real pages and emails."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cli.replies import Reply
from content.lessons import Course
from local_cloud import clients
from local_cloud.browser import Browser, PageError
from local_cloud.cloud import World
from local_cloud.functions import command_in
from local_cloud.mime import SentEmail

ADDRESS = "someone@example.net"
READING = timedelta(seconds=30)  # time before a person presses a button
PATIENCE = timedelta(days=4)  # longest wait for an email that is due
WRITES = {f"dynamodb:{name}" for name in ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")}


class SimulationError(Exception):
    """The simulation could not reach the end of the course. The message is one line."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to the subscriber. `lesson` is None for an email that is not a lesson."""

    at: datetime
    event: str  # sent, reply, reflection, command, status
    lesson: str | None = None
    round: int | None = None
    subject: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What happened in a simulation, in order of time."""

    course: Course
    zone: str
    hour: int
    events: list[Event]
    emails: list[SentEmail]
    notes: list[str]  # remarks for the person who reads the result

    def as_json(self) -> str:
        zone = ZoneInfo(self.zone)
        events = [
            {
                "at": event.at.astimezone(UTC).isoformat(timespec="seconds"),
                "local": event.at.astimezone(zone).isoformat(timespec="seconds"),
                **{name: value for name, value in asdict(event).items() if name != "at"},
            }
            for event in self.events
        ]
        subscriber = {"zone": self.zone, "hour": self.hour}
        whole = {"course": self.course.id, "subscriber": subscriber, "events": events}
        return json.dumps(whole, ensure_ascii=False, indent=2)


class Simulation:
    """One run: signs up, confirms, and lets time pass until nothing more will happen."""

    def __init__(self, world: World, course: Course, zone: str, hour: int, replies: Sequence[Reply]) -> None:
        self.world = world
        self.course = course
        self.zone = zone
        self.hour = hour
        self.events: list[Event] = []
        self.notes: list[str] = []
        self._waiting = list(replies)
        self._due: list[tuple[datetime, Reply, SentEmail]] = []
        self._status = ""
        self._mails_seen = 0
        self._calls_seen = 0
        self._lines_seen = 0
        self._reflections: set[str] = set()
        self._row_checked = (-1, False)

    def run(self) -> Result:
        try:
            self._sign_up()
            self._confirm()
        except PageError as error:
            raise SimulationError(str(error)) from error
        while self._go_on():
            pass
        self.events.sort(key=lambda event: event.at)
        for reply in self._waiting:
            self.notes.append(f"reply not sent: the lesson {reply.lesson} of round {reply.round} never came")
        return Result(self.course, self.zone, self.hour, self.events, list(self.world.emails), self.notes)

    def _sign_up(self) -> None:
        browser = Browser(self.world)
        browser.open(f"/?course={self.course.id}")
        self.world.advance(READING)
        browser.submit("/sign-up", address=ADDRESS, zone=self.zone, hour=str(self.hour), consent="yes")
        self._observe()

    def _confirm(self) -> None:
        if not self.world.emails:
            raise SimulationError(f"no confirmation email came{self._why()}")
        links = [url for _, url in self.world.emails[-1].links() if "/confirm/" in url]
        if not links:
            raise SimulationError("the confirmation email has no link to confirm")
        self.world.advance(READING)
        browser = Browser(self.world)
        browser.open(links[0])
        browser.submit()
        self._observe()

    def _go_on(self) -> bool:
        """Lets time pass until the next event. Returns False if there is none."""
        self._due.sort(key=lambda due: due[0])
        last = self.world.emails[-1].at
        if not self._due and not self._row_is_waiting():
            return False
        until = self._due[0][0] if self._due else last + PATIENCE
        if not self.world.step(until):
            if not self._due:
                raise SimulationError(f"an email is due, but none came in {PATIENCE.days} days{self._why()}")
            self.world.advance_to(until)
            self._write(*self._due.pop(0)[1:])
        self._observe()
        return True

    def _write(self, reply: Reply, email: SentEmail) -> None:
        now = self.world.now()
        self.events.append(Event(now, "reply", reply.lesson, reply.round, f"Re: {email.subject}", reply.text))
        raw = clients.reply("gmail", email, reply.text, now.astimezone(ZoneInfo(self.zone)))
        self.world.deliver(raw, clients.reply_address(email))
        if command := command_in(self.world.logs[self._lines_seen :]):
            self.events.append(Event(now, "command", reply.lesson, reply.round, text=command))

    def _observe(self) -> None:
        """Records what is new. Reads the tables only after a function wrote to one: a day has 288 steps."""
        self._lines_seen = len(self.world.logs)
        calls, self._calls_seen = self.world.calls[self._calls_seen :], len(self.world.calls)
        for email in self.world.emails[self._mails_seen :]:
            self._note_mail(email)
        self._mails_seen = len(self.world.emails)
        if any(call.operation in WRITES for call in calls):
            self._note_rows()

    def _note_mail(self, email: SentEmail) -> None:
        name, number = email.tags.get("email", ""), int(email.tags.get("round", "0"))
        lesson = name if name in self.course.plan else None
        self.events.append(Event(email.at, "sent", lesson, number or None, email.subject, email.text))
        for reply in [r for r in self._waiting if (r.lesson, r.round) == (lesson, number)]:
            self._waiting.remove(reply)
            self._due.append((email.at + reply.after, reply, email))

    def _note_rows(self) -> None:
        now = self.world.now()
        for row in self.world.rows("Reflections"):
            if row["key"] not in self._reflections:
                self._reflections.add(row["key"])
                self._note_kept(row, now)
        status = str(self._row().get("status", ""))
        if status != self._status:
            self._status = status
            self.events.append(Event(now, "status", round=_integer(self._row().get("round")), text=status))

    def _note_kept(self, row: dict[str, Any], now: datetime) -> None:
        if "text" in row:
            lesson, number = row.get("lesson") or None, _integer(row.get("round"))
            self.events.append(Event(now, "reflection", lesson, number, text=row["text"]))
        else:
            self.notes.append(f"a reply was set aside: {row.get('reason', 'no reason given')}")

    def _row(self) -> dict[str, Any]:
        return next(iter(self.world.subscribers()), {})

    def _row_is_waiting(self) -> bool:
        """Whether the subscriber waits for an email: the row is in the sparse index `due`, or has a claim."""
        if self._mails_seen != self._row_checked[0]:
            row = self._row()
            self._row_checked = (self._mails_seen, "due_shard" in row or "claim" in row)
        return self._row_checked[1]

    def _why(self) -> str:
        failures = self.world.failures
        return f": {failures[-1].summary}" if failures else ""


def _integer(value: Any) -> int | None:
    return int(value) if value else None


def save(result: Result, folder: Path) -> int:
    """Writes every email as .eml, .html and .txt into an existing folder, numbered in order. Returns how many."""
    for number, email in zip(itertools.count(1), result.emails, strict=False):
        again = f"-round-{email.tags['round']}" if int(email.tags.get("round", "0")) > 1 else ""
        name = f"{number:02}-{email.tags.get('email', 'email')}{again}"
        (folder / f"{name}.eml").write_bytes(email.raw)
        (folder / f"{name}.html").write_text(email.html or "", encoding="utf-8")
        (folder / f"{name}.txt").write_text(email.text or "", encoding="utf-8")
    return len(result.emails)
