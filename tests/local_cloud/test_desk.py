"""/_local in every state: its pages, its buttons, and that a hostile email stays in its frame."""

import re
from datetime import timedelta
from html import unescape

import pytest
from werkzeug.test import Client, TestResponse

from local_cloud.cloud import World
from local_cloud.web import App
from tests.people import Person
from tests.stories import reads

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'>{{ 7 * 7 }}"


@pytest.fixture
def desk(world: World) -> Client:
    """A browser at /_local."""
    return Client(App(world))


@pytest.fixture
def ann(world: World) -> Person:
    return reads(Person(world), 1)


def opens(desk: Client, path: str, status: int = 200) -> str:
    response = desk.get(path)
    assert response.status_code == status, f"{path}: {response.text}"
    return response.text


def presses(desk: Client, path: str, **fields: str) -> str:
    """Sends a form, and returns the note on the page that it redirects to."""
    response: TestResponse = desk.post(path, data={"back": "/_local", **fields})
    assert response.status_code == 303
    note = re.search(r'<p class="note" role="status">(.*?)</p>', opens(desk, response.headers["Location"]))
    assert note
    return unescape(note[1])


def links(page: str) -> set[str]:
    """Every link to /_local on a page."""
    return {unescape(link).partition("#")[0] for link in re.findall(r'(?:href|src)="(/_local[^"]*)"', page)}


def walk(desk: Client) -> set[str]:
    """Opens every page that a link leads to, and returns the paths."""
    seen: set[str] = set()
    todo = {"/_local"}
    while todo:
        path = todo.pop()
        seen.add(path)
        page = opens(desk, path)
        if not path.endswith((".css", ".js", ".eml", "/body")):
            todo |= {link if link.startswith("/") else path for link in links(page)} - seen
    return seen


# ---------------------------------------------------------------- pages


def test_the_pages_before_the_first_sign_up(desk: Client) -> None:
    assert "No email yet" in opens(desk, "/_local")
    assert "/_local/inside" in walk(desk)
    assert "No email has come" in opens(desk, "/_local/mailbox/nobody@example.net")


def test_every_page_answers_after_every_kind_of_event(world: World, desk: Client, ann: Person) -> None:
    lesson = ann.emails[-1]
    ann.replies("Something I had never said.")
    bob = Person(world, "bob+o'hara@example.net", source_ip="198.51.100.8")
    bob.signs_up()
    presses(desk, f"/_local/mail/{lesson.id}/out-of-office")
    world.bounced(bob.emails[-1], "Transient", "MailboxFull")
    world.set_up_notices()
    world.event_sources[0].enabled = False
    world.deliver(b"not a mail", lesson.reply_to[0], sender="", drain=False)
    world.complained(lesson)
    seen = walk(desk)
    for view in ("html", "phone", "text", "source", "nonsense"):
        opens(desk, f"/_local/mail/{lesson.id}?view={view}")
    assert {f"/_local/mail/{email.id}" for email in world.emails} <= seen
    assert {f"/_local/reply/{reply.id}" for reply in world.received if reply.mailbox} <= seen
    inside = opens(desk, "/_local/inside")
    assert all(f"<h3>{table} " in inside for table in ("Subscribers", "Reflections", "Suppressions", "Limits"))
    assert all(f"<td>{queue}" in inside for queue in ("Outbox", "Inbound", "Feedback"))
    assert all(f">{kind}</span>" in inside for kind in ("Send", "Delivery", "Bounce", "Complaint"))
    world.event_sources[0].enabled = True


def test_an_email_is_shown_as_html_text_and_source(desk: Client, ann: Person) -> None:
    lesson = ann.emails[-1]
    path = f"/_local/mail/{lesson.id}"
    assert f'src="{path}/body"' in opens(desk, path)
    assert lesson.html
    assert lesson.text
    assert opens(desk, f"{path}/body").endswith(lesson.html)
    text = re.sub(r"</?a\b[^>]*>", "", opens(desk, f"{path}?view=text"))
    assert lesson.text in unescape(text)
    assert lesson.raw.decode().replace("\r\n", "\n") in unescape(opens(desk, f"{path}?view=source")).replace(
        "\r\n", "\n"
    )
    assert desk.get(f"{path}/mail.eml").data == lesson.raw


def test_every_email_is_shown_in_all_views_sent_or_not(desk: Client) -> None:
    page = opens(desk, "/_local/emails?name=rebuild-trust/own-it")
    assert "<h1>Say what you did, all of it</h1>" in page
    assert re.findall(r'<iframe class="body (\w+)"[^>]* src="[^"]*/(\w+)"', page) == [
        ("phone", "light"), ("phone", "dark"), ("desk", "light"), ("desk", "dark"),
    ]  # fmt: skip
    assert "- Respect Phoneline 0808 802 4040" in page, "the plain text"
    light, dark = (opens(desk, f"/_local/emails/rebuild-trust/own-it/{scheme}") for scheme in ("light", "dark"))
    assert "prefers-color-scheme: dark" not in light + dark
    assert light.replace("@media not all", "@media all") == dark
    for sample in re.findall(r'href="(/_local/emails\?name=[^"]+)"', page):
        opens(desk, sample)
    assert "no such page" in opens(desk, "/_local/emails/rebuild-trust/nope/dark", 404)


def test_an_unknown_address_is_answered_with_a_page_that_says_so(desk: Client, ann: Person) -> None:
    for path in ("/_local/mail/nope", "/_local/mail/nope/body", "/_local/reply/nope", "/_local/nope", "/_local/x/y"):
        assert "no such page" in opens(desk, path, 404)
    for note in ("9", "²", "9" * 5000, "<b>"):
        assert "no such page" not in opens(desk, f"/_local?note={note}")


# ---------------------------------------------------------------- actions

ACTIONS = ("reply", "delivered", "bounced", "complained", "out-of-office")


def test_a_get_of_an_action_changes_nothing(world: World, desk: Client, ann: Person) -> None:
    before = ann.row, list(world.ses.events), world.now()
    for path in ("/_local/clock", *(f"/_local/mail/{ann.emails[-1].id}/{action}" for action in ACTIONS)):
        assert desk.get(path, query_string={"by": "day", "text": "Hello", "client": "gmail"}).status_code == 405
    walk(desk)
    assert (ann.row, world.ses.events) == before[:2]
    assert world.now() - before[2] < timedelta(minutes=1)
    assert world.received == []


def test_another_site_cannot_press_a_button(world: World, desk: Client, ann: Person) -> None:
    path = f"/_local/mail/{ann.emails[-1].id}/complained"
    assert desk.post(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ann.row["status"] == "active"


def test_a_reply_is_sent_kept_and_shown(world: World, desk: Client, ann: Person) -> None:
    path = f"/_local/mail/{ann.emails[-1].id}/reply"
    words = "First.\r\n\r\n  Second, with <b>bold</b> words. 🌱"  # a browser sends CRLF
    note = presses(desk, path, text=words, client="apple-mail")
    assert note == "Sent. It was kept as a reflection on acknowledge, round 1."
    assert [row["text"] for row in ann.reflections] == [words.replace("\r\n", "\n")]
    (reply,) = world.received
    page = opens(desk, f"/_local/reply/{reply.id}")
    assert "Second, with &lt;b&gt;bold&lt;/b&gt; words. 🌱" in page
    assert "In-Reply-To:" in page
    assert f"/_local/reply/{reply.id}" in opens(desk, "/_local/mailbox/ann@example.net")

    assert presses(desk, path, text=" \r\n ", client="gmail") == "Nothing was written, so nothing was sent."
    assert len(world.received) == 1
    assert presses(desk, path, text="pause", client="gmail") == "Sent. It was taken as the command “pause”."
    assert ann.row["status"] == "paused"
    assert desk.post(path, data={"text": "Hello", "client": "pigeon"}).status_code == 404


def test_a_reply_is_written_in_any_client_above_below_or_inside_the_quote(
    world: World, desk: Client, ann: Person
) -> None:
    path = f"/_local/mail/{ann.emails[-1].id}/reply"
    page = opens(desk, f"/_local/mail/{ann.emails[-1].id}")
    assert len(re.findall(r'<option value="(?:above|below|inside)">', page)) == 3
    assert page.count("<option ") >= 3 + 8
    kept = "Sent. It was kept as a reflection on acknowledge, round 1."
    assert presses(desk, path, text="I stayed.", client="samsung", place="inside") == kept
    assert presses(desk, path, text="I listened.", client="thunderbird", place="below") == kept
    assert sorted(str(row["text"]) for row in ann.reflections) == ["I listened.", "I stayed."]
    refused = "Not sent: Yahoo does not write below the quote."
    assert presses(desk, path, text="Hello", client="yahoo", place="below") == refused
    assert "Not sent: " in presses(desk, path, text="Hello", client="gmail", place="beside")
    assert len(world.received) == 2


@pytest.mark.parametrize(
    ("action", "note", "status"),
    [
        ("delivered", "SES reported: delivered.", "active"),
        ("bounced", "SES reported: bounced.", "bounced"),
        ("complained", "SES reported: complained.", "complained"),
        ("out-of-office", "Sent. It was set aside: auto-submitted.", "active"),
    ],
)
def test_a_button_reports_an_event_or_an_auto_reply(
    world: World, desk: Client, ann: Person, action: str, note: str, status: str
) -> None:
    lesson = ann.emails[-1]
    before = [event.kind for event in world.ses.events if event.email is lesson]
    assert presses(desk, f"/_local/mail/{lesson.id}/{action}").startswith(note)
    assert ann.row["status"] == status
    assert ann.reflections == []
    news = {"delivered": ["Delivery"], "bounced": ["Bounce"], "complained": ["Complaint"]}.get(action, [])
    assert [event.kind for event in world.ses.events if event.email is lesson] == before + news


def test_the_clock_moves_by_an_hour_a_day_or_to_the_next_email(world: World, desk: Client, ann: Person) -> None:
    before = world.now()
    assert presses(desk, "/_local/clock", by="hour") == "No email came."
    assert timedelta(hours=1) <= world.now() - before < timedelta(hours=1, minutes=1)
    assert presses(desk, "/_local/clock", by="email") == "“Say what you did, all of it” came for ann@example.net."
    assert presses(desk, "/_local/clock", by="day") == "1 email came."
    assert len(ann.emails) == 5
    assert desk.post("/_local/clock", data={"by": "year"}).status_code == 404
    assert desk.get("/_local/pulse").json == {"mails": 5, "now": world.now().strftime("%a %-d %b %Y, %H:%M")}


@pytest.mark.parametrize("back", ["https://example.com/", "//example.com", "/_local\r\nSet-Cookie: a=b", "/elsewhere"])
def test_a_form_leads_back_to_the_desk_only(desk: Client, back: str) -> None:
    response = desk.post("/_local/clock", data={"by": "hour", "back": back})
    assert response.status_code == 303
    assert response.headers["Location"].startswith("/_local")
    assert "Set-Cookie" not in response.headers


# ---------------------------------------------------------------- hostile emails


def test_a_hostile_email_is_text_on_the_page_and_stays_in_its_frame(world: World, desk: Client, ann: Person) -> None:
    sent = world.clients.sesv2.send_email(
        FromEmailAddress="course@mail.example.org",
        Destination={"ToAddresses": [ann.address]},
        Content={
            "Simple": {"Subject": {"Data": HOSTILE}, "Body": {"Text": {"Data": HOSTILE}, "Html": {"Data": HOSTILE}}}
        },
    )
    path = f"/_local/mail/{sent['MessageId']}"
    views = [f"{path}?view={view}" for view in ("html", "phone", "text", "source")]
    for page in ["/_local", "/_local/mailbox/ann@example.net", "/_local/inside", *views]:
        response = desk.get(page)
        assert "alert(1)" in response.text
        assert "<script>alert" not in response.text
        assert "<img" not in response.text
        assert "49" not in unescape(response.text).partition("alert(2)>\"'>")[2][:12]
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy

    frame = re.search(r"<iframe [^>]*sandbox=\"([^\"]*)\"", opens(desk, path))
    assert frame
    assert "allow-scripts" not in frame[1]
    assert "allow-forms" not in frame[1]
    body = desk.get(f"{path}/body")
    assert HOSTILE in body.text, "the email itself is unchanged"
    policy = body.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert re.search(r"\bsandbox\b", policy)
    assert "allow-scripts" not in policy
    assert "script-src" not in policy


def test_a_hostile_address_and_reply_are_escaped(world: World, desk: Client, ann: Person) -> None:
    presses(desk, f"/_local/mail/{ann.emails[-1].id}/reply", text=HOSTILE, client="gmail")
    (reply,) = world.received
    for page in (f"/_local/reply/{reply.id}", "/_local/inside", f"/_local/mailbox/{HOSTILE.replace('/', '')}"):
        assert "<script>alert" not in desk.get(page).text
        assert "<img" not in desk.get(page).text
