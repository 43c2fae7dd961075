"""An SMTP server that stores every mail. It is aiosmtpd's, because the standard library no longer has one."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from socket import socket
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class _Keeping:
    def __init__(self) -> None:
        self.mails: SimpleQueue[bytes] = SimpleQueue()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.mails.put(bytes(envelope.content))
        return "250 kept"


@contextmanager
def sink(port: int = 0) -> Iterator[tuple[int, "SimpleQueue[bytes]"]]:
    """Yields the port of a server on this machine, and the queue of its received mails. A login is optional.

    Without a given port it listens on a free one.
    """
    keeping = _Keeping()
    accepted = lambda *_: AuthResult(success=True)  # noqa: E731
    port = port or free_port()
    controller = Controller(keeping, "127.0.0.1", port, authenticator=accepted, auth_require_tls=False)
    controller.start()
    try:
        yield port, keeping.mails
    finally:
        controller.stop()


def free_port() -> int:
    """Returns a port on which nothing listens."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
