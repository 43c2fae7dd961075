"""`email-course check` names the mistakes in a language's word tables, by file, line and key."""

from pathlib import Path

import pytest

from cli.check import tables


def test_there_is_nothing_to_change() -> None:
    assert tables.check() == []


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('[quotes]\nverb = ["escreveu"]', 2, "quotes.verb: is not a key"),
        ('[quote]\nverbs = ["escreveu"]', 2, "quote.verbs: is not a key"),
        ('\nverbs = ["escreveu"]', 2, "verbs: is not a section"),
        ('[quotes]\nverbs = "escreveu"', 2, "quotes.verbs: must be a list"),
        ('[quotes]\n\nverbs = [""]', 3, "quotes.verbs: must be a list"),
        ('[spans]\nmonths = ["mês"]\n[dates]\nmonths = ["janeiro"]', 4, "dates.months: needs 12 entries"),
        ('spaces = "no"', 1, "spaces: must be true or false"),
        ("\n[quotes\n", 2, "cannot be read: "),
        ('[quotes]\nverbs = ["escreveu", "disse("]', 2, "quotes.verbs: 'disse(' is not a regular expression"),
        ('[quotes]\nverbs = ["(escreveu|disse)"]', 2, "quotes.verbs: '(escreveu|disse)' has a group"),
        ('[quotes]\nverbs = ["(?:escreveu)?"]', 2, "quotes.verbs: '(?:escreveu)?' matches an empty text"),
    ],
)
def test_a_mistake_is_named_with_its_file_line_and_key(tmp_path: Path, text: str, line: int, what: str) -> None:
    path = tmp_path / "xx.toml"
    path.write_text(text, "utf-8")

    (finding,) = tables.check(tmp_path)

    assert (finding.path, finding.line) == (str(path), line)
    assert finding.message.startswith(what)


def test_mistakes_in_several_files_are_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "xx.toml").write_text('[quotes]\nverb = ["a"]\n[spans]\ndays = 1', "utf-8")
    (tmp_path / "yy.toml").write_bytes(b'[quotes]\nverbs = ["\xff"]')

    assert [(Path(each.path).name, each.line) for each in tables.check(tmp_path)] == [
        ("xx.toml", 2),
        ("xx.toml", 4),
        ("yy.toml", 1),
    ]
