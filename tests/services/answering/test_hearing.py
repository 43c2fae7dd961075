"""The kind of email that a reply answers, which decides what its words mean."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from content.lessons import load
from course.commands import offer
from replies.request import EmailKind, Request
from services.answering.hearing import kind
from services.attribution import Attribution
from tests.course.subscribers import after

COURSE = load(Path(__file__).parents[3] / "emails").courses["rebuild-trust"]
PLAIN = Attribution(
    subscriber=after(1), course=COURSE, epoch=1, round=1, lesson="own-it", notice="", by="token", is_current=True,
    confirms=False, own_address=True, proven=True, today=date(2026, 11, 24),
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, EmailKind.LESSON),
        ({"lesson": "safety-first"}, EmailKind.WAY_BACK),
        ({"lesson": "safety-first", "is_current": False}, EmailKind.LESSON),
        ({"lesson": "", "notice": "ask-way-back"}, EmailKind.WAY_BACK),
        ({"lesson": "", "notice": "paused"}, EmailKind.NOTICE),
        ({"lesson": "", "notice": "erase"}, EmailKind.ERASE),
        ({"lesson": "", "notice": "confirm", "confirms": True}, EmailKind.CONFIRM),
        ({"lesson": "", "notice": "confirm"}, EmailKind.CONFIRM),
        ({"lesson": "", "notice": "ask-confirm"}, EmailKind.CONFIRM),
        ({"lesson": "", "notice": offer(Request.Command.STOP, proven=True)}, EmailKind.OFFER),
        ({"lesson": "", "notice": offer(Request.Command.PAUSE, proven=False)}, EmailKind.OFFER),
    ],
)
def test_the_kind_of_email_depends_on_what_it_asked(changes: dict[str, object], expected: EmailKind) -> None:
    assert kind(replace(PLAIN, **changes)) is expected  # type: ignore[arg-type]
