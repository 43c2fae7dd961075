"""Our links in a reply, as mail programs write them."""

from replies.quotes.links import links, without_links

LONG = "https://course.example.org/me/8h2k3j4h5k2j8h2k3j4h5k2j"
OURS = {LONG, "tel:999"}


def test_the_links_of_an_email_are_found_in_text_and_html() -> None:
    assert links(f'Open {LONG}\n<a href="https://b.example?a=1&amp;b=2">b</a>') == {LONG, "https://b.example?a=1&b=2"}


def test_a_long_link_is_taken_out_however_it_was_broken() -> None:
    assert without_links(f"> Open <{LONG}> now", OURS) == "> Open  now"
    assert without_links(f"> Open {LONG[:40]}\n> {LONG[40:]} now", OURS) == "> Open  now"
    assert without_links(f"> Open {LONG[:40]}\\\n> {LONG[40:]}", OURS) == "> Open "


def test_footnotes_are_taken_out_with_their_title_and_numbers() -> None:
    text = f"> Open [1] or call [2]\n>\n> Links:\n> ------\n> [1] {LONG}\n> [2] tel:999"
    assert without_links(text, OURS) == "> Open or call"


def test_a_persons_own_footnotes_and_numbers_stay() -> None:
    text = "I read it [1] twice.\n\n[1] https://mine.example/a"
    assert without_links(text, OURS) == text
    both = f"{text}\n[2] tel:999"
    assert without_links(both, OURS) == text
