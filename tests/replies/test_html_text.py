"""The text of HTML mail."""

import time

import pytest

from replies.html_text import html_to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("one <b>two</b>\n  three", "one two three"),
        ("<ol><li>one<li>two</ol><ul><li>three</ul>", "1. one\n2. two\n\n- three"),
        ("<pre>one\n  two</pre>", "one\n  two"),
        ("<div>yes</div><blockquote>a<blockquote>b</blockquote></blockquote>no", "yes\n\n> a\n>\n> > b\n>\nno"),
        ("a &lt; b &amp; c&nbsp;d &#128591;", "a < b & c d 🙏"),
        ("a < b and 5<6", "a < b and 5<6"),
        ("Ana <ana@example.net> wrote", "Ana <ana@example.net> wrote"),
        ("<div>--&nbsp;</div><div>Ana</div>", "-- \nAna"),
        ("a<!-- b -->c<script>d</script><style>e</style>f", "acf"),
        ('<p>a</p><div style="display:none">b<p>c</p></div><p>d</p>', "a\n\nd"),
        ("<title>a</title>b", "b"),
        ("a<br>b</div></p></blockquote>c", "a\nb\n\nc"),
        ('<div>yes</div><div id="geary-signature" dir="auto">Ana Marlow<br>Harbour Street 3</div>no', "yes\n\nno"),
    ],
)
def test_r7_the_text_is_what_a_reader_sees(html: str, text: str) -> None:
    assert html_to_text(html) == text


@pytest.mark.parametrize(
    "html",
    ["<div style='display:none'>I lied", "<!-- I lied", "<style>I lied", "<p I lied", "&#99999999999999999; I lied"],
)
def test_r7_broken_markup_loses_no_words(html: str) -> None:
    assert "I lied" in html_to_text(html)


def test_everything_includes_hidden_text_and_names_of_pictures() -> None:
    assert html_to_text('<div style="display:none">a</div><img alt="b">', everything=True) == "a\nb"


@pytest.mark.parametrize(
    "piece", ["<", "<a", "<a b='", "<!--", "<style>", "<div>x", "&#", "<blockquote>x", "</", '"', "<b>x"]
)
def test_a_hostile_page_takes_linear_time(piece: str) -> None:
    started = time.process_time()
    html_to_text(piece * (100_000 // len(piece)))

    assert time.process_time() - started < 1


@pytest.mark.parametrize("first", ["<", "</", "<a ", '<a b="', "<!"])
def test_a_tag_that_never_ends_takes_linear_time(first: str) -> None:
    began = time.process_time()
    assert html_to_text(first + "a" * 200_000)
    assert time.process_time() - began < 2
