"""The project's own test mails, and labelled mail from elsewhere if its folder exists next to the project."""

import os
from pathlib import Path

import pytest

from replies import automatic, own_words
from tests.mail.library import Reply, mails, replies
from tests.mail.score import corpus, ours, score, understood

FOLDER = Path(os.environ.get("REPLIES") or Path(__file__).parents[3] / "shared" / "replies")
REPLIES = list(replies())
PLAIN = [reply for reply in REPLIES if b"text/html" not in reply.raw and reply.expected == reply.allowed]


@pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)
def test_a_reply_gives_exactly_its_writers_words(reply: Reply) -> None:
    output = own_words(reply.raw, reply.original, reply.original_html)

    assert score(output, reply.expected, reply.allowed).exact, output


def test_line_breaks_and_indentation_are_kept_as_written() -> None:
    """The only exception are the marks of a quote that the person typed."""
    changed = [
        reply.name
        for reply in PLAIN
        if reply.place == "above" and b"flowed" not in reply.raw
        if own_words(reply.raw, reply.original, reply.original_html).split("\n")
        != reply.expected.replace("\n> ", "\n").split("\n")
    ]

    assert len(PLAIN) > 150
    assert changed == []


@pytest.mark.parametrize(
    ("name", "raw"), list(mails("automatic")), ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_automatic_mail_is_recognised(name: str, raw: bytes) -> None:
    assert automatic(raw), name


@pytest.mark.parametrize(
    ("name", "raw"), list(mails("people")), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_persons_mail_never_counts_as_automatic(name: str, raw: bytes) -> None:
    assert automatic(raw) is None, name


def test_the_figures_are_reached_with_our_own_mails() -> None:
    labelled = ours()
    figures = understood(labelled)

    assert len(REPLIES) > 300
    assert len(labelled.machines) > 50
    assert len(labelled.people) > len(REPLIES) + 20
    assert [str(figure) for figure in figures if not figure.reached] == []


if FOLDER.is_dir():

    def test_the_figures_are_reached_with_labelled_mail_from_elsewhere() -> None:
        labelled = corpus(FOLDER)
        figures = understood(labelled)

        assert all((labelled.known, labelled.alone, labelled.machines, labelled.people))
        assert [str(figure) for figure in figures if not figure.reached] == []
