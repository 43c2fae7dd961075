"""What real mail programs wrote in answer to the course's emails: the words as typed, and nothing else."""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from local_cloud.cloud import TEMPLATE, World
from replies import automatic, decided
from replies.request import Answered, Decision, Request
from tests.mail.programs import cases
from tests.mail.programs._kept import Kept, email_of, kept
from tests.mail.programs._life import CONFIRMED, START, becomes_another, life, received
from tests.mail.test_kinds import folded

REPLIES = kept()
COMMANDS = [reply for reply in REPLIES if reply.typed in ("STOP", "PAUSE", "Not yet", "Yes")]
YES = [reply for reply in REPLIES if reply.original == cases.CONFIRMATION]

RETIRED = {"09-journal"}
"""Emails that are not sent any more: the journal is read behind a link, and no notice holds it."""

UNMARKED = {
    "alpine-signature-above",
    "alpine-signature-inside",
    "alpine-signature-stop",
    "thunderbird-plain-signature-above",
    "thunderbird-plain-signature-above-long-line",
}
"""In whose plain text nothing tells the signature from what is typed above it."""
RUN_TOGETHER = {"mu4e-flowed-above", "mu4e-flowed-inside"}
"""Which make one paragraph of the whole email: with one sentence changed, all of it is taken for the person's.

One always is: the email made again says all that it may have said of earlier replies.
"""
OBEYED = {reply.name for reply in COMMANDS} & UNMARKED
"""Commands that are obeyed with a signature below them."""
KNOWN = (UNMARKED - OBEYED) | RUN_TOGETHER
"""All that receiving misreads."""

every_reply = pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)


@every_reply
def test_words_come_out_as_typed(reply: Kept) -> None:
    """White space folded: programs break long lines, and put a blank one between paragraphs."""
    said, signature = folded(reply.words), folded(cases.SIGNATURE)
    if reply.name in UNMARKED:
        assert signature in said
        said = folded(said.replace(signature, ""))
    assert said == folded(reply.typed)


@pytest.mark.parametrize("reply", COMMANDS, ids=lambda reply: reply.name)
def test_a_command_is_understood(reply: Kept) -> None:
    answered = Answered.WAY_BACK if reply.typed in ("Yes", "Not yet") else Answered.LESSON
    found = decided(reply.words, answered, cases.SUNDAY)
    assert found == Decision(Decision.Kind.OBEY, Request(Request.Command(reply.typed.lower().replace(" ", "-"))))


@pytest.mark.parametrize("reply", YES, ids=lambda reply: reply.name)
def test_a_yes_to_the_confirmation_is_understood(reply: Kept) -> None:
    assert decided(reply.words, Answered.CONFIRM, cases.SUNDAY).kind is Decision.Kind.OBEY


@every_reply
def test_nobody_is_taken_for_a_machine(reply: Kept) -> None:
    assert automatic(reply.raw) is None


# ---------------------------------------------------------------- through receiving


def wrong(world: World, replies: Sequence[Kept], *, again: bool, change: Callable[[World], None]) -> dict[str, str]:
    """What came of the replies of which anything else came than what was typed, in one life of the subscriber."""
    came: dict[str, str] = {}
    mine = [reply for reply in replies if (reply.original in cases.AGAIN) == again and reply.original not in RETIRED]
    for name, email in life(world, again=again):
        came |= received(world, email, [reply for reply in mine if reply.original == name], change)
    assert not world.failures
    assert set(came) == {reply.name for reply in mine}
    return {reply.name: came[reply.name] for reply in mine if folded(came[reply.name]) != folded(due(reply))}


def due(reply: Kept) -> str:
    """What should come of a reply: its words, or the command that it is."""
    if reply in YES:
        return CONFIRMED
    return reply.typed.lower().replace(" ", "-") if reply in COMMANDS else reply.typed


@pytest.mark.parametrize("again", [False, True])
def test_receiving_stores_what_was_typed(again: bool) -> None:
    """The email is made again as it was sent, but for its tokens, which another key makes.

    Lines may have been added since, and helplines of other countries left out: then the programs need not answer it
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
def test_nothing_of_ours_is_stored_whatever_has_changed(tmp_path: Path, part: int, again: bool) -> None:
    """Zone, name, hour, text of the lesson, journal and keys are others than when the email was sent."""
    with edited_course(tmp_path) as world:
        found = wrong(world, REPLIES[::part], again=again, change=becomes_another)
    assert found.keys() == known(REPLIES[::part], again=again)


def lines(email: str) -> set[str]:
    """The lines of an email's text, without what its links are signed with and without the helplines.

    Those of every country stood in an email when it was answered.
    """
    without_helplines = re.sub(r"(?s)(\nIF YOU NEED SOMEONE NOW\n.*?)\nUnited Kingdom\n.*?\n-{40}\n", r"\1", email)
    return set(re.sub(r"/(me|confirm|unsubscribe)/[\w-]+", "", without_helplines).splitlines())


def known(replies: Sequence[Kept], *, again: bool) -> set[str]:
    """Those of the replies to one life's emails that are known to be misread."""
    return {reply.name for reply in replies if reply.name in KNOWN and (reply.original in cases.AGAIN) == again}


@contextmanager
def edited_course(folder: Path) -> Iterator[World]:
    """A world whose lessons have a paragraph more than when they were answered."""
    (folder / "functions").symlink_to(TEMPLATE.parent / "functions")
    shutil.copy(TEMPLATE, folder / "template.yaml")
    shutil.copytree(TEMPLATE.parent / "emails", folder / "emails")
    for lesson in (folder / "emails" / "rebuild-trust").glob("*.md.j2"):
        source = lesson.read_text("utf-8")
        paragraph = max(source.partition("+++\n\n")[2].split("\n\n"), key=len)
        lesson.write_text(source.replace(paragraph, f"{paragraph}\n\nA paragraph that nobody was sent."), "utf-8")
    with World(template=folder / "template.yaml", start=START) as world:
        yield world


def test_there_are_enough_of_them() -> None:
    """550 replies of fourteen programs, so that a folder that is missing is noticed."""
    assert len(REPLIES) >= 550
    assert len({reply.program for reply in REPLIES}) >= 14
    assert COMMANDS
    assert YES
