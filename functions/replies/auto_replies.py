"""Whether a mail was written by a person: why not, from its headers and its shape, never from what it says.

A subject alone only sets a mail aside, from where it can be restored. `X-Auto-Response-Suppress` proves nothing:
Exchange puts it on people's mail. `Precedence: list` alone proves nothing either.
"""

import re
from email.message import Message

from replies import mail

_ROBOT = (
    r"(?:mailer-?_?daemon|mail-?daemon|poo?st-?_?master|mail-?delivery|(?:double-)?bounces?|(?:no|do-?not|not?)[-_.]?reply"
    r"|auto-?(?:reply|responder|respond))\b|microsoftexchange[0-9a-f]{32}@"
)
_ROBOT_NAME = (
    r"(?i)mailer.daemon|(?:e?-?mail|message|internet mail) (?:delivery|administrator|system|server|gateway|router)"
    r"|system administrator|delivery (?:system|subsystem|service|notification)|content.filter|postmaster"
)
_TROUBLE = r"(?i)deliver|fail|return|error|reject|bounce|status|undeliv|warning|blocked|unzustell|non remis|rifiutat"
_AUTOMATIC_SUBJECT = (
    r"(?i)auto(?:matic|mated)?[- ]?(?:reply|response|responder)\b"
    r"|automatische? (?:antwort|antwoord|beantwoording|reactie)"
    r"|automatisch (?:antwoord|bericht)|abwesenheit(?:s\w+)?\s*:|abwesenheits(?:notiz|meldung|nachricht|agent)"
    r"|autoantwort|réponse automatique"
    r"|absence du bureau|respuesta autom[áa]tica|resposta autom[áa]tica|risposta automatica"
    r"|resposta automàtica|autosvar|automatiskt? svar|automaattinen vastaus|autom\w+ odpowied[źz]|odpowied[źz] autom"
    r"|automatick[áa] odpov|automatikus válasz|răspuns automat|automatski odgovor|samodejni odgovor"
    r"|otomatik yanıt"
    r"|автоответ|автоматический ответ|автоматична відповідь|автоматичен отговор|αυτόματη απάντηση|رد تلقائي"
    r"|תשובה אוטומטית|מענה אוטומטי|自动回复|自动答复|自動回覆|自動回復|自動答覆|自動応答|自動返信|자동 회신"
    r"|ตอบกลับอัตโนมัติ|trả lời tự động|balasan otomatis"
    r"|(?:i am |i'm )?out of (?:the )?office(?: (?:auto)?-?reply|\s*[:(-]|$)|ooo\s*:|auto:|away:"
    r"|(?:fuera de la oficina|fuori (?:sede|ufficio)|fora do escritório|ausente|absente?|absence|afwezig\w*"
    r"|frånvaro\w*|fravær\w*|ikke til stede|poissa\w*|nieobecn\w+|mimo kancelář\w*|távol\w*"
    r"|нет на месте|автоответчик|休假|外出)\s*[:：]"
    r"|vacation (?:response|reply|message)\b"
)
_FAILURE_SUBJECT = (
    r"(?i)undeliverable:|undelivered mail returned|delivery status notification|delivery failure|mail delivery fail"
    r"|returned mail:|failure notice$|message delivery has failed|недоставленное сообщение"
    r"|(?:unzustellbar|nicht zustellbar|non remis|non remissible|no se puede entregar|no entregado|non recapitabile"
    r"|não entregue|não é possível entregar|onbestelbaar|kan inte levereras|kan ikke leveres|ei voi toimittaa"
    r"|niedostarczone|nedoručitelné"
    r"|kézbesíthetetlen|не удается доставить|teslim edilemedi|配信不能|无法送达|未送达|배달되지 않음)\s*[:：]"
)
_SET_BY_ROBOTS = (
    r"(?i)x-auto-?(?:reply|respon(?:d|der|se)|generated)(?:-id|-from)?|x-mail-autoreply|x-vacation|x-fc-machinegenerated"
    r"|x-failed-recipients|x-loop|x-mlserver|x-ml-name|x-amz-sns-message-type|x-boxtrapper|x-ms-exchange-inbox-rules-loop"
    r"|x-hmxmroriginalrecipient|x-rt-loop-prevention"
    r"|list-id|list-unsubscribe|list-post"
)


def automatic(message: Message) -> str | None:
    """Why no person wrote this mail, or None."""
    return _by_headers(message) or _by_shape(message) or _by_sender(message) or _by_subject(message)


def _by_headers(message: Message) -> str | None:
    submitted = mail.header(message, "Auto-Submitted").lower()
    if submitted and not re.match(r"no\b", submitted):  # RFC 3834
        return "auto-submitted"
    if "<>" in (mail.header(message, name) for name in ("Return-Path", "Envelope-From", "From")):
        return "null sender"  # RFC 5321: bounces, and what must not be answered
    if found := next((name for name in message if re.fullmatch(_SET_BY_ROBOTS, name)), None):
        return found.lower()
    for name in ("Precedence", "X-Precedence", "Preference"):
        if mail.header(message, name).lower() in ("bulk", "junk", "auto_reply", "auto-reply"):
            return name.lower()
    return None


def _by_shape(message: Message) -> str | None:
    if message.get_content_type() in ("multipart/report", "text/calendar"):
        return message.get_content_type()  # RFC 6522: bounces, feedback, read receipts; RFC 6047: an invitation
    for part in mail.children(message):
        for child in (part, *mail.children(part)):
            if child.get_content_type() in ("message/delivery-status", "message/disposition-notification"):
                return child.get_content_type()
            if child.get_content_type() == "text/calendar" and str(child.get_param("method")).lower() == "reply":
                return "answer to an invitation"
    return None


def _by_sender(message: Message) -> str | None:
    author = mail.header(message, "From")
    addresses = (mail.sender(message) or author, mail.header(message, "Return-Path"))
    if any(re.match(_ROBOT, address.lower().strip("\"'< ")) for address in addresses):
        return "a mail system's address"
    if re.search(_ROBOT_NAME, author) and re.search(_TROUBLE, mail.header(message, "Subject")):
        return "a mail system's name"
    return None


def _by_subject(message: Message) -> str | None:
    subject = mail.header(message, "Subject").strip()
    if re.match(_AUTOMATIC_SUBJECT, subject) or re.match(_FAILURE_SUBJECT, subject):
        return "subject"
    return None
