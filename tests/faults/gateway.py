"""AWS for other processes: an HTTP address of moto, which runs in this process, and a dynalite.

This dynalite survives clients that are killed in the middle of a request.
"""

import re
import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.core.models import botocore_stubber

from local_cloud.environment import environment
from local_cloud.physical import REGION
from tests.aws import dynalite
from tests.aws.dynalite import Database

SIGNED_FOR = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/")
AMONG_KILLED_PROCESSES = (
    "--import=data:text/javascript,"
    "process.on('uncaughtException',e=>{if(e.code!=='ECONNRESET')throw(e)});"
    "globalThis.parent=process.ppid;setInterval(()=>{if(process.ppid!==parent)process.exit()},1000).unref()"
)
"""Works around two problems of dynalite 4.0.0: it ends when a client is killed in the middle of a request (index.js:
`req.on('error', … throw err)`), and it does not end when we are killed. Node allows no spaces here."""


@contextmanager
def gateway() -> Iterator[str]:
    """Yields the address of moto, which `World` has started."""
    with _Server(("127.0.0.1", 0), _Request) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Request(BaseHTTPRequestHandler):
    """Passes one request to moto as boto3 would. The lock in local_cloud/wire.py allows one request at a time."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # so that an answer is one packet
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            return  # the client was killed while it wrote: AWS received no request
        signed_for = SIGNED_FOR.search(self.headers["Authorization"])
        assert signed_for
        host = "email" if signed_for[1] == "ses" else signed_for[1]
        url = f"https://{host}.{REGION}.amazonaws.com{self.path}"
        headers = HTTPHeaders.from_dict({name: value for name, value in self.headers.items() if name != "Host"})
        answer = botocore_stubber.process_request(AWSPreparedRequest(self.command, url, headers, body, False))
        assert answer
        status, fields, content = answer
        content = content.encode() if isinstance(content, str) else content
        self.send_response_only(status)
        for name, value in fields.items():
            if name.lower() != "content-length":  # S3's answers already have one
                self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_DELETE = do_POST

    def log_message(self, *_: Any) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 256  # eight senders of sixteen threads may all connect at once
    daemon_threads = False  # the server ends after its threads; a thread ends with its client

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # a ConnectionError means that the client was killed
            super().handle_error(request, client_address)


def no_dynalite() -> str | None:
    """Returns why dynalite cannot run here, or None."""
    if shutil.which("node") and dynalite.PROGRAM.exists():
        return None
    return "the tables on dynalite (node, or dynalite in .tools, is missing: run make test)"


@contextmanager
def dynalite_for_processes() -> Iterator[Database]:
    """Yields a new dynalite."""
    with environment({"NODE_OPTIONS": AMONG_KILLED_PROCESSES}), dynalite.running("node", dynalite.PROGRAM) as url:
        client = boto3.Session().client("dynamodb", endpoint_url=url, region_name=REGION, config=Config(proxies={}))
        yield Database("dynalite", client)
