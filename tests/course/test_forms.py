"""Forms: which values are refused and with which errors, and how accepted values are stored."""

from datetime import UTC, date, datetime, timedelta

import pytest

from course import forms
from course.errors import InvalidForm
from course.forms import Typed
from course.tokens import Keyring

FORM = "application/x-www-form-urlencoded"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
KEYS = Keyring({"1": "one" * 20})
GOOD = {"address": "ann@example.net", "first_name": "Ann", "zone": "Europe/Berlin", "hour": "7", "consent": "yes"}


def test_a_form_is_read() -> None:
    assert forms.read(b"address=ann%40example.net&first_name=Zo%C3%AB+B", f"{FORM}; charset=UTF-8") == {
        "address": "ann@example.net",
        "first_name": "Zoë B",
    }


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"address": "ann@example.net"}', "application/json", 415),
        (b"address=ann", "", 415),
        (b"a" * 10_001, FORM, 413),
        (b"address=a&address=b", FORM, 400),
        (b"first_name=%FF%FE", FORM, 400),
        ("first_name=Zoë".encode(), FORM, 400),
        (b"&".join(b"f%d=1" % number for number in range(51)), FORM, 400),
    ],
    ids=["JSON", "no type", "too long", "twice", "not UTF-8", "not encoded", "too many"],
)
def test_a_body_that_is_not_a_form_is_refused(body: bytes, content_type: str, status: int) -> None:
    with pytest.raises(InvalidForm) as refused:
        forms.read(body, content_type)
    assert refused.value.http_status == status


def test_a_valid_form_is_accepted_and_an_invalid_one_names_every_wrong_field_at_once() -> None:
    form, errors = forms.check_sign_up(GOOD, "rebuild-trust")
    assert not errors
    assert form == forms.SignUpForm("rebuild-trust", "ann@example.net", "Ann", "Europe/Berlin", 7)
    form, errors = forms.check_sign_up({"first_name": "a\nb", "zone": "Mars/Olympus", "hour": "24"}, "rebuild-trust")
    assert form is None
    assert errors.keys() == {"address", "first_name", "zone", "hour", "consent"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" Ann@Example.NET ", "ann@example.net"),
        ("user@bücher.example", "user@xn--bcher-kva.example"),
        ("o'neil+course@example.co.uk", "o'neil+course@example.co.uk"),
    ],
)
def test_an_address_is_stored_in_one_spelling(typed: str, stored: str) -> None:
    assert forms.normalised_address(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["", "ann", "ann@", "@example.net", "ann@example", "a b@example.net", "a@example.net,b@example.net",
     "a@example.net;b@example.net", "a@example.net\nBcc: b@example.net", '"ann"@example.net', "ann@[192.0.2.1]",
     "ann(work)@example.net", f"{'a' * 65}@example.net", f"ann@{'b' * 250}.net", "ann@localhost"],
)  # fmt: skip
def test_a_text_that_is_not_one_address_is_refused(typed: str) -> None:
    with pytest.raises(InvalidForm, match=r"^address$"):
        forms.normalised_address(typed)


def test_non_ascii_letters_before_the_at_sign_are_refused_with_a_separate_error() -> None:
    with pytest.raises(InvalidForm, match=r"^address_letters$"):
        forms.normalised_address("üser@example.com")


def test_a_mailbox_ignores_dots_and_tags() -> None:
    assert {forms.mailbox(f"{local}@example.net") for local in ("ann.lee", "annlee+a", "a.n.n.lee+b+c")} == {
        "annlee@example.net"
    }


def test_a_form_must_take_a_human_time() -> None:
    filled = {"form_time": forms.stamp(KEYS, NOW)}
    assert forms.typed(KEYS, filled, NOW + timedelta(seconds=2)) is Typed.BY_A_PERSON
    assert forms.typed(KEYS, filled, NOW + timedelta(hours=24)) is Typed.BY_A_PERSON
    assert forms.typed(KEYS, filled, NOW + timedelta(seconds=1)) is Typed.SO_FAST_OR_LATE
    assert forms.typed(KEYS, filled, NOW + timedelta(hours=25)) is Typed.SO_FAST_OR_LATE
    shown_again = {"form_time": forms.stamp(KEYS, NOW, pressed_before=True)}
    assert forms.typed(KEYS, shown_again, NOW) is Typed.BY_A_PERSON


def test_a_form_stays_valid_when_keys_are_added_or_removed() -> None:
    more = Keyring({"1": "one" * 20, "2": "two" * 20})
    for made, read in ((KEYS, more), (more, KEYS)):
        typed = forms.typed(read, {"form_time": forms.stamp(made, NOW)}, NOW + timedelta(minutes=1))
        assert typed is Typed.BY_A_PERSON


def test_a_filled_hidden_field_or_a_forged_time_counts_as_a_program() -> None:
    good = forms.stamp(KEYS, NOW)
    later = NOW + timedelta(minutes=1)
    assert forms.typed(KEYS, {"form_time": good, "website": "x"}, later) is Typed.BY_A_PROGRAM
    for forged in ("", "1", "x.y", f"1{good}", good[:-1], "٣.x", forms.stamp(Keyring({"1": "x"}), NOW)):
        assert forms.typed(KEYS, {"form_time": forged}, later) is Typed.BY_A_PROGRAM


def test_zones_are_places_that_people_know() -> None:
    assert {"Europe/Berlin", "Pacific/Kiritimati", "America/St_Johns", "Asia/Calcutta", "UTC"} <= set(forms.zones())
    assert not [zone for zone in forms.zones() if zone.startswith("Etc/")]


def test_a_pause_on_the_page_lasts_a_year_at_most() -> None:
    today = date(2026, 11, 24)
    longest = today + timedelta(days=365)
    assert forms.check_until({"until": longest.isoformat()}, today) == (longest, {})
    assert forms.check_until({"until": (longest + timedelta(days=1)).isoformat()}, today) == (None, {"until": "until"})
