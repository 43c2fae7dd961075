"""The kind of email that a reply answers, which decides what its words mean."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from content.lessons import load
from course.commands import offer
from replies.request import Answered as Kind
from replies.request import Request
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
        ({}, Kind.LESSON),
        ({"lesson": "safety-first"}, Kind.WAY_BACK),
        ({"lesson": "safety-first", "is_current": False}, Kind.LESSON),
        ({"lesson": "", "notice": "ask-way-back"}, Kind.WAY_BACK),
        ({"lesson": "", "notice": "paused"}, Kind.NOTICE),
        ({"lesson": "", "notice": "erase"}, Kind.ERASE),
        ({"lesson": "", "notice": "confirm", "confirms": True}, Kind.CONFIRM),
        ({"lesson": "", "notice": "confirm"}, Kind.CONFIRM),
        ({"lesson": "", "notice": "ask-confirm"}, Kind.CONFIRM),
        ({"lesson": "", "notice": offer(Request.Command.STOP, proven=True)}, Kind.OFFER),
        ({"lesson": "", "notice": offer(Request.Command.PAUSE, proven=False)}, Kind.OFFER),
    ],
)
def test_the_kind_of_email_depends_on_what_it_asked(changes: dict[str, object], expected: Kind) -> None:
    assert kind(replace(PLAIN, **changes)) is expected  # type: ignore[arg-type]
