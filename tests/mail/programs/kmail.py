"""KMail 22.12."""

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from tests.mail.programs._screen import NEEDED, Screen, replies, running
from tests.mail.programs.cases import SIGNATURE, Case, cases

PACKAGES = (*NEEDED, "kmail", "akonadi-backend-sqlite", "dbus")

FILES = {
    "akonadi/akonadiserverrc": "[%General]\nDriver=QSQLITE\n",
    "emailidentities": """[General]
Default Identity=1
[Identity #0]
Name=Someone
Email Address=someone@example.net
Identity=Default
uoid=1
Transport=1
Signature Enabled={signed}
Signature Type=inline
Inline Signature={signature}
""",
    "mailtransports": """[General]
default-transport=1
[Transport 1]
id=1
identifier=SMTP
name=sink
host=127.0.0.1
port={port}
auth=false
encryption=None
""",
    "kmail2rc": """[General]
first-start=false
SystemTrayEnabled=false
PreviousVersion=5.22.3
[AccountWizard]
Create=false
[Composer]
CheckSendDefaultActionShortcut=true
autoSpellChecking=false
prepend-signature={first}
[Reader]
htmlMail={html}
[TemplateParser]
replyUsingVisualFormat=true
[TipOfDay]
RunOnStart=false
""",
}


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields KMail's replies: views each email as a file, replies and sends."""

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        signed = any("signature" in option for option in case.options)
        values = {
            "port": str(port),
            "signed": str(signed).lower(),
            "first": str("signature-first" in case.options).lower(),
            "signature": SIGNATURE.replace("\n", "\\n"),
            "html": str("html" in case.options).lower(),
        }
        for name, content in FILES.items():
            file = own / ".config" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.format(**values))
        shutil.copy(sent / f"{case.original}.eml", own / "email.eml")
        variables = environment | {"QTWEBENGINE_DISABLE_SANDBOX": "1", "QT_QPA_PLATFORM": "xcb"}
        screen = Screen(environment)
        try:
            with running(["dbus-run-session", "kmail", "--view", str(own / "email.eml")], variables):
                screen.window("KMail")
                screen.opens("r", "^Re: ")
                screen.answer(case)
                screen.key("ctrl+Return")
                yield
        finally:
            end_all_of(own)

    return replies(cases("kmail", "html", "signature-first"), home, run)


def end_all_of(home: Path) -> None:
    """Ends Akonadi's agents: each has its own session and runs on after the program."""
    mark = f"HOME={home}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (process / "environ").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)
