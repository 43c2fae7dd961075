"""Typing mistakes in an address: which ones the form asks about, and which domains it accepts."""

import pytest

from course.fields.slips import distance, meant

SLIPS = {
    "gmail.com": "gmial.com gamil.com gnail.com gmal.con gmail.es gmail.con gmail.co gmail.cm gmail.comm gmail.co.uk",
    "hotmail.com": "hotmial.com hotmai.com hotmail.con hotmail.co",
    "yahoo.com": "yaho.com yahooo.com yhaoo.com",
    "yahoo.co.uk": "yahoo.couk",
    "outlook.com": "outlok.com outloook.com",
    "icloud.com": "icloud.co",
    "btinternet.com": "btinternet.con",
    "my-own.example.com": "my-own.example.con",
    "example.net": "example.ner",
}
NO_SLIPS = (
    "gmail.com mail.com ymail.com email.com mail.de gmx.at gmx.ch yahoo.fr yahoo.com.mx hotmail.it live.nl me.com "
    "mailo.com fastmail.fm web.de bt.com posteo.de mailbox.org nhs.net tutanota.com hey.com orange.fr proton.me "
    "outlook.com.br qq.com 163.com naver.com mail.ru yandex.ru aol.de rediffmail.com virgin.net bluewin.ch libero.it "
    "inbox.lv example.com example.co example.es uni-bonn.de"
)


@pytest.mark.parametrize(("typed", "wanted"), [(typed, to) for to, slips in SLIPS.items() for typed in slips.split()])
def test_s17_the_form_asks_about_a_typing_mistake(typed: str, wanted: str) -> None:
    assert meant(f"ann@{typed}") == f"ann@{wanted}"
    assert meant(f" Ann.Smith+course@{typed.upper()} ") == f"Ann.Smith+course@{wanted}"


@pytest.mark.parametrize("domain", NO_SLIPS.split())
def test_s17_a_real_domain_is_not_a_typing_mistake(domain: str) -> None:
    assert meant(f"ann@{domain}") == ""


@pytest.mark.parametrize("typed", ["", "ann", "@", "ann@", "ann@com"])
def test_a_text_that_is_no_address_is_not_a_typing_mistake(typed: str) -> None:
    assert meant(typed) == ""


def test_two_swapped_neighbours_count_as_one_mistake() -> None:
    assert [distance("gmail", other) for other in ("gmail", "gmial", "gmai", "gmaill", "gnail", "liamg", "")] == [
        0, 1, 1, 1, 1, 4, 5,
    ]  # fmt: skip
