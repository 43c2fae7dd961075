"""The functions' settings, read once from the environment that `template.yaml` gives them."""

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from course.errors import EmailCourseError


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
    postal_address: str
    retention_days: int
    embed_origins: tuple[str, ...]
    """Whose pages may frame the sign-up form: origins, or none."""
    emails_dir: Path
    stack: str
    """The stack's own id, which no other has."""


@cache
def settings() -> Settings:
    """The settings of this process. Raises MissingSetting."""
    return Settings(
        subscribers_table=_need("SUBSCRIBERS_TABLE"),
        reflections_table=_need("REFLECTIONS_TABLE"),
        suppressions_table=_need("SUPPRESSIONS_TABLE"),
        limits_table=_need("LIMITS_TABLE"),
        outbox_url=_need("OUTBOX_URL"),
        inbound_topic=_need("INBOUND_TOPIC"),
        feedback_topic=_need("FEEDBACK_TOPIC"),
        mail_bucket=_need("MAIL_BUCKET"),
        signing_secret=_need("SIGNING_SECRET"),
        configuration_set=_need("CONFIGURATION_SET"),
        sender=_need("SENDER"),
        reply_domain=_need("REPLY_DOMAIN"),
        site_url=_need("SITE_URL").rstrip("/"),
        postal_address=_need("POSTAL_ADDRESS"),
        retention_days=int(_need("RETENTION_DAYS")),
        embed_origins=tuple(os.environ.get("EMBED_ORIGINS", "").split()),
        emails_dir=Path(_need("EMAILS_DIR")),
        stack=_need("STACK"),
    )


def _need(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise MissingSetting(f"the environment variable {name} is not set: template.yaml sets it for every function")
    return value
