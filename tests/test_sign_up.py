"""Sign-up: what is refused and in which words, what is stored, and that no answer tells who is in the course."""

import json
import re
from datetime import timedelta
from unittest.mock import patch

import pytest

from aws import clients
from course import forms, limits
from local_cloud.api import Response
from local_cloud.cloud import World
from tests.conftest import MONDAY
from tests.metrics import rings
from tests.people import Person
from tests.stories import a_key_is_added, asleep, nothing_comes, unchanged, without


def test_a_sign_up_is_pending_and_gets_one_email(world: World) -> None:
    ann = Person(world)
    page = ann.signs_up()

    assert page.status == 200
    assert "look in your inbox" in page.text
    assert [mail.subject for mail in ann.mails] == ["Please confirm your email address"]
    assert ann.row["status"] == "pending"
    assert "first_name" not in ann.row  # nothing that was typed counts before it is confirmed
    assert nothing_comes(world)


NAMES = ["Zoë", "Anne-Marie", "O’Neil", "Nguyễn Thị Bích", "محمد", "می‌نا", "李小龍", "Ann 🙂", "", "  Ann  ", "A" * 60]


def test_people_may_be_called_anything(world: World) -> None:
    for number, name in enumerate(NAMES):
        person = Person(world, f"person{number}@example.net", name, source_ip=f"203.0.113.{number}").joins()
        assert person.row.get("first_name", "") == name.strip()
        greeting = f"Hello {name.strip()}," if name else "Hello,"
        assert greeting in (person.mails[-1].text or "")


def test_s1_line_breaks_and_invisible_characters_in_the_name(world: World) -> None:
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


def test_s2_what_was_typed_is_never_in_the_confirmation_and_escaped_elsewhere(world: World) -> None:
    ann = Person(world, first_name="""Win £9 & "cash" 'now'""")
    ann.signs_up()
    confirmation = ann.mails[-1]
    assert confirmation.subject == "Please confirm your email address"
    for part in (confirmation.html, confirmation.text, confirmation.raw.decode()):
        assert "Win £9" not in (part or "")
        assert "cash" not in (part or "")

    ann.confirms()
    assert ann.first_name in (ann.mails[-1].text or "")
    assert "Hello Win £9 &amp; &#34;cash&#34; &#39;now&#39;" in ann.page
    assert "Win £9 & " not in (ann.mails[-1].html or "")
    assert "cash" not in ann.mails[-1].subject + str(ann.mails[-1].headers)


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


def test_s3_malformed_addresses(world: World) -> None:
    ann = Person(world)
    for address in MALFORMED:
        with unchanged(world):
            page = ann.signs_up(address=address)
        assert page.status == 400, address
        assert "Please enter one email address, such as name@example.com." in page.text
        assert "<script>alert" not in page.text


def test_s3_the_longest_local_part_is_fine(world: World) -> None:
    long = Person(world, address="a" * 64 + "@example.com")
    assert long.signs_up().status == 200
    assert len(long.mails) == 1


def test_s4_letters_that_cannot_be_mailed_yet(world: World) -> None:
    for address in ("üser@example.com", "üser@bücher.example", "用户@example.com"):
        with unchanged(world):
            page = Person(world).signs_up(address=address)
        assert page.status == 400
        assert "can’t be mailed yet" in page.text


def test_s5_a_domain_with_an_umlaut_is_stored_and_mailed_in_punycode(world: World) -> None:
    assert Person(world, address="User@Bücher.example").signs_up().status == 200
    user = Person(world, address="user@xn--bcher-kva.example")
    assert user.row["status"] == "pending"
    assert len(user.mails) == 1

    # Its ASCII spelling is the same person: still one email today.
    user.signs_up()
    assert len(world.subscribers()) == 1
    assert len(world.mails) == 1


def test_s6_another_case_is_the_same_subscriber(world: World) -> None:
    ann = Person(world)
    ann.signs_up(address="ANN@Example.NET")
    asleep(world, timedelta(days=2))
    ann.signs_up(address=" ann@example.net ")
    assert len(world.subscribers()) == 1
    assert [mail.address for mail in world.mails] == ["ann@example.net"] * 2


def test_s7_fifty_spellings_of_one_mailbox_get_one_email_a_day(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    dots = [f"{'a.nn.smi.th'[:n]}{'annsmith'[n - 'a.nn.smi.th'[:n].count('.') :]}" for n in (2, 5, 9)]
    spellings = [f"{name}@example.net" for name in ("annsmith", *dots)]
    spellings += [f"annsmith+{n}@example.net" for n in range(23)] + [f"ann.smith+{n}@example.net" for n in range(23)]
    assert len(set(spellings)) == 50

    def sign_up(addresses: list[str]) -> set[bytes]:
        return {
            world.request("POST", "/sign-up", form=form | {"address": address}, source_ip=f"203.0.113.{n}").body
            for n, address in enumerate(addresses)
        }

    assert len(sign_up(spellings)) == 1
    assert [mail.address for mail in world.mails] == ["annsmith@example.net"]

    # The next days bring one more each, and after three there are none for a month.
    for expected in (2, 3, 3):
        asleep(world, timedelta(hours=24, minutes=1))
        form = ann.form()
        sign_up(spellings[::10])
        assert len(world.mails) == expected


def test_s8_two_addresses_in_the_field(world: World) -> None:
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


def test_s9_one_address_a_hundred_times_in_an_hour(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    answers = set()
    for n in range(100):
        answer = world.request("POST", "/sign-up", form=form, source_ip=f"203.0.113.{n}")
        answers.add((answer.status, answer.body))
        world.advance(timedelta(seconds=30))
    assert len(answers) == 1
    assert len(ann.mails) == 1


@pytest.mark.parametrize("address", ["198.51.100.7", "2001:db8:0:7::{:x}"], ids=["IPv4", "IPv6"])
def test_s10_one_network_may_sign_up_five_times_an_hour(world: World, address: str) -> None:
    """Of a hundred mailboxes the first five have a confirmation, and the others' answer says when it works again."""
    form = Person(world).form()
    answers = [
        world.request(
            "POST", "/sign-up", form=form | {"address": f"p{n}@example.net"}, source_ip=address.format(n), drain=False
        )
        for n in range(100)
    ]
    world.drain()
    assert [answer.status for answer in answers] == [200] * 5 + [429] * 95
    assert [mail.address for mail in world.mails] == [f"p{n}@example.net" for n in range(5)]
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    assert re.search(r"It works again in \d+ minutes", answers[-1].text)
    elsewhere = Person(world, "bob@example.net", source_ip=address.replace(":7:", ":8:").replace(".7", ".8").format(1))
    assert elsewhere.signs_up().status == 200

    asleep(world, timedelta(hours=1))
    later = Person(world, "later@example.net", source_ip=address.format(100))
    assert later.signs_up().status == 200
    assert later.mails


def test_s10_from_everywhere_the_form_closes_and_the_alarm_rings(world: World) -> None:
    """250 mailboxes, each from a network of its own: the 201st and all after it find the form closed."""
    alarm = world.resources.properties("SignUpsClosedAlarm")
    form = Person(world).form()

    def sign_up(n: int) -> Response:
        filled = form | {"address": f"p{n}@example.net"}
        return world.request("POST", "/sign-up", form=filled, source_ip=f"203.0.113.{n}", drain=False)

    assert [sign_up(n).status for n in range(200)] == [200] * 200
    assert not rings(alarm, world)
    answers = [sign_up(n) for n in range(200, 250)]
    assert {answer.status for answer in answers} == {503}
    assert 0 < int(answers[0].headers["retry-after"]) <= 3600
    assert rings(alarm, world)
    assert sign_up(0).status == 200, "who is among them already may come again"
    assert len(world.subscribers()) == 200
    waiting = next(queue.waiting for queue in world.queues() if queue.logical_id == "Outbox")
    assert len(waiting) == 200, "one confirmation each"
    with without(world, "send"):
        asleep(world, timedelta(hours=1))
        assert sign_up(250).status == 200


def test_s11_no_answer_tells_who_is_known(world: World) -> None:
    """The same bytes for a stranger and for everyone else; only the mailbox learns more."""
    names = ("pending", "active", "paused", "unsubscribed", "bounced", "complained", "stranger")
    people = {name: Person(world, f"{name}@example.net", source_ip=f"203.0.113.{n}") for n, name in enumerate(names)}
    people["pending"].signs_up()
    for name in ("active", "paused", "unsubscribed", "bounced", "complained"):
        people[name].joins()
    people["paused"].presses("pause")
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].mails[-1])
    world.complained(people["complained"].mails[-1])
    assert {name: person.row["status"] for name, person in people.items() if name != "stranger"} == {
        name: name for name in names if name != "stranger"
    }
    asleep(world, timedelta(days=2))
    before = len(world.mails)

    answers = {name: person.signs_up() for name, person in people.items()}
    assert len({(answer.status, tuple(answer.headers.items()), answer.body) for answer in answers.values()}) == 1
    assert {mail.address.partition("@")[0]: mail.tags["email"] for mail in world.mails[before:]} == {
        "pending": "confirm",
        "active": "already-here",
        "paused": "already-here",
        "unsubscribed": "confirm",
        "stranger": "confirm",
    }


def test_s11_a_suppressed_address_looks_like_any_other_even_when_all_else_of_it_is_gone(world: World) -> None:
    ann, bob = Person(world).joins(), Person(world, "bob@example.net", source_ip="203.0.113.9")
    world.complained(ann.mails[-1])
    table = world.resources.ref("Subscribers")
    world.clients.dynamodb.delete_item(TableName=table, Key={"id": {"S": str(ann.row["id"])}})
    asleep(world, timedelta(days=2))

    refused, taken = ann.signs_up(), bob.signs_up()
    assert (refused.status, refused.body) == (taken.status, taken.body)
    assert len(ann.mails) == 2  # the confirmation and the introduction of back then
    assert len(bob.mails) == 1


def test_someone_paused_is_not_told_of_a_next_email(world: World) -> None:
    ann = Person(world).joins()
    ann.presses("pause")
    asleep(world, timedelta(days=2))
    ann.signs_up()
    assert ann.mails[-1].tags["email"] == "already-here"
    assert "Your next email comes" not in (ann.mails[-1].text or "")


def test_s12_a_form_that_no_person_filled_in(world: World) -> None:
    """The answer is the one that everybody gets, and nothing comes of it."""
    ann = Person(world)
    taken = Person(world, "bob@example.net", source_ip="203.0.113.9").signs_up()
    stale = ann.form()
    asleep(world, timedelta(hours=24))
    fresh = ann.form()
    seconds, _, mac = fresh["form_time"].partition(".")
    for form in (
        fresh | {"website": "https://example.com"},
        stale,
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
        assert (answer.status, answer.body) == (taken.status, taken.body)


def test_a_key_is_added_while_a_form_is_being_filled_in(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    with a_key_is_added(world):
        world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
    assert [mail.tags["email"] for mail in ann.mails] == ["confirm"]


def test_a_form_of_a_process_that_has_a_new_key_is_good_in_one_that_has_not(world: World) -> None:
    ann = Person(world)
    with a_key_is_added(world):
        form = ann.form()
    world.request("POST", "/sign-up", form=form, source_ip=ann.source_ip)
    assert [mail.tags["email"] for mail in ann.mails] == ["confirm"]


def test_s12_a_form_sent_in_under_two_seconds(world: World) -> None:
    ann = Person(world)
    form = ann.form()
    # The page of this very second, as a program would send it back; and one that is not yet made.
    for made in (world.now() + timedelta(seconds=1), world.now() + timedelta(hours=1)):
        with unchanged(world):
            early = form | {"form_time": forms.stamp(clients.keys(), made)}
            assert world.request("POST", "/sign-up", form=early).status == 200
    world.request("POST", "/sign-up", form=form)
    assert len(ann.mails) == 1


def test_s13_what_is_no_form(world: World) -> None:
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


def test_s13_fields_that_are_missing_or_made_up(world: World) -> None:
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
    for n in range(6):
        form = Person(world, f"person{n}@example.net").form()
        forged = {"x-forwarded-for": f"203.0.113.{n}", "forwarded": f"for=203.0.113.{n}", "x-real-ip": f"203.0.113.{n}"}
        statuses.append(world.request("POST", "/sign-up", form=form, headers=forged, source_ip="198.51.100.7").status)
    assert statuses == [200] * 5 + [429]
    assert "203.0.113." not in json.dumps([world.rows("Limits"), world.subscribers()], default=str)


def test_an_unknown_course_shows_the_first_one(world: World) -> None:
    for query in ("?course=no-such-course", "?course=%3Cscript%3Ealert(1)", "?course=a&course=b", "?%ff"):
        with unchanged(world):
            page = world.request("GET", f"/{query}")
        assert page.status == 200
        assert "<h1>Rebuilding Trust</h1>" in page.text
        assert "alert(1)" not in page.text


def test_nobody_can_be_made_to_get_many_emails_by_others_signing_them_up(world: World) -> None:
    ann = Person(world).joins()
    for _ in range(14):
        asleep(world, timedelta(days=1, minutes=1))
        ann.signs_up()
    assert [mail.tags["email"] for mail in ann.mails].count(
        "already-here"
    ) == 2  # with the confirmation, three in 30 days


def test_an_address_that_leads_nowhere_is_a_page_with_the_helplines(world: World) -> None:
    for path in ("/nowhere", "/me", "/confirm/a/b/c", "/sign-up/"):
        page = world.request("GET", path)
        assert page.status == 404
        assert "There is no such page" in page.text
        assert "0808 802 4040" in page.text


# ---------------------------------------------------------------- a fresh link


def asks_for_link(person: Person, **changed: str) -> Response:
    """Fills in the form of `/fresh-link`, ten seconds after opening it."""
    page = person.world.request("GET", "/fresh-link").text
    form_time = re.search(r'name="form_time" value="([^"]+)"', page)
    assert form_time
    person.world.advance(timedelta(seconds=10))
    form = {"address": person.address, "form_time": form_time[1], "website": ""} | changed
    return person.world.request("POST", "/fresh-link", form=form, source_ip=person.source_ip)


def test_a_link_that_is_too_old_is_had_anew(world: World) -> None:
    ann = Person(world).joins()
    old = ann.page_url
    ann.presses("pause")
    asleep(world, timedelta(days=31))
    refused = world.request("GET", old)
    assert (refused.status, '<form method="post" action="/fresh-link"' in refused.text) == (404, True)
    assert "Now look in your inbox" in asks_for_link(ann).text
    assert ann.mails[-1].tags["email"] == "fresh-link"
    assert ann.page_url != old
    assert world.request("GET", ann.page_url).status == 200


def test_who_has_left_still_gets_at_what_they_wrote(world: World) -> None:
    ann = Person(world).joins()
    ann.replies("I never said it.")
    world.request("POST", ann.link("/unsubscribe/"))
    asks_for_link(ann)
    assert ann.mails[-1].tags["email"] == "fresh-link"
    assert "I never said it." in ann.page
    assert ann.row["status"] == "unsubscribed"


def test_a_confirmation_that_is_too_old_is_had_anew(world: World) -> None:
    """As if they had signed up once more, with the name and the hour of back then, and within the same limits."""
    ann = Person(world, hour=21)
    ann.signs_up()
    asks_for_link(ann)
    assert len(ann.mails) == 1, "one a day"
    asleep(world, timedelta(days=4))
    asks_for_link(ann)
    assert [mail.tags["email"] for mail in ann.mails] == ["confirm", "confirm"]
    ann.confirms()
    assert (ann.row["first_name"], ann.row["hour"], ann.row["zone"]) == ("Ann", 21, "Europe/Berlin")


def test_s9_s10_links_are_limited_as_sign_ups_are(world: World) -> None:
    ann = Person(world).joins()
    answers = {(answer.status, answer.body) for answer in (asks_for_link(ann) for _ in range(30))}
    assert len(answers) == 1
    assert [mail.tags["email"] for mail in ann.mails].count("fresh-link") == 1
    statuses = [asks_for_link(ann, address=f"somebody{n}@example.net").status for n in range(6)]
    assert statuses == [200] * 4 + [429] * 2  # Ann was the first of five
    for _ in range(5):
        asleep(world, timedelta(days=1, minutes=1))
        asks_for_link(ann)
    assert [mail.tags["email"] for mail in ann.mails].count("fresh-link") == 3


def test_s11_no_answer_of_the_link_form_tells_who_is_known(world: World) -> None:
    """The same bytes, after the same work: a stranger's request reads and writes what a subscriber's does."""
    names = ("pending", "active", "unsubscribed", "bounced", "stranger")
    people = {name: Person(world, f"{name}@example.net", source_ip=f"203.0.113.{n}") for n, name in enumerate(names)}
    people["pending"].signs_up()
    for name in ("active", "unsubscribed", "bounced"):
        people[name].joins()
    world.request("POST", people["unsubscribed"].link("/unsubscribe/"))
    world.bounced(people["bounced"].mails[-1])
    asleep(world, timedelta(days=2))
    sent, called = len(world.mails), len(world.calls)
    answers, work = {}, {}
    for name, person in people.items():
        answers[name] = asks_for_link(person)
        mine = [call.operation for call in world.calls[called:] if call.function == "sign_up"]
        work[name], called = [call for call in mine if call != "sqs:SendMessage"], len(world.calls)
    assert len({(answer.status, tuple(answer.headers.items()), answer.body) for answer in answers.values()}) == 1
    asked_for = {mail.address.partition("@")[0]: mail.tags["email"] for mail in world.mails[sent:]}
    assert {name: email for name, email in asked_for.items() if email in ("confirm", "fresh-link")} == {
        "pending": "confirm",
        "active": "fresh-link",
        "unsubscribed": "fresh-link",
    }
    assert work["stranger"] == work["active"] == work["unsubscribed"] == work["bounced"]
    # And it takes nobody's place: the stranger may still sign up today.
    people["stranger"].signs_up()
    assert len(people["stranger"].mails) == 1


def test_s12_a_link_form_that_no_person_filled_in(world: World) -> None:
    ann = Person(world).joins()
    with unchanged(world):
        for changed in ({"website": "x"}, {"form_time": ""}, {"form_time": "1.a"}):
            assert asks_for_link(ann, **changed).status == 200
    for address in MALFORMED:
        with unchanged(world):
            answer = asks_for_link(ann, address=address)
        assert (answer.status, 'href="#address"' in answer.text) == (400, True)
        assert "<script>alert" not in answer.text


# ---------------------------------------------------------------- on the author's own site


def test_the_form_in_a_frame_of_allowed_sites_only() -> None:
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
        assert len(ann.mails) == 1
        with patch.object(limits, "SIGN_UPS_AN_HOUR", 0):
            busy = world.request("POST", "/embed", form=filled | {"address": "bob@example.net"})
        assert (busy.status, "Please come back" in busy.text) == (429, True)
        assert busy.headers["content-security-policy"].endswith(f"frame-ancestors {allowed}"), "or nobody would see it"
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


def test_the_privacy_page_tells_what_the_stack_does(world: World) -> None:
    page = " ".join(world.request("GET", "/privacy").text.split())
    assert f"{world.parameters.get('RetentionDays', 90)} days after your last lesson" in page
    logs = next(given for _, given in world.resources.resources("AWS::Logs::LogGroup"))["RetentionInDays"]
    [(_, bucket)] = world.resources.resources("AWS::S3::Bucket")
    mail = bucket["LifecycleConfiguration"]["Rules"][0]["ExpirationInDays"]
    for words in (
        f"<td>{logs} days</td>",
        f"<td>{mail} days</td>",
        "35 days after it was deleted",
        "confirmed: 7 days",
    ):
        assert words in page, words
