"""The course page: what it shows, what each button does, and that only its own link opens it."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError

from aws.subscribers import Subscribers
from course import tokens
from course.tokens import Keyring, Purpose
from local_cloud.cloud import World
from tests.people import Person, one_click
from tests.stories import a_key_is_added, next_email, nothing_comes, reads, unchanged, without_schedules

ACTIONS = ("pause", "resume", "time", "again", "stop", "yes", "not-yet")


def words_of(page: str) -> str:
    """The words of a page, as a person reads them."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_looking_changes_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    with unchanged(world):
        for path in ("", *(f"/{action}" for action in ACTIONS), "?done=stop"):
            for method in ("GET", "HEAD", "OPTIONS"):
                assert world.request(method, f"{ann.page_url}{path}").status < 500
    answer = world.request("GET", ann.link("/not-yet") if "/not-yet" in str(ann.emails[-1].html) else ann.page_url)
    assert not re.search(r'<script(?! src="/page\.js" defer></script>)|onload|http-equiv|<iframe|<img', answer.text)


def test_the_page_tells_which_lesson_was_sent_and_when_the_next_comes(world: World) -> None:
    ann = Person(world).joins()
    assert "The introduction has been sent" in ann.page
    assert "Tuesday 24 November, between 7:00 and 8:00" in ann.page
    next_email(world)
    assert "Lesson 1 of 5 has been sent" in ann.page
    assert "Wednesday 25 November, between 7:00 and 8:00" in ann.page


def test_pause_stops_the_lessons_and_resume_goes_on_with_the_next(world: World) -> None:
    ann = reads(Person(world), 1)
    answer = ann.presses("pause")
    assert answer.status == 303
    assert re.fullmatch(r"/me/[\w-]+\?done=pause", answer.headers["location"])
    assert "Paused. Nothing comes until you go on." in world.request("GET", answer.headers["location"]).text
    with unchanged(world):
        assert ann.presses("pause").status == 303
    assert ann.row["status"] == "paused"
    assert nothing_comes(world)

    ann.presses("resume")
    with unchanged(world):
        ann.presses("resume")
    lesson = next_email(world)
    assert lesson.tags["email"] == "own-it"


def test_stop_ends_the_emails_and_leaves_the_journal(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I listened for once.")
    sent = len(ann.emails)
    ann.presses("stop")
    with unchanged(world):
        ann.presses("stop")
        for action in ("pause", "resume", "again", "yes", "not-yet"):
            ann.presses(action)
    assert ann.row["status"] == "unsubscribed"
    assert "I listened for once." in ann.journal
    assert nothing_comes(world)
    assert [email.tags["email"] for email in ann.emails[sent:]] == ["goodbye", "journal"]


def test_again_begins_one_new_round_however_often_it_is_pressed(world: World) -> None:
    ann = reads(Person(world), 2)
    ann.presses("again")
    with unchanged(world):
        ann.presses("again")
        ann.presses("not-yet")
    assert ann.row["round"] == 2
    lesson = next_email(world)
    assert lesson.tags["email"] == "acknowledge"
    assert "Good to have you back." in (lesson.text or "")
    # A paused course that begins again is not paused any more.
    ann.presses("pause")
    ann.presses("again")
    assert (ann.row["round"], ann.row["status"]) == (3, "active")


def test_yes_takes_back_a_not_yet_before_the_next_lesson_is_sent(world: World) -> None:
    ann = reads(Person(world), 5)
    ask = world.request("GET", ann.link("/not-yet"))
    assert ask.status == 200
    assert "Nothing happens until you press the button." in ask.text
    assert ann.row["round"] == 1
    world.request("POST", ann.link("/not-yet"), form={})
    assert "A new round begins." in world.request("GET", f"{ann.page_url}?done=not-yet").text
    yes = ann.link("/yes")
    world.request("POST", yes, form={})
    with unchanged(world):
        world.request("POST", yes, form={})
    closing = next_email(world)
    assert closing.tags["email"] == "keep-showing-up"
    assert nothing_comes(world)
    assert ann.row["status"] == "completed"


def test_a_late_yes_gets_no_promise_of_the_closing_letter(world: World) -> None:
    """The link of an earlier round is used after the new one has begun."""
    ann = reads(Person(world), 5)
    yes = ann.link("/yes")
    world.request("POST", ann.link("/not-yet"), form={})
    next_email(world)
    with unchanged(world):
        answer = world.request("POST", yes, form={})
        page = world.request("GET", answer.headers["location"])
    assert "The closing letter comes next." not in words_of(page.text)


@pytest.mark.parametrize(
    ("zone", "hour", "when", "utc"),
    [
        ("Asia/Tokyo", "21", "Tuesday 24 November, between 21:00 and 22:00", range(12, 13)),
        ("America/St_Johns", "0", "Tuesday 24 November, between 0:00 and 1:00", range(3, 5)),
    ],
)
def test_a_new_zone_and_hour_set_the_next_slot(world: World, zone: str, hour: str, when: str, utc: range) -> None:
    ann = Person(world).joins()
    with_time = ann.presses("time", zone=zone, hour=hour)
    assert with_time.status == 303
    with unchanged(world):
        ann.presses("time", zone=zone, hour=hour)
    assert when in ann.page
    lesson = next_email(world)
    assert lesson.at.hour in utc


def test_a_later_hour_brings_no_second_lesson_on_the_same_day(world: World) -> None:
    ann = reads(Person(world, hour=0), 1)
    ann.presses("time", zone="Europe/Berlin", hour="20")
    assert "Wednesday 25 November, between 20:00 and 21:00" in ann.page
    assert next_email(world).at.day == 25


def test_a_zone_or_hour_that_does_not_exist_is_refused(world: World) -> None:
    ann = Person(world).joins()
    good = {"zone": "Europe/Berlin", "hour": "8"}
    for field, value, words in (
        ("zone", "Mars/Olympus", "Please choose your time zone from the list."),
        ("zone", "", "Please choose your time zone from the list."),
        ("zone", "../../etc/passwd", "Please choose your time zone from the list."),
        ("hour", "24", "Please choose an hour from the list."),
        ("hour", "-1", "Please choose an hour from the list."),
        ("hour", "7:30", "Please choose an hour from the list."),
        ("hour", "", "Please choose an hour from the list."),
    ):
        with unchanged(world):
            answer = ann.presses("time", **(good | {field: value}))
        assert answer.status == 400
        assert words in answer.text
    with unchanged(world):
        assert ann.presses("time").status == 400
        assert world.request("POST", f"{ann.page_url}/time", body=b"zone=UTC&hour=1").status == 415
        assert world.request("POST", f"{ann.page_url}/time", form={"zone": ["UTC", "UTC"], "hour": "8"}).status == 400


def test_a_link_that_was_signed_with_a_key_just_added_opens_the_page(world: World) -> None:
    """The process that answers started before the key was added."""
    ann = Person(world)
    with a_key_is_added(world):
        ann.joins()
    assert "Where you are" in words_of(ann.page)


def test_an_invalid_token_opens_nothing(world: World) -> None:
    ann = reads(Person(world), 1)
    bob = Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    ann.replies("Only Ann may read this.")
    token = ann.page_url.rsplit("/", 1)[1]
    raw, other = urlsafe_b64decode(token), urlsafe_b64decode(bob.page_url.rsplit("/", 1)[1])
    epoch = int(str(ann.row["epoch"]))
    forged = tokens.link(Keyring({"1": "k" * 64}), Purpose.PAGE, str(ann.row["id"]), epoch)
    for bad in (
        token.upper(),
        token.swapcase(),
        token[:-1],
        token + "A",
        urlsafe_b64encode(other[:1] + raw[1:11] + other[11:]).decode(),  # Ann's id in Bob's token
        urlsafe_b64encode(raw[:13] + b"\0\0\0\0" + raw[17:]).decode(),  # never expires
        forged,
        ann.link("/unsubscribe/").rsplit("/", 1)[1],
        ann.link("/confirm/", ann.emails[0]).rsplit("/", 1)[1],
        ann.emails[-1].reply_to[0].partition("@")[0],
        "x" * 44,
    ):
        with unchanged(world):
            pages = [world.request("GET", f"/me/{bad}"), world.request("GET", f"/me/{bad}/yes")]
            pages += [world.request("POST", f"/me/{bad}/{action}", form={}) for action in ACTIONS]
        for page in pages:
            assert page.status == 404
            assert "This link no longer works" in page.text
            assert "Ann" not in words_of(page.text)
    assert "Only Ann may read this." in ann.journal
    assert "Only Ann may read this." not in bob.journal


def test_the_course_page_link_expires_after_30_days_and_one_reply_brings_a_new_one(world: World) -> None:
    ann = reads(Person(world), 1)
    page = ann.page_url
    ann.presses("pause")
    without_schedules(world, timedelta(days=30, minutes=-10))
    assert world.request("GET", page).status == 200
    without_schedules(world, timedelta(minutes=11))
    with unchanged(world):
        assert world.request("GET", page).status == 404
        assert world.request("POST", f"{page}/stop").status == 404
    ann.replies("JOURNAL")
    assert ann.emails[-1].tags["email"] == "journal"
    assert world.request("GET", ann.page_url).status == 200


def test_actions_that_do_not_exist_change_nothing(world: World) -> None:
    ann = Person(world).joins()
    with unchanged(world):
        for action in (
            "help",
            "journal.pdf",
            "PAUSE",
            "%0d%0aSet-Cookie:a=b",
            "%2e%2e",
            "a%2Fb",
            "%C3%BC",
            "a" * 500,
        ):
            for method in ("GET", "POST"):
                answer = world.request(method, f"{ann.page_url}/{action}", form={} if method == "POST" else None)
                assert answer.status in (303, 404)
                assert "set-cookie" not in answer.headers
                location = answer.headers.get("location", "/me/")
                assert location.startswith("/me/")
                assert location.isascii()
                assert location.isprintable()


def test_a_pause_until_a_day_ends_on_that_day(world: World) -> None:
    ann = reads(Person(world), 1)
    answer = ann.presses("pause", until="2026-11-28")
    assert "Paused until 28 November 2026." in world.request("GET", answer.headers["location"]).text
    lesson = next_email(world)
    assert (lesson.tags["email"], lesson.at.day) == ("own-it", 28)


@pytest.mark.parametrize("until", ["2026-11-23", "2026-11-24", "2027-11-25", "2026-02-30", "tomorrow", "0", "9" * 30])
def test_a_day_on_which_a_pause_cannot_end_is_refused(world: World, until: str) -> None:
    """It is Tuesday the 24th, in Berlin. The page comes back with the typed text and says what is wrong with it."""
    ann = reads(Person(world), 1)
    with unchanged(world):
        answer = ann.presses("pause", until=until)
    assert answer.status == 400
    assert '<a href="#until">Please choose a day from tomorrow on, within a year.</a>' in answer.text
    assert f'value="{until}"' in answer.text


def test_the_journal_is_shown_on_its_page_and_as_text(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I listened <for once>.\n\nThen I left.")
    assert "I listened &lt;for once&gt;." in ann.journal
    text = ann.in_the_journal("text")
    assert text.headers["content-type"] == "text/plain; charset=utf-8"
    assert text.text == (
        "Your journal – Rebuilding Trust\n\n\n"
        "Which part of their pain have you never told them, or even yourself, that you can see?\n\n"
        "24 November 2026\n\nI listened <for once>.\n\nThen I left.\n"
    )
    ann.presses("again")
    next_email(world)
    ann.replies("This time I stayed.")
    text = ann.in_the_journal("text")
    assert "\nRound 2: Which part of their pain" in text.text


def test_a_lesson_in_the_browser_has_the_text_of_its_email(world: World) -> None:
    ann = reads(Person(world), 2)
    for lesson in ("intro", "acknowledge", "own-it"):
        assert f"{ann.page_url.rpartition('/me/')[2]}/lessons/{lesson}" in ann.page
        page = world.request("GET", f"{ann.page_url}/lessons/{lesson}")
        assert page.status == 200
        assert "noindex" in page.headers["x-robots-tag"]
        mailed = next(email for email in ann.emails if email.tags["email"] == lesson)
        lines = " ".join((mailed.text or "").split()).partition("Ann,")[2]
        assert len(lines) > 300
        # The two differ in their markup and links; sentence by sentence, the words are the same.
        sentences = re.findall(r"[A-Z][^.?!:*\d\[\]_>]{60,}[.]", lines)[:4]
        assert len(sentences) > 1
        for sentence in sentences:
            assert sentence in " ".join(words_of(page.text).split()), lesson


def test_p1_the_course_page_shows_neither_the_zone_s_midnight_nor_its_country(world: World) -> None:
    """The page is the same at every hour, and for a subscriber in any time zone."""
    seen = set()
    for number, zone in enumerate(("America/New_York", "Asia/Tokyo", "Australia/Adelaide")):
        ann = Person(world, f"ann{number}@example.net", zone=zone)
        ann.signs_up(zone=zone)
        ann.confirms()
        ann.presses("pause")
        for _ in range(25):
            without_schedules(world, timedelta(hours=1))
            seen.add(ann.page.replace(ann.page_url.rpartition("/")[2], ""))
    assert len(seen) == 1


def test_after_beginning_again_the_page_lists_only_the_lessons_that_were_sent(world: World) -> None:
    ann = reads(Person(world), 1)
    had = ["intro", "acknowledge"]
    for _ in range(2):
        listed = re.findall(r"/lessons/([a-z-]+)\"", ann.page)
        assert listed == had
        ann.presses("again")
    assert world.request("GET", f"{ann.page_url}/lessons/acknowledge").status == 200
    assert world.request("GET", f"{ann.page_url}/lessons/own-it").status == 404


def test_p1_every_lesson_can_be_read_in_the_browser_without_the_answer_that_its_email_quotes(world: World) -> None:
    ann = reads(Person(world), 2)
    ann.replies("I lied about the money.")
    for _ in range(4):
        next_email(world)
    assert len(ann.emails) == 8
    for email in ann.emails[1:]:
        page = world.request("GET", f"{ann.page_url}/lessons/{email.tags['email']}")
        assert page.status == 200
        quotes = "I lied about the money." in (email.text or "")
        assert quotes == (email.tags["email"] in ("apology-in-action", "keep-showing-up"))
        assert "I lied about the money." not in page.text


def test_a_lesson_that_was_not_sent_to_the_subscriber_is_not_shown(world: World) -> None:
    ann, bob = reads(Person(world), 1), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    for url, lesson in (
        (ann.page_url, "own-it"),
        (bob.page_url, "acknowledge"),
        (ann.page_url, "keep-showing-up"),
        (ann.page_url, "no-such-lesson"),
        (ann.page_url, "..%2F..%2Fnotices%2Fconfirm"),
        (ann.page_url + "x", "acknowledge"),
    ):
        assert world.request("GET", f"{url}/lessons/{lesson}").status == 404, lesson


def test_every_lesson_s_email_leads_to_the_lesson_in_the_browser_also_in_a_later_round(world: World) -> None:
    ann = reads(Person(world), 2)
    lessons = [email for email in ann.emails if email.tags["email"] != "confirm"]
    assert len(lessons) == 3
    for again in (False, True):
        if again:
            ann.presses("again")
        for email in lessons:
            (url,) = {url for words, url in email.links() if words == "Read this email in your browser"}
            assert url in (email.text or "")
            assert f"<h1>{email.subject}</h1>" in world.request("GET", url).text
    ann.replies("journal")
    assert not any("/lessons/" in url for _, url in ann.emails[-1].links()), "a notice has no page"


def test_a_table_that_cannot_be_read_is_answered_with_an_error_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log counts it, with the kind of error and the place, for the engineer."""
    ann = Person(world).joins()

    def fails(*_: object) -> None:
        raise ClientError({"Error": {"Code": "Throttled", "Message": f"{ann.address} {ann.first_name}"}}, "GetItem")

    monkeypatch.setattr(Subscribers, "get", fails)
    answer = world.request("GET", ann.page_url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert "Something is broken on our side" in answer.text
    assert "If you need someone now" in answer.text
    assert any('"Failed"' in line for line in world.logs)
    assert ann.address not in "\n".join(world.logs)


def test_a3_templates_in_a_name_and_in_a_reply_are_shown_as_they_are(world: World) -> None:
    ann = reads(Person(world, first_name="{{ 7*7 }}{% if 1 %}"), 1)
    reply = "{{ first_name }} {% for x in [1, 2] %}{{ x }}{% endfor %} {# gone? #} ${7*7} <b>not bold</b> *stars* &amp;"
    ann.replies(reply, client="apple-mail")
    for email in ann.emails[1:]:
        assert "Hello {{ 7*7 }}{% if 1 %}," in (email.text or "")
        assert "Hello {{ 7*7 }}{% if 1 %}," in (email.html or "")
    page = ann.journal
    assert 'value="{{ 7*7 }}{% if 1 %}"' in page
    escaped = reply.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in page

    ann.presses("again")
    lesson = next_email(world)
    assert f"What you wrote last time:\n\n{reply}\n" in (lesson.text or "")
    assert escaped in (lesson.html or "")


def test_u7_after_an_erasure_a_new_sign_up_works_from_the_next_day_on(world: World) -> None:
    """Nothing shows any more what was sent today, so no more comes today. No old link fits the new sign-up."""
    ann = reads(Person(world), 1)
    old_page, old_link = ann.page_url, one_click(ann.emails[-1])
    ann.erases()
    assert world.emails[-1].tags["email"] == "erased"
    sent = len(world.emails)
    ann.signs_up()
    assert len(world.emails) == sent
    world.advance(timedelta(hours=25))
    ann.signs_up()
    ann.confirms()
    assert [email.tags["email"] for email in world.emails[sent:]] == ["confirm", "intro"]
    assert int(world.emails[-1].tags["epoch"]) > int(world.emails[sent - 1].tags["epoch"])
    world.request("POST", old_link, form={"List-Unsubscribe": "One-Click"})
    assert ann.row["status"] == "active"
    assert world.request("GET", old_page).status == 404


def test_a_journal_as_text_is_complete_where_the_page_is_cut(world: World) -> None:
    ann = reads(Person(world), 1)
    for number in range(5):
        ann.replies(f"{number} " + "word " * 48_000)
    text = ann.in_the_journal("text").text
    assert text.count("word") == 5 * 48_000


def test_a_page_confirms_only_commands_that_were_obeyed(world: World) -> None:
    """An address with `?done=` may be kept in a browser's history, or made up."""
    ann = Person(world).joins()
    assert "You have stopped the course" not in world.request("GET", f"{ann.page_url}?done=stop").text
    page_url = ann.page_url
    ann.presses("stop")
    assert "You have stopped the course" in world.request("GET", f"{page_url}?done=stop").text
