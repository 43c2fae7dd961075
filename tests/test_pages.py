"""Every page in a real browser: at every width, in light and dark mode, by keyboard, and without JavaScript."""

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Literal
from unittest.mock import patch
from urllib.request import Request, urlopen
from zipfile import ZipFile

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from local_cloud import api
from local_cloud.cloud import TEMPLATE, World
from tests import gallery, html_validator
from tests.browser import PATIENCE, barriers, chromium, served
from tests.conftest import MONDAY
from tests.people import Person
from tests.stories import next_email, reads, unchanged

PHONE, DESK = 360, 1280
WIDTHS = {PHONE: 720, DESK: 800}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
ELSEWHERE = "https://www.wikipedia.org/"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, allowed to show a page of this machine in a frame of a made-up site."""
    with chromium("--disable-features=LocalNetworkAccessChecks") as browser:
        yield browser


@pytest.fixture
def site() -> Iterator[World]:
    """The local cloud, with its pages served. Fails the test if a handler raised."""
    with served(MONDAY) as world:
        yield world
        assert not world.failures


def opened(browser: Browser, *, javascript: bool = True, locale: str = "en-GB") -> Page:
    """A page of a browser that nobody has used."""
    context = browser.new_context(timezone_id="Europe/Berlin", locale=locale, java_script_enabled=javascript)
    context.set_default_timeout(PATIENCE)
    context.route(
        f"{ELSEWHERE}**", lambda route: route.fulfill(body="<h1>Somewhere else</h1>", content_type="text/html")
    )
    return context.new_page()


@pytest.mark.timeout(600)  # 33 pages, each looked at twice
def test_every_page_fits_and_is_accessible_at_every_width_in_light_and_dark_mode(site: World, browser: Browser) -> None:
    """No page scrolls sideways, each has one heading at the top, and axe-core finds no barrier.

    Each width is tested in one scheme only; `test_dark_mode_changes_only_colours_and_a_width_changes_none` shows why
    that is enough.
    """
    page, seen, wrong = opened(browser), [], []
    page.on("console", lambda said: wrong.append(said.text) if "Failed to load resource" not in said.text else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))

    def see(name: str) -> None:
        seen.append(name)
        for width, scheme in ((PHONE, SCHEMES[0]), (DESK, SCHEMES[1])):
            shown_at(page, width, scheme)
            found = barriers(page, colours_only=width == DESK)
            if page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
                found.append("is wider than the window")
            wrong.extend(f"{name}, {width}, {scheme}: {one}" for one in found)
        if "PICTURES" in os.environ:
            photographed(name, page)
        assert page.locator("h1").count() == 1, name
        assert page.locator("html").get_attribute("lang") == "en"
        assert page.get_by_role("link", name="Leave this page", exact=True).is_visible(), name
        expect(page.locator("footer")).to_contain_text("If you need someone now")

    gallery.walk(site, page, see)
    assert not wrong
    assert len(seen) == len(set(seen)) == 33


@pytest.mark.long  # 30 s
@pytest.mark.timeout(600)
def test_all_pages_are_valid_html(site: World, browser: Browser, tmp_path: Path) -> None:
    """Checks the HTML as it is served: a browser repairs the HTML that it shows."""
    html_validator.vnu()
    pages, answers, handle = {}, [""], site.api.handle

    def keep(request: api.Request) -> api.Response:
        answer = handle(request)
        if answer.headers.get("content-type", "").startswith("text/html"):
            answers.append(answer.text)
        return answer

    with patch.object(site.api, "handle", keep):
        gallery.walk(site, opened(browser), lambda name: pages.update({name: answers[-1]}))
    assert len(set(pages.values())) == 33
    assert html_validator.errors(pages, tmp_path) == []


def shown_at(page: Page, width: int, scheme: Literal["light", "dark"]) -> None:
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})
    page.emulate_media(color_scheme=scheme)


@pytest.mark.parametrize("path", ["/", "/embed"])
def test_on_a_phone_the_first_field_is_on_the_first_screen(site: World, browser: Browser, path: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.parameters['SiteUrl']}{path}")
    box = page.get_by_label("Email address").bounding_box()
    context.close()
    assert box
    assert box["y"] + box["height"] <= 844


def test_dark_mode_changes_only_colours_and_a_width_changes_none() -> None:
    """A page that fits in light mode then fits in dark mode; one that can be read on a phone can be read on a desk."""
    style = (TEMPLATE.parent / "functions/pages/style.css").read_text("utf-8")
    media = re.findall(r"^@media (.*?) \{\n(.*?)^\}", style, re.DOTALL | re.MULTILINE)
    dark = [rules for condition, rules in media if "dark" in condition]
    widths = [rules for condition, rules in media if "width" in condition]
    assert (len(dark), len(widths)) == (1, 3)
    assert {value[0] for value in re.findall(r"--[a-z-]+: ([^;]+);", dark[0])} == {"#"}
    assert re.sub(r":root \{|--[a-z-]+: #[0-9a-f]{6};|\}|\s", "", dark[0]) == ""
    assert re.findall(r"[^{};]*(?:colou?r|background|shadow|opacity|filter|--)[^{};]*:[^;]*;", "".join(widths)) == []


LONGEST = 2600
"""Pixels of a page on a phone: the end, from the helplines on, is the same on all pages."""


def photographed(name: str, page: Page) -> None:
    """Makes a picture for docs, if `make pictures` asks for it: on a phone and a desk, in light and dark mode."""
    pictures = {}
    for width in WIDTHS:
        for scheme in SCHEMES:
            shown_at(page, width, scheme)
            pictures[width, scheme] = Image.open(BytesIO(page.screenshot(full_page=width == PHONE)))
    gap = 8
    half = (WIDTHS[PHONE] - gap) // 2
    small = (DESK * half // WIDTHS[DESK], half)
    height = min(LONGEST, pictures[PHONE, SCHEMES[0]].height)
    sheet = Image.new("RGB", (2 * PHONE + small[0] + 4 * gap, height + 2 * gap), "#8a8577")
    for number, scheme in enumerate(SCHEMES):
        on_phone, on_desk = (pictures[width, scheme] for width in WIDTHS)
        sheet.paste(on_phone.crop((0, 0, PHONE, height)), (gap + number * (PHONE + gap), gap))
        sheet.paste(on_desk.resize(small), (2 * PHONE + 3 * gap, gap + number * (half + gap)))
    folder = Path(os.environ["PICTURES"]) / "pages"
    folder.mkdir(exist_ok=True)
    sheet.quantize(64, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


# ---------------------------------------------------------------- keyboard


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until the element with this name has the focus. The focus must be visible at every step."""
    for _ in range(60):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            """() => {
                const element = document.activeElement, box = element.getBoundingClientRect();
                const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 20));
                const label = element.labels?.[0]?.innerText ?? element.innerText;
                // The parts of a date field take the focus themselves, and show it in their own way.
                const ringed = element.type === "date" || getComputedStyle(element).outlineStyle === "solid";
                return [label.trim(), ringed, element.contains(at) || at?.contains(element)];
            }"""
        )
        assert seen[1:] == [True, True], seen
        if seen[0].startswith(name):
            return
    raise AssertionError(f"Tab does not lead to {name}")


def test_signing_up_confirming_pausing_and_leaving_work_by_keyboard_alone(site: World, browser: Browser) -> None:
    page, keys = opened(browser), None
    page.goto(site.parameters["SiteUrl"])
    keys = page.keyboard
    keys.press("Tab")
    expect(page.locator("*:focus")).to_have_text("Skip to the content")
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "Email address")
    keys.type("not an address")
    tab_to(page, "Sign up")
    keys.press("Enter")
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    tab_to(page, "Please enter one email address")
    keys.press("Enter")
    expect(page.get_by_label("Email address")).to_be_focused()
    keys.press("ControlOrMeta+A")
    keys.type("ann@example.net")
    tab_to(page, "Hour of the day")
    keys.type("8")
    tab_to(page, "Send me this course")
    keys.press("Space")
    site.advance(timedelta(seconds=10))
    tab_to(page, "Sign up")
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Now look in your inbox")).to_be_visible()

    ann = Person(site)
    page.goto(ann.link("/confirm/"))
    tab_to(page, "Confirm and begin")
    keys.press("Space")
    expect(page.locator("h1")).to_have_text("Your address is confirmed")
    assert (ann.row["status"], ann.row["hour"], ann.row["zone"]) == ("active", 8, "Europe/Berlin")

    page.goto(ann.page_url)
    tab_to(page, "Pause")
    keys.press("Enter")
    tab_to(page, "Until")
    keys.type("12122026")  # the browser may ask for the day or the month first
    tab_to(page, "Pause the course")
    keys.press("Enter")
    expect(page.get_by_role("status")).to_have_text(
        "Paused until 12 December 2026. On that day the course goes on by itself."
    )
    assert ann.row["paused_until"] == "2026-12-12"

    page.goto(ann.link("/unsubscribe/"))
    tab_to(page, "If you like, say why")
    keys.press("Enter")
    tab_to(page, "I have no time")
    keys.press("Space")
    tab_to(page, "Stop the emails")
    keys.press("Enter")
    expect(page.locator("h1")).to_have_text("The course has stopped")
    assert ann.row["status"] == "unsubscribed"
    assert any('"Why.time"' in line for line in site.logs)


# ---------------------------------------------------------------- without JavaScript


def test_the_whole_course_works_without_javascript(site: World, browser: Browser, tmp_path: Path) -> None:
    page, ann = opened(browser, javascript=False), Person(site)

    def press(button: str, heading: str) -> None:
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator("main")).to_contain_text(heading)

    page.goto(site.parameters["SiteUrl"])
    assert page.get_by_label("Time zone").input_value() == "", "no time zone is guessed"
    page.get_by_label("Email address").fill(ann.address)
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    page.get_by_role("checkbox").check()
    site.advance(timedelta(seconds=10))
    press("Sign up", "Now look in your inbox")
    page.goto(ann.link("/confirm/"))
    press("Confirm and begin", "Your address is confirmed")
    next_email(site)
    ann.replies("I listened for once.")
    page.goto(ann.page_url)
    page.get_by_text("Pause", exact=True).click()
    press("Pause the course", "Paused. Nothing comes until you go on.")
    press("Go on with the course", "Welcome back.")
    page.get_by_text("Another hour or time zone").click()
    page.get_by_label("Hour of the day").select_option("21")
    page.get_by_label("Time zone").select_option("Europe/Berlin")
    press("Save", "between 21:00 and 22:00")
    page.get_by_role("link", name="Before you mend it, see it").click()
    expect(page.locator("main")).to_contain_text("Today’s practice")
    page.goto(ann.page_url)
    press("Mail me the link", "The link to your journal is on its way")
    page.goto(ann.link("/journal/"))
    press("Show my journal", "I listened for once.")
    press("Download everything we keep about you", "One zip file")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download the file").click()
    coming.value.save_as(tmp_path / "mine.zip")
    with ZipFile(tmp_path / "mine.zip") as mine:
        assert json.loads(mine.read("data.json"))["reflections"][0]["text"] == "I listened for once."
        page.set_content(mine.read("journal.html").decode())
    expect(page.locator(".written")).to_have_text("I listened for once.")
    page.goto(ann.link("/unsubscribe/"))
    press("Pause for a month instead", "nothing from it comes for a month")
    page.goto(ann.link("/unsubscribe/"))
    press("Stop the emails", "No more lessons of this course will come.")
    page.goto(ann.journal_url)
    press("Show my journal", "I listened for once.")
    press("Erase everything", "This cannot be undone.")
    press("Erase everything", "It is erased")
    assert not site.subscribers()
    page.get_by_role("link", name="Leave this page", exact=True).click()
    assert page.url == ELSEWHERE


# ---------------------------------------------------------------- leaving


@pytest.mark.parametrize(
    ("locale", "clock", "said"),
    [
        ("en-GB", "19:00", "between 7:00 and 8:00"),
        ("en-US", "7:00 pm", "between 7:00 am and 8:00 am"),
        ("de-DE", "19:00", "between 7:00 and 8:00"),
    ],
)
def test_hours_are_written_as_in_the_country_of_the_browser(
    site: World, browser: Browser, locale: str, clock: str, said: str
) -> None:
    """They do not show the subscriber's country, because a second person may have the link."""
    ann = Person(site)
    ann.signs_up(zone="Australia/Perth")
    ann.confirms()
    page = opened(browser, javascript=False, locale=locale)
    for address in (site.parameters["SiteUrl"], ann.page_url):
        page.goto(address)
        assert page.locator("select[name=hour] option").nth(19).text_content() == clock
    expect(page.locator("main")).to_contain_text(said)


@pytest.mark.parametrize("way", ["link", "Escape"])
def test_leaving_removes_the_page_from_the_history(site: World, browser: Browser, way: str) -> None:
    page, ann = opened(browser), Person(site).joins()
    page.add_init_script(
        "addEventListener('beforeunload', () => "
        "localStorage.setItem('seen', document.documentElement.innerText + document.title))"
    )
    page.goto(f"{site.parameters['SiteUrl']}/privacy")
    page.goto(ann.page_url)
    assert page.evaluate("localStorage.getItem('seen').includes('Privacy')"), (
        "a page that is left in another way is not empty"
    )
    if way == "link":
        page.get_by_role("link", name="Leave this page", exact=True).click()
    else:
        for key in ("Escape", "Escape", "a", "Escape", "Escape"):
            page.keyboard.press(key)
        assert page.url == ann.page_url, "only three Escapes in a row leave the page"
        page.keyboard.press("Escape")
    page.wait_for_url(ELSEWHERE)
    page.go_back()
    assert page.url.endswith("/privacy")
    assert page.evaluate("localStorage.getItem('seen').trim()") == "", "the page was emptied before the other one came"


# ---------------------------------------------------------------- on the author's own site


def test_the_form_works_in_a_frame_of_the_authors_site_and_of_no_other(browser: Browser) -> None:
    with served(MONDAY, EmbedOrigins="http://author.example") as site:
        page, home = opened(browser), site.parameters["SiteUrl"]
        frame = f"<!doctype html><title>x</title><iframe src='{home}/embed' title='Sign up' height='1300'></iframe>"
        for host in ("author.example", "another.example"):
            page.route(f"http://{host}/", lambda route: route.fulfill(body=frame, content_type="text/html"))
        page.goto("http://another.example/")
        expect(page.frame_locator("iframe").get_by_label("Email address")).to_have_count(0)
        page.goto("http://author.example/")
        form = page.frame_locator("iframe")
        form.get_by_label("Email address").fill("ann@example.net")
        form.get_by_role("checkbox").check()
        site.advance(timedelta(seconds=10))
        form.get_by_role("button", name="Sign up").click()
        expect(form.get_by_role("heading", name="Now look in your inbox")).to_be_visible()
        assert [email.tags["email"] for email in site.mails_to("ann@example.net")] == ["confirm"]
        form.get_by_role("link", name="Leave this page", exact=True).click()
        page.wait_for_url(ELSEWHERE)


# ---------------------------------------------------------------- machines


def test_c1_a_scanner_that_follows_every_link_and_runs_javascript_changes_nothing(
    site: World, browser: Browser
) -> None:
    """Follows every link of every email, and every link of the pages to which they lead, and runs all scripts there.

    The links of several emails lead to the same pages, each with another token: each page is opened once.
    """
    home = site.parameters["SiteUrl"]
    bob = Person(site, "bob@example.net", "Bob", source_ip="203.0.113.9")
    ann = reads(Person(site), 5)
    ann.replies("I never said it aloud.")
    bob.signs_up()
    waiting = [home, *(url for email in site.emails for _, url in email.links() if url.startswith(home))]
    page, seen, alike = opened(browser), set(), set()
    with unchanged(site):
        while waiting:
            url = waiting.pop().partition("#")[0]
            if url in seen:
                continue
            seen.add(url)
            answer = page.goto(url, wait_until="load")
            assert answer
            assert answer.status < 500
            page.mouse.move(100, 300)
            links = page.locator("a").evaluate_all("links => links.map(link => link.href)")
            for link in links:
                kind = re.sub(r"/[\w-]{30,}", "/TOKEN", link)
                if link.startswith(home) and kind not in alike:
                    alike.add(kind)
                    waiting.append(link)
            for method in ("HEAD", "OPTIONS"):
                assert page.request.fetch(url, method=method, max_redirects=0).status < 500
    kinds = {url.removeprefix(home).split("/")[1] for url in seen if "/" in url.removeprefix(home)}
    assert kinds >= {"me", "confirm", "unsubscribe", "privacy"}
    assert len([url for url in seen if "/lessons/" in url]) >= 6


def test_u2_one_click_over_http_works_without_cookies_and_redirects(site: World) -> None:
    ann = Person(site).joins()
    header = str(ann.emails[-1].header("List-Unsubscribe"))
    url = next(part.strip("<> ") for part in header.split(",") if "https://" in part or "http://" in part)
    with urlopen(Request(url, b"List-Unsubscribe=One-Click", method="POST")) as answer:
        assert (answer.status, answer.url) == (200, url), "no redirect"
        assert "set-cookie" not in {name.lower() for name in answer.headers}
    assert ann.row["status"] == "unsubscribed"


def test_no_page_fetches_anything_from_another_site(site: World, browser: Browser) -> None:
    """And a link to another site does not tell it from which page it was followed."""
    page, asked = opened(browser), []
    page.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    ann = reads(Person(site), 1)
    for url in (site.parameters["SiteUrl"], ann.page_url, ann.journal_url, ann.link("/unsubscribe/", ann.emails[-2])):
        page.goto(url)
    assert all(url.startswith((site.parameters["SiteUrl"], "data:")) for url, _ in asked)
    page.get_by_role("link", name="Leave this page", exact=True).click()
    page.wait_for_url(ELSEWHERE)
    assert {referer for _, referer in asked} == {""}
    assert not page.context.cookies()
