"""Evolution 3.46."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.mail.programs._screen import NEEDED, Screen, end_of_question, replies, running
from tests.mail.programs.cases import INSIDE, SIGNATURE, Case, cases

PACKAGES = (*NEEDED, "evolution", "dbus")

SETTINGS = {
    "html": "composer-mode='html'\n",
    "signature-first": "composer-top-signature=true\n",
    "outlook": "reply-style=3\n",
}
FILES = {
    "evolution/sources/account.source": """[Data Source]
DisplayName=Someone
[Mail Account]
BackendName=none
IdentityUid=identity
NeedsInitialSetup=false
""",
    "evolution/sources/identity.source": """[Data Source]
DisplayName=Someone
Parent=account
[Mail Identity]
Address=someone@example.net
Name=Someone
SignatureUid={signature}
[Mail Submission]
TransportUid=transport
SentFolder=folder://local/Sent
""",
    "evolution/sources/transport.source": """[Data Source]
DisplayName=Someone
Parent=account
[Mail Transport]
BackendName=smtp
[Security]
Method=none
[Authentication]
Host=127.0.0.1
Port={port}
""",
    "evolution/sources/own.source": """[Data Source]
DisplayName=Own
[Mail Signature]
MimeType=text/plain
""",
    "evolution/signatures/own": SIGNATURE + "\n",
    "evolution/mail/state.ini": """[Folder Tree]
Selected=folder://local/Inbox
[Folder folder://local/Inbox]
SelectedMessage=1.1.example
""",
    "glib-2.0/settings/keyfile": """[org/gnome/evolution/mail]
show-startup-wizard=false
prompt-on-accel-send=false
prompt-on-private-list-reply=false
prompt-on-list-reply-to=false
prompt-on-composer-mode-switch=false
prompt-on-unwanted-html=false
composer-mode='plain-text'
composer-inline-spelling=false
layout=0
show-to-do-bar=false
{settings}
[org/gnome/evolution/shell]
default-component-id='mail'
[org/gnome/evolution]
version='3.46.4'
""",
}
"""Files in `.config`."""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Evolution's replies: selects each email in the local inbox, replies and sends."""

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        signature = "own" if any("signature" in option for option in case.options) else "none"
        settings = "".join(SETTINGS.get(option, "") for option in case.options)
        for name, content in FILES.items():
            file = own / ".config" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.format(port=port, signature=signature, settings=settings))
        mails = own / ".local/share/evolution/mail/local"
        for folder in (mails, mails / ".Outbox"):  # without an outbox it migrates mails of an older version
            for part in ("cur", "new", "tmp"):
                (folder / part).mkdir(parents=True)
        shutil.copy(sent / f"{case.original}.eml", mails / "cur/1.1.example:2,S")
        screen = Screen(environment)
        variables = environment | {"GSETTINGS_BACKEND": "keyfile", "WEBKIT_FORCE_SANDBOX": "0"}
        with running(["dbus-run-session", "evolution", "-c", "mail"], variables):
            screen.window("^(Inbox|Eingang|Bandeja de entrada)$")
            screen.opens("ctrl+r", "^Re: ")
            if case.place == INSIDE:
                inside(screen, case)
            else:
                screen.answer(case)
            screen.key("ctrl+Return")
            yield

    return replies(cases("evolution", "html", "outlook", "signature-first"), home, run)


def inside(screen: Screen, case: Case) -> None:
    """Types below the question. The program finds its last line, as WebKit's caret steps differ from the text."""
    text = screen.text()
    line = text[: end_of_question(text)].split("\n")[-1].strip("> ")
    screen.key("ctrl+f")
    screen.window("^Find$")
    screen.type(line)
    screen.key("Return", "Escape")
    screen.window("^Re: ")
    screen.key("Right")
    screen.type("\n\n" + case.text + "\n")
    screen.has(case)
