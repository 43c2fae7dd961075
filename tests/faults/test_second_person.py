"""The judge of the second person finds a page that shows something private."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from unittest.mock import patch

import pytest
from markupsafe import Markup

from content.lessons import Course
from course.subscriber import Subscriber
from local_cloud.cloud import World
from services.links import course_page
from tests.faults.oracle import Tally
from tests.faults.second_person import SEEN, judge_second_person
from tests.faults.short_course import short_course
from tests.faults.simulation import EventTiming, RecordedPerson, Simulation
from tests.faults.trials import MONDAY


@pytest.fixture
def ann() -> Iterator[RecordedPerson]:
    with short_course() as template, World(template, MONDAY) as world:
        someone = Simulation(world, EventTiming.ON_TIME).add_person("ann").joins()
        someone.replies("It was my fault.")
        someone.sim.advance_days()
        yield someone


def found(ann: RecordedPerson) -> set[str]:
    tally = Tally()
    judge_second_person(ann.sim, tally)
    return set(tally.broken)


def test_p1_a_second_person_reads_nothing(ann: RecordedPerson) -> None:
    assert not found(ann)


@pytest.mark.parametrize("shown", ["It was my fault.", "ann@example.net", 'value="Europe/Berlin" selected'])
def test_a_page_that_shows_private_text_is_found(ann: RecordedPerson, shown: str) -> None:
    opens = course_page.opened

    def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
        subscriber, course = opens(token, now)
        return subscriber, replace(course, title=Markup(shown))

    with patch.object(course_page, "opened", opened):
        assert found(ann) == {SEEN}
