"""Finds the email that a reply answers, by the token in its envelope or by In-Reply-To. Never guesses."""

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from aws import clients
from aws.inbound import Arrival
from aws.log import failed
from content import dates
from content.emails import BROKEN, TELLS_OF_A_PRESS, Email, journal_url, lesson_email, notice_email
from content.lessons import Course
from course import forms, schedule, tokens
from course.commands import ASK_CONFIRM
from course.errors import InvalidForm, InvalidToken
from course.record import CONFIRM
from course.reflection import NotTaken, Reflection, Why, cut_to_bytes
from course.subscriber import Subscriber
from services import courses, written

if TYPE_CHECKING:
    from replies.reader import Mail

LONGEST_ZONE = 60
"""How many characters after an hour are searched for its time zone."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """The email that a reply answers, and what that means for the reply."""

    subscriber: Subscriber
    course: Course
    epoch: int
    round: int
    lesson: str
    """Lesson id; empty for a notice, and for a lesson that the course no longer has."""
    notice: str
    by: str
    """How it was found: `token`, `in-reply-to`, or `operator`."""
    is_current: bool
    """Whether its question is still open: the email is of the present round, or of the round before if no lesson of the
    present round was sent."""
    confirms: bool
    """Whether it belongs to a sign-up that still waits for its confirmation."""
    own_address: bool
    """Whether the reply names the subscriber's address as its one author."""
    proven: bool
    """Whether DMARC or SPF proves that as well."""
    today: date
    """The subscriber's local day when the reply came."""

    def reflection(self, mail_id: str, received_at: datetime, text: str) -> Reflection:
        """The reply as a reflection, to be kept."""
        kept = cut_to_bytes(text)
        return Reflection(
            subscriber=self.subscriber.id,
            round=max(self.round, 1),
            lesson=self.lesson,
            received_at=received_at,
            mail_id=mail_id,
            text=kept,
            attributed_by=self.by,
            proven=self.proven,
            cut=kept != text,
        )


def addressed_by(came: Arrival) -> str:
    """The id of the subscriber whose reply address a mail came to, or empty."""
    for recipient in came.recipients:
        with suppress(InvalidToken):
            return _token(recipient).subscriber
    return ""


def leaving(came: Arrival) -> tokens.ReplyToken | None:
    """The token of the List-Unsubscribe address that a mail came to, or None.

    Only a header of our emails has that address, so such a mail asks to unsubscribe and is not a reply.
    """
    for recipient in came.recipients:
        with suppress(InvalidToken):
            token = _token(recipient)
            if token.lesson_tag == tokens.LEAVE_TAG:
                return token
    return None


def attribute(came: Arrival, mail: "Mail", now: datetime) -> Attribution | NotTaken:
    """Finds the email that a mail answers; otherwise returns why there is none."""
    for recipient in came.recipients:
        try:
            token = _token(recipient)
        except InvalidToken:
            continue
        return _by_token(came, mail, token, now)
    return _by_in_reply_to(came, mail)


def to_last_lesson(came: Arrival, mail: "Mail", subscriber: Subscriber, by: str) -> Attribution:
    """Attributes a mail to the last lesson that was sent to the subscriber."""
    lesson = subscriber.last_lesson or ""
    return _attribution(came, mail, subscriber, subscriber.epoch, subscriber.round, lesson, "", by)


def own_words(mail: "Mail", answer: Attribution, now: datetime) -> str:
    """The person's own words, found by comparing the mail with the original. Raises UnreadableMail."""
    sent = _original(mail, answer, now)
    return mail.own_words(sent.text, sent.html) if sent else mail.words_without_original


def _original(mail: "Mail", answer: Attribution, now: datetime) -> Email | None:
    """The email as it was sent to this subscriber; None if it cannot be made again."""
    try:
        return _made_again(mail, answer, now)
    except BROKEN as error:
        failed("an email cannot be made again", error, counted_as="Broken")
        return None


def _made_again(mail: "Mail", answer: Attribution, now: datetime) -> Email | None:
    # What the email said about earlier replies is no longer known. So we render everything that it may have said.
    subscriber = replace(answer.subscriber, round=answer.round, mention_reply_in=1, mention_other_address_in=1)
    course = answer.course
    # The time zone may have changed since, and with it the country of the helplines. The quote names that country.
    named = mail.named([country["country"] for country in course.language.helplines])
    site = replace(courses.site_of(subscriber), countries=named)
    if lesson := course.lessons.get(answer.lesson):
        known = written.around_lesson(subscriber, lesson, course)
        sent_at = subscriber.sent.get(lesson.id) if answer.is_current else None
        if sent_at:
            # Stored to the second: of what came in that second, the email has what the quote shows.
            came = [one for one in known if one.received_at < sent_at + timedelta(seconds=1)]
            known = [one for one in came if one.received_at < sent_at or mail.named([" ".join(one.text.split())])]
        # Signed links hold a time. Made with the time of sending, they are the same again, so a link that the quote has
        # broken in two can still be found and removed.
        return lesson_email(site, subscriber, lesson, known, sent_at or now)
    if answer.notice and (answer.notice not in (CONFIRM, ASK_CONFIRM) or answer.confirms):
        # A journal link is random and only its hash is stored, so its token is read from the quote.
        token = mail.found(rf"(?<={re.escape(journal_url(site, ''))})[\w-]+")
        said, told = _as_said(mail, course), TELLS_OF_A_PRESS
        return notice_email(site, subscriber, answer.notice, now, told=told, journal_token=token, as_said=said)
    return None


def _as_said(mail: "Mail", course: Course) -> dict[str, str]:
    """What a notice said of hour, zone, next email and next lesson, read from its quote: they may have changed."""
    hour = dates.hour_pattern(course.language)
    behind = mail.found(rf"{hour}.{{,{LONGEST_ZONE}}}")
    zones = (zone.replace("_", " ") for zone in forms.zones())
    subjects = [lesson.subject for lesson in course.lessons.values()]
    return {
        "next_at": mail.found(dates.next_email_pattern(course.language)),
        "next_subject": max(mail.named(subjects), key=len, default=""),
        "hour": mail.found(hour),
        "zone": max((name for name in zones if name in behind), key=len, default=""),
    }


def fingerprint(mail: "Mail", answer: Attribution) -> str:
    """A hash of subscriber, answered email, Message-ID and body: the same if one mail arrives twice.

    A copy from another address has another hash. Otherwise the subscriber's own mail after it would count as a
    repetition.
    """
    answers = f"{answer.subscriber.id}#{answer.notice or (answer.round, answer.lesson)}"
    answers += "" if answer.own_address else "#another"
    return hashlib.sha256(f"{answers}#{mail.header('Message-ID')}#".encode() + mail.body).hexdigest()[:32]


def _token(recipient: str) -> tokens.ReplyToken:
    """Raises InvalidToken."""
    return clients.verified(lambda keys: tokens.read_reply(keys, recipient.partition("@")[0]))


def _by_token(came: Arrival, mail: "Mail", token: tokens.ReplyToken, now: datetime) -> Attribution | NotTaken:
    subscriber = clients.subscribers().get(token.subscriber)
    if subscriber is None:
        return NotTaken(Why.ERASED)
    waits = subscriber.sign_up
    if waits and waits.epoch == token.epoch and now >= waits.at + tokens.CONFIRM_LIFE:
        return NotTaken(Why.EXPIRED)
    # A STOP that was obeyed before a crash may have ended a newer sign-up, and must still be answered in its epoch.
    obeyed = came.short_id in subscriber.obeyed
    if token.epoch != subscriber.epoch and not subscriber.awaits(token.epoch) and not obeyed:
        return NotTaken(Why.EARLIER_SIGN_UP)
    lesson = courses.course_of(subscriber).lesson_of(token.lesson_tag) or ""
    notice = clients.library().notice_of(token.lesson_tag)
    number = token.round_of(subscriber.round)
    return _attribution(came, mail, subscriber, token.epoch, number, lesson, notice, "token")


def _by_in_reply_to(came: Arrival, mail: "Mail") -> Attribution | NotTaken:
    """Finds the email by In-Reply-To, but only with DMARC and from the subscriber's own address.

    The header alone is easy to forge.
    """
    replied = mail.header("In-Reply-To").strip("<> ").partition("@")[0]
    if not replied or came.verdicts.get("dmarc") != "PASS":
        return NotTaken(Why.NO_ADDRESS)
    try:
        address = forms.normalised_address(mail.sender)
    except InvalidForm:
        return NotTaken(Why.NO_ADDRESS)
    for course in clients.library().folders:
        subscriber = clients.subscribers().get(tokens.subscriber_id(clients.keys(), course, address))
        if subscriber and subscriber.message_id == replied:
            return to_last_lesson(came, mail, subscriber, "in-reply-to")
    return NotTaken(Why.NO_ADDRESS)


def _says(mail: "Mail", address: str) -> bool:
    """Whether From names the address. The +tag may differ: webmail replies from the plain address."""
    with suppress(InvalidForm):
        return forms.without_tag(forms.normalised_address(mail.sender)) == forms.without_tag(address)
    return False


def _attribution(
    came: Arrival,
    mail: "Mail",
    subscriber: Subscriber,
    epoch: int,
    round_number: int,
    lesson: str,
    notice: str,
    by: str,
) -> Attribution:
    """Adds what depends on the subscriber's present state."""
    subscriber, course = courses.with_course(subscriber)
    lesson = course.renamed.get(lesson, lesson)
    earlier, own_address = subscriber.round - round_number, _says(mail, subscriber.address)
    return Attribution(
        subscriber=subscriber,
        course=course,
        epoch=epoch,
        round=round_number,
        lesson=lesson,
        notice=notice,
        by=by,
        is_current=earlier == 0 or (earlier == 1 and not subscriber.sent),
        own_address=own_address,
        proven=own_address and came.is_from(subscriber.address),
        confirms=subscriber.awaits(epoch),
        today=schedule.local_day(came.received_at, subscriber.zone),
    )
