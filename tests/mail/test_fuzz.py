"""A small sample of damaged mails and forged tokens: `make faults` tries many more."""

import pytest

from course import tokens
from tests.mail import fuzz
from tests.mail.fuzz import BROKEN, FORGED, damaged, forge, read


@pytest.mark.parametrize("number", [1500, pytest.param(5000, marks=pytest.mark.long)])
def test_no_damaged_mail_breaks_the_reader(number: int) -> None:
    tally = read(0, number)

    assert not tally.findings
    assert tally.runs == number


def test_no_forged_token_is_accepted() -> None:
    tally = forge(0, 20_000)

    assert not tally.findings
    assert tally.runs == 20_000


def test_the_damaged_mails_are_reproducible_and_differ() -> None:
    mails = list(damaged(100, 200))

    assert mails == list(damaged(100, 200))
    assert len(set(mails)) > 190


def test_a_reader_that_breaks_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(raw: bytes) -> None:
        raise KeyError(raw[:1])

    monkeypatch.setattr(fuzz, "automatic", breaks)

    assert read(0, 3).broken == {BROKEN: 3}


def test_a_token_that_is_not_checked_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda one, other: True)  # type: ignore[attr-defined]

    assert forge(0, 100).broken[FORGED] > 20
