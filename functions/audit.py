"""Once a day, or when an operator asks → every subscriber accounted for; what was lost sight of is put back.

Operators ask by the email-course command: for the account, to let a held subscriber go on, to send from a restored
table, or for the mail that was set aside. Reflections past their time are deleted.
"""

from typing import Any

from aws import clients
from aws.log import logger, observed
from aws.settings import settings
from services import account, inbox


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A schedule's event, or what an operator asks.

    `{"release": id, "arrived": bool}`, `{"resume_all": true}`, `{"inbox": true}`, or
    `{"accept": mail id, "subscriber": id, "lesson": id}`, of which the last two may be empty.
    """
    now = clients.now()
    if event.get("inbox") is True:
        return inbox.listed()
    if "accept" in event:
        return inbox.accept(event["accept"], event.get("subscriber", ""), event.get("lesson", ""), now)
    if "release" in event:
        return account.release(event["release"], arrived=event.get("arrived") is True, now=now)
    if event.get("resume_all") is True:
        clients.subscribers().move_in(settings().stack)
        logger.warning("an operator let this stack send from the table")
    return account.of_the_day(now)
