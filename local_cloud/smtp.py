"""Connects real mail programs to the local cloud: an SMTP server for mail, and a relay for the course's emails."""

import asyncio
import logging
import smtplib
import threading
from collections.abc import Callable
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from local_cloud.cloud import World
from local_cloud.mime import SentEmail
from local_cloud.physical import REGION
from local_cloud.web import TICK, Listener

NEAR = ("localhost", "127.0.0.1", "::1")
LONGEST = 40 * 1024 * 1024  # bytes of a mail that SES accepts (SES guide, "Quotas related to email receiving")
PATIENCE = 20  # seconds that each answer of the mailbox may take

TEMPORARY = range(400, 500)  # SMTP's codes for "try again later"

logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of its own future changes


class _Server(SMTP):
    """aiosmtpd's server without its limit of 1,001 bytes for a line: some mail programs write longer lines."""

    line_length_limit = LONGEST


class Incoming:
    """An SMTP server that hands mail to the local SES, as the MX record of the reply domain does on AWS.

    It accepts any login, and mail without a login. Every mail counts as proven (SPF, DKIM and DMARC pass), since a mail
    program on this machine has no domain that could prove its sender.
    """

    def __init__(self, world: World, listener: Listener) -> None:
        self.world = world
        self._socket = listener.socket
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._server = self._loop.run_until_complete(self._loop.create_server(self._connection, sock=self._socket))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # of connections that are still open
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _connection(self) -> SMTP:
        return _Server(
            self,
            data_size_limit=LONGEST,
            hostname="localhost",  # otherwise it asks a name server
            authenticator=lambda *_: AuthResult(success=True),
            auth_require_tls=False,
            loop=self._loop,
        )

    async def handle_RCPT(self, _: Any, __: Session, envelope: Envelope, address: str, ___: list[str]) -> str:
        """Refuses an address that no receipt rule is for, as SES does."""
        if not any(rule.takes(address) for rule in self.world.receiving.rules):
            return "550 5.1.1 The course takes mail to its reply addresses only"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _: Any, __: Session, envelope: Envelope) -> str:
        raw, to, sender = (
            envelope.original_content or b"",
            list(envelope.rcpt_tos),
            (envelope.mail_from or "").strip("<>"),
        )
        await asyncio.to_thread(self.world.deliver, raw, to, sender=sender)
        return "250 2.0.0 Taken"


class Relay:
    """Hands every email that the local SES accepts to the SMTP server of a mailbox on this machine.

    An email waits while the server cannot be reached or asks to try again later. An email that the server refuses is
    skipped. `tell` gets a line about each.
    """

    def __init__(self, world: World, host: str, port: int, tell: Callable[[str], None]) -> None:
        self._world = world
        self._host, self._port = host, port
        self._tell = tell
        self._told = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        handed = 0
        while not self._ended.wait(TICK):
            for email in self._world.emails[handed:]:
                if self._ended.is_set() or not self._hand_over(email):
                    break
                handed += 1

    def _hand_over(self, email: SentEmail) -> bool:
        """Returns whether the mailbox has accepted or refused the email. If it has done neither, it is tried again."""
        try:
            with smtplib.SMTP(self._host, self._port, "localhost", timeout=PATIENCE) as mailbox:
                mailbox.sendmail(f"{email.id}@{REGION}.amazonses.com", email.to, email.raw)
        except (smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as refusal:
            if _is_temporary(refusal):
                self._tell_once(f"{self._host}:{self._port} accepts no email now; emails wait for it")
                return False
            self._tell(f"{self._host}:{self._port} refused email {email.id}: {type(refusal).__name__}")
        except (OSError, smtplib.SMTPException) as error:
            self._tell_once(f"no mailbox answers at {self._host}:{self._port}: {error}; emails wait for it")
            return False
        if self._told:
            self._tell(f"the mailbox at {self._host}:{self._port} answers again")
        self._told = ""
        return True

    def _tell_once(self, line: str) -> None:
        if line != self._told:
            self._tell(line)
        self._told = line


def _is_temporary(refusal: smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused) -> bool:
    """Whether the server asks to try again later (RFC 5321, 4.2.1), for at least one recipient."""
    if isinstance(refusal, smtplib.SMTPResponseException):
        return refusal.smtp_code in TEMPORARY
    return any(code in TEMPORARY for code, _ in refusal.recipients.values())


def near(address: str) -> tuple[str, int]:
    """Returns host and port of `localhost:1025`. Raises ValueError if it is not an address of this machine."""
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if host not in NEAR:
        raise ValueError("it must be an address of this machine such as localhost:1025, so that no email leaves it")
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"{port!r} is not a port")
    return host, int(port)
