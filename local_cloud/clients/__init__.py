"""Mail clients: each writes a reply to an email and quotes it in its own way; and an out-of-office reply."""

import re
import uuid
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from local_cloud.clients.client import Client, Place, Reply, Written
from local_cloud.clients.programs import CLIENTS
from local_cloud.mime import SentEmail

__all__ = ["CLIENTS", "Client", "Place", "out_of_office", "reply", "reply_address"]


def reply(client: str, original: SentEmail, text: str, at: datetime, place: Place = Place.ABOVE) -> bytes:
    """The reply as it leaves the mailbox. `at` is in the writer's time zone, which clients print.

    Raises ValueError for a place in which the client cannot write.
    """
    program = CLIENTS[client]
    if place not in program.places:
        raise ValueError(f"{program.label} does not write {place} the quote")
    return _message(original, program.write(Reply(original, text, at, place)), f"Re: {_subject(original)}", at)


def out_of_office(original: SentEmail, at: datetime) -> bytes:
    """The auto-reply of an Exchange mailbox; its envelope sender is empty (RFC 3834)."""
    text = f"Thank you for your message. I am away until {at:%d %B} and will read it when I am back."
    written = Written(
        text=text + "\n",
        html=f"<html><body><p>{escape(text)}</p></body></html>",
        message_id=f"<{uuid.uuid4().hex}@{original.address.rpartition('@')[2]}>",
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )
    return _message(original, written, f"Automatic reply: {_subject(original)}", at)


def reply_address(original: SentEmail) -> str:
    """The address to which a client sends a reply: Reply-To, otherwise From."""
    return parseaddr(original.reply_to[0] if original.reply_to else original.source)[1]


def _message(original: SentEmail, written: Written, subject: str, at: datetime) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = original.address
    message["To"] = reply_address(original)
    message["Subject"] = subject
    message["Date"] = format_datetime(at)
    message["Message-ID"] = written.message_id
    answered = original.header("Message-ID") or ""
    message["In-Reply-To"] = answered
    message["References"] = answered
    for name, value in written.headers.items():
        message[name] = value
    parameters = {"format": "flowed"} if written.flowed else {}
    message.set_content(written.text, charset="utf-8", cte=written.encoding, params=parameters)
    if written.html:
        message.add_alternative(written.html, subtype="html", cte=written.encoding)
    # Python would write a Message-ID longer than a line as an encoded word. No client does so.
    return message.as_bytes(policy=SMTP.clone(max_line_length=998))


def _subject(original: SentEmail) -> str:
    return re.sub(r"^re:\s*", "", original.subject, flags=re.IGNORECASE)
