"""The W3C's validator vnu, for tests that check pages and emails against the HTML standard."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.conftest import cannot_run_here

VNU = Path(__file__).parents[1] / ".tools/node_modules/vnu-jar/build/dist/vnu.jar"
OUTLOOKS_OWN = r"CSS: “mso-[a-z-]+”: Property “mso-[a-z-]+” doesn't exist\."
"""vnu's messages on properties that only Outlook knows. Other mail programs ignore them, and no page uses one."""


def errors(documents: Mapping[str, str], folder: Path, *, ignored: str = "") -> list[str]:
    """Returns vnu's errors in HTML documents, one line each, without its warnings.

    `documents` maps names to HTML, which is written into `folder`. Messages that match the regular expression
    `ignored` are left out.
    """
    java = vnu()
    for name, document in documents.items():
        (folder / f"{name.replace('/', '_')}.html").write_text(document, "utf-8")
    command = [java, "-jar", str(VNU), "--format", "json", "--errors-only", "--exit-zero-always"]
    command += ["--filterpattern", ignored] if ignored else []
    found = subprocess.run([*command, *sorted(folder.glob("*.html"))], capture_output=True, text=True, check=True)
    messages = json.loads(found.stderr)["messages"]
    return [f"{Path(each['url']).stem}:{each.get('lastLine')}: {each['message']}" for each in messages]


@cache
def vnu() -> str:
    """Returns the path of Java. Skips the test if Java or vnu is missing."""
    java = shutil.which("java")
    if java is None:
        cannot_run_here(
            "vnu on pages and emails (no java on the PATH; on Debian: sudo apt-get install default-jre-headless)"
        )
    if not VNU.exists():
        cannot_run_here("vnu is missing in .tools: run make test-long")
    return str(java)
