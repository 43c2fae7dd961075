"""Emails for one subscriber, in HTML and in plain text."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined
from markupsafe import escape

from cli.check.files import IN_LESSONS, NAMES
from cli.samples import Sample, samples
from content.emails import Email, Site, lesson_email, lesson_page, notice_email
from content.lessons import load
from content.markdown import compile_prose
from course import tokens
from course.reflection import Reflection
from course.tokens import Keyring
from tests.course.subscribers import ID, MONDAY, after, confirmed, pending

KEYS = Keyring({"1": "one" * 20})
SITE = Site(
    load(Path(__file__).parents[2] / "emails"), KEYS, "https://c.example", "reply.c.example", "1 Example Street"
)
COURSE = SITE.library.courses["rebuild-trust"]
HOSTILE = "<b>{{ 111 * 111 }}</b> {% raw %}"


def email(lesson: str, *, number: int = 1, first_name: str = "Ann", written: tuple[Reflection, ...] = ()) -> Email:
    subscriber = replace(after(1), plan=COURSE.plan, round=number, first_name=first_name)
    return lesson_email(SITE, subscriber, COURSE.lessons[lesson], written, MONDAY)


def reflection(text: str, lesson: str = "own-it", number: int = 1) -> Reflection:
    return Reflection(ID, number, lesson, datetime(2026, 11, 24, tzinfo=UTC), f"m-{text}", text, "token", proven=True)


@pytest.mark.parametrize("lesson", COURSE.plan)
def test_every_lesson_has_the_postal_address_the_links_and_the_helplines(lesson: str) -> None:
    sent = email(lesson)
    question = COURSE.lessons[lesson].question
    assert question
    for text in (sent.text, sent.html):
        assert "1 Example Street" in text
        assert "https://c.example/unsubscribe/" in text
        assert "https://c.example/me/" in text
        assert "TelefonSeelsorge" in text
        assert "not therapy" in text
        assert "{{" not in text
        assert "{%" not in text
    assert question in sent.text
    assert len(sent.html.encode()) < 60_000
    assert re.search(r"<title>[^<]+</title>", sent.html)


EMAILS = Path(__file__).parents[2] / "emails"
COUNTRIES = {
    "Europe/London": ("999", "116 123"),
    "America/New_York": ("911", "988"),
    "US/Pacific": ("911", "988"),
    "Australia/Perth": ("000", "13 11 14"),
    "Atlantic/Canary": ("112", "024"),
    "Europe/Berlin": ("112", "0800 111 0 111"),
    "Europe/Paris": (),
    "UTC": (),
}
"""The emergency number and the line for people in despair, by time zone."""


def the_helplines(sample: Sample) -> str:
    """The part of an email's plain text that starts with the care note."""
    _, said, after = sample.email.text.partition(sample.course.language.words["email"]["care_about"])
    assert said
    return after.partition("\n-----")[0]


@pytest.mark.parametrize("zone", COUNTRIES)
def test_h1_an_email_has_all_helplines_of_the_subscribers_country(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every email in every language. One line links to the others; without a country there is a directory."""
    monkeypatch.setattr("cli.samples.ZONE", zone)
    for sample in samples(SITE.library, EMAILS):
        language, told = sample.course.language, the_helplines(sample)
        for country in language.helplines:
            entries = [country["country"], *(f"{line['name']} {line['number']}" for line in country["lines"])]
            own = country in language.helplines_in(zone)
            assert [entry in told for entry in entries] == [own] * len(entries), sample.name
        assert all(number in told for number in COUNTRIES[zone])
        assert (language.directory["url"] in told) == (not COUNTRIES[zone])
        link = f"https://course.example.org/privacy?course={sample.course.id}#care"
        assert f"{language.words['email']['all_numbers']}: {link}\n" in told + "\n"
        assert f'href="{link}"' in sample.email.html
        assert all(number in sample.email.html for number in COUNTRIES[zone])


@pytest.mark.parametrize("zone", COUNTRIES)
def test_h1_helplines_take_at_most_a_fifth_of_an_email(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the words, in every email and language. A number and a link count as one word each."""
    monkeypatch.setattr("cli.samples.ZONE", zone)
    for sample in samples(SITE.library, EMAILS):
        assert words(the_helplines(sample)) <= words(sample.email.text) / 5, sample.name


def words(text: str) -> int:
    return len(re.findall(r"https?://\S+|\d[\d -]*\d|\w[\w'’.@-]*", text))


def test_the_reply_address_and_the_links_belong_to_the_subscriber() -> None:
    sent = email("own-it")
    local_part, _, domain = sent.reply_to.partition("@")
    token = tokens.read_reply(KEYS, local_part)
    assert domain == "reply.c.example"
    assert (token.subscriber, token.epoch, COURSE.lesson_of(token.lesson_tag)) == (ID, 1057, "own-it")
    url, address = sent.headers["List-Unsubscribe"].split(", ")
    assert tokens.read_reply(KEYS, address.removeprefix("<mailto:").partition("@")[0]).subscriber == ID
    assert url in (f"<{link}>" for link in re.findall(r"https://c\.example/unsubscribe/\S+", sent.text))
    assert sent.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_ses_allows_every_header() -> None:
    headers = email("own-it").headers
    assert headers
    for name, value in headers.items():
        assert re.fullmatch(r"[ -~]{1,995}", value)
        assert name not in ("Reply-To", "Message-ID", "Date")


def test_both_parts_name_the_day() -> None:
    assert "day 2 of 5" in email("own-it").text.lower()
    assert "day 2 of 5" in re.sub(r"<[^>]+>|\s+", " ", email("own-it").html).lower()
    assert "of 5)" not in email("intro").text


def test_only_the_way_back_has_links_for_both_answers() -> None:
    for text in (email("safety-first").text, email("safety-first").html):
        assert re.search(r"/me/[\w-]+/yes\b", text)
        assert re.search(r"/me/[\w-]+/not-yet\b", text)
    assert "/not-yet" not in email("own-it").html


@pytest.mark.parametrize("email", [*COURSE.plan, *SITE.library.notices])
def test_h2_only_the_closing_letter_and_the_goodbye_show_the_support(email: str) -> None:
    """In both parts, if the course has support; the course of this repository has none."""
    link = "https://counsel.example.org/?a=1&b=2"
    course = replace(COURSE, support={"text": "Talk to <somebody>", "link": link})
    for given, expected in ((COURSE, False), (course, email in (COURSE.closing, "goodbye"))):
        site = replace(SITE, library=replace(SITE.library, courses={COURSE.id: given}))
        if email in COURSE.plan:
            sent = lesson_email(site, replace(after(1), plan=COURSE.plan), given.lessons[email], (), MONDAY)
        else:
            sent = notice_email(site, pending() if "confirm" in email else after(1), email, MONDAY)
        assert (f"\n\nTalk to <somebody>:\n{link}\n" in sent.text) == expected
        assert (f'href="{escape(link)}"' in sent.html and "Talk to &lt;somebody&gt;" in sent.html) == expected
    assert COURSE.support == {}


def test_a_lesson_of_a_later_round_has_another_greeting_and_shows_the_reflection() -> None:
    first, second = (
        email("acknowledge"),
        email("acknowledge", number=2, written=(reflection("old words", "acknowledge"),)),
    )
    assert "old words" in second.text
    assert "old words" in second.html
    assert first.text.split("\n")[:8] != second.text.split("\n")[:8]
    assert "old words" not in email("own-it", number=2, written=(reflection("old words", "acknowledge"),)).text


def test_a_lesson_quotes_the_reflection_on_an_earlier_lesson_or_nothing() -> None:
    quoting = email("apology-in-action", written=(reflection("I lied, & she knew."), reflection("x", number=2)))
    assert "you wrote:\n\n    I lied, & she knew.\n" in quoting.text
    assert "I lied, &amp; she knew." in quoting.html
    for without in (email("apology-in-action"), email("apology-in-action", written=(reflection("x", number=2),))):
        assert "you wrote" not in without.text
        assert "<blockquote" not in without.html


def test_a3_a_quote_is_shown_literally() -> None:
    hostile = f"{HOSTILE} **bold** [a](https://evil.example) > # \\"
    quoting = email("apology-in-action", written=(reflection(hostile),))
    assert f"    {hostile}\n" in quoting.text
    assert escape(hostile) in quoting.html
    assert 'href="https://evil.example' not in quoting.html


def test_the_closing_letter_shows_every_reflection_under_its_question() -> None:
    written = (reflection("I lied.\n  Twice."), reflection("I hid", "acknowledge"))
    closing = email("keep-showing-up", written=written)
    for lesson, words in (("acknowledge", "I hid"), ("own-it", "I lied.\n  Twice.")):
        question = COURSE.lessons[lesson].question
        assert question
        assert closing.text.index(question) < closing.text.index(words)
    assert closing.text.index("I hid") < closing.text.index("I lied.")


@pytest.mark.parametrize("code", ["en", "es"])
def test_r21_an_email_counts_unproven_reflections_and_does_not_say_that_there_are_none(
    code: str,
) -> None:
    course = replace(COURSE, language=SITE.library.languages[code])
    site = replace(SITE, library=replace(SITE.library, courses={course.id: course}))
    say = course.language.words["email"]
    mine, maybe = reflection("I lied."), replace(reflection("Perhaps."), proven=False)
    reader = replace(after(1), plan=COURSE.plan)

    def made(*written: Reflection) -> list[str]:
        closing = lesson_email(site, reader, course.lessons[course.closing], written, MONDAY)
        return [closing.text, " ".join(closing.html.split())]

    nothing, both, only = made(), made(mine, maybe, maybe), made(maybe)
    for text in (*both, *only):
        assert "Perhaps." not in text
        assert say["journal_empty"] not in text
    assert all(str(escape(say["unproven"].format(count=2))) in text for text in both)
    assert all(str(escape(say["unproven"].format(count=1))) in text for text in only)
    assert all("I lied." in text for text in both)
    assert all(say["unproven"].partition("{")[0] not in text for text in (*nothing, *made(mine)))


def test_a_journal_that_is_too_long_for_an_email_links_to_the_page() -> None:
    closing = email("keep-showing-up", written=(reflection("short", "acknowledge"), reflection("<" * 60_000)))
    assert "short" in closing.text
    for text in (closing.text, closing.html):
        assert "more than an email can hold" in text
    assert len(closing.html.encode()) < 102_000


@pytest.mark.parametrize(
    "text", ["<&>\"'" * 12_000, "line\n" * 12_000, "\N{SEEDLING}" * 60_000], ids=["html", "lines", "emoji"]
)
def test_gmail_never_cuts_the_links_to_stop_even_in_a_long_email(text: str) -> None:
    long, short = reflection(text), tuple(reflection(f"short {n}") for n in range(200))
    for written in ((long,), short, (*short, long)):
        again = email("own-it", number=2, written=written)
        closing = email("keep-showing-up", number=2, written=written)
        for sent in (again, closing):
            assert len(sent.html.encode()) < 80_000
            assert "Have the link to your journal sent" in sent.text
            assert "Have the link to your journal sent" in sent.html
        assert again.text.index(written[0].text[:4]) < again.text.index("Have the link to your journal sent")


def test_a_subscriber_without_a_name_is_greeted_too() -> None:
    assert "Hello,\n" in email("own-it", first_name="").text
    assert "Hello Ann,\n" in email("own-it").text


def test_a3_jinja_in_a_name_or_a_reflection_is_shown_as_it_was_written() -> None:
    sent = email("keep-showing-up", first_name=HOSTILE, written=(reflection(HOSTILE),))
    assert sent.text.count(HOSTILE) == 2
    assert sent.html.count("&lt;b&gt;{{ 111 * 111 }}&lt;/b&gt; {% raw %}") == 2
    assert "12321" not in sent.text + sent.html


def test_a3_jinja_in_a_course_s_title_subject_or_question_is_shown_as_it_was_written() -> None:
    lesson = replace(COURSE.lessons["own-it"], subject=HOSTILE, question=HOSTILE, preheader=HOSTILE)
    course = replace(COURSE, title=HOSTILE, lessons=COURSE.lessons | {"own-it": lesson})  # type: ignore[operator]
    site = replace(SITE, library=replace(SITE.library, courses={COURSE.id: course}))
    sent = lesson_email(site, replace(after(1), plan=COURSE.plan), lesson, (), MONDAY)
    assert sent.subject == HOSTILE
    assert sent.text.count(HOSTILE) == 4, "two titles, the subject and the question"
    assert "12321" not in sent.text + sent.html
    assert "<b>" not in re.sub(r'"[^"]*"', "", sent.html), "within quotation marks it is text too"


def test_a_confirmation_email_contains_nothing_typed_and_a_link_for_three_days() -> None:
    waiting = replace(pending(), first_name="Typed")
    assert waiting.sign_up
    waiting = replace(waiting, sign_up=replace(waiting.sign_up, first_name="Typed"))
    sent = notice_email(SITE, waiting, "confirm", MONDAY)
    assert "Typed" not in sent.text + sent.html + sent.subject
    assert "/me/" not in sent.text
    found = re.search(r"https://c\.example/confirm/(\S+)", sent.text)
    assert found
    token = tokens.read_link(KEYS, tokens.Purpose.CONFIRM, found[1], MONDAY + timedelta(hours=71))
    assert (token.subscriber, token.epoch) == (ID, 1057)


@pytest.mark.parametrize("notice", sorted(set(SITE.library.notices) - {"confirm", "ask-confirm"}))
def test_every_notice_can_be_sent_to_a_subscriber_in_any_state(notice: str) -> None:
    for subscriber in (confirmed(), after(1), after(1).paused(), after(3)):
        sent = notice_email(SITE, subscriber, notice, MONDAY)
        assert "1 Example Street" in sent.text
        assert "{{" not in sent.html


def test_only_a_waiting_subscriber_gets_the_next_date() -> None:
    assert "Wednesday 25 November, between 7:00 and 8:00" in notice_email(SITE, after(1), "resumed", MONDAY).text
    assert "November" not in notice_email(SITE, after(1).paused(), "resumed", MONDAY).text


@pytest.mark.parametrize("name", sorted((NAMES | IN_LESSONS) - {"loop"}))
def test_every_value_of_a_lesson_can_be_used_in_the_browser_too(name: str) -> None:
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    text = compile_prose(Path("01-it.md.j2"), f"{{{{ {name} }}}} is there.", 1, environment, environment)
    lesson = replace(COURSE.lessons["own-it"], prose=text)
    assert "is there." in lesson_page(SITE, after(1), lesson, "/me/token", MONDAY)
    assert "is there." in lesson_email(SITE, after(1), lesson, [], MONDAY).text
