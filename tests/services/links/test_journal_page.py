"""The journal page: how long its link works, the download, taking back a reflection, and erasure."""

import json
import re
from datetime import timedelta
from html import unescape
from io import BytesIO
from zipfile import ZipFile

import pytest

from content import export
from course.errors import InvalidToken
from local_cloud.cloud import World
from services.links import journal_page
from tests.people import Person
from tests.stories import next_email, reads, unchanged


def token_of(person: Person) -> str:
    return person.journal_url.rpartition("/")[2]


def raw_mail(world: World) -> list[str]:
    found = world.clients.s3.list_objects_v2(Bucket=world.resources.ref("RawMail"))
    return [each["Key"] for each in found.get("Contents", [])]


def test_a_link_opens_the_journal_for_24_hours(world: World) -> None:
    ann = reads(Person(world), 1)
    token = token_of(ann)
    subscriber, course = journal_page.opened(token, world.now() + timedelta(hours=23, minutes=59))
    assert (subscriber.id, course.id) == (ann.row["id"], "rebuild-trust")
    with pytest.raises(InvalidToken):
        journal_page.opened(token, world.now() + timedelta(hours=24))


def test_p5_a_link_is_random_and_stored_as_a_hash_only(world: World) -> None:
    ann = reads(Person(world), 1)
    tokens = [token_of(ann)]
    ann.world.advance(timedelta(minutes=2))
    ann.replies("JOURNAL")
    tokens.append(ann.link("/journal/").rpartition("/")[2])
    assert len(set(tokens)) == 2
    kept = json.dumps([world.rows(table) for table in world.tables()], default=str)
    assert not any(token[16:] in kept for token in tokens)
    for made_up in (tokens[0][:-1] + "x", tokens[0][:16], "", "a" * 48, tokens[0] + "x", tokens[0].swapcase()):
        with pytest.raises(InvalidToken):
            journal_page.opened(made_up, world.now())


def test_the_export_has_everything_that_is_kept_in_one_file(world: World) -> None:
    ann = reads(Person(world, first_name="Zoë"), 1)
    ann.replies("“I never said it.” <b>")
    assert ann.journal_url
    with unchanged(world):
        assert "Download the file" in ann.in_the_journal("data").text
        answer = ann.in_the_journal("export", after="")
        again = ann.in_the_journal("export")
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
    assert "http" not in html, "the file loads nothing"


def test_the_export_has_the_dates_of_every_round_and_says_what_is_not_in_it(world: World) -> None:
    """The dates are in a separate item, which is erased with the subscriber."""
    ann = reads(Person(world), 1)
    rounds = {"1": ann.row["sent"]}
    ann.presses("again")
    next_email(world)
    rounds["2"] = ann.row["sent"]
    assert len(str(rounds["1"])) > len(str(rounds["2"])) > 2
    ann.replies("again")
    next_email(world)
    assert "Not in this file: mail that was set aside" in ann.in_the_journal("data").text
    with ZipFile(BytesIO(ann.in_the_journal("export").body)) as bundle:
        data, html = json.loads(bundle.read("data.json")), bundle.read("journal.html").decode()
    assert data["earlier_rounds"] == rounds
    assert data["subscriber"]["sent"].keys() == {"acknowledge"}
    assert "Not in this file: mail that was set aside" in html
    assert [row for row in world.rows("Subscribers") if row["id"].startswith("rounds#")]
    ann.erases()
    assert not [row for row in world.rows("Subscribers") if "home" not in row]


def test_an_export_too_large_for_one_file_comes_in_parts(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "IN_A_ZIP", 10)
    monkeypatch.setattr(export, "LISTED", 2)
    ann = reads(Person(world), 1)
    texts = ["The first of them.", "The second of them.", "The third of them."]
    for text in texts:
        ann.replies(text)
    page = ann.in_the_journal("data").text
    assert re.findall(r"Download file (\d)", page) == ["1", "2"]
    more = dict(re.findall(r'name="(after|from)" value="([^"]*)">\n', page)[-2:])
    last = ann.in_the_journal("data", **{name: unescape(value) for name, value in more.items()}).text
    assert re.findall(r"Download file (\d)", last) == ["3"]
    found = []
    for after in re.findall(r'<button name="after" value="([^"]*)"', page + last):
        answer = ann.in_the_journal("export", after=unescape(after))
        with ZipFile(BytesIO(answer.body)) as bundle:
            found += [one["text"] for one in json.loads(bundle.read("data.json"))["reflections"]]
            assert found[-1] in bundle.read("journal.html").decode()
    assert found == texts


def test_one_reflection_is_taken_back_with_its_raw_mail(world: World) -> None:
    ann = reads(Person(world), 1)
    for text in ("This stays.", "This goes."):
        ann.replies(text)
    goes = next(row for row in ann.reflections if row["text"] == "This goes.")
    for _ in range(2):
        page = ann.in_the_journal("take-back", which=f"{goes['round']}#{goes['lesson']}#{goes['mail_id']}").text
        assert "It is deleted." in page
        assert "This goes." not in page
    assert [row["text"] for row in ann.reflections] == ["This stays."]
    assert [key for key in raw_mail(world) if str(goes["mail_id"]) in key] == []
    assert len(raw_mail(world)) == 1


def test_a_reflection_in_answer_to_a_notice_can_be_taken_back_too(world: World) -> None:
    """The reflection belongs to no lesson."""
    ann = reads(Person(world), 1)
    ann.presses("pause")
    ann.replies("I need a while.")
    [written] = ann.reflections
    assert "lesson" not in written
    which = re.findall(r'name="which" value="([^"]*)"', ann.journal)
    assert which == [f"1##{written['mail_id']}"]
    ann.in_the_journal("take-back", which=which[0])
    assert not ann.reflections


def test_a_reflection_of_another_subscriber_cannot_be_taken_back(world: World) -> None:
    ann, bob = reads(Person(world), 1), Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9").joins()
    bob.replies("Mine.")
    mail_id = str(bob.reflections[0]["mail_id"])
    ann.in_the_journal("take-back", which=f"1#intro#{mail_id}")
    assert [row["text"] for row in bob.reflections] == ["Mine."]
    assert any(mail_id in key for key in raw_mail(world))


def test_the_first_name_is_changed_only_on_the_journal_page(world: World) -> None:
    ann = reads(Person(world), 1)
    assert ann.in_the_journal("name", first_name="Anouk").status == 200
    assert ann.row["first_name"] == "Anouk"
    refused = ann.in_the_journal("name", first_name="http://evil.example")
    assert refused.status == 400
    assert "http://evil.example" in refused.text, "the typed text stays in the form"
    assert "Anouk" in (next_email(world).text or "")
    ann.in_the_journal("name", first_name="")
    assert ann.row.get("first_name") is None
    assert ann.presses("name", first_name="Mallory").status == 404


def test_an_erasure_asks_once_more_and_then_no_link_works(world: World) -> None:
    ann = Person(world).joins()
    page_url, token = ann.page_url, token_of(ann)
    assert "Erase everything about you?" in ann.in_the_journal("erase").text
    assert ann.row
    assert "It is erased" in ann.erases().text
    assert not world.subscribers()
    assert world.request("POST", f"{page_url}/pause", form={}).status == 404
    assert world.request("POST", f"/journal/{token}", form={}).status == 404


def test_a_subscriber_who_complained_reads_that_no_link_can_be_mailed_and_keeps_the_last_one(world: World) -> None:
    ann = reads(Person(world), 1)
    ann.replies("I left the door open.")
    journal, page = ann.journal_url, ann.page_url
    world.ses.complained(ann.emails[-1])
    world.drain()
    sent = len(ann.emails)
    for path, words in ((page, "so no link can come there"), (f"{page}/journal", "so no link can come there")):
        assert words in world.request("GET", path).text
    asked = world.request("POST", f"{page}/journal", form={}).text
    assert "on its way" not in asked
    assert "so no link can come there" in asked
    assert "except this one" in world.request("POST", journal, form={}).text
    ended = world.request("POST", f"{journal}/end-links", form={}).text
    assert "no new one can come" in ended
    assert "is on its way" not in ended
    assert world.request("GET", page).status == 404
    assert "I left the door open." in world.request("POST", journal, form={}).text
    asks = world.request("POST", f"{journal}/erase", form={}).text
    assert "One last email" not in asks
    assert "no email can say that it is done" in asks
    world.request("POST", f"{journal}/erase", form={"sure": "yes"})
    assert len(ann.emails) == sent
    assert not world.rows("Reflections")
