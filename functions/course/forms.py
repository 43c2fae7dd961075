"""Reads and checks what people type into forms: strictly, and with one error for each field.

An error is a key in the `forms.toml` of each language, which has its words.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from functools import cache
from urllib.parse import parse_qs
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from course.errors import InvalidForm
from course.fields.names import checked_name
from course.limits import LONGEST_PAUSE
from course.tokens import Keyring

MAX_BODY = 10_000
TYPING_TIME = timedelta(seconds=2), timedelta(hours=24)
"""The shortest and longest time to fill in a form. Outside of it the form is shown again, filled in."""

CONSENT_VERSION = "2026-11"
"""The version of the sentences next to the consent box, `consent` in each language's `pages.toml`. Change it
whenever they change."""


class Typed(Enum):
    """Who filled in a form."""

    BY_A_PERSON = auto()
    BY_A_PROGRAM = auto()
    """The form's stamp is forged, or the field that people cannot see was filled in."""
    SO_FAST_OR_LATE = auto()
    """Sent faster than a person types, or open for too long: a person presses once more."""


@dataclass(frozen=True, slots=True)
class SignUpForm:
    """A valid sign-up form. `address` is normalised: lower case, its domain in punycode."""

    course: str
    address: str
    first_name: str
    zone: str
    hour: int


def read(body: bytes, content_type: str) -> dict[str, str]:
    """The fields of a posted form. Raises InvalidForm."""
    if content_type.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise InvalidForm("no_form", 415)
    if len(body) > MAX_BODY:
        raise InvalidForm("too_long", 413)
    try:
        fields = parse_qs(body.decode("ascii"), keep_blank_values=True, max_num_fields=50, errors="strict")
    except ValueError as error:  # UnicodeDecodeError is one
        raise InvalidForm("unreadable") from error
    if any(len(values) > 1 for values in fields.values()):
        raise InvalidForm("twice")
    return {name: values[0] for name, values in fields.items()}


def check_sign_up(fields: Mapping[str, str], course: str) -> tuple[SignUpForm | None, dict[str, str]]:
    """The valid form, or its errors by field."""
    address, errors = check_address(fields)
    first_name = ""
    try:
        first_name = checked_name(fields.get("first_name", ""))
    except InvalidForm as error:
        errors["first_name"] = str(error)
    errors |= check_time(fields)
    if fields.get("consent") != "yes":
        errors["consent"] = "consent"
    if errors:
        return None, errors
    return SignUpForm(course, address, first_name, fields["zone"], int(fields["hour"])), {}


def check_address(fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The normalised address of the field `address`, or its error."""
    try:
        return normalised_address(fields.get("address", "")), {}
    except InvalidForm as error:
        return "", {"address": str(error)}


def check_until(fields: Mapping[str, str], today: date) -> tuple[date | None, dict[str, str]]:
    """The day of the field `until`, or None if it is empty; or its error. `today` is the local day."""
    typed = fields.get("until", "").strip()
    if not typed:
        return None, {}
    try:
        until = date.fromisoformat(typed)
    except ValueError:
        until = today
    return (until, {}) if today < until <= today + LONGEST_PAUSE else (None, {"until": "until"})


def check_time(fields: Mapping[str, str]) -> dict[str, str]:
    """The errors of the fields `zone` (IANA name) and `hour` (0 to 23, local)."""
    errors = {}
    if fields.get("zone", "") not in zones():
        errors["zone"] = "zone"
    if fields.get("hour", "") not in {str(hour) for hour in range(24)}:
        errors["hour"] = "hour"
    return errors


def normalised_address(typed: str) -> str:
    """The address in the one spelling that we store and send to. Raises InvalidForm."""
    typed = typed.strip(" ")
    local_part, _, domain = typed.rpartition("@")
    if domain and not local_part.isascii():
        raise InvalidForm("address_letters")
    try:
        valid = validate_email(typed, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise InvalidForm("address") from error
    return (valid.ascii_email or "").lower()


def without_tag(address: str) -> str:
    """An address without the +tag of its local part."""
    local_part, _, domain = address.rpartition("@")
    return f"{local_part.partition('+')[0]}@{domain}"


def mailbox(address: str) -> str:
    """The mailbox that an address most likely reaches, without dots and +tag. For limits only, never for sending."""
    local_part, _, domain = address.rpartition("@")
    return f"{local_part.partition('+')[0].replace('.', '')}@{domain}"


def stamp(keys: Keyring, now: datetime, *, pressed_before: bool = False) -> str:
    """A signed time for a form's hidden field. A form that is shown again, filled in, may be sent at once."""
    seconds = str(int((now - TYPING_TIME[0] if pressed_before else now).timestamp()))
    return f"{seconds}.{_stamp_mac(keys, seconds)}"


def typed(keys: Keyring, fields: Mapping[str, str], now: datetime) -> Typed:
    """Whether a person filled in the form, judged by the time it took and by the field that people cannot see."""
    seconds, _, mac = fields.get("form_time", "").partition(".")
    genuine = hmac.compare_digest(mac.encode(), _stamp_mac(keys, seconds).encode())
    if not genuine or fields.get("website"):
        return Typed.BY_A_PROGRAM
    shortest, longest = TYPING_TIME
    in_time = shortest <= timedelta(seconds=now.timestamp() - int(seconds)) <= longest
    return Typed.BY_A_PERSON if in_time else Typed.SO_FAST_OR_LATE


@cache
def zones() -> tuple[str, ...]:
    """The IANA zones that people can choose: places, and UTC."""
    places = (name for name in available_timezones() if "/" in name and not name.startswith("Etc/"))
    return (*sorted(places), "UTC")


def _stamp_mac(keys: Keyring, seconds: str) -> str:
    # Signed with the key that every keyring has, so that open forms stay valid when a key is added.
    return keys.mac(1, "form", seconds.encode()).hex()[:32]
