"""Geary 43, with dovecot as its IMAP server."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import sleep

from tests.mail.programs import _dovecot
from tests.mail.programs._dovecot import ADDRESS, PASSWORD, dovecot
from tests.mail.programs._screen import NEEDED, QUESTION, Screen, replies, running
from tests.mail.programs.cases import ABOVE, ALONE, BELOW, INSIDE, SIGNATURE, Case, cases

PACKAGES = (*NEEDED, *_dovecot.PACKAGES, "geary", "dbus", "gnome-keyring", "libsecret-tools")

ACCOUNT = """[Metadata]
version=1
status=enabled
[Account]
ordinal=0
prefetch_days=-1
save_drafts=false
save_sent=false
use_signature={signed}
signature={signature}
sender_mailboxes=Someone <someone@example.net>;
service_provider=other
[Incoming]
login=someone@example.net
remember_password=true
host=127.0.0.1
port={imap}
transport_security=none
credentials=custom
[Outgoing]
host=127.0.0.1
port={smtp}
transport_security=none
credentials=none
"""
KEYFILE = """[org/gnome/Geary]
migrated-config=true
compose-as-html={html}
undo-send-delay=0
"""
BODY, QUOTE = ("250", "160"), ("250", "500")
"""Places in the reply window: above the quote and inside it."""
START = f"""
printf x | gnome-keyring-daemon --unlock --components=secrets
printf {PASSWORD} | secret-tool store --label=IMAP xdg:schema org.gnome.Geary login {ADDRESS} host 127.0.0.1 proto IMAP
exec geary
"""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Geary's replies: opens an inbox with each email, replies in a separate window and sends."""
    home.chmod(0o755)  # dovecot's processes run as other users

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        config = own / ".config"
        (config / "geary/account_01").mkdir(parents=True)
        (config / "glib-2.0/settings").mkdir(parents=True)
        html = "plain" not in case.options
        (config / "glib-2.0/settings/keyfile").write_text(KEYFILE.format(html=str(html).lower()))
        signed = "signature" in case.options
        signature = SIGNATURE.replace("\n", "\\n")
        with dovecot(own, [sent / f"{case.original}.eml"]) as imap:
            account = ACCOUNT.format(imap=imap, smtp=port, signed=str(signed).lower(), signature=signature)
            (config / "geary/account_01/geary.ini").write_text(account)
            variables = environment | {"GSETTINGS_BACKEND": "keyfile", "WEBKIT_FORCE_SANDBOX": "0"}
            screen = Screen(environment)
            with running(["dbus-run-session", "sh", "-c", START], variables):
                screen.window("^(Inbox|Posteingang|Bandeja de entrada) ")
                compose(screen)
                answer(screen, case)
                screen.key("ctrl+Return")
                yield

    # The quote is a separate field. Keys can't delete it once the reply has its own window.
    return replies((case for case in cases("geary", "plain") if case.place != ALONE), home, run)


def compose(screen: Screen) -> None:
    """Opens the email, and the reply to it in a separate window. No key works while Geary loads."""
    for _ in range(5):
        screen.key("Return")
        sleep(1)
        screen.key("ctrl+r")
        sleep(2)
        with suppress(TimeoutError):
            screen.opens("ctrl+d", "^Re: ")
            break
    sleep(2)  # a click that comes too early is lost


def answer(screen: Screen, case: Case) -> None:
    """Types the text of the case. The part above the quote and the quote are two fields."""
    click(screen, BODY if case.place == ABOVE else QUOTE)
    if case.place == BELOW:
        screen.answer(case)
    elif case.place == INSIDE:
        to_question(screen)
        screen.type("\n\n" + case.text + "\n")
    else:
        screen.type(case.text)
    screen.has(case)


def click(screen: Screen, place: tuple[str, str]) -> None:
    """Moves the focus to the field at this place."""
    screen.xdotool("mousemove", *place, "sleep", "0.2", "click", "1", "sleep", "0.2")


def to_question(screen: Screen) -> None:
    """Moves the caret to the question's end by lines, as WebKit's steps differ from the text's characters."""
    screen.key("ctrl+Home")
    for lines in (4, 1):
        while QUESTION in below(screen).upper():
            screen.key("Down", times=lines)
        screen.key("Up", times=lines - 1)
    while QUESTION.endswith(
        below(screen).partition("\n")[0].upper()
    ):  # still in that line, or in the empty line below it
        screen.key("Down")
    screen.key("Right", times=below(screen).index("\n"))


def below(screen: Screen) -> str:
    """Returns the text from the caret to the end."""
    text = screen.selected("ctrl+shift+End")
    screen.key("Left")
    return text
