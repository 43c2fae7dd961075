"""Notices of changes that were made by a link: one for every stop, and two a day for other presses."""

import re
from datetime import timedelta

import pytest

from aws.outbox import Outbox
from local_cloud.cloud import World
from tests.people import Person, one_click
from tests.stories import next_email, reads, without_schedules

BY_LINK = "It was done by a link in one of our emails, or on your page."
LAST_TODAY = "If more is changed by a link today"


def notices(person: Person) -> list[str]:
    """The ids of the notices that came, without the first confirmation email."""
    lessons = {"intro", "acknowledge", "own-it", "apology-in-action", "no-rush-to-forgiveness", "safety-first"}
    return [email.tags["email"] for email in person.emails[1:] if email.tags["email"] not in lessons]


@pytest.mark.parametrize("way", ["one click", "button", "page"])
def test_p4_a_stop_sends_one_notice_whichever_link_is_used_and_however_often(world: World, way: str) -> None:
    ann = reads(Person(world), 1)
    click, button, page = one_click(ann.emails[-1]), ann.link("/unsubscribe/"), ann.page_url
    for _ in range(3):
        match way:
            case "one click":
                world.request("POST", click, form={"List-Unsubscribe": "One-Click"})
            case "button":
                world.request("POST", f"{button}?now=yes", form={})
            case _:
                world.request("POST", f"{page}/stop", form={})
    world.request("POST", click, form={"List-Unsubscribe": "One-Click"})
    ann.replies("STOP")
    assert notices(ann) == ["goodbye"]
    assert BY_LINK in (ann.emails[-1].text or "")
    assert LAST_TODAY not in (ann.emails[-1].text or "")


def test_p4_a_stop_of_a_later_sign_up_sends_another_notice(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.presses("stop")
    without_schedules(world, timedelta(days=3))
    ann.signs_up()
    ann.confirms()
    ann.presses("stop")
    assert notices(ann) == ["goodbye", "confirm", "goodbye"]


def test_p4_a_stop_interrupted_before_its_notice_sends_it_at_the_next_press(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = reads(Person(world), 1)
    with monkeypatch.context() as broken:
        broken.setattr(Outbox, "notice", lambda *_, **__: 1 / 0)
        ann.presses("stop")
    assert (ann.row["status"], notices(ann)) == ("unsubscribed", [])
    ann.presses("stop")
    assert notices(ann) == ["goodbye"]
    world.failures.clear()


def test_p4_stopping_an_unconfirmed_sign_up_sends_no_email(world: World) -> None:
    ann = Person(world)
    ann.signs_up()
    world.request("POST", one_click(ann.emails[-1]), form={})
    assert (ann.row["status"], len(ann.emails)) == ("unsubscribed", 1)


@pytest.mark.parametrize(
    ("press", "notice", "undo"),
    [
        ("pause", "paused", "/resume"),
        ("skip", "skipped", "/unskip"),
        ("again", "again", ""),
        ("not-yet", "welcome-back", "/yes"),
        ("time", "time", "/time"),
    ],
)
def test_p4_a_press_sends_one_notice_with_the_button_that_undoes_it(
    world: World, press: str, notice: str, undo: str
) -> None:
    ann = reads(Person(world), 2)
    place = re.search(r'name="place" value="([^"]*)"', world.request("GET", f"{ann.page_url}/{press}").text)
    for _ in range(2):
        ann.presses(press, hour="9", zone="Europe/Berlin", place=place[1] if place else "")
    assert notices(ann) == [notice]
    assert BY_LINK in (ann.emails[-1].text or "")
    if undo:
        assert world.request("GET", ann.link(undo)).status in (200, 303)
    else:
        assert "/yes" not in (ann.emails[-1].text or ""), "it would lead to the closing letter, not back to their place"


def test_p4_an_answer_to_the_way_back_sends_a_notice(world: World) -> None:
    ann = reads(Person(world), 5)
    ann.presses("yes")
    assert notices(ann) == ["noted"]
    world.request("POST", ann.link("/not-yet"), form={})
    assert notices(ann) == ["noted", "welcome-back"]


def test_p4_two_presses_a_day_send_notices_and_the_second_notice_says_that_it_is_the_last(world: World) -> None:
    ann = reads(Person(world), 2)
    for _ in range(4):
        ann.presses("pause")
        ann.presses("resume")
    assert notices(ann) == ["paused", "paused"]
    assert [LAST_TODAY in (email.text or "") for email in ann.emails[-2:]] == [False, True]
    ann.presses("stop")
    assert notices(ann) == ["paused", "paused", "goodbye"], "a stop always sends a notice"


def test_p4_presses_send_notices_again_the_next_day(world: World) -> None:
    ann = reads(Person(world), 1)
    for _ in range(3):
        ann.presses("skip")
    next_email(world)
    ann.presses("pause")
    assert notices(ann)[-1] == "paused"


def test_p4_a_break_of_a_month_sends_a_notice(world: World) -> None:
    ann = reads(Person(world), 1)
    world.request("POST", f"{ann.link('/unsubscribe/')}?instead=break", form={})
    assert notices(ann) == ["paused"]


def test_the_notice_of_a_command_by_reply_does_not_mention_a_link(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("PAUSE")
    assert notices(ann) == ["paused"]
    assert BY_LINK not in (ann.emails[-1].text or "")
