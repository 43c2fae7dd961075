"""Alpine 2.26 in tmux: the text is typed into Alpine's composer, which wraps it.

By default Alpine quotes the HTML part, and its caret starts above the quote header.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue

from tests.mail.programs._terminal import SECONDS, terminal
from tests.mail.programs.cases import ALONE, BELOW, INSIDE, SIGNATURE, WAY_BACK, Case, cases
from tests.mail.programs.sink import sink

PACKAGES: tuple[str, ...] = ("alpine", "tmux")

FEATURES = (
    "quell-user-id-prompt,quell-personal-name-prompt,quell-folder-internal-msg,"
    "reply-always-uses-reply-to,include-text-in-reply"
)
OPTIONS = {
    "plain": "feature-list=prefer-plain-text",
    "headers": "feature-list=include-header-in-reply",
    "no-indent": 'reply-indent-string=""',
    "unflowed": "feature-list=quell-flowed-text",
    "signature-below": "feature-list=signature-at-bottom,enable-sigdashes",
    # Alpine has no translations: only the quote header can be set.
    "german": "reply-leadin=Am _DAYDATE_ schrieb _FROM_:",
    "spanish": "reply-leadin=El _DAYDATE_, _FROM_ escribió:",
}
"""Lines for `.pinerc`; `signature` is a separate file."""

QUESTIONS = {"Include original message": "y", "Reply to all": "n"}
"""The questions that Alpine may ask before its composer opens, with the answers."""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields the replies that Alpine writes."""
    with sink() as (port, mails):
        for case in cases("alpine", "plain", "headers", "no-indent", "unflowed", "signature-below"):
            own_home = home / case.name
            configure(own_home, case, (sent / f"{case.original}.eml").read_text("utf-8"), port)
            try:
                yield case, reply(own_home, case, mails)
            except (TimeoutError, Empty, subprocess.SubprocessError) as failed:
                sys.stderr.write(f"{case.name}: {failed!r}\n")


def configure(home: Path, case: Case, original: str, port: int) -> None:
    """Writes Alpine's configuration and an inbox with the email."""
    (home / "mail").mkdir(parents=True)
    (home / "inbox").write_text(f"From course@mail.example.org Sun Nov 29 06:40:00 2026\n{original}\n", "utf-8")
    settings = {
        "user-domain": "example.net",
        "inbox-path": str(home / "inbox"),
        "smtp-server": f"127.0.0.1:{port}",
        "customized-hdrs": "From: someone@example.net",
        "alt-addresses": "someone@example.net",
        "default-fcc": '""',
        "last-version-used": "6.26",  # otherwise the release notes come first
        "feature-list": FEATURES,
    }
    for option in case.options & OPTIONS.keys():
        name, _, value = OPTIONS[option].partition("=")
        settings[name] = f"{FEATURES},{value}" if name == "feature-list" else value
    (home / ".pinerc").write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")
    if case.options & {"signature", "signature-below"}:
        (home / ".signature").write_text(f"{SIGNATURE}\n", "utf-8")


def reply(home: Path, case: Case, mails: "SimpleQueue[bytes]") -> bytes:
    """Answers the only email in the inbox and returns the reply. Raises TimeoutError or Empty."""
    with terminal("alpine -i", home) as alpine:
        alpine.shows("MESSAGE INDEX(.|\n)*NextMsg")
        alpine.press("r")
        while (asked := alpine.shows("|".join((*QUESTIONS, "COMPOSE MESSAGE REPLY(.|\n)*Get Help")))) in QUESTIONS:
            alpine.press(QUESTIONS[asked])
        if case.place == BELOW:
            alpine.press("C-w", "C-v", "C-e", "Enter")
        elif case.place == INSIDE:
            # The line above has only the quote mark, and the question is above that line.
            alpine.press("C-w")
            alpine.shows("Search.*:")
            alpine.type("Or reply with\n" if case.original == WAY_BACK else "Just reply to this email\n")
            alpine.press("C-p", "C-a", "Enter", "C-p")
        elif case.place == ALONE:
            alpine.press("C-^", "C-w", "C-v", "C-k")
        elif "signature-below" in case.options:
            # With this option there are no empty lines above the quote header.
            alpine.press("Enter", "Enter", "Up", "Up")
        alpine.type(case.text)
        alpine.press("C-x")
        alpine.shows("Send message")
        alpine.press("y")
        return mails.get(timeout=SECONDS)
