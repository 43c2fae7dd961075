"""What the code may import: the course is pure, and only `aws/` knows AWS."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.local.cloud import TEMPLATE

ROOT = TEMPLATE.parent
FUNCTIONS = ROOT / "functions"
HANDLERS = {path.stem for path in FUNCTIONS.glob("*.py")}

AWS = {"boto3", "botocore"}
NOT_IN_COURSE = AWS | {"aws", "aws_lambda_powertools", "os", "time", "subprocess", "socket"}
TIME = {"now", "utcnow", "today"}


def imported(source: str) -> set[str]:
    """Top-level names of every module that a file imports."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def asks_for_the_time(source: str) -> bool:
    """Whether `datetime.now()` and the like stand in a file."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    return any(node.attr in TIME and ast.unparse(node.value).endswith(("datetime", "date")) for node in found)


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        yield str(path.relative_to(FUNCTIONS)), path.read_text("utf-8")


def test_the_course_is_pure() -> None:
    found = list(sources(FUNCTIONS / "course"))
    assert len(found) > 10
    for name, source in found:
        assert not imported(source) & NOT_IN_COURSE, name
        assert not imported(source) & HANDLERS, name
        assert not asks_for_the_time(source), name


def test_only_aws_imports_boto3() -> None:
    users = {name for name, source in sources(FUNCTIONS) if imported(source) & AWS}
    assert users
    assert all(name.startswith("aws/") for name in users)


def test_the_time_is_read_in_one_place() -> None:
    assert [name for name, source in sources(FUNCTIONS) if asks_for_the_time(source)] == ["aws/clients.py"]


def test_the_environment_is_read_in_one_place() -> None:
    assert [name for name, source in sources(FUNCTIONS) if "os" in imported(source)] == ["aws/settings.py"]


def test_no_function_imports_another() -> None:
    for name in HANDLERS:
        assert not imported((FUNCTIONS / f"{name}.py").read_text("utf-8")) & HANDLERS, name


def test_the_functions_import_only_what_is_installed_on_lambda() -> None:
    """The runtime has boto3; the rest is the standard library, our own, and requirements.txt."""
    required = {line.partition("#")[0].strip() for line in (FUNCTIONS / "requirements.txt").read_text().splitlines()}
    names = {re.split(r"[\[<>=~ ]", line)[0].replace("-", "_").lower() for line in required if line}
    modules = {{"markdown_it_py": "markdown_it"}.get(name, name) for name in names}
    comes_along = {"markupsafe"}  # jinja2's own
    known = sys.stdlib_module_names | AWS | modules | comes_along | {"aws", "course"}
    typing_only = {"mypy_boto3_dynamodb", "mypy_boto3_s3", "mypy_boto3_sesv2", "mypy_boto3_sqs"}
    for name, source in sources(FUNCTIONS):
        assert imported(source) <= known | typing_only, name


@pytest.mark.parametrize(
    "source",
    [
        "import boto3",
        "import botocore.config as b",
        "from botocore.config import Config",
        "def f():\n    from aws.tables import Subscribers",
        "from aws_lambda_powertools import Logger",
        "from os import environ",
        "import time",
    ],
)
def test_an_import_that_is_not_pure_is_seen(source: str) -> None:
    assert imported(source) & NOT_IN_COURSE


@pytest.mark.parametrize(
    "source", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "f = datetime.now"]
)
def test_asking_for_the_time_is_seen(source: str) -> None:
    assert asks_for_the_time(source)
