"""What real mail programs wrote in answer to the course's emails: the words as typed, and nothing else."""

from pathlib import Path

import pytest

from replies import agrees, automatic, own_words, requested
from tests.mail.programs import cases
from tests.mail.programs.__main__ import SENT, WRITTEN

REPLIES = sorted(path.stem for path in WRITTEN.glob("*.eml"))
SIGNATURE = "Ann Example Harbour Street 3, Exampletown"
UNMARKED = {
    "alpine-signature-above",
    "alpine-signature-inside",
    "thunderbird-plain-signature-above",
    "thunderbird-plain-signature-above-long-line",
}
"""In whose plain text nothing tells the signature from what is typed above it."""


def read(name: str) -> str:
    original = (WRITTEN / f"{name}.original").read_text("utf-8")
    text, html = ((SENT / f"{original}.{kind}").read_text("utf-8") for kind in ("txt", "html"))
    return own_words((WRITTEN / f"{name}.eml").read_bytes(), text, html)


def typed(name: str) -> str:
    return (WRITTEN / f"{name}.txt").read_text("utf-8")


def folded(text: str) -> str:
    """Programs break long lines, and put a blank one between paragraphs."""
    return " ".join(text.split())


@pytest.mark.parametrize("name", REPLIES)
def test_words_come_out_as_typed(name: str) -> None:
    said = folded(read(name))
    if name in UNMARKED:
        assert SIGNATURE in said
        said = folded(said.replace(SIGNATURE, ""))
    assert said == folded(typed(name))


@pytest.mark.parametrize("name", [name for name in REPLIES if typed(name) in ("STOP", "PAUSE", "Not yet")])
def test_a_command_is_understood(name: str) -> None:
    found = requested(read(name), cases.SUNDAY)
    assert found
    assert found.command == typed(name).lower().replace(" ", "-")


@pytest.mark.parametrize("name", [name for name in REPLIES if typed(name).lower() == "yes"])
def test_a_yes_to_the_confirmation_is_understood(name: str) -> None:
    assert agrees(read(name))


@pytest.mark.parametrize("name", REPLIES)
def test_nobody_is_taken_for_a_machine(name: str) -> None:
    assert automatic((WRITTEN / f"{name}.eml").read_bytes()) is None


def test_there_are_enough_of_them() -> None:
    """200 replies of ten programs, so that a folder that is missing is noticed."""
    assert len(REPLIES) >= 200
    assert len({name.partition("-")[0] for name in REPLIES}) >= 10
    assert all(Path(WRITTEN, f"{name}.txt").exists() for name in REPLIES)
