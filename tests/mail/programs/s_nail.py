"""s-nail, the `mail` command of many systems: its `~e` starts the editor in `mutt`."""

import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

from tests.mail.programs.cases import Case, cases
from tests.mail.programs.mutt import environment, in_terminal, mailbox
from tests.mail.programs.sink import sink

PACKAGES: tuple[str, ...] = ("s-nail",)

RC = """\
set v15-compat=yes
set mta=smtp://127.0.0.1:{port} smtp-auth=none sendwait hostname=example.net
set from="Ann Example <someone@example.net>" reply-to-honour noasksend noeditheaders EDITOR="{home}/editor"
"""
SETTINGS = {
    "signature": r"set message-inject-tail=$'\n-- \nAnn Example\nHarbour Street 3, Exampletown\n'",
    "headers": "set quote=headers",
    # The default; Debian's /etc/s-nail.rc changes it to "> ".
    "tab": r"set indentprefix=$'\t'",
    "fold": "set quote-fold=72",
    "attachment": "set quote-as-attachment",
    # There are no translations: users of other languages set this.
    "german": r"set quote-inject-head=$'Am %d schrieb %n:\n\n'",
    "spanish": r"set quote-inject-head=$'El %d, %n escribió:\n\n'",
}


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields s-nail's replies."""
    editor = home / "editor"
    editor.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tests.mail.programs.mutt "$@"\n', "utf-8")
    editor.chmod(0o700)
    with sink() as (port, mails):
        for case in cases("s-nail", "headers", "tab", "fold", "attachment"):
            lines = [RC.format(port=port, home=home), *(SETTINGS[option] for option in case.options)]
            (home / "rc").write_text("\n".join(lines) + "\n", "utf-8")
            env = environment(home, case) | {"LC_ALL": "C.UTF-8", "MAILRC": str(home / "rc")}
            command: list[str | Path] = ["s-nail", "-Y", "reply 1", "-Y", "~e", "-Y", "~.", "-Y", "exit", "-f"]
            in_terminal([*command, mailbox(home, sent, case)], env, case.name)
            try:
                yield case, mails.get(timeout=1)
            except Empty:
                sys.stderr.write(f"{case.name}: no mail came\n")
