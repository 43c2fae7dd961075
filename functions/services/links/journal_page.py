"""What people do behind a journal link: read and download what they wrote, take back parts of it, end links, erase."""

from collections.abc import Sequence
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
from course.reflection import Reflection
from course.subscriber import Subscriber
from services import erasure, links


def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
    """The subscriber whose journal a link opens, and their course. Raises InvalidToken."""
    _, subscriber = links.followed_to_journal(token, now)
    return subscriber, clients.library().courses[subscriber.course]


def written(subscriber: Subscriber) -> Sequence[Reflection]:
    """Everything they wrote."""
    return clients.reflections().of(subscriber.id)


def take_back(subscriber: Subscriber, mail_id: str) -> None:
    """Deletes what came by one mail: the raw mail first, so that a crash leaves the reflection to try again with."""
    if any(reflection.mail_id == mail_id for reflection in written(subscriber)):
        clients.raw_mail().delete(mail_id)
        clients.reflections().erase(subscriber.id, mail_id)
        count("TakenBack")


def rename(subscriber: Subscriber, first_name: str) -> Subscriber | None:
    """Greets them by another first name from now on. None when they were just erased."""
    return clients.subscribers().change(subscriber.id, lambda current: current.renamed(first_name))


def end_links(subscriber: Subscriber) -> None:
    """Ends every link to the journal and to the course page, and has one new journal link mailed, whatever the limit.

    The journal links go last: until then, a press that was broken off can be made again. The new one is not among them.
    """
    ended = clients.journal_links().of(subscriber.id)
    after = clients.subscribers().change(subscriber.id, Subscriber.with_links_ended)
    if after:
        key = f"links-ended#{tokens.nameless(after.id)}#{after.epoch}#{after.links_ended}"
        clients.outbox().notice(JOURNAL_NOTICE, after.id, after.epoch, key)
    clients.journal_links().end(ended)
    count("LinksEnded")


def archive(
    subscriber: Subscriber, course: Course, parts: Sequence[Sequence[Reflection]], asked: str, now: datetime
) -> tuple[str, bytes] | None:
    """One zip file of the download, with its name; None when `asked`, from "1" on, is no part of it."""
    if asked not in {str(number + 1) for number in range(len(parts))}:
        return None
    part = parts[int(asked) - 1]
    html = rendered("journal-file", **journal_file_values(subscriber, course, part, now))
    count("Exported")
    name = "my-data.zip" if len(parts) == 1 else f"my-data-{asked}.zip"
    given = clients.consents().given(subscriber.id)
    return name, export.archive(subscriber, asdict(given) if given else {}, part, html, now)


def erase(token: str, now: datetime) -> Language | None:
    """Erases everything about the subscriber of a link, and returns their language. Raises InvalidToken.

    Pressed twice, it is once, and the language is known no more: None.
    """
    subscriber_id = tokens.read_journal(token).subscriber
    if clients.erasures().get(subscriber_id) and clients.subscribers().get(subscriber_id) is None:
        return None
    subscriber, course = opened(token, now)
    erasure.begin(subscriber, now)
    count("Erased")
    return course.language
