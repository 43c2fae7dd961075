"""The forms of the public pages: checks what was typed, counts it, and hands it over to `send`.

Nothing here reads whether an address is known. Every valid form makes the same calls, so the answer reveals nothing,
not even by the time that it takes. A form that no person filled in seems to be accepted, but has no effect.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from aws import clients
from aws.log import count
from aws.settings import settings
from content.lessons import Course
from course import forms, limits
from course.errors import InvalidForm, ShownAgain
from course.forms import Typed

CHANGE, ONCE_MORE = "change", "once-more"
"""Values of the field `then`, for the buttons on the page after a form: change the form, or send its email again."""


def sign_up(fields: Mapping[str, str], source: str, source_ip: str, now: datetime) -> tuple[Course, dict[str, str]]:
    """Hands over a sign-up form; returns its course, and the errors by field. Raises InvalidForm.

    `source` is where the form was, as in Consent.
    """
    course = clients.library().courses.get(fields.get("course", ""))
    if course is None:
        raise InvalidForm("no_course")
    form, errors = forms.check_sign_up(fields, course.id)
    if form and _by_a_person(fields, now):
        asked: dict[str, object] = {"form": ONCE_MORE, "course": course.id, "address": form.address}
        if fields.get("then") != ONCE_MORE:
            typed = {"first_name": form.first_name, "zone": form.zone, "hour": form.hour, "source": source}
            asked |= {"form": "sign-up", **typed}
        _hand_over(source_ip, now, asked)
    return course, errors


def fresh_links(fields: Mapping[str, str], source_ip: str, now: datetime) -> dict[str, str]:
    """Asks for new links to all courses of an address; returns the errors by field. Raises InvalidForm."""
    address, errors = forms.check_address(fields)
    if not errors and _by_a_person(fields, now):
        _hand_over(source_ip, now, {"form": "fresh-link", "address": address})
    return errors


def _by_a_person(fields: Mapping[str, str], now: datetime) -> bool:
    """Whether a person filled in the form.

    Raises ShownAgain if the form is to be changed, or if only a second press can show that a person filled it in.
    """
    if fields.get("then") == CHANGE:
        raise ShownAgain(CHANGE)
    typed = forms.typed(clients.keys(), fields, now)
    if typed is Typed.SO_FAST_OR_LATE:
        raise ShownAgain("once_again")
    return typed is Typed.BY_A_PERSON


def _hand_over(source_ip: str, now: datetime, asked: Mapping[str, object]) -> None:
    """Counts a form by network and in total, and queues it for `send`. Raises ShownAgain above a limit."""
    network = clients.keys().hashed("network", limits.network(source_ip))
    if not clients.limits().count_up(f"network#{network}", settings().forms_per_network, now):
        raise ShownAgain("network_busy", 429, limits.seconds_left(now))
    if not clients.limits().count_up("forms", settings().forms_per_hour, now):
        count("SignUpsClosed")
        raise ShownAgain("busy", 503, limits.seconds_left(now))
    if not clients.limits().count_up_of_day(limits.FORMS_OF_DAY, now):
        count("SignUpsClosed")
        raise ShownAgain("busy_today", 503)
    key = secrets.token_hex(8)
    clients.forms().keep(key, {**asked, "at": now}, now)
    clients.outbox().form(key)
