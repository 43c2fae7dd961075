"""`make mutants`: runs the tests of every mutant, and lists the mutants that no test notices.

Each mutant is applied to a copy of the project, so the project itself does not change. A mutant is found by its text,
not by its file, and a test file by its name, so that both may move. `python -m tests.mutants WORD …` runs the mutants
whose name contains one of the words. `--check` runs no test and lists the mutants that no longer fit the code.
`--without` runs the same tests on the unchanged code: tests that fail anyway would catch every mutant.
"""

import ast
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue

from tests.mutants import of_deploying, of_proof, of_replies, of_sending, of_the_course, of_the_forms
from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    *of_the_course.OF_DELIVERY,
    *of_the_course.OF_SUBSCRIBERS,
    *of_the_course.OF_THE_SCHEDULE,
    *of_the_forms.OF_LIMITS,
    *of_the_forms.OF_TOKENS,
    *of_the_forms.OF_FORMS,
    *of_the_forms.OF_PAGES,
    *of_replies.OF_PROGRAMS,
    *of_replies.OF_BOUNDS,
    *of_replies.OF_THE_READER,
    *of_replies.OF_AUTOMATIC_MAIL,
    *of_replies.OF_ATTRIBUTION,
    *of_replies.OF_COMMANDS,
    *of_replies.OF_WHAT_IS_SET_ASIDE,
    *of_proof.OF_THE_AUTHOR,
    *of_proof.OF_THE_SENDER,
    *of_proof.OF_UNPROVEN_WORDS,
    *of_sending.OF_SENDING,
    *of_sending.OF_EVENTS,
    *of_sending.OF_STORING,
    *of_sending.OF_ERASURE,
    *of_sending.OF_THE_JOURNAL,
    *of_deploying.OF_DEPLOYING,
)

ROOT = Path(__file__).parents[2]
WORKERS = 2
SECONDS = 600
"""The time limit for each mutant. A mutant that makes the code run forever is caught at this limit."""

NOT_COPIED = shutil.ignore_patterns(".*", "build", "docs", "__pycache__", "*.egg-info", "*.png")
CAUGHT, PASSED = "caught", "passed"
TESTS_FAILED = 1
"""Pytest's exit code. Other codes except 0 mean that the tests could not run, which catches nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a mutant, or of its tests on the unchanged code."""

    name: str
    verdict: str
    """`caught`, `passed`, `SURVIVED`, or why there is no result."""


def sources(root: Path = ROOT) -> dict[Path, str]:
    """Returns the text of every file of the functions, by its path below `root`."""
    return {path.relative_to(root): path.read_text("utf-8") for path in sorted((root / "functions").rglob("*.py"))}


def place(mutant: Mutant, code: Mapping[Path, str]) -> Path | str:
    """Returns the file that a mutant changes, or the reason why it fits no file."""
    found = [path for path, text in code.items() for _ in range(text.count(mutant.old))]
    if len(found) != 1:
        return f"its text is in the code {len(found)} times, not once"
    if mutant.old == mutant.new:
        return "it changes nothing"
    try:
        ast.parse(code[found[0]].replace(mutant.old, mutant.new))
    except SyntaxError:
        return "the changed code is not Python"
    return found[0]


def selected(mutant: Mutant, root: Path = ROOT) -> list[str]:
    """Returns pytest's arguments, with each file name as the paths of all files of that name. Raises LookupError."""
    arguments: list[str] = []
    for word in shlex.split(mutant.tests):
        if not word.endswith(".py"):
            arguments.append(word)
            continue
        paths = sorted((root / "tests").rglob(word))
        if not paths:
            raise LookupError(f"there is no file {word} in tests/")
        arguments += [str(path.relative_to(root)) for path in paths]
    return arguments


def problems(mutants: Iterable[Mutant], code: Mapping[Path, str], root: Path = ROOT) -> list[str]:
    """Returns the mutants that do not fit the code or name missing tests, each with the reason."""
    found, names = [], set()
    for mutant in mutants:
        where = place(mutant, code)
        if isinstance(where, str):
            found.append(f"{mutant.name}: {where}")
        try:
            selected(mutant, root)
        except LookupError as error:
            found.append(f"{mutant.name}: {error}")
        if mutant.name in names:
            found.append(f"{mutant.name}: another mutant has this name")
        names.add(mutant.name)
    return found


@contextmanager
def copies() -> Iterator["Queue[Path]"]:
    """Yields copies of the project in which mutants are applied and tests run, one for each worker."""
    free: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(WORKERS):
            copy = Path(folder) / f"copy-{number}"
            shutil.copytree(ROOT, copy, ignore=NOT_COPIED, symlinks=True)
            if (ROOT / ".tools").exists():
                (copy / ".tools").symlink_to(ROOT / ".tools")
            free.put(copy)
        yield free


def run(arguments: Sequence[str], root: Path) -> int | None:
    """Runs these tests in a copy. Returns pytest's exit code, or None after the time limit."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments]
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTHONPATH")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, timeout=SECONDS, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        return None


def without(mutant: Mutant, free: "Queue[Path]") -> Outcome:
    """Runs the tests of a mutant on the unchanged code: they must pass, otherwise they prove nothing."""
    root = free.get()
    try:
        code = run(selected(mutant), root)
        return Outcome(mutant.tests, PASSED if code == 0 else f"FAILED (exit code {code})")
    finally:
        free.put(root)


def tried(mutant: Mutant, free: "Queue[Path]") -> Outcome:
    """Runs the tests of a mutant with it applied: they must fail. Then restores the copy."""
    root = free.get()
    try:
        where = place(mutant, sources(root))
        if isinstance(where, str):
            return Outcome(mutant.name, f"DOES NOT FIT: {where}")
        path, text = root / where, (root / where).read_text("utf-8")
        try:
            path.write_text(text.replace(mutant.old, mutant.new), "utf-8")
            code = run(selected(mutant), root)
        finally:
            path.write_text(text, "utf-8")
        if code in (TESTS_FAILED, None):
            return Outcome(mutant.name, CAUGHT)
        return Outcome(mutant.name, "SURVIVED" if code == 0 else f"NOT TESTED (exit code {code})")
    finally:
        free.put(root)


def main(words: Sequence[str]) -> int:
    """Returns the exit code: 1 if a mutant survives or does not fit the code, or if tests fail without a mutant."""
    if wrong := problems(MUTANTS, sources()):
        print(*wrong, sep="\n")
        return 1
    if "--check" in words:
        print(f"{len(MUTANTS)} mutants fit the code")
        return 0
    parts = [word for word in words if word != "--without"]
    chosen = [mutant for mutant in MUTANTS if not parts or any(part in mutant.name for part in parts)]
    done = 0
    with copies() as free, ThreadPoolExecutor(WORKERS) as pool:
        if "--without" in words:
            chosen = list({mutant.tests: mutant for mutant in chosen}.values())
        work = without if "--without" in words else tried
        for each in pool.map(lambda mutant: work(mutant, free), chosen):
            done += each.verdict in (CAUGHT, PASSED)
            print(f"{each.verdict:10} {each.name}", flush=True)
    print(
        f"{len(chosen)} selections, {done} passed" if "--without" in words else f"{len(chosen)} mutants, {done} caught"
    )
    return int(done < len(chosen))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
