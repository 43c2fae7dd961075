"""What subscribers do on the journal page: read, download and take back reflections, end links, erase."""

from dataclasses import asdict
from datetime import datetime

from aws import clients
from aws.log import count
from aws.web import rendered
from content import export
from content.emails import JOURNAL_NOTICE
from content.languages import Language
from content.lessons import Course
from content.pages import journal_file_values
from course import tokens
from course.subscriber import Subscriber
from services import courses, erasure, links, written


def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
    """The subscriber whose journal a link opens, and their course. Raises InvalidToken."""
    _, subscriber = links.followed_to_journal(token, now)
    return courses.with_course(subscriber)


def take_back(subscriber: Subscriber, course: Course, round_number: int, lesson: str, mail_id: str) -> None:
    """Deletes what came by one mail: the raw mail first, so that a press can be repeated after a crash.

    It reads only the reflections on this lesson in this round: the whole journal could be very large.
    """
    for reflection in written.to(subscriber, round_number, lesson, course):
        if reflection.mail_id == mail_id:
            clients.raw_mail().delete(mail_id)
            clients.reflections().delete(reflection)
            count("TakenBack")


def rename(subscriber: Subscriber, first_name: str) -> Subscriber | None:
    """Changes the first name by which emails greet. Returns None if the subscriber was just erased."""
    return clients.subscribers().change(subscriber.id, lambda current: current.with_first_name(first_name))


def end_links(subscriber: Subscriber, token: str) -> None:
    """Ends all journal links and course-page links, and has a new journal link mailed despite the limit.

    The journal links end last: until then, an interrupted press can be repeated. The new link is not among them. If the
    subscriber cannot be mailed, the link with this `token` stays: no other would lead to the journal.
    """
    stays = None if subscriber.reachable else tokens.read_journal(token)
    ended = [link for link in clients.journal_links().of(subscriber.id) if link != stays]
    after = clients.subscribers().change(subscriber.id, Subscriber.with_links_ended)
    if after:
        key = f"links-ended#{tokens.nameless(after.id)}#{after.epoch}#{after.links_ended}"
        clients.outbox().notice(JOURNAL_NOTICE, after.id, after.epoch, key)
    clients.journal_links().end(ended)
    count("LinksEnded")


def archive(subscriber: Subscriber, course: Course, after: str, now: datetime) -> bytes:
    """One zip file of the download: the part that begins after the key `after`."""
    part = written.part(subscriber, after, course)
    html = rendered("journal-file", **journal_file_values(subscriber, course, part, now))
    count("Exported")
    given = clients.consents().of_last_confirmed(subscriber.id)
    rounds = clients.subscribers().earlier_rounds(subscriber.id)
    return export.archive(subscriber, asdict(given) if given else {}, rounds, part, html, now)


def erase(token: str, now: datetime) -> Language | None:
    """Erases everything about the subscriber of a link, and returns their language. Raises InvalidToken.

    A second press changes nothing and returns None, because the language is no longer known.
    """
    subscriber_id = tokens.read_journal(token).subscriber
    if clients.erasures().get(subscriber_id) and clients.subscribers().get(subscriber_id) is None:
        return None
    subscriber, course = opened(token, now)
    erasure.begin(subscriber, now)
    count("Erased")
    return course.language
