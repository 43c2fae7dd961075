"""Sign-up: what is refused and in which words, what is stored, and that no answer tells who is in the course."""

import json
import re
from datetime import timedelta

import pytest

from aws import clients
from course import forms
from local_cloud.api import Response
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import a_key_is_added, nothing_comes, unchanged, without_schedules


def test_a_sign_up_is_pending_and_gets_one_email(world: World) -> None:
    ann = Person(world)
    page = ann.signs_up()

    assert page.status == 200
    assert "look in your inbox" in page.text
    assert [email.subject for email in ann.emails] == ["Please confirm your email address"]
    assert ann.row["status"] == "pending"
    assert "first_name" not in ann.row  # nothing that was typed counts before it is confirmed
    assert nothing_comes(world)


NAMES = ["Zoë", "Anne-Marie", "O’Neil", "Nguyễn Thị Bích", "محمد", "می‌نا", "李小龍", "Ann 🙂", "", "  Ann  ", "A" * 60]


def test_people_may_be_called_anything(world: World) -> None:
    for number, name in enumerate(NAMES):
        person = Person(world, f"person{number}@example.net", name, source_ip=f"203.0.113.{number}").joins()
        assert person.row.get("first_name", "") == name.strip()
        greeting = f"Hello {name.strip()}," if name else "Hello,"
        assert greeting in (person.emails[-1].text or "")


def test_s1_line_breaks_and_invisible_characters_in_the_name_are_refused(world: World) -> None:
    ann = Person(world)
    for unseen in (
        "\r",
        "\n",
        "\r\nBcc: eve@example.com",
        "\0",
        "\u202e",
        "\u2066",
        "\u200f",
        "\ufeff",
        "\u2028",
        "\x7f",
    ):
        for name in (f"Ann{unseen}", f"{unseen}Ann", f"An{unseen}n"):
            with unchanged(world):
                page = ann.signs_up(first_name=name)
            assert page.status == 400, repr(name)
            assert 'id="first_name-error">Please leave out line breaks and invisible characters.' in page.text


def test_s2_a_name_that_is_no_name_is_refused_and_escaped(world: World) -> None:
    ann = Person(world)
    for name, words in {
        "A" * 300: "at most 60 characters",
        "A" * 61: "at most 60 characters",
        "https://evil.example/now": "without links",
        "www.evil.example": "without links",
        "eve@evil.example": "without links",
        "<b>Ann</b>": "without links",
        '"><script>alert(1)</script>': "without links",
    }.items():
        with unchanged(world):
            page = ann.signs_up(first_name=name)
        assert page.status == 400
        assert words in page.text
        assert "<b>Ann" not in page.text
        assert "<script>alert" not in page.text


def test_s2_the_typed_name_is_never_in_the_confirmation_email_and_is_escaped_elsewhere(world: World) -> None:
    ann = Person(world, first_name="""Win £9 & "cash" 'now'""")
    ann.signs_up()
    confirmation = ann.emails[-1]
    assert confirmation.subject == "Please confirm your email address"
    for part in (confirmation.html, confirmation.text, confirmation.raw.decode()):
        assert "Win £9" not in (part or "")
        assert "cash" not in (part or "")

    ann.confirms()
    assert ann.first_name in (ann.emails[-1].text or "")
    assert 'value="Win £9 &amp; &#34;cash&#34; &#39;now&#39;"' in ann.journal
    assert "Win £9 & " not in (ann.emails[-1].html or "")
    assert "cash" not in ann.emails[-1].subject + str(ann.emails[-1].headers)


MALFORMED = [
    "",
    "ann",
    "@example.com",
    "ann@",
    "ann@@example.com",
    "ann@example",
    "ann@example..com",
    "ann@-example.com",
    "ann@exa_mple.com",
    ".ann@example.com",
    "ann.@example.com",
    "an..n@example.com",
    "an n@example.com",
    "ann@example.com\0",
    "ann@example.com\n",
    "a" * 65 + "@example.com",
    "a" * 60 + "@" + ("b" * 60 + ".") * 4 + "com",
    '"ann"@example.com',
    '"ann smith"@example.com',
    "ann@[192.0.2.1]",
    "ann@[IPv6:2001:db8::1]",
    "ann@192.0.2.1",
    "ann(at work)@example.com",
    "(comment)ann@example.com",
    "Ann <ann@example.com>",
    "<ann@example.com>",
    "mailto:ann@example.com",
    "ann@example.com?bcc=eve@example.com",
    '"><script>alert(1)</script>@example.com',
]


def test_s3_malformed_addresses_are_refused(world: World) -> None:
    ann = Person(world)
    for address in MALFORMED:
        with unchanged(world):
            page = ann.signs_up(address=address)
        assert page.status == 400, address
        assert "Please enter one email address, such as name@example.com." in page.text
        assert "<script>alert" not in page.text


def test_s3_the_longest_local_part_is_accepted(world: World) -> None:
    long = Person(world, address="a" * 64 + "@example.com")
    assert long.signs_up().status == 200
    assert len(long.emails) == 1


def test_s4_addresses_with_letters_that_cannot_be_mailed_yet_are_refused(world: World) -> None:
    for address in ("üser@example.com", "üser@bücher.example", "用户@example.com"):
        with unchanged(world):
            page = Person(world).signs_up(address=address)
        assert page.status == 400
        assert "can’t be mailed yet" in page.text


def test_s5_a_domain_with_an_umlaut_is_stored_and_mailed_in_punycode(world: World) -> None:
    assert Person(world, address="User@Bücher.example").signs_up().status == 200
    user = Person(world, address="user@xn--bcher-kva.example")
    assert user.row["status"] == "pending"
    assert len(user.emails) == 1

    # Its ASCII spelling is the same person: still one email today.
    user.signs_up()
    assert len(world.subscribers()) == 1
    assert len(world.emails) == 1


def test_s8_two_addresses_in_the_field_are_refused(world: World) -> None:
    for address in (
        "ann@example.com,bob@example.com",
        "ann@example.com, bob@example.com",
        "ann@example.com;bob@example.com",
        "ann@example.com bob@example.com",
        "ann@example.com\nBcc: bob@example.com",
        "ann@example.com\r\nBcc: bob@example.com",
        "ann@example.com%0aBcc:bob@example.com",
        "ann,bob@example.com",
    ):
        with unchanged(world):
            page = Person(world).signs_up(address=address)
        assert page.status == 400, repr(address)
        assert "one email address" in page.text


def test_s11_no_answer_tells_whether_an_address_is_known(world: World) -> None:
    """The same bytes for a stranger and for everyone else; only the mailbox learns more."""
    names = ("pending", "active", "paused", "unsubscribed", "bounced", "complained", "stranger")
    people = {name: Person(world, f"{name}@example.net", source_ip=f"203.0.113.{n}") for n, name in enumerate(names)}
    people["pending"].signs_up()
    for name in ("active", "paused", "unsubscribed", "bounced", "complained"):
        people[name].joins()
    people["paused"].presses("pause")
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].emails[-1])
    world.complained(people["complained"].emails[-1])
    assert {name: person.row["status"] for name, person in people.items() if name != "stranger"} == {
        name: name for name in names if name != "stranger"
    }
    without_schedules(world, timedelta(days=2))
    before = len(world.emails)

    form, answers = people["stranger"].form(), set()
    for person in people.values():
        filled = form | {"address": person.address}
        answer = world.request("POST", "/sign-up", form=filled, source_ip=person.source_ip)
        answers.add((answer.status, tuple(answer.headers.items()), answer.text.replace(person.address, "")))
    assert len(answers) == 1
    assert {email.address.partition("@")[0]: email.tags["email"] for email in world.emails[before:]} == {
        "pending": "confirm",
        "active": "already-here",
        "paused": "already-here",
        "unsubscribed": "confirm",
        "stranger": "confirm",
    }


def test_a_paused_subscriber_gets_no_promise_of_a_next_email(world: World) -> None:
    ann = Person(world).joins()
    ann.presses("pause")
    without_schedules(world, timedelta(days=2))
    ann.signs_up()
    assert ann.emails[-1].tags["email"] == "already-here"
    assert "Your next email comes" not in (ann.emails[-1].text or "")


def without_stamp(page: Response) -> str:
    return re.sub(r'<input type="hidden" name="form_time" value="[^"]*">\n', "", page.text)


def test_s12_a_form_that_no_person_filled_in_has_no_effect(world: World) -> None:
    """The answer is the one that everybody gets, but nothing is stored or sent."""
    ann = Person(world)
    taken = ann.signs_up()
    without_schedules(world, timedelta(hours=25))
    fresh = ann.form()
    seconds, _, mac = fresh["form_time"].partition(".")
    for form in (
        fresh | {"website": "https://example.com"},
        fresh | {"form_time": ""},
        fresh | {"form_time": seconds},
        fresh | {"form_time": f"{int(seconds) + 1}.{mac}"},
        fresh | {"form_time": f"{seconds}.{mac[::-1]}"},
        fresh | {"form_time": f"{seconds}.ü"},
        fresh | {"form_time": "not.a.time"},
        {name: value for name, value in fresh.items() if name != "form_time"},
    ):
        with unchanged(world):
            answer = world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
        assert (answer.status, without_stamp(answer)) == (taken.status, without_stamp(taken))


def test_a_form_is_valid_if_a_key_is_added_while_it_is_filled_in(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    with a_key_is_added(world):
        world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
    assert [email.tags["email"] for email in ann.emails] == ["confirm"]


def test_a_form_signed_with_a_new_key_is_valid_in_a_process_without_that_key(world: World) -> None:
    ann = Person(world)
    with a_key_is_added(world):
        form = ann.form()
    world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
    assert [email.tags["email"] for email in ann.emails] == ["confirm"]


def as_shown(page: Response) -> dict[str, str]:
    """What a browser would send if the button of the first form were pressed now."""
    shown = page.text.partition("<form ")[2].partition("</form>")[0]
    inputs = re.findall(r'<input type="([a-z]+)"[^>]* name="([a-z_]+)" value="([^"]*)"([^>]*)>', shown)
    chosen = dict(re.findall(r'<select id="([a-z]+)".*?<option value="([^"]*)" selected>', shown, re.DOTALL))
    given = {name: value for kind, name, value, more in inputs if kind != "checkbox" or " checked" in more}
    return chosen | given | {"website": ""}


@pytest.mark.parametrize("path", ["/sign-up", "/embed"])
@pytest.mark.parametrize("open_for", [timedelta(0), timedelta(seconds=1), timedelta(hours=-1), timedelta(hours=25)])
def test_s16_a_form_that_came_too_fast_or_too_late_is_shown_again_and_one_press_sends_it(
    world: World, path: str, open_for: timedelta
) -> None:
    """A form of this second, one of the last second, one of the future, and one that was open for over a day."""
    ann = Person(world, zone="America/New_York", hour=21)
    form = ann.form()
    form["form_time"] = forms.stamp(clients.keys(), world.now() - open_for)
    with unchanged(world):
        page = world.request("POST", path, form=form)
    assert (page.status, "Press the button once more" in page.text) == (200, True)
    again = as_shown(page)
    assert again | {"form_time": ""} == form | {"form_time": ""}
    assert "Now look in your inbox" in world.request("POST", path, form=again).text
    assert [email.tags["email"] for email in ann.emails] == ["confirm"]


@pytest.mark.parametrize("path", ["/sign-up", "/embed"])
def test_s19_a_busy_form_keeps_what_was_typed_and_says_when_to_come_back(world: World, path: str) -> None:
    ann = Person(world, zone="America/New_York", hour=21)
    for n in range(10):
        Person(world, f"p{n}@example.net").signs_up()
    form = ann.form()
    with unchanged(world):
        page = world.request("POST", path, form=form, source_ip=ann.source_ip)
    minutes = -(-int(page.headers["retry-after"]) // 60)
    assert (page.status, f"press the button again in {minutes} minutes" in page.text) == (429, True)
    without_schedules(world, timedelta(minutes=minutes))
    assert world.request("POST", path, form=as_shown(page), source_ip=ann.source_ip).status == 200
    assert [email.tags["email"] for email in ann.emails] == ["confirm"]


def test_s17_the_next_page_asks_about_a_slip_and_leads_back_to_the_form(world: World) -> None:
    typed = "  Ann@gmial.com "
    page = Person(world, typed).signs_up()
    assert "Did you mean Ann@gmail.com?" in page.text
    with unchanged(world):
        form = world.request("POST", "/sign-up", form=as_shown(page) | {"then": "change"})
    back = as_shown(form)
    assert (form.status, back["address"], back["consent"]) == (200, "Ann@gmail.com", "yes")
    assert "Did you mean" not in Person(world).signs_up().text


def test_s17_the_next_page_says_the_same_to_everybody_and_where_to_write(world: World) -> None:
    page = Person(world).signs_up().text
    for words in (
        "If we may write to ann@example.net, an email from us comes within a few minutes",
        "Did you ask for this course, stop it or erase everything within the last day?",
        "was one marked as spam?",
        world.parameters["PostalAddress"],
        "Is there a slip in the address?",
        "Send it once more",
    ):
        assert words in page, words


def test_s13_a_body_that_is_not_a_valid_form_is_refused(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    usual = "application/x-www-form-urlencoded"
    good = "&".join(f"{name}={value}" for name, value in form.items()).replace("@", "%40").encode()
    for content_type, body, status in (
        (usual, b"address=" + b"a" * 1_000_000, 413),
        (usual, good + b"&x=" + b"a" * 10_000, 413),
        ("application/json", json.dumps(form).encode(), 415),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="address"\r\n\r\na@b.example',
            415,
        ),
        ("text/plain", good, 415),
        ("", good, 415),
        (usual, good + b"&address=eve%40example.com", 400),
        (usual, good + b"&consent=yes", 400),
        (usual, good + b"&first_name=%ff%fe", 400),
        (usual, good.replace(b"first_name=Ann", b"first_name=%C3%28"), 400),
        (usual, good.replace(b"first_name=Ann", b"first_name=\xff\xfe"), 400),
        (usual, b"&".join(b"f%d=1" % n for n in range(100)), 400),
        (usual, b"", 400),
        ("", b"", 415),
        (usual, b"\x00\x01\x02", 400),
        (usual, b"=&=&;;&&%", 400),
    ):
        headers = {"content-type": content_type} if content_type else {}
        with unchanged(world):
            answer = world.request("POST", "/sign-up", body=body, headers=headers, source_ip=ann.source_ip)
        assert answer.status == status, (content_type, body[:80])
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1>" in answer.text


def test_s13_fields_that_are_missing_or_made_up_are_refused(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    for field, values in {
        "consent": (None, "", "no", "YES"),
        "zone": (None, "", "Mars/Olympus", "../../etc/passwd", "europe/berlin", "/etc/localtime"),
        "hour": (None, "", "24", "-1", "7.5", "٧", "07", "seven"),
        "address": (None,),
        "course": (None, "", "no-such-course", "../notices"),
    }.items():
        for value in values:
            changed = {name: typed for name, typed in (form | {field: value}).items() if typed is not None}
            with unchanged(world):
                answer = world.request("POST", "/sign-up", form=changed, source_ip=ann.source_ip)
            assert answer.status == 400, (field, value)
            if field != "course":
                assert f'id="{field}-error"' in answer.text


def test_s14_a_forged_forwarded_for_is_ignored(world: World) -> None:
    statuses = []
    for n in range(11):
        form = Person(world, f"person{n}@example.net").form()
        forged = {"x-forwarded-for": f"203.0.113.{n}", "forwarded": f"for=203.0.113.{n}", "x-real-ip": f"203.0.113.{n}"}
        statuses.append(world.request("POST", "/sign-up", form=form, headers=forged, source_ip="198.51.100.7").status)
    assert statuses == [200] * 10 + [429]
    assert "203.0.113." not in json.dumps([world.rows("Limits"), world.subscribers()], default=str)


def test_an_unknown_course_shows_the_first_one(world: World) -> None:
    for query in ("?course=no-such-course", "?course=%3Cscript%3Ealert(1)", "?course=a&course=b", "?%ff"):
        with unchanged(world):
            page = world.request("GET", f"/{query}")
        assert page.status == 200
        assert "<h1>Rebuilding Trust</h1>" in page.text
        assert "alert(1)" not in page.text


def test_an_address_that_leads_nowhere_is_a_page_with_the_helplines(world: World) -> None:
    for path in ("/nowhere", "/me", "/confirm/a/b/c", "/sign-up/"):
        page = world.request("GET", path)
        assert page.status == 404
        assert "There is no such page" in page.text
        assert "0808 802 4040" in page.text


def test_every_page_says_where_to_write_and_is_true_without_an_email_address(world: World) -> None:
    for path in ("/", "/privacy", "/nowhere", "/embed"):
        assert "mailto:" not in world.request("GET", path).text
    assert "write to us: The Email Course, 1 Example Street" in world.request("GET", "/nowhere").text
    assert "Please write to us: The Email Course, 1 Example Street" in Person(world).signs_up().text


def test_every_page_has_the_contact_address() -> None:
    with World(start=MONDAY, parameters={"ContactEmail": "help@example.org"}) as world:
        link = '<a href="mailto:help@example.org">help@example.org</a>'
        pages = {
            path: world.request("GET", path).text for path in ("/", "/privacy", "/nowhere", "/fresh-link", "/embed")
        }
        assert {path for path, page in pages.items() if f"Questions? Write to {link}" in page} == set(pages)
        assert f"If it goes on, write to us: {link}" in pages["/nowhere"]
        assert f"You can write to {link}" in pages["/privacy"]
        assert f"Please write to us: {link}" in Person(world).signs_up().text


# ---------------------------------------------------------------- on the author's own site


def test_the_form_works_in_a_frame_of_allowed_sites_only() -> None:
    allowed = "https://author.example https://www.author.example:8443"
    with World(start=MONDAY, parameters={"EmbedOrigins": allowed}) as world:
        ann = Person(world)
        frame, filled = world.request("GET", "/embed"), ann.form()
        assert '<form method="post" action="/embed"' in frame.text
        refused = world.request("POST", "/embed", form=filled | {"address": "ann"})
        taken = world.request("POST", "/embed", form=filled)
        assert (frame.status, refused.status, taken.status) == (200, 400, 200)
        for answer in (frame, refused, taken):
            assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {allowed}")
        assert "Now look in your inbox" in taken.text
        assert len(ann.emails) == 1
        busy = [world.request("POST", "/embed", form=filled) for _ in range(10)][-1]
        assert (busy.status, "Too many forms" in busy.text) == (429, True)
        assert busy.headers["content-security-policy"].endswith(f"frame-ancestors {allowed}"), (
            "otherwise nobody would see the answer"
        )
        for path in ("/", "/privacy", "/fresh-link", ann.link("/confirm/"), "/style.css"):
            assert "frame-ancestors 'none'" in world.request("GET", path).headers["content-security-policy"]


def test_without_an_allowed_site_no_frame_shows_the_form(world: World) -> None:
    assert "frame-ancestors 'none'" in world.request("GET", "/embed").headers["content-security-policy"]


def test_a_plain_form_of_another_site_fills_in_the_address_and_nothing_else(world: World) -> None:
    """Whatever it posts, the person still chooses, ticks and sends."""
    with unchanged(world):
        page = world.request(
            "POST",
            "/",
            form={"address": "ann@example.net", "consent": "yes"},
            headers={"origin": "https://any.example"},
        )
        odd = world.request("POST", "/", form={"address": '"><script>alert(1)</script>'})
    assert page.status == odd.status == 200
    assert 'value="ann@example.net"' in page.text
    assert "checked" not in page.text
    assert "<script>alert" not in odd.text


def test_the_privacy_page_names_the_periods_of_the_stack(world: World) -> None:
    page = " ".join(world.request("GET", "/privacy").text.split())
    assert f"{world.parameters.get('RetentionDays', 90)} days after your last lesson" in page
    logs = next(given for _, given in world.resources.resources("AWS::Logs::LogGroup"))["RetentionInDays"]
    [(_, bucket)] = world.resources.resources("AWS::S3::Bucket")
    mail = bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]
    for words in (
        f"<td>{logs} days</td>",
        f"<td>{mail} days at most</td>",
        "35 days after it was deleted",
        "confirmed: 7 days",
    ):
        assert words in page, words
