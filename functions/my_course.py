"""Signed link in every email → the subscriber's page: journal, pause, hour and zone, start again, stop, erase."""

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError

from aws import clients
from aws.erasure import erase
from aws.log import count, observed
from aws.web import Pages, page, see_other
from course import forms, tokens, words
from course.commands import Asked, Command, Place, is_so, obey
from course.errors import InvalidForm, InvalidToken
from course.journal import ON_A_PAGE, journal, within
from course.lessons import Course
from course.subscriber import Subscriber
from course.tokens import Purpose

pages = Pages()
handler = observed(pages.resolve)
ACTIONS = {Command.PAUSE, Command.RESUME, Command.AGAIN, Command.STOP, Command.YES, Command.NOT_YET}
DONE = {
    "pause": "Paused. Nothing comes until you go on.",
    "resume": "Welcome back. The course goes on.",
    "again": "A new round has begun.",
    "stop": "You have stopped the course. No more emails come.",
    "yes": "Thank you. The closing letter comes next.",
    "not-yet": "Thank you for being honest. A new round begins.",
    "time": "Saved.",
}


@pages.get("/me/<token>")
def show(token: str) -> Response[str]:
    """Where they are, what comes next, and what they wrote."""
    subscriber, course = _who(token)
    done = (pages.current_event.query_string_parameters or {}).get("done", "")
    written = journal(course, clients.reflections().of(subscriber.id), subscriber.zone)
    pages_shown, goes_on = within(written, ON_A_PAGE)
    return page(
        "me",
        course=course,
        first_name=subscriber.first_name,
        status=str(subscriber.status),
        held=bool(subscriber.held),
        place=words.place(subscriber, course),
        day=course.day(subscriber.last_lesson) or (course.days if subscriber.last_lesson == course.closing else 0),
        days=course.days,
        next_at=words.next_email(subscriber, course.language),
        hour=subscriber.hour,
        zone=subscriber.zone,
        zones=forms.zones(),
        hours=range(24),
        journal=pages_shown,
        journal_goes_on=goes_on,
        message=DONE.get(done, ""),
        token=token,
        can_answer=subscriber.last_lesson == course.way_back,
        way_back=course.way_back_question,
    )


@pages.get("/me/<token>/<action>")
def ask(token: str, action: str) -> Response[str]:
    """The two links of the way back lead here, and erasing asks once more: a page with a button."""
    _, course = _who(token)
    if action == "erase":
        return page("erase", token=token)
    if action not in (Command.YES, Command.NOT_YET):
        return see_other(f"/me/{token}")
    return page("answer", course=course, answer=action, token=token, way_back=course.way_back_question)


@pages.post("/me/<token>/<action>")
def act(token: str, action: str) -> Response[str]:
    """Does what the button says. Twice is once, and what didn't apply isn't said to have happened."""
    before, course = _who(token)
    now = clients.now()
    command = Command(action) if action in ACTIONS else None
    if action == "time":
        fields = forms.read(pages.body, pages.content_type)
        if errors := forms.check_time(fields):
            raise InvalidForm(" ".join(errors.values()))
        zone, hour = fields["zone"], int(fields["hour"])
        after = clients.subscribers().change(before.id, lambda current: current.at_time(zone, hour, now))
    elif action == "erase":
        erase(before, now)
        count("Erased")
        return page("erased")
    elif command:
        after = clients.subscribers().change(before.id, lambda current: obey(Asked(command), current, course, now))
        count(f"Command.{command}")
    else:
        raise NotFoundError
    happened = not command or is_so(Asked(command), after, course, Place.of(before))
    return see_other(f"/me/{token}?done={action}" if happened else f"/me/{token}")


def _who(token: str) -> tuple[Subscriber, Course]:
    link = tokens.read_link(clients.keys(), Purpose.PAGE, token, clients.now())
    subscriber = clients.subscribers().get(link.subscriber)
    if subscriber is None or subscriber.epoch != link.epoch:
        raise InvalidToken("erased, or replaced by a later sign-up")
    return subscriber, clients.library().courses[subscriber.course]
