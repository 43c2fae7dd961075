"""mutt. Its editor is this file, which types the case's text into the draft."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty
from signal import SIGKILL

from tests.mail.programs.cases import ABOVE, ALONE, BELOW, SIGNATURE, Case, cases
from tests.mail.programs.sink import sink

PACKAGES: tuple[str, ...] = ("mutt", "vim", "locales")

LIMIT_SECONDS = 15
RC = """\
set from="someone@example.net" realname="Ann Example" use_from=yes hostname="example.net"
set smtp_url="smtp://127.0.0.1:{port}/" ssl_starttls=no ssl_force_tls=no
set folder="~" mbox_type=Maildir record="" copy=no mark_old=no confirmappend=no
set include=yes fast_reply=yes reply_to=yes abort_unmodified=no abort_nosubject=no recall=no
set editor="{python} -m tests.mail.programs.mutt"
"""
KEYS = "<reply><send-message><quit>"
SETTINGS = {
    "signature": 'set signature="~/signature"',
    "header": "set header=yes",
    "bare": 'set indent_string=""',
    # vim wraps lines as for mail, and leaves the space that format=flowed needs.
    "flowed": 'set text_flowed=yes editor="vim -N -u NONE -S ~/vim"',
    "german": 'set attribution_locale="de_DE.UTF-8"',
    # mutt's Spanish translation has no quote header: Spanish users set it.
    "spanish": 'set attribution_locale="es_ES.UTF-8" attribution="El %{%d de %B de %Y}, %n escribió:"',
}
LANGUAGES = {"german": "de_DE", "spanish": "es_ES"}
VIM = """\
set filetype=mail textwidth=72 formatoptions=tcqlw encoding=utf-8
if $PLACE == "above"
    call append(0, ["", ""])
    call cursor(1, 1)
else
    call search("YOUR QUESTION")
    call search("?$")
    call append(line("."), ["", "", ""])
    call cursor(line(".") + 2, 1)
endif
execute "normal! i" . $TEXT
wq
"""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields mutt's replies."""
    yield from replies("mutt", SETTINGS, cases("mutt", "header", "bare", "flowed"), sent, home)


def replies(
    program: str, settings: Mapping[str, str], wanted: Iterator[Case], sent: Path, home: Path
) -> Iterator[tuple[Case, bytes]]:
    """Yields the replies of mutt or a program like it, started again for each case."""
    (home / "signature").write_text(f"{SIGNATURE}\n", "utf-8")
    (home / "vim").write_text(VIM, "utf-8")
    (home / "locale").mkdir()
    for name in LANGUAGES.values():
        locale = home / "locale" / f"{name}.UTF-8"
        subprocess.run(["localedef", "-i", name, "-f", "UTF-8", locale], check=True, stdout=sys.stderr)
    with sink() as (port, mails):
        for case in wanted:
            lines = [RC.format(port=port, python=sys.executable), *(settings[option] for option in case.options)]
            (home / "rc").write_text("\n".join(lines), "utf-8")
            command: list[str | Path] = [program, "-F", home / "rc", "-e", f"push {KEYS}", "-f"]
            in_terminal([*command, mailbox(home, sent, case)], environment(home, case), case.name)
            try:
                yield case, mails.get(timeout=1)
            except Empty:
                sys.stderr.write(f"{case.name}: no mail came\n")


def mailbox(home: Path, sent: Path, case: Case) -> Path:
    """Creates a maildir with the email to answer, with this system's line ends."""
    folder = home / case.name
    for part in ("cur", "new", "tmp"):
        (folder / part).mkdir(parents=True)
    raw = (sent / f"{case.original}.eml").read_bytes()
    (folder / "new" / "1.1.example").write_bytes(raw.replace(b"\r\n", b"\n"))
    return folder


def environment(home: Path, case: Case) -> dict[str, str]:
    """Returns the program's environment variables, and those that give the editor its text."""
    language = next((f"{LANGUAGES[option]}.UTF-8" for option in case.options if option in LANGUAGES), "C.UTF-8")
    folders = {name: str(home) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME")}
    path = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3]), "LOCPATH": str(home / "locale")}
    typed = {"PLACE": case.place, "TEXT": case.text}
    return folders | path | typed | {"TERM": "xterm", "LC_ALL": language}


def in_terminal(command: list[str | Path], env: Mapping[str, str], name: str) -> None:
    """Runs a program in a terminal until it ends, at most LIMIT_SECONDS."""
    ours, its = pty.openpty()
    process = subprocess.Popen(command, stdin=its, stdout=its, stderr=its, env=env, start_new_session=True)
    os.close(its)
    end = time.monotonic() + LIMIT_SECONDS
    shown = b""
    try:
        # Reading fails when no process has the terminal open any more.
        with suppress(OSError):
            while select.select([ours], [], [], max(0, end - time.monotonic()))[0]:
                shown += os.read(ours, 65536)
            sys.stderr.write(f"{name}: hangs after {shown[-200:]!r}\n")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, SIGKILL)
        process.wait()
        os.close(ours)


def with_text(draft: str, place: str, text: str) -> str:
    """Returns the draft with the text typed into it. Inside a quote it is below the question's paragraph."""
    quote, dashes, signature = draft.partition("\n-- \n")
    if place == ABOVE:
        return f"{text}\n\n{draft}"
    if place == ALONE:
        return f"{text}\n{dashes}{signature}"
    if place == BELOW:
        return f"{quote.rstrip()}\n\n{text}\n{dashes}{signature}"
    lines = draft.split("\n")
    at = next(number for number, line in enumerate(lines) if "YOUR QUESTION" in line.upper()) + 2
    while lines[at].strip("> \t"):
        at += 1
    return "\n".join([*lines[:at], "", text, "", *lines[at:]])


if __name__ == "__main__":
    file = Path(sys.argv[-1])
    file.write_text(with_text(file.read_text("utf-8"), os.environ["PLACE"], os.environ["TEXT"]), "utf-8")
