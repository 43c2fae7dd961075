"""Reflections, and the reasons why a mail does not become one."""

import pytest

from course.reflection import MAX_BYTES, NotTaken, Why, cut_to_bytes


def test_r11_a_text_is_cut_between_characters() -> None:
    assert cut_to_bytes("aé", 2) == "a"
    assert cut_to_bytes("aé", 3) == "aé"
    assert cut_to_bytes("😀" * MAX_BYTES) == "😀" * (MAX_BYTES // 4)


@pytest.mark.parametrize("why", [why for why in Why if why is not Why.OTHER])
def test_the_reason_for_a_mail_is_read_as_it_was_stored(why: Why) -> None:
    assert NotTaken.read(NotTaken(why).text) == NotTaken(why)


def test_the_stored_reasons_are_never_reworded() -> None:
    assert [why.value for why in Why] == [
        "virus",
        "not scanned for virus",
        "spam",
        "not scanned for spam",
        "no valid reply address",
        "of an earlier sign-up",
        "the sign-up has expired",
        "no such subscriber any more",
        "no clear yes to the confirmation",
        "a command that could not be obeyed in time",
        "from another address than the subscriber's",
        "a command without proof of its sender",
        "without proof of its sender, and more such mail came that day than is kept",
        "lost on its way, or failed: nobody knows whether it is genuine",
        "",
    ]


def test_the_sign_of_an_auto_reply_is_stored() -> None:
    stored = NotTaken(Why.OTHER, "auto-submitted")
    assert stored.text == "auto-submitted"
    assert NotTaken.read(stored.text) == stored


def test_r13_r20_only_a_possible_virus_or_a_mail_from_another_address_is_never_accepted() -> None:
    never = {Why.VIRUS, Why.NOT_SCANNED_FOR_VIRUS, Why.ANOTHER_ADDRESS}
    assert {why for why in Why if not NotTaken(why).may_be_accepted} == never
