"""Markdown with jinja2: an author's text, and the result for a reader."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined

from content.markdown import Prose, compile_prose, read
from course.errors import CourseError

HTML = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def prose(body: str) -> Prose:
    return compile_prose(Path("01-a.md.j2"), body, 5, HTML, HTML.overlay(autoescape=False))


def test_paragraphs_headings_and_lists_become_readable_plain_text() -> None:
    body = "One line\nof **prose**.\n\n## Today\n\n- first\n- second\n\n3. third\n4. fourth\n\n> said\n"
    assert prose(body).as_text() == (
        "One line of *prose*.\n\nToday\n-----\n\n- first\n- second\n\n3. third\n4. fourth\n\n    said"
    )


def test_a_link_by_itself_is_a_button_and_one_in_a_sentence_is_not() -> None:
    button = prose("[Confirm]({{ url }})")
    rendered = button.html.render(url="https://x.example/a?b=c&d")
    assert '<td><a href="https://x.example/a?b=c&amp;d">Confirm</a></td>' in rendered, "a cell, for Outlook"
    assert re.match('<table role="presentation" class="button" ', rendered)
    assert button.as_text(url="https://x.example/a?b=c&d") == "Confirm:\nhttps://x.example/a?b=c&d"
    inside = prose("See [your page]({{ url }}) now.")
    assert "class" not in inside.html.render(url="u")
    assert inside.as_text(url="u") == "See your page (u) now."


def test_conditions_on_separate_lines_leave_no_gap() -> None:
    both = prose("Hello\n{% if name %}\nDear {{ name }},\n{% else %}\nyou,\n{% endif %}\nend")
    assert both.as_text(name="Ann") == "Hello\n\nDear Ann,\n\nend"
    assert both.as_text(name="") == "Hello\n\nyou,\n\nend"
    assert both.html.render(name="Ann").count("<p>") == 3


def test_a_value_is_never_markdown_never_html_and_never_a_template() -> None:
    hostile = "**b** <script>x</script> {{ 7 * 7 }} [l](javascript:x) jj0jj"
    rendered = prose("Hello {{ name }}").html.render(name=hostile)
    assert rendered == ("<p>Hello **b** &lt;script&gt;x&lt;/script&gt; {{ 7 * 7 }} [l](javascript:x) jj0jj</p>")
    assert prose("Hello {{ name }}").as_text(name=hostile) == f"Hello {hostile}"


def test_html_in_the_source_is_shown_as_text() -> None:
    assert "&lt;b&gt;" in prose("a <b>c</b>").html.render()


def test_comparisons_and_quotes_reach_jinja_unchanged() -> None:
    shown = prose("{% if words['a'] > 1 and 2 < 3 %}\nyes\n{% endif %}")
    assert shown.as_text(words={"a": 2}) == "yes"


def test_a_mistake_in_jinja_names_the_file_and_the_line() -> None:
    with pytest.raises(CourseError, match=r"01-a.md.j2:7: "):
        prose("a\n\n{% if %}\n")


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        (b"Hello", "between two lines of"),
        (b"+++\nsubject = \n+++\nx", "between the lines of"),
        (b"+++\nsubject = 'a'\n+++\n\xff", "not UTF-8"),
    ],
    ids=["no front matter", "broken front matter", "encoding"],
)
def test_the_error_of_an_unreadable_file_says_why(source: bytes, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "01-a.md.j2"
    path.write_bytes(source)
    with pytest.raises(CourseError, match=complaint):
        read(path)


def test_read_returns_the_first_line_number_of_the_body(tmp_path: Path) -> None:
    path = tmp_path / "01-a.md.j2"
    path.write_text("+++\nsubject = 'a'\npreheader = 'b'\n+++\nfirst\n", encoding="utf-8")
    assert read(path) == ({"subject": "a", "preheader": "b"}, "first\n", 5)
