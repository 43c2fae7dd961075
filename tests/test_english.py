"""Plain English: patterns that no docstring, comment, test name or document has, each with its reason.

The list holds only what can be told by a pattern without false alarms. The glossary is in docs/architecture.md.
"""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BANNED = {
    r"\b(?:to|of|for|from|by|with|about|against|behind) (?:who|whoever)\b": "mail to an erased subscriber",
    r"\bfor whose\b|\bof whom\b": "name the person",
    r"(?:^|[.;:] )Who (?!may\b|can\b)[a-z' ]+(?:, | (?:is|was|are|has|gets|goes|stays|counts) )[^?]*(?:\.|$)": (
        "a subscriber who …: name the subject"
    ),
    r"(?<!there )\b(?:is|are|was|were) (?-i:none)(?! of)\b": "say what is missing",
    r"\bis no good\b|\bno good any more\b": "say that it is invalid",
    r"\b(?:is|are|was) nobody's\b": "say that it has no owner, or that no subscriber has it",
    r"\bso long, and no longer\b|\bat the most\b": "give a number: at most 25 s",
    r"\bbut for\b": "except",
    r"\blest\b|\bthus\b|\bhence\b|\bthereof\b|\bwhereupon\b|\bever so\b": "an everyday word",
    r"\banew\b|\bafresh\b": "again",
    r"\bbroom\b|\bwoken\b|\bgone round\b": "the field's term, no metaphor",
    r"\balarms? (?:rings?|rang|is rung)\b|\bwhich rings\b": "an alarm goes off",
    r"\bturn(?:s|ed)? (?:it |them |mail )?away\b": "refuses",
    r"\blet(?:s)? (?:him|her|them|it|one|somebody|whom|a subscriber) go\b": "releases",
    r"(?:^|[.;:] )Of (?:a|an|the|what|who|all|each|every)\b[^.,;]*,? (?:no|none|nothing|only)\b": "subject first",
    r"\btold from\b": "distinguished from",
    r"\bone letter to (?:one|every|each|a) subscriber\b|\bletters (?:are|were|is) sent\b": "what we send is an email",
    r"\bsent mails?\b|\bmails? (?:that )?(?:we|the course) sen[dt]\b": "what we send is an email",
}
"""Pattern, in whichever case, and what to write instead."""


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The texts for readers of a file, each with its line."""
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        yield from _of_python(text)
    elif path.suffix == ".md":
        yield from _paragraphs(
            re.sub(r"`[^`\n]*`|(?s:```.*?```)|(?m:^    .*$)", lambda code: "\n" * code[0].count("\n"), text)
        )
    else:
        comments = "\n".join("".join(re.findall(r"(?:^|\s)#\s?(.*)$", line)) for line in text.splitlines())
        yield from _paragraphs(comments)
        for described in re.finditer(r"(?:Alarm)?Description: (?:>-\n)?((?:.+\n)(?:        .+\n)*)", text):
            yield text[: described.start()].count("\n") + 1, described[1]


def _of_python(text: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.lineno, node.name.removeprefix("test_").replace("_", " ")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string.lstrip("# ")


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    for paragraph in re.finditer(r"(?:.*\S.*\n?)+", text):
        yield text[: paragraph.start()].count("\n") + 1, paragraph[0]


def banned(text: str) -> list[str]:
    """What is banned in a text, with what to write instead."""
    one_line = " ".join(text.split())
    return [
        f"“{found[0][:60]}”: {instead}" for bad, instead in BANNED.items() if (found := re.search(bad, one_line, re.I))
    ]


def sources() -> list[Path]:
    """Every file of the project with texts for its readers."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    kinds = (".py", ".md", ".toml", ".yaml", ".yml", ".sh")
    return [ROOT / name for name in listed if name.endswith(kinds) and (ROOT / name) != Path(__file__)]


def test_no_text_for_readers_has_a_banned_pattern() -> None:
    files = sources()
    assert len(files) > 400
    found = [
        f"{path.relative_to(ROOT)}:{line}: {what}"
        for path in files
        for line, text in prose(path)
        for what in banned(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "sentence",
    [
        "TTL is a broom in the table, never a rule.",
        "A mail to who was erased.",
        "The hour is none.",
        "Who erases everything, and signs up again, begins from the start.",
        "Of a command that broke off no mail is left.",
        "A page for whose link is lost.",
        "It was made anew, but for its id.",
        "An alarm rings.",
    ],
)
def test_a_banned_pattern_is_found(sentence: str) -> None:
    assert banned(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "Somebody who erases everything begins from the start.",
        "Returns who is held and why.",
        "None of them is sent.",
        "Who may import what?",
        "A lesson comes but once a day, for everybody.",
        "The dead-letter queue holds the closing letter.",
    ],
)
def test_plain_english_is_no_false_alarm(sentence: str) -> None:
    assert banned(sentence) == []
