"""The structure: how large a package, a file or a handler may be, and that each module has a test file of its name."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest

from tests.test_imports import FUNCTIONS, PACKAGES

TESTS = Path(__file__).parent
MOST_MODULES = 12
MOST_LINES = 250
HANDLER_LINES = {"my_course": 150, "my_journal": 150, "sign_up": 80}
"""The most lines of handlers that only have pages; the others have at most 60."""


def with_subpackages(*packages: str) -> list[str]:
    """The packages, such as `replies`, and those in them, such as `replies/quotes`."""
    folders = (path.parent for package in packages for path in (FUNCTIONS / package).rglob("__init__.py"))
    return sorted(folder.relative_to(FUNCTIONS).as_posix() for folder in folders)


def modules(package: str) -> list[str]:
    return [path.stem for path in sorted((FUNCTIONS / package).glob("*.py")) if path.stem != "__init__"]


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("package", with_subpackages(*PACKAGES))
def test_a_package_can_be_read_in_one_go(package: str) -> None:
    assert 1 < len(modules(package)) <= MOST_MODULES


def test_a_file_can_be_read_in_one_go() -> None:
    measured = {str(path.relative_to(FUNCTIONS)): lines(path) for path in FUNCTIONS.rglob("*.py")}
    assert len(measured) > 50
    assert {name: size for name, size in measured.items() if size > MOST_LINES} == {}


def test_a_handler_is_short() -> None:
    handlers = sorted(FUNCTIONS.glob("*.py"))
    assert len(handlers) == 11
    for path in handlers:
        assert lines(path) <= HANDLER_LINES.get(path.stem, 60), path.name


@pytest.mark.parametrize("package", with_subpackages("course", "services", "content", "replies"))
def test_a_module_has_a_test_file_of_its_name(package: str) -> None:
    for module in modules(package):
        test = TESTS / package / f"test_{module}.py"
        assert test.is_file(), test
        assert "def test_" in test.read_text("utf-8"), test


def test_a_public_constant_has_one_value() -> None:
    """Otherwise a reader who knows one of two values is misled by the other."""
    values = defaultdict(set)
    for path in FUNCTIONS.rglob("*.py"):
        for node in (node for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.Assign)):
            for name in node.targets:
                if isinstance(name, ast.Name) and name.id.isupper() and not name.id.startswith("_"):
                    values[name.id].add(ast.unparse(node.value))
    assert values
    assert {name: found for name, found in values.items() if len(found) > 1} == {}
