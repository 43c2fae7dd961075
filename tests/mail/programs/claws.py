"""Claws Mail 4.1."""

from collections.abc import Iterator
from pathlib import Path

from tests.mail.programs._screen import NEEDED, Screen, inbox, replies, running
from tests.mail.programs.cases import SIGNATURE, Case, cases

PACKAGES = (*NEEDED, "claws-mail", "claws-mail-i18n")

SETTINGS = {
    "wrapped": "linewrap_auto=1\nlinewrap_quotation=1\n",
    "bar": "quote_chars=>|\nreply_quote_mark=|\nreply_quote_format=%f (%d):\\n%Q\\n%X\n",
    "original": "reply_quote_format=%X\\n\\n-----Original Message-----\\nFrom: %f\\nTo: %t\\nSubject: %s\\n\\n%M\n",
}

ACCOUNT = """[Account: 1]
account_name=Someone
is_default=1
name=Someone
address=someone@example.net
protocol=0
receive_server=127.0.0.1
receive_at_get_all=0
smtp_server=127.0.0.1
set_smtpport=1
smtp_port={port}
ssl_smtp=0
signature_type=0
signature_path={home}/.signature
auto_signature={signature}
"""


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Claws Mail's replies: selects each email in the inbox, replies and sends."""

    def run(case: Case, own: Path, port: int, environment: dict[str, str]) -> Iterator[None]:
        settings = own / ".claws-mail"
        settings.mkdir()
        inbox(own, settings, sent / f"{case.original}.eml")
        signature = int("signature" in case.options)
        (settings / "accountrc").write_text(ACCOUNT.format(port=port, home=own, signature=signature))
        own_settings = "".join(SETTINGS.get(option, "") for option in sorted(case.options))
        (settings / "clawsrc").write_text(f"[Common]\noutgoing_charset=UTF-8\nenable_aspell=0\n{own_settings}")
        (own / ".signature").write_text(SIGNATURE + "\n")
        screen = Screen(environment)
        with running(["claws-mail", "--select", "#mh/Mail/inbox/1"], environment):
            screen.window("Someone - Claws Mail")
            screen.opens("ctrl+r", "^Re: ")
            screen.answer(case)
            screen.key("ctrl+Return")
            yield

    return replies(cases("claws", "wrapped", "bar", "original"), home, run)
