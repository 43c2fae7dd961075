"""A simulation as text: the course's days as a picture, then everything that happened, in order."""

from datetime import date, datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from cli.simulate import Event, Result

MARKS = {"sent": "✉", "reply": "↩", "reflection": "✎", "command": "!", "status": "●"}
WIDTH = 72


def timeline(result: Result) -> str:
    zone = ZoneInfo(result.zone)
    head = f"{result.course.title}: one subscriber, {result.hour}:00 in {result.zone}"
    return "\n".join([head, "", *_picture(result, zone), "", *_story(result.events, zone)])


def _picture(result: Result, zone: ZoneInfo) -> list[str]:
    """One column per local day, one block per week: which lessons came, and one mark per reflection."""
    lessons = [event for event in result.events if event.event == "sent" and event.lesson]
    kept = [event for event in result.events if event.event == "reflection"]
    days = sorted({event.at.astimezone(zone).date() for event in lessons + kept})
    if not days:
        return ["  no lesson was sent"]
    columns = [
        (
            f"{day:%a}",
            f"{day.day} {day:%b}",
            " ".join(_number(result, event) for event in lessons if _on(event, day, zone)) or "·",
            MARKS["reflection"] * sum(_on(event, day, zone) for event in kept),
        )
        for day in days
    ]
    weeks = [columns[start : start + 7] for start in range(0, len(columns), 7)]
    return "\n\n".join(_block(week) for week in weeks).splitlines()


def _block(columns: list[tuple[str, str, str, str]]) -> str:
    lines = []
    for label, cells in zip(("", "", "lesson", "kept"), zip(*columns, strict=True), strict=True):
        if any(cells):
            lines.append(f"  {label:<7}" + "".join(f"{cell:>9}" for cell in cells))
    return "\n".join(lines)


def _number(result: Result, event: Event) -> str:
    number = str(result.course.plan.index(event.lesson or ""))
    return number if (event.round or 1) == 1 else f"{number}(r{event.round})"


def _on(event: Event, day: date, zone: ZoneInfo) -> bool:
    return event.at.astimezone(zone).date() == day


def _story(events: list[Event], zone: ZoneInfo) -> list[str]:
    lines = []
    for day, of_day in groupby(events, key=lambda event: event.at.astimezone(zone).date()):
        for number, event in enumerate(of_day):
            label = f"{day:%a} {day.day:>2} {day:%b}" if number == 0 else ""
            lines.append(f"  {label:<11} {_clock(event, zone)}  {MARKS[event.event]}  {_words(event)}".rstrip())
    return lines


def _clock(event: Event, zone: ZoneInfo) -> str:
    at: datetime = event.at.astimezone(zone)
    return f"{at:%H:%M}"


def _words(event: Event) -> str:
    where = f"{event.lesson}, round {event.round}" if event.lesson and (event.round or 1) > 1 else event.lesson or ""
    match event.event:
        case "sent":
            return f"{_cut(event.subject or '', 48):<48}  {where}"
        case "reply":
            return f"writes “{_cut(event.text or '', WIDTH - 20)}”"
        case "reflection":
            return f"kept with {where}" if where else f"kept: {_cut(event.text or '', WIDTH - 20)}"
        case "command":
            return f"taken as the command {event.text}"
        case _:
            return f"{event.text}"


def _cut(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
