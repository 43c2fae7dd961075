"""Mail clients: what they send is mail as they send it, and what was typed arrives in the journal."""

import email
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest

from cli.local import clients
from cli.local.cloud import World
from cli.local.mime import SentMail
from tests.people import Person
from tests.stories import reads

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 24, 21, 5, tzinfo=BERLIN)
WORDS = (
    "I said: “you always do this.” <b>That</b> was unfair & untrue.\n\n"
    "    Four spaces before this line,\n"
    "and two  between these words.\n\n\n"
    "Ça me pèse. 💔 愛している 👩‍👧"
)
every_client = pytest.mark.parametrize("client", sorted(clients.CLIENTS))


@pytest.fixture
def ann(world: World) -> Person:
    """Ann has lesson 1 in front of her."""
    return reads(Person(world), 1)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert not message.defects
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


@every_client
def test_a_reply_is_mail_as_a_client_sends_it(ann: Person, client: str) -> None:
    lesson = ann.mails[-1]
    raw = clients.reply(client, lesson, WORDS, AT)
    message = parsed(raw)
    assert message["From"] == "ann@example.net"
    assert message["To"] == lesson.reply_to[0] == clients.reply_address(lesson)
    assert message["Subject"] == f"Re: {lesson.subject}"
    assert message["In-Reply-To"] == message["References"] == f"<{lesson.id}@eu-west-1.amazonses.com>"
    assert message["Date"] == "Tue, 24 Nov 2026 21:05:00 +0100"
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message["Message-ID"])
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@every_client
def test_the_original_is_quoted_below_what_was_typed(ann: Person, client: str) -> None:
    lesson = ann.mails[-1]
    message = parsed(clients.reply(client, lesson, WORDS, AT))
    typed, line, quoted = re.split(r"^((?:> )?On .*?wrote:\n)", body(message, "plain"), maxsplit=1, flags=re.M | re.S)
    assert typed.rstrip() == WORDS
    assert "Rebuilding Trust" in line
    assert "course@mail.example.org" in line
    assert lesson.text
    assert [text.removeprefix(">").strip() for text in quoted.split("\n") if text.strip(" >")] == [
        text.strip() for text in lesson.text.split("\n") if text.strip()
    ]
    assert all(text.startswith(">") for text in quoted.split("\n") if text)

    html = body(message, "html")
    above, quote, below = html.partition("<blockquote")
    assert quote
    assert "&lt;b&gt;That&lt;/b&gt; was unfair &amp; untrue." in above
    assert "Before you mend it" in below
    assert "<head" not in below, "of a quoted mail, clients carry over the body"
    assert html.count("<body") <= 1


@every_client
def test_what_was_typed_is_in_the_journal_as_written(ann: Person, client: str) -> None:
    ann.replies(WORDS, client=client)
    assert [(row["lesson"], row["round"], row["text"]) for row in ann.reflections] == [("acknowledge", 1, WORDS)]
    assert "Four spaces before" in ann.page


@every_client
def test_a_reply_to_a_reply_has_one_re(ann: Person, client: str) -> None:
    lesson = ann.mails[-1]
    answered = SentMail(**{name: getattr(lesson, name) for name in SentMail.__slots__} | {"subject": "RE: Hello"})
    assert parsed(clients.reply(client, answered, "Yes.", AT))["Subject"] == "Re: Hello"


def test_an_out_of_office_answer_says_that_it_is_one_and_is_not_kept(world: World, ann: Person) -> None:
    lesson = ann.mails[-1]
    raw = clients.out_of_office(lesson, AT)
    message = parsed(raw)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == f"<{lesson.id}@eu-west-1.amazonses.com>"
    assert message["Subject"] == f"Automatic reply: {lesson.subject}"
    assert "I am away" in body(message, "plain")
    world.deliver(raw, clients.reply_address(lesson), sender="")
    assert ann.reflections == []
    assert len(ann.mails) == 3, "and nobody answers it"
