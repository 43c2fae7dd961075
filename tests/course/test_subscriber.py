"""The changes that people make: sign up, confirm, pause, resume, start again, stop."""

from dataclasses import replace
from datetime import date, timedelta

from course import delivery
from course.record import Held, SignUp, Status
from course.schedule import local_day
from course.subscriber import Subscriber, new_epoch
from tests.course.subscribers import MONDAY, PLAN, PLAN_AGAIN, after, confirmed, held, pending, sent

DAY = timedelta(days=1)


def test_a_sign_up_has_no_effect_before_its_confirmation() -> None:
    waiting = pending()
    assert waiting.status is Status.PENDING
    assert waiting.next_email == "confirm"
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


def test_the_first_lesson_comes_the_next_morning_even_after_a_late_evening_sign_up() -> None:
    introduced = sent(confirmed())
    assert introduced.next_lesson == "acknowledge"
    assert introduced.due_at is not None
    assert local_day(introduced.due_at, "Europe/Berlin") == date(2026, 11, 24)


def test_lessons_come_on_consecutive_local_days_and_then_the_course_is_completed() -> None:
    done = after(3)
    assert [local_day(at, "Europe/Berlin").day for at in done.sent.values()] == [23, 24, 25, 26]
    assert (done.status, done.next_lesson, done.has_next_email) == (Status.COMPLETED, None, False)


def test_a_pause_keeps_the_place_and_resume_never_sends_two_lessons_on_a_day() -> None:
    paused = after(1).paused()
    assert not paused.has_next_email
    same_day = paused.resumed(MONDAY + DAY)
    assert same_day.next_lesson == "own-it"
    assert same_day.due_at is not None
    assert local_day(same_day.due_at, "Europe/Berlin") == date(2026, 11, 25)
    a_week_on = paused.resumed(MONDAY + 7 * DAY)
    assert a_week_on.due_at is not None
    assert local_day(a_week_on.due_at, "Europe/Berlin") == date(2026, 12, 1)


def test_a_pause_until_a_day_ends_by_itself_on_that_day_at_the_chosen_hour() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    assert (paused.status, paused.has_next_email, paused.next_lesson) == (Status.PAUSED, True, "own-it")
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
    assert not later.paused().has_next_email
    assert later.paused().paused(date(2026, 12, 3)).has_next_email
    resumed = later.resumed(MONDAY + 3 * DAY)
    assert resumed.due_at
    assert (resumed.status, resumed.paused_until, local_day(resumed.due_at, "Europe/Berlin").day) == (
        "active",
        None,
        27,
    )
    assert later.beginning_again(PLAN_AGAIN, MONDAY + 3 * DAY).paused_until is None
    assert later.stopped(Status.UNSUBSCRIBED).paused_until is None


def test_a_pause_lasts_until_its_day_even_if_the_zone_changes_or_emails_bounce() -> None:
    paused = after(1).paused(date(2026, 12, 3))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        moved = paused.at_time(zone, 23, MONDAY + 2 * DAY)
        assert moved.due_at
        assert local_day(moved.due_at, zone) == date(2026, 12, 3)
    assert softly_bounced(paused, *"12345") is paused, "nothing is sent that could bounce"
    asked = softly_bounced(after(1), *"12345").paused(date(2026, 12, 3))
    assert asked.due_at
    resumed = asked.after_pause(asked.due_at)
    assert (resumed.soft_bounces, resumed.bounce_pauses) == ((), None), "a pause that was asked for resets both"


def test_after_a_pause_until_a_day_with_a_lesson_the_next_lesson_comes_a_day_later() -> None:
    morning = after(1)
    assert morning.last_day
    paused = morning.paused(morning.last_day)
    assert paused.due_at == morning.due_at


def test_a_pause_until_a_day_ends_if_the_closing_letter_was_being_sent() -> None:
    from course import delivery

    due = after(2)
    assert due.due_at
    paused = delivery.claim(due, "attempt", due.due_at).paused(date(2026, 12, 3))
    done = delivery.commit(paused, "attempt", "ses-id", due.due_at)
    assert (done.status, done.paused_until, done.has_next_email) == (Status.COMPLETED, None, False)


def test_a_commit_after_a_pause_does_not_end_the_pause() -> None:
    from course import delivery

    due = sent(confirmed())
    assert due.due_at
    claimed = delivery.claim(due, "attempt", due.due_at)
    paused = claimed.paused()
    done = delivery.commit(paused, "attempt", "ses-id", due.due_at)
    assert "acknowledge" in done.sent
    assert (done.status, done.has_next_email) == (Status.PAUSED, False)


def test_resume_completes_the_course_if_the_closing_letter_was_sent_in_the_pause() -> None:
    done = replace(after(3), status=Status.PAUSED)
    assert done.resumed(MONDAY + 9 * DAY).status is Status.COMPLETED


def test_a_new_round_starts_at_lesson_one_the_next_day_without_an_introduction() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert (again.round, again.next_lesson, again.plan) == (2, "acknowledge", PLAN_AGAIN)
    assert again.due_at is not None
    assert local_day(again.due_at, "Europe/Berlin") == date(2026, 11, 26)


def test_two_requests_for_a_new_round_start_one_round() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert again.beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY) == again


def test_a_new_round_can_start_after_the_end_or_in_a_pause_but_not_after_stop() -> None:
    assert after(3).beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY).status is Status.ACTIVE
    assert after(2).paused().beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY).status is Status.ACTIVE
    stopped = after(2).stopped(Status.UNSUBSCRIBED)
    assert stopped.beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY) is stopped


def test_yes_after_not_yet_goes_on_to_the_closing_letter() -> None:
    again = after(2).beginning_again(PLAN_AGAIN, MONDAY + 2 * DAY)
    assert again.concluding().next_lesson == "keep-showing-up"
    under_way = sent(again)
    assert under_way.concluding() is under_way


def test_stop_ends_every_email_and_never_overwrites_a_complaint() -> None:
    stopped = after(1).stopped(Status.COMPLAINED)
    assert (stopped.status, stopped.has_next_email) == (Status.COMPLAINED, False)
    assert stopped.stopped(Status.UNSUBSCRIBED).status is Status.COMPLAINED


def test_stop_releases_a_held_subscriber() -> None:
    """No operator needs to release the subscriber: no email is due any more."""
    assert held(after(1)).stopped(Status.UNSUBSCRIBED).held == ""
    complained = replace(after(1).stopped(Status.COMPLAINED), held=Held.IN_DOUBT)
    assert complained.stopped(Status.UNSUBSCRIBED) is complained


def test_stop_makes_the_link_of_a_waiting_sign_up_invalid() -> None:
    stopped = pending().stopped(Status.UNSUBSCRIBED)
    assert stopped.confirmed(1057, PLAN, MONDAY) is stopped
    assert stopped.epoch == 1057


def test_an_unconfirmed_sign_up_of_an_earlier_subscriber_is_forgotten_after_seven_days() -> None:
    stopped = after(1).stopped(Status.UNSUBSCRIBED)
    asked = MONDAY + 3 * DAY
    waits = replace(stopped.signing_up(SignUp(1060, asked, "Mallory", "UTC", 3)), held=Held.ADDRESS)
    assert waits.without_old_sign_up(asked + 7 * DAY - timedelta(seconds=1)) is waits
    assert waits.without_old_sign_up(asked + 7 * DAY) == stopped
    assert pending().without_old_sign_up(MONDAY + 30 * DAY) == pending(), "the whole item expires"
    assert stopped.without_old_sign_up(asked + 30 * DAY) is stopped


def test_a_sign_up_changes_nothing_in_a_course_that_goes_on_or_was_stopped_for_good() -> None:
    later = SignUp(1060, MONDAY + 3 * DAY, "Mallory", "UTC", 3)
    for subscriber in (after(1), after(1).paused(), after(1).stopped(Status.BOUNCED)):
        assert subscriber.signing_up(later) is subscriber


def test_the_last_obeyed_mails_are_remembered_until_the_next_sign_up() -> None:
    someone = after(3)
    for mail in ("1", "2", "3", "2", "4", "5", "6"):
        someone = someone.having_obeyed(mail)
    assert someone.obeyed == ("2", "3", "4", "5", "6")
    later = MONDAY + 9 * DAY
    waiting = someone.signing_up(SignUp(1066, later, "Ann", "Europe/Berlin", 7))
    assert waiting.obeyed == ()
    assert waiting.signed_up_since(later - timedelta(seconds=1)), "so an earlier mail is recognised by its time"
    assert not waiting.signed_up_since(later)
    assert not someone.signed_up_since(MONDAY)


def test_a_new_sign_up_keeps_the_rounds_and_never_sends_two_emails_on_a_day() -> None:
    morning = after(1)
    assert morning.last_at
    back = morning.stopped(Status.UNSUBSCRIBED).signing_up(
        SignUp(1058, morning.last_at + timedelta(hours=2), "Ann", "Europe/Berlin", 7)
    )
    assert back.next_email == "confirm"
    started = back.confirmed(1058, PLAN, morning.last_at + timedelta(hours=2))
    assert (started.round, started.epoch, started.next_lesson, started.sent) == (2, 1058, "intro", {})
    assert started.due_at is not None
    assert local_day(started.due_at, "Europe/Berlin") > local_day(morning.last_at, "Europe/Berlin")


def test_a_change_of_zone_never_sends_two_lessons_on_one_day_of_either_zone() -> None:
    """Across the date line, in both directions."""
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


def test_a_change_of_hour_does_not_delay_the_introduction() -> None:
    assert confirmed().at_time("Europe/Berlin", 22, MONDAY).due_at == MONDAY


def test_a_new_round_replaces_a_waiting_sign_up() -> None:
    done = after(3)
    asked = done.signing_up(SignUp(1070, MONDAY + 9 * DAY, "Ann", "Europe/Berlin", 7, email_sent=True))
    again = asked.beginning_again(PLAN_AGAIN, MONDAY + 9 * DAY)
    assert (again.next_email, again.has_next_email) == ("acknowledge", True)
    assert again.confirmed(1070, PLAN, MONDAY + 9 * DAY) is again, "the link of that sign-up is no longer valid"


def test_confirming_releases_a_subscriber_held_for_the_confirmation_email() -> None:
    started = replace(pending(), held=Held.IN_DOUBT).confirmed(1057, PLAN, MONDAY)
    assert (started.held, started.has_next_email) == ("", True)


def test_a_new_sign_up_in_another_zone_counts_the_last_day_in_both_zones() -> None:
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


def test_a_transient_bounce_counts_once_even_if_its_event_is_repeated() -> None:
    once = softly_bounced(after(1), "first")
    assert once.soft_bounces == ("first",)
    assert softly_bounced(once, "first") is once
    twice = softly_bounced(once, "second", "first", "second")
    assert (twice.soft_bounces, twice.status) == (("first", "second"), Status.ACTIVE)


def test_the_fifth_transient_bounce_pauses_the_course_and_keeps_the_place() -> None:
    four = softly_bounced(after(1), "1", "2", "3", "4")
    assert (four.status, four.has_next_email, four.due_at) == (Status.ACTIVE, True, after(1).due_at)
    five = softly_bounced(four, "5")
    assert (five.status, five.paused_until, five.next_lesson) == (Status.PAUSED, date(2026, 11, 28), "own-it")
    assert softly_bounced(five, "5", "6") is five


def going_on(subscriber: Subscriber) -> Subscriber:
    """The subscriber after the end of the pause, with the next lesson sent."""
    assert subscriber.due_at
    return sent(subscriber.after_pause(subscriber.due_at))


def test_f9_a_bounce_after_a_pause_gives_a_pause_in_a_row_and_the_third_pause_stays() -> None:
    of_ten = tuple(f"lesson-{number}" for number in range(10))
    first = softly_bounced(replace(after(1), plan=of_ten, next_lesson=of_ten[0]), *"12345")
    second = softly_bounced(going_on(first), "6")
    assert (first.bounce_pauses, second.bounce_pauses, second.status) == (1, 2, Status.PAUSED)
    assert second.paused_until
    third = softly_bounced(going_on(second), "7")
    assert (third.bounce_pauses, third.status, third.paused_until) == (3, Status.PAUSED, None)

    arrived = sent(going_on(second))  # two lessons without a bounce
    assert (arrived.soft_bounces, arrived.bounce_pauses) == ((), None)
    assert softly_bounced(arrived, *"7890").status is Status.ACTIVE
    assert softly_bounced(arrived, *"78901").paused_until, "this pause is the first in a row"


def test_the_count_of_bounces_starts_at_zero_after_resume_again_or_a_new_sign_up() -> None:
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


def test_a_bounce_of_the_confirmation_email_does_not_count_in_the_course() -> None:
    started = softly_bounced(pending(), "confirm").confirmed(1057, PLAN, MONDAY)
    assert started.soft_bounces == ()


def test_soft_bounces_change_no_subscriber_who_completed_or_stopped() -> None:
    for subscriber in (after(3), after(1).stopped(Status.UNSUBSCRIBED), after(1).stopped(Status.COMPLAINED)):
        assert softly_bounced(subscriber, *"12345").status is subscriber.status


def test_a_new_sign_up_after_midnight_waits_for_the_gap() -> None:
    """A lesson of an earlier round came at 23:00; the introduction must not come two hours later."""
    evening = sent(sent(replace(confirmed(), hour=23)))
    assert evening.last_at
    night = evening.last_at + timedelta(hours=2)
    asked = SignUp(1059, night, "Ann", "Europe/Berlin", 7)
    started = evening.stopped(Status.UNSUBSCRIBED).signing_up(asked).confirmed(1059, PLAN, night)
    assert started.due_at
    assert local_day(night, "Europe/Berlin") > local_day(evening.last_at, "Europe/Berlin")
    assert started.due_at >= evening.last_at + timedelta(hours=12)


def test_attempts_of_an_earlier_round_are_forgotten_at_a_new_sign_up() -> None:
    stopped = replace(after(1), unsettled={"first": "intro"}).stopped(Status.UNSUBSCRIBED)
    asked = SignUp(1070, MONDAY + 9 * DAY, "Ann", "Europe/Berlin", 7)
    assert not stopped.signing_up(asked).confirmed(1070, PLAN, MONDAY + 9 * DAY).unsettled


def test_only_a_paused_course_can_be_resumed() -> None:
    for other in (pending(), after(1), after(3), after(1).stopped(Status.UNSUBSCRIBED)):
        assert other.resumed(MONDAY + 9 * DAY) == other


def test_a_lesson_uses_its_local_day_in_the_new_zone() -> None:
    """When Tuesday's lesson came at 14:00 in Berlin, it was 3:00 on Wednesday in Kiritimati."""
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


def test_r20_the_next_lesson_mentions_a_reply_from_another_address_once() -> None:
    told = after(1).note_other_address()
    assert told.mention_other_address_in == 1
    assert told.note_other_address() is told, "several replies count once"
    assert sent(told).mention_other_address_in is None
    assert told.beginning_again(PLAN_AGAIN, MONDAY + 3 * DAY).mention_other_address_in == 1
    assert pending().note_other_address() == pending(), "a reply before the start of the course is not mentioned"


def test_r20_the_lesson_after_the_one_being_sent_mentions_the_reply() -> None:
    due = after(1)
    assert due.due_at
    claimed = delivery.claim(due, "attempt", due.due_at).note_other_address()
    done = delivery.commit(claimed, "attempt", "ses-id", due.due_at)
    assert (claimed.mention_other_address_in, done.mention_other_address_in) == (2, 1)
    assert sent(done).mention_other_address_in is None


def test_r20_a_later_sign_up_mentions_no_reply_to_an_earlier_one() -> None:
    left = after(1).note_other_address().stopped(Status.UNSUBSCRIBED)
    later = MONDAY + 30 * DAY
    back = left.signing_up(SignUp(1087, later, "Ann", "Europe/Berlin", 7))
    assert back.confirmed(1087, PLAN, later).mention_other_address_in is None
