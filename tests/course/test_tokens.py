"""Tokens: valid only if ours, for their purpose, in one spelling, and while their key is in the keyring."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import tokens
from course.errors import InvalidToken, UnknownKey
from course.tokens import Keyring, Purpose

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEYS = Keyring({"1": "one" * 20, "2": "two" * 20})
ID = tokens.subscriber_id(KEYS, "rebuild-trust", "ann@example.net")


def test_an_id_is_the_same_for_the_same_subscriber_and_does_not_contain_the_address() -> None:
    assert tokens.subscriber_id(KEYS, "rebuild-trust", "ann@example.net") == ID
    assert tokens.subscriber_id(KEYS, "another", "ann@example.net") != ID
    assert tokens.subscriber_id(Keyring({"1": "x"}), "rebuild-trust", "ann@example.net") != ID
    assert len(ID) == 16
    assert "ann" not in ID


def test_an_id_does_not_change_with_a_new_signing_key() -> None:
    rotated = Keyring({"1": "one" * 20, "2": "two" * 20, "3": "three" * 20})
    assert tokens.subscriber_id(rotated, "rebuild-trust", "ann@example.net") == ID


def test_a_link_is_valid_until_it_expires() -> None:
    token = tokens.link(KEYS, Purpose.PAGE, ID, 1057, NOW + timedelta(days=30))
    assert tokens.read_link(KEYS, Purpose.PAGE, token, NOW).subscriber == ID
    assert tokens.read_link(KEYS, Purpose.PAGE, token, NOW + timedelta(days=29)).epoch == 1057
    with pytest.raises(InvalidToken, match="expired"):
        tokens.read_link(KEYS, Purpose.PAGE, token, NOW + timedelta(days=30))


def test_a_link_without_expiry_never_expires() -> None:
    token = tokens.link(KEYS, Purpose.UNSUBSCRIBE, ID, 1057)
    assert tokens.read_link(KEYS, Purpose.UNSUBSCRIBE, token, NOW + timedelta(days=9999)).subscriber == ID


@pytest.mark.parametrize("purpose", [Purpose.PAGE, Purpose.UNSUBSCRIBE])
def test_a_link_is_valid_for_one_purpose_only(purpose: Purpose) -> None:
    token = tokens.link(KEYS, Purpose.CONFIRM, ID, 1057)
    with pytest.raises(InvalidToken):
        tokens.read_link(KEYS, purpose, token, NOW)


def test_changing_any_character_of_a_token_makes_it_invalid() -> None:
    token = tokens.link(KEYS, Purpose.PAGE, ID, 1057)
    for place in range(len(token)):
        forged = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(InvalidToken):
            tokens.read_link(KEYS, Purpose.PAGE, forged, NOW)


def test_a_token_has_one_spelling() -> None:
    token = tokens.link(KEYS, Purpose.PAGE, ID, 1057)
    for other in (token.upper(), token[:-1], f"{token}=", f" {token}", ""):
        with pytest.raises(InvalidToken):
            tokens.read_link(KEYS, Purpose.PAGE, other, NOW)


def test_the_newest_key_signs_and_tokens_of_a_removed_key_are_invalid() -> None:
    old = tokens.link(Keyring({"1": "one" * 20}), Purpose.PAGE, ID, 1057)
    new = tokens.link(KEYS, Purpose.PAGE, ID, 1057)
    assert tokens.read_link(KEYS, Purpose.PAGE, old, NOW).subscriber == ID
    without_two = Keyring({"1": "one" * 20})
    with pytest.raises(UnknownKey):
        tokens.read_link(without_two, Purpose.PAGE, new, NOW)
    with pytest.raises(UnknownKey):
        tokens.read_reply(without_two, tokens.reply(KEYS, ID, 1057, 1, "own-it"))
    without_two.renew(KEYS)
    assert tokens.read_link(without_two, Purpose.PAGE, new, NOW).subscriber == ID


def test_a_malformed_or_forged_token_does_not_count_as_one_of_an_unknown_key() -> None:
    """So such a token never makes the code load the keys again."""
    link = tokens.link(KEYS, Purpose.PAGE, ID, 1057)
    for call in (
        lambda: tokens.read_link(KEYS, Purpose.PAGE, link[:-1], NOW),
        lambda: tokens.read_link(KEYS, Purpose.CONFIRM, link, NOW),
        lambda: tokens.read_reply(KEYS, "nobody"),
    ):
        with pytest.raises(InvalidToken) as error:
            call()
        assert not isinstance(error.value, UnknownKey)


@given(epoch=st.integers(0, 65535), number=st.integers(1, 5000), lesson=st.text(min_size=1, max_size=30))
def test_a_reply_address_stays_valid_in_upper_case(epoch: int, number: int, lesson: str) -> None:
    address = tokens.reply(KEYS, ID, epoch, number, lesson)
    assert len(address) == 34
    assert address.isalnum()
    token = tokens.read_reply(KEYS, address.upper())
    assert (token.subscriber, token.epoch, token.lesson_tag) == (ID, epoch, tokens.lesson_tag(lesson))
    assert token.round_of(number) == number


def test_a_reply_address_stands_for_the_latest_round_that_matches() -> None:
    token = tokens.read_reply(KEYS, tokens.reply(KEYS, ID, 1057, 3, "own-it"))
    assert [token.round_of(current) for current in (3, 4, 258, 259)] == [3, 3, 3, 259]


def test_changing_any_character_of_a_reply_address_makes_it_invalid() -> None:
    address = tokens.reply(KEYS, ID, 1057, 1, "own-it")
    for place in range(len(address)):
        forged = address[:place] + ("a" if address[place] != "a" else "b") + address[place + 1 :]
        with pytest.raises(InvalidToken):
            tokens.read_reply(KEYS, forged)


@given(st.text(max_size=60))
def test_a_text_that_is_not_a_token_raises_only_invalid_token(text: str) -> None:
    with pytest.raises(InvalidToken):
        tokens.read_link(KEYS, Purpose.PAGE, text, NOW)
    with pytest.raises(InvalidToken):
        tokens.read_reply(KEYS, text)


def test_a_reply_address_has_one_spelling() -> None:
    """The last character has two unused bits, so a lenient decoder would accept four spellings."""
    token = tokens.reply(KEYS, ID, 1057, 1, "own-it")
    others = {token[:-1] + last for last in "abcdefghijklmnopqrstuvwxyz234567"} - {token}
    for other in (*others, f"{token}=", token[:-1]):
        with pytest.raises(InvalidToken):
            tokens.read_reply(KEYS, other)
