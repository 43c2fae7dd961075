"""What people ask for in a reply, held against labels of people who did not write the rules."""

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


def test_nothing_grave_is_done_that_nobody_asked_for() -> None:
    _, told = found()
    assert [case.text for case in told.mistaken if case.told.command in GRAVE - {"stop", "again"}] == []
    assert len([case for case in told.mistaken if case.told.command in GRAVE]) <= 3
    assert len(told.mistaken) <= 4
    assert told.wrong == []
    assert told.lost == []


def test_requests_are_heard() -> None:
    _, told = found()
    assert told.obeyed >= 0.82
    assert told.heard >= 0.96
    assert told.stops_heard >= 0.98
    assert told.asked >= 0.80
    assert told.way_back_asked >= 0.96


def test_reflections_are_hardly_ever_answered() -> None:
    _, told = found()
    assert told.answered <= 0.03


@pytest.mark.parametrize(
    ("labels", "told", "right", "mistaken", "wrong", "heard"),
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
    labels: str, told: str, right: bool, mistaken: bool, wrong: bool, heard: bool
) -> None:
    case = Case("1", "en", "lesson", "", tuple(map(Label.read, labels.split("|"))), Label.read(told))
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
