"""The documents agree with the tests, the code and the commands: what they name exists, and they leave nothing out."""

import ast
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from local_cloud.cloud import TEMPLATE, World
from local_cloud.template import translated
from local_cloud.web import Listener, Server
from tests.conftest import MONDAY

ROOT = Path(__file__).parents[1]
FAULTS = ROOT / "docs" / "faults.md"
PRIVACY = ROOT / "docs" / "privacy.md"

_ROW = re.compile(r"^\| *([A-Z]{1,2}\d+) *\|(?:.*\|)? *([^|]*?) *\|$", re.MULTILINE)
_IDS = re.compile(r"test_((?:[a-z]{1,2}\d+_)+)")
_OPEN = "**open**"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the document: its id, the tests that it names, and whether it says that something is missing."""

    id: str
    tests: tuple[str, ...]
    is_open: bool


def rows(document: str) -> list[Row]:
    """The rows of the tables, from their first and last columns."""
    return [Row(id_, tuple(re.findall(r"`(test_\w+)`", last)), _OPEN in last) for id_, last in _ROW.findall(document)]


def ids(test: str) -> list[str]:
    """The ids at the beginning of a test's name: S9 and S10 of `test_s9_s10_links_are_limited`."""
    found = _IDS.match(test)
    return found[1].upper().split("_")[:-1] if found else []


def problems(document: str, tests: set[str]) -> list[str]:
    """Where the document and the names of all tests disagree, a sentence each."""
    stated = rows(document)
    known = [row.id for row in stated]
    letters = {id_.rstrip("0123456789") for id_ in known}
    tested = {id_ for test in tests for id_ in ids(test)}
    found = [f"{id_} has two rows" for id_ in sorted({id_ for id_ in known if known.count(id_) > 1})]
    for id_ in sorted(tested - {*known}):
        if id_.rstrip("0123456789") in letters:
            found.append(f"{id_} has a test and no row")
    for row in stated:
        found += [f"{row.id} names {test}, which does not exist" for test in row.tests if test not in tests]
        found += [f"{row.id} names {test}, which carries another id" for test in row.tests if row.id not in ids(test)]
        if not row.tests and not row.is_open:
            found.append(f"{row.id} names no test and does not say {_OPEN}")
        if row.is_open and not row.tests and row.id in tested:
            found.append(f"{row.id} says only {_OPEN}, and has a test")
    return found


def names_of_all_tests() -> Iterator[str]:
    """The names of all test functions, read and not imported."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node.name


def test_every_fault_has_its_test_or_says_that_it_is_open() -> None:
    document, tests = FAULTS.read_text("utf-8"), set(names_of_all_tests())
    assert len(rows(document)) >= 113
    assert len(rows(document)) == len(re.findall(r"^\| *[A-Z]{1,2}\d", document, re.MULTILINE)), "a row is not read"
    assert problems(document, tests) == []


HEAD = "| id | input or fault | expected | test |\n|---|---|---|---|\n"
GOOD = f"""{HEAD}| S1 | a name | refused | `test_s1_a_name` |
| S2 | another | refused | `test_s2_x_y`, `test_s2_s3_z` (a sample); {_OPEN}: the second half |
| S3 | both | refused | `test_s2_s3_z` |
| S10 | nothing yet | nothing | {_OPEN} |
"""
TESTS = {"test_s1_a_name", "test_s2_x_y", "test_s2_s3_z", "test_z1_of_another_document", "test_anything"}


def test_a_document_that_agrees_with_its_tests_has_no_problem() -> None:
    assert problems(GOOD, TESTS) == []


@pytest.mark.parametrize(
    ("document", "tests", "problem"),
    [
        (GOOD, TESTS | {"test_s4_new"}, "S4 has a test and no row"),
        (GOOD, TESTS | {"test_s1_s7_new"}, "S7 has a test and no row"),
        (GOOD, TESTS - {"test_s1_a_name"}, "S1 names test_s1_a_name, which does not exist"),
        (GOOD.replace("`test_s1_a_name`", "`test_anything`"), TESTS, "S1 names test_anything, which carries another"),
        (GOOD.replace("`test_s1_a_name`", ""), TESTS, "S1 names no test and does not say"),
        (GOOD.replace("`test_s1_a_name`", "a test"), TESTS, "S1 names no test and does not say"),
        (GOOD, TESTS | {"test_s10_done_since"}, "S10 says only"),
        (GOOD + GOOD.splitlines()[2], TESTS, "S1 has two rows"),
    ],
    ids=["no row", "no row for a second id", "no test", "other id", "empty", "no name", "open and tested", "twice"],
)
def test_where_a_document_and_its_tests_disagree_is_said(document: str, tests: set[str], problem: str) -> None:
    found = problems(document, tests)
    assert len(found) == 1, found
    assert found[0].startswith(problem)


# ---------------------------------------------------------------- the privacy page

_CLAIM = re.compile(r"^\| “(.*)” \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)
NOTHING = "–"


def privacy_problems(document: str, page: str, tests: set[str]) -> list[str]:
    """Where the rows of the document, in their order, do not cover what the page says, or name no test."""
    found, place = [], 0
    for quote, named, left_open in _CLAIM.findall(document):
        start = page.find(quote, place)
        if start < 0:
            found.append(f"the page does not say, or not here: {quote}")
            continue
        found += _without_row(page[place:start])
        place = start + len(quote)
        shown_by = re.findall(r"`(test_\w+)`", named)
        found += [f"{test} does not exist: {quote}" for test in shown_by if test not in tests]
        if not shown_by and left_open == NOTHING:
            found.append(f"neither a test nor why there is none: {quote}")
    return found + _without_row(page[place:])


def _without_row(text: str) -> list[str]:
    return [f"no row quotes: {text.strip()}"] if re.search(r"\w", text) else []


def said_on(page: str, filled_in: dict[str, str]) -> str:
    """The words of a page's paragraphs and tables; what a deployment fills in of its own is left out."""
    main = page.partition("<main")[2].partition("</main>")[0]
    parts = re.findall(r"(?s)<(p|td)\b[^>]*>(.*?)</\1>", main)
    text = " ".join(" ".join(unescape(re.sub(r"<[^>]+>", "", part)).split()) for _, part in parts)
    for own in filled_in.values():
        text = text.replace(own, "…")
    return text


def test_every_sentence_of_the_privacy_page_has_its_row_and_the_row_its_test() -> None:
    own = {"ContactEmail": "help@example.org"}
    with World(start=MONDAY, parameters=own) as world:
        own["PostalAddress"] = world.parameters["PostalAddress"]
        page = said_on(world.request("GET", "/privacy").text, own)
    document = PRIVACY.read_text("utf-8")
    assert page.count("…") == len(own)
    assert len(_CLAIM.findall(document)) == len(re.findall(r"^\| “", document, re.MULTILINE)), "a row is not read"
    assert privacy_problems(document, page, {*names_of_all_tests()}) == []


PAGE = "We keep your name, and sell nothing. You can erase it."
CLAIMS = f"""| the page says | tests | what they do not show |
|---|---|---|
| “We keep your name,” | `test_s1_a_name`, `test_anything` | {NOTHING} |
| “and sell nothing.” | {NOTHING} | A promise |
| “You can erase it.” | `test_anything` | At once |
"""


def test_a_page_whose_every_word_is_quoted_has_no_problem() -> None:
    assert privacy_problems(CLAIMS, PAGE, TESTS) == []


@pytest.mark.parametrize(
    ("document", "page", "problem"),
    [
        (CLAIMS, PAGE.replace("You can", "It is yours. You can"), "no row quotes: It is yours."),
        (CLAIMS, f"{PAGE} And more", "no row quotes: And more"),
        (CLAIMS, PAGE.replace("We keep", "Here we keep"), "the page does not say, or not here: We keep your name,"),
        (CLAIMS, PAGE.replace("erase it", "erase all"), "the page does not say, or not here: You can erase it."),
        (CLAIMS.replace("test_s1_a_name", "test_gone"), PAGE, "test_gone does not exist: We keep your name,"),
        (CLAIMS.replace("A promise", NOTHING), PAGE, "neither a test nor why there is none: and sell nothing."),
        (CLAIMS.replace("| “and sell nothing.” |", "| and sell nothing. |"), PAGE, "no row quotes: and sell nothing."),
    ],
    ids=["a new sentence", "one at the end", "other words before", "other words", "no such test", "no test", "no row"],
)
def test_where_the_privacy_page_and_its_rows_disagree_is_said(document: str, page: str, problem: str) -> None:
    assert problem in privacy_problems(document, page, TESTS)


# ---------------------------------------------------------------- what can be set, and what goes off

GUIDES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
AUTHORS, OPERATORS = ((ROOT / "docs" / name).read_text("utf-8") for name in ("authors.md", "operators.md"))


def first_cells(document: str, head: str) -> list[str]:
    """The names in code font in the first column of the table whose head begins with `| head |`."""
    (table,) = re.findall(rf"(?m)^\| {head} \|.*\n\|[-|]+\n((?:\|.*\n)+)", document)
    return [name for row in table.splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])]


def test_every_alarm_has_its_row_and_no_row_is_without_its_alarm() -> None:
    resources = translated(TEMPLATE)["Resources"]
    alarms = [name for name, resource in resources.items() if resource["Type"].endswith("Alarm")]
    assert sorted(first_cells(OPERATORS, "alarm")) == sorted(alarms)


def test_every_parameter_has_its_row_and_no_row_is_without_its_parameter() -> None:
    assert sorted(first_cells(OPERATORS, "parameter")) == sorted(translated(TEMPLATE)["Parameters"])


def test_every_key_of_a_course_has_its_row_and_no_row_is_without_its_key() -> None:
    code = (ROOT / "functions/content/lessons.py").read_text("utf-8")
    read = set(re.findall(r'settings(?:\.get\(|\[)"(\w+)"', code) + re.findall(r'need\(settings, "(\w+)"', code))
    assert len(read) >= 9
    assert sorted(first_cells(AUTHORS, "key")) == sorted(read)


# ---------------------------------------------------------------- commands

NEEDS_A_STACK = {"audit", "inbox", "release", "resume-all"}
USAGE = 2
"""The exit code of a command that is not understood."""


def shown(beginning: str) -> list[str]:
    """Every line of a code block, in all guides, that begins so; the backticks of a line within a text do not count."""
    lines = [
        line.strip() for guide in GUIDES for line in guide.read_text("utf-8").splitlines() if line.startswith("    ")
    ]
    return sorted({line.partition("  #")[0].strip() for line in lines if line.startswith(beginning)})


def commands() -> list[str]:
    """The names of all commands of `email-course`."""
    return [
        (one.name or one.callback.__name__).replace("_", "-") for one in app.registered_commands if one.callback
    ] + [str(group.name) for group in app.registered_groups]


def test_every_command_is_shown_in_a_guide() -> None:
    guides = "\n".join(guide.read_text("utf-8") for guide in GUIDES)
    assert len(commands()) >= 11
    assert [name for name in commands() if f"email-course {name}" not in guides] == ["run"], "shown as `make run`"
    targets = re.findall(r"(?m)^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"))
    assert len(targets) >= 15
    assert [name for name in targets if f"make {name}" not in guides] == ["help"]


@pytest.mark.parametrize("line", shown(".venv/bin/email-course "))
def test_every_command_that_is_shown_runs(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those for a deployed stack are asked of a local cloud, which knows none of the ids in the guides."""
    words = shlex.split(line)[1:]
    (tmp_path / "answers.yaml").write_text("acknowledge: I never said it.\n", "utf-8")
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"COLUMNS": "200", "NO_COLOR": "1"})
    if words[0] not in {*NEEDS_A_STACK, "erase-all"}:
        assert runner.invoke(app, words).exit_code == 0
        return
    listener = Listener("127.0.0.1", 0)
    world = World(start=MONDAY, parameters={"SiteUrl": listener.url})
    with listener.socket, world, Server(world, listener):
        told = runner.invoke(app, words if words[0] == "erase-all" else [*words, "--local", listener.url])
    names_an_id = words[0] in ("release", "erase-all") or "accept" in words
    assert told.exit_code == (1 if names_an_id else 0), told.output
    assert told.exit_code != USAGE


def test_every_target_of_make_that_is_shown_exists_and_takes_its_arguments() -> None:
    lines = shown("make ")
    assert len(lines) >= 4
    for line in lines:
        tried = subprocess.run(
            ["make", "--dry-run", *shlex.split(line)[1:]], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert tried.returncode == 0, f"{line}: {tried.stderr}"


# ---------------------------------------------------------------- links and lengths


@pytest.mark.parametrize(
    "guide",
    [*GUIDES, *(ROOT / name for name in ("SECURITY.md", "CHANGELOG.md", "tests/README.md"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_every_link_between_documents_leads_somewhere(guide: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", guide.read_text("utf-8"))
    assert [link for link in links if "://" not in link and not (guide.parent / link).exists()] == []


def test_the_readme_is_read_in_one_go() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert len(readme.splitlines()) <= 90
    assert readme.count("![") == 2
