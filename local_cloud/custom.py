"""CloudFormation's custom resources: a function creates them, and puts its answer to a URL from the request."""

import json
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from local_cloud.functions import Functions
from local_cloud.intrinsics import Resolver, TemplateError
from local_cloud.physical import PSEUDO

KIND = "Custom::"

Answer = dict[str, Any]


def create(resolver: Resolver, functions: Functions) -> None:
    """Creates every custom resource. Raises TemplateError with the reason if a function refuses."""
    for logical_id, kind in resolver.types().items():
        if kind.startswith(KIND):
            answer = ask(functions, request("Create", logical_id, kind, resolver.properties(logical_id)))
            if answer["Status"] != "SUCCESS":
                raise TemplateError(f"{logical_id}: {answer['Reason']}")
            resolver.made[logical_id] = (answer["PhysicalResourceId"], answer.get("Data", {}))


def request(asked: str, logical_id: str, kind: str, properties: dict[str, Any], resource: str = "") -> Answer:
    """CloudFormation's request to the function, without the URL (its guide, "Custom resource request objects").

    `asked` is Create, Update or Delete; `resource` is the physical id of the existing resource.
    """
    event = {
        "RequestType": asked,
        "ServiceToken": properties["ServiceToken"],
        "StackId": PSEUDO["AWS::StackId"],
        "RequestId": str(uuid.uuid4()),
        "LogicalResourceId": logical_id,
        "ResourceType": kind,
        "ResourceProperties": {name: value for name, value in properties.items() if name != "ServiceTimeout"},
    }
    return event | ({"PhysicalResourceId": resource} if resource else {})


def ask(functions: Functions, event: Answer) -> Answer:
    """Runs the function with a URL for its answer, and returns the answer that it put there."""
    with listening() as (url, answers):
        functions.invoke(functions.by_arn[event["ServiceToken"]], event | {"ResponseURL": url})
    if not answers:
        raise TemplateError(f"{event['LogicalResourceId']}: its function did not answer")
    return answers[-1]


@contextmanager
def listening() -> Iterator[tuple[str, list[Answer]]]:
    """A URL for answers, as CloudFormation gives one, and the list of the answers put there."""
    answers: list[Answer] = []

    class Put(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            # S3 answers 403 unless the content type is empty, as in the signed request.
            taken = not self.headers["Content-Type"]
            if taken:
                answers.append(json.loads(body))
            self.send_response(200 if taken else 403)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Put) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/answer", answers
        finally:
            server.shutdown()
            thread.join()
