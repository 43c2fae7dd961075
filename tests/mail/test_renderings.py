"""Replies to the course's emails as the most common mail programs write them, with the quote in both parts."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from itertools import product
from textwrap import wrap

import pytest

from replies import own_words
from tests.mail.programs._kept import email_of
from tests.mail.test_kinds import folded, rendered, reply

LANGUAGES = ("English", "German", "Spanish")
WORDS = (
    "I saw it and asked nothing.\n\nI was afraid of what she would say.",
    "Ich habe es gesehen.\n\nGefragt habe ich nicht – aus Angst.",
    "Lo vi y no pregunté.\n\n¿Por qué? Ya lo sabía.",
)
EMAILS = ("03-acknowledge", "05-apology-in-action", "07-safety-first")
SUBJECTS = ("Before you mend it, see it", "The part of an apology that shows", "Safe first, close later")
COURSE = "Rebuilding Trust <course@mail.example.org>"
GMAIL = (
    f"On Sun, Nov 29, 2026 at 7:40 AM {COURSE} wrote:",
    f"Am So., 29. Nov. 2026 um 07:40 Uhr schrieb {COURSE}:",
    "El dom, 29 nov 2026 a las 7:40, Rebuilding Trust (<course@mail.example.org>) escribió:",
)
APPLE = (
    f"On 29 Nov 2026, at 07:40, {COURSE} wrote:",
    f"Am 29.11.2026 um 07:40 schrieb {COURSE}:",
    f"El 29 nov 2026, a las 7:40, {COURSE} escribió:",
)
YAHOO = (
    f"On Sunday, November 29, 2026 at 07:40:00 AM GMT+1, {COURSE} wrote:",
    f"Am Sonntag, 29. November 2026 um 07:40:00 MEZ hat {COURSE} Folgendes geschrieben:",
    f"El domingo, 29 de noviembre de 2026, 07:40:00 CET, {COURSE} escribió:",
)
LABELS = ("From,Sent,To,Subject", "Von,Gesendet,An,Betreff", "De,Enviado,Para,Asunto")
SAMSUNG_LABELS = ("From,Date,To,Subject", "Von,Datum,An,Betreff", "De,Fecha,A,Asunto")
TITLES = ("Original message", "Ursprüngliche Nachricht", "Mensaje original")
DATES = (
    "Sunday, November 29, 2026 7:40 AM",
    "Sonntag, 29. November 2026 07:40",
    "domingo, 29 de noviembre de 2026 7:40",
)


def headed(form: str, labels: tuple[str, ...] = LABELS, dates: tuple[str, ...] = DATES) -> tuple[str, ...]:
    each = zip(labels, dates, SUBJECTS, strict=True)
    return tuple(form.format(*label.split(","), date=date, subject=subject) for label, date, subject in each)


OUTLOOK = headed(f"{{}}: {COURSE}\n{{}}: {{date}}\n{{}}: ann@example.net\n{{}}: {{subject}}")
GMX = headed(f"{{1}}: {{date}}\n{{0}}: {COURSE}\n{{2}}: ann@example.net\n{{3}}: {{subject}}")
SAMSUNG = headed(
    f"-------- {{}} --------\n{{}}: {COURSE} \n{{}}: {{date}}  (GMT+01:00) \n{{}}: ann@example.net\n{{}}: {{subject}} ",
    tuple(f"{title},{label}" for label, title in zip(SAMSUNG_LABELS, TITLES, strict=True)),
    ("29/11/2026  07:40", "29.11.26  07:40", "29/11/26  7:40"),
)


def text_of(html: str, *, link: str = "", hidden: bool = True, space: str = "\xa0", cell: str = "\n") -> str:
    """Returns a quote's plain part; `link` formats the address after a link's text."""
    if not hidden:
        html = re.sub(r'(?s)<div class="[^"]*preheader".*?</div>', "", html)
    html = " ".join(html.split()).replace("&nbsp;", "\ue000").replace("</h3>", "</h2>")
    text = rendered(html, link=lambda to: link.format(re.sub(r"^(?:tel|mailto):", "", to)), cell=cell)
    return "\n".join(line.strip(" ") for line in text.replace("\ue000", space).split("\n"))


def gmail(html: str) -> str:
    text = text_of(re.sub("</?strong>", "*", html), link=" <{}>", space=" ")
    lines = (wrap(line, 76, break_on_hyphens=False, break_long_words=False) or [""] for line in text.split("\n"))
    return "\n".join(f"> {part}" for parts in lines for part in parts)


def apple(html: str, link: str = "") -> str:
    return "\n".join(f"> {line}" for line in text_of(html, link=link, hidden=False).split("\n"))


def yahoo(html: str) -> str:
    return "\n".join(f"  {line}" for line in text_of(html, cell="\xa0\n").split("\n"))


def word(html: str) -> str:
    """Returns the HTML as Word stores it, the editor of Outlook for Windows."""
    html = re.sub(r"(<(?:p|h1|h2|h3|li)\b[^>]*>)", r"\1<span style='font-size:13.5pt;color:#2B2722'>", html)
    return re.sub(r"(</(?:p|h1|h2|h3|li)>)", r"<o:p></o:p></span>\1", html)


@dataclass(frozen=True)
class Program:
    """A mail program. `quoted` makes the plain quote from HTML; `prefix` is put before each of our class names."""

    intro: tuple[str, ...]
    quoted: Callable[[str], str]
    page: str
    line: str = "<div>{}</div>"
    inside: str = '<p style="margin: 0px 0px 20px;">{}</p>'
    plain: str = "{above}\n\n{signature}{intro}\n\n{quote}\n\n{below}\n"
    signature: tuple[str, ...] = ("", "", "")
    prefix: str = ""
    kept: Callable[[str], str] = str
    finished: Callable[[str], str] = str


GMAIL_PAGE = (
    '<div dir="auto">{above}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">'
    '{intro}<br></div><blockquote class="gmail_quote" style="margin:0px">{quote}</blockquote></div>{below}'
)
OUTLOOK_HEAD = '<hr style="width:98%"><div id="divRplyFwdMsg" dir="ltr"><font>{intro}</font><div>&nbsp;</div></div>'
OUTLOOK_FOR = ("Get Outlook for", "Holen Sie sich Outlook für", "Obtener Outlook para")
RULED = "{above}\n\n{signature}________________________________\n{intro}\n\n{quote}\n\n{below}\n"
PROGRAMS = {
    "Gmail": Program(GMAIL, gmail, GMAIL_PAGE.replace("auto", "ltr"), prefix="m_-2216817035m_"),
    "Gmail for Android": Program(GMAIL, gmail, GMAIL_PAGE, '<div dir="auto">{}</div>', prefix="m_-22168170m_"),
    "iPhone Mail": Program(
        APPLE,
        apple,
        '<body dir="auto">{above}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{signature}</div><div><br>'
        '<blockquote type="cite">{intro}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">\ufeff'
        "{quote}</div></blockquote>{below}</body>",
        plain="{above}\n\n{signature}> {intro}\n> \n> \ufeff\n{quote}\n\n{below}\n",
        signature=("Sent from my iPhone", "Von meinem iPhone gesendet", "Enviado desde mi iPhone"),
    ),
    "Apple Mail": Program(
        APPLE,
        lambda html: apple(html, " <{}>"),
        '<body>{above}<div><br><blockquote type="cite"><div>{intro}</div><br class="Apple-interchange-newline"><div>'
        "{quote}</div></blockquote></div><br>{below}</body>",
        plain="{above}\n\n> {intro}\n> \n{quote}\n\n{below}\n",
    ),
    "Outlook on the web": Program(
        OUTLOOK,
        lambda html: text_of(html, link="<{}>"),
        f'<body dir="ltr">{{above}}<div id="appendonsend"></div>{OUTLOOK_HEAD}{{quote}}{{below}}</body>',
        '<div class="elementToProof" style="font-family: Aptos, sans-serif; font-size: 12pt;">{}</div>',
        '<p class="elementToProof" style="margin: 0px 0px 20px;">{}</p>',
        plain=RULED,
        prefix="x_",
    ),
    "Outlook for Windows": Program(
        OUTLOOK,
        lambda html: text_of(html, link=" <{}> ", cell="\t\n"),
        "<body lang=EN-US><div class=WordSection1>{above}<p class=MsoNormal><o:p>&nbsp;</o:p></p><div><div style="
        "'border:none'><p class=MsoNormal>{intro}<o:p></o:p></p></div></div>{quote}{below}</div></body>",
        "<p class=MsoNormal><span lang=EN-US>{}<o:p></o:p></span></p>",
        "<p style='margin:0cm 0cm 15.0pt 0cm'><span style='color:#1F497D'>{}<o:p></o:p></span></p>",
        kept=word,
    ),
    "Outlook for iOS": Program(
        OUTLOOK,
        lambda html: text_of(html, link="<{}>"),
        '<body>{above}<div id="ms-outlook-mobile-signature"><div><br></div>{signature}</div><div '
        f'id="mail-editor-reference-message-container">{OUTLOOK_HEAD}{{quote}}</div>{{below}}</body>',
        '<div dir="ltr">{}</div>',
        plain=RULED,
        signature=tuple(f"{words} iOS<https://aka.ms/o0ukef>" for words in OUTLOOK_FOR),
        prefix="x_",
    ),
    "Yahoo": Program(
        YAHOO,
        yahoo,
        '<body><div class="ydp1f2yahoo-style-wrap">{above}<div><br></div></div><div id="yahoo_quoted_4711" class='
        '"yahoo_quoted"><div><div>{intro}</div><div id="yiv4711">{quote}</div></div></div>{below}</body>',
        '<div dir="ltr" data-setdir="false">{}</div>',
        plain=" {above}\n\n    {intro}  \n \n {quote}\n\n{below}  \n",
        prefix="yiv4711",
    ),
    "Samsung Email": Program(
        SAMSUNG,
        text_of,
        '<body>{above}<div><br></div><div id="composer_signature"><div>{signature}</div></div><div><br></div>'
        '<div align="left" dir="auto"><div>{intro}</div><div><br></div></div>{quote}{below}</body>',
        '<div dir="auto">{}</div>',
        signature=("Sent from my Galaxy", "Von meinem Galaxy gesendet", "Enviado desde mi Galaxy"),
        finished=lambda text: re.sub(r"\n+", " ", text),
    ),
    "GMX": Program(
        GMX,
        lambda html: text_of(html, space=" "),
        '<body><div style="font-family: Verdana">{above}<div>&nbsp;<div name="quote" style="margin:10px">'
        '<div>{intro}</div><div name="quoted-content">{quote}</div></div></div>{below}</div></body>',
    ),
}
SAMSUNG_MAIL = PROGRAMS["Samsung Email"]
PROGRAMS["Samsung Email, run together"] = replace(SAMSUNG_MAIL, finished=lambda text: text.replace("\n", ""))


def made(program: Program, place: str, number: int, words: str) -> tuple[bytes, tuple[str, str]]:
    """The reply that a program makes, and the email that it answers."""

    def shown(line: str) -> str:
        return "".join(line.format(escape(each) or "<br>") for each in words.split("\n"))

    email = email_of(EMAILS[number])
    body = re.sub(r"(?s).*<body[^>]*>|</body>.*|<!--.*?-->", "", email[1])
    body = program.kept(body.replace('class="', f'class="{program.prefix}'))
    start, end = body[: (cut := [found.end() for found in re.finditer("</p>", body)][number + 1])], body[cut:]
    if place == "in two":
        out, back = "</td></tr></tbody></table>" * 2 + "</div></blockquote>", "<table><tbody><tr><td>" * 2
        quote = f"{start}{out}{shown(program.line)}<blockquote class='gmail_quote'><div>{back}{end}"
        marked = f"{program.quoted(start)}\n\n{words}\n\n{program.quoted(end)}"
    else:
        quote = f"{start}{shown(program.inside) if place == 'inside' else ''}{end}"
        marked = program.quoted(quote)
    places = {name: words if place == name else "" for name in ("above", "below")}
    signature, intro = program.signature[number], program.intro[number]
    plain = program.plain.format(quote=marked, signature=f"{signature}\n\n", intro=intro, **places)
    places = {name: shown(program.line) if text else "<div><br></div>" for name, text in places.items()}
    intro = escape(intro, quote=False).replace("\n", "<br>")
    html = program.page.format(quote=quote, signature=escape(signature), intro=intro, **places)
    return reply(program.finished(plain), html), email


CASES = [*product(PROGRAMS, ("above", "below", "inside"), LANGUAGES), *product(["Gmail"], ["in two"], LANGUAGES)]


@pytest.mark.parametrize(("program", "place", "language"), CASES)
def test_only_own_words_are_read_from_a_programs_reply(program: str, place: str, language: str) -> None:
    number = LANGUAGES.index(language)
    raw, email = made(PROGRAMS[program], place, number, WORDS[number])
    assert folded(own_words(raw, *email)) == folded(WORDS[number])


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_bare_stop_is_read_alone(program: str) -> None:
    raw, email = made(PROGRAMS[program], "above", 0, "STOP")
    assert own_words(raw, *email) == "STOP"
