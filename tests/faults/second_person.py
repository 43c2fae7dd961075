"""Judges what a second person can learn from one email of a subscriber, for example one that was forwarded.

They may open and press everything, and must learn no reflection, address, first name or time zone that is not in that
email.
"""

import re
import zlib
from typing import TYPE_CHECKING

from tests.faults.oracle import Tally

if TYPE_CHECKING:
    from local_cloud.mime import SentEmail
    from tests.faults.simulation import RecordedPerson, Simulation

SEEN = "seen by a second person"
PRESSED = ("", "pause", "resume", "skip", "unskip", "again", "yes", "not-yet", "journal", "export", "erase", "stop")


def judge_second_person(sim: "Simulation", tally: Tally) -> None:
    """Opens each link of one email of each person and presses every button there. Call it last: it changes the data."""
    for person in sim.people:
        if email := _forwarded(person):
            private = [text for text in _private(person) if not _says(f"{email.text}{email.html}", text)]
            for url in {url for _, url in email.links() if url.startswith(sim.world.parameters["SiteUrl"])}:
                for page in _pages(sim, url):
                    for text in private:
                        if _says(page, text):
                            tally.found(SEEN, f"{text}, by a link of {email.tags['email']}")


def _private(person: "RecordedPerson") -> list[str]:
    """Returns what they wrote and who they are. A form lists every zone, so only the selected one is private."""
    stored = [row for row in person.world.subscribers() if row["address"] == person.address]
    zones = {person.zone, *(str(row["zone"]) for row in stored)}
    selected = [f'value="{zone}" selected' for zone in zones]
    return [*(text for _, text in person.wrote), person.address, person.first_name, *selected]


def _says(shown: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", shown) is not None


def _forwarded(person: "RecordedPerson") -> "SentEmail | None":
    """Returns one of their emails, without a journal link: such a link opens the journal to everybody for a day."""
    emails = [email for email in person.emails if email.tags["email"] not in ("journal", "export")]
    return emails[zlib.crc32(person.address.encode()) % len(emails)] if emails else None


def _pages(sim: "Simulation", url: str) -> list[str]:
    """Returns all pages behind a link: by GET, HEAD and POST, and of every button."""
    paths = [url, *(f"{url}/{action}" for action in PRESSED)] if "/me/" in url and url.count("/") == 4 else [url]
    answers = []
    for method, form in (("GET", None), ("HEAD", None), ("POST", {})):
        answers += [sim.world.request(method, path, form=form, drain=False) for path in paths]
    return [answer.text for answer in answers]
