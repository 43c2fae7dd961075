"""The course page's use cases: whose page a link opens, what a press changes, the download, and erasing twice."""

import json
import re
from datetime import date
from html import unescape
from io import BytesIO
from zipfile import ZipFile

import pytest

from aws import clients
from content import export
from course.commands import Command
from course.errors import InvalidToken
from course.record import Status
from course.subscriber import Subscriber
from local_cloud.cloud import World
from services.links import course_page
from tests.people import Person
from tests.stories import next_email, reads, unchanged


@pytest.fixture
def counts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is counted, by name."""
    counted: list[str] = []
    monkeypatch.setattr(course_page, "count", counted.append)
    return counted


def token_of(person: Person) -> str:
    return person.page_url.rpartition("/")[2]


def stored(person: Person) -> Subscriber:
    found = clients.subscribers().get(str(person.row["id"]))
    assert found
    return found


def test_a_link_opens_the_page_of_its_subscriber(world: World) -> None:
    ann = Person(world).joins()
    subscriber, course = course_page.opened(token_of(ann), world.now())
    assert (subscriber, course.id) == (stored(ann), "rebuild-trust")


def test_a_link_of_an_earlier_sign_up_or_of_an_erased_subscriber_opens_nothing(world: World) -> None:
    ann = Person(world).joins()
    token, subscriber_id = token_of(ann), str(ann.row["id"])
    clients.subscribers().erase(subscriber_id)
    with pytest.raises(InvalidToken, match="erased"):
        course_page.opened(token, world.now())
    clients.subscribers().save(Subscriber(subscriber_id, "rebuild-trust", ann.address, epoch=1))
    with pytest.raises(InvalidToken, match="later sign-up"):
        course_page.opened(token, world.now())


def test_a_press_tells_whether_it_is_so_now(world: World, counts: list[str]) -> None:
    ann = reads(Person(world), 1)
    _, course = course_page.opened(token_of(ann), world.now())
    assert course_page.press(Command.PAUSE, stored(ann), course, world.now(), date(2026, 12, 24))
    assert (ann.row["status"], ann.row["paused_until"]) == ("paused", "2026-12-24")
    assert course_page.press(Command.RESUME, stored(ann), course, world.now())
    with unchanged(world):
        assert course_page.press(Command.RESUME, stored(ann), course, world.now()), "twice is once"
        assert not course_page.press(Command.YES, stored(ann), course, world.now()), "there is no new round"
    assert counts == ["Command.pause", "Command.resume", "Command.resume", "Command.yes"]


def test_a_press_after_everything_is_erased_is_not_so(world: World, counts: list[str]) -> None:
    ann = reads(Person(world), 1)
    before, course = course_page.opened(token_of(ann), world.now())
    clients.subscribers().erase(before.id)
    assert not course_page.press(Command.STOP, before, course, world.now())
    assert not course_page.change_time(before.id, "UTC", 8, world.now())
    assert not world.subscribers()


def test_another_hour_and_zone_are_stored(world: World) -> None:
    ann = reads(Person(world), 1)
    for _ in range(2):
        assert course_page.change_time(str(ann.row["id"]), "Asia/Tokyo", 21, world.now())
        assert (ann.row["zone"], ann.row["hour"]) == ("Asia/Tokyo", 21)


def test_a_part_of_the_download_behind_the_last_reflection_has_none(world: World, counts: list[str]) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I went.")
    subscriber, course = course_page.opened(token_of(ann), world.now())
    for after, texts in (("", ["I went."]), ("one", [])):
        archive = course_page.archive(subscriber, course, after, world.now())
        data = json.loads(ZipFile(BytesIO(archive)).read("data.json"))
        assert [one["text"] for one in data["reflections"]] == texts
    assert counts == ["Exported", "Exported"]


def test_erasing_tells_the_language_once_and_then_nothing_is_left(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    token = token_of(ann)
    assert course_page.erase(token, world.now()) is clients.library().languages["en"]
    assert course_page.erase(token, world.now()) is None
    assert (world.subscribers(), counts) == ([], ["Erased"])
    with pytest.raises(InvalidToken):
        course_page.erase(f"{token}x", world.now())


def test_a_link_of_an_earlier_sign_up_erases_nothing(world: World, counts: list[str]) -> None:
    ann = Person(world).joins()
    token, subscriber_id = token_of(ann), str(ann.row["id"])
    clients.subscribers().erase(subscriber_id)
    clients.subscribers().save(Subscriber(subscriber_id, "rebuild-trust", ann.address, Status.ACTIVE, epoch=1))
    with unchanged(world), pytest.raises(InvalidToken):
        course_page.erase(token, world.now())
    assert counts == []


# ---------------------------------------------------------------- by the buttons of the page


def test_everything_that_is_kept_in_one_file(world: World) -> None:
    ann = reads(Person(world, first_name="Zoë"), 1)
    ann.replies("“I never said it.” <b>")
    with unchanged(world):
        assert "Download the file" in world.request("GET", f"{ann.page_url}/export").text
        answer = world.request("POST", f"{ann.page_url}/export", form={"after": ""})
        again = world.request("POST", f"{ann.page_url}/export")
    assert answer.status == again.status == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.zip"'
    assert answer.headers["cache-control"] == "no-store"
    with ZipFile(BytesIO(answer.body)) as bundle:
        data, html = json.loads(bundle.read("data.json")), bundle.read("journal.html").decode()
    stored = {name: value for name, value in ann.row.items() if name not in ("due_shard", "expires_at")}
    assert stored.keys() <= data["subscriber"].keys()
    assert data["subscriber"]["address"] == "ann@example.net"
    assert (data["consent"]["language"], data["consent"]["by"]) == ("en", "button")
    assert [one["text"] for one in data["reflections"]] == ["“I never said it.” <b>"]
    assert "“I never said it.” &lt;b&gt;" in html
    assert "<script" not in html
    assert "http" not in html, "it needs nothing from anywhere"


def test_the_export_has_the_dates_of_every_round_and_says_what_is_not_in_it(world: World) -> None:
    """Kept in an item of their own, which goes with the subscriber."""
    ann = reads(Person(world), 1)
    rounds = {"1": ann.row["sent"]}
    ann.presses("again")
    next_email(world)
    rounds["2"] = ann.row["sent"]
    assert len(str(rounds["1"])) > len(str(rounds["2"])) > 2
    ann.replies("again")
    next_email(world)
    assert "Not in this file: mail that was set aside" in world.request("GET", f"{ann.page_url}/export").text
    with ZipFile(BytesIO(ann.presses("export").body)) as bundle:
        data, html = json.loads(bundle.read("data.json")), bundle.read("journal.html").decode()
    assert data["earlier_rounds"] == rounds
    assert data["subscriber"]["sent"].keys() == {"acknowledge"}
    assert "Not in this file: mail that was set aside" in html
    assert [row for row in world.rows("Subscribers") if row["id"].startswith("rounds#")]
    ann.presses("erase")
    assert not [row for row in world.rows("Subscribers") if "home" not in row]


def test_what_is_too_much_for_one_file_comes_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "IN_A_ZIP", 10)
    monkeypatch.setattr(export, "LISTED", 2)
    ann = reads(Person(world), 1)
    texts = ["The first of them.", "The second of them.", "The third of them."]
    for text in texts:
        ann.replies(text)
    page = world.request("GET", f"{ann.page_url}/export").text
    assert re.findall(r"Download file (\d)", page) == ["1", "2"]
    more = unescape(re.findall(r'href="(\?after=[^"]+)"', page)[0])
    last = world.request("GET", f"{ann.page_url}/export{more}").text
    assert re.findall(r"Download file (\d)", last) == ["3"]
    found = []
    for after in re.findall(r'name="after" value="([^"]*)"', page + last):
        answer = world.request("POST", f"{ann.page_url}/export", form={"after": unescape(after)})
        with ZipFile(BytesIO(answer.body)) as bundle:
            found += [one["text"] for one in json.loads(bundle.read("data.json"))["reflections"]]
            assert found[-1] in bundle.read("journal.html").decode()
    assert found == texts


def test_erasing_twice_says_again_that_it_is_erased(world: World) -> None:
    ann = Person(world).joins()
    page_url = ann.page_url
    for _ in range(2):
        assert "It is erased" in world.request("POST", f"{page_url}/erase", form={}).text
    assert world.request("POST", f"{page_url}/pause", form={}).status == 404
