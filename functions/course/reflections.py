"""What a person wrote in a reply: their own words, without the email that they answered.

We sent the original, so what is quoted of it can be told from what is new. Doubt keeps text: losing a person's words is
worse than keeping a quoted line.
"""

import re

from course import mail
from course.html_text import html_to_text

_URL = re.compile(r"<?https?://\S+>?")
_QUOTE_MARK = re.compile(r"^[ \t]*((?:>[ \t]?)+)")
_ATTRIBUTION = re.compile(
    r"^\s*(On|Am|Le|El|Il|Op|Em|Den|Dnia|W dniu|Em|A|Pe|Na|El mi[eé]|V|Dne)\b.{6,300}"
    r"(wrote|schrieb|écrit|escribió|scritto|schreef|escreveu|skrev|napisał|a scris|napsal|writes)\b.{0,120}:?\s*$",
    re.IGNORECASE | re.DOTALL,
)
_DIVIDER = re.compile(
    r"^\s*(-{3,}.{3,60}-{3,}|_{8,}|\*{0,2}(From|Von|De|Da|Van|Från|Fra)\s*:\*{0,2}\s.+)\s*$", re.IGNORECASE
)
_HEADER_LINE = re.compile(r"^\s*\*{0,2}[A-Za-zÀ-ÿ-]{2,20}\s*:\*{0,2}\s.{0,300}$")
_MOBILE = re.compile(
    r"^\s*(Sent from|Sent with|Get Outlook|Envoyé de|Von meinem|Gesendet|Enviado desde|Inviato da)\b.{0,80}$"
)


def extract(raw: bytes, original: str | None = None, original_html: str | None = None) -> str:
    """The person's own new words, line breaks kept. `original` is the email that they answered, as text.

    Raises UnreadableMail when the mail is over a bound.
    """
    text = mail.visible_text(mail.parse(raw))
    sent = _words(original or "") + _words(html_to_text(original_html) if original_html else "")
    own = _without_signature(_own_lines(text.split("\n"), f" {' '.join(sent)} "))
    kept = "\n".join(own).strip("\n")
    return kept if kept.strip() else ""


def automatic(raw: bytes) -> str | None:
    """Why this is not a person's mail, or None. Raises UnreadableMail when the mail is over a bound."""
    message = mail.parse(raw)

    def field(name: str) -> str:
        return mail.header(message, name).lower()

    submitted = field("Auto-Submitted")
    signs = {
        "auto-submitted": submitted not in ("", "no") and not submitted.startswith("no;"),  # RFC 3834
        "report": message.get_content_type() == "multipart/report",  # RFC 6522: bounces, feedback, read receipts
        "null sender": field("Return-Path") == "<>",
        "daemon": re.match(r"(mailer-daemon|postmaster)@", mail.sender(message)) is not None,
        "precedence": field("Precedence") in ("bulk", "junk", "list", "auto_reply"),
        "list": bool(field("List-Id") or field("List-Unsubscribe")),
        "autoreply": bool(field("X-Autoreply") or field("X-Autorespond") or field("X-Auto-Response-Id")),
    }
    return next((reason for reason, seen in signs.items() if seen), None)


def _own_lines(lines: list[str], sent: str) -> list[str]:
    """The lines that are not quoted, and those inside the quote that we never sent."""
    own: list[str] = []
    in_quote = False
    for index, line in enumerate(lines):
        marked = _QUOTE_MARK.match(line)
        content = line[marked.end() :] if marked else line
        if marked or in_quote or _introduces_quote(lines, index):
            in_quote = in_quote or not marked
            if _explained(content, sent) or (marked and len(sent) < 3) or _introduces_quote([content], 0):
                continue
            if in_quote and _HEADER_LINE.match(content) and not own_words_follow(content):
                continue
        own.append(content if not marked else content)
    return own


def own_words_follow(content: str) -> bool:
    """Whether what follows a colon reads as a sentence and not as a mail header's value."""
    return len(content) > 120


def _introduces_quote(lines: list[str], index: int) -> bool:
    """Whether a quote begins here: `On … wrote:`, which may take three lines, or the header block that Outlook writes."""
    if _DIVIDER.match(lines[index]):
        return True
    return any(_ATTRIBUTION.match(" ".join(lines[index : index + length])) for length in (1, 2, 3))


def _explained(line: str, sent: str) -> bool:
    """Whether all words of a line stand, in this order, in what we sent."""
    words = _words(line)
    return not words or f" {' '.join(words)} " in sent


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", _URL.sub(" ", text.lower()))


def _without_signature(lines: list[str]) -> list[str]:
    """Without what follows the standard delimiter (RFC 3676), and without a telephone's own last line."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index] in ("-- ", "--") and len(lines) - index <= 12:
            lines = lines[:index]
            break
    last = next((index for index in range(len(lines) - 1, -1, -1) if lines[index].strip()), None)
    if last is not None and _MOBILE.match(lines[last]):
        lines = lines[:last]
    return lines
