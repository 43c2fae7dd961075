"""Runs the real handlers as Lambda would: with the template's environment, a context, and output into the logs."""

import importlib
import io
import itertools
import json
import logging
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from aws_lambda_powertools import Logger, Metrics

from local_cloud.calls import Call, described
from local_cloud.environment import environment
from local_cloud.intrinsics import Resolver, TemplateError, blamed
from local_cloud.physical import arn


@dataclass(frozen=True, slots=True)
class Function:
    """One Lambda function of the template. Its name is its module's: `sign_up`."""

    name: str
    logical_id: str
    arn: str
    handler: str
    folder: Path
    environment: dict[str, str]
    timeout: float  # seconds
    memory: int  # MB
    role: str  # ARN


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception that a handler raised, or the messages of a batch that it reported as failed."""

    function: str
    error: BaseException

    @property
    def summary(self) -> str:
        """The failure as one line."""
        return " ".join(f"{self.function}: {type(self.error).__name__}: {self.error}".split())


class Crash(BaseException):
    """The function's process died at this place: its own code can neither prevent nor notice it."""


class MessagesFailed(Exception):
    """A handler reported messages of its batch as failed; they are retried, and at last go to the dead-letter queue."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an invocation, or the exception that it failed with."""

    payload: Any = None
    error: BaseException | None = None


class Context:
    """Lambda's context object."""

    function_version = "$LATEST"
    identity = None
    client_context = None

    def __init__(self, function: Function, seconds: float) -> None:
        self.function_name = f"email-course-{function.logical_id}"
        self.invoked_function_arn = function.arn
        self.memory_limit_in_mb = str(function.memory)
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self._end = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._end - time.monotonic()) * 1000))


class Output(io.TextIOBase):
    """Standard output and error of the functions: complete lines go to the running world's logs.

    The process has only one, since a logger keeps the stream that existed when it was made.
    """

    def __init__(self) -> None:
        self.lines: list[str] | None = None
        self._rest = ""
        self._lock = threading.Lock()  # `send` works in threads

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self.lines is None:
            return (sys.__stderr__ or io.StringIO()).write(text)
        with self._lock:
            *complete, self._rest = (self._rest + text).split("\n")
            self.lines.extend(complete)
        return len(text)

    def end(self) -> None:
        if self._rest and self.lines is not None:
            self.lines.append(self._rest)
        self._rest = ""


def command_in(lines: Iterable[str]) -> str | None:
    """The command as which the functions obeyed a reply, read from the metric that they count it with."""
    for line in lines:
        if '"Command.' in line:
            names = [name for name in json.loads(line) if name.startswith("Command.")]
            return names[0].partition(".")[2] if names else None
    return None


OUTPUT = Output()
_settings_of: list[dict[str, str]] = []  # the environment that functions/aws/settings read last


class Functions:
    """Every function of a template, with their logs, calls and failures."""

    def __init__(self, resolver: Resolver, root: Path) -> None:
        self.logs: list[str] = []
        self.calls: list[Call] = []
        self.failures: list[Failure] = []
        self.on_failure: Callable[[Failure], None] = lambda _: None
        self.running: Function | None = None
        self.event: Any = None  # its event
        self.crashed = False  # whether its process died
        self.layers: dict[str, Path] = {}
        for logical_id, properties in resolver.resources("AWS::Lambda::LayerVersion"):
            with blamed(logical_id):
                folder = root / properties["Content"]["S3Key"]
                if not folder.is_dir():
                    raise TemplateError(f"{logical_id}.ContentUri: there is no {folder}")
                self.layers[str(resolver.ref(logical_id))] = folder
        found: list[Function] = []
        for logical_id, properties in resolver.resources("AWS::Lambda::Function"):
            with blamed(logical_id):
                found.append(_function(logical_id, properties, root, self.layers))
        self.by_name = {function.name: function for function in found}
        self.by_arn = {function.arn: function for function in found}
        self._handlers: dict[str, Callable[[Any, Any], Any]] = {}

    def note(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        """Keeps a call that a function made; ignores calls of the local cloud itself."""
        if self.running is not None:
            self.calls.append(described(self.running.name, service, operation, parameters))

    def invoke(self, function: Function, event: Any, seconds: float | None = None) -> Outcome:
        """Runs a function with one event; an exception becomes the outcome, as in Lambda. `seconds`: the time left."""
        OUTPUT.lines = self.logs
        context = Context(function, function.timeout if seconds is None else seconds)
        outer = self.running, self.event, self.crashed  # another function may run within this one
        with environment(_lambda_environment(function)), redirect_stdout(OUTPUT), redirect_stderr(OUTPUT):
            self.running, self.event, self.crashed = function, event, False
            try:
                return Outcome(self._handler(function)(event, context))
            except Crash as error:
                failure = Failure(function.name, error)
                _settings_of.clear()  # the next invocation runs in a new process
            except Exception as error:  # noqa: BLE001 - Lambda reports any exception and goes on
                self.logs.extend(traceback.format_exc().splitlines())
                failure = Failure(function.name, error)
            finally:
                self.running, self.event, self.crashed = outer
                OUTPUT.end()
        self.failed(failure)
        return Outcome(error=failure.error)

    def failed(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.on_failure(failure)

    def _handler(self, function: Function) -> Callable[[Any, Any], Any]:
        if function.name not in self._handlers:
            self._handlers[function.name] = _loaded(function)
        if _settings_of != [function.environment]:
            _settings_of[:] = [function.environment]
            _forget_settings(self.by_name)
        return self._handlers[function.name]


def _function(logical_id: str, properties: dict[str, Any], root: Path, layers: dict[str, Path]) -> Function:
    handler = str(properties.get("Handler", ""))
    if handler.count(".") != 1:
        raise TemplateError(f"{logical_id}.Handler: {handler!r} is not of the form module.function")
    name = handler.partition(".")[0]
    folder = root / properties["Code"]["S3Key"]
    if not (folder / f"{name}.py").is_file():
        raise TemplateError(f"{logical_id}.Handler: there is no {folder / name}.py")
    opt = [layers[layer] for layer in properties.get("Layers", [])]
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    return Function(
        name=name,
        logical_id=logical_id,
        arn=arn("lambda", f"function:{properties.get('FunctionName', f'email-course-{logical_id}')}"),
        handler=handler,
        folder=folder,
        environment={key: _on_disk(str(value), opt) for key, value in variables.items()},
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        role=str(properties.get("Role", "")),
    )


def _on_disk(value: str, layers: list[Path]) -> str:
    """The path on this machine for a path in /opt, where Lambda unpacks layers: the layer's own folder."""
    if value != "/opt" and not value.startswith("/opt/"):
        return value
    inside = value.removeprefix("/opt").lstrip("/")
    return str(next((layer / inside for layer in reversed(layers) if (layer / inside).exists()), value))


def _lambda_environment(function: Function) -> dict[str, str]:
    return function.environment | {
        "AWS_LAMBDA_FUNCTION_NAME": f"email-course-{function.logical_id}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "_HANDLER": function.handler,
    }


def _loaded(function: Function) -> Callable[[Any, Any], Any]:
    """The handler, imported once per process, as in a warm Lambda."""
    folder = make_importable(function.folder)
    module_name, attribute = function.handler.split(".")
    module = importlib.import_module(module_name)
    file = Path(module.__file__ or "")
    if file.parent.resolve() != folder:
        raise TemplateError(f"{function.logical_id}.Handler: {module_name} is already imported from {file}")
    _adopt(function)
    return getattr(module, attribute)  # type: ignore[no-any-return]


def make_importable(folder: Path) -> Path:
    """Adds the functions' folder to Python's import path, as Lambda does."""
    real = folder.resolve()  # a template in another folder may have a link to the same code
    if str(real) not in sys.path:
        sys.path.insert(0, str(real))
    return real


def _adopt(function: Function) -> None:
    """Repairs loggers and metrics that were made before the function ran, such as by a test's import.

    These have another output, and were made without the function's environment.
    """
    for made in itertools.chain.from_iterable(vars(module).values() for module in _modules([function.name])):
        if isinstance(made, Logger):
            for handler in made.handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is not OUTPUT:
                    handler.setStream(OUTPUT)
        elif isinstance(made, Metrics) and made.provider.namespace is None:
            made.provider.namespace = function.environment.get("POWERTOOLS_METRICS_NAMESPACE")
            made.provider.service = function.environment.get("POWERTOOLS_SERVICE_NAME")


def _forget_settings(functions: Iterable[str]) -> None:
    """Clears cached settings, secrets and clients: on Lambda a process has one environment and keeps them."""
    for module in _modules(functions):
        for made in vars(module).values():  # not the lessons, which these modules only import
            if getattr(made, "__module__", None) == module.__name__ and hasattr(made, "cache_clear"):
                made.cache_clear()


def _modules(functions: Iterable[str]) -> list[ModuleType]:
    """The imported modules of functions/ that use AWS: the packages `aws` and `services`, and the handlers."""
    names = {"aws", "services", *functions}
    return [m for name, m in list(sys.modules.items()) if name.partition(".")[0] in names]


def forget_everything(*, lessons: bool = False) -> None:
    """Makes the next invocation read its settings again; `lessons`: the lessons too, after an edit."""
    _settings_of.clear()
    if lessons:
        sys.modules["content.lessons"].usable.cache_clear()
