"""What a command by reply leads to: what it changes, and one notice that says what is so then."""

from datetime import datetime

from aws import clients
from aws.inbound import Arrival
from aws.log import count
from course.commands import ERASE_NOTICE, ERASE_WITHIN, Asked, Command, Place, notice_after, obey
from course.limits import ANSWERS_AN_HOUR
from course.subscriber import Subscriber
from services.attribution import Answered
from services.erasure import erase

ABOUT_DATA = (Command.ERASE, Command.EXPORT, Command.JOURNAL)


def obey_by_mail(came: Arrival, asked: Asked, answer: Answered, place: Place, now: datetime) -> None:
    """Does what was asked once, and answers it once. `place` is where the subscriber stood when the mail first came.

    A mail that comes back after a crash may find that its writer has decided otherwise since: that stays, and so does
    a later sign-up. Whoever had left the course by then is answered only where it is about their data.
    """
    who, course = answer.subscriber, answer.course
    count(f"Command.{asked.command}")
    if answer.notice == ERASE_NOTICE and asked.command in (Command.YES, Command.ERASE):
        asked_at = clients.limits().asked_to_erase(who.id)
        if asked_at and now < asked_at + ERASE_WITHIN and not who.signed_up_since(came.received_at):
            erase(who, now)  # and no notice: there is no address any more that it could go to
            count("Erased")
            return
        asked = Asked(Command.ERASE)
    if asked.command is Command.ERASE:
        clients.limits().ask_to_erase(who.id, now)

    def decided(current: Subscriber) -> Subscriber:
        if came.short_id in current.obeyed or current.signed_up_since(came.received_at):
            return current
        return obey(asked, current, course, now, place).having_obeyed(came.short_id)

    after = clients.subscribers().change(who.id, decided)
    if after is None:
        return
    answers = asked.command in ABOUT_DATA or (place.in_course and not after.signed_up_since(came.received_at))
    if answers and clients.limits().admit(f"answers#{who.id}", came.mail_id, ANSWERS_AN_HOUR, now):
        notice = notice_after(asked, after, course, place)
        clients.outbox().notice(notice, who.id, after.epoch, came.mail_id)  # a stop takes a waiting sign-up's epoch
