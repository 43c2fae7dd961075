"""What the forms of the public pages do. A form that no person filled in looks accepted, and nothing comes of it."""

from collections.abc import Mapping
from datetime import datetime

from aws import clients
from aws.items import Consent
from content.lessons import Course
from course import forms
from course.errors import InvalidForm
from services.sign_ups import accept, admit, fresh_link


def sign_up(fields: Mapping[str, str], source: str, source_ip: str, now: datetime) -> tuple[Course, dict[str, str]]:
    """Accepts the sign-up form of a course; returns the course, and what is wrong by field. Raises InvalidForm.

    `source` is where the form stood, as in Consent.
    """
    course = clients.library().courses.get(fields.get("course", ""))
    if course is None:
        raise InvalidForm("no_course")
    form, errors = forms.check_sign_up(fields, course.id)
    if form and forms.typed_by_a_person(clients.keys(), fields, now):
        admit(form.address, source_ip, now)
        accept(form, Consent(forms.CONSENT_VERSION, course.language.code, source, now), now)
    return course, errors


def fresh_links(fields: Mapping[str, str], source_ip: str, now: datetime) -> dict[str, str]:
    """Mails new links for all courses of an address; returns what is wrong by field. Raises InvalidForm."""
    address, errors = forms.check_address(fields)
    if not errors and forms.typed_by_a_person(clients.keys(), fields, now):
        admit(address, source_ip, now)
        for course in clients.library().folders:
            fresh_link(course, address, now)
    return errors
