"""Runs dovecot as an IMAP server for the mail programs that can only read from such a server."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from imaplib import IMAP4
from pathlib import Path

from tests.mail.programs.sink import free_port

PACKAGES = ("dovecot-imapd",)
ADDRESS, PASSWORD = "someone@example.net", "dovecot"
LIMIT_SECONDS = 20
CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {home}/dovecot
state_dir = {home}/dovecot
log_path = /dev/stderr
ssl = no
disable_plaintext_auth = no
mail_location = maildir:{home}/mail
first_valid_uid = 1
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={home}/mail
}}
"""


@contextmanager
def dovecot(home: Path, emails: list[Path]) -> Iterator[int]:
    """Yields the port of a server whose inbox has the emails, with UIDs from 1. Its processes run as other users."""
    port = free_port()
    home.chmod(0o755)
    (home / "dovecot.conf").write_text(CONFIG.format(home=home, imap=port, password=PASSWORD), "utf-8")
    (home / "mail").mkdir()
    shutil.chown(home / "mail", "mail", "mail")
    with serving("dovecot", "-F", "-c", str(home / "dovecot.conf"), port=port):
        with IMAP4("127.0.0.1", port) as client:
            client.login(ADDRESS, PASSWORD)
            for email in emails:
                client.append("INBOX", "", "", email.read_bytes())
        yield port


@contextmanager
def serving(*command: str, port: int, **variables: str) -> Iterator[None]:
    """Starts a server and its workers, waits until it listens, and ends them."""
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=os.environ | variables, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        for _ in range(LIMIT_SECONDS * 20):
            with suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(LIMIT_SECONDS)
