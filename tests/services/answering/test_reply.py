"""The outcomes of a mail."""

import pytest

from services.answering.reply import Done


@pytest.mark.parametrize(
    ("done", "deleted"), [(Done.KEPT, False), (Done.SET_ASIDE, False), (Done.OBEYED, True), (Done.DISCARDED, True)]
)
def test_the_raw_mail_is_deleted_if_it_cannot_be_needed_later(done: Done, deleted: bool) -> None:
    assert done.deletes_raw_mail is deleted
