"""neomutt: as mutt, with other settings for the quote."""

from collections.abc import Iterator
from pathlib import Path

from tests.mail.programs.cases import Case, cases
from tests.mail.programs.mutt import SETTINGS, replies

PACKAGES: tuple[str, ...] = ("neomutt", "vim", "w3m", "locales")

OWN = {
    # As many users set it: "* Rebuilding Trust <course@mail.example.org> [2026-11-29 06:40]:".
    "attribution": 'set attribution="* %n <%a> [%{%Y-%m-%d %H:%M}]:"',
    "html": "alternative_order text/html\nauto_view text/html\nset mailcap_path=~/mailcap",
    "top": 'set sig_on_top=yes header=yes signature="~/signature"',
    # neomutt's German translation has no quote header either.
    "german": 'set attribution_locale="de_DE.UTF-8" attribution="Am %{%d. %B %Y} schrieb %n:"',
}
MAILCAP = "text/html; w3m -I %{charset} -O utf-8 -T text/html -dump %s; copiousoutput\n"


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields neomutt's replies."""
    (home / "mailcap").write_text(MAILCAP, "utf-8")
    yield from replies("neomutt", SETTINGS | OWN, cases("neomutt", "attribution", "html", "top"), sent, home)
