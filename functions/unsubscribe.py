"""Unsubscribe link → a page with a button. The button or a mail client's one click (RFC 8058) → no more emails."""

from contextlib import suppress

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import observed
from aws.web import Pages, fresh_link_form, or_plain, page
from course.errors import InvalidForm, InvalidToken, UnknownKey
from course.tokens import Purpose
from services import links
from services.links import leaving
from services.links.leaving import Left, Outcome

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/unsubscribe/<token>")
def show(token: str) -> Response[str]:
    """Shows the same page for every token, valid or not. Changes nothing."""
    return page("unsubscribe", earlier=False, language=leaving.language_of(token, clients.now()))


@pages.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response[str]:
    """Stops all emails. Answers any POST with 200, without cookie or redirect (RFC 8058, section 3.1).

    One click in an email of an earlier sign-up does not stop a later one; the buttons of the page do. An invalid link
    stops nothing, and the page says so. If the link may be genuine, made with a key that was removed, the answer is 404
    so that the mail client knows too. After a stop the answer is 200 even if the course or its pages are broken.
    """
    try:
        link = links.read(Purpose.UNSUBSCRIBE, token, clients.now())
    except InvalidToken as error:
        http_status = 404 if isinstance(error, UnknownKey) else 200
        return fresh_link_form({}, {}, http_status, too_old=True, still_on=True)
    if pages.query.get("instead") == "break":
        left = leaving.take_a_break(link, clients.now())
        if left.outcome is Outcome.PAUSED:
            return page("break", language=left.language)
    else:
        left = leaving.stop(link, clients.now(), pressed=pages.query.get("now") == "yes")
    if left.outcome is Outcome.EARLIER:
        return page("unsubscribe", earlier=True, language=left.language)
    return or_plain(lambda: _unsubscribed(left), "unsubscribed", 200)


def _unsubscribed(left: Left) -> Response[str]:
    with suppress(InvalidForm):
        leaving.count_reason(pages.fields.get("why", ""), left.language)
    return page("unsubscribed", language=left.language)
