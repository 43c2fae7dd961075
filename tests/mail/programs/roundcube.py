"""Roundcube 1.6 in Chromium, on PHP's built-in server, with dovecot as its IMAP server."""

import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from queue import Empty, SimpleQueue

from playwright.sync_api import Browser, Error, Page

from cli.chromium import chromium
from tests.mail.programs import _dovecot
from tests.mail.programs._dovecot import ADDRESS, PASSWORD, dovecot, serving
from tests.mail.programs.cases import ABOVE, ALONE, BELOW, INSIDE, SIGNATURE, Case, cases
from tests.mail.programs.sink import free_port, sink

PACKAGES = (*_dovecot.PACKAGES, "roundcube-core", "roundcube-sqlite3", "php-cli", "chromium")
CODE = Path("/var/lib/roundcube")
LANGUAGES = {"german": "de-DE", "spanish": "es-ES"}
SETTINGS: dict[str, dict[str, object]] = {
    "unindented": {"reply_mode": 2},
    "signature-at-end": {"sig_below": True},  # by default it is above the quote when the text is above
    "display-html-off": {"prefer_html": False},  # quotes the email's plain text
    "caret-below": {"reply_mode": 0},  # the default; the caret is moved from below to above; the other cases set 1
}
"""Roundcube's setting for each option."""
CONFIG = """<?php
$config = json_decode(file_get_contents("{home}/config/case.json"), true) + [
    "db_dsnw" => "sqlite:///{home}/roundcube.db",
    "imap_host" => "127.0.0.1:{imap}",
    "smtp_host" => "127.0.0.1:{smtp}",
    "smtp_user" => "",
    "log_dir" => "{home}/",
    "temp_dir" => "{home}/",
    "no_save_sent_messages" => true,
];
"""
IDENTITY = """
CREATE TRIGGER login AFTER INSERT ON identities BEGIN
    UPDATE identities SET name = 'Ann Example', signature = '{signature}';
END;
"""
CARET_AFTER_QUESTION = """() => {
    const editor = tinymce.activeEditor, titles = [...editor.getBody().querySelectorAll("h2")];
    const question = titles.find(title => /question/i.test(title.textContent)).nextElementSibling;
    editor.selection.select(question, true);
    editor.selection.collapse(false);
}"""
LIMIT_SECONDS = 20


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields the replies from Roundcube's compose page: all cases in plain text, then all in HTML."""
    emails = sorted(sent.glob("*.eml"))
    both = chain(cases("roundcube", *SETTINGS), cases("roundcube-html", "unindented", "display-html-off"))
    with sink() as (smtp, mails), roundcube(home, emails, smtp) as address, chromium() as browser:
        for case in both:
            number = emails.index(sent / f"{case.original}.eml") + 1
            for _attempt in range(2):  # a compose page can hang
                try:
                    yield case, reply(browser, address, home, case, number, mails)
                    break
                except (Error, Empty) as error:
                    sys.stderr.write(f"{case.name}: {type(error).__name__} {error}\n")


@contextmanager
def roundcube(home: Path, emails: list[Path], smtp: int) -> Iterator[str]:
    """Yields the address of Debian's Roundcube with separate settings. The emails have UIDs from 1."""
    http = free_port()
    (home / "config").mkdir()
    (home / "config" / "defaults.inc.php").symlink_to(CODE / "config" / "defaults.inc.php")
    php = ("php", "-S", f"127.0.0.1:{http}", "-t", str(CODE / "public_html"))
    variables = {"ROUNDCUBE_CONFIG_DIR": str(home / "config"), "PHP_CLI_SERVER_WORKERS": "4"}
    with dovecot(home, emails) as imap, serving(*php, port=http, **variables):
        (home / "config" / "config.inc.php").write_text(CONFIG.format(home=home, imap=imap, smtp=smtp), "utf-8")
        yield f"http://127.0.0.1:{http}/"


def reply(browser: Browser, address: str, home: Path, case: Case, number: int, mails: SimpleQueue[bytes]) -> bytes:
    """Returns the mail that a new user with the case's settings sends."""
    while not mails.empty():
        mails.get()  # a mail that came too late
    html = case.name.startswith("roundcube-html")
    settings: dict[str, object] = {"htmleditor": int(html), "reply_mode": int(case.place == ABOVE)}
    for option in case.options:
        settings |= SETTINGS.get(option, {})
    (home / "config" / "case.json").write_text(json.dumps(settings), "utf-8")
    signature = SIGNATURE if any("signature" in option for option in case.options) else ""
    database = home / "roundcube.db"
    database.unlink(missing_ok=True)
    tables = (CODE / "SQL" / "sqlite.initial.sql").read_text("utf-8")
    with closing(sqlite3.connect(database)) as connection:
        connection.executescript(tables + IDENTITY.format(signature=signature))
    language = next((LANGUAGES[option] for option in case.options if option in LANGUAGES), "en-GB")
    with closing(browser.new_page(locale=language)) as page:
        page.set_default_timeout(LIMIT_SECONDS * 1000)
        page.goto(f"{address}?_task=mail&_action=compose&_mbox=INBOX&_reply_uid={number}")
        page.fill("#rcmloginuser", ADDRESS)
        page.fill("#rcmloginpwd", PASSWORD)
        page.click("#rcmloginsubmit")
        page.wait_for_function(
            "window.rcmail?.env.identities_initialized && !rcmail.busy"
        )  # the signature has appeared
        page.evaluate("rcmail.editor.focus()")
        type_into(page, case, html=html)
        page.click("#compose-content button.send")
        return mails.get(timeout=LIMIT_SECONDS)


def type_into(page: Page, case: Case, *, html: bool) -> None:
    """Types the case's text at Roundcube's caret, or elsewhere if the caret is not in the case's place."""
    before = after = ""
    if case.place == ALONE:
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
    elif case.place == BELOW and html:  # the caret would be in the line above the quote
        page.frame_locator("#composebody_ifr").locator("body > p").last.click()
    elif case.place == INSIDE and html:
        page.evaluate(CARET_AFTER_QUESTION)
        before = "\n"
    elif case.place == INSIDE:
        question = re.search(r"YOUR QUESTION\n[> \n]*.+?(?=\n>? *\n)", page.input_value("#composebody"), re.S)
        assert question, "the quote has no question"
        page.evaluate("at => composebody.setSelectionRange(at, at)", question.end())
        before, after = "\n\n", "\n"
    elif "caret-below" in case.options:
        page.keyboard.press("Control+Home")
        after = "\n\n"
    first, *others = (before + case.text + after).split("\n")
    page.keyboard.insert_text(first)
    for line in others:
        page.keyboard.press("Enter")
        page.keyboard.insert_text(line)
