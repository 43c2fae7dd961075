"""How the tests of decisions write one down."""

from replies.request import Answered
from tests.mail import requests


def decision_of(text: str, answered: Answered = Answered.LESSON) -> str:
    """What is done with a reply, as a label: `obey:pause`, `ask:way-back`, `keep`."""
    return requests.label(text, answered)
