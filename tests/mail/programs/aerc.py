"""aerc 0.14 in tmux, with a script as its editor: aerc's template quotes the email, and the script inserts the text.

The script replaces an editor in which a person types. The script and aerc wrap no lines. aerc quotes the plain part if
there is one. The option `multipart` also converts the reply to HTML, as if it were Markdown.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

from tests.mail.programs._terminal import SECONDS, terminal
from tests.mail.programs.cases import SIGNATURE, Case, cases
from tests.mail.programs.sink import sink

PACKAGES: tuple[str, ...] = ("aerc", "tmux", "cmark")

DATE, NAME = '{{dateFormat (.OriginalDate | toLocal) "02.01.2006 15:04"}}', "{{(index .OriginalFrom 0).Name}}"
TEMPLATES = {
    "wrapped": "{{wrap 72 .OriginalText | quote}}\n",  # as in aerc-templates(7), without a quote header
    "unquoted": f"On {DATE}, {NAME} wrote:\n\n{{{{.OriginalText}}}}\n",
    # aerc is only in English: only the quote header can be set.
    "german": f"Am {DATE} schrieb {NAME}:\n{{{{quote .OriginalText}}}}\n",
    "spanish": f"El {DATE}, {NAME} escribió:\n{{{{quote .OriginalText}}}}\n",
}
"""Custom templates for a quoted reply, below the empty line that ends their headers."""

EDITOR = '''#!/usr/bin/python3
"""Inserts the text into the reply at the place."""
import sys
from pathlib import Path

place, text, reply = sys.argv[1], Path(sys.argv[2]).read_text("utf-8"), Path(sys.argv[3])
lines = reply.read_text("utf-8").split("\\n")
below = max((number for number, line in enumerate(lines, 1) if line.startswith(">")), default=0)
asks = next((number for number, line in enumerate(lines) if "Just reply to this email" in line), below)
if not lines[asks - 1].strip("> "):
    asks -= 1
added = {
    "above": [text, "", *lines],
    "below": [*lines[:below], "", text, *lines[below:]],
    "inside": [*lines[:asks], "", text, "", *lines[asks:]],
    "alone": [text, *lines[below:]],
}[place]
reply.write_text("\\n".join(added), "utf-8")
'''


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields the replies that aerc writes."""
    with sink() as (port, mails):
        for case in cases("aerc", "wrapped", "unquoted", "multipart"):
            own_home = home / case.name
            configure(own_home, case, (sent / f"{case.original}.eml").read_bytes(), port)
            try:
                yield case, reply(own_home, case, mails)
            except (TimeoutError, Empty, subprocess.SubprocessError) as failed:
                sys.stderr.write(f"{case.name}: {failed!r}\n")


def configure(home: Path, case: Case, original: bytes, port: int) -> None:
    """Writes aerc's configuration, a maildir with the email, and the editor with its text."""
    for folder in ("new", "cur", "tmp"):
        (home / "mail" / "INBOX" / folder).mkdir(parents=True)
    (home / "mail" / "INBOX" / "cur" / "1.1.localhost:2,S").write_bytes(original)
    (home / "text").write_text(case.text, "utf-8")
    (home / "editor").write_text(EDITOR, "utf-8")
    (home / "editor").chmod(0o755)
    settings = home / ".config" / "aerc"
    (settings / "templates").mkdir(parents=True)
    account = [
        "[example]",
        f"source=maildir://{home}/mail",
        f"outgoing=smtp+none://127.0.0.1:{port}",
        "from=someone@example.net",
    ]
    if "signature" in case.options:
        (home / "signature").write_text(f"-- \n{SIGNATURE}\n", "utf-8")
        account.append(f"signature-file={home}/signature")
    (settings / "accounts.conf").write_text("\n".join(account) + "\n", "utf-8")
    (settings / "accounts.conf").chmod(0o600)  # aerc accepts no other mode
    general = ["[compose]", f"editor={home}/editor {case.place} {home}/text"]
    if "multipart" in case.options:
        general += ["[multipart-converters]", "text/html=cmark"]
    for option in case.options & TEMPLATES.keys():
        (settings / "templates" / option).write_text(f"\n{TEMPLATES[option]}", "utf-8")
        general += ["[templates]", f"quoted-reply={option}"]
    (settings / "aerc.conf").write_text("\n".join(general) + "\n", "utf-8")


def reply(home: Path, case: Case, mails: "SimpleQueue[bytes]") -> bytes:
    """Answers the only email in the maildir and returns the reply. Raises TimeoutError or Empty."""
    with terminal("aerc", home) as aerc:
        aerc.shows("Rebuilding Trust")
        aerc.type(":reply -q\n")
        aerc.shows("Send this email")
        if "multipart" in case.options:
            aerc.type(":multipart text/html\n")
            aerc.shows("text/html")
        aerc.press("y")
        return mails.get(timeout=SECONDS)
