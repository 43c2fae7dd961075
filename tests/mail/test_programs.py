"""From replies by real mail programs the reader takes the words as typed, and nothing else."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_cloud.cloud import TEMPLATE, World
from replies import automatic, decide
from replies.request import Decision, EmailKind, Request
from tests.mail.programs import cases
from tests.mail.programs._kept import Kept, email_of, kept
from tests.mail.programs._life import CONFIRMED, START, becomes_another, life, received
from tests.mail.test_kinds import folded

REPLIES = kept()
COMMANDS = [reply for reply in REPLIES if reply.typed in ("STOP", "PAUSE", "Not yet", "Yes")]
YES = [reply for reply in REPLIES if reply.original == cases.CONFIRMATION]

RETIRED = {"09-journal"}
"""Emails that are no longer sent: the journal is now read on the journal page, and no notice contains it."""

UNMARKED = {
    "alpine-signature-above",
    "alpine-signature-inside",
    "alpine-signature-stop",
    "thunderbird-plain-signature-above",
    "thunderbird-plain-signature-above-long-line",
}
"""Replies in plain text in which nothing separates the signature from the typed text."""
RUN_TOGETHER = {"mu4e-flowed-above", "mu4e-flowed-inside"}
"""Replies that join the whole email into one paragraph. If one sentence of it differs, all of it counts as own words.

One sentence always differs: the email made again mentions every earlier reply that it may have mentioned.
"""
OBEYED = {reply.name for reply in COMMANDS} & UNMARKED
"""Commands that are obeyed although a signature follows them."""
KNOWN = (UNMARKED - OBEYED) | RUN_TOGETHER
"""All replies that receiving misreads."""

every_reply = pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)


@every_reply
def test_words_are_read_as_typed(reply: Kept) -> None:
    """White space is ignored, because programs wrap long lines and add blank lines between paragraphs."""
    said, signature = folded(reply.words), folded(cases.SIGNATURE)
    if reply.name in UNMARKED:
        assert signature in said
        said = folded(said.replace(signature, ""))
    assert said == folded(reply.typed)


@pytest.mark.parametrize("reply", COMMANDS, ids=lambda reply: reply.name)
def test_a_command_is_understood(reply: Kept) -> None:
    answered = EmailKind.WAY_BACK if reply.typed in ("Yes", "Not yet") else EmailKind.LESSON
    found = decide(reply.words, answered, cases.SUNDAY)
    assert found == Decision(Decision.Kind.OBEY, Request(Request.Command(reply.typed.lower().replace(" ", "-"))))


@pytest.mark.parametrize("reply", YES, ids=lambda reply: reply.name)
def test_a_yes_to_the_confirmation_is_understood(reply: Kept) -> None:
    assert decide(reply.words, EmailKind.CONFIRM, cases.SUNDAY).kind is Decision.Kind.OBEY


@every_reply
def test_no_persons_reply_counts_as_automatic(reply: Kept) -> None:
    assert automatic(reply.raw) is None


# ---------------------------------------------------------------- through receiving


def wrong(world: World, replies: Sequence[Kept], *, again: bool, change: Callable[[World], None]) -> dict[str, str]:
    """Receives the replies in one course, and returns the result of each reply that was not stored as typed."""
    came: dict[str, str] = {}
    mine = [reply for reply in replies if (reply.original in cases.AGAIN) == again and reply.original not in RETIRED]
    for name, email in life(world, again=again):
        came |= received(world, email, [reply for reply in mine if reply.original == name], change)
    assert not world.failures
    assert set(came) == {reply.name for reply in mine}
    return {reply.name: came[reply.name] for reply in mine if folded(came[reply.name]) != folded(due(reply))}


def due(reply: Kept) -> str:
    """Returns the right result of a reply: its words, or its command."""
    if reply in YES:
        return CONFIRMED
    return reply.typed.lower().replace(" ", "-") if reply in COMMANDS else reply.typed


@pytest.mark.parametrize("again", [False, True])
def test_receiving_stores_what_was_typed(again: bool) -> None:
    """The email is made again as it was sent, except its tokens, which come from another key.

    Lines may have been added since, and helplines of other countries left out. The programs then need not answer it
    again.
    """
    with World(start=START) as world:
        found = wrong(world, REPLIES, again=again, change=lambda _: None)
        made_again = [lines(email.text or "") for email in world.emails]
    answered = {reply.original for reply in REPLIES if (reply.original in cases.AGAIN) == again} - RETIRED
    assert [name for name in answered if not any(lines(email_of(name)[0]) <= made for made in made_again)] == []
    assert found.keys() == known(REPLIES, again=again)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("part", [5, pytest.param(1, marks=pytest.mark.long)])
def test_none_of_our_words_is_stored_even_if_the_email_has_changed(tmp_path: Path, part: int, again: bool) -> None:
    """Zone, name, hour, the lesson's text, journal and keys have changed since the email was sent."""
    with edited_course(tmp_path) as world:
        found = wrong(world, REPLIES[::part], again=again, change=becomes_another)
    assert found.keys() == known(REPLIES[::part], again=again)


def lines(email: str) -> set[str]:
    """Returns the lines of an email's text, without the tokens of its links and without the helplines.

    When the programs answered the email, it contained the helplines of every country.
    """
    without_helplines = re.sub(r"(?s)(\nIF YOU NEED SOMEONE NOW\n.*?)\nUnited Kingdom\n.*?\n-{40}\n", r"\1", email)
    return set(re.sub(r"/(me|confirm|unsubscribe)/[\w-]+", "", without_helplines).splitlines())


def known(replies: Sequence[Kept], *, again: bool) -> set[str]:
    """Returns the names of the replies in one course that are known to be misread."""
    return {reply.name for reply in replies if reply.name in KNOWN and (reply.original in cases.AGAIN) == again}


@contextmanager
def edited_course(folder: Path) -> Iterator[World]:
    """Yields a world whose lessons have one more paragraph than the answered emails."""
    (folder / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, folder / "template.yaml")
    shutil.copytree(TEMPLATE.parent / "emails", folder / "emails")
    for lesson in (folder / "emails" / "rebuild-trust").glob("*.md.j2"):
        source = lesson.read_text("utf-8")
        paragraph = max(source.partition("+++\n\n")[2].split("\n\n"), key=len)
        lesson.write_text(source.replace(paragraph, f"{paragraph}\n\nA paragraph that nobody was sent."), "utf-8")
    with World(template=folder / "template.yaml", start=START) as world:
        yield world


def test_there_are_enough_replies() -> None:
    """At least 550 replies by fourteen programs, so that a missing folder is noticed."""
    assert len(REPLIES) >= 550
    assert len({reply.program for reply in REPLIES}) >= 14
    assert COMMANDS
    assert YES
