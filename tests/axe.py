"""axe-core: what a page or a mail has against the accessibility rules of WCAG 2.2, levels A and AA."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.conftest import cannot_run_here

AXE = Path(__file__).parents[1] / ".tools" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What axe finds on the page that is open, each with its rule and its element."""
    if not AXE.is_file():
        cannot_run_here("no axe-core: tools/test-needs.sh fetches it")
    # Not as a script of the page, which its Content-Security-Policy would not let in.
    page.evaluate(AXE.read_text("utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
    assert len(found["passes"]) > 5, "axe has looked at something"
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
