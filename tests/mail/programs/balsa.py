"""Balsa 2.6."""

from collections.abc import Iterator
from pathlib import Path

from tests.mail.programs._screen import NEEDED, Screen, replies, running
from tests.mail.programs.cases import SIGNATURE, Case, cases

PACKAGES = (*NEEDED, "balsa")

SIGNED = "SignaturePath={home}/.signature\nSigReply=true\nSigSeparator=true\n"
IDENTITY = {
    "signature": SIGNED,
    "signature-first": SIGNED + "SigPrepend=true\n",
    "alternative": "SendMultipartAlternative=true\n",
}
SETTINGS = {"wrapped": "[Sending]\nWordWrap=true\n"}

MAILBOX = "[mailbox-{name}]\nType=LibBalsaMailboxMbox\nPath={home}/mail/{name}\nName={name}\n"

ACCOUNT = """[smtp-server-Default]
Server=127.0.0.1:{port}
Security=4
Anonymous=true
[identity]
CurrentIdentity=default
[identity-default]
FullName=Someone
Address=someone@example.net
SMTPServer=Default
"""

GENERAL = """[Globals]
MailDir={home}/mail
[Notifications]
GtkUIManager=true
LibBalsaAddressView=true
"""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Balsa's replies: opens an inbox with each email, replies and sends."""

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        (own / ".balsa").mkdir()
        (own / "mail").mkdir()
        email = (sent / f"{case.original}.eml").read_bytes()
        (own / "mail" / "Inbox").write_bytes(b"From course Sat Nov 28 10:00:00 2026\n" + email + b"\n\n")
        (own / ".signature").write_text(SIGNATURE + "\n")
        mailboxes = ""
        for name in ("Inbox", "Outbox", "Sentbox", "Draftbox", "Trash"):
            (own / "mail" / name).touch()
            mailboxes += MAILBOX.format(name=name, home=own)
        identity, settings = ("".join(of.get(option, "") for option in case.options) for of in (IDENTITY, SETTINGS))
        config = mailboxes + ACCOUNT + identity + GENERAL + settings
        (own / ".balsa" / "config").write_text(config.replace("{home}", str(own)).replace("{port}", str(port)))
        screen = Screen(environment)
        with running(["balsa", "--open-inbox"], environment):
            screen.window("^Balsa: ")
            screen.key("Down")
            screen.opens("r", "Re: ")
            screen.answer(case)
            screen.key("ctrl+Return")
            yield

    return replies(cases("balsa", "wrapped", "alternative", "signature-first"), home, run)
