"""Unsubscribe link → a page with a button; the button, or a mail client's one click (RFC 8058) → no more email."""

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import count, observed
from aws.web import Pages, page
from course import tokens
from course.errors import InvalidToken
from course.subscriber import STOPPED_FOR_GOOD, Status, Subscriber
from course.tokens import LinkToken, Purpose

pages = Pages()
handler = observed(pages.resolve)
STOPPED = STOPPED_FOR_GOOD | {Status.UNSUBSCRIBED}


@pages.get("/unsubscribe/<_token>")
def show(_token: str) -> Response[str]:
    """Changes nothing. The same page for every token, good or not."""
    return page("unsubscribe", earlier=False)


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response[str]:
    """Whatever was posted, and however often: 200, no cookie, no redirect (RFC 8058, section 3.1).

    One click on an earlier sign-up's email does not touch a later one; the button of the page does.
    """
    try:
        link = tokens.read_link(clients.keys(), Purpose.UNSUBSCRIBE, token, clients.now())
    except InvalidToken:
        return page("unsubscribed")
    pressed = (pages.current_event.query_string_parameters or {}).get("now") == "yes"
    after = clients.subscribers().change(link.subscriber, lambda current: _stopped(current, link, pressed=pressed))
    if after and after.status not in STOPPED:
        return page("unsubscribe", earlier=True)
    count("Unsubscribed")
    return page("unsubscribed")


def _stopped(subscriber: Subscriber, link: LinkToken, *, pressed: bool) -> Subscriber:
    asked = pressed or subscriber.current_epoch == link.epoch
    return subscriber.stopped(Status.UNSUBSCRIBED) if asked else subscriber
