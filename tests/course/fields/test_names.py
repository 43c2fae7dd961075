"""First names: real names are accepted, and links are refused."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course.errors import InvalidForm
from course.fields.names import MAX_NAME, checked_name, holds_link

REAL = (
    "Anne-Marie, O'Neill, O’Neill, J.R., J.R.R. Tolkien, St. John, St.John, Dr. No, Dr.No, Ma.Teresa, Mr. T, Ph.D., "
    "Wm., 李雷, 卡尔·马克思, Gal·la, Nguyễn Thị Bích, محمد, می‌نا, Зоя, Zoë, X Æ A-12, Ravi s/o Kumar, Anna & Tom, "
    "D'Angelo, Dot, Dot Cotton, Mary Dot, Io, Al, Coco, N. Me, J. Co, Tom C. Me, Sig.ra Irma, "
    "Univ.Prof. Heidi, Lily. Me, Y.Ma, J.Co, Dr./Prof. Kim, Ravi S/O K. Kumar, Mary (Dot) Jones"
)

UNSEEN = ["a\r\nBcc: x", "a\nb", "a\0b", "a\u202eb", "a\u200bb", "a\u2028b"]
LINKS = (
    "bit.ly/abc, bit.ly, t.co/xyz, x.com, evil.com, EVIL.COM, a.evil.com, evil-site.xyz, sub.evil.kim, ma.tt/x, "
    "dr.com, www.evil, WWW, https://evil, hxxp://evil, //evil, javascript:alert(1), mailto:x, tel:123, ann@evil, "
    "1.2.3.4, evil dot com, evil (dot) com, evil[.]com, evil [dot] ly, evil . com, evil. com, evil punto com, "
    "evil punkt de, "
    "t.me, g.co, bit .ly/x, bit . ly/abc, evil[.]fr, evil (.) fr, evil[dot]kim, evil dot ai, "
    "Ann evil.com, Ann: evil.com!, "
    "ｅｖｉｌ．ｃｏｍ, evil。com, evil｡com, evil．com, evil․com, ev\u200cil\u200d.com, "
    "пример.рф, 例え.テスト, münchen.de, <b>Ann, Ann>"
)


@pytest.mark.parametrize("name", REAL.split(", "))
def test_s2_a_real_name_is_accepted(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", LINKS.split(", "))
def test_s2_a_link_in_any_spelling_is_refused_as_a_name(name: str) -> None:
    with pytest.raises(InvalidForm, match="name_link"):
        checked_name(name)


def test_s2_a_name_has_at_most_60_characters_and_no_invisible_ones() -> None:
    assert checked_name(f" {'A' * MAX_NAME} ") == "A" * 60
    for name, error in {"A" * 61: "name_long", **dict.fromkeys(UNSEEN, "name_invisible")}.items():
        with pytest.raises(InvalidForm, match=error):
            checked_name(name)


@given(st.text(st.characters(categories=("L", "M")), max_size=MAX_NAME))
def test_letters_alone_are_never_a_link(name: str) -> None:
    assert not holds_link(name) or "www" in unicodedata.normalize("NFKC", name).lower()


@given(st.text(max_size=80))
def test_an_accepted_name_fits_on_one_line(name: str) -> None:
    try:
        checked = checked_name(name)
    except InvalidForm:
        return
    assert len(checked.splitlines()) <= 1
    assert len(checked) <= MAX_NAME
