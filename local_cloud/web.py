"""The local web server: the course's own pages from the template's routes, and the local cloud's at /_local."""

import socket
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote_to_bytes

from werkzeug import Request, Response
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from local_cloud import api
from local_cloud.cloud import World
from local_cloud.desk import Desk
from local_cloud.functions import forget_everything

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DESK = "/_local"
TICK = 0.5  # seconds of real time between two checks for due events


class PortTaken(Exception):
    """The address to listen on is in use, or not on this machine. The message is one line."""


class Listener:
    """A bound socket: the address is known, and the port is taken, before the world is made."""

    def __init__(self, host: str, port: int, option: str = "--port") -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self.socket.bind((host, port))
        except OSError as error:
            self.socket.close()
            choose = f"choose another with {option} in ARGS, such as {option} {port + 1}"
            raise PortTaken(f"cannot listen on {host}:{port}: {error.strerror}; {choose}") from error
        self.socket.listen()
        self.host = host
        self.port: int = self.socket.getsockname()[1]

    @property
    def address(self) -> str:
        """Host and port for programs on this machine."""
        name = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.host  # noqa: S104
        return f"[{name}]:{self.port}" if ":" in name else f"{name}:{self.port}"

    @property
    def url(self) -> str:
        """The URL for a browser on this machine."""
        return f"http://{self.address}"


class Server:
    """Serves a world until the end of the `with`; its schedules fire in real time."""

    def __init__(self, world: World, listener: Listener) -> None:
        self.world = world
        self.url = listener.url
        self._ended = threading.Event()
        self._http: BaseWSGIServer = make_server(
            listener.host,
            listener.port,
            App(world),
            threaded=True,
            request_handler=_Quiet,
            fd=listener.socket.fileno(),
        )
        self._http.daemon_threads = True  # type: ignore[attr-defined]
        self._threads = [
            threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True),
            threading.Thread(target=self._tick, daemon=True),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._http.shutdown()
        for thread in self._threads:
            thread.join()
        self._http.server_close()

    def _tick(self) -> None:
        edited = self._last_edit()
        while not self._ended.wait(TICK):
            with self.world.lock:
                if edited != (edited := self._last_edit()):
                    forget_everything(lessons=True)  # the next email has the edited lesson
                at = self.world.next_at()
                if at is not None and at <= self.world.now():
                    self.world.catch_up()

    def _last_edit(self) -> float:
        layers = self.world.functions.layers.values()
        return max((file.stat().st_mtime for layer in layers for file in layer.rglob("*.*")), default=0.0)


class App:
    """The WSGI application: sends /_local to the desk, every other path to the API."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._desk = Desk(world)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        inside = request.path == DESK or request.path.startswith(DESK + "/")
        response = self._desk.answer(request) if inside else self._api(request)
        return response(environ, start_response)

    def _api(self, request: Request) -> Response:
        raw_path = str(request.environ.get("REQUEST_URI", request.path)).partition("?")[0]
        with self._world.lock:
            answer = self._world.api.handle(
                api.Request(
                    method=request.method,
                    path=_origin_form(raw_path),
                    query=request.query_string.decode("latin-1"),
                    headers=dict(request.headers),
                    body=request.get_data(),
                    source_ip=request.remote_addr or "",
                )
            )
            self._world.drain()
        response = Response(answer.body, answer.status, answer.headers)
        for cookie in answer.cookies:
            response.headers.add("Set-Cookie", cookie)
        return response


def _origin_form(target: str) -> str:
    """The path of a request target, which may be a whole URL; `/` if it contains a null byte."""
    path = "/" + target.split("/", 3)[3] if target.startswith(("http://", "https://")) else target
    return path if b"\0" not in unquote_to_bytes(path) else "/"


class _Quiet(WSGIRequestHandler):
    """A request handler that prints no line per request: paths contain tokens."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        pass
