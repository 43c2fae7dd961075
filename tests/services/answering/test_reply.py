"""What was done with a mail."""

import pytest

from services.answering.reply import Done


@pytest.mark.parametrize(
    ("done", "goes"), [(Done.KEPT, False), (Done.SET_ASIDE, False), (Done.OBEYED, True), (Done.DISCARDED, True)]
)
def test_the_raw_mail_goes_when_nothing_of_it_may_be_needed(done: Done, goes: bool) -> None:
    assert bool(done.note) is goes
