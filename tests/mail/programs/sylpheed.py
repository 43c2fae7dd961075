"""Sylpheed 3.8."""

from collections.abc import Iterator
from pathlib import Path

from tests.mail.programs._screen import NEEDED, Screen, inbox, replies, running
from tests.mail.programs.cases import SIGNATURE, Case, cases

PACKAGES = (*NEEDED, "sylpheed", "sylpheed-i18n")

SETTINGS = {
    "wrapped": "linewrap_auto=1\nlinewrap_quotation=1\n",
    "bar": "reply_quote_mark=|\nreply_quote_format=%f (%d):\\n%Q\n",
    # Sylpheed translates its menus but not the quote header: users write their own.
    "german": "reply_quote_format=Am %d\\n%f schrieb:\\n\\n%Q\n",
    "spanish": "reply_quote_format=El %d\\n%f escribió:\\n\\n%Q\n",
}

ACCOUNT = """[Account: 1]
account_name=Someone
is_default=1
name=Someone
address=someone@example.net
protocol=0
receive_server=127.0.0.1
smtp_server=127.0.0.1
set_smtpport=1
smtp_port={port}
signature_type=2
signature_text={signature}
signature_before_quote={before}
"""

KEYS = """(gtk_accel_path "<MessageView>/Message/Reply" "<Control>r")
(gtk_accel_path "<Compose>/File/Send" "<Control>Return")
"""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Sylpheed's replies: opens each email in a separate window, replies and sends."""

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        signature = bool(case.options & {"signature", "signature-first"})
        settings = own / ".sylpheed-2.0"
        settings.mkdir()
        first = int("signature-first" in case.options)
        escaped = SIGNATURE.replace("\n", "\\n")
        (settings / "accountrc").write_text(ACCOUNT.format(port=port, before=first, signature=escaped))
        own_settings = "".join(SETTINGS.get(option, "") for option in sorted(case.options))
        (settings / "sylpheedrc").write_text(
            f"[Common]\noutgoing_charset=UTF-8\nauto_signature={int(signature)}\n{own_settings}"
        )
        (settings / "menurc").write_text(KEYS)
        inbox(own, settings, sent / f"{case.original}.eml")
        screen = Screen(environment)
        with running(["sylpheed", "--open", "#mh/Mail/inbox/1"], environment):
            screen.window(" - Sylpheed$")
            screen.key("ctrl+r")
            screen.window("^Re: ")
            screen.answer(case)
            screen.key("ctrl+Return")
            yield

    return replies(cases("sylpheed", "wrapped", "bar", "signature-first"), home, run)
