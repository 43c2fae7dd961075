"""The oracle finds each broken promise and reports nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.faults.oracle import BROKEN, Action, Lesson, Tally, Timeline, judge

PLAN = ("intro", "one", "two", "closing")
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
BERLIN = Action(START, "clock", "Europe/Berlin", 7)
MIDNIGHT = Action(START + timedelta(hours=1), "clock", "Europe/Berlin", 0)
END = START + timedelta(days=30)


def at(day: int, hour: int = 6, minute: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


def lessons(*given: tuple[str, datetime], epoch: int = 1, round_: int = 1) -> list[Lesson]:
    return [Lesson(when, epoch, round_, id_, f"{id_}-{number}") for number, (id_, when) in enumerate(given)]


WHOLE = (("intro", START), ("one", at(24)), ("two", at(25)), ("closing", at(26)))


def judged(taken: list[Lesson], *actions: Action, unanswered: Mapping[str, datetime] | None = None) -> Tally:
    return judge(taken, Timeline(PLAN, (BERLIN, Action(START, "start"), *actions)), END, unanswered)


def test_a_correct_course_breaks_no_promise() -> None:
    tally = judged(lessons(*WHOLE))
    assert tally.holds
    assert tally.line == ", ".join([*(f"0 {kind}" for kind in BROKEN), "latest +0 days"])


def test_a_missing_lesson_and_a_missing_end_are_lost() -> None:
    assert judged(lessons(WHOLE[0], WHOLE[1], WHOLE[3])).broken == {"lost": 1}
    assert judged(lessons(*WHOLE[:2])).broken == {"lost": 2}
    assert judged([]).broken == {"lost": 1}


def test_no_lesson_is_lost_after_a_stop() -> None:
    assert judged(lessons(*WHOLE[:2]), Action(at(24, 12), "stop")).holds


def test_a_second_copy_is_allowed_only_before_any_news_of_the_first() -> None:
    again = lessons(*WHOLE[:2], ("one", at(25)), ("two", at(26)), ("closing", at(27)))
    assert judged(again).broken == {"twice": 1}
    unanswered = judged(again, unanswered={"one-1": END})
    assert unanswered.holds
    assert unanswered.windows.total() == 1
    assert judged(again, unanswered={"one-1": at(24, 12)}).broken == {"twice": 1}, "there was news by then"
    asked_twice = [replace(lesson, attempt="one-1") if lesson.id == "one" else lesson for lesson in again]
    assert judged(asked_twice, unanswered={"one-1": END}).broken == {"twice": 1}, "one attempt sends one request"


def test_two_lessons_on_a_local_day_are_found() -> None:
    late = lessons(WHOLE[0], ("one", at(24, 0)), ("two", at(24, 22)), ("closing", at(25, 23)))
    assert judged(late, MIDNIGHT).broken == {"two on a day": 1}  # 22:00 UTC is 23:00 of the same day in Berlin
    next_day = lessons(WHOLE[0], ("one", at(24, 0)), ("two", at(24, 23)), ("closing", at(26, 1)))
    assert judged(next_day, MIDNIGHT).holds


def test_a_lesson_before_its_hour_or_its_gap_is_found() -> None:
    assert judged(lessons(WHOLE[0], ("one", at(24, 5)), *WHOLE[2:])).broken == {"outside its day": 1}
    moved = Action(at(24) - timedelta(minutes=9), "clock", "Europe/Berlin", 9)
    assert judged(lessons(*WHOLE[:2], ("two", at(25, 8)), ("closing", at(26, 8))), moved).holds, "claimed before"
    over_midnight = lessons(WHOLE[0], ("one", at(24, 22, 50)), ("two", at(24, 23, 10)), ("closing", at(26)))
    assert judged(over_midnight, MIDNIGHT).broken == {"outside its day": 1}
    evening = Action(START, "clock", "Europe/Berlin", 12)
    soon = lessons(WHOLE[0], ("one", START + timedelta(hours=3)), ("two", at(25, 12)), ("closing", at(26, 12)))
    assert judged(soon, evening).broken["outside its day"] == 1


def test_an_hour_skipped_before_midnight_begins_an_hour_earlier() -> None:
    """In Nuuk the clocks go from 22:59 on the 28th to midnight."""
    start = datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    clock = Action(start, "clock", "America/Nuuk", 23)
    timeline = Timeline(PLAN[:2], (clock, Action(start, "start")))
    for minutes, broken in ((0, {}), (59, {}), (-1, {"outside its day": 1})):
        taken = lessons(("intro", start), ("one", datetime(2026, 3, 29, 0, tzinfo=UTC) + timedelta(minutes=minutes)))
        assert judge(taken, timeline, END).broken == broken
    passed_over = lessons(("intro", start), ("one", datetime(2026, 3, 29, 22, 30, tzinfo=UTC)))
    assert judge(passed_over, timeline, END).latest == 1


def test_lessons_out_of_order_are_found() -> None:
    assert judged(lessons(WHOLE[0], ("two", at(24)), ("one", at(25)), WHOLE[3])).broken["out of order"] == 1


def test_only_a_lesson_claimed_before_a_stop_may_follow_it() -> None:
    stop = Action(at(25) - timedelta(seconds=20), "stop", claimed="two-2")
    assert judged(lessons(*WHOLE[:3]), stop).holds
    assert judged(lessons(*WHOLE), stop).broken == {"after a stop": 1}
    too_late = Action(at(25) - timedelta(seconds=26), "stop", claimed="two-2")
    assert judged(lessons(*WHOLE[:3]), too_late).broken == {"after a stop": 1}
    not_claimed = Action(at(25) - timedelta(seconds=1), "stop", claimed="one-1")
    assert judged(lessons(*WHOLE[:3]), not_claimed).broken == {"after a stop": 1}


def test_lateness_counts_from_the_first_possible_day() -> None:
    assert judged(lessons(WHOLE[0], ("one", at(26)), ("two", at(27)), ("closing", at(28)))).latest == 2
    away = (Action(at(23, 9, 5), "stop"), Action(at(27, 12), "start"))
    came_back = lessons(("intro", at(27, 12)), ("one", at(28)), ("two", at(29)), ("closing", at(30)))
    assert judged(came_back, *away).latest == 0, "a subscriber who stopped before the introduction does not wait"
    resumed = (Action(at(24, 12), "stop"), Action(at(27, 12), "start"))
    assert judged(lessons(*WHOLE[:2], ("two", at(28)), ("closing", at(29))), *resumed).latest == 0


def test_a_new_round_has_no_introduction_and_its_own_order() -> None:
    second = lessons(("one", at(26)), ("two", at(27)), ("closing", at(28)), round_=2)
    begun = Action(at(25, 12), "start")
    assert judged([*lessons(*WHOLE[:3]), *second], begun).holds
    assert judged([*lessons(*WHOLE[:3]), *second[1:]], begun).broken == {"lost": 1}
    assert judged([*lessons(*WHOLE[:3]), *second]).broken == {"twice": 1}, "nobody began it"
