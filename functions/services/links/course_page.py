"""What people do on their course page: steer the course, choose its hour, download everything, erase everything."""

from dataclasses import asdict
from datetime import date, datetime

from aws import clients
from aws.log import count
from aws.web import rendered
from content import export
from content.languages import Language
from content.lessons import Course
from content.pages import journal_file_values
from course.commands import Command, Place, pressed
from course.errors import InvalidToken
from course.subscriber import Subscriber
from course.tokens import LinkToken, Purpose
from services import courses, erasure, links, written


def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
    """The subscriber whose course page a link opens, and their course. Raises InvalidToken."""
    return _theirs(*links.followed(Purpose.PAGE, token, now))


def _theirs(link: LinkToken, subscriber: Subscriber | None) -> tuple[Subscriber, Course]:
    if subscriber is None or subscriber.epoch != link.epoch:
        raise InvalidToken("erased, or replaced by a later sign-up")
    course = courses.course_of(subscriber)
    return subscriber.with_ids(course.renamed), course


def press(
    command: Command,
    before: Subscriber,
    course: Course,
    now: datetime,
    until: date | None = None,
    place: Place | None = None,
) -> bool:
    """Obeys the button of a command; returns whether it is so now. Pressed twice, it changes nothing more.

    `until` is the local day on which a pause ends, or None; `place` is where they stood when the button was shown.
    """
    asked = pressed(command, course, now, until, place)
    after = clients.subscribers().change(before.id, asked.obeyed)
    count(f"Command.{command}")
    return asked.is_so(after, Place.of(before))


def change_time(subscriber_id: str, zone: str, hour: int, now: datetime) -> bool:
    """Has lessons come at another local hour or in another zone. False when the subscriber was just erased."""
    return clients.subscribers().change(subscriber_id, lambda current: current.at_time(zone, hour, now)) is not None


def archive(subscriber: Subscriber, course: Course, after: str, now: datetime) -> bytes:
    """One zip file of the download: the part that begins behind a key."""
    part = written.part(subscriber, after, course)
    html = rendered("journal-file", **journal_file_values(subscriber, course, part, now))
    count("Exported")
    given = clients.consents().given(subscriber.id)
    rounds = clients.subscribers().earlier_rounds(subscriber.id)
    return export.archive(subscriber, asdict(given) if given else {}, rounds, part, html, now)


def erase(token: str, now: datetime) -> Language | None:
    """Erases everything about the subscriber of a link, and returns their language. Raises InvalidToken.

    When the button is pressed twice, the link is genuine and nothing is left: None.
    """
    link, found = links.followed(Purpose.PAGE, token, now)
    if found is None:
        return None
    subscriber, course = _theirs(link, found)
    erasure.erase(subscriber, now)
    count("Erased")
    return course.language
