"""Every email in a real browser: accessible, not too wide, not too small, and legible in dark mode."""

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page

from cli.check.colours import contrast
from cli.samples import Sample, samples
from content.lessons import load
from tests.browser import barriers, chromium

EMAILS = Path(__file__).parents[1] / "emails"
SAMPLES = list(samples(load(EMAILS), EMAILS))
NARROW, PHONE, DESK = 320, 360, 1280
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module", params=SCHEMES)
def scheme(request: pytest.FixtureRequest) -> Literal["light", "dark"]:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def page(browser: Browser, scheme: Literal["light", "dark"]) -> Iterator[Page]:
    """A page as wide as a phone, in light and in dark mode."""
    context = browser.new_context(viewport={"width": PHONE, "height": 740}, color_scheme=scheme)
    yield context.new_page()
    context.close()


def shows(page: Page, sample: Sample) -> Page:
    """Shows an email without waiting for requests, because an email makes none."""
    page.evaluate("html => { document.open(); document.write(html); document.close(); }", sample.email.html)
    return page


def of_one_text(sample: Sample) -> bool:
    """Tells whether it offers another command in the words of an earlier sample: `check` looks at all of them."""
    return next(other for other in SAMPLES if other.source == sample.source) is not sample and not sample.is_variant


@pytest.mark.parametrize(
    "sample",
    [
        *(pytest.param(sample, id=sample.name) for sample in SAMPLES if not of_one_text(sample)),
        *(pytest.param(sample, id=sample.name, marks=pytest.mark.long) for sample in SAMPLES if of_one_text(sample)),
    ],
)
def test_every_email_is_accessible(page: Page, scheme: str, sample: Sample) -> None:
    assert barriers(shows(page, sample), colours_only=scheme == "dark") == []


def test_axe_finds_barriers(page: Page) -> None:
    page.set_content("<html><body><img src='data:,'><p style='color: #999; background: #fff'>Faint</p></body></html>")
    assert {each.partition(":")[0] for each in barriers(page)} >= {"html-has-lang", "image-alt", "color-contrast"}


def test_every_email_fits_and_can_be_read_at_arms_length(browser: Browser) -> None:
    """In light mode; dark mode changes only colours."""
    page = browser.new_page()
    for width in (NARROW, PHONE, DESK):
        page.set_viewport_size({"width": width, "height": 740})
        for sample in SAMPLES:
            wide, small = shows(page, sample).evaluate(
                """() => {
                    const says = node => node.nodeType === 3 && node.data.replace(/[\\s\u200c\u034f]/g, "");
                    const small = element => parseFloat(getComputedStyle(element).fontSize) < 16;
                    const shown = element => element.checkVisibility() && [...element.childNodes].some(says);
                    const all = [...document.querySelectorAll("body *")];
                    const found = all.filter(element => shown(element) && small(element));
                    return [document.documentElement.scrollWidth, found.map(element => element.outerHTML)];
                }"""
            )
            assert wide <= width, f"{sample.name} at {width}"
            assert small == [], f"{sample.name} at {width}"
    page.close()


def test_dark_mode_changes_only_colours() -> None:
    """An email that fits in light mode then fits in dark mode."""
    _, _, dark = (EMAILS / "layout.html.j2").read_text("utf-8").partition("@media (prefers-color-scheme: dark) {")
    rules = re.findall(r"([a-z-]+): [^;{}]+;", dark.partition("</style>")[0])
    assert len(rules) >= 15
    assert [name for name in rules if not name.endswith("color")] == []


def test_an_email_is_complete_without_its_stylesheet(browser: Browser) -> None:
    """Gmail may drop <style>: the styles on the elements must be enough for a phone and for a desk."""
    context = browser.new_context()
    page = context.new_page()
    for width in (NARROW, DESK):
        page.set_viewport_size({"width": width, "height": 740})
        for sample in SAMPLES:
            wide, colours, preheaders = shows(page, sample).evaluate(
                """() => {
                    document.querySelectorAll("style").forEach(style => style.remove());
                    const headings = [...document.querySelectorAll("h1")];
                    const preheaders = [...document.querySelectorAll(".preheader")];
                    return [
                        document.documentElement.scrollWidth,
                        headings.map(h1 => getComputedStyle(h1).color),
                        preheaders.map(preheader => preheader.checkVisibility()),
                    ];
                }"""
            )
            assert wide <= width, f"{sample.name} at {width}"
            assert (colours, preheaders) == (["rgb(47, 58, 110)"], [False]), sample.name
    context.close()


def test_an_email_fetches_nothing(browser: Browser) -> None:
    """No image, no font, no pixel that tells who has opened it."""
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for sample in SAMPLES:
        page.set_content(sample.email.html)  # which waits until all is loaded
        assert page.locator("img").count() == 0
    assert asked == []
    context.close()


def test_the_progress_in_the_course_is_read_out_once(page: Page) -> None:
    third = next(sample for sample in SAMPLES if sample.name.endswith("/apology-in-action"))
    told = shows(page, third).locator("body").aria_snapshot()
    assert told.count("Day 3 of 5") == 1
    assert "table" not in told, "layout tables are not read out"
    assert page.locator(".stitch-done").count() == 2
    assert page.locator(".stitch-today").count() == 1
    assert page.locator(".stitch").count() == 2


def test_the_button_of_a_lesson_begins_a_reply(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": PHONE, "height": 740})
    asking = [sample for sample in SAMPLES if "Just reply to this email" in sample.email.html]
    assert {sample.email_id for sample in asking} == {
        lesson.id
        for course in load(EMAILS).courses.values()
        for lesson in course.lessons.values()
        if lesson.question and lesson.id != course.way_back
    }, "a notice asks for no answer, and the way back has links"
    for sample in asking:
        button = shows(page, sample).get_by_role("link", name="Just reply to this email")
        assert (button.get_attribute("href") or "").startswith(f"mailto:{sample.email.reply_to}?subject=Re%3A%20")
        box = button.bounding_box()
        assert box
        assert box["height"] >= 48
        assert box["width"] >= 240
    page.close()


def test_an_email_stays_legible_if_a_mail_program_darkens_it(browser: Browser) -> None:
    """Uses Chromium's own forced dark mode, which apps on Android use, and measures the contrast on a picture."""
    context = browser.new_context(viewport={"width": PHONE, "height": 740})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setAutoDarkModeOverride", {"enabled": True})
    for sample in SAMPLES:
        if sample.email_id not in ("own-it", "safety-first", "keep-showing-up", "confirm"):
            continue
        page.set_content(_without_dark_rules(sample.email.html))
        picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("L")
        assert picture.getpixel((3, 3)) < 80, "it is dark"  # type: ignore[operator]
        boxes = page.locator("h1, h2, h3, h4, p, li, .button a, .written, .course, .day").evaluate_all(
            """elements => elements.map(element => {
                const box = element.getBoundingClientRect();
                return [element.innerText, box.left, box.top, box.right, box.bottom];
            })"""
        )
        assert len(boxes) > 5
        for words, *around in boxes:
            darkest, lightest = (
                f"#{int(grey):02x}{int(grey):02x}{int(grey):02x}" for grey in _extremes(picture.crop(tuple(around)))
            )
            assert contrast(darkest, lightest) >= 4.5, f"{sample.name}: {words[:40]}"
    context.close()


def _without_dark_rules(html: str) -> str:
    """Removes our rules for dark mode: Chromium does not darken a page that says it has its own."""
    html = re.sub(r"<style.*?</style>|<meta name=\"(?:supported-)?color-schemes?\"[^>]*>", "", html, flags=re.DOTALL)
    return html.replace("color-scheme: light dark;", "")


def _extremes(picture: Image.Image) -> tuple[float, float]:
    darkest, lightest = picture.getextrema()
    assert isinstance(darkest, int)
    assert isinstance(lightest, int)
    return darkest, lightest
