"""`email-course preview`: writes emails as files to open, or as pictures of what readers see."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from cli.chromium import chromium
from cli.samples import Sample

VIEWS: tuple[tuple[int, Literal["light", "dark"]], ...] = ((360, "light"), (360, "dark"), (700, "light"))
"""Width in pixels and colour scheme: a phone in light and in dark mode, and a desktop."""
BETWEEN = 24
BELOW = 12
BACKDROP = "#8d8d8d"
COLOURS = 48
"""Enough colours for the letters' edges; few, because the pictures are kept in the repository."""


def write(samples: Sequence[Sample], folder: Path) -> list[Path]:
    """Writes each email as .html and .txt, and returns the .html files. Raises OSError."""
    written = []
    for sample in samples:
        page = folder / f"{sample.name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        email = sample.email
        page.write_text(email.html, "utf-8")
        page.with_name(f"{page.name.removesuffix('.html')}.txt").write_text(email.text, "utf-8")
        written.append(page)
    return written


def photograph(samples: Sequence[Sample], folder: Path, tell: Callable[[int, Path], None]) -> None:
    """Takes one picture per email, with its views side by side, and calls `tell` for each.

    The end, from the helplines on, is the same in every email: the first picture has all of it, the others its
    beginning. A variant of an email is shown on the phone only. Raises NoChromium and OSError.
    """
    with chromium() as browser:
        for number, sample in enumerate(samples, 1):
            path = folder / f"{sample.name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            shown = VIEWS[:2] if sample.is_variant else VIEWS
            views = [_view(browser, sample.email.html, width, scheme, whole=number == 1) for width, scheme in shown]
            _side_by_side(views).quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
                path, optimize=True
            )
            tell(number, path)


def _view(browser: Browser, html: str, width: int, scheme: Literal["light", "dark"], *, whole: bool) -> Image.Image:
    context = browser.new_context(viewport={"width": width, "height": 740}, color_scheme=scheme)
    page = context.new_page()
    page.set_content(html)
    picture = page.screenshot(full_page=True)
    care = page.locator(".foot p").first.bounding_box()
    context.close()
    view = Image.open(BytesIO(picture)).convert("RGB")
    return view if whole or care is None else view.crop((0, 0, view.width, int(care["y"] + care["height"]) + BELOW))


def _side_by_side(views: Sequence[Image.Image]) -> Image.Image:
    width = sum(view.width for view in views) + BETWEEN * (len(views) - 1)
    whole = Image.new("RGB", (width, max(view.height for view in views)), BACKDROP)
    at = 0
    for view in views:
        whole.paste(view, (at, 0))
        at += view.width + BETWEEN
    return whole
