"""Replies as many mail programs write them, to an email that is only for these tests."""

from email.message import EmailMessage
from email.policy import SMTP

QUESTION = "What did you do, and what did it cost the other person?"

EMAIL = f"""Day 2: Own one thing

Hello Ana,

Yesterday you looked back at the moment you decided to begin. Today is about owning one thing, without a "but" after it.

{QUESTION}

- Say what happened, not why.
- Use "I", not "we".

Open my page:
https://course.example.org/me/8h2k3j4h5k2j

This is not therapy. If someone near you is in danger, call your local emergency number.

Example Org, 1 Long Street, Springfield
"""

EMAIL_HTML = f"""<html><head><style>p {{margin: 0}}</style></head><body>
<div style="display:none">One thing, without a "but" after it</div>
<table><tr><td><img src="https://course.example.org/l.png" alt="Rebuild Trust"><h1>Day 2: Own one thing</h1>
<p>Hello Ana,</p>
<p>Yesterday you looked back at the moment you decided to begin. Today is about owning one thing, without a "but"
after it.</p>
<p>{QUESTION}</p>
<ul><li>Say what happened, not why.</li><li>Use "I", not "we".</li></ul>
<p><a href="https://course.example.org/me/8h2k3j4h5k2j">Open my page</a></p>
<p>This is not therapy. If someone near you is in danger, call your local emergency number.</p>
<p>Example Org, 1 Long Street, Springfield</p></td></tr></table></body></html>"""

ADDRESS = "k7q2mz5xw3@reply.example.org"


def mail(text: str | None = None, html: str | None = None, **headers: str) -> bytes:
    """Returns a mail with these parts; an argument `In_Reply_To` is the header `In-Reply-To`."""
    message = EmailMessage(policy=SMTP.clone(cte_type="8bit"))
    message["From"] = headers.pop("From", "Ana <ana@example.net>")
    message["To"] = ADDRESS
    message["Subject"] = headers.pop("Subject", "Re: Day 2: Own one thing")
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    if text is not None:
        message.set_content(text, cte="8bit")
    if html is not None:
        message.add_alternative(html, subtype="html") if text is not None else message.set_content(html, subtype="html")
    return message.as_bytes()


def marked(email: str, answer: str = "") -> str:
    """Returns the email with `> ` before each line, and an unmarked answer below the question."""
    lines = "\n".join(f"> {line}".rstrip() for line in email.rstrip("\n").split("\n"))
    return lines.replace(f"> {QUESTION}", f"> {QUESTION}\n\n{answer}\n") if answer else lines


def unmarked(answer: str = "") -> str:
    """Returns the email as Outlook and Yahoo quote it, with rewritten links and an answer below the question."""
    email = EMAIL.replace("Open my page:\nhttps://", "Open my page<https://safe.example.com/?u=")
    email = email.replace("5k2j\n", "5k2j>\n").replace("- ", "  *   ")
    return email.replace(QUESTION, f"{QUESTION}\n\n{answer}") if answer else email


GMAIL = f"On Mon, Aug 3, 2026 at 7:00 AM Rebuild Trust\n<{ADDRESS}> wrote:\n\n"
GMAIL_GERMAN = f"Am Mo., 3. Aug. 2026 um 07:00 Uhr schrieb Rebuild Trust <{ADDRESS}>:\n\n"
APPLE = f"> On Aug 3, 2026, at 7:00 AM, Rebuild Trust <{ADDRESS}> wrote:\n> \n"
THUNDERBIRD = "Le 03/08/2026 à 07:00, Rebuild Trust a écrit :\n"
YAHOO = f"    El lunes, 3 de agosto de 2026, 07:00:12 CEST, Rebuild Trust <{ADDRESS}> escribió:  \n \n "
OUTLOOK = (
    f"From: Rebuild Trust <{ADDRESS}>\nSent: Monday, August 3, 2026 7:00 AM\nTo: Ana <ana@example.net>\n"
    "Subject: Day 2: Own one thing\n\n"
)
OUTLOOK_MOBILE = (
    f"Obtener Outlook para iOS<https://aka.ms/o0ukef>\n{'_' * 32}\nDe: Rebuild Trust <{ADDRESS}>\n"
    "Enviado: lunes, 3 de agosto de 2026 7:00\nPara: Ana <ana@example.net>\nAsunto: Day 2: Own one thing\n\n"
)
SAMSUNG = f"\n\nSent from my Galaxy\n\n\n-------- Original message --------\n{OUTLOOK.replace('Sent:', 'Date:')}"


def part(body: bytes, kind: str = "text/plain; charset=utf-8", encoding: str = "8bit") -> bytes:
    """Returns a mail of one part with this body."""
    return f"Content-Type: {kind}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body
