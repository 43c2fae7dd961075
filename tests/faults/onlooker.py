"""A second person, who has one email of each history: whatever they open or press, they learn nothing private.

Neither what was written, nor the address, first name or time zone, but for what stands in that email.
"""

import re
import zlib
from typing import TYPE_CHECKING

from tests.faults.oracle import Tally

if TYPE_CHECKING:
    from local_cloud.mime import SentEmail
    from tests.faults.life import Life, Someone

SEEN = "seen by a second person"
PRESSED = ("", "pause", "resume", "skip", "unskip", "again", "yes", "not-yet", "journal", "export", "erase", "stop")


def judge_onlooker(life: "Life", tally: Tally) -> None:
    """Opens each link of one email of each person, and presses every button behind it. Done last: it changes things."""
    for person in life.people:
        if email := _forwarded(person):
            private = [text for text in _private(person) if not _says(f"{email.text}{email.html}", text)]
            for url in {url for _, url in email.links() if url.startswith(life.world.parameters["SiteUrl"])}:
                for page in _pages(life, url):
                    for text in private:
                        if _says(page, text):
                            tally.found(SEEN, f"{text}, by a link of {email.tags['email']}")


def _private(person: "Someone") -> list[str]:
    """What they wrote, and who they are. A form shows every zone, but only the one that was chosen as selected."""
    stored = [row for row in person.world.subscribers() if row["address"] == person.address]
    zones = {person.zone, *(str(row["zone"]) for row in stored)}
    selected = [f'value="{zone}" selected' for zone in zones]
    return [*(text for _, text in person.wrote), person.address, person.first_name, *selected]


def _says(shown: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", shown) is not None


def _forwarded(person: "Someone") -> "SentEmail | None":
    """Any of their emails but one with a journal link: who has that within a day may read the journal."""
    emails = [email for email in person.emails if email.tags["email"] not in ("journal", "export")]
    return emails[zlib.crc32(person.address.encode()) % len(emails)] if emails else None


def _pages(life: "Life", url: str) -> list[str]:
    """What a link shows, by GET and by whatever can be pressed behind it."""
    paths = [url, *(f"{url}/{action}" for action in PRESSED)] if "/me/" in url and url.count("/") == 4 else [url]
    answers = []
    for method, form in (("GET", None), ("HEAD", None), ("POST", {})):
        answers += [life.world.request(method, path, form=form, drain=False) for path in paths]
    return [answer.text for answer in answers]
