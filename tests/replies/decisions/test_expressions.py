"""The expressions of the languages."""

import pytest

from replies.decisions import expressions
from replies.decisions.expressions import Language, Level, begins, has, languages, likely_commands, pieces


def test_seven_languages_have_words_for_requests() -> None:
    assert len(languages()) == 7
    assert all(language.compiled() > 5 for language in languages())


def test_parts_are_filled_in_accents_are_removed_and_a_dot_stays_in_its_sentence() -> None:
    language = Language(
        {"parts": {"ours": ["correo"], "our": ["los (?:{ours})s", "lección"]}, "stop": {"word": ["para {our}.{0,9}"]}}
    )
    [rule] = language.rules
    assert (rule.section, rule.level) == ("stop", Level.WORD)
    assert rule.pattern.fullmatch("para los correos")
    assert rule.pattern.fullmatch("para leccion ya")
    assert not rule.pattern.fullmatch("para leccion | ya")


def test_an_expression_with_a_value_is_a_separate_rule() -> None:
    language = Language({"parts": {"ours": ["x"]}, "pause": {"word": ["pause", "pause {when}", "hold", "hold {when}"]}})
    assert len(language.rules) == 3


def test_an_unknown_part_is_named_in_the_error() -> None:
    with pytest.raises(KeyError, match="nothing"):
        Language({"parts": {"ours": ["x"]}, "stop": {"word": ["{nothing}"]}}).compiled()


def test_lists_are_found_as_whole_words_in_any_language() -> None:
    assert has("hedges", "yes but not today")
    assert not has("hedges", "yes butter")
    assert begins("first", "ich habe prüfungen")
    assert not begins("first", "my-thing")


def test_a_clause_is_split_before_conjunctions() -> None:
    assert pieces("no because i lost it aber egal") == ["no", "because i lost it", "aber egal"]


@pytest.mark.parametrize(
    ("sentence", "commands"),
    [
        ("these emails should really stop somehow", ["stop"]),
        ("i told her these emails should stop", []),
        ("yesterday i wanted these emails to stop", []),
        ("never stop these emails", []),
        ("the shouting should stop", []),
        ("die mails nerven langsam", ["stop"]),
    ],
)
def test_a_sentence_about_the_emails_may_be_a_request(sentence: str, commands: list[str]) -> None:
    assert likely_commands(sentence)[:1] == commands


def test_everything_is_compiled_once() -> None:
    assert expressions.languages() is expressions.languages()
