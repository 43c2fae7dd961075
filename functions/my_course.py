"""Signed link in every email → the course page: journal, lessons, whatever steers the course, download, erasure."""

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from aws import clients
from aws.log import observed
from aws.web import NOTHING, Pages, download, page, see_other
from content.lessons import Course
from content.pages import (
    ACTIONS,
    action_page,
    course_values,
    errors_in_words,
    export_values,
    journal_text,
    journal_values,
    lesson_values,
    message_after,
)
from course import forms, schedule
from course.commands import Command, Place
from course.subscriber import Subscriber
from services import written
from services.links import course_page

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/me/<token>")
def show(token: str) -> Response[str]:
    """Where they are, what comes next, and what they wrote."""
    subscriber, course = course_page.opened(token, clients.now())
    message = message_after(pages.query.get("done", ""), subscriber, course, clients.now())
    return _page(token, subscriber, course, message=message)


@pages.get("/me/<token>/<action>")
def ask(token: str, action: str) -> Response[Any]:
    """Pages of their own: the journal, the download, and those that ask once more, with a button."""
    subscriber, course = course_page.opened(token, clients.now())
    match action:
        case _ if action in ACTIONS:
            name, shown = action_page(action, subscriber, course)
            return page(name, course=course, token=token, **shown)
        case "erase":
            return page("erase", course=course, token=token)
        case "export":
            shown = export_values(written.parts(subscriber, pages.query.get("after", "")), pages.query.get("from", ""))
            return page("export", course=course, token=token, **shown)
        case "journal":
            shown = journal_values(subscriber, course, written.beginning(subscriber, course))
            return page("journal", course=course, token=token, **shown)
        case "journal.txt":
            text = journal_text(subscriber, course, written.beginning(subscriber, course))
            return download("journal.txt", "text/plain; charset=utf-8", text)
        case _:
            return see_other(f"/me/{token}")


@pages.get("/me/<token>/lessons/<lesson>")
def read(token: str, lesson: str) -> Response[str]:
    """A lesson that was sent to them, or may have been in an earlier round."""
    subscriber, course = course_page.opened(token, clients.now())
    known = written.on_lesson_page(subscriber, lesson, course)
    shown = lesson_values(clients.site(), subscriber, lesson, known, f"/me/{token}", clients.now())
    if shown is None:
        raise NotFoundError
    return page("lesson", course=course, token=token, **shown)


@pages.post("/me/<token>/export")
def take(token: str) -> Response[bytes]:
    """A file to keep. What is too much for one comes in parts, of which one is asked for."""
    subscriber, course = course_page.opened(token, clients.now())
    archive = course_page.archive(subscriber, course, _fields().get("after", ""), clients.now())
    return download("my-data.zip", "application/zip", archive)


@pages.post("/me/<token>/erase")
def erase(token: str) -> Response[str]:
    """Erases everything. Pressed twice, it says again that everything is erased."""
    return page("erased", language=course_page.erase(token, clients.now()))


@pages.post("/me/<token>/time")
def change_time(token: str) -> Response[str]:
    """Another local hour or time zone."""
    subscriber, course = course_page.opened(token, clients.now())
    if errors := forms.check_time(fields := pages.fields):
        return _page(token, subscriber, course, errors=errors)
    changed = course_page.change_time(subscriber.id, fields["zone"], int(fields["hour"]), clients.now())
    return _see_page(token, done="time" if changed else "")


@pages.post("/me/<token>/pause")
def pause(token: str) -> Response[str]:
    """Pauses until a day, or until they resume."""
    subscriber, course = course_page.opened(token, clients.now())
    fields = _fields()
    until, errors = forms.check_until(fields, schedule.local_day(clients.now(), subscriber.zone))
    if errors:
        return _page(token, subscriber, course, errors=errors, values=fields)
    paused = course_page.press(Command.PAUSE, subscriber, course, clients.now(), until)
    return _see_page(token, done=Command.PAUSE if paused else "")


@pages.post("/me/<token>/<action>")
def act(token: str, action: str) -> Response[str]:
    """Does what the button says. Twice is once, and the page does not claim what did not apply."""
    subscriber, course = course_page.opened(token, clients.now())
    if action not in ACTIONS:
        raise NotFoundError
    place = Place.sent(_fields().get("place", ""))
    done = course_page.press(Command(action), subscriber, course, clients.now(), place=place)
    return _see_page(token, done=action if done else "")


def _page(
    token: str,
    subscriber: Subscriber,
    course: Course,
    *,
    message: str = "",
    errors: Mapping[str, str] = NOTHING,
    values: Mapping[str, str] = NOTHING,
) -> Response[str]:
    """The course page; after a press with what it has done, or with what was typed and what is wrong with it."""
    shown = course_values(subscriber, course, written.beginning(subscriber, course), clients.now())
    shown |= {"message": message, "values": values, "errors": errors_in_words(errors, course.language)}
    return page("me", 400 if errors else 200, course=course, token=token, **shown)


def _see_page(token: str, *, done: str) -> Response[str]:
    return see_other(f"/me/{token}?done={done}" if done else f"/me/{token}")


def _fields() -> dict[str, str]:
    """What was posted, if anything: a button needs no field."""
    return pages.fields if pages.current_event.body else {}
