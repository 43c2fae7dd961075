"""Unsubscribe link → a page with a button; the button, or a mail client's one click (RFC 8058) → no more email."""

from contextlib import suppress
from datetime import datetime, timedelta

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import count, observed
from aws.web import Pages, fresh_link_form, page
from content.languages import Language
from course import schedule, tokens
from course.errors import InvalidForm, InvalidToken, UnknownKey
from course.record import STOPPED_FOR_GOOD, Status
from course.subscriber import Subscriber
from course.tokens import LinkToken, Purpose

pages = Pages()
handler = observed(pages.resolve)
STOPPED = STOPPED_FOR_GOOD | {Status.UNSUBSCRIBED}
A_MONTH = timedelta(days=30)


@pages.get("/unsubscribe/<token>")
def show(token: str) -> Response[str]:
    """Changes nothing. The same page for every token, good or not."""
    subscriber = None
    with suppress(InvalidToken):
        subscriber = clients.subscribers().get(_read(token).subscriber)
    return page("unsubscribe", earlier=False, language=_language(subscriber))


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response[str]:
    """Whatever was posted, and however often: 200, no cookie, no redirect (RFC 8058, section 3.1).

    One click on an earlier sign-up's email does not touch a later one; the buttons of the page do. A link that is no
    good stops nothing, and is not told that it did. If it may be a genuine one, of a key that is gone, the mail client
    must know too.
    """
    try:
        link = _read(token)
    except InvalidToken as error:
        http_status = 404 if isinstance(error, UnknownKey) else 200
        return fresh_link_form({}, {}, http_status, too_old=True, still_on=True)
    if pages.query.get("instead") == "break":
        return _take_a_break(link, clients.now())
    pressed = pages.query.get("now") == "yes"
    after = clients.subscribers().change(link.subscriber, lambda current: _stopped(current, link, pressed=pressed))
    if after and after.status not in STOPPED:
        return page("unsubscribe", earlier=True, language=_language(after))
    count("Unsubscribed")
    _count_reason(_language(after))
    return page("unsubscribed", language=_language(after))


def _stopped(subscriber: Subscriber, link: LinkToken, *, pressed: bool) -> Subscriber:
    asked = pressed or subscriber.current_epoch == link.epoch
    return subscriber.stopped(Status.UNSUBSCRIBED) if asked else subscriber


def _take_a_break(link: LinkToken, now: datetime) -> Response[str]:
    def paused(current: Subscriber) -> Subscriber:
        if current.status is Status.PENDING:
            return current.stopped(Status.UNSUBSCRIBED)  # there is no course yet that could wait
        return current.paused(schedule.local_day(now, current.zone) + A_MONTH)

    after = clients.subscribers().change(link.subscriber, paused)
    over = after is not None and after.status in STOPPED | {Status.COMPLETED}
    return page("unsubscribed" if over else "break", language=_language(after))


def _count_reason(language: Language | None) -> None:
    """Of the choices on the page, and nothing of who chose. A mail client posts what it likes."""
    with suppress(InvalidForm):
        why = pages.fields.get("why", "")
        if language and why in language.words["pages"]["reasons"]:
            count(f"Why.{why}")


def _read(token: str) -> LinkToken:
    """Raises InvalidToken."""
    return clients.verified(lambda keys: tokens.read_link(keys, Purpose.UNSUBSCRIBE, token, clients.now()))


def _language(subscriber: Subscriber | None) -> Language | None:
    course = clients.library().courses.get(subscriber.course) if subscriber else None
    return course.language if course else None
