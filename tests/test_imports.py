"""Which imports are allowed: between the packages, and of modules that only one place may use."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.cloud import TEMPLATE

ROOT = TEMPLATE.parent
FUNCTIONS = ROOT / "functions"
HANDLERS = {path.stem for path in FUNCTIONS.glob("*.py")}
PACKAGES = {path.parent.name for path in FUNCTIONS.glob("*/__init__.py")}

AWS = {"boto3", "botocore"}
THE_WORLD = AWS | {"aws_lambda_powertools", "os", "time", "subprocess", "socket"}
"""Modules on which `course`, `content` and `replies` must not depend."""
MAY_IMPORT = {
    "course": {"course"},
    "content": {"content", "course"},
    "replies": {"replies"},
    "services": {"services", "course", "content", "replies", "aws"},
    "aws": {"aws", "course", "content"},
}
"""Package → our packages that it may import."""
TIME = {"now", "utcnow", "today"}


def imports(source: str) -> set[str]:
    """Every module that a file imports, and every name that it imports from one, as dotted paths."""
    nodes = list(ast.walk(ast.parse(source)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            names |= {f"{node.module or '.'}.{alias.name}" for alias in node.names}
    return names


def imported(source: str) -> set[str]:
    """Top-level names of every module that a file imports."""
    return {name.partition(".")[0] for name in imports(source)}


def asks_for_the_time(source: str) -> bool:
    """Tells whether a file uses `datetime.now` or a similar function."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)]
    return any(node.attr in TIME and ast.unparse(node.value).endswith(("datetime", "date")) for node in found)


def sources(folder: Path) -> Iterator[tuple[str, str]]:
    for path in sorted(folder.rglob("*.py")):
        yield str(path.relative_to(FUNCTIONS)), path.read_text("utf-8")


def against_the_arrows(package: str, source: str) -> set[str]:
    """Returns the forbidden imports of a file. The only name that `course` may import from `replies` is Request."""
    ours = {name for name in imports(source) if name.partition(".")[0] in PACKAGES | HANDLERS}
    ours = {name for name in ours if not (package == "course" and name == "replies.request.Request")}
    wrong = {name for name in ours if name.partition(".")[0] not in MAY_IMPORT[package]}
    return wrong | (imported(source) & (AWS if package == "services" else THE_WORLD) if package != "aws" else set())


def test_every_package_has_a_rule_for_its_imports() -> None:
    assert MAY_IMPORT.keys() == PACKAGES


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_the_packages_that_it_may(package: str) -> None:
    found = list(sources(FUNCTIONS / package))
    assert len(found) > 5
    for name, source in found:
        assert not against_the_arrows(package, source), name


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
    """The runtime has boto3; all other modules are ours, in the standard library or in requirements.txt."""
    required = {line.partition("#")[0].strip() for line in (FUNCTIONS / "requirements.txt").read_text().splitlines()}
    names = {re.split(r"[\[<>=~ ]", line)[0].replace("-", "_").lower() for line in required if line}
    modules = {{"markdown_it_py": "markdown_it"}.get(name, name) for name in names}
    comes_along = {"markupsafe"}  # a dependency of jinja2
    known = sys.stdlib_module_names | AWS | modules | comes_along | PACKAGES
    typing_only = {"mypy_boto3_dynamodb", "mypy_boto3_s3", "mypy_boto3_ses", "mypy_boto3_sesv2"}
    typing_only |= {"mypy_boto3_sqs"}
    for name, source in sources(FUNCTIONS):
        assert imported(source) <= known | typing_only, name


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("course", "import boto3"),
        ("course", "import botocore.config as b"),
        ("course", "from aws_lambda_powertools import Logger"),
        ("course", "def f():\n    from aws.subscribers import Subscribers"),
        ("course", "from os import environ"),
        ("course", "import time"),
        ("course", "from content.lessons import Course"),
        ("course", "from replies import own_words"),
        ("course", "from replies.request import Request, Other"),
        ("course", "import send"),
        ("content", "from services import sending"),
        ("replies", "from course.errors import EmailCourseError"),
        ("services", "from botocore.config import Config"),
        ("aws", "from services import sending"),
    ],
)
def test_a_forbidden_import_is_found(package: str, source: str) -> None:
    assert against_the_arrows(package, source)


@pytest.mark.parametrize(
    "source", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "f = datetime.now"]
)
def test_asking_for_the_time_is_found(source: str) -> None:
    assert asks_for_the_time(source)
