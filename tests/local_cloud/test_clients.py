"""Mail clients: their replies look like those of real clients, and the typed words arrive in the journal."""

import email
import re
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from zoneinfo import ZoneInfo

import pytest

from local_cloud import clients
from local_cloud.clients import Place
from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from replies import own_words
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import next_email, reads

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 24, 21, 5, tzinfo=BERLIN)
WORDS = (
    "I said: “you always do this.” <b>That</b> was unfair & untrue.\n\n"
    "    Four spaces before this line,\n"
    "and two  between these words.\n\n\n"
    "Ça me pèse. 💔 愛している 👩‍👧"
)
every_client = pytest.mark.parametrize("client", sorted(clients.CLIENTS))
WAYS = [(name, place) for name, client in clients.CLIENTS.items() for place in client.places]
every_way = pytest.mark.parametrize(("client", "place"), WAYS, ids=[f"{name} {place}" for name, place in WAYS])


@pytest.fixture
def ann(world: World) -> Person:
    """Ann, who has just got lesson 1."""
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
def test_a_reply_has_the_headers_and_parts_of_a_mail_client(lessons: list[SentEmail], client: str) -> None:
    lesson = lessons[1]
    raw = clients.reply(client, lesson, WORDS, AT)
    message = parsed(raw)
    assert message["From"] == "ann@example.net"
    assert message["To"] == lesson.reply_to[0] == clients.reply_address(lesson)
    assert message["Subject"] == f"Re: {lesson.subject}"
    assert message["In-Reply-To"] == message["References"] == f"<{lesson.id}@eu-west-1.amazonses.com>"
    assert message["Date"] == "Tue, 24 Nov 2026 21:05:00 +0100"
    assert re.fullmatch(r"<[^<>@\s]+@[^<>@\s]+>", message["Message-ID"])
    if client == "thunderbird-plain":
        assert (message.get_content_type(), message.get_param("format")) == ("text/plain", "flowed")
    else:
        assert message.get_content_type() == "multipart/alternative"
        assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@every_way
def test_the_original_is_quoted_and_the_words_are_at_their_place(
    lessons: list[SentEmail], client: str, place: Place
) -> None:
    lesson = lessons[1]
    message = parsed(clients.reply(client, lesson, "I saw it.", AT, place))
    text = body(message, "plain")
    assert "Rebuilding Trust" in text
    for part in ("Before you mend it, see it", "Which part of their pain", "Unsubscribe"):
        assert part in text
    typed, question, end = (text.index(part) for part in ("I saw it.", "Which part of their pain", "Unsubscribe"))
    assert {Place.ABOVE: typed < question, Place.INSIDE: question < typed < end, Place.BELOW: end < typed}[place]
    if html := message.get_body(("html",)):
        source = html.get_content()
        typed, question = source.index("I saw it."), source.index("Which part of their pain")
        assert (typed < question) is (place is Place.ABOVE)
        assert source.count("<body") <= 1, "clients quote only the body of the original"
        assert source.count("I saw it.") == 1


def test_every_common_client_exists_and_none_writes_where_it_cannot(
    lessons: list[SentEmail],
) -> None:
    labels = {client.label for client in clients.CLIENTS.values()}
    assert labels >= {"Gmail", "Outlook", "Outlook mobile", "Apple Mail", "iPhone", "Yahoo", "Thunderbird", "Samsung"}
    assert all({Place.ABOVE, Place.INSIDE} <= set(client.places) for client in clients.CLIENTS.values())
    with pytest.raises(ValueError, match="Samsung does not write below the quote"):
        clients.reply("samsung", lessons[1], "x", AT, Place.BELOW)


@pytest.fixture(scope="module")
def lessons() -> list[SentEmail]:
    """Every lesson of the course as Ann got it; the last ones quote a reflection of hers."""
    with World(start=MONDAY) as world:
        ann = reads(Person(world), 2)
        ann.replies("I shouted at her, and she went quiet.")
        for _ in range(4):
            next_email(world)
        return [email for email in ann.emails if email.tags["email"] != "confirm"]


LONG = (
    "For a long time I thought that saying sorry quickly was the kind thing to do, and that whatever came after it "
    "would be easier for both of us; it was easier for me."
)
TEXTS = {
    "short": "yes, I think so",
    "as written": WORDS,
    "a list": "1. I came home late.\n2. I did not call.\n\n- and then\n- I lied about it",
    "with its words": "She said: “Hello Ann, today’s practice is mine.”\nI said nothing.",
}


@pytest.mark.parametrize("typed", TEXTS)
@every_way
def test_exactly_the_typed_words_are_kept(lessons: list[SentEmail], client: str, place: Place, typed: str) -> None:
    for lesson in lessons:
        raw = clients.reply(client, lesson, TEXTS[typed], AT, place)
        assert own_words(raw, lesson.text, lesson.html) == TEXTS[typed], lesson.subject


@every_way
def test_a_long_paragraph_is_kept_whole(lessons: list[SentEmail], client: str, place: Place) -> None:
    """Gmail wraps it in its plain text part."""
    for lesson in lessons:
        raw = clients.reply(client, lesson, LONG, AT, place)
        assert " ".join(own_words(raw, lesson.text, lesson.html).split()) == LONG, lesson.subject


def test_typed_words_are_in_the_journal_as_written(ann: Person) -> None:
    lesson = ann.emails[-1]
    for number, (client, place) in enumerate(WAYS, start=1):
        ann.replies(f"{WORDS}\nNumber {number}.", lesson, client, place)
    assert {(row["lesson"], row["round"]) for row in ann.reflections} == {("acknowledge", 1)}
    assert [row["text"] for row in ann.reflections] == [
        f"{WORDS}\nNumber {number}." for number in range(1, len(WAYS) + 1)
    ]
    assert "Four spaces before" in ann.journal


@every_client
def test_a_reply_to_a_reply_has_one_re(lessons: list[SentEmail], client: str) -> None:
    lesson = lessons[1]
    answered = SentEmail(**{name: getattr(lesson, name) for name in SentEmail.__slots__} | {"subject": "RE: Hello"})
    assert parsed(clients.reply(client, answered, "Yes.", AT))["Subject"] == "Re: Hello"


def test_an_out_of_office_reply_is_marked_as_automatic_and_not_kept(world: World, ann: Person) -> None:
    lesson = ann.emails[-1]
    raw = clients.out_of_office(lesson, AT)
    message = parsed(raw)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["In-Reply-To"] == f"<{lesson.id}@eu-west-1.amazonses.com>"
    assert message["Subject"] == f"Automatic reply: {lesson.subject}"
    assert "I am away" in body(message, "plain")
    world.deliver(raw, clients.reply_address(lesson), sender="")
    assert ann.reflections == []
    assert len(ann.emails) == 3, "no email answers it"
