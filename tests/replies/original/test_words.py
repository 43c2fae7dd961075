"""The words of a line as they are compared."""

import pytest

from replies.original.words import clearer, ends, is_faithful, words


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Hello Ana, it's <https://a.b/c> day_3", ["hello", "ana", "it", "s", "day", "3"]),
        ("www.a.example and mailto:x@b.org", ["and"]),
        ("[image: room.png] see", ["see"]),
        ("TrustDay 3 ÄrgerÄnderung Straße", ["trust", "day", "3", "ärger", "änderung", "strasse"]),
        ("我看见了 ok", ["我", "看", "见", "了", "ok"]),
        ("yes 🙏!", ["yes", "🙏"]),
        (" -- ", []),
    ],
)
def test_the_words_of_a_line_and_where_they_end(line: str, said: list[str]) -> None:
    assert words(line) == said
    assert len(ends(line)) == len(said)


def test_the_end_of_a_word_is_a_place_in_the_line() -> None:
    assert [line[: ends(line)[0]] for line in ("yes, no", "<https://a.b/c> yes", "TrustDay", "我看")] == [
        "yes",
        "<https://a.b/c> yes",
        "Trust",
        "我",
    ]


def test_a_part_on_one_line_or_with_other_quotation_marks_is_not_faithful() -> None:
    assert is_faithful("“I lied”\nyes", "“Own it”")
    assert is_faithful("I lied", "Own it")
    assert not is_faithful('"I lied"', "“Own it”")
    assert not is_faithful("I lied. " * 100, "Own it")


def test_the_clearer_of_two_parts_has_the_same_words_and_no_others() -> None:
    assert clearer("I lied +++", "I lied.", faithful=True) == "I lied +++"
    assert clearer("I lied by Badly 1.0", "I lied.", faithful=True) == "I lied."
    assert clearer("I lied", "I never lied", faithful=True) == "I lied"
    assert clearer("I lied", "I never lied", faithful=False) == "I never lied"
