"""The labels by which the tests of decisions name a decision."""

from replies.request import EmailKind
from tests.mail import requests


def decision_of(text: str, answered: EmailKind = EmailKind.LESSON) -> str:
    """Returns the decision on a reply as a label: `obey:pause`, `ask:way-back`, `keep`."""
    return requests.label(text, answered)
