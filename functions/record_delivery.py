"""SES event in the feedback queue → the attempt is settled; bounces and complaints pause or stop the subscriber."""

from typing import Any

from aws import clients, ses_events
from aws.log import count, each_message, logger, observed
from aws.ses_events import Feedback, Kind
from aws.settings import settings
from course import delivery, standing, tokens
from course.record import Status
from course.subscriber import Subscriber


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Handles an SQS event. SES's events may be repeated, out of order, late or lost; none of this may do harm."""
    return each_message(event, context, _record)


def _record(body: str, _message_id: str) -> None:
    news = ses_events.read(body, settings().feedback_topic)
    if news is None:
        return
    if news.kind is Kind.REJECT:  # counted as sent, but nobody receives it
        logger.error("SES rejected an email", attempt=news.attempt, subscriber=news.subscriber)
        count("Rejected")
    clients.limits().note_event(news.sent_at)
    if news.stops:  # even if the subscriber was erased
        address = tokens.address_hash(clients.keys(), news.address)
        clients.suppressions().add(address, str(news.stops), clients.now())
        count(news.stops.name.title())
    subscriber = clients.subscribers().change(news.subscriber, lambda current: _settled(current, news))
    if news.soft and subscriber and standing.paused_by_bounces(subscriber):
        count("PausedByBounces")
    if news.stops:
        _stop_elsewhere(news, news.stops)


def _stop_elsewhere(news: Feedback, status: Status) -> None:
    """Stops the address in every other course, even in one that cannot be read now."""
    courses, keys = clients.library().folders, clients.keys()
    subscribers = {tokens.subscriber_id(keys, course, news.address) for course in courses} - {news.subscriber}
    for other in sorted(subscribers):
        clients.subscribers().change(other, lambda current: current.stopped(status))


def _settled(subscriber: Subscriber, news: Feedback) -> Subscriber:
    """Commits the attempt, as any event proves that SES accepted it. An event of an earlier sign-up can only stop."""
    if subscriber.current_epoch == news.epoch:
        now = clients.now()
        subscriber = delivery.commit(subscriber, news.attempt, news.message_id, now)
        subscriber = subscriber.soft_bounced(news.attempt, now) if news.soft else subscriber
    return subscriber.stopped(news.stops) if news.stops else subscriber
