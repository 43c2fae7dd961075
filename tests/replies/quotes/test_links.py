"""Our links in a reply, as mail programs write them."""

import pytest

from replies.quotes.links import links, without_links

LONG = "https://course.example.org/me/8h2k3j4h5k2j8h2k3j4h5k2j"
OURS = {LONG, "tel:999"}


def test_the_links_of_an_email_are_found_in_text_and_html() -> None:
    assert links(f'Open {LONG}\n<a href="https://b.example?a=1&amp;b=2">b</a>') == {LONG, "https://b.example?a=1&b=2"}


def test_a_long_link_is_removed_wherever_it_was_broken() -> None:
    assert without_links(f"> Open <{LONG}> now", OURS) == "> Open  now"
    assert without_links(f"> Open {LONG[:40]}\n> {LONG[40:]} now", OURS) == "> Open  now"
    assert without_links(f"> Open {LONG[:40]}\\\n> {LONG[40:]}", OURS) == "> Open "


TOKEN, OTHER = "AZIX8DW23zglTGgEJQHJY5B5llXeHPq-qgCVDsXveJtP", "ATMnvhtGNCQFunoEJQHJoXDR6fJQWys-yvtUbgTntbeN"
SITE = "https://course.example.org/me/"
REPLY = "mailto:sil7annw344cktdiaqsqccc2hqmltdnnyu@reply.example.org?subject=Re%3A%20Day%201"
SIGNED = {f"{SITE}{OTHER}", f"{SITE}{OTHER}/lessons/intro", REPLY.replace("sil7annw", "qqqqqqqq")}


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"> {SITE}{TOKEN}/lesson\n> s/intro\n> More", "> \n> More"),
        (f"> {SITE}{TOKEN[:40]}\n> {TOKEN[40:]}\n> More", "> \n> More"),
        (f"> > {SITE}{TOKEN[:9]}\n> > {TOKEN[9:]}/les\n> > sons/intro", "> > "),
        (f"> Your page <{SITE} {TOKEN}>: your journal", "> Your page : your journal"),
        (f"> Your page <{SITE} \n> {TOKEN}>: your journal", "> Your page : your journal"),
        (f"> Just reply <{REPLY.replace('?', '? ')}>", "> Just reply "),
    ],
)
def test_a_quoted_link_with_another_token_is_removed_when_it_is_broken(text: str, left: str) -> None:
    assert without_links(text, SIGNED) == left


@pytest.mark.parametrize(
    "text",
    [
        f"> {SITE}{TOKEN}\n> Yes",
        f"> <{SITE}{TOKEN}>",
        f"> {SITE} \n> {TOKEN}/yes",
        f"{SITE}{TOKEN}/lesson\ns/intro",
        f"> {SITE}{TOKEN[:30]}\nI stopped here, and I did not know why",
        f"> {SITE}\n> I stopped here and I did not know why I did it",
        f"> https://mine.example/me/{TOKEN[:30]}\n> {TOKEN[30:]}",
    ],
    ids=["whole", "in brackets", "another page", "not quoted", "an answer", "prose", "another site"],
)
def test_text_that_is_no_broken_link_of_ours_stays(text: str) -> None:
    assert without_links(text, SIGNED) == text


def test_footnotes_are_removed_with_their_title_and_numbers() -> None:
    text = f"> Open [1] or call [2]\n>\n> Links:\n> ------\n> [1] {LONG}\n> [2] tel:999"
    assert without_links(text, OURS) == "> Open or call"


def test_a_persons_own_footnotes_and_numbers_stay() -> None:
    text = "I read it [1] twice.\n\n[1] https://mine.example/a"
    assert without_links(text, OURS) == text
    both = f"{text}\n[2] tel:999"
    assert without_links(both, OURS) == text
