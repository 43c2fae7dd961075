"""What a command by reply leads to: what it changes, and one notice that says what is so then."""

from datetime import datetime

from aws import clients
from aws.erasure import erase
from aws.log import count
from aws.replies import Answered
from course.commands import ERASE_NOTICE, ERASE_WITHIN, Asked, Command, Place, notice_after, obey
from course.limits import ANSWERS_AN_HOUR

ABOUT_DATA = (Command.ERASE, Command.EXPORT, Command.JOURNAL)


def obey_by_mail(asked: Asked, answer: Answered, place: Place, mail_id: str, now: datetime) -> None:
    """Does what was asked and answers it once. `place` is where the subscriber stood when the mail first came.

    Whoever had left the course by then is answered only where it is about their data.
    """
    who, course = answer.subscriber, answer.course
    count(f"Command.{asked.command}")
    if answer.notice == ERASE_NOTICE and asked.command in (Command.YES, Command.ERASE):
        asked_at = clients.limits().asked_to_erase(who.id)
        if asked_at and now < asked_at + ERASE_WITHIN:
            erase(who, now)  # and no notice: there is no address any more that it could go to
            count("Erased")
            return
        asked = Asked(Command.ERASE)
    if asked.command is Command.ERASE:
        clients.limits().ask_to_erase(who.id, now)
    after = clients.subscribers().change(who.id, lambda current: obey(asked, current, course, now, place))
    answers = place.in_course or asked.command in ABOUT_DATA
    if answers and clients.limits().admit(f"answers#{who.id}", mail_id, ANSWERS_AN_HOUR, now):
        clients.outbox().notice(notice_after(asked, after, course, place), who.id, who.epoch, mail_id)
