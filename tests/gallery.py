"""Every page that people can see, opened in a real browser one after the other."""

from collections.abc import Callable
from datetime import timedelta
from unittest.mock import patch

from botocore.exceptions import ConnectTimeoutError
from playwright.sync_api import Page

from aws.limits import Limits
from aws.subscribers import Subscribers
from local_cloud.cloud import World
from tests.people import Person
from tests.stories import next_email, reads

See = Callable[[str], None]
WORDS = "I never said out loud how lonely I made you.\n\nNot once in ten years. I always had a reason ready."


def walk(world: World, page: Page, see: See) -> None:
    """Opens each page and calls `see` with its name while it is open."""
    _signing_up(world, page, see)
    _in_the_course(world, page, see)
    _leaving(world, page, see)
    _what_goes_wrong(world, page, see)
    _embedded(world, page, see)


def _presses(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def _fills_in(world: World, page: Page, address: str) -> None:
    page.get_by_label("Email address").fill(address)
    page.get_by_label("First name").fill("Ann")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("checkbox").check()
    world.advance(timedelta(seconds=10))
    _presses(page, "Sign up")


def _signing_up(world: World, page: Page, see: See) -> None:
    ann, site = Person(world), world.parameters["SiteUrl"]
    page.goto(site)
    see("sign-up")
    page.get_by_label("Email address").fill("ann@")
    _presses(page, "Sign up")
    see("sign-up-errors")
    _fills_in(world, page, ann.address)
    see("check-inbox")
    page.goto(ann.link("/confirm/"))
    see("confirm")
    _presses(page, "Confirm and begin")
    see("confirmed")
    page.goto(ann.link("/confirm/", ann.emails[0]))
    see("already-confirmed")
    page.goto(f"{site}/privacy")
    see("privacy")


def _in_the_course(world: World, page: Page, see: See) -> None:
    ann = Person(world)
    page.goto(ann.page_url)
    see("me-begun")
    next_email(world)
    ann.replies(WORDS)
    for _ in range(2):
        next_email(world)
    ann.replies("I came home late again, and I said nothing about it.")
    page.goto(ann.page_url)
    see("me")
    page.get_by_text("Pause", exact=True).click()
    page.get_by_label("Until").fill("2020-01-01")
    _presses(page, "Pause the course")
    see("me-errors")
    page.get_by_label("Until").fill((world.now() + timedelta(days=20)).date().isoformat())
    _presses(page, "Pause the course")
    see("me-paused")
    _presses(page, "Go on with the course")
    page.goto(f"{ann.page_url}/journal")
    see("ask-journal")
    _presses(page, "Mail me the link")
    see("journal-asked")
    page.goto(ann.link("/journal/"))
    see("journal-closed")
    _presses(page, "Show my journal")
    see("journal")
    _presses(page, "Download everything we keep about you")
    see("export")
    _presses(page, "Back to my journal")
    _presses(page, "Erase everything")
    see("erase")
    page.goto(f"{ann.page_url}/lessons/acknowledge")
    see("lesson")
    while ann.emails[-1].tags["email"] != "safety-first":
        next_email(world)
    page.goto(ann.page_url)
    see("me-way-back")
    for name in ("yes", "not-yet"):
        page.goto(f"{ann.page_url}/{name}")
        see(f"answer-{name}")


def _leaving(world: World, page: Page, see: See) -> None:
    ann = Person(world)
    page.goto(ann.link("/unsubscribe/"))
    page.get_by_text("If you like, say why").click()
    see("unsubscribe")
    _presses(page, "Pause for a month instead")
    see("break")
    page.goto(ann.link("/unsubscribe/"))
    _presses(page, "Stop the emails")
    see("unsubscribed")
    page.goto(ann.journal_url)
    _presses(page, "Show my journal")
    page.get_by_text("End all my links").first.click()
    _presses(page, "End all my links")
    see("links-ended")
    page.goto(ann.journal_url)
    for button in ("Show my journal", "Erase everything", "Erase everything"):
        _presses(page, button)
    see("erased")


def _what_goes_wrong(world: World, page: Page, see: See) -> None:
    site = world.parameters["SiteUrl"]
    page.goto(f"{site}/me/{'x' * 44}")
    see("link-too-old")
    page.get_by_label("Email address").fill("ann@example.net")
    world.advance(timedelta(seconds=10))
    _presses(page, "Send me a new link")
    see("link-asked")
    page.goto(f"{site}/nowhere")
    see("not-found")
    bob = reads(Person(world, "bob@example.net", "Bob", source_ip="203.0.113.9"), 0)
    with patch.object(Subscribers, "get", side_effect=ConnectTimeoutError(endpoint_url="https://dynamodb.example")):
        page.goto(bob.page_url)
    see("broken")
    with patch.object(Limits, "count_up", return_value=False):
        page.goto(site)
        _fills_in(world, page, "cleo@example.net")
    see("busy")


def _embedded(world: World, page: Page, see: See) -> None:
    page.goto(f"{world.parameters['SiteUrl']}/embed")
    see("embed")
    _fills_in(world, page, "dora@example.net")
    see("embed-check-inbox")
