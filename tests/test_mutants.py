"""The mutants fit the code, and the command names one that does not. `make mutants` shows whether tests catch them."""

from pathlib import Path

import pytest

from tests.mutants.__main__ import MUTANTS, place, problems, selected, sources
from tests.mutants.mutant import Mutant

CODE = {Path("functions/a.py"): "if a and b:\n    c = 1\n", Path("functions/b.py"): "c = 1\n"}
GOOD = Mutant("a good one", "if a and b:", "if a:", "test_a.py -k 'good or bad'")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with three test files, two of which have one name."""
    for name in ("test_a.py", "one/test_b.py", "two/test_b.py"):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_every_mutant_fits_the_code_and_names_tests_that_exist() -> None:
    assert problems(MUTANTS, sources()) == []
    assert len(MUTANTS) >= 48


def test_a_mutant_is_found_by_its_text_and_its_tests_by_the_name_of_their_file(root: Path) -> None:
    assert problems([GOOD], CODE, root) == []
    assert place(GOOD, CODE) == Path("functions/a.py")
    assert selected(GOOD, root) == ["tests/test_a.py", "-k", "good or bad"]
    assert selected(Mutant("x", "", "", "test_b.py"), root) == ["tests/one/test_b.py", "tests/two/test_b.py"]


@pytest.mark.parametrize(
    ("mutants", "problem"),
    [
        ([Mutant("x", "if a or b:", "if a:", "test_a.py")], "x: its text is in the code 0 times, not once"),
        ([Mutant("x", "c = 1", "c = 2", "test_a.py")], "x: its text is in the code 2 times, not once"),
        ([Mutant("x", "if a and b:", "if a and b:", "test_a.py")], "x: it changes nothing"),
        ([Mutant("x", "if a and b:", "if a and:", "test_a.py")], "x: the changed code is not Python"),
        ([Mutant("x", "if a and b:", "if a:", "test_of_old.py")], "x: there is no file test_of_old.py in tests/"),
        ([GOOD, GOOD], "a good one: another mutant has this name"),
    ],
    ids=["not there", "twice", "no change", "no Python", "no test", "same name"],
)
def test_a_mutant_that_does_not_fit_is_named(root: Path, mutants: list[Mutant], problem: str) -> None:
    assert problems(mutants, CODE, root) == [problem]
