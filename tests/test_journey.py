"""The whole story in a real browser: sign up, confirm, read, reply, pause, not yet, a second round, the journal."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import chromium, running_course

ADDRESS = "ann@example.net"
WORDS = "I never said out loud how lonely I made you.\n\nNot once in ten years."
SECOND_THOUGHT = "One more thing: I laughed when you cried."
SECOND_ROUND = "This time I said it, and I listened."


@pytest.fixture
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    with chromium() as browser:
        yield browser


class Ann:
    """Somebody with a browser, who knows the sign-up page, her mailbox and the clock on the wall."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url

    def time_passes(self, button: str) -> None:
        """Moves the clock with one of its buttons."""
        self.is_at(f"{self.url}/_local")
        self.page.get_by_role("button", name=button, exact=True).click()

    def is_at(self, url: str) -> None:
        """Opens a page, unless it is open: then nothing has happened since it was."""
        if self.page.url != url:
            self.page.goto(url)

    def subjects(self) -> list[str]:
        """What is in the mailbox, newest first; replies of her own are left out."""
        self.page.goto(f"{self.url}/_local/mailbox/{ADDRESS}")
        return self.page.locator(".entries a[href*='/_local/mail/'] .subject").all_inner_texts()

    def opens(self, subject: str) -> None:
        """Opens the newest email with these words in its subject."""
        self.is_at(f"{self.url}/_local/mailbox/{ADDRESS}")
        self.page.locator(".entries a[href*='/_local/mail/']", has_text=subject).first.click()

    def follows(self, link: str) -> None:
        """Follows a link inside the email that is open."""
        target = self.page.frame_locator("iframe.body").get_by_role("link", name=link, exact=True).first
        url = target.get_attribute("href")
        assert url
        self.page.goto(url)

    def replies(self, text: str) -> None:
        """Replies to the email that is open."""
        self.page.get_by_placeholder("Write as").fill(text)
        self.page.get_by_role("button", name="Send reply").click()

    def photographs(self, name: str, *, width: int = 400, height: int = 800, mail: bool = False) -> None:
        """Takes a picture of what is open for the README, when `make pictures` asks for it."""
        if not (folder := os.environ.get("PICTURES")):
            return
        page, here = self.page, self.page.url
        page.set_viewport_size({"width": width, "height": height})
        if mail:
            page.goto(f"{here.partition('?')[0]}/body")
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.goto(here)
        page.set_viewport_size({"width": 1280, "height": 720})

    def presses(self, button: str, *, after_opening: str = "") -> None:
        """Presses a button of a page, which may stand behind a heading that opens."""
        if after_opening:
            self.page.get_by_text(after_opening, exact=True).click()
        self.page.get_by_role("button", name=button, exact=True).click()

    def sees(self, text: str | re.Pattern[str]) -> None:
        """Finds words on the page."""
        expect(self.page.locator("main")).to_contain_text(text)


def test_a_course_taken_from_sign_up_to_journal(browser: Browser) -> None:
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    with running_course() as (url, _):
        ann = Ann(context.new_page(), url)
        _signs_up_and_confirms(ann)
        _three_days_with_two_replies(ann)
        _pauses_and_goes_on(ann)
        _says_not_yet_and_comes_back(ann)
        _reads_the_journal(ann)
    context.close()


def _signs_up_and_confirms(ann: Ann) -> None:
    page = ann.page
    page.goto(ann.url)
    ann.sees(re.compile("nobody reads", re.IGNORECASE))
    expect(page.locator("footer")).to_contain_text("0808 802 4040")
    assert page.locator("select[name=zone]").input_value() == "Europe/Berlin", "the browser's own zone is filled in"
    ann.photographs("sign-up", width=1280, height=900)
    form = page.locator("form[action='/sign-up']")
    form.get_by_label("Email address").fill("not an address")
    form.get_by_label(re.compile("^Send me this course")).check()
    form.get_by_role("button", name="Sign up").click()
    ann.sees("Please enter one email address")
    page.get_by_label("Email address").fill(ADDRESS)
    page.get_by_label("First name").fill("Ann")
    page.evaluate("() => new Promise(done => setTimeout(done, 2500))")  # a form that comes back at once was not typed
    page.locator("form[action='/sign-up']").get_by_role("button", name="Sign up").click()
    ann.sees(re.compile("inbox|mailbox", re.IGNORECASE))
    assert ann.subjects() == ["Please confirm your email address"]
    ann.opens("Please confirm")
    ann.follows("Confirm my address")
    assert ann.subjects() == ["Please confirm your email address"], "opening the link confirms nothing"
    ann.opens("Please confirm")
    ann.follows("Confirm my address")
    page.locator("main form button").click()
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
    written = ann.page.locator(".written").all_inner_texts()
    assert written == [WORDS, SECOND_THOUGHT], "as written, and a second reply is a second reflection"


def _pauses_and_goes_on(ann: Ann) -> None:
    ann.opens("Before you mend it")
    ann.follows("Your page")
    ann.presses("Pause the course", after_opening="Pause")
    ann.sees("Paused")
    ann.time_passes("+1 day")
    ann.time_passes("+1 day")
    assert len(ann.subjects()) == 7, "nothing comes while the course is paused, but word of the press"
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
    body = ann.page.frame_locator("iframe.body").locator("body")
    expect(body).to_contain_text("how lonely I made you")
    expect(body).to_contain_text("I laughed when you cried")
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
    letter = ann.page.frame_locator("iframe.body").locator("body")
    for words in ("how lonely I made you", "I laughed when you cried", SECOND_ROUND):
        expect(letter).to_contain_text(words)
    ann.follows("Your page")
    ann.sees("All lessons and the closing letter have been sent")
    ann.presses("Mail me the link")
    ann.opens("The link to your journal")
    ann.follows("Open your journal")
    ann.presses("Show my journal")
    assert ann.page.locator(".written").all_inner_texts() == [WORDS, SECOND_THOUGHT, SECOND_ROUND]
    ann.photographs("journal", height=1000)
