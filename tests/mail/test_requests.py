"""The decisions about replies agree with the labels of people who did not write the code."""

from functools import cache

import pytest

from tests.mail.requests import GRAVE, Case, Figures, Label, cases, decided, figures


@cache
def found() -> tuple[list[Case], Figures]:
    every = list(cases())
    return every, figures(every)


def test_the_set_is_read() -> None:
    every, _ = found()
    assert len(every) == 1480
    assert {case.language for case in every} == {"en", "es", "de"}
    assert sum(case.best.kind == "keep" for case in every) > 600


def test_hardly_any_grave_command_is_obeyed_by_mistake() -> None:
    _, result = found()
    assert [case.text for case in result.mistaken if case.decision.command in GRAVE - {"stop", "again"}] == []
    assert len([case for case in result.mistaken if case.decision.command in GRAVE]) <= 3
    assert len(result.mistaken) <= 4
    assert result.wrong == []
    assert result.lost == []


def test_requests_are_understood() -> None:
    _, result = found()
    assert result.obeyed >= 0.82
    assert result.heard >= 0.96
    assert result.stops_heard >= 0.98
    assert result.asked >= 0.80
    assert result.way_back_asked >= 0.96


def test_reflections_are_hardly_ever_answered() -> None:
    _, result = found()
    assert result.answered <= 0.03


@pytest.mark.parametrize(
    ("labels", "decision", "right", "mistaken", "wrong", "heard"),
    [
        ("obey:stop", "obey:stop", True, False, False, True),
        ("obey:stop|ask:stop", "ask:stop", True, False, False, True),
        ("obey:stop", "obey+keep:stop", True, False, False, True),
        ("obey:stop", "ask:stop", False, False, False, True),
        ("obey:stop", "keep", False, False, False, False),
        ("keep", "obey:stop", False, True, False, False),
        ("keep", "ask:stop", False, False, False, False),
        ("obey:pause:10d", "obey:pause:until:2026-12-04", True, False, False, True),
        ("obey:pause:until:monday", "obey:pause", False, False, True, False),
        ("obey:not-yet", "ask:way-back", False, False, False, True),
        ("obey+keep:yes", "obey:yes", False, False, False, False),
    ],
)
def test_a_decision_is_judged_by_its_labels(
    labels: str, decision: str, right: bool, mistaken: bool, wrong: bool, heard: bool
) -> None:
    case = Case("1", "en", "lesson", "", tuple(map(Label.read, labels.split("|"))), Label.read(decision))
    assert (case.is_right, case.is_obeyed_by_mistake, case.has_a_wrong_value, case.is_heard) == (
        right,
        mistaken,
        wrong,
        heard,
    )


def test_a_decision_has_a_label() -> None:
    assert decided("STOP", "lesson", "en") == "obey:stop"
    assert decided("pause until Monday", "lesson", "en") == "obey:pause:until:2026-11-30"
    assert decided("TIME 7:30", "lesson", "en") == "obey:time:7"
    assert decided("Sometimes", "way_back", "en") == "ask:way-back"
    assert decided("She asked for a pause.", "lesson", "en") == "keep"
