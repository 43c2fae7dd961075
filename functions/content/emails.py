"""Makes emails: a lesson or a notice for one subscriber, in HTML and in plain text."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import css_inline
from jinja2 import TemplateError
from markupsafe import Markup

from content import countries, dates, journal
from content.languages import Notice
from content.lessons import Course, Lesson, Library
from course import tokens
from course.commands import ASK_CONFIRM, ERASE_WITHIN
from course.record import CONFIRM
from course.reflection import Reflection
from course.subscriber import Subscriber
from course.tokens import Keyring, Purpose

ABSENT: Mapping[str, Any] = {
    "day": None,
    "support": {},
    "question": None,
    "told": (),
    "journal": None,
    "journal_goes_on": False,
    "journal_unproven": 0,
}
"""The values that an email uses when a lesson or notice sets no others."""

BROKEN = (TemplateError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""The errors that making an email can raise: those of Jinja, and those of the expressions in a template."""

_inliner = css_inline.CSSInliner(load_remote_stylesheets=False)


@dataclass(frozen=True, slots=True)
class Site:
    """The values of the deployment that every email needs."""

    library: Library
    keys: Keyring
    url: str
    reply_domain: str
    postal_address: str
    countries: Collection[str] | None = None
    """The countries, in the email's language, of the helplines that a quote shows; None: the subscriber's country."""


@dataclass(frozen=True, slots=True)
class Email:
    """One rendered email. `headers` are those that SES does not set by itself."""

    to: str
    sender_name: str
    subject: str
    html: str
    text: str
    reply_to: str
    headers: Mapping[str, str]
    follows: str = ""
    """SES's id of the email before this one in its thread, or empty."""
    feedback: tuple[str, str] = ("", "")
    """Ids of the course and the email: mailbox providers count complaints by them."""


BACKUP_DAYS = 35  # the days that DynamoDB's point-in-time recovery keeps
TELLS_OF_A_PRESS = ("by_link", "no_more_today")
"""Lines that a notice may have below its text: that a link caused it, and that it is the last one of the day."""
GOODBYE, ERASED_NOTICE, JOURNAL_NOTICE, EXPORT_NOTICE = "goodbye", "erased", "journal", "export"
"""The ids of four notices: the end of the course, the report of an erasure, and two with a journal link."""


def lesson_email(
    site: Site, subscriber: Subscriber, lesson: Lesson, reflections: Sequence[Reflection], now: datetime
) -> Email:
    """The email of a lesson for this subscriber. The lesson may quote or count the `reflections`."""
    course = site.library.courses[subscriber.course]
    last_time = journal.last_time(reflections, lesson.id, subscriber.round)
    shown, longer = journal.beginning(last_time, journal.LAST_TIME)
    parts: dict[str, Any] = {
        "day": course.day(lesson.id),
        "question": lesson.question,
        "last_time": shown,
        "last_time_goes_on": longer,
        "last_time_unproven": _unproven(journal.to_earlier(reflections, lesson.id, subscriber.round)),
        "told": [course.language.words["email"][name] for name in told(subscriber)],
        "way_back": lesson.id == course.way_back,
        "replies": True,
        "reflections": _echoes(course, reflections, subscriber),
    }
    if lesson.id == course.closing:
        parts |= {"support": course.support, **_journal(course, reflections, subscriber)}
    return _email(site, subscriber, lesson, subscriber.epoch, now, parts)


def told(subscriber: Subscriber) -> list[str]:
    """The names of the lines about replies since the last lesson, for a lesson that is sent now."""
    lines = {"heard": subscriber.mention_reply_in, "another": subscriber.mention_other_address_in}
    return [name for name, lesson in lines.items() if lesson == 1]


def lesson_page(site: Site, subscriber: Subscriber, lesson: Lesson, me_url: str, now: datetime) -> Markup:
    """The text of a lesson's email for the browser, without the layout and without quotes of the subscriber's replies.

    `me_url` is the address of the course page.
    """
    course = site.library.courses[subscriber.course]
    values = _values(site, subscriber, lesson, subscriber.epoch, now)
    values |= {"me_url": me_url, "first_name": "", "reflections": _echoes(course, (), subscriber)}
    return Markup(lesson.prose.html.render(values))  # noqa: S704  rendered with autoescape


def _echoes(course: Course, reflections: Sequence[Reflection], subscriber: Subscriber) -> dict[str, str]:
    """The reflections that a lesson may quote, by the lesson that they answer."""
    return {name: journal.echo(reflections, name, subscriber.round) for name in course.lessons}


def notice_email(
    site: Site,
    subscriber: Subscriber,
    notice_id: str,
    now: datetime,
    *,
    told: Sequence[str] = (),
    journal_token: str = "",
    as_said: Mapping[str, Any] | None = None,
) -> Email:
    """The email of a notice for this subscriber, in the language of the course. It holds nothing from the journal.

    `told` names lines below its text, `journal_token` is for notices with a journal link, and `as_said` has earlier
    values to use instead of the present ones. A confirmation email is for a waiting sign-up and holds nothing typed.
    """
    course, country = site.library.courses[subscriber.course], countries.country_of(subscriber.zone)
    language = course.language
    notice = language.notices[notice_id]
    following = course.lessons.get(subscriber.next_lesson or "")
    parts: dict[str, Any] = {
        "next_at": dates.next_email(subscriber, language, country),
        "next_subject": following.subject if following else "",
        "hour": dates.hour(subscriber.hour, language, country),
        "zone": subscriber.zone.replace("_", " "),
        "erase_days": ERASE_WITHIN.days,
        "way_back_question": course.way_back_question or "",
        "journal_url": journal_url(site, journal_token),
        "journal_hours": tokens.JOURNAL_LIFE.days * 24,
        "backup_days": BACKUP_DAYS,
        "told": [language.words["email"][line] for line in told],
        "support": course.support if notice_id == GOODBYE else {},
        **notice.words,
        **(as_said or {}),
    }
    if notice.id == ERASED_NOTICE:
        parts |= {"me_url": ""}  # the page no longer exists
    if notice.id not in (CONFIRM, ASK_CONFIRM) or subscriber.sign_up is None:
        return _email(site, subscriber, notice, subscriber.epoch, now, parts)
    epoch = subscriber.sign_up.epoch
    token = tokens.link(site.keys, Purpose.CONFIRM, subscriber.id, epoch, subscriber.sign_up.at + tokens.CONFIRM_LIFE)
    parts |= {"confirm_url": f"{site.url}/confirm/{token}", "hours": tokens.CONFIRM_LIFE.days * 24}
    parts |= {"first_name": "", "me_url": ""}  # nothing that was typed, and there is no page yet
    parts |= language.to_call(subscriber.sign_up.zone, site.countries)
    return _email(site, subscriber, notice, epoch, now, parts)


def journal_url(site: Site, token: str) -> str:
    """The address of a journal link."""
    return f"{site.url}/journal/{token}"


def _journal(course: Course, reflections: Sequence[Reflection], subscriber: Subscriber) -> dict[str, Any]:
    pages = journal.journal(course, journal.proven(reflections), subscriber.zone)
    shown, goes_on = journal.within(pages, journal.IN_A_LETTER)
    return {"journal": shown, "journal_goes_on": goes_on, "journal_unproven": _unproven(reflections)}


def _unproven(reflections: Sequence[Reflection]) -> int:
    """How many reflections an email leaves out, since it shows only proven ones. The journal page shows them all."""
    return len(reflections) - len(journal.proven(reflections))


def _email(
    site: Site, subscriber: Subscriber, source: Lesson | Notice, epoch: int, now: datetime, parts: dict[str, Any]
) -> Email:
    course = site.library.courses[subscriber.course]
    values = {**ABSENT, **_values(site, subscriber, source, epoch, now), **parts}
    html = site.library.layout_html.render(values, body=Markup(source.prose.html.render(values)))  # noqa: S704  rendered with autoescape
    text = site.library.layout_text.render(values, body=source.prose.as_text(**values))
    leave = _reply_address(site, subscriber, epoch, tokens.LEAVE)
    # One thread for each round. Its emails refer to an id that no email has (RFC 5322, section 3.6.4).
    root = f"<{subscriber.id}.{epoch}.{subscriber.round}@{site.reply_domain}>"
    thread = {"In-Reply-To": root, "References": root} if course.thread and isinstance(source, Lesson) else {}
    return Email(
        to=subscriber.address,
        sender_name=course.sender_name,
        subject=source.subject,
        html=_inliner.inline(html),
        text=text,
        reply_to=_reply_address(site, subscriber, epoch, source.id),
        headers={
            # RFC 2369 and RFC 8058: mail clients show a button, which posts without a cookie. Some send a mail instead:
            # its address alone says that it unsubscribes, not its text.
            "List-Unsubscribe": f"<{values['unsubscribe_url']}>, <mailto:{leave}?subject=unsubscribe>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            # RFC 2919: the same for every email of a course, so that subscribers can filter by it.
            "List-Id": f"<{course.id}.{site.reply_domain}>",
            # RFC 3834, and a header that Exchange reads: they ask for no auto-replies.
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            **thread,
        },
        follows=subscriber.message_id if thread and subscriber.sent else "",
        feedback=(course.id, source.id),
    )


def _reply_address(site: Site, subscriber: Subscriber, epoch: int, email_id: str) -> str:
    return f"{tokens.reply(site.keys, subscriber.id, epoch, subscriber.round, email_id)}@{site.reply_domain}"


def _values(site: Site, subscriber: Subscriber, source: Lesson | Notice, epoch: int, now: datetime) -> dict[str, Any]:
    """The values that the text of every email may use, and the text of a lesson in the browser too."""
    course = site.library.courses[subscriber.course]
    until, ended = now + tokens.PAGE_LIFE, subscriber.links_ended
    me = f"{site.url}/me/{tokens.link(site.keys, Purpose.PAGE, subscriber.id, epoch, until, ended=ended)}"
    unsubscribe = tokens.link(site.keys, Purpose.UNSUBSCRIBE, subscriber.id, epoch)
    reply_to = _reply_address(site, subscriber, epoch, source.id)
    return {
        "course": course,
        "first_name": subscriber.first_name,
        "round": subscriber.round,
        "coming_back": subscriber.round > 1,
        "site_url": site.url,
        "me_url": me,
        "ask_journal_url": f"{me}/journal",
        "lesson_url": f"{me}/lessons/{source.id}" if isinstance(source, Lesson) else "",
        "subject": source.subject,
        "preheader": source.preheader,
        # RFC 6068. If a client opens no new mail for it, the words “just reply” still say what to do.
        "reply_url": f"mailto:{reply_to}?subject={quote(f'Re: {source.subject}')}",
        "yes_url": f"{me}/yes",
        "not_yet_url": f"{me}/not-yet",
        "unsubscribe_url": f"{site.url}/unsubscribe/{unsubscribe}",
        "postal_address": site.postal_address,
        "words": course.language.words["email"],
        **course.language.to_call(subscriber.zone, site.countries),
        "helplines_url": f"{site.url}/privacy?course={course.id}#care",  # every page has all helplines at its foot
    }
