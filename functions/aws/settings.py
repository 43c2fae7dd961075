"""The functions' settings, read once from the environment that `template.yaml` gives them."""

import os
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from course.errors import EmailCourseError

MAY_BE_EMPTY = frozenset({"CLIENT_ADDRESS_HEADER", "CONTACT_EMAIL", "EMBED_ORIGINS", "SITE_URL"})


class MissingSetting(EmailCourseError):
    """Raised when an environment variable is not set. Names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Names and addresses of the stack."""

    subscribers_table: str
    reflections_table: str
    suppressions_table: str
    limits_table: str
    outbox_url: str
    inbound_topic: str
    feedback_topic: str
    mail_bucket: str
    signing_secret: str
    configuration_set: str
    sender: str
    reply_domain: str
    site_url: str
    """Where the pages are served; empty in a function that serves pages, because links between pages need no host."""
    postal_address: str
    contact_email: str
    """Where readers of the pages may write to; if empty, only to the postal address."""
    retention_days: int
    forms_per_hour: int
    forms_per_network: int
    embed_origins: tuple[str, ...]
    """The origins whose pages may show the sign-up form in a frame; empty if none may."""
    client_address_header: str
    """The header in which the CDN in front of the API puts the visitor's address; empty without a CDN."""
    emails_dir: Path
    stack: str
    """The stack's id, which no other stack has."""


_READ: dict[str, Callable[[str], Any]] = {
    "site_url": lambda url: url.rstrip("/"),
    **dict.fromkeys(("retention_days", "forms_per_hour", "forms_per_network"), int),
    "embed_origins": lambda origins: tuple(origins.split()),
    "emails_dir": Path,
}


@cache
def settings() -> Settings:
    """The settings of this process: each variable has the name of its field. Raises MissingSetting."""
    return Settings(**{field.name: _READ.get(field.name, str)(_need(field.name.upper())) for field in fields(Settings)})


def _need(name: str) -> str:
    value = os.environ.get(name, "")
    if not value and name not in MAY_BE_EMPTY:
        raise MissingSetting(f"the environment variable {name} is not set: template.yaml sets it for every function")
    return value
