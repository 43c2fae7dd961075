"""What people do: sign up, confirm, pause, go on, begin again, stop."""

from dataclasses import replace
from datetime import date, timedelta

from course import delivery
from course.record import Held, SignUp, Status
from course.schedule import local_day
from course.subscriber import Subscriber, new_epoch
from tests.course.subscribers import MONDAY, PLAN, PLAN_AGAIN, after, confirmed, held, pending, sent

DAY = timedelta(days=1)


def test_a_sign_up_waits_for_its_confirmation_and_nothing_of_it_counts_before() -> None:
    waiting = pending()
    assert waiting.status is Status.PENDING
    assert waiting.due_email == "confirm"
    assert (waiting.first_name, waiting.zone, waiting.epoch) == ("", "UTC", 0)


def test_confirming_makes_the_introduction_due_at_once() -> None:
    started = confirmed()
    assert (started.status, started.round, started.next_lesson) == (Status.ACTIVE, 1, "intro")
    assert started.due_at == MONDAY
    assert (started.first_name, started.zone, started.hour) == ("Ann", "Europe/Berlin", 7)


def test_a_confirmation_of_another_sign_up_changes_nothing() -> None:
    waiting = pending()
    assert waiting.confirmed(1056, PLAN, MONDAY) is waiting
    started = confirmed()
    assert started.confirmed(1057, PLAN, MONDAY) is started


def test_the_first_lesson_comes_the_next_morning_even_after_a_late_evening() -> None:
    introduced = sent(confirmed())
    assert introduced.next_lesson == "acknowledge"
    assert introduced.due_at is not None
    assert local_day(introduced.due_at, "Europe/Berlin") == date(2026, 11, 24)


def test_lessons_come_on_consecutive_local_days_and_then_the_course_is_completed() -> None:
    done = after(3)
    assert [local_day(at, "Europe/Berlin").day for at in done.sent.values()] == [23, 24, 25, 26]
    assert (done.status, done.next_lesson, done.waiting) == (Status.COMPLETED, None, False)


def test_a_pause_keeps_the_place_and_going_on_never_sends_two_on_a_day() -> None:
    paused = after(1).paused()
    assert not paused.waiting
    same_day = paused.resumed(MONDAY + DAY)
    assert same_day.next_lesson == "own-it"
    assert same_day.due_at is not None
    assert local_day(same_day.due_at, "Europe/Berlin") == date(2026, 11, 25)
    a_week_on = paused.resumed(MONDAY + 7 * DAY)
    assert a_week_on.due_at is not None
    assert local_day(a_week_on.due_at, "Europe/Berlin") == date(2026, 12, 1)


def test_a_pause_until_a_day_ends_by_itself_on_that_day_at_the_chosen_hour() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    assert (paused.status, paused.waiting, paused.next_lesson) == (Status.PAUSED, True, "own-it")
    assert paused.due_at
    assert (local_day(paused.due_at, "Europe/Berlin"), paused.due_at.hour) == (date(2026, 12, 3), 6)
    assert paused.after_pause(paused.due_at - timedelta(hours=8)) is paused
    going_on = paused.after_pause(paused.due_at)
    assert (going_on.status, going_on.paused_until, going_on.due_at) == (Status.ACTIVE, None, paused.due_at)


def test_a_pause_can_be_changed_and_ended_before_its_day() -> None:
    until = after(1).paused(date(2026, 12, 3))
    assert until.paused(date(2026, 12, 3)) is not None
    assert until.paused(date(2026, 12, 3)) == until
    later = until.paused(date(2027, 1, 4))
    assert later.due_at
    assert local_day(later.due_at, "Europe/Berlin") == date(2027, 1, 4)
    assert not later.paused().waiting
    assert later.paused().paused(date(2026, 12, 3)).waiting
    resumed = later.resumed(MONDAY + 3 * DAY)
    assert resumed.due_at
    assert (resumed.status, resumed.paused_until, local_day(resumed.due_at, "Europe/Berlin").day) == (
        "active",
        None,
        27,
    )
    assert later.beginning_again(PLAN_AGAIN, MONDAY + 3 * DAY).paused_until is None
    assert later.stopped(Status.UNSUBSCRIBED).paused_until is None


def test_whatever_changes_meanwhile_a_pause_lasts_until_its_day() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        moved = paused.at_time(zone, 23, MONDAY + 2 * DAY)
        assert moved.due_at
        assert local_day(moved.due_at, zone) == date(2026, 12, 3)
    assert softly_bounced(paused, *"12345") is paused, "nothing is sent that could come back"
    asked = softly_bounced(after(1), *"12345").paused(date(2026, 12, 3))
    assert asked.due_at
    resumed = asked.after_pause(asked.due_at)
    assert (resumed.soft_bounces, resumed.bounce_pauses) == ((), None), "who asked for a day is counted from nothing"


def test_a_pause_until_a_day_on_which_a_lesson_was_sent_waits_for_the_next() -> None:
    morning = after(1)
    assert morning.last_day
    paused = morning.paused(morning.last_day)
    assert paused.due_at == morning.due_at


def test_a_pause_until_a_day_ends_with_the_last_letter_if_that_was_on_its_way() -> None:
    from course import delivery

    due = after(2)
    assert due.due_at
    paused = delivery.claim(due, "attempt", due.due_at).paused(date(2026, 12, 3))
    done = delivery.commit(paused, "attempt", "ses-id", due.due_at)
    assert (done.status, done.paused_until, done.waiting) == (Status.COMPLETED, None, False)


def test_a_commit_after_a_pause_does_not_wake_anyone() -> None:
    from course import delivery

    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "attempt", due.due_at)
    paused = claimed.paused()
    done = delivery.commit(paused, "attempt", "ses-id", due.due_at)
    assert "acknowledge" in done.sent
    assert (done.status, done.waiting) == (Status.PAUSED, False)


def test_pausing_before_the_last_letter_was_committed_completes_on_going_on() -> None:
    done = replace(after(3), status=Status.PAUSED)
    assert done.resumed(MONDAY + 9 * DAY).status is Status.COMPLETED


def test_a_new_round_begins_at_lesson_one_the_next_day_without_an_introduction() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert (again.round, again.next_lesson, again.plan) == (2, "acknowledge", PLAN_AGAIN)
    assert again.due_at is not None
    assert local_day(again.due_at, "Europe/Berlin") == date(2026, 11, 26)


def test_asking_twice_for_a_new_round_is_one_round() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert again.beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY) == again


def test_somebody_who_completed_or_paused_can_begin_again_and_somebody_who_stopped_cannot() -> None:
    assert after(3).beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY).status is Status.ACTIVE
    assert after(2).paused().beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY).status is Status.ACTIVE
    stopped = after(2).stopped(Status.UNSUBSCRIBED)
    assert stopped.beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY) is stopped


def test_yes_after_not_yet_goes_on_to_the_closing_letter() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert again.concluding().next_lesson == "keep-showing-up"
    under_way = sent(again)
    assert under_way.concluding() is under_way


def test_stopping_ends_every_email_and_a_complaint_is_never_overwritten() -> None:
    stopped = after(1).stopped(Status.COMPLAINED)
    assert (stopped.status, stopped.waiting) == (Status.COMPLAINED, False)
    assert stopped.stopped(Status.UNSUBSCRIBED).status is Status.COMPLAINED


def test_stopping_lets_go_of_what_was_held() -> None:
    """Nobody has to look any more: nothing is to come."""
    assert held(after(1)).stopped(Status.UNSUBSCRIBED).held == ""
    complained = replace(after(1).stopped(Status.COMPLAINED), held=Held.IN_DOUBT)
    assert complained.stopped(Status.UNSUBSCRIBED) is complained


def test_stopping_a_sign_up_that_waits_uses_it_up() -> None:
    stopped = pending().stopped(Status.UNSUBSCRIBED)
    assert stopped.confirmed(1057, PLAN, MONDAY) is stopped
    assert stopped.epoch == 1057


def test_a_sign_up_is_forgotten_after_seven_days_by_somebody_who_was_here_before() -> None:
    stopped = after(1).stopped(Status.UNSUBSCRIBED)
    asked = MONDAY + 3 * DAY
    waits = replace(stopped.signing_up(SignUp(1060, asked, "Mallory", "UTC", 3)), held=Held.ADDRESS)
    assert waits.without_old_sign_up(asked + 7 * DAY - timedelta(seconds=1)) is waits
    assert waits.without_old_sign_up(asked + 7 * DAY) == stopped
    assert pending().without_old_sign_up(MONDAY + 30 * DAY) == pending(), "the whole item expires"
    assert stopped.without_old_sign_up(asked + 30 * DAY) is stopped


def test_signing_up_again_does_not_touch_who_is_in_the_course_or_stopped_for_good() -> None:
    later = SignUp(1060, MONDAY + 3 * DAY, "Mallory", "UTC", 3)
    for subscriber in (after(1), after(1).paused(), after(1).stopped(Status.BOUNCED)):
        assert subscriber.signing_up(later) is subscriber


def test_the_last_mails_whose_command_was_obeyed_are_remembered_until_the_next_sign_up() -> None:
    someone = after(3)
    for mail in ("1", "2", "3", "2", "4", "5", "6"):
        someone = someone.having_obeyed(mail)
    assert someone.obeyed == ("2", "3", "4", "5", "6")
    later = MONDAY + 9 * DAY
    waiting = someone.signing_up(SignUp(1066, later, "Ann", "Europe/Berlin", 7))
    assert waiting.obeyed == ()
    assert waiting.signed_up_since(later - timedelta(seconds=1)), "so a mail from before is told by its time"
    assert not waiting.signed_up_since(later)
    assert not someone.signed_up_since(MONDAY)


def test_a_fresh_sign_up_keeps_the_rounds_and_never_sends_two_on_a_day() -> None:
    morning = after(1)
    assert morning.last_at
    back = morning.stopped(Status.UNSUBSCRIBED).signing_up(
        SignUp(1058, morning.last_at + timedelta(hours=2), "Ann", "Europe/Berlin", 7)
    )
    assert back.due_email == "confirm"
    started = back.confirmed(1058, PLAN, morning.last_at + timedelta(hours=2))
    assert (started.round, started.epoch, started.next_lesson, started.sent) == (2, 1058, "intro", {})
    assert started.due_at is not None
    assert local_day(started.due_at, "Europe/Berlin") > local_day(morning.last_at, "Europe/Berlin")


def test_another_zone_never_brings_two_lessons_onto_one_day_of_either_zone() -> None:
    """Across the date line, both ways."""
    for home, away in (("Pacific/Kiritimati", "Pacific/Pago_Pago"), ("Pacific/Pago_Pago", "Pacific/Kiritimati")):
        start = pending().confirmed(1057, PLAN, MONDAY)
        subscriber = sent(sent(replace(start, zone=home)))
        assert subscriber.last_at
        assert subscriber.last_day
        moved = subscriber.at_time(away, 7, subscriber.last_at + timedelta(hours=1))
        assert moved.due_at
        assert local_day(moved.due_at, away) > local_day(subscriber.last_at, away)
        assert local_day(moved.due_at, away) > subscriber.last_day
        assert moved.due_at >= subscriber.last_at + timedelta(hours=12)


def test_another_hour_does_not_delay_the_introduction() -> None:
    assert confirmed().at_time("Europe/Berlin", 22, MONDAY).due_at == MONDAY


def test_a_new_round_takes_the_place_of_a_sign_up_that_waits() -> None:
    done = after(3)
    asked = done.signing_up(SignUp(1070, MONDAY + 9 * DAY, "Ann", "Europe/Berlin", 7, mailed=True))
    again = asked.beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY)
    assert (again.due_email, again.waiting) == ("acknowledge", True)
    assert again.confirmed(1070, PLAN, MONDAY + 9 * DAY) is again, "the link of that sign-up is used up"


def test_confirming_lets_go_what_was_held_over_the_confirmation() -> None:
    started = replace(pending(), held=Held.IN_DOUBT).confirmed(1057, PLAN, MONDAY)
    assert (started.held, started.waiting) == ("", True)


def test_a_fresh_sign_up_in_another_zone_counts_the_day_in_both() -> None:
    morning = sent(sent(replace(confirmed(), zone="Pacific/Pago_Pago")))
    assert morning.last_at
    assert morning.last_day
    back = morning.last_at + timedelta(hours=13)
    asked = SignUp(1070, back, "Ann", "Pacific/Kiritimati", 7)
    started = morning.stopped(Status.UNSUBSCRIBED).signing_up(asked).confirmed(1070, PLAN, back)
    assert started.due_at
    assert local_day(started.due_at, started.zone) > local_day(morning.last_at, started.zone)


def test_epochs_count_days() -> None:
    assert new_epoch(MONDAY) == 1057
    assert new_epoch(MONDAY + DAY) == 1058


def softly_bounced(subscriber: Subscriber, *attempts: str) -> Subscriber:
    for attempt in attempts:
        subscriber = subscriber.soft_bounced(attempt, MONDAY + 2 * DAY)
    return subscriber


def test_an_email_that_came_back_for_now_counts_once_however_often_that_is_told() -> None:
    once = softly_bounced(after(1), "first")
    assert once.soft_bounces == ("first",)
    assert softly_bounced(once, "first") is once
    twice = softly_bounced(once, "second", "first", "second")
    assert (twice.soft_bounces, twice.status) == (("first", "second"), Status.ACTIVE)


def test_the_fifth_email_that_came_back_pauses_the_course_and_keeps_the_place() -> None:
    four = softly_bounced(after(1), "1", "2", "3", "4")
    assert (four.status, four.waiting, four.due_at) == (Status.ACTIVE, True, after(1).due_at)
    five = softly_bounced(four, "5")
    assert (five.status, five.paused_until, five.next_lesson) == (Status.PAUSED, date(2026, 11, 28), "own-it")
    assert softly_bounced(five, "5", "6") is five


def going_on(subscriber: Subscriber) -> Subscriber:
    """The pause is over, and the next lesson is sent."""
    assert subscriber.due_at
    return sent(subscriber.after_pause(subscriber.due_at))


def test_f9_a_pause_after_the_next_email_is_in_a_row_and_the_third_stays() -> None:
    of_ten = tuple(f"lesson-{number}" for number in range(10))
    first = softly_bounced(replace(after(1), plan=of_ten, next_lesson=of_ten[0]), *"12345")
    second = softly_bounced(going_on(first), "6")
    assert (first.bounce_pauses, second.bounce_pauses, second.status) == (1, 2, Status.PAUSED)
    assert second.paused_until
    third = softly_bounced(going_on(second), "7")
    assert (third.bounce_pauses, third.status, third.paused_until) == (3, Status.PAUSED, None)

    arrived = sent(going_on(second))  # two lessons, and nothing came back
    assert (arrived.soft_bounces, arrived.bounce_pauses) == ((), None)
    assert softly_bounced(arrived, *"7890").status is Status.ACTIVE
    assert softly_bounced(arrived, *"78901").paused_until, "it is the first in a row"


def test_who_resumes_begins_again_or_signs_up_anew_is_counted_from_nothing() -> None:
    five = softly_bounced(after(1), "1", "2", "3", "4", "5")
    back = MONDAY + 9 * DAY
    asked = SignUp(1070, back, "Ann", "Europe/Berlin", 7)
    for fresh in (
        five.resumed(back),
        five.beginning_again(PLAN_AGAIN, back),
        five.stopped(Status.UNSUBSCRIBED).signing_up(asked).confirmed(1070, PLAN, back),
    ):
        assert (fresh.status, fresh.soft_bounces, fresh.bounce_pauses) == (Status.ACTIVE, (), None)
        assert softly_bounced(fresh, "6", "7", "8", "9").status is Status.ACTIVE
        assert softly_bounced(fresh, "6", "7", "8", "9", "10").status is Status.PAUSED


def test_bounces_after_a_confirmation_that_came_back_are_the_courses_own() -> None:
    started = softly_bounced(pending(), "confirm").confirmed(1057, PLAN, MONDAY)
    assert started.soft_bounces == ()


def test_soft_bounces_wake_nobody_who_completed_or_stopped() -> None:
    for subscriber in (after(3), after(1).stopped(Status.UNSUBSCRIBED), after(1).stopped(Status.COMPLAINED)):
        assert softly_bounced(subscriber, *"12345").status is subscriber.status


def test_a_fresh_sign_up_after_midnight_waits_for_the_gap() -> None:
    """The lesson of an earlier run came at eleven in the evening: the introduction comes not two hours later."""
    evening = sent(sent(replace(confirmed(), hour=23)))
    assert evening.last_at
    night = evening.last_at + timedelta(hours=2)
    asked = SignUp(1059, night, "Ann", "Europe/Berlin", 7)
    started = evening.stopped(Status.UNSUBSCRIBED).signing_up(asked).confirmed(1059, PLAN, night)
    assert started.due_at
    assert local_day(night, "Europe/Berlin") > local_day(evening.last_at, "Europe/Berlin")
    assert started.due_at >= evening.last_at + timedelta(hours=12)


def test_attempts_of_an_earlier_run_are_forgotten_with_a_fresh_sign_up() -> None:
    stopped = replace(after(1), unsettled={"first": "intro"}).stopped(Status.UNSUBSCRIBED)
    asked = SignUp(1070, MONDAY + 9 * DAY, "Ann", "Europe/Berlin", 7)
    assert not stopped.signing_up(asked).confirmed(1070, PLAN, MONDAY + 9 * DAY).unsettled


def test_only_a_course_that_is_paused_can_be_resumed() -> None:
    for other in (pending(), after(1), after(3), after(1).stopped(Status.UNSUBSCRIBED)):
        assert other.resumed(MONDAY + 9 * DAY) == other


def test_a_lesson_takes_the_day_that_it_was_in_the_new_zone() -> None:
    """In Kiritimati it was three in the morning of Wednesday when Tuesday's lesson came to Berlin at two."""
    afternoon = sent(sent(replace(confirmed(), hour=14)))
    assert afternoon.last_at
    moved = afternoon.at_time("Pacific/Kiritimati", 23, afternoon.last_at + timedelta(hours=1))
    assert moved.due_at
    assert local_day(afternoon.last_at, "Pacific/Kiritimati") == date(2026, 11, 25)
    assert local_day(moved.due_at, "Pacific/Kiritimati") == date(2026, 11, 26)


def test_the_subscribers_of_one_hour_are_spread_over_45_minutes() -> None:
    minutes = [replace(confirmed(), id=f"{number:016}").minute for number in range(10_000)]
    assert {*minutes} == {*range(45)}
    assert max(map(minutes.count, range(45))) < 3 * min(map(minutes.count, range(45)))


def test_r20_a_reply_from_another_address_is_told_by_the_next_lesson_once() -> None:
    told = after(1).answered_by_another()
    assert told.another == 1
    assert told.answered_by_another() is told, "several are one"
    assert sent(told).another is None
    assert told.beginning_again(PLAN_AGAIN, MONDAY + 3 * DAY).another == 1
    assert pending().answered_by_another() == pending(), "nothing that came before the course is told in it"


def test_r20_a_lesson_that_was_on_its_way_leaves_it_to_the_next() -> None:
    due = after(1)
    assert due.due_at
    claimed = delivery.claim(due, "attempt", due.due_at).answered_by_another()
    done = delivery.commit(claimed, "attempt", "ses-id", due.due_at)
    assert (claimed.another, done.another) == (2, 1)
    assert sent(done).another is None


def test_r20_a_later_sign_up_tells_nothing_of_an_earlier_course() -> None:
    left = after(1).answered_by_another().stopped(Status.UNSUBSCRIBED)
    later = MONDAY + 30 * DAY
    back = left.signing_up(SignUp(1087, later, "Ann", "Europe/Berlin", 7))
    assert back.confirmed(1087, PLAN, later).another is None
