"""Unsubscribing: looking changes nothing, the button or one click does, and every link of ours gets the same 200.

The answer to an invalid link says that nothing was stopped.
"""

import re
from base64 import urlsafe_b64decode
from datetime import timedelta

from aws import clients
from course import tokens
from course.tokens import Keyring, Purpose
from local_cloud.api import Response
from local_cloud.cloud import World
from local_cloud.functions import forget_everything
from tests.people import Person, one_click
from tests.stories import a_key_is_added, next_email, nothing_comes, reads, unchanged, without_schedules

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"content-type": "application/x-www-form-urlencoded"}


def done(answer: Response) -> bool:
    """Tells whether the course has stopped. Fails unless RFC 8058 is kept: 200, no redirect, no cookie."""
    assert answer.status == 200
    assert "location" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert not answer.cookies
    return "The course has stopped" in answer.text


def nothing_claimed(answer: Response) -> bool:
    """Tells whether the answer says that nothing was stopped, and what to do."""
    assert "location" not in answer.headers
    assert "The course has stopped" not in answer.text
    assert "Nothing comes for a month" not in answer.text
    assert 'action="/fresh-link' in answer.text
    return "no emails were stopped" in answer.text and "the one word STOP" in answer.text


def of_nobody(world: World) -> str:
    """A validly signed link of a subscriber that never existed."""
    assert world.request("GET", "/").status == 200
    return "/unsubscribe/" + tokens.link(clients.keys(), Purpose.UNSUBSCRIBE, "a" * 16, 1)


def test_u1_looking_changes_nothing(world: World) -> None:
    ann = Person(world).joins()
    link = ann.link("/unsubscribe/")
    with unchanged(world):
        for _ in range(10):
            page = world.request("GET", link)
            world.request("HEAD", link)
            world.request("OPTIONS", link)
    assert page.status == 200
    assert '<form method="post" action="?now=yes"' in page.text
    assert not re.search(r'<script(?! src="/page\.js" defer></script>)|onload|http-equiv|<iframe|<img', page.text)
    next_email(world)


def test_u2_one_click_at_the_address_of_the_header_field_stops_the_emails(world: World) -> None:
    """In whatever way a mail program posts it. The next morning nothing comes."""
    multipart = (
        b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
        b'--x\r\nContent-Disposition: form-data; name="more"\r\n\r\nof it\r\n--x--\r\n'
    )
    posts = [
        (ONE_CLICK, FORM),
        (ONE_CLICK + b"&extra=1&extra=2&address=eve%40example.com", FORM),
        (multipart, {"content-type": "multipart/form-data; boundary=x"}),
        (b"", {}),
        (b"\xff\xfe" * 50_000, {"content-type": "application/octet-stream"}),
        (ONE_CLICK, FORM | {"cookie": "session=somebody-else", "origin": "https://mail.example.com"}),
    ]
    for number, (body, headers) in enumerate(posts):
        person = Person(world, f"person{number}@example.net", source_ip=f"203.0.113.{number}").joins()
        email = person.emails[-1]
        assert email.header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
        assert done(world.request("POST", one_click(email), body=body, headers=headers))
        assert person.row["status"] == "unsubscribed"
    assert nothing_comes(world)


def test_u3_a_second_press_an_unknown_and_an_erased_subscriber_get_the_same_answer(world: World) -> None:
    ann = Person(world).joins()
    link = ann.link("/unsubscribe/")
    first = world.request("POST", link, body=ONE_CLICK, headers=FORM)
    assert done(first)
    with unchanged(world):
        again = world.request("POST", link, body=ONE_CLICK, headers=FORM)

    key = {"id": {"S": str(ann.row["id"])}}
    world.clients.dynamodb.delete_item(TableName=world.resources.ref("Subscribers"), Key=key)
    with unchanged(world):
        erased = world.request("POST", link, body=ONE_CLICK, headers=FORM)
        unknown = world.request("POST", of_nobody(world), body=ONE_CLICK, headers=FORM)
    for answer in (again, erased, unknown):
        assert (answer.status, answer.headers, answer.body) == (first.status, first.headers, first.body)


def test_u4_a_tampered_token_stops_nothing(world: World) -> None:
    ann = Person(world).joins()
    path, token = ann.link("/unsubscribe/").rsplit("/", 1)
    forged = tokens.link(Keyring({"1": "k" * 64}), Purpose.UNSUBSCRIBE, str(ann.row["id"]), 1)
    confirm = ann.link("/confirm/", ann.emails[0]).rsplit("/", 1)[1]
    page = ann.page_url.rsplit("/", 1)[1]
    flipped = token[:-1] + ("A" if token[-1] != "A" else "B")
    for bad in (token[:-1], token + "A", token.upper(), token.swapcase(), flipped, forged, confirm, page, "x"):
        with unchanged(world):
            answer = world.request("POST", f"{path}/{bad}", body=ONE_CLICK, headers=FORM)
            assert nothing_claimed(answer)
            names_no_key_of_ours = len(bad) == 44 and urlsafe_b64decode(bad)[0] != 1
            assert answer.status == (404 if names_no_key_of_ours else 200)
            assert nothing_claimed(world.request("POST", f"{path}/{bad}?instead=break", form={}))
            assert world.request("GET", f"{path}/{bad}").body == world.request("GET", f"{path}/{token}").body
    next_email(world)
    assert done(world.request("POST", f"{path}/{token}", body=ONE_CLICK, headers=FORM))
    assert ann.row["status"] == "unsubscribed"


def test_one_click_works_on_an_email_that_was_signed_with_a_key_just_added(world: World) -> None:
    """The process that answers started before the key was added. Its answer is true."""
    ann = reads(Person(world), 1)
    with a_key_is_added(world):
        lesson = next_email(world)
    assert done(world.request("POST", one_click(lesson), body=ONE_CLICK, headers=FORM))
    assert ann.row["status"] == "unsubscribed"
    assert nothing_comes(world)


def test_an_added_key_signs_once_a_process_knows_it(world: World) -> None:
    """All its copies of the keys then have the new one: it reads the next email's link without fetching them again."""
    ann = reads(Person(world), 1)
    with a_key_is_added(world):
        lesson = next_email(world)
    world.request("GET", one_click(lesson))
    read = keys_read(world)
    link = one_click(next_email(world))
    assert urlsafe_b64decode(link.rsplit("/", 1)[1])[0] == 2
    world.request("POST", link, body=ONE_CLICK, headers=FORM)
    assert ann.row["status"] == "unsubscribed"
    assert keys_read(world) == read


def test_u4_a_link_signed_with_a_removed_key_stops_nothing_and_says_so(world: World) -> None:
    """A mail program is told as well, and can show that its button failed. A new link does stop the emails."""
    ann = reads(Person(world), 1)
    secret = {"SecretId": world.resources.ref("SigningSecret")}
    before = world.clients.secretsmanager.get_secret_value(**secret)["SecretString"]
    with a_key_is_added(world):
        lesson = next_email(world)
    world.clients.secretsmanager.put_secret_value(**secret, SecretString=before)
    forget_everything()
    with unchanged(world):
        answer = world.request("POST", one_click(lesson), body=ONE_CLICK, headers=FORM)
    assert (answer.status, nothing_claimed(answer)) == (404, True)
    lesson = next_email(world)
    assert done(world.request("POST", one_click(lesson), body=ONE_CLICK, headers=FORM))
    assert ann.row["status"] == "unsubscribed"


def test_a_thousand_forged_links_do_not_ask_for_the_keys_a_thousand_times(world: World) -> None:
    ann = Person(world).joins()
    before = keys_read(world)
    made_up = (tokens.link(Keyring({str(n % 254 + 2): "k"}), Purpose.UNSUBSCRIBE, "a" * 16, n) for n in range(1000))
    for token in made_up:
        assert world.request("POST", f"/unsubscribe/{token}").status == 404
    assert keys_read(world) - before <= 2
    assert done(world.request("POST", ann.link("/unsubscribe/")))


def test_forged_links_do_not_clear_the_keys_while_aws_does_not_return_them(world: World) -> None:
    ann = Person(world).joins()
    world.clients.secretsmanager.delete_secret(SecretId=world.resources.ref("SigningSecret"), RecoveryWindowInDays=7)
    forged = tokens.link(Keyring({"9": "k"}), Purpose.UNSUBSCRIBE, str(ann.row["id"]), 1)
    assert world.request("POST", f"/unsubscribe/{forged}").status == 503
    assert done(world.request("POST", ann.link("/unsubscribe/")))
    assert ann.row["status"] == "unsubscribed"


def keys_read(world: World) -> int:
    return sum(call.operation == "secretsmanager:GetSecretValue" for call in world.calls)


def test_a_link_of_years_ago_still_stops_the_emails(world: World) -> None:
    ann = Person(world).joins()
    without_schedules(world, timedelta(days=3 * 365))
    assert done(world.request("POST", ann.link("/unsubscribe/")))
    assert ann.row["status"] == "unsubscribed"


def test_the_link_in_the_confirmation_stops_a_sign_up_by_somebody_else(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    assert done(world.request("POST", ann.link("/unsubscribe/")))
    with unchanged(world):
        ann.confirms()
    assert ann.row["status"] == "unsubscribed"


def test_u7_signing_up_again_is_a_new_beginning(world: World) -> None:
    """Old links, reply addresses and events cannot change it, except the events that end every email (F8)."""
    ann = Person(world).joins()
    confirmation, introduction = ann.emails
    page, unsubscribe = ann.page_url, ann.link("/unsubscribe/")
    world.request("POST", unsubscribe)
    without_schedules(world, timedelta(days=2))
    ann.joins()
    assert (ann.row["status"], ann.row["round"]) == ("active", 2)
    assert [email.tags["email"] for email in ann.emails] == ["confirm", "intro", "goodbye", "confirm", "intro"]

    with unchanged(world):
        earlier = world.request("POST", unsubscribe)
        assert (earlier.status, "from an earlier sign-up" in earlier.text) == (200, True)
        assert world.request("GET", page).status == 404
        assert world.request("POST", f"{page}/stop").status == 404
        assert world.request("POST", ann.link("/confirm/", confirmation)).status == 404
        world.delivered(introduction)
        world.bounced(introduction, "Transient", "MailboxFull")
    sent = len(world.emails)
    ann.replies("STOP", introduction)
    assert (ann.row["status"], ann.row["round"]) == ("active", 2)
    assert len(world.emails) == sent
    assert world.request("GET", ann.page_url).status == 200
    world.request(
        "POST", f"{unsubscribe}?now=yes"
    )  # the button of that page stops it: it is their mailbox, and they mean it
    assert ann.row["status"] == "unsubscribed"
