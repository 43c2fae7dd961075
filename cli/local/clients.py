"""Mail clients: how each writes a reply to a mail, quoting it in its own way, and an out-of-office answer.

A client is one function that gives the text and the HTML of the reply, and its header fields; `CLIENTS` has them all.
"""

import re
import textwrap
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from html import escape

from cli.local.mime import SentMail, decoded

BODY = re.compile(r"<body[^>]*>(.*)</body>", re.DOTALL | re.IGNORECASE)
HEAD = re.compile(r"<!doctype[^>]*>|<head\b.*?</head>|</?html[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Written:
    """What a client makes of the words that were typed."""

    text: str
    html: str
    message_id: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Client:
    """A mail client by the name that people know it by."""

    label: str
    write: Callable[[SentMail, str, datetime], Written]


def reply(client: str, original: SentMail, text: str, at: datetime) -> bytes:
    """The reply as it leaves the mailbox. `at` is in the writer's own time zone, which clients print."""
    return _message(original, CLIENTS[client].write(original, text, at), f"Re: {_subject(original)}", at)


def out_of_office(original: SentMail, at: datetime) -> bytes:
    """The automatic answer of an Exchange mailbox; its envelope sender is empty (RFC 3834)."""
    text = f"Thank you for your message. I am away until {at:%d %B} and will read it when I am back."
    written = Written(
        text=text + "\n",
        html=f"<html><body><p>{escape(text)}</p></body></html>",
        message_id=f"<{uuid.uuid4().hex}@{original.address.rpartition('@')[2]}>",
        headers={"Auto-Submitted": "auto-replied", "X-Auto-Response-Suppress": "All"},
    )
    return _message(original, written, f"Automatic reply: {_subject(original)}", at)


def reply_address(original: SentMail) -> str:
    """Where a client sends a reply: Reply-To, or else From."""
    return parseaddr(original.reply_to[0] if original.reply_to else original.source)[1]


def _message(original: SentMail, written: Written, subject: str, at: datetime) -> bytes:
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
    message.set_content(written.text, cte="quoted-printable")
    message.add_alternative(written.html, subtype="html", cte="quoted-printable")
    # Python would write a Message-ID that is longer than a line as an encoded word, which no client does.
    return message.as_bytes(policy=SMTP.clone(max_line_length=998))


def _gmail(original: SentMail, text: str, at: datetime) -> Written:
    sent, clock = original.at.astimezone(at.tzinfo), "%-I:%M\u202f%p"
    name, address = _sender(original)
    when = f"On {sent:%a, %b} {sent.day}, {sent.year} at {sent.strftime(clock)} {name}".rstrip()
    line = f"{when} <{address}> wrote:"
    if len(line) > 78:  # Gmail breaks its own line inside the address
        line = f"{when} <\n{address}> wrote:"
    typed = "\n".join(textwrap.fill(part, 76) if part.strip() else "" for part in text.splitlines())
    blocks = "".join(f"<div>{escape(part) or '<br>'}</div>" for part in text.splitlines())
    html = (
        f'<div dir="ltr">{blocks}</div><br>'
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
        f'{escape(when)} &lt;<a href="mailto:{address}">{address}</a>&gt; wrote:<br></div>'
        '<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex;'
        f'border-left:1px solid rgb(204,204,204);padding-left:1ex">{_inner(original)}</blockquote></div>\n'
    )
    return Written(
        text=f"{typed}\n\n{line}\n\n{_quoted(original)}\n",
        html=html,
        message_id=f"<CA+{uuid.uuid4().hex}@mail.gmail.com>",
        headers={},
    )


def _apple_mail(original: SentMail, text: str, at: datetime) -> Written:
    sent = original.at.astimezone(at.tzinfo)
    name, address = _sender(original)
    line = f"On {sent.day} {sent:%b %Y}, at {sent:%H:%M}, {name} <{address}> wrote:"
    style = "overflow-wrap: break-word; -webkit-nbsp-mode: space; line-break: after-white-space;"
    html = (
        '<html><head><meta http-equiv="content-type" content="text/html; charset=utf-8"></head>'
        f'<body style="{style}">{_apple_lines(text)}'
        '<br id="lineBreakAtBeginningOfMessage"><div><br><blockquote type="cite">'
        f'<div>{escape(line)}</div><br class="Apple-interchange-newline"><div>{_inner(original)}</div>'
        "</blockquote></div><br></body></html>"
    )
    return Written(
        text=f"{text}\n\n> {line}\n> \n{_quoted(original)}\n",
        html=html,
        message_id=f"<{str(uuid.uuid4()).upper()}@{original.address.rpartition('@')[2]}>",
        headers={"X-Mailer": "Apple Mail (2.3826.400.131.1.6)"},
    )


def _apple_lines(text: str) -> str:
    """The first line stands bare in the body, every other in a div of its own."""
    first, *rest = [escape(part) or "<br>" for part in text.splitlines()] or [""]
    return first + "".join(f"<div>{part}</div>" for part in rest)


def _sender(original: SentMail) -> tuple[str, str]:
    name, address = parseaddr(original.source)
    return decoded(name), address


def _subject(original: SentMail) -> str:
    return re.sub(r"^re:\s*", "", original.subject, flags=re.IGNORECASE)


def _quoted(original: SentMail) -> str:
    return "\n".join(f"> {line}".rstrip() for line in (original.text or "").splitlines())


def _inner(original: SentMail) -> str:
    """What stands in the original's body, as clients carry it over."""
    html = original.html or f"<pre>{escape(original.text or '')}</pre>"
    found = BODY.search(html)
    return found[1] if found else HEAD.sub("", html)


CLIENTS = {
    "gmail": Client("Gmail", _gmail),
    "apple-mail": Client("Apple Mail", _apple_mail),
}
