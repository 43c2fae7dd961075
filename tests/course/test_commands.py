"""Commands by reply: a reply is a command only if it contains nothing else."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from content.lessons import load
from course.commands import (
    BY_REPLY,
    ERASE_NOTICE,
    ROWS,
    Command,
    Place,
    RequestToObey,
    question,
    too_late,
    within_limits,
)
from course.record import Status
from course.standing import KEEP_NOTICE
from course.subscriber import Subscriber
from course.syllabus import Syllabus
from replies.request import EmailKind, Request
from services.answering.hearing import KINDS
from tests.course.subscribers import MONDAY, PLAN_AGAIN, after, confirmed, sent
from tests.mail.requests import obeyed

LIBRARY = load(Path(__file__).parents[2] / "emails")
COURSE = LIBRARY.courses["rebuild-trust"]
TODAY = date(2026, 11, 24)  # a Tuesday
DAY = timedelta(days=1)


def command_in(text: str, answered: str, course: Syllabus, today: date, first_name: str = "") -> Request | None:
    asks = question(answered, course)
    request = obeyed(text, KINDS[asks] if asks else EmailKind.LESSON, today, first_name)
    return within_limits(request, today) if request else None


def obey(
    request: Request, subscriber: Subscriber, course: Syllabus, now: datetime, place: Place | None = None
) -> Subscriber:
    return RequestToObey(request, course, now, place).apply(subscriber)


def is_fulfilled(request: Request, after: Subscriber | None, course: Syllabus, place: Place) -> bool:
    return RequestToObey(request, course, MONDAY).is_fulfilled(after, place)


def notice_after(request: Request, after: Subscriber | None, course: Syllabus, place: Place) -> str:
    return RequestToObey(request, course, MONDAY).notice(after, place)


def asked(text: str, answered: str = "own-it", name: str = "Ann") -> Request | None:
    return command_in(text, answered, COURSE, TODAY, name)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STOP", Command.STOP),
        ("stop.", Command.STOP),
        ("  Unsubscribe\n", Command.STOP),
        ("stop!!", Command.STOP),
        ("“Stop”", Command.STOP),
        ("Stop, thanks", Command.STOP),
        ("Hi,\n\nstop please.\n\nThank you,\nAnn", Command.STOP),
        ("¡Para!", Command.STOP),
        ("Hola, para, por favor. Gracias.", Command.STOP),
        ("Darme de baja", Command.STOP),
        ("Pause", Command.PAUSE),
        ("Please pause.", Command.PAUSE),
        ("PAUSA", Command.PAUSE),
        ("RESUME!", Command.RESUME),
        ("reanudar", Command.RESUME),
        ("Skip the next lesson, please", Command.SKIP),
        ("saltar", Command.SKIP),
        ("again", Command.AGAIN),
        ("Otra vez", Command.AGAIN),
        ("Journal", Command.JOURNAL),
        ("mi diario", Command.JOURNAL),
        ("export", Command.EXPORT),
        ("Exportar mis datos", Command.EXPORT),
        ("DELETE MY DATA", Command.ERASE),
        ("Borra mis datos, por favor", Command.ERASE),
        ("help?", Command.HELP),
        ("Ayuda", Command.HELP),
    ],
)
def test_a_single_command_word_is_obeyed_even_with_polite_words(text: str, command: Command) -> None:
    assert asked(text) == Request(command)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thanks",
        "Hi Ann",
        "I can’t stop thinking about it",
        "Stop. I mean the shouting.",
        "I want to stop",
        "Don’t stop",
        "no",
        "pause\nand think",
        "pause until I can listen again",
        "Pause before I answer",
        "pause 10",
        "pause 0 days",
        "pause until 30 February",
        "time",
        "Time 25",
        "time heals",
        "Para ella",
        "sigo otra vez",
        "stop, Bob",
        "skip 3",
    ],
)
def test_anything_longer_or_unclear_is_a_reflection(text: str) -> None:
    assert asked(text) is None


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("pause until Monday", date(2026, 11, 30)),
        ("Pause until Tuesday", date(2026, 12, 1)),
        ("Please pause the course until next Friday. Thanks!", date(2026, 11, 27)),
        ("pausa hasta el lunes", date(2026, 11, 30)),
        ("Pausa hasta el próximo sábado", date(2026, 11, 28)),
        ("pause until tomorrow", date(2026, 11, 25)),
        ("pausa hasta mañana", date(2026, 11, 25)),
        ("pause until next week", date(2026, 11, 30)),
        ("pause until 3 March", date(2027, 3, 3)),
        ("pause till March 3rd", date(2027, 3, 3)),
        ("pause until the 3rd of March 2027", date(2027, 3, 3)),
        ("pausa hasta el 3 de marzo", date(2027, 3, 3)),
        ("pause until 24 Dec", date(2026, 12, 24)),
        ("pause until the 15th", date(2026, 12, 15)),
        ("pause until 2027-01-04", date(2027, 1, 4)),
        ("pause until 15/3", date(2027, 3, 15)),
        ("pause until 3/15/2027", date(2027, 3, 15)),
        ("pause 10 days", date(2026, 12, 4)),
        ("Pause for a week", date(2026, 12, 1)),
        ("pausa 2 semanas", date(2026, 12, 8)),
        ("pausa durante un mes", date(2026, 12, 24)),
        ("pause two weeks", date(2026, 12, 8)),
    ],
)
def test_a_pause_can_say_how_long(text: str, until: date) -> None:
    assert asked(text) == Request(Command.PAUSE, until=until)


@pytest.mark.parametrize(
    "text", ["pause until 3/4", "pause until 2020-01-01", "pause until 24 November 2026", "pause 999999999 days"]
)
def test_a_pause_until_an_unclear_or_past_day_lasts_until_resume(text: str) -> None:
    """The subscriber wants no email for now, and the answer says how we understood the reply."""
    assert asked(text) == Request(Command.PAUSE)


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("TIME 7:30", 7),
        ("time 19", 19),
        ("Time 7 pm", 19),
        ("time 7:30pm, please", 19),
        ("time 12 am", 0),
        ("time 12pm", 12),
        ("hora 7:30", 7),
        ("Hora: 19h", 19),
        ("hora a las 7 de la tarde", 19),
        ("hora 12 de la noche", 0),
        ("time 0:15", 0),
        ("time 7.45", 7),
    ],
)
def test_a_time_of_day_is_an_hour(text: str, hour: int) -> None:
    assert asked(text) == Request(Command.TIME, hour=hour)


def test_yes_and_not_yet_answer_only_the_way_back() -> None:
    assert asked("Yes", "safety-first") == asked("¡Sí!", "safety-first") == Request(Command.YES)
    assert asked("No, not yet.", "safety-first") == asked("Todavía no", "safety-first") == Request(Command.NOT_YET)
    assert asked("Yes", "own-it") is None
    assert asked("Not yet", "") is None
    assert asked("Yes, delete") is None


def test_yes_answers_the_question_whether_to_delete_everything() -> None:
    assert asked("Yes, please", ERASE_NOTICE) == asked("sí", ERASE_NOTICE) == Request(Command.YES)
    assert asked("Not yet", ERASE_NOTICE) is None


def test_every_command_has_a_notice_and_every_notice_has_a_text() -> None:
    assert ROWS.keys() == set(Command)
    assert {row.notice for row in ROWS.values() if row.notice} | {KEEP_NOTICE} <= set(LIBRARY.notices)


def test_help_names_every_command_that_a_reply_can_give() -> None:
    assert set(Command) - set(BY_REPLY) == {Command.KEEP}
    listed = LIBRARY.languages["en"].notices["help"].prose.as_text(first_name="", me_url="")
    for command in BY_REPLY:
        assert command.replace("-", " ").upper().replace("ERASE", "DELETE MY DATA") in listed


def test_commands_do_what_they_say() -> None:
    subscriber = after(1)

    def obeyed(command: Command, **more: int) -> object:
        return obey(Request(command, **more), subscriber, COURSE, MONDAY)  # type: ignore[arg-type]

    assert obey(Request(Command.STOP), subscriber, COURSE, MONDAY).status is Status.UNSUBSCRIBED
    assert obey(Request(Command.PAUSE), subscriber, COURSE, MONDAY).status is Status.PAUSED
    assert obey(Request(Command.PAUSE, until=TODAY + DAY), subscriber, COURSE, MONDAY).paused_until == TODAY + DAY
    assert obey(Request(Command.RESUME), subscriber.paused(), COURSE, MONDAY).status is Status.ACTIVE
    assert obey(Request(Command.AGAIN), subscriber, COURSE, MONDAY).round == 2
    assert obey(Request(Command.NOT_YET), subscriber, COURSE, MONDAY).plan == COURSE.plan_again
    assert obey(Request(Command.TIME, hour=19), subscriber, COURSE, MONDAY).hour == 19
    for asking in (Command.JOURNAL, Command.EXPORT, Command.ERASE, Command.HELP):
        assert obeyed(asking) is subscriber


def test_skip_leaves_out_one_lesson_and_never_the_closing_letter() -> None:
    subscriber, skip = sent(confirmed()), Request(Command.SKIP)
    once = obey(skip, subscriber, COURSE, MONDAY)
    assert (once.next_lesson, once.due_at) == ("own-it", subscriber.due_at)
    twice = obey(skip, once, COURSE, MONDAY)
    assert twice.next_lesson == "keep-showing-up"
    assert obey(skip, twice, COURSE, MONDAY) is twice
    assert notice_after(skip, twice, COURSE, Place.of(once)) == "skipped"
    assert notice_after(skip, twice, COURSE, Place.of(twice)) == "not-skipped"
    done = after(3)
    assert notice_after(skip, obey(skip, done, COURSE, MONDAY), COURSE, Place.of(done)) == "help"


def test_the_closing_letter_is_not_skipped_even_if_another_lesson_follows_it() -> None:
    plan = ("intro", "keep-showing-up", "acknowledge")
    closing = replace(confirmed(), plan=plan, next_lesson="keep-showing-up")
    assert obey(Request(Command.SKIP), closing, COURSE, MONDAY) is closing


def test_skips_during_a_send_are_kept_when_the_lesson_is_committed() -> None:
    from course import delivery

    due = sent(confirmed())
    assert due.due_at
    skipped = delivery.claim(due, "attempt", due.due_at).skipping().skipping()
    settled = delivery.commit(skipped, "attempt", "ses-id", due.due_at)
    assert (settled.next_lesson, set(settled.sent)) == ("keep-showing-up", {"intro", "acknowledge"})


def test_a_command_that_is_retried_after_a_crash_changes_nothing_more_and_gets_the_same_notice() -> None:
    subscriber = sent(confirmed())  # two lessons before the closing letter, so a second skip would be possible
    place = Place.of(subscriber)
    for command in BY_REPLY:
        request = Request(command, until=TODAY + DAY) if command is Command.PAUSE else Request(command, hour=7)
        before = subscriber.paused() if command is Command.RESUME else subscriber
        once = obey(request, before, COURSE, MONDAY, place)
        again = obey(request, once, COURSE, MONDAY, Place.read(str(place)))
        assert again == once, command
        assert notice_after(request, again, COURSE, place) == notice_after(request, once, COURSE, place)
        if command is not Command.YES:  # the closing letter does not come next here
            assert notice_after(request, again, COURSE, place) == ROWS[command].notice


def test_the_same_mail_starts_no_second_new_round_after_a_lesson_was_sent() -> None:
    subscriber = after(2)
    place = Place.of(subscriber)
    again = obey(Request(Command.AGAIN), subscriber, COURSE, MONDAY + 3 * DAY, place)
    on = sent(again)
    assert obey(Request(Command.AGAIN), on, COURSE, MONDAY + 4 * DAY, place) is on
    assert obey(Request(Command.AGAIN), on, COURSE, MONDAY + 4 * DAY).round == 3


def test_a_yes_from_an_earlier_round_changes_nothing() -> None:
    before = after(2).beginning_again(PLAN_AGAIN, MONDAY + 3 * DAY)
    once = obey(Request(Command.YES), before, COURSE, MONDAY + 3 * DAY, Place.of(before))
    assert once.next_lesson == PLAN_AGAIN[-1], "ends a round of which no lesson was sent"
    another = replace(before, round=3)
    assert obey(Request(Command.YES), another, COURSE, MONDAY + 3 * DAY, Place.of(before)) is another
    assert obey(Request(Command.YES), another, COURSE, MONDAY + 3 * DAY).next_lesson == PLAN_AGAIN[-1]


def test_a_lesson_is_skipped_only_if_it_was_not_sent_meanwhile() -> None:
    subscriber, skip = sent(confirmed()), Request(Command.SKIP)
    place = Place.of(subscriber)
    came = sent(subscriber)
    assert obey(skip, came, COURSE, MONDAY, place) is came
    assert notice_after(skip, came, COURSE, place) == "help"
    one_came_after = sent(obey(skip, subscriber, COURSE, MONDAY, place))
    assert notice_after(skip, one_came_after, COURSE, place) == "skipped"
    new_round = one_came_after.beginning_again(PLAN_AGAIN, MONDAY)
    assert notice_after(skip, new_round, COURSE, place) == "help"


def test_a_command_that_changes_something_is_too_late_after_a_day_but_stop_never_is() -> None:
    def late(command: Command, after: timedelta, answered: str = "own-it") -> bool:
        return too_late(Request(command), answered, MONDAY, MONDAY + after)

    never = {Command.STOP, Command.JOURNAL, Command.EXPORT, Command.ERASE, Command.HELP}
    assert {command for command in Command if not late(command, DAY + timedelta(seconds=1))} == never
    assert not any(late(command, DAY) for command in Command)
    assert not late(Command.YES, 3 * DAY, ERASE_NOTICE), "the question whether to delete has another limit, a week"
    assert late(Command.PAUSE, 3 * DAY, ERASE_NOTICE)


def test_a_place_is_read_as_it_was_stored() -> None:
    for subscriber in (after(1), after(3), after(1).stopped(Status.UNSUBSCRIBED), replace(after(1), round=12)):
        noted = Place.read(str(Place.of(subscriber)))
        assert noted == Place.of(subscriber)
        assert noted.in_course is subscriber.is_in_course


def test_a_command_that_changed_nothing_is_not_reported_as_done() -> None:
    done, stopped = after(3), after(1).stopped(Status.UNSUBSCRIBED)
    for request in (Request(Command.PAUSE), Request(Command.RESUME), Request(Command.YES), Request(Command.SKIP)):
        assert notice_after(request, obey(request, done, COURSE, MONDAY), COURSE, Place.of(done)) == "help"
        assert not is_fulfilled(request, obey(request, stopped, COURSE, MONDAY), COURSE, Place.of(stopped))
    assert not is_fulfilled(Request(Command.HELP), None, COURSE, Place.of(done))
    assert not is_fulfilled(
        Request(Command.TIME, hour=9),
        obey(Request(Command.TIME, hour=9), stopped, COURSE, MONDAY),
        COURSE,
        Place.of(stopped),
    )


@pytest.mark.parametrize(
    "text",
    [
        "STOP\n\nAnn Smith",
        "Stop.\n\nBest,\nAnn Smith",
        "Stop\n\nLove, Ann",
        "Please stop sending me these emails",
        "Basta",
    ],
)
def test_u6_stop_is_obeyed_with_a_sign_off_or_in_plain_words(text: str) -> None:
    assert command_in(text, "", COURSE, MONDAY.date(), "Ann") == Request(Command.STOP)


def test_a_sentence_that_ends_with_the_name_is_not_a_command_with_a_sign_off() -> None:
    assert command_in("Stop\nsaid Ann to me", "", COURSE, MONDAY.date(), "Ann") is None
    assert command_in("I said stop.\n\nAnn", "", COURSE, MONDAY.date(), "Ann") is None


def test_a_pause_by_reply_has_at_most_a_year_and_a_longer_one_lasts_until_resume() -> None:
    assert asked("pause 365 days") == Request(Command.PAUSE, until=TODAY + 365 * DAY)
    assert asked("pause 366 days") == Request(Command.PAUSE)
