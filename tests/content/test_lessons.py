"""Courses as authors write them: how they are read, and the errors for mistakes."""

from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from jinja2 import UndefinedError

from content.lessons import load, usable
from course.errors import CourseError
from course.tokens import lesson_tag

EMAILS = Path(__file__).parents[2] / "emails"


@pytest.fixture
def emails(tmp_path: Path) -> Path:
    """A copy of `emails/` that a test can break."""
    return copytree(EMAILS, tmp_path / "emails")


def test_the_first_course_has_an_introduction_five_days_and_a_closing_letter() -> None:
    course = load(EMAILS).courses["rebuild-trust"]
    assert course.plan[0] == "intro"
    assert course.plan[-1] == course.closing == "keep-showing-up"
    assert course.plan_again == course.plan[1:]
    assert course.days == 5
    assert [course.day(lesson) for lesson in course.plan] == [None, 1, 2, 3, 4, 5, None]
    assert course.way_back == "safety-first"
    assert len(course.lessons) == len(course.plan)
    assert all(lesson.question for lesson in course.lessons.values())


def test_a_lesson_is_found_by_its_tag_and_a_notice_is_not() -> None:
    course = load(EMAILS).courses["rebuild-trust"]
    assert course.lesson_of(lesson_tag("own-it")) == "own-it"
    assert course.lesson_of(lesson_tag("confirm")) is None


def test_a_lesson_has_the_ids_of_the_lessons_that_it_quotes() -> None:
    course = load(EMAILS).courses["rebuild-trust"]
    assert {lesson.id: lesson.echoes for lesson in course.lessons.values() if lesson.echoes} == {
        "apology-in-action": ("own-it",)
    }


def test_a_second_course_is_a_second_folder(emails: Path) -> None:
    copytree(emails / "rebuild-trust", emails / "another")
    assert list(load(emails).courses) == ["another", "rebuild-trust"]


def test_a6_an_unusable_course_or_language_is_left_out_and_named(emails: Path) -> None:
    """A broken notice fails when it is rendered, but its id is known."""
    copytree(emails / "rebuild-trust", emails / "another")
    (emails / "another" / "01-acknowledge.md.j2").write_text("no front matter", "utf-8")
    (emails / "en" / "notices" / "goodbye.md.j2").write_text("+++\n+++\n", "utf-8")
    (emails / "en" / "notices" / "ask.md.j2").unlink()
    (emails / "es" / "dates.toml").write_text("=", "utf-8")
    library = usable(emails)
    assert list(library.courses) == ["rebuild-trust"]
    assert library.folders == ("another", "rebuild-trust")
    assert list(library.languages) == ["en"]
    assert {Path(fault.path).name for fault in library.faults} >= {
        "01-acknowledge.md.j2",
        "goodbye.md.j2",
        "dates.toml",
    }
    assert library.notice_of(lesson_tag("goodbye")) == "goodbye"
    with pytest.raises(UndefinedError):
        library.languages["en"].notices["goodbye"].prose.html.render()


def test_a6_a_substitute_course_has_the_given_plan_and_language() -> None:
    library = load(EMAILS)
    stand_in = library.with_stand_in("gone", ("intro", "one", "last"), "es").courses["gone"]
    assert (stand_in.plan, stand_in.closing, stand_in.lesson_of(lesson_tag("one"))) == (
        ("intro", "one", "last"),
        "last",
        "one",
    )
    assert (stand_in.title, stand_in.lessons, stand_in.language.code) == ("tu curso por correo", {}, "es")
    assert library.with_stand_in("gone", (), "").courses["gone"].language is library.first.language


def _write(name: str, text: str) -> Callable[[Path], None]:
    def write(emails: Path) -> None:
        (emails / name).write_text(text, encoding="utf-8")

    return write


def _replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(emails: Path) -> None:
        source = (emails / name).read_text(encoding="utf-8")
        assert old in source
        (emails / name).write_text(source.replace(old, new), encoding="utf-8")

    return change


LESSON = "+++\nsubject = 'a'\npreheader = 'b'\n+++\nHello\n"


@pytest.mark.parametrize(
    ("mistake", "complaint"),
    [
        (_write("rebuild-trust/09-own-it.md.j2", LESSON), "two lessons have the id own-it"),
        (_write("rebuild-trust/own-it.md.j2", LESSON), "must be named by number and id"),
        (_write("rebuild-trust/09-confirm.md.j2", LESSON), "no lesson can have the id confirm"),
        (_write("rebuild-trust/09-what café.md.j2", LESSON), "must be named by number and id"),
        (_write("rebuild-trust/09-a.md.j2", LESSON.replace("'a'", "''")), "09-a.md.j2: needs a subject"),
        (_write("rebuild-trust/09-a.md.j2", LESSON + "{% endfor %}\n"), "09-a.md.j2:6: "),
        (_write("rebuild-trust/09-a.md.j2", LESSON + "{{ reflections['x'] }}\n"), "09-a.md.j2:6: reflections.'x'"),
        (_write("rebuild-trust/01-a.md.j2", LESSON + "{{ reflections['own-it'] }}\n"), "names no earlier lesson"),
        (_replace("rebuild-trust/course.toml", 'closing = "', 'closing = "x'), "closing names no lesson"),
        (_replace("rebuild-trust/course.toml", "title = ", "titel = "), "course.toml: needs a title"),
        (_write("rebuild-trust/course.toml", "title = "), "course.toml: "),
        (_replace("rebuild-trust/course.toml", '"resend"', '"held"'), 'in_doubt must be "resend" or "hold", not held'),
        (_replace("rebuild-trust/course.toml", "= false", '= "no"'), "thread must be true or false, not no"),
        (_replace("rebuild-trust/course.toml", '"en"', '"xx"'), "language must be one of en, es, not xx"),
        (lambda emails: (emails / "helplines.toml").unlink(), "helplines.toml: is missing"),
        (lambda emails: (emails / "rebuild-trust/course.toml").unlink(), "holds no course"),
    ],
    ids=[
        *("same id", "no number", "reserved", "no tag of SES", "no subject", "jinja", "echo", "later", "closing"),
        *("title", "TOML", "in doubt", "thread", "language", "lines", "none"),
    ],
)  # fmt: skip
def test_an_error_names_the_file_and_what_to_change(
    emails: Path, mistake: Callable[[Path], None], complaint: str
) -> None:
    mistake(emails)
    with pytest.raises(CourseError, match=complaint):
        load(emails)


@pytest.mark.parametrize(
    "given",
    [
        '{ text = "Talk to somebody", link = "http://example.org" }',
        '{ text = " ", link = "https://example.org" }',
        '{ link = "https://example.org" }',
        '{ text = "Talk to somebody", link = "https://example.org", note = "" }',
        "true",
    ],
)
def test_h2_support_must_have_a_text_and_a_link(emails: Path, given: str) -> None:
    _replace("rebuild-trust/course.toml", "support = {}", f"support = {given}")(emails)
    with pytest.raises(CourseError, match=r"course.toml: support must be {} or have a text and a link"):
        load(emails)
