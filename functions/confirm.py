"""Link in the confirmation email → a page with a button. The button → an active subscriber; the introduction is due."""

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import observed
from aws.web import Pages, page
from content import dates
from course.errors import InvalidToken
from course.record import IN_COURSE
from course.subscriber import Subscriber
from course.tokens import Purpose
from services import links, sign_ups

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/confirm/<token>")
def show(token: str) -> Response[str]:
    """Shows the page with the button. It changes nothing, because link scanners follow links."""
    subscriber, epoch = _opened(token)
    if subscriber.epoch == epoch:
        return _confirmed(subscriber, already=True)
    return page("confirm", course=clients.library().courses[subscriber.course])


@pages.post("/confirm/<token>")
def confirm(token: str) -> Response[str]:
    """Starts the course. Two presses, such as in two tabs, start it once."""
    subscriber, epoch = _opened(token)
    plan = clients.library().courses[subscriber.course].plan
    started = sign_ups.confirm(subscriber, epoch, plan, "button", clients.now())
    if started is None or started.epoch != epoch or started.status not in IN_COURSE:
        raise InvalidToken("erased, or replaced by a later sign-up")
    return _confirmed(started, already=False)


def _opened(token: str) -> tuple[Subscriber, int]:
    """The subscriber of a token, and the epoch of the sign-up that it confirms. Raises InvalidToken."""
    link, subscriber = links.followed(Purpose.CONFIRM, token, clients.now())
    if subscriber is None:
        raise InvalidToken("erased")
    done = subscriber.epoch == link.epoch and subscriber.status in IN_COURSE
    if not (done or subscriber.awaits(link.epoch)):
        raise InvalidToken("stopped, or replaced by a later sign-up")
    return subscriber, link.epoch


def _confirmed(subscriber: Subscriber, *, already: bool) -> Response[str]:
    course = clients.library().courses[subscriber.course]
    at_once = not subscriber.sent and subscriber.due_at is not None and subscriber.due_at <= clients.now()
    next_at = dates.next_email(subscriber, course.language, pages.country)
    return page("confirmed", course=course, already=already, introduction_now=at_once, next_at=next_at)
