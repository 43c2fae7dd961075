"""Recognises auto-replies and other mail that no person wrote, by headers and shape, never by text.

The subject alone is weak evidence: such a mail is set aside, and an operator can accept it. `X-Auto-Response-Suppress`
proves nothing, because Exchange puts it on people's mail. `Precedence: list` alone proves nothing either.
"""

import re
from email.message import Message

from replies import mail, tables

_ROBOT = (
    r"(?:mailer-?_?daemon|mail-?daemon|poo?st-?_?master|mail-?delivery|(?:double-)?bounces?|(?:no|do-?not|not?)[-_.]?reply"
    r"|auto-?(?:reply|responder|respond))\b|microsoftexchange[0-9a-f]{32}@"
)
_ROBOT_NAME = "(?i)«subjects.mail_systems»"
_TROUBLE = "(?i)«subjects.trouble»"
_ANSWER = r"«subjects.answer»\s*[:：]"
_SUBJECT = (
    r"(?i)«subjects.automatic»|«subjects.failed»|(?:«subjects.away»|«subjects.undelivered»)\s*[:：]"
    rf"|(?:«subjects.away»|«subjects.leave»)\b[^:：]{{0,40}}\s{_ANSWER}|.{{1,200}}\(«subjects.automatic»[^()]{{0,20}}\)$"
)
"""In this order: beginnings that mail programs write; a person's note before the answered subject; and
`… (automatic reply)`."""
_REPORTS = ("message/delivery-status", "message/disposition-notification")
_FAILED_END = rf"(?i)(?!{_ANSWER}|.*\b«footers.first_person»\b).*\b«subjects.failed_end»\W*"
"""The end of a subject, unless a person writes about themselves, or answers."""
_SET_BY_ROBOTS = (
    r"(?i)x-auto-?(?:reply|respon(?:d|der|se)|generated)(?:-id|-from)?|x-mail-autoreply|x-vacation|x-fc-machinegenerated"
    r"|x-failed-recipients|x-loop|x-mlserver|x-ml-name|x-amz-sns-message-type|x-boxtrapper|x-ms-exchange-inbox-rules-loop"
    r"|x-hmxmroriginalrecipient|x-rt-loop-prevention|list-id|list-unsubscribe|list-post"
)


def automatic(message: Message) -> str | None:
    """Returns why no person wrote this mail, or None if a person did."""
    return _by_headers(message) or _by_shape(message) or _by_sender(message) or _by_subject(message)


def _by_headers(message: Message) -> str | None:
    submitted = mail.header(message, "Auto-Submitted").lower()
    if submitted and not re.match(r"no\b", submitted):  # RFC 3834
        return "auto-submitted"
    if "<>" in (mail.header(message, name) for name in ("Return-Path", "Envelope-From", "From")):
        return "null sender"  # RFC 5321: bounces, and mail that must not be answered
    if found := next((name for name in message if re.fullmatch(_SET_BY_ROBOTS, name)), None):
        return found.lower()
    for name in ("Precedence", "X-Precedence", "Preference"):
        if mail.header(message, name).lower() in ("bulk", "junk", "auto_reply", "auto-reply"):
            return name.lower()
    return None


def _by_shape(message: Message) -> str | None:
    if message.get_content_type() in ("multipart/report", "text/calendar", *_REPORTS):
        return message.get_content_type()  # RFC 6522: bounces, feedback, read receipts; RFC 6047: an invitation
    for part in mail.children(message):
        for child in (part, *mail.children(part)):
            if child.get_content_type() in _REPORTS:
                return child.get_content_type()
            if child.get_content_type() == "text/calendar" and str(child.get_param("method")).lower() == "reply":
                return "answer to an invitation"
    return None


def _by_sender(message: Message) -> str | None:
    author = mail.header(message, "From")
    addresses = (mail.sender(message) or author, mail.header(message, "Return-Path"))
    if any(re.match(_ROBOT, address.lower().strip("\"'< ")) for address in addresses):
        return "a mail system's address"
    named = tables.expression(_ROBOT_NAME).search(author)
    if named and tables.expression(_TROUBLE).search(mail.header(message, "Subject")):
        return "a mail system's name"
    return None


def _by_subject(message: Message) -> str | None:
    subject = mail.header(message, "Subject").strip()
    failed = tables.expression(_SUBJECT).match(subject) or tables.expression(_FAILED_END).fullmatch(subject[:300])
    return "subject" if failed else None
