"""mu4e 1.8 in Emacs 28 in tmux: the text is typed in message mode, which wraps it.

mu4e quotes the HTML part as Emacs renders it, and the caret starts above the quote header.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

from tests.mail.programs._terminal import SECONDS, terminal
from tests.mail.programs.cases import ABOVE, ALONE, BELOW, INSIDE, SIGNATURE, WAY_BACK, Case, cases
from tests.mail.programs.sink import sink

PACKAGES: tuple[str, ...] = ("mu4e", "emacs-nox", "tmux")

SETTINGS = """\
(require 'mu4e)
(setq inhibit-startup-screen t
      auto-save-default nil
      auto-save-list-file-prefix nil
      user-mail-address "someone@example.net"
      user-full-name ""
      mu4e-sent-messages-behavior 'delete
      send-mail-function 'smtpmail-send-it
      message-send-mail-function 'smtpmail-send-it
      smtpmail-smtp-server "127.0.0.1"
      smtpmail-smtp-service PORT)
"""
FORMATTED = "(setq message-citation-line-function 'message-insert-formatted-citation-line)\n"
OPTIONS = {
    "flowed": "(setq mu4e-compose-format-flowed t)\n",
    "formatted": FORMATTED,
    "plain": """(setq mm-discouraged-alternatives '("text/html" "text/richtext"))\n""",
    "no-prefix": '(setq message-yank-prefix "" message-yank-cited-prefix "" message-yank-empty-prefix "")\n',
    # mu4e is only in English: only the quote header can be set.
    "german": FORMATTED + '(setq message-citation-line-format "Am %d.%m.%Y um %R schrieb %f:\\n")\n',
    "spanish": FORMATTED + '(setq message-citation-line-format "El %d/%m/%Y a las %R, %f escribió:\\n")\n',
}
"""Lines for Emacs's configuration; `signature` is a separate file."""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields the replies that mu4e writes."""
    with sink() as (port, mails):
        for case in cases("mu4e", "flowed", "formatted", "no-prefix", "plain"):
            own_home = home / case.name
            try:
                configure(own_home, case, (sent / f"{case.original}.eml").read_bytes(), port)
                yield case, reply(own_home, case, mails)
            except (TimeoutError, Empty, subprocess.SubprocessError) as failed:
                sys.stderr.write(f"{case.name}: {failed!r}\n")


def configure(home: Path, case: Case, original: bytes, port: int) -> None:
    """Writes the configuration of Emacs and a maildir with the email, which mu indexes."""
    for folder in ("inbox", "drafts", "sent", "trash"):
        for part in ("new", "cur", "tmp"):
            (home / "mail" / folder / part).mkdir(parents=True)
    (home / "mail" / "inbox" / "cur" / "1.1.localhost:2,S").write_bytes(original)
    options = "".join(OPTIONS[option] for option in case.options & OPTIONS.keys())
    (home / ".emacs").write_text(SETTINGS.replace("PORT", str(port)) + options, "utf-8")
    if "signature" in case.options:
        (home / ".signature").write_text(f"{SIGNATURE}\n", "utf-8")
    for arguments in (("init", f"--maildir={home}/mail", "--my-address=someone@example.net"), ("index",)):
        subprocess.run(
            ["mu", *arguments],
            env={"HOME": str(home), "LANG": "C.UTF-8"},
            capture_output=True,
            check=True,
            timeout=SECONDS,
        )


def reply(home: Path, case: Case, mails: "SimpleQueue[bytes]") -> bytes:
    """Answers the only email in the maildir and returns the reply. Raises TimeoutError or Empty."""
    with terminal("""emacs -nw -f mu4e""", home) as emacs:
        emacs.shows("enter a .s.earch query")
        emacs.press("s")
        emacs.shows("Search for:")
        emacs.type("maildir:/inbox\n")
        emacs.shows("Found 1 matching message")
        emacs.press("R")
        emacs.shows("text follows this line")
        if case.place == BELOW:
            emacs.press("M->", "Enter")
        elif case.place == INSIDE:
            # The line above has only the quote mark, and the question is above that line.
            emacs.press("C-s")
            emacs.type("Or reply with\n" if case.original == WAY_BACK else "Just reply to this email\n")
            emacs.press("C-a", "C-p", "C-o")
        elif case.place == ALONE:
            emacs.press("C-Space", "M->", "C-w")
        emacs.type(f"{case.text}\n" if case.place == ABOVE else case.text)
        emacs.press("C-c", "C-c")
        return mails.get(timeout=SECONDS)
