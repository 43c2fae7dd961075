"""Signed link in every email → the course page: the place in the course, the lessons, and buttons for commands."""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from aws import clients
from aws.log import observed
from aws.web import NOTHING, Pages, page, see_other
from content.lessons import Course
from content.pages import (
    ACTIONS,
    BEHIND_A_JOURNAL_LINK,
    action_page,
    course_values,
    errors_in_words,
    lesson_values,
    message_after,
)
from course import forms, schedule
from course.commands import Command, Place
from course.subscriber import Subscriber
from services.links import course_page

UNSKIP = "unskip"
"""The action that the email about a skipped lesson offers."""

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/me/<token>")
def show(token: str) -> Response[str]:
    """Shows the place in the course and what comes next, but no reflection and nothing personal."""
    subscriber, course = course_page.opened(token, clients.now())
    message = message_after(pages.query.get("done", ""), subscriber, course, clients.now())
    return _page(token, subscriber, course, message=message)


@pages.get("/me/<token>/<action>")
def ask(token: str, action: str) -> Response[str]:
    """Shows a page that asks once more, with a button, for a command or for a journal link."""
    subscriber, course = course_page.opened(token, clients.now())
    if action in ACTIONS:
        name, shown = action_page(action, subscriber, course)
        return page(name, course=course, token=token, **shown)
    if action == UNSKIP:
        return page("do", course=course, token=token, action=UNSKIP, place="")
    if action in BEHIND_A_JOURNAL_LINK:
        return _ask_journal(token, subscriber, course)
    return see_other(f"/me/{token}?open=time#time" if action == Command.TIME else f"/me/{token}")


@pages.get("/me/<token>/lessons/<lesson>")
def read(token: str, lesson: str) -> Response[str]:
    """Shows a lesson that was sent to the subscriber, in this round or an earlier one."""
    subscriber, course = course_page.opened(token, clients.now())
    earlier = course_page.lessons_of_earlier_rounds(subscriber, course)
    shown = lesson_values(clients.site(), subscriber, lesson, f"/me/{token}", clients.now(), earlier=earlier)
    if shown is None:
        raise NotFoundError
    return page("lesson", course=course, token=token, **shown)


@pages.post("/me/<token>/journal")
def mail_journal_link(token: str) -> Response[str]:
    """Sends a journal link to the subscriber's address, no matter who presses."""
    subscriber, course = course_page.opened(token, clients.now())
    if course_page.ask_for_journal(subscriber, clients.now()):
        return page("journal-asked", course=course, token=token)
    return _ask_journal(token, subscriber, course, too_many=True)


@pages.post("/me/<token>/time")
def change_time(token: str) -> Response[str]:
    """Changes the local hour and the time zone."""
    subscriber, course = course_page.opened(token, clients.now())
    if errors := forms.check_time(fields := pages.fields):
        return _page(token, subscriber, course, errors=errors)
    changed = course_page.change_time(subscriber.id, fields["zone"], int(fields["hour"]), clients.now())
    return _see_page(token, done="time" if changed else "")


@pages.post("/me/<token>/pause")
def pause(token: str) -> Response[str]:
    """Pauses the course until a day, or until the subscriber resumes it."""
    subscriber, course = course_page.opened(token, clients.now())
    fields = pages.posted
    until, errors = forms.check_until(fields, schedule.local_day(clients.now(), subscriber.zone))
    if errors:
        return _page(token, subscriber, course, errors=errors, values=fields)
    paused = course_page.press(Command.PAUSE, subscriber, course, clients.now(), until)
    return _see_page(token, done=Command.PAUSE if paused else "")


@pages.post(f"/me/<token>/{UNSKIP}")
def unskip(token: str) -> Response[str]:
    """Takes back a skip, if that is still possible. The page then shows what comes next."""
    subscriber, _ = course_page.opened(token, clients.now())
    course_page.unskip(subscriber)
    return _see_page(token, done="")


@pages.post("/me/<token>/<action>")
def act(token: str, action: str) -> Response[str]:
    """Does what the button says. Two presses count once, and the page reports only what was done."""
    subscriber, course = course_page.opened(token, clients.now())
    if action not in ACTIONS:
        raise NotFoundError
    place = Place.sent(pages.posted.get("place", ""))
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
    """The course page; after a press, with a report of it, or with the typed values and their errors."""
    earlier = course_page.lessons_of_earlier_rounds(subscriber, course)
    shown = course_values(subscriber, course, pages.country, earlier) | {"open": pages.query.get("open", "")}
    shown |= {"message": message, "values": values, "errors": errors_in_words(errors, course.language)}
    return page("me", 400 if errors else 200, course=course, token=token, **shown)


def _ask_journal(token: str, subscriber: Subscriber, course: Course, *, too_many: bool = False) -> Response[str]:
    """Asks whether to send the link, or says why none is sent."""
    refused = "too_many" if too_many else ""
    return page("ask-journal", course=course, token=token, refused=refused if subscriber.reachable else "unreachable")


def _see_page(token: str, *, done: str) -> Response[str]:
    return see_other(f"/me/{token}?done={done}" if done else f"/me/{token}")
