"""Once a day, or when an operator asks → the account of all subscribers. Lost mail and the index are put right.

Operators ask with the email-course command: for the account, to release a held subscriber, to allow sending from a
restored table, or for the mail that was set aside. The audit deletes reflections after their retention time.
"""

from typing import Any

from aws import clients
from aws.log import logger, observed
from aws.settings import settings
from services import account, inbox


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Handles a schedule's event or an operator's request.

    `{"release": id, "arrived": bool}`, `{"resume_all": true}`, `{"inbox": true}`, or
    `{"accept": mail id, "subscriber": id, "lesson": id}`, where the last two values may be empty.
    """
    now = clients.now()
    if event.get("inbox") is True:
        return inbox.listed()
    if "accept" in event:
        return inbox.accept(event["accept"], event.get("subscriber", ""), event.get("lesson", ""), now)
    if "release" in event:
        return account.release(event["release"], arrived=event.get("arrived") is True, now=now)
    if event.get("resume_all") is True:
        clients.subscribers().take_over_table(settings().stack)
        logger.warning("an operator allowed this stack to send from the table")
    return account.of_the_day(now)
