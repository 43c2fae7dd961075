"""The own words of a reply, above, below and inside the quote: none of them is ever lost."""

import time
from contextlib import suppress
from html import escape
from unittest.mock import Mock

import pytest

from replies import UnreadableMail, open_mail, own_words
from replies import mail as parser
from tests.replies.replies import (
    APPLE,
    EMAIL,
    EMAIL_HTML,
    GMAIL,
    GMAIL_GERMAN,
    OUTLOOK,
    OUTLOOK_MOBILE,
    QUESTION,
    SAMSUNG,
    THUNDERBIRD,
    YAHOO,
    mail,
    marked,
    unmarked,
)

PROGRAMS = {
    "Gmail": (GMAIL, marked),
    "Gmail in German": (GMAIL_GERMAN, marked),
    "Apple Mail": (APPLE, marked),
    "iPhone": (f"Sent from my iPhone\n\n{APPLE}", marked),
    "Thunderbird": (THUNDERBIRD, marked),
    "Yahoo": (YAHOO, unmarked),
    "Outlook": (OUTLOOK, unmarked),
    "Outlook on a phone": (OUTLOOK_MOBILE, unmarked),
    "Samsung": (SAMSUNG, unmarked),
}
WRITTEN = {
    "a word": "yes",
    "two paragraphs": 'I shouted, and she left the room.\n\nI am not adding the "but".',
    "an indented list": "I could call\n    in the car,\n    with the engine off.",
    "like a quote header": "On Tuesday my mother wrote:\ncome home when you can.",
    "like headers": "From: me\nTo: me, in ten years\nSubject: the kitchen",
    "a pause of dashes": "- hands cold\n\n--\n\nand then, right at the end, quiet.",
    "about a phone": "Sent from my own kitchen, at midnight.",
    "quoting a sentence": 'You wrote "Use "I", not "we"." and I stopped there.',
    "a marked line": "> I am not angry\nhe said, and I believed him.",
    "no Latin letters": "Я солгал. 🙏",
    "a lone sign": "?",
}


def quoted(program: str, answer: str = "") -> str:
    header, quote = PROGRAMS[program]
    return header + (marked(EMAIL, answer) if quote is marked else unmarked(answer))


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("written", WRITTEN)
def test_an_answer_above_the_quote_is_kept_as_written(program: str, written: str) -> None:
    raw = mail(f"{WRITTEN[written]}\n\n{quoted(program)}")

    assert own_words(raw, EMAIL, EMAIL_HTML) == WRITTEN[written].replace("> ", "")


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("written", WRITTEN)
def test_an_answer_inside_the_quote_is_kept_as_written(program: str, written: str) -> None:
    raw = mail(quoted(program, WRITTEN[written]))

    assert own_words(raw, EMAIL, EMAIL_HTML) == WRITTEN[written].replace("> ", "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_answer_below_the_quote_is_kept_as_written(program: str) -> None:
    raw = mail(f"{quoted(program)}\n\nI lied about the money.\n\nThat is all.\n\n-- \nAna Perez\nTeacher")

    assert own_words(raw, EMAIL, EMAIL_HTML) == "I lied about the money.\n\nThat is all."


@pytest.mark.parametrize("program", PROGRAMS)
def test_r8_a_reply_that_only_quotes_has_nothing_to_keep(program: str) -> None:
    assert own_words(mail(quoted(program)), EMAIL, EMAIL_HTML) == ""


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_the_original_what_stands_above_the_quote_is_kept(program: str) -> None:
    assert own_words(mail(f"I lied.\n\n{quoted(program)}")) == "I lied."


def test_an_html_answer_inside_the_quote_is_kept() -> None:
    answered = EMAIL_HTML.replace(f"<p>{QUESTION}</p>", f"<p>{QUESTION}</p><div>A night of sleep.</div>")
    raw = mail(html=f"<div>See below.</div><blockquote>{answered}</blockquote>")

    assert own_words(raw, EMAIL, EMAIL_HTML) == "See below.\n\nA night of sleep."


def test_only_the_answer_on_the_line_of_the_question_is_kept() -> None:
    raw = mail(f"{GMAIL}{marked(EMAIL).replace(QUESTION, QUESTION + ' Her trust.')}")

    assert own_words(raw, EMAIL) == "Her trust."


def test_an_email_that_was_wrapped_again_is_still_ours() -> None:
    wrapped = marked(EMAIL.replace("Today is about", "Today is\nabout").replace("If someone near", "If someone\nnear"))

    assert own_words(mail(f"yes\n\n{GMAIL}{wrapped}"), EMAIL) == "yes"


def test_a_line_that_was_broken_without_a_mark_is_still_ours() -> None:
    broken = marked(EMAIL).replace("Today is about", "Today is\nabout")

    assert own_words(mail(f"yes\n\n{GMAIL}{broken}"), EMAIL) == "yes"


def test_our_email_pasted_without_marks_is_removed() -> None:
    assert own_words(mail(f"I did it.\n\n{EMAIL}"), EMAIL) == "I did it."


def test_another_mail_quoted_below_is_not_taken_for_an_answer() -> None:
    raw = mail(f"yes\n\n{OUTLOOK}Dinner at eight? Bring the blue chairs.\n")

    assert own_words(raw, EMAIL) == "yes"


def test_words_below_headers_are_kept_when_there_are_no_others() -> None:
    assert own_words(mail(f"{OUTLOOK}I lied.\n\nIt hurt her.\n"), EMAIL) == "I lied.\n\nIt hurt her."
    assert own_words(mail(f"{OUTLOOK}I lied.\n")) == "I lied."


def test_an_answer_that_only_the_html_part_has_is_found() -> None:
    assert own_words(mail(f"{GMAIL}{marked(EMAIL)}", "<p>I lied.</p>"), EMAIL, EMAIL_HTML) == "I lied."


def test_a_mail_over_a_limit_is_an_error() -> None:
    with pytest.raises(UnreadableMail):
        own_words(mail("a\n" * 20_000))


@pytest.mark.parametrize(
    "piece",
    ["> ", "On ", "\n", ">\n", "-- \n", "To:\n", "<a@b ", "x <aaa\n>:\n", "From: a@b.c\n", "wrote: ", "_____\n", "(http://a\n",
     "On Mon, Aug 3, 2026 at 7:00 AM X <a@b.c> wrote:\n", "-----Original Message-----\n", "Sent from my iPhone\n"],
)  # fmt: skip
def test_a_hostile_text_takes_linear_time(piece: str) -> None:
    def seconds(size: int) -> float:
        raw = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + (piece * (size // len(piece))).encode()
        started = time.process_time()
        with suppress(UnreadableMail):
            own_words(raw, EMAIL, EMAIL_HTML)
        return time.process_time() - started

    seconds(1000)  # compiles the expressions, which happens only once

    short, long = min(seconds(12_500), seconds(12_500)), min(seconds(100_000), seconds(100_000))

    assert long < 10
    assert long < 8 * 4 * max(short, 0.005)  # eight times the text; a quadratic time would be 64 times as long


def test_r8_an_empty_mail_has_nothing_to_keep() -> None:
    assert own_words(mail("")) == own_words(mail("\n \n")) == own_words(b"") == ""


def test_r8_only_the_own_words_above_a_forwarded_mail_are_kept() -> None:
    forwarded = f"---------- Forwarded message ---------\n{OUTLOOK}{EMAIL}"

    assert own_words(mail(f"She should read this too.\n\n{forwarded}"), EMAIL) == "She should read this too."


def test_r8_text_with_its_signature_in_a_separate_part_is_read() -> None:
    signature = "--b\r\nContent-Type: application/pgp-signature\r\n\r\niQEz\r\n--b--"
    raw = f"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nI lied.\r\n{signature}"

    assert own_words(raw.encode()) == "I lied."


def test_a_signature_that_only_the_html_marks_is_removed() -> None:
    signed = '<div>STOP</div><div id="geary-signature">Ana Marlow</div>'
    html = f"{signed}<div>{escape(GMAIL)}</div><blockquote>{QUESTION}</blockquote>"
    plain = f"STOP\nAna Marlow\n\n{GMAIL}> {QUESTION}"

    assert own_words(mail(plain, html), EMAIL, EMAIL_HTML) == "STOP"
    assert own_words(mail(plain), EMAIL, EMAIL_HTML) == "STOP\nAna Marlow"


def test_a_servers_warning_in_the_quote_is_no_answer() -> None:
    warning = "CAUTION: This email came from outside of the company. Do not click links in it, or open attachments."

    assert own_words(mail(f"yes\n\n{OUTLOOK}{warning}\n\n{EMAIL}"), EMAIL) == "yes"


def test_bullets_of_ours_between_answers_are_removed() -> None:
    quoted = marked(EMAIL).replace("not why.\n> - Use", "not why.\nI shouted.\n> - Use")

    assert own_words(mail(f"{APPLE}{quoted}"), EMAIL) == "I shouted."


def test_a_quote_of_another_mail_is_not_taken_for_an_answer() -> None:
    assert own_words(mail("yes\n\nOn 8/3/26 07:00, Bo wrote:\n> Dinner at eight?\n"), EMAIL) == "yes"


# ---------------------------------------------------------------- the share of our words that makes a quote ours

OTHERS = "Dinner at eight with everybody, bring seven blue chairs along please, Uncle Tom, kisses."
"""Fourteen words. None of them begins a line of the email."""


@pytest.mark.parametrize(
    ("ours", "others"),
    [("Yesterday you looked back at", 3 * f"{OTHERS}\n"), ("Hello Ana,\nYesterday you looked back", OTHERS)],
    ids=["five words in a row", "six words of twenty"],
)
def test_a_quote_that_holds_enough_of_our_words_is_ours_and_the_rest_an_answer(ours: str, others: str) -> None:
    assert own_words(mail(f"yes\n\n{OUTLOOK}{ours}\n{others}"), EMAIL) == f"yes\n\n{others.strip()}"


@pytest.mark.parametrize(
    ("ours", "others"),
    [("Yesterday you looked back", 3 * f"{OTHERS}\n"), ("Hello Ana,\nYesterday you looked back", f"{OTHERS} Mum")],
    ids=["four words in a row", "six words of twenty-one"],
)
def test_a_quote_that_holds_fewer_of_our_words_is_of_another_mail(ours: str, others: str) -> None:
    assert own_words(mail(f"yes\n\n{OUTLOOK}{ours}\n{others}"), EMAIL) == "yes"


def in_lines(words: int) -> str:
    """Returns this number of different words, five on each line."""
    different = [f"{first}{second}{last}" for first in "bcdfg" for second in "aeiou" for last in "lmnr"][:words]
    return "\n".join(" ".join(different[at : at + 5]) for at in range(0, words, 5))


@pytest.mark.parametrize(("words", "enough"), [(50, 25), (100, 40)], ids=["of a short email", "of a long email"])
def test_text_pasted_without_marks_is_ours_from_25_words_and_40_percent_on(words: int, enough: int) -> None:
    email = in_lines(words)
    pasted, less = in_lines(enough), in_lines(enough - 1)

    assert own_words(mail(f"I did it.\n\n{pasted}"), email) == "I did it."
    assert own_words(mail(f"I did it.\n\n{less}"), email) == f"I did it.\n\n{less}"


def test_a_mail_is_parsed_once_for_every_question(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = Mock(wraps=parser.parse)
    monkeypatch.setattr(parser, "parse", parse)
    raw = mail(f"I lied.\n\n{GMAIL}{marked(EMAIL)}", Message_ID="<1@example.net>", Return_Path="<>")

    parsed = open_mail(raw)

    assert parsed.automatic == "null sender"
    assert parsed.sender == "ana@example.net"
    assert parsed.header("message-id") == "<1@example.net>"
    assert parsed.own_words(EMAIL) == parsed.own_words(EMAIL, EMAIL_HTML) == parsed.own_words() == "I lied."
    assert parsed.automatic == "null sender"
    assert parsed.raw == raw
    parse.assert_called_once_with(raw)


def test_the_body_is_the_text_below_the_headers() -> None:
    assert open_mail(b"A: b\r\n\r\none\r\n\r\ntwo").body == open_mail(b"A: b\n\none\n\ntwo").body == b"one\n\ntwo"
    assert open_mail(b"A: b").body == b""
