"""A reply as sentences of plain words."""

import pytest

from replies.decisions.wording import sentences, unsigned


def words(text: str, name: str = "") -> list[str]:
    return [sentence.words for sentence in sentences(text, name)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Don’t stop. I’m here!", ["dont stop", "im here"]),
        ("¿Puedo pausar? Gracias", ["puedo pausar", "gracias"]),
        ("Bitte bis zum 7. Dezember pausieren.", ["bitte bis zum 7 dezember pausieren"]),
        ("Until December 9. They operate on him.", ["until december 9", "they operate on him"]),
        ("at 7.30 please", ["at 7.30 please"]),
        ("stop\nplease", ["stop", "please"]),
        ("> quoted\nmine", ["mine"]),
        ("😢", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_sentences(text: str, found: list[str]) -> None:
    assert words(text) == found


def test_a_sentence_is_split_at_commas_colons_and_before_conjunctions() -> None:
    assert sentences("No, it was me: I went because I could")[0].pieces == (
        "no",
        "it was me",
        "i went",
        "because i could",
    )


def test_a_sentence_knows_whether_it_asks_and_whether_it_quotes() -> None:
    first, second = sentences("“Stop” was what he wrote. Why?")
    assert (first.quotes, first.asks, second.quotes, second.asks) == (True, False, False, True)


def test_a_question_mark_on_its_own_belongs_to_the_sentence_before() -> None:
    assert sentences("pause ?")[0].asks


def test_the_writers_first_name_at_the_end_is_no_word() -> None:
    assert words("Thanks, Ann", "Ann") == ["thanks"]
    assert words("Stop.\nAnn", "Ann") == ["stop"]


@pytest.mark.parametrize(
    "text",
    [
        "Stop please.\n\nBest,\nAnn Smith",
        "Stop please. Thanks, Becky",
        "Stop please.\n\nKind regards\nDr. R. Haddad",
        "Stop please.\n\nRegards\nA. Feldman\nSolicitor",
        "Stop please.\n\nMaría Belmonte Ruiz",
    ],
)
def test_a_signature_is_left_out(text: str) -> None:
    assert unsigned(text)[0].words == "stop please"
    assert len(unsigned(text)) <= 2


@pytest.mark.parametrize("text", ["Stop.\n\nBreathe.", "Pause.\nListen.\nAnswer.", "Stop, Bob"])
def test_text_that_only_looks_like_a_name_stays(text: str) -> None:
    assert unsigned(text) == sentences(text)


def test_a_line_that_a_mail_program_broke_does_not_end_a_sentence() -> None:
    text = "It was good to read, but please take me off your mailing\nlist. Thanks"
    assert words(text) == ["it was good to read but please take me off your mailing list", "thanks"]
    assert words("Stop\nsaid Ann to me") == ["stop", "said ann to me"]


def test_a_house_number_shows_a_signature() -> None:
    assert [sentence.words for sentence in unsigned("STOP\n\nAnn Example\nHarbour Street 3, Exampletown")] == ["stop"]
    assert len(unsigned("STOP\n\nSHOUTING AT HER")) == 2
