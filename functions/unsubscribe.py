"""Unsubscribe link → a page with a button; the button, or a mail client's one click (RFC 8058) → no more email."""

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import count, observed
from aws.web import Pages, page
from course import tokens
from course.errors import InvalidToken
from course.subscriber import Status, Subscriber
from course.tokens import LinkToken, Purpose

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/unsubscribe/<_token>")
def show(_token: str) -> Response[str]:
    """Changes nothing. The same page for every token, good or not."""
    return page("unsubscribe", course=None)


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response[str]:
    """Whatever was posted, and however often: 200, no cookie, no redirect (RFC 8058, section 3.1)."""
    try:
        link = tokens.read_link(clients.keys(), Purpose.UNSUBSCRIBE, token, clients.now())
    except InvalidToken:
        return page("unsubscribed", course=None)
    clients.subscribers().change(link.subscriber, lambda current: _stopped(current, link))
    count("Unsubscribed")
    return page("unsubscribed", course=None)


def _stopped(subscriber: Subscriber, link: LinkToken) -> Subscriber:
    """An old sign-up's link does not touch a later one."""
    return subscriber.stopped(Status.UNSUBSCRIBED) if subscriber.current_epoch == link.epoch else subscriber
