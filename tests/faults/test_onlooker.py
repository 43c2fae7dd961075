"""The second person of the histories is one who would notice: a page that shows what was written is found."""

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
from tests.faults.life import Events, Life, Someone
from tests.faults.onlooker import SEEN, judge_onlooker
from tests.faults.oracle import Tally
from tests.faults.short_course import short_course
from tests.faults.trials import MONDAY


@pytest.fixture
def ann() -> Iterator[Someone]:
    with short_course() as template, World(template, MONDAY) as world:
        someone = Life(world, Events.ON_TIME).person("ann").joins()
        someone.replies("It was my fault.")
        someone.life.days()
        yield someone


def found(ann: Someone) -> set[str]:
    tally = Tally()
    judge_onlooker(ann.life, tally)
    return set(tally.broken)


def test_p1_a_second_person_reads_nothing(ann: Someone) -> None:
    assert not found(ann)


@pytest.mark.parametrize("shown", ["It was my fault.", "ann@example.net", 'value="Europe/Berlin" selected'])
def test_a_page_that_shows_what_is_private_is_found(ann: Someone, shown: str) -> None:
    opens = course_page.opened

    def opened(token: str, now: datetime) -> tuple[Subscriber, Course]:
        subscriber, course = opens(token, now)
        return subscriber, replace(course, title=Markup(shown))

    with patch.object(course_page, "opened", opened):
        assert found(ann) == {SEEN}
