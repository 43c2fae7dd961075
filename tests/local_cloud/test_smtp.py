"""`email-course run` with real SMTP: a course taken in a mail program, and each direction alone."""

import re
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes
from email.message import EmailMessage, Message
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from local_cloud.cloud import PARAMETERS, World
from local_cloud.smtp import Incoming, Relay, _is_temporary, near
from local_cloud.web import Listener
from tests.browser import running_course
from tests.mail.programs.sink import free_port, sink
from tests.people import Person

ANN = "ann@example.net"
WORDS = "I never said how lonely I made you.\n\n.A line that begins with a dot, and an é."
PATIENCE = 120  # seconds; on a busy machine an email may take long, and the test's own timeout names a hang


class Mailbox:
    """Ann's mail program: her emails, and a way to reply to them."""

    def __init__(self, mails: "SimpleQueue[bytes]", smtp: int) -> None:
        self._mails, self._smtp = mails, smtp

    def next(self) -> Message:
        return message_from_bytes(self._mails.get(timeout=PATIENCE))

    def reply(self, mail: Message, text: str) -> None:
        answer = EmailMessage()
        answer["From"], answer["To"], answer["Subject"] = ANN, mail["Reply-To"], f"Re: {mail['Subject']}"
        answer["In-Reply-To"] = mail["Message-ID"]
        answer.set_content(text)
        with smtplib.SMTP("localhost", self._smtp) as server:
            server.send_message(answer)


def link(mail: Message, part: str) -> str:
    """The first link of an email's text with this part in it."""
    for each in mail.walk():
        if each.get_content_type() == "text/plain":
            text = bytes(each.get_payload(decode=True)).decode()
            return next(url for url in map(str, re.findall(r"https?://\S+", text)) if part in url)
    raise AssertionError("the email has no text")


def post(url: str, **fields: str) -> str:
    """The page that answers a form."""
    answer: bytes = urlopen(url, urlencode(fields).encode(), timeout=PATIENCE).read()
    return answer.decode()


def test_a_course_can_be_started_answered_and_its_journal_read_by_real_smtp() -> None:
    with (
        sink() as (port, mails),
        running_course("--smtp", "0", "--relay", f"localhost:{port}") as (url, process),
    ):
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(3)]
        smtp = re.search(r"^Replies to +localhost:(\d+)", "".join(lines), re.MULTILINE)
        assert smtp, lines
        assert f"Emails go to    localhost:{port} " in "".join(lines)
        ann = Mailbox(mails, int(smtp[1]))

        page = urlopen(url, timeout=PATIENCE).read().decode()
        form_time = re.search(r'name="form_time" value="([^"]+)"', page)
        assert form_time
        post(f"{url}/_local/clock", by="hour")  # a form that comes back at once counts as not typed by a person
        given = {"course": "rebuild-trust", "address": ANN, "zone": "Europe/Berlin", "hour": "7", "consent": "yes"}
        post(f"{url}/sign-up", form_time=form_time[1], website="", first_name="Ann", **given)
        post(link(ann.next(), "/confirm/"))
        introduction = ann.next()
        assert "Welcome" in introduction["Subject"]

        ann.reply(introduction, WORDS)
        ann.reply(introduction, "JOURNAL")
        journal = post(link(ann.next(), "/journal/"))
        for line in WORDS.splitlines():
            assert line in journal


# ---------------------------------------------------------------- incoming mail


@pytest.fixture
def smtp(world: World) -> Iterator[int]:
    """The port on which the world takes mail."""
    listener = Listener("127.0.0.1", 0)
    with Incoming(world, listener):
        yield listener.port


def test_mail_to_another_address_is_refused_as_ses_refuses_it(world: World, smtp: int) -> None:
    to = f"nobody@{PARAMETERS['ReplyDomain']}"
    with smtplib.SMTP("127.0.0.1", smtp) as server:
        refused = server.sendmail(ANN, ["friend@example.com", to], b"From: ann@example.net\r\n\r\nHello")
        assert {address: code for address, (code, _) in refused.items()} == {"friend@example.com": 550}
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            server.sendmail(ANN, ["friend@example.com"], b"From: ann@example.net\r\n\r\nHello")
    assert [mail.to for mail in world.received] == [(to,)]


def test_a_login_and_a_delivery_notice_without_a_sender_are_accepted(world: World, smtp: int) -> None:
    with smtplib.SMTP("127.0.0.1", smtp) as server:
        server.login("ann", "any password")
        server.sendmail("", [f"nobody@{PARAMETERS['ReplyDomain']}"], b"From: <>\r\n\r\nNot delivered")
    assert [mail.sender for mail in world.received] == [""]


def test_a_mail_with_a_long_line_is_taken(world: World, smtp: int) -> None:
    """Some mail programs write a paragraph as one line."""
    mail = b"From: ann@example.net\r\n\r\n" + b"I listened. " * 20_000
    with smtplib.SMTP("127.0.0.1", smtp) as server:
        server.sendmail(ANN, [f"nobody@{PARAMETERS['ReplyDomain']}"], mail)
    assert [received.raw.rstrip() for received in world.received] == [mail.rstrip()]


def test_the_server_can_end_while_a_mail_program_is_connected(world: World) -> None:
    listener = Listener("127.0.0.1", 0)
    with Incoming(world, listener):
        left_open = smtplib.SMTP("127.0.0.1", listener.port)
    assert left_open.sock
    with left_open.sock as connection:
        assert connection.recv(1) == b"", "the server has closed it"


# ---------------------------------------------------------------- outgoing emails


def test_emails_wait_until_the_mailbox_can_be_reached(world: World) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    port = free_port()
    with Relay(world, "127.0.0.1", port, told.put):
        Person(world).joins()
        assert told.get(timeout=PATIENCE).startswith(f"no mailbox answers at 127.0.0.1:{port}: ")
        with sink(port) as (_, mails):
            arrived = [mails.get(timeout=PATIENCE) for _ in world.emails]
            assert told.get(timeout=PATIENCE) == f"the mailbox at 127.0.0.1:{port} answers again"
    assert arrived == [email.raw for email in world.emails]
    assert told.empty(), "the same line is printed once"


def test_an_email_that_the_mailbox_cannot_take_yet_is_tried_again(world: World) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    with (
        sink(refusals=["451 4.3.0 No space for now", "451 4.3.0 No space for now"]) as (port, mails),
        Relay(world, "127.0.0.1", port, told.put),
    ):
        Person(world).joins()
        arrived = [mails.get(timeout=PATIENCE) for _ in world.emails]
        assert told.get(timeout=PATIENCE) == f"127.0.0.1:{port} accepts no email now; emails wait for it"
        assert told.get(timeout=PATIENCE) == f"the mailbox at 127.0.0.1:{port} answers again"
    assert arrived == [email.raw for email in world.emails]
    assert told.empty(), "the same is told once"


@pytest.mark.parametrize(
    ("refusal", "temporary"),
    [
        (smtplib.SMTPConnectError(421, "Too busy"), True),
        (smtplib.SMTPDataError(552, "Too large"), False),
        (smtplib.SMTPSenderRefused(450, b"Later", ANN), True),
        (smtplib.SMTPRecipientsRefused({ANN: (450, b"Later")}), True),
        (smtplib.SMTPRecipientsRefused({ANN: (550, b"Never")}), False),
    ],
)
def test_a_refusal_with_a_code_from_400_to_499_is_temporary(
    refusal: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused, temporary: bool
) -> None:
    assert _is_temporary(refusal) is temporary


def test_a_refused_email_is_reported_and_does_not_delay_the_next(world: World) -> None:
    told: SimpleQueue[str] = SimpleQueue()
    elsewhere = Listener("127.0.0.1", 0)  # refuses mail to Ann, whose address is no reply address
    with Incoming(world, elsewhere), Relay(world, "127.0.0.1", elsewhere.port, told.put):
        Person(world).joins()
        lines = [told.get(timeout=PATIENCE) for _ in world.emails]
    assert len(lines) == 2
    for line, email in zip(lines, world.emails, strict=True):
        assert line == f"127.0.0.1:{elsewhere.port} refused email {email.id}: SMTPRecipientsRefused"


@pytest.mark.parametrize(
    ("given", "address"),
    [("localhost:1025", ("localhost", 1025)), ("127.0.0.1:25", ("127.0.0.1", 25)), ("[::1]:1025", ("::1", 1025))],
)
def test_a_mailbox_on_this_machine_is_accepted(given: str, address: tuple[str, int]) -> None:
    assert near(given) == address


@pytest.mark.parametrize("given", ["mail.example.com:25", "1025", "localhost", "localhost:0", "localhost:65536"])
def test_a_mailbox_elsewhere_is_refused(given: str) -> None:
    with pytest.raises(ValueError, match=r"this machine|is not a port"):
        near(given)


def test_a_mailbox_elsewhere_is_reported_in_one_line() -> None:
    given = "mail.example.com:25"
    command = [str(Path(sys.executable).parent / "email-course"), "run", "--port", "0", "--relay", given]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 2
    assert result.stdout == ""
    assert re.fullmatch(rf"email-course: --relay: '{re.escape(given)}': [^\n]+\n", result.stderr)
