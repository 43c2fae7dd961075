"""Signed link in every email → the subscriber's page: journal, lessons, pause, hour and zone, start again, stop;
download and erase everything."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from aws import clients
from aws.log import count, observed
from aws.web import Pages, download, errors_in_words, page, rendered, see_other
from content import dates, emails, export
from content.journal import IN_A_FILE, ON_A_PAGE, Page, as_text, journal, last_time, within
from content.lessons import Course
from course import forms, schedule, tokens
from course.commands import Asked, Command, Place
from course.errors import InvalidToken
from course.limits import LONGEST_PAUSE
from course.record import Status
from course.subscriber import Subscriber
from course.tokens import Purpose
from replies.request import Request
from services.erasure import erase

pages = Pages()
handler = observed(pages.resolve)
ACTIONS = {Command.PAUSE, Command.RESUME, Command.AGAIN, Command.STOP, Command.YES, Command.NOT_YET}
DONE = ACTIONS | {"time"}


@pages.get("/me/<token>")
def show(token: str) -> Response[str]:
    """Where they are, what comes next, and what they wrote."""
    subscriber, course = _who(token)
    done = pages.query.get("done", "")
    return _page(token, subscriber, course, message=_message(done, subscriber, course))


@pages.get("/me/<token>/<action>")
def ask(token: str, action: str) -> Response[Any]:
    """Pages of their own: the journal, the download, and those that ask once more, with a button."""
    subscriber, course = _who(token)
    match action:
        case Command.YES | Command.NOT_YET:
            return page("answer", course=course, answer=action, token=token, way_back=course.way_back_question)
        case "erase":
            return page("erase", course=course, token=token)
        case "export":
            parts = len(export.parts(clients.reflections().of(subscriber.id)))
            return page("export", course=course, token=token, parts=parts)
        case "journal":
            written, goes_on = _journal(subscriber, course)
            return page("journal", course=course, token=token, journal=written, goes_on=goes_on)
        case "journal.txt":
            written, goes_on = within(_all(subscriber, course), IN_A_FILE)
            rest = f"\n{course.language.words['letter']['journal_long']}\n" if goes_on else ""
            return download("journal.txt", "text/plain; charset=utf-8", as_text(written, course) + rest)
        case _:
            return see_other(f"/me/{token}")


@pages.get("/me/<token>/lessons/<lesson>")
def read(token: str, lesson: str) -> Response[str]:
    """A lesson that was sent to them, or may have been in an earlier round."""
    subscriber, course = _who(token)
    reflections = clients.reflections().of(subscriber.id)
    had = {*subscriber.sent, *(reflection.lesson for reflection in reflections)}
    had |= {subscriber.claim.email} if subscriber.claim else set()  # its email may be here before the news of it
    # Every email of an earlier round links here too, and which they were is not kept.
    if lesson not in course.lessons or (lesson not in had and subscriber.round <= 1):
        raise NotFoundError
    chosen = course.lessons[lesson]
    return page(
        "lesson",
        course=course,
        lesson=chosen,
        body=emails.lesson_page(clients.site(), subscriber, chosen, reflections, f"/me/{token}", clients.now()),
        last_time=last_time(reflections, lesson, subscriber.round),
        token=token,
    )


@pages.post("/me/<token>/export")
def take(token: str) -> Response[bytes]:
    """A file to keep. What is too much for one comes in parts, of which one is asked for."""
    subscriber, course = _who(token)
    parts = export.parts(clients.reflections().of(subscriber.id))
    asked = _fields().get("part", "1")
    if asked not in {str(number + 1) for number in range(len(parts))}:
        raise NotFoundError
    now, part = clients.now(), parts[int(asked) - 1]
    html = rendered(
        "journal-file",
        course=course,
        language=course.language,
        words=course.language.words["pages"],
        journal=journal(course, part, subscriber.zone),
        made=dates.date(now, subscriber.zone, course.language),
    )
    count("Exported")
    name = "my-data.zip" if len(parts) == 1 else f"my-data-{asked}.zip"
    return download(name, "application/zip", export.archive(subscriber, part, html, now))


@pages.post("/me/<token>/<action>")
def act(token: str, action: str) -> Response[str]:
    """Does what the button says. Twice is once, and what didn't apply isn't said to have happened."""
    if action == "erase" and _erased(token):
        return page("erased")
    before, course = _who(token)
    now, command = clients.now(), Command(action) if action in ACTIONS else None
    if action == "erase":
        erase(before, now)
        count("Erased")
        return page("erased", language=course.language)
    if action == "time":
        fields = pages.fields
        if errors := forms.check_time(fields):
            return _page(token, before, course, errors=errors)
        zone, hour = fields["zone"], int(fields["hour"])
        after = clients.subscribers().change(before.id, lambda current: current.at_time(zone, hour, now))
        return see_other(f"/me/{token}?done={action}" if after else f"/me/{token}")
    if command is None:
        raise NotFoundError
    asked = Asked(Request(command), course, now)
    if command is Command.PAUSE:
        fields = _fields()
        until, errors = forms.check_until(fields, schedule.local_day(now, before.zone))
        if errors:
            return _page(token, before, course, errors=errors, values=fields)
        asked = Asked(Request(command, until=until), course, now)
    after = clients.subscribers().change(before.id, asked.obeyed)
    count(f"Command.{command}")
    happened = asked.is_so(after, Place.of(before))
    return see_other(f"/me/{token}?done={action}" if happened else f"/me/{token}")


def _who(token: str) -> tuple[Subscriber, Course]:
    link = clients.verified(lambda keys: tokens.read_link(keys, Purpose.PAGE, token, clients.now()))
    subscriber = clients.subscribers().get(link.subscriber)
    if subscriber is None or subscriber.epoch != link.epoch:
        raise InvalidToken("erased, or replaced by a later sign-up")
    return subscriber, clients.library().courses[subscriber.course]


def _erased(token: str) -> bool:
    """Whether a genuine link is of somebody of whom nothing is left: the button was pressed twice."""
    link = clients.verified(lambda keys: tokens.read_link(keys, Purpose.PAGE, token, clients.now()))
    return clients.subscribers().get(link.subscriber) is None


def _fields() -> dict[str, str]:
    """What was posted, if anything: a button needs no field."""
    return pages.fields if pages.current_event.body else {}


def _page(
    token: str,
    subscriber: Subscriber,
    course: Course,
    *,
    message: str = "",
    errors: Mapping[str, str] | None = None,
    values: Mapping[str, str] | None = None,
) -> Response[str]:
    written, goes_on = _journal(subscriber, course)
    today = schedule.local_day(clients.now(), subscriber.zone)
    return page(
        "me",
        400 if errors else 200,
        course=course,
        first_name=subscriber.first_name,
        status=str(subscriber.status),
        going_on=subscriber.status in (Status.ACTIVE, Status.PAUSED),
        held=bool(subscriber.held),
        place=dates.place(subscriber, course),
        next_email=_next_email(subscriber, course),
        day=course.day(subscriber.last_lesson) or (course.days if subscriber.last_lesson == course.closing else 0),
        days=course.days,
        hour=subscriber.hour,
        when=dates.hour(subscriber.hour, course.language),
        zone=subscriber.zone,
        zones=forms.zones(),
        hours=range(24),
        tomorrow=today + timedelta(days=1),
        in_a_year=today + LONGEST_PAUSE,
        lessons=[lesson for lesson in course.lessons.values() if lesson.id in subscriber.sent],
        journal=written,
        goes_on=goes_on,
        message=message,
        errors=errors_in_words(errors or {}, course),
        values=values or {},
        token=token,
        can_answer=subscriber.last_lesson == course.way_back,
        way_back=course.way_back_question,
    )


def _journal(subscriber: Subscriber, course: Course) -> tuple[list[Page], bool]:
    return within(_all(subscriber, course), ON_A_PAGE)


def _all(subscriber: Subscriber, course: Course) -> list[Page]:
    return journal(course, clients.reflections().of(subscriber.id), subscriber.zone)


def _next_email(subscriber: Subscriber, course: Course) -> str:
    """When it comes, or why none does."""
    say = course.language.words["pages"]["me"]
    match subscriber.status:
        case Status.ACTIVE if subscriber.held:
            return str(say["held"])
        case Status.ACTIVE:
            return dates.next_email(subscriber, course.language)
        case Status.PAUSED:
            return _paused(subscriber, course)
        case Status.BOUNCED | Status.COMPLAINED:
            return str(say["stopped_by_mail"])
        case _:
            return str(say[subscriber.status])


def _paused(subscriber: Subscriber, course: Course) -> str:
    say = course.language.words["pages"]["me"]
    if subscriber.paused_until is None:
        return str(say["paused"])
    return str(say["paused_until"]).format(date=dates.day(subscriber.paused_until, course.language))


def _message(done: str, subscriber: Subscriber, course: Course) -> str:
    """What the button that was just pressed has done."""
    if done == Command.PAUSE and subscriber.status is Status.PAUSED:
        return _paused(subscriber, course)
    if done in ACTIONS and not Asked(Request(Command(done)), course, clients.now()).is_so(
        subscriber, Place.of(subscriber)
    ):
        return ""  # an address that was kept, or made up
    return str(course.language.words["pages"]["done"][done]) if done in DONE else ""
