"""What real mail programs wrote in answer to the course's emails: the words as typed, and nothing else."""

import pytest

from replies import agrees, automatic, requested
from tests.mail.programs import cases
from tests.mail.programs._kept import Kept, kept
from tests.mail.test_kinds import folded

REPLIES = kept()
COMMANDS = [reply for reply in REPLIES if reply.typed in ("STOP", "PAUSE", "Not yet", "Yes")]
YES = [reply for reply in REPLIES if reply.original == cases.CONFIRMATION]

UNMARKED = {
    "alpine-signature-above",
    "alpine-signature-inside",
    "alpine-signature-stop",
    "thunderbird-plain-signature-above",
    "thunderbird-plain-signature-above-long-line",
}
"""In whose plain text nothing tells the signature from what is typed above it."""
MORE_THAN_TYPED = {
    "geary-signature-above": "only its HTML tells the signature, by an id",
    "geary-signature-inside": "only its HTML tells the signature, by an id",
    "geary-signature-stop": "only its HTML tells the signature, by an id",
    "kmail-german": "a quote header that ends with “schrieben Sie:” is not known",
}
"""Replies of which more than the person's words is kept, and why. One that is read right is to be taken out."""
SIGNED = {"alpine-signature-stop", "geary-signature-stop"}
"""Commands that are not obeyed, because the signature is read with them."""

every_reply = pytest.mark.parametrize("reply", REPLIES, ids=lambda reply: reply.name)


@every_reply
def test_words_come_out_as_typed(reply: Kept) -> None:
    """White space folded: programs break long lines, and put a blank one between paragraphs."""
    said, signature = folded(reply.words), folded(cases.SIGNATURE)
    if reply.name in UNMARKED:
        assert signature in said
        said = folded(said.replace(signature, ""))
    if reply.name in MORE_THAN_TYPED:
        assert said.replace(folded(reply.typed), "", 1) not in (said, "")
    else:
        assert said == folded(reply.typed)


@pytest.mark.parametrize("reply", [one for one in COMMANDS if one.name not in SIGNED], ids=lambda reply: reply.name)
def test_a_command_is_understood(reply: Kept) -> None:
    found = requested(reply.words, cases.SUNDAY)
    assert found
    assert found.command == reply.typed.lower().replace(" ", "-")


@pytest.mark.parametrize("reply", YES, ids=lambda reply: reply.name)
def test_a_yes_to_the_confirmation_is_understood(reply: Kept) -> None:
    assert agrees(reply.words)


@every_reply
def test_nobody_is_taken_for_a_machine(reply: Kept) -> None:
    assert automatic(reply.raw) is None


def test_there_are_enough_of_them() -> None:
    """400 replies of fourteen programs, so that a folder that is missing is noticed."""
    assert len(REPLIES) >= 400
    assert len({reply.program for reply in REPLIES}) >= 14
    assert COMMANDS
    assert YES
