"""A person who takes the course, for tests that tell a story: signs up, reads emails, follows links, replies."""

import re
from dataclasses import dataclass
from datetime import timedelta

from local_cloud import clients
from local_cloud.api import Response
from local_cloud.clients import Place
from local_cloud.cloud import World
from local_cloud.mime import SentEmail


def one_click(email: SentEmail) -> str:
    """Returns the https address of List-Unsubscribe, to which a mail program posts its one click (RFC 8058)."""
    found = re.fullmatch(r"<(https?://[^<>,\s]+)>, <mailto:[^<>,\s]+>", email.header("List-Unsubscribe") or "")
    assert found
    return found[1]


@dataclass
class Person:
    """Somebody with a mailbox."""

    world: World
    address: str = "ann@example.net"
    first_name: str = "Ann"
    zone: str = "Europe/Berlin"
    hour: int = 7
    source_ip: str = "198.51.100.7"

    def form(self, **changed: str) -> dict[str, str]:
        """The sign-up form as this person fills it in, ten seconds after opening the page."""
        page = self.world.request("GET", "/").text
        form_time = re.search(r'name="form_time" value="([^"]+)"', page)
        assert form_time
        self.world.advance(timedelta(seconds=10))
        filled = {
            "course": "rebuild-trust",
            "form_time": form_time[1],
            "website": "",
            "address": self.address,
            "first_name": self.first_name,
            "zone": self.zone,
            "hour": str(self.hour),
            "consent": "yes",
        }
        return filled | changed

    def signs_up(self, path: str = "/sign-up", **changed: str) -> Response:
        """Fills in the form and sends it."""
        return self.world.request("POST", path, form=self.form(**changed), source_ip=self.source_ip)

    def asks_for_a_link(self) -> Response:
        """Fills in the form that mails a new link."""
        given = {name: value for name, value in self.form().items() if name in ("address", "form_time", "website")}
        return self.world.request("POST", "/fresh-link", form=given, source_ip=self.source_ip)

    def confirms(self) -> Response:
        """Presses the button of the page to which the link in the last email leads."""
        return self.world.request("POST", self.link("/confirm/"), form={})

    def joins(self) -> "Person":
        """Signs up and confirms: the introduction is in the mailbox."""
        self.signs_up()
        self.confirms()
        return self

    @property
    def emails(self) -> list[SentEmail]:
        """Every email that came, oldest first."""
        return self.world.mails_to(self.address)

    def email(self, subject: str) -> SentEmail:
        """The last email with these words in its subject."""
        return next(email for email in reversed(self.emails) if subject in email.subject)

    def link(self, part: str, email: SentEmail | None = None) -> str:
        """The first link that contains `part`, in the last email or in another one."""
        return next(url for _, url in (email or self.emails[-1]).links() if part in url)

    @property
    def page(self) -> str:
        """The course page, as text."""
        return self.world.request("GET", self.page_url).text

    @property
    def page_url(self) -> str:
        """The course-page link of the last email that has one."""
        return next(url for email in reversed(self.emails) for _, url in email.links() if re.search(r"/me/[^/]+$", url))

    def presses(self, action: str, **fields: str) -> Response:
        """Presses a button of the course page: pause, resume, time, again, stop, yes, not-yet, unskip, journal."""
        return self.world.request("POST", f"{self.page_url}/{action}", form=fields)

    @property
    def journal_url(self) -> str:
        """The last journal link that was mailed, if it still works; otherwise a new one."""
        mailed = (url for email in reversed(self.emails) for _, url in email.links() if "/journal/" in url)
        if (last := next(mailed, "")) and self.world.request("GET", last).status == 200:
            return last
        self.presses("journal")
        return self.link("/journal/")

    @property
    def journal(self) -> str:
        """The journal page after its button was pressed, as text."""
        return self.world.request("POST", self.journal_url, form={}).text

    def in_the_journal(self, action: str, **fields: str) -> Response:
        """Presses a button of the journal page: text, export, take-back, name, end-links, erase."""
        return self.world.request("POST", f"{self.journal_url}/{action}", form=fields)

    def erases(self) -> Response:
        """Presses both buttons that erase everything."""
        return self.in_the_journal("erase", sure="yes")

    def replies(
        self, text: str, email: SentEmail | None = None, client: str = "gmail", place: Place = Place.ABOVE
    ) -> None:
        """Replies to the last email, or to another one, as a mail program does."""
        answered = email or self.emails[-1]
        raw = clients.reply(client, answered, text, self.world.now(), place)
        self.world.deliver(raw, clients.reply_address(answered))

    @property
    def row(self) -> dict[str, object]:
        """This person's item in the table Subscribers."""
        return next(row for row in self.world.subscribers() if row["address"] == self.address.lower())

    @property
    def reflections(self) -> list[dict[str, object]]:
        """This person's items in the table Reflections, sorted by key."""
        mine = [row for row in self.world.rows("Reflections") if row["subscriber"] == self.row["id"]]
        return sorted(mine, key=lambda row: str(row["key"]))
