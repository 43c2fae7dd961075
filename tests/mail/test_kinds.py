"""The changes that mail programs make to a quoted email: each kind in five emails and languages."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from html import escape, unescape
from itertools import count, product
from textwrap import wrap

import pytest

from replies import own_words
from tests.mail.programs._kept import SENT, email_of

EMAILS = ("02-intro", "03-acknowledge", "05-apology-in-action", "07-safety-first", "08-keep-showing-up")
WORDS = (
    "I saw it and asked nothing.",
    "Ich habe es gesehen.\n\nGefragt habe ich nicht – aus Angst.",
    "Lo vi y no pregunté.\n\n¿Por qué? Ya lo sabía.",
    "1. J'ai menti.\n2. J'ai recommencé.",
    "見ていました。でも何も聞きませんでした。",
)
ATTRIBUTIONS = (
    "On 11/29/26 7:40 AM, Rebuilding Trust wrote:",
    "Am 29.11.26 um 07:40 schrieb Rebuilding Trust:",
    "El 29/11/26 a las 7:40, Rebuilding Trust escribió:",
    "Le 29/11/2026 à 07:40, Rebuilding Trust a écrit :",
    "2026年11月29日(日) 7:40 Rebuilding Trust <course@mail.example.org>:",
)
Quote = Callable[[str, str], str]
"""Makes a mail program's quote from the text and the HTML of an email."""


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def rendered(html: str, *, link: Callable[[str], str], cell: str = "\n") -> str:
    """Converts HTML to text as a program does: with the title and hidden text; `link` formats each link."""
    html = re.sub(r"(?s)<!--.*?-->|<style.*?</style>", "", html)
    html = re.sub(
        r'(?s)<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', lambda found: f"{found[2]}{link(unescape(found[1]))}", html
    )
    html = re.sub(r"(?i)</(?:p|h1|h2|li|title|div)>|<br[^>]*>", "\n", html)
    html = re.sub(r"(?i)</t[dr]>", cell, html)
    html = unescape(re.sub(r"<[^>]*>", "", html)).replace("\xa0", " ")
    return re.sub(r"\n\s*\n+", "\n\n", html).strip()


def wrapped(text: str) -> str:
    """Wraps long lines as a program does: at a space, or anywhere in a link that is longer than a line."""
    lines = (wrap(line, 72, break_on_hyphens=False) or [""] for line in text.split("\n"))
    return "\n".join(part for parts in lines for part in parts)


def footnotes(_text: str, html: str) -> str:
    numbers, links = count(1), list[str]()

    def link(target: str) -> str:
        links.append(f"[{next(numbers)}] {target}")
        return f" [{len(links)}]"

    text = rendered(html, link=link)
    return marked(f"{text}\n\nLinks:\n------\n" + "\n".join(links))


QUOTES: dict[str, Quote] = {
    "links in brackets, and the title": lambda _, html: marked(rendered(html, link=lambda to: f" <{to}>")),
    "links broken in the middle": lambda _, html: marked(wrapped(rendered(html, link=lambda to: f" <{to}>"))),
    "bare links broken in the middle": lambda text, _: marked(wrapped(text)),
    "links as footnotes": footnotes,
    "cells run together": lambda _, html: marked(rendered(html, link=lambda _: "", cell="")),
    "no line breaks": lambda text, _: " ".join(text.split()),
    "no line breaks, marked": lambda text, _: marked(" ".join(text.split())),
    "no marks": lambda text, _: text,
    "indented": lambda text, _: marked("\n".join(f"    {line}" for line in text.split("\n"))),
}


def reply(text: str, html: str = "") -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "ann@example.net", "x@reply.example.org", "Re: x"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    return mail.as_bytes()


def folded(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize(("quote", "number"), list(product(QUOTES, range(5))))
def test_r14_r15_r16_only_own_words_are_read_above_a_quote_of_any_kind(quote: str, number: int) -> None:
    email, words = email_of(EMAILS[number]), WORDS[number]
    raw = reply(f"{words}\n\n{ATTRIBUTIONS[number]}\n{QUOTES[quote](*email)}\n")
    assert folded(own_words(raw, *email)) == folded(words)


@pytest.mark.parametrize(
    ("quote", "number"), [(quote, n) for quote, n in product(QUOTES, range(5)) if "breaks" not in quote]
)
def test_r14_r15_r16_only_own_words_are_read_below_a_quote_of_any_kind(quote: str, number: int) -> None:
    email, words = email_of(EMAILS[number]), WORDS[number]
    raw = reply(f"{ATTRIBUTIONS[number]}\n{QUOTES[quote](*email)}\n\n{words}\n")
    assert folded(own_words(raw, *email)) == folded(words)


@pytest.mark.parametrize("number", range(5))
def test_r17_the_part_with_the_cleaner_quote_is_read(number: int) -> None:
    """The program made a bad plain part from its HTML, whose quote is correct."""
    text, html = email_of(EMAILS[number])
    words = WORDS[number]
    plain = marked(f"{rendered(html, link=lambda to: f' <{to[:9]}> {to[9:]}')}\n+++ quoted by Badly 1.0 +++")
    shown = "".join(f"<p>{escape(line)}</p>" for line in words.split("\n"))
    body = re.sub(r"(?s).*<body[^>]*>|</body>.*", "", html)
    page = f"<html><body>{shown}<div>{escape(ATTRIBUTIONS[number])}</div><blockquote>{body}</blockquote></body></html>"
    raw = reply(f"{ATTRIBUTIONS[number]}\n{plain}\n\n{words}\n", page)
    assert folded(own_words(raw, text, html)) == folded(words)


@pytest.mark.parametrize("number", range(5))
def test_typed_quote_marks_above_an_unmarked_quote_are_own_words(number: int) -> None:
    email = email_of(EMAILS[number])
    raw = reply(f"> he said: {number}\n> I said: no\n\n{WORDS[number]}\n\n{email[0]}\n")
    assert folded(own_words(raw, *email)) == folded(f"he said: {number} I said: no {WORDS[number]}")


@pytest.mark.parametrize("number", range(5))
def test_words_below_a_programs_signature_are_kept_if_there_are_no_others(number: int) -> None:
    email = email_of(EMAILS[number])
    words = f"He stopped laughing in March, number {number}. I noticed.\n\nHe wasn't tired."
    raw = reply(f"{ATTRIBUTIONS[number]}\n{marked(email[0])}\n\n-- \nAnn Example\nHarbour Street 3\n{words}\n")
    assert own_words(raw, *email) == words


@pytest.mark.parametrize("number", range(5))
def test_r19_a_quoted_mail_header_is_not_own_words(number: int) -> None:
    email = email_of(EMAILS[number])
    head = (SENT / f"{EMAILS[number]}.eml").read_bytes().decode().replace("\r\n", "\n").partition("\n\n")[0]
    quote = marked(f"{head}\n\n{email[0]}")
    assert folded(own_words(reply(f"{WORDS[number]}\n\n{ATTRIBUTIONS[number]}\n{quote}\n"), *email)) == folded(
        WORDS[number]
    )


PASTED = (
    "From: Jo Marlow <jo@example.org>\nSent: Wednesday, 13 May 2026 06:42\n"
    "To: Ann <ann@example.net>\nSubject: Sunday\n",
    "Von: Jo Marlow <jo@example.org>\nGesendet: Mittwoch, 13. Mai 2026 06:42\n"
    "An: Ann <ann@example.net>\nBetreff: Sonntag\n",
    "De: Jo Marlow <jo@example.org>\nEnviado: miércoles, 13 de mayo de 2026 06:42\n"
    "Para: Ann <ann@example.net>\nAsunto: Domingo\n",
    "On Wed, May 13, 2026 at 6:42 AM Jo Marlow <jo@example.org> wrote:",
    "Am Mi., 13. Mai 2026 um 06:42 Uhr schrieb Jo Marlow <jo@example.org>:",
)


@pytest.mark.parametrize("number", range(5))
def test_r18_own_words_around_a_pasted_mail_are_kept(number: int) -> None:
    """Lines of the pasted mail may be kept or not. The own words above and below it must be kept."""
    email = email_of(EMAILS[number])
    after = "That is what he wrote, and I did not answer him for a month."
    raw = reply(
        f"{WORDS[number]}\n\n{PASTED[number]}\nI waited for you at the station.\n\n{after}\n\n"
        f"{ATTRIBUTIONS[number]}\n{marked(email[0])}\n"
    )
    said = folded(own_words(raw, *email))
    assert said.startswith(folded(WORDS[number]))
    assert folded(after) in said
    assert "Unsubscribe" not in said


@pytest.mark.parametrize("number", range(5))
def test_r18_a_pasted_mail_without_our_quote_is_kept(number: int) -> None:
    """Its address shows that it is not our email. All of it is kept, because nothing shows where it ends."""
    pasted = PASTED[number].replace("jo@example.org", "jo@example.com")
    text = f"{WORDS[number]}\n\n{pasted}\n\nI waited for you at the station.\n\nI did not answer him for a month."
    assert folded(own_words(reply(text), *email_of(EMAILS[number]))) == folded(text)


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("address", ["course@mail.example.org", "x@reply.example.org", "ann@example.net"])
def test_r18_a_quote_of_our_email_does_not_count_as_a_pasted_mail(number: int, address: str) -> None:
    """The same holds for the subscriber's own mail, although the text below the header is not in the original."""
    pasted = PASTED[number].replace("jo@example.org", address).replace("Jo Marlow", "Rebuilding Trust")
    text = f"{WORDS[number]}\n\n{pasted}\n\nA lesson that has been written anew."
    assert folded(own_words(reply(text), *email_of(EMAILS[number]))) == folded(WORDS[number])


@pytest.mark.parametrize("words", ["彼が疲れているのを見ていました。", "何も聞きませんでした。\n\n怖かったからです。"])
def test_r19_japanese_whose_charset_was_lost_is_text(words: str) -> None:
    head = b"From: ann@example.net\r\nTo: x@reply.example.org\r\nSubject: x\r\n\r\n"
    assert own_words(head + words.replace("\n", "\r\n").encode("iso-2022-jp")) == words


@pytest.mark.parametrize(
    "words",
    [
        "I waited.\n\n---\nshe left\nI stayed",
        "These helped me:\n\nhttps://a.example/x\nhttps://b.example/y\nhttps://c.example/z",
        "What we said:\n\nhe | me\nshouted | left\ncried | came back",
        "I wrote to\nann@example.net\nbob@example.net\ncleo@example.net",
        "It went like this:\n__\nfirst I shouted\nthen I left",
    ],
)
def test_text_that_only_looks_like_a_signature_is_kept(words: str) -> None:
    assert own_words(reply(words)) == words


@pytest.mark.parametrize(
    ("written", "kept"), [("I will try", True), ("STOP", False), ("Harbour Street 3, Exampletown", False)]
)
def test_own_words_typed_into_the_programs_signature_are_kept(written: str, kept: bool) -> None:
    """A name, an address or a word that looks like one is not kept, except if it is alone in the mail."""
    page = f'<p>I saw it.</p><div class="gmail_signature">Ann Example<br>{written}</div>'
    said = own_words(reply(f"I saw it.\n\nAnn Example\n{written}", page))
    assert said.startswith("I saw it.")
    assert (written in said) is kept
    alone = own_words(reply(written, f'<div class="gmail_signature">{written}</div>'))
    assert alone == written
