"""Every email as a receiver checks it: strict MIME, a DKIM signature, SpamAssassin's rules, valid HTML.

The local SES makes the MIME from the request of the code. The MIME and the signature of the real SES are not tested.
"""

import os
import re
import shutil
import smtplib
import subprocess
from email.errors import MessageDefect
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any

import boto3
import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from aws.ses import Mailer, Sent
from cli.samples import NOW, SITE, samples
from content.lessons import load
from local_cloud.cloud import PARAMETERS, World
from local_cloud.mime import SentEmail
from tests import html_validator
from tests.conftest import cannot_run_here
from tests.mail.programs.sink import sink

EMAILS = Path(__file__).parents[1] / "emails"
DOMAIN = PARAMETERS["Sender"].partition("@")[2]
ONE_CLICK = ("List-Unsubscribe", "List-Unsubscribe-Post")
"""RFC 8058, section 4: a valid DKIM signature has to cover both."""
SIGNED = ("From", "Reply-To", "To", "Message-ID", "Subject", "MIME-Version", "Content-Type", "Date", *ONE_CLICK)
MOST_POINTS = 0.5
"""An email's limit. SpamAssassin counts a mail as spam from 5 points on."""


@pytest.fixture(scope="module")
def emails() -> dict[str, SentEmail]:
    """Every email of every course by the name of its sample, sent by our code through the local SES."""
    found = {}
    with World(start=NOW, parameters={"SiteUrl": SITE}) as world:
        configuration_set = next(name for name, _ in world.resources.resources("AWS::SES::ConfigurationSet"))
        mailer = Mailer(boto3.client("sesv2"), PARAMETERS["Sender"], str(world.resources.ref(configuration_set)))
        world.ses.max_send_rate = 1000
        for sample in samples(load(EMAILS), EMAILS):
            assert isinstance(mailer.send(sample.email, {"attempt": "sample"}), Sent), sample.name
            found[sample.name] = world.emails[-1]
    assert len(found) > 90
    return found


# ---------------------------------------------------------------- MIME


def faults(raw: bytes) -> list[str]:
    """Returns a mail's violations of RFC 5322 and RFC 2045, one sentence each."""
    found = []
    if re.search(rb"\r(?!\n)|(?<!\r)\n", raw):
        found.append("a line does not end with CR and LF (RFC 5322, 2.3)")
    if longest := [line for line in raw.split(b"\r\n") if len(line) > 998]:
        found.append(f"{len(longest)} lines have more than 998 bytes (RFC 5322, 2.1.1)")
    if not raw.isascii():
        found.append("a byte needs 8BITMIME, which not every server has (RFC 6152)")
    try:
        mail = BytesParser(policy=SMTP.clone(raise_on_defect=True)).parsebytes(raw)
    except MessageDefect as defect:
        return [*found, f"{type(defect).__name__} (RFC 2045)"]
    names = [name.lower() for name in mail]
    found += [f"{name} stands twice (RFC 5322, 3.6)" for name in sorted({n for n in names if names.count(n) > 1})]
    found += [f"{name} is missing (RFC 5322, 3.6)" for name in ("from", "date", "message-id") if name not in names]
    found += [f"{name}: {defect}" for name, value in mail.items() for defect in value.defects]
    return found


def parts(raw: bytes) -> list[tuple[str, str]]:
    """The type and the text of each part, with LF line ends. Raises UnicodeError for text that is not UTF-8."""
    mail = BytesParser(policy=SMTP).parsebytes(raw)
    assert isinstance(mail, EmailMessage)
    return [
        (part.get_content_type(), content(part).decode(part.get_content_charset("ascii")).replace("\r\n", "\n"))
        for part in mail.iter_parts()
    ]


def content(part: Any) -> bytes:
    return part.get_payload(decode=True)  # type: ignore[no-any-return]


def test_every_email_is_strict_mime_and_has_the_text_that_was_given_to_ses(emails: dict[str, SentEmail]) -> None:
    for name, email in emails.items():
        assert faults(email.raw) == [], name
        assert parts(email.raw) == [("text/plain", email.text), ("text/html", email.html)], name


GOOD = (
    b"From: a@example.org\r\nDate: Mon, 23 Nov 2026 09:00:00 +0000\r\nMessage-ID: <a@example.org>\r\n"
    b"Subject: A lesson\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b--\r\n"
)


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        (b"Hello\r\n", b"Hello\n", "a line does not end"),
        (b"Hello", b"Hello " * 200, "1 lines have more"),
        (b"Hello", "Zoë".encode(), "a byte needs 8BITMIME"),
        (b"--b--\r\n", b"", "CloseBoundaryNotFoundDefect"),
        (b"boundary=b", b"charset=utf-8", "NoBoundaryInMultipartDefect"),
        (b"Subject: A lesson\r\n", b"Subject: A lesson\r\nSubject: Another\r\n", "subject stands twice"),
        (b"Date: Mon, 23 Nov 2026 09:00:00 +0000\r\n", b"", "date is missing"),
        (b"From: a@example.org", b"From: a@@example.org", "From: "),
    ],
)
def test_a_violation_in_a_mail_is_found(before: bytes, after: bytes, fault: str) -> None:
    assert faults(GOOD) == []
    found = faults(GOOD.replace(before, after))
    assert any(each.startswith(fault) for each in found), found


# ---------------------------------------------------------------- DKIM


class Signer:
    """A domain with a DKIM key, and the name server that publishes it."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        self._private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._published = b"v=DKIM1; k=rsa; p=" + b"".join(public.splitlines()[1:-1])

    def signed(self, raw: bytes) -> bytes:
        """Returns the mail with a signature as SES makes it: relaxed header fields, simple body."""
        fields = [name.lower().encode() for name in SIGNED]
        how = {"canonicalize": (b"relaxed", b"simple"), "include_headers": fields}
        signature: bytes = dkim.sign(raw, b"sample", DOMAIN.encode(), self._private, **how)
        return signature + raw

    def proven(self, raw: bytes) -> bool:
        """Tells whether the signature is valid and covers both header fields of the one click."""
        holds = dkim.verify(raw, dnsfunc=lambda *_, **__: self._published)
        field = re.search(rb"\bh=([^;]*);", raw)
        covered = re.sub(rb"\s", b"", field[1]).decode().lower().split(":") if field else []
        return bool(holds) and all(name.lower() in covered for name in ONE_CLICK)


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


def test_every_email_keeps_its_signature_on_its_way_by_smtp(emails: dict[str, SentEmail], signer: Signer) -> None:
    """A line that is too long, ends with LF only or has odd white space would be changed on the way."""
    with sink() as (port, arrived), smtplib.SMTP("127.0.0.1", port) as connection:
        for name, email in emails.items():
            connection.sendmail(PARAMETERS["Sender"], [email.address], signer.signed(email.raw))
            assert signer.proven(arrived.get(timeout=60)), name


@pytest.mark.parametrize("name", ONE_CLICK)
def test_a_one_click_field_that_was_changed_breaks_the_signature(
    emails: dict[str, SentEmail], signer: Signer, name: str
) -> None:
    raw = signer.signed(next(iter(emails.values())).raw)
    assert signer.proven(raw)
    assert not signer.proven(
        re.sub(rf"(?m)^{name}: .*\r\n".encode(), f"{name}: <https://example.com>\r\n".encode(), raw)
    )
    assert not signer.proven(re.sub(rf"(?m)^{name}: .*\r\n".encode(), b"", raw))


# ---------------------------------------------------------------- spam


ARRIVAL = (
    f"Return-Path: <0102@{DOMAIN}>\n"
    "Received: from a7-12.smtp-out.eu-west-1.amazonses.com (a7-12.smtp-out.eu-west-1.amazonses.com [54.240.7.12])\n"
    "\tby mx.example.net with ESMTPS for <robin@example.net>; Mon, 23 Nov 2026 09:00:02 +0000\n"
).encode()
"""The header fields that the receiving server puts above a mail."""
SPAM = ARRIVAL + (
    b"From: Winner <a@example.com>\nMessage-ID: <spam@example.com>\nSubject: YOU HAVE WON $1,000,000!!!\n"
    b"Content-Type: text/html\n\n"
    b"<font size=7>Dear beneficiary, claim one million dollars by bank transfer: viagra 100% free</font>\n"
)


def points(mails: list[bytes], home: Path) -> dict[str, tuple[float, str]]:
    """Returns SpamAssassin's points for each mail and the rules that gave them, by Message-ID.

    It answers in another order than asked, and uses its local rules only, so it looks nothing up.
    """
    program = shutil.which("spamassassin")
    if program is None:
        cannot_run_here("SpamAssassin on every email (not on the PATH; on Debian: sudo apt-get install spamassassin)")
    box = b"".join(b"From - Mon Nov 23 09:00:00 2026\n" + re.sub(rb"(?m)^(>*From )", rb">\1", each) for each in mails)
    command = [str(program), "--local", "--mbox", "--nocreate-prefs", "--cf", "use_bayes 0", "--cf", "report_safe 0"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C"}
    judged = subprocess.run(command, input=box, capture_output=True, env=environment, check=True).stdout
    unfolded = re.sub(r"\n[ \t]+", " ", judged.decode("latin-1"))
    given = re.compile(r"^X-Spam-Status: \w+, score=(\S+) .*?tests=(.*?) autolearn.*?^Message-ID: (\S+)", re.M | re.S)
    found = {message_id: (float(score), rules) for score, rules, message_id in given.findall(unfolded)}
    assert len(found) == len(mails)
    return found


@pytest.mark.long  # 25 s
@pytest.mark.timeout(600)
def test_no_email_looks_like_spam(emails: dict[str, SentEmail], signer: Signer, tmp_path: Path) -> None:
    received = [ARRIVAL + signer.signed(email.raw).replace(b"\r\n", b"\n") + b"\n" for email in emails.values()]
    found = points([*received, SPAM], tmp_path)
    assert found.pop("<spam@example.com>")[0] > 5, "SpamAssassin finds no spam in a mail that is spam"
    assert {name: given for name, given in found.items() if given[0] > MOST_POINTS} == {}


# ---------------------------------------------------------------- HTML


@pytest.mark.long  # 12 s
@pytest.mark.timeout(600)
def test_every_email_is_valid_html(emails: dict[str, SentEmail], tmp_path: Path) -> None:
    written = {name: email.html or "" for name, email in emails.items()}
    assert html_validator.errors(written, tmp_path, ignored=html_validator.OUTLOOKS_OWN) == []


@pytest.mark.long
def test_vnu_finds_errors_and_passes_over_only_the_properties_of_outlook(tmp_path: Path) -> None:
    page = '<!doctype html><html lang="en"><title>A</title><p style="mso-hide: all; colr: red"><b>Open</p>'
    found = html_validator.errors({"page": page}, tmp_path, ignored=html_validator.OUTLOOKS_OWN)
    assert len(found) >= 2
    assert any("colr" in each for each in found)
    assert not any("mso-hide" in each for each in found)
