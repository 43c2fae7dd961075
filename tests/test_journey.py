"""The whole story in real browsers: sign up, confirm, read, reply, pause, not yet, a second round, the journal."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.browser import PATIENCE, running_course
from tests.windows import ZONE, ChromiumWindow, Window, chromium_window, firefox_window

ADDRESS = "ann@example.net"
WORDS = "I never said out loud how lonely I made you.\n\nNot once in ten years."
SECOND_THOUGHT = "One more thing: I laughed when you cried."
SECOND_ROUND = "This time I said it, and I listened."


MAIL = ".entries a[href*='/_local/mail/']"
BODY = "iframe.body"
"""The frame that shows an email."""


class Ann:
    """A person with a browser, who knows the sign-up page, her mailbox and the buttons of the clock."""

    def __init__(self, window: Window, url: str) -> None:
        self.window = window
        self.url = url

    def time_passes(self, button: str) -> None:
        """Moves the clock with one of its buttons."""
        self.is_at(f"{self.url}/_local")
        self.window.click("button", button)

    def is_at(self, url: str) -> None:
        """Opens a page, unless it is open: then nothing has happened since it was opened."""
        if self.window.url != url:
            self.window.goto(url)

    def subjects(self) -> list[str]:
        """The subjects in the mailbox, newest first, without her own replies."""
        self.window.goto(f"{self.url}/_local/mailbox/{ADDRESS}")
        return self.window.texts(f"{MAIL} .subject")

    def opens(self, subject: str) -> None:
        """Opens the newest email with these words in its subject."""
        self.is_at(f"{self.url}/_local/mailbox/{ADDRESS}")
        self.window.click(MAIL, subject, exact=False)

    def follows(self, link: str) -> None:
        """Follows a link inside the email that is open."""
        self.window.goto(self.window.link(link, BODY))

    def replies(self, text: str) -> None:
        """Replies to the email that is open."""
        self.window.fill("textarea[name=text]", text)
        self.window.click("button", "Send reply")

    def photographs(self, name: str, *, width: int = 400, height: int = 800, mail: bool = False) -> None:
        """Takes a picture of the open page for the README, if `make pictures` asks for it."""
        if not ((folder := os.environ.get("PICTURES")) and isinstance(self.window, ChromiumWindow)):
            return
        page, here = self.window.page, self.window.url
        page.set_viewport_size({"width": width, "height": height})
        if mail:
            page.goto(f"{here.partition('?')[0]}/body")
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.goto(here)
        page.set_viewport_size({"width": 1280, "height": 720})

    def presses(self, button: str, *, after_opening: str = "") -> None:
        """Presses a button of a page, after opening the heading under which it stands, if it has one."""
        if after_opening:
            self.window.click("summary", after_opening)
        self.window.click("main button", button)

    def sees(self, words: str, css: str = "main", frame: str = "") -> None:
        """Finds words on the page, or in the email that is open."""
        deadline = monotonic() + PATIENCE / 1000
        while words not in (shown := " ".join(" ".join(self.window.texts(css, frame)).split())):
            assert monotonic() < deadline, f"{words!r} is not in {shown!r}"
            sleep(0.1)

    def reads(self, words: str) -> None:
        """Finds words in the email that is open."""
        self.sees(words, "body", BODY)


WINDOWS = [
    pytest.param(chromium_window, id="chromium"),
    pytest.param(firefox_window, id="firefox", marks=pytest.mark.long),
]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("opened", WINDOWS)
def test_a_course_taken_from_sign_up_to_journal(opened: Callable[[], AbstractContextManager[Window]]) -> None:
    with opened() as window, running_course() as (url, _):
        ann = Ann(window, url)
        _signs_up_and_confirms(ann)
        _three_days_with_two_replies(ann)
        _pauses_and_goes_on(ann)
        _says_not_yet_and_comes_back(ann)
        _reads_the_journal(ann)


def _signs_up_and_confirms(ann: Ann) -> None:
    window = ann.window
    window.goto(ann.url)
    ann.sees("obody reads")
    ann.sees("0808 802 4040", "footer")
    assert window.value("select[name=zone]") == ZONE, "the browser's own zone is filled in"
    ann.photographs("sign-up", width=1280, height=900)
    window.fill("[name=address]", "not an address")
    window.check("[name=consent]")
    ann.presses("Sign up")
    ann.sees("Please enter one email address")
    window.fill("[name=address]", ADDRESS)
    window.fill("[name=first_name]", "Ann")
    sleep(2.5)  # a form that comes back at once counts as not typed by a person
    ann.presses("Sign up")
    ann.sees("inbox")
    assert ann.subjects() == ["Please confirm your email address"]
    ann.opens("Please confirm")
    ann.follows("Confirm my address")
    assert ann.subjects() == ["Please confirm your email address"], "opening the link confirms nothing"
    ann.opens("Please confirm")
    ann.follows("Confirm my address")
    ann.presses("Confirm and begin")
    ann.sees("confirmed")
    assert len(ann.subjects()) == 2, "the introduction comes at once"


def _three_days_with_two_replies(ann: Ann) -> None:
    for day in (1, 2, 3):
        ann.time_passes("next email")
        assert len(ann.subjects()) == 2 + day
    ann.opens("Before you mend it")
    ann.photographs("lesson", height=1000, mail=True)
    ann.photographs("local", width=1280, height=900)
    ann.replies(WORDS)
    ann.opens("Before you mend it")
    ann.replies(SECOND_THOUGHT)
    ann.opens("Before you mend it")
    ann.follows("Your page")
    ann.sees("Lesson 3 of 5 has been sent")
    ann.presses("Mail me the link")
    ann.opens("The link to your journal")
    ann.follows("Open your journal")
    ann.presses("Show my journal")
    ann.sees(SECOND_THOUGHT)
    written = ann.window.texts(".written")
    assert written == [WORDS, SECOND_THOUGHT], "as written, and a second reply is a second reflection"


def _pauses_and_goes_on(ann: Ann) -> None:
    ann.opens("Before you mend it")
    ann.follows("Your page")
    ann.presses("Pause the course", after_opening="Pause")
    ann.sees("Paused")
    ann.time_passes("+1 day")
    ann.time_passes("+1 day")
    assert len(ann.subjects()) == 7, "nothing comes while the course is paused, except the notice of the pause"
    ann.opens("Before you mend it")
    ann.follows("Your page")
    ann.presses("Go on with the course")
    ann.sees("Welcome back")


def _says_not_yet_and_comes_back(ann: Ann) -> None:
    ann.time_passes("next email")
    ann.time_passes("next email")
    assert ann.subjects()[0] == "Safe first, close later"
    ann.opens("Safe first")
    ann.follows("Not yet")
    ann.presses("Send my answer: not yet")
    ann.sees("new round")
    ann.time_passes("next email")
    ann.opens("Before you mend it")
    ann.reads("how lonely I made you")
    ann.reads("I laughed when you cried")
    ann.replies(SECOND_ROUND)
    for _ in range(4):
        ann.time_passes("next email")
    ann.opens("Safe first")
    ann.replies("Yes")
    ann.time_passes("next email")
    subjects = ann.subjects()
    assert subjects[0] == "Your closing letter"
    assert subjects.count("Before you mend it, see it") == 2
    assert sum("Welcome: here is" in subject for subject in subjects) == 1, "no second introduction"


def _reads_the_journal(ann: Ann) -> None:
    ann.opens("Your closing letter")
    for words in ("how lonely I made you", "I laughed when you cried", SECOND_ROUND):
        ann.reads(words)
    ann.follows("Your page")
    ann.sees("All lessons and the closing letter have been sent")
    ann.presses("Mail me the link")
    ann.opens("The link to your journal")
    ann.follows("Open your journal")
    ann.presses("Show my journal")
    ann.sees(SECOND_ROUND)
    assert ann.window.texts(".written") == [WORDS, SECOND_THOUGHT, SECOND_ROUND]
    ann.photographs("journal", height=1000)
