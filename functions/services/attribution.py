"""Which email of which subscriber a reply answers: by the token in its envelope, else by In-Reply-To. Never guessed."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from aws import clients
from aws.inbound import Arrival
from content.emails import JOURNAL_NOTICE, Letter, lesson_letter, looks_back, notice_letter
from content.lessons import Course
from course import forms, tokens
from course.errors import InvalidForm, InvalidToken
from course.record import CONFIRM
from course.reflection import NotTaken, Why
from course.subscriber import Subscriber

if TYPE_CHECKING:
    from replies.reader import Mail


@dataclass(frozen=True, slots=True)
class Answered:
    """The email that a reply answers."""

    subscriber: Subscriber
    epoch: int
    round: int
    lesson: str
    """Lesson id; empty for a notice, and for a lesson that the course no longer has."""
    notice: str
    by: str
    """How that was found: `token`, `in-reply-to`, or `operator`."""

    @property
    def course(self) -> Course:
        """The subscriber's course."""
        return clients.library().courses[self.subscriber.course]

    @property
    def is_current(self) -> bool:
        """Whether the question is still open: of this round, or of the one before while the new one has not begun."""
        earlier = self.subscriber.round - self.round
        return earlier == 0 or (earlier == 1 and not self.subscriber.sent)

    @property
    def asking(self) -> str:
        """The notice or lesson whose question a word in reply can answer; empty when it is not open any more."""
        return self.notice or (self.lesson if self.is_current else "")

    @property
    def confirms(self) -> bool:
        """Whether the email that was answered asked to confirm a sign-up that still waits."""
        return self.subscriber.awaits(self.epoch)


def addressed_by(came: Arrival) -> str:
    """The id of the subscriber whose reply address a mail came to, or empty."""
    for recipient in came.recipients:
        with suppress(InvalidToken):
            return _token(recipient).subscriber
    return ""


def leaving(came: Arrival) -> tokens.ReplyToken | None:
    """The token of the List-Unsubscribe address that a mail came to. It was in a header only: nobody replies to it."""
    for recipient in came.recipients:
        with suppress(InvalidToken):
            token = _token(recipient)
            if token.lesson_tag == tokens.lesson_tag(tokens.LEAVE):
                return token
    return None


def answered(came: Arrival, mail: "Mail", now: datetime) -> Answered | NotTaken:
    """The email that was answered, or why that cannot be told."""
    for recipient in came.recipients:
        try:
            token = _token(recipient)
        except InvalidToken:
            continue
        return _by_token(came, token, now)
    return _by_in_reply_to(came, mail)


def is_from_subscriber(came: Arrival, mail: "Mail", subscriber: Subscriber) -> bool:
    """By the address in From; its +tag may differ, since webmail answers from the mailbox's plain address."""
    try:
        sender = forms.normalised_address(mail.sender)
    except InvalidForm:
        return False
    return forms.without_tag(sender) == forms.without_tag(subscriber.address) and came.is_from(subscriber.address)


def own_words(mail: "Mail", answer: Answered, now: datetime) -> str:
    """What the person wrote, told from the email that they answered. Raises UnreadableMail."""
    sent = _original(answer, now)
    return mail.own_words(sent.text, sent.html) if sent else mail.own_words()


def _original(answer: Answered, now: datetime) -> Letter | None:
    """The email as it was sent to this subscriber; None when it can't be made again."""
    subscriber, course = replace(answer.subscriber, round=answer.round), answer.course
    if answer.lesson:
        lesson = course.lessons[answer.lesson]
        written = clients.reflections().of(subscriber.id) if looks_back(lesson, subscriber, course) else []
        if answer.is_current and (sent_at := subscriber.sent.get(lesson.id)):
            written = [one for one in written if one.received_at < sent_at]
        return lesson_letter(clients.site(), subscriber, lesson, written, now)
    if answer.notice and (answer.notice != CONFIRM or answer.confirms):
        written = clients.reflections().of(subscriber.id) if answer.notice == JOURNAL_NOTICE else []
        return notice_letter(clients.site(), subscriber, answer.notice, now, written)
    return None


def fingerprint(mail: "Mail", answer: Answered) -> str:
    """The same when one mail arrives twice: a hash of subscriber, email that was answered, Message-ID and body."""
    answers = f"{answer.subscriber.id}#{answer.notice or (answer.round, answer.lesson)}"
    return hashlib.sha256(f"{answers}#{mail.header('Message-ID')}#".encode() + mail.body).hexdigest()[:32]


def _token(recipient: str) -> tokens.ReplyToken:
    """Raises InvalidToken."""
    return clients.verified(lambda keys: tokens.read_reply(keys, recipient.partition("@")[0]))


def _by_token(came: Arrival, token: tokens.ReplyToken, now: datetime) -> Answered | NotTaken:
    subscriber = clients.subscribers().get(token.subscriber)
    if subscriber is None:
        return NotTaken(Why.ERASED)
    waits = subscriber.sign_up
    if waits and waits.epoch == token.epoch and now >= waits.at + tokens.CONFIRM_LIFE:
        return NotTaken(Why.EXPIRED)
    obeyed = came.short_id in subscriber.obeyed  # a stop ends the sign-up that waits, and has still to be answered
    if token.epoch != subscriber.epoch and not subscriber.awaits(token.epoch) and not obeyed:
        return NotTaken(Why.EARLIER_SIGN_UP)
    library = clients.library()
    lesson = library.courses[subscriber.course].lesson_of(token.lesson_tag) or ""
    notice = next((name for name in library.notices if tokens.lesson_tag(name) == token.lesson_tag), "")
    return Answered(subscriber, token.epoch, token.round_of(subscriber.round), lesson, notice, "token")


def _by_in_reply_to(came: Arrival, mail: "Mail") -> Answered | NotTaken:
    """Only with DMARC and from the subscriber's own address: the header alone is easy to forge."""
    replied = mail.header("In-Reply-To").strip("<> ").partition("@")[0]
    if not replied or came.verdicts.get("dmarc") != "PASS":
        return NotTaken(Why.NO_ADDRESS)
    try:
        address = forms.normalised_address(mail.sender)
    except InvalidForm:
        return NotTaken(Why.NO_ADDRESS)
    for course in clients.library().courses:
        subscriber = clients.subscribers().get(tokens.subscriber_id(clients.keys(), course, address))
        if subscriber and subscriber.message_id == replied:
            lesson = subscriber.last_lesson or ""
            return Answered(subscriber, subscriber.epoch, subscriber.round, lesson, "", "in-reply-to")
    return NotTaken(Why.NO_ADDRESS)
