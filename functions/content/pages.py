"""The values with which the template of each page is rendered."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from markupsafe import Markup

from content import dates, emails, export
from content.emails import Site
from content.journal import IN_A_FILE, ON_A_PAGE, as_text, journal, within
from content.languages import Language
from content.lessons import Course
from course import forms
from course.commands import ROWS, Command, Place, pressed
from course.errors import ShownAgain
from course.fields import names
from course.record import Status
from course.reflection import Reflection
from course.subscriber import Subscriber

Values = dict[str, Any]

ACTIONS = {command for command, row in ROWS.items() if row.on_page}
"""Commands that have a button on the course page."""
BEHIND_A_JOURNAL_LINK = {Command.JOURNAL, Command.EXPORT, Command.ERASE}
"""Commands for which the course page only offers a journal link."""
TOLD = ACTIONS - {Command.SKIP} | {"time"}
"""Actions that the course page can report as done. A skip shows in the next email that the page names."""


def sign_up_values(course: Course, values: Mapping[str, str], errors: Mapping[str, str], country: str = "") -> Values:
    """The sign-up form with the typed values and their errors. Hours are written as `country` writes them."""
    return {
        "about": Markup(course.about),  # noqa: S704  our own Markdown
        "values": values,
        "errors": errors_in_words(errors, course.language),
        "zones": forms.zones(),
        "hours": dates.clock(course.language, country),
    }


def again_in_words(again: ShownAgain, language: Language) -> str:
    """Why a form is shown again, and when it can be sent, in words."""
    words = language.words["forms"]
    said = str(words[str(again)])
    if again.retry_after is None:
        return said
    when = words["again_in"].format(minutes=-(-again.retry_after // 60))
    return f"{said} {when}"


def course_values(subscriber: Subscriber, course: Course, country: str = "", earlier: Collection[str] = ()) -> Values:
    """The course page: the place in the course, the next email, the settings, and the lessons.

    `earlier` are the lessons that were sent in earlier rounds. A second person may have the link, so the page shows no
    reflection, address, name or time zone. For the same reason, hours are written as in the reader's `country`, and
    nothing on the page changes at midnight of the subscriber's zone.
    """
    return {
        "status": str(subscriber.status),
        "going_on": subscriber.status in (Status.ACTIVE, Status.PAUSED),
        "held": bool(subscriber.held),
        "reachable": subscriber.reachable,
        "place": dates.place(subscriber, course),
        "next_email": next_email(subscriber, course.language, country),
        "day": course.day(subscriber.last_lesson) or (course.days if subscriber.last_lesson == course.closing else 0),
        "days": course.days,
        "hour": subscriber.hour,
        "when": dates.hour(subscriber.hour, course.language, country),
        "zones": forms.zones(),
        "hours": dates.clock(course.language, country),
        "lessons": [lesson for lesson in course.lessons.values() if _was_sent(lesson.id, subscriber, earlier)],
        "can_answer": subscriber.last_lesson == course.way_back,
        "way_back": course.way_back_question,
    }


def action_page(action: str, subscriber: Subscriber, course: Course) -> tuple[str, Values]:
    """The page with the button of a command, and its values. After the closing letter, a yes has no effect."""
    if action in (Command.YES, Command.NOT_YET):
        at_the_end = subscriber.last_lesson == course.closing
        return "answer", {"answer": action, "way_back": course.way_back_question, "at_the_end": at_the_end}
    return "do", {"action": action, "place": Place.of(subscriber)}


def next_email(subscriber: Subscriber, language: Language, country: str = "") -> str:
    """When the next email comes, or why none comes."""
    say = language.words["pages"]["me"]
    match subscriber.status:
        case Status.ACTIVE if subscriber.held:
            return str(say["held"])
        case Status.ACTIVE:
            return dates.next_email(subscriber, language, country)
        case Status.PAUSED:
            return _paused(subscriber, language)
        case Status.BOUNCED | Status.COMPLAINED:
            return str(say["stopped_by_mail"])
        case _:
            return str(say[subscriber.status])


def message_after(done: str, subscriber: Subscriber, course: Course, now: datetime) -> str:
    """The report of a pressed button; empty if it is not true, as `done` comes from an address that may be old."""
    if done == Command.PAUSE and subscriber.status is Status.PAUSED:
        return _paused(subscriber, course.language)
    if done in ACTIONS and not pressed(Command(done), course, now).is_fulfilled(subscriber, Place.of(subscriber)):
        return ""
    return str(course.language.words["pages"]["done"][done]) if done in TOLD else ""


def journal_values(subscriber: Subscriber, course: Course, reflections: Sequence[Reflection]) -> Values:
    """The part of the journal that fits into a page, and whether there is more."""
    written, goes_on = within(journal(course, reflections, subscriber.zone), ON_A_PAGE)
    return {"journal": written, "goes_on": goes_on}


def journal_text(subscriber: Subscriber, course: Course, reflections: Sequence[Reflection]) -> str:
    """The journal as plain text. If it is too long for one response, it is cut and its last line says so."""
    written, goes_on = within(journal(course, reflections, subscriber.zone), IN_A_FILE)
    rest = f"\n{course.language.words['email']['journal_long']}\n" if goes_on else ""
    return as_text(written, course) + rest


def journal_file_values(
    subscriber: Subscriber, course: Course, reflections: Sequence[Reflection], now: datetime
) -> Values:
    """The journal of these reflections as a separate file."""
    return {
        "course": course,
        "language": course.language,
        "words": course.language.words["pages"],
        "journal": journal(course, reflections, subscriber.zone),
        "made": dates.date(now, subscriber.zone, course.language),
    }


def export_values(starts: Sequence[str], first: str) -> Values:
    """The parts of the download by number, each with the key after which it begins; of too many, also the next part.

    `first` is the number of the first part, as the form of the page sends it.
    """
    number = int(first) if first.isdecimal() and len(first) < 6 else 1
    numbered = list(enumerate(starts, number))
    goes_on = numbered[export.LISTED] if len(starts) > export.LISTED else None
    return {"parts": numbered[: export.LISTED], "goes_on": goes_on, "several": len(starts) > 1 or number > 1}


def lesson_values(
    site: Site, subscriber: Subscriber, lesson: str, me_url: str, now: datetime, *, earlier: Collection[str] = ()
) -> Values | None:
    """A lesson that was sent to the subscriber, in this round or an `earlier` one, without reflections; otherwise None.

    `me_url` is the address of the course page, to which links in the lesson lead.
    """
    course = site.library.courses[subscriber.course]
    lesson = course.renamed.get(lesson, lesson)
    if lesson not in course.lessons or not _was_sent(lesson, subscriber, earlier):
        return None
    chosen = course.lessons[lesson]
    return {"lesson": chosen, "body": emails.lesson_page(site, subscriber, chosen, me_url, now)}


def _was_sent(lesson: str, subscriber: Subscriber, earlier: Collection[str]) -> bool:
    """Whether a lesson was sent in any round, or may have been: the email can arrive before SES answers us."""
    on_its_way = subscriber.claim is not None and subscriber.claim.email == lesson
    return lesson in subscriber.sent or on_its_way or lesson in earlier


def errors_in_words(errors: Mapping[str, str], language: Language) -> dict[str, str]:
    """The errors of a form in words, by field."""
    said = language.words["forms"]
    return {field: said[error].format(most=names.MAX_NAME) for field, error in errors.items()}


def _paused(subscriber: Subscriber, language: Language) -> str:
    say = language.words["pages"]["me"]
    if subscriber.paused_until is None:
        return str(say["paused"])
    return str(say["paused_until"]).format(date=dates.day(subscriber.paused_until, language))
