"""A deleted, renamed or broken course: requests still work, in the subscriber's language.

The fault is counted.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from jinja2 import TemplateSyntaxError

from aws import web
from local_cloud.cloud import TEMPLATE, World
from local_cloud.functions import forget_everything
from tests.people import Person, one_click
from tests.stories import edit, next_email_of, nothing_comes, reads, unchanged

Fault = Callable[[Path], None]
Own = tuple[World, Path]


def spanish_copy(course: Path) -> Path:
    """Makes a second course, which comes first and is in Spanish."""
    other = shutil.copytree(course, course.parent / "a-second")
    edit(other / "course.toml", 'language = "en"', 'language = "es"')
    return other


def deleted(course: Path) -> None:
    shutil.rmtree(course)


def renamed(course: Path) -> None:
    course.rename(course.with_name("rebuilding"))


def broken_settings(course: Path) -> None:
    (course / "course.toml").write_text('title = "', "utf-8")


def broken_lesson(course: Path) -> None:
    edit(course / "02-own-it.md.j2", "\n+++\n", "\n+++\n{% if coming_back\n")


def no_about(course: Path) -> None:
    (course / "about.md").unlink()


def everything_deleted(course: Path) -> None:
    for path in course.parent.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def languages_broken(course: Path) -> None:
    for code in ("en", "es"):
        (course.parent / code / "pages.toml").write_text("[every", "utf-8")


def happens(fault: Fault, course: Path) -> None:
    """Applies the fault to the course, for all functions that start from now on."""
    fault(course)
    forget_everything(lessons=True)


def counted(world: World, name: str) -> bool:
    return any(f'"{name}"' in line for line in world.logs)


COURSE_LOST = [deleted, renamed, broken_settings, broken_lesson, no_about]
ALL_LOST = [everything_deleted, languages_broken]


@pytest.mark.parametrize("fault", COURSE_LOST + ALL_LOST)
def test_a6_every_way_to_stop_works_whatever_is_wrong_with_the_course(own_course: Own, fault: Fault) -> None:
    """One click, the page's button, a reply, and a mail to the List-Unsubscribe address."""
    world, course = own_course
    people = [Person(world, f"p{number}@example.net", source_ip=f"203.0.113.{number}").joins() for number in range(4)]
    clicks, presses, replies, mails = people
    happens(fault, course)

    answer = world.request("POST", one_click(clicks.emails[-1]), form={"List-Unsubscribe": "One-Click"})
    assert answer.status == 200
    assert "The course has stopped" in answer.text
    answer = world.request("POST", f"{presses.link('/unsubscribe/')}?now=yes", form={"why": "too-much"})
    assert answer.status == 200
    replies.replies("STOP")
    header = mails.emails[-1].header("List-Unsubscribe") or ""
    address = re.findall(r"<mailto:([^?>]+)", header)[0]
    world.deliver(b"From: p3@example.net\r\nSubject: unsubscribe\r\n\r\n", address)
    assert [person.row["status"] for person in people] == ["unsubscribed"] * 4
    assert counted(world, "Broken")


@pytest.mark.parametrize("fault", ALL_LOST)
def test_a6_without_any_texts_each_page_is_a_plain_one_with_the_helplines(own_course: Own, fault: Fault) -> None:
    world, course = own_course
    ann = Person(world).joins()
    me, leave = ann.page_url, ann.link("/unsubscribe/")
    happens(fault, course)
    with unchanged(world):
        for path in ("/", "/embed", "/privacy", "/fresh-link", "/nowhere", "/confirm/x", leave, me, f"{me}/journal"):
            answer = world.request("GET", path)
            assert (answer.status, answer.headers["content-type"]) == (503, "text/html; charset=utf-8"), path
            assert "0808 802 4040" in answer.text
            assert "Algo se ha roto" in answer.text
        assert world.request("POST", "/sign-up", form={"course": "rebuild-trust"}).status == 503
        assert world.request("POST", f"{leave[:-4]}AAAA", form={}).status == 503
    assert counted(world, "Failed")
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("fault", COURSE_LOST)
def test_a6_journal_export_and_erasure_work_in_the_language_of_the_consent(own_course: Own, fault: Fault) -> None:
    """Although pages without a course belong to the other course, which is in another language."""
    world, course = own_course
    ann = reads(Person(world), 1)
    ann.replies("I raised my voice.")
    spanish_copy(course)
    happens(fault, course)
    ann.replies("JOURNAL")
    assert ann.emails[-1].subject == "The link to your journal"
    assert "Rebuilding Trust" not in (ann.emails[-1].text or "")
    for page in (world.request("GET", ann.page_url).text, ann.journal):
        assert '<html lang="en"' in page
    assert "I raised my voice." in ann.journal
    export = ann.in_the_journal("export")
    assert "I raised my voice." in ZipFile(BytesIO(export.body)).read("data.json").decode()
    assert "The course has stopped" in world.request("POST", one_click(ann.emails[-1]), form={}).text
    ann.erases()
    assert not world.subscribers()
    assert counted(world, "Broken")
    assert not world.failures


def test_a6_a_deletion_by_reply_works_without_the_course(own_course: Own) -> None:
    world, course = own_course
    ann = Person(world).joins()
    happens(deleted, course)
    ann.replies("DELETE MY DATA")
    assert ann.emails[-1].tags["email"] == "erase"
    ann.replies("yes")
    assert not world.subscribers()


@pytest.mark.parametrize("fault", [broken_settings, broken_lesson, no_about])
def test_a6_a_broken_course_holds_no_subscriber_and_the_other_courses_go_on(own_course: Own, fault: Fault) -> None:
    world, course = own_course
    other = spanish_copy(course)
    ann = Person(world).joins()
    kept = shutil.copytree(course, course.parent.parent / "kept")
    happens(fault, course)
    bea = Person(world, "bea@example.net", "Bea", source_ip="203.0.113.9")
    bea.signs_up(course=other.name)
    bea.confirms()
    next_email_of(bea)
    assert [email.tags["email"] for email in bea.emails] == ["confirm", "intro", "acknowledge"]
    assert nothing_comes(world, days=1) or len(ann.emails) == 2
    assert ann.row.get("held", "") == ""
    shutil.rmtree(course)
    kept.rename(course)
    forget_everything(lessons=True)
    next_email_of(ann)
    assert "acknowledge" in [email.tags["email"] for email in ann.emails]


def test_a6_a_broken_notice_breaks_no_other_and_replies_to_it_are_recognised(own_course: Own) -> None:
    world, course = own_course
    ann = Person(world).joins()
    ann.replies("DELETE MY DATA")
    for name in ("goodbye", "erase"):
        edit(course.parent / "en" / "notices" / f"{name}.md.j2", "+++\n\n", "+++\n\n{% if\n\n")
    bea = Person(world, "bea@example.net", source_ip="203.0.113.9").joins()
    bea.replies("HELP")
    assert bea.emails[-1].tags["email"] == "help"
    bea.replies("STOP")
    assert bea.row["status"] == "unsubscribed"
    ann.replies("yes")
    assert [row["address"] for row in world.subscribers()] == ["bea@example.net"]


def test_a6_a_page_whose_template_is_broken_shows_the_helplines(
    own_course: Own, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, _ = own_course
    ann = Person(world).joins()
    rendered = web.pages.rendered

    def fails(template: str, **values: object) -> str:
        if template in broken:
            raise TemplateSyntaxError(f"{ann.address}", 1)
        return rendered(template, **values)

    monkeypatch.setattr(web.pages, "rendered", fails)
    broken = {"me"}
    answer = world.request("GET", ann.page_url)
    assert (answer.status, answer.headers["retry-after"]) == (503, "60")
    assert "Something is broken on our side" in answer.text
    assert 'class="care"' in answer.text
    broken = {"me", "error", "unsubscribed"}
    answer = world.request("GET", ann.page_url)
    assert answer.status == 503
    assert "Algo se ha roto" in answer.text
    assert counted(world, "Failed")
    assert ann.address not in "\n".join(world.logs)
    answer = world.request("POST", one_click(ann.emails[-1]), form={})
    assert answer.status == 200
    assert "El curso ha parado" in answer.text


def test_a6_a_sign_up_that_cannot_be_confirmed_while_the_course_is_broken_can_be_later(own_course: Own) -> None:
    world, course = own_course
    ann = Person(world)
    ann.signs_up()
    kept = shutil.copytree(course, course.parent.parent / "kept")
    happens(broken_lesson, course)
    with unchanged(world):
        for answer in (world.request("GET", ann.link("/confirm/")), ann.confirms()):
            assert answer.status == 503
            assert "Something is broken on our side" in answer.text
            assert "0808 802 4040" in answer.text
    shutil.rmtree(course)
    kept.rename(course)
    forget_everything(lessons=True)
    ann.confirms()
    assert ann.emails[-1].tags["email"] == "intro"


def test_a6_make_build_checks_the_emails_first() -> None:
    asked = ["make", "-n", "build"]
    shown = subprocess.run(asked, cwd=TEMPLATE.parent, capture_output=True, text=True, check=True).stdout
    assert 0 < shown.index("email-course check") < shown.index("tools/build.sh")
