"""The W3C's validator vnu, for tests that hold pages and emails to the HTML standard."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.conftest import cannot_run_here

VNU = Path(__file__).parents[1] / ".tools/node_modules/vnu-jar/build/dist/vnu.jar"
OUTLOOKS_OWN = r"CSS: “mso-[a-z-]+”: Property “mso-[a-z-]+” doesn't exist\."
"""What vnu says of properties that only Outlook knows; other mail programs pass over them. None is used in a page."""


def errors(documents: Mapping[str, str], folder: Path, *, but_for: str = "") -> list[str]:
    """What vnu finds wrong with HTML documents, as one line each, warnings left out.

    `documents` are by name; they are written into `folder`. Messages that fit the regular expression `but_for` are
    passed over.
    """
    java = vnu()
    for name, document in documents.items():
        (folder / f"{name.replace('/', '_')}.html").write_text(document, "utf-8")
    command = [java, "-jar", str(VNU), "--format", "json", "--errors-only", "--exit-zero-always"]
    command += ["--filterpattern", but_for] if but_for else []
    found = subprocess.run([*command, *sorted(folder.glob("*.html"))], capture_output=True, text=True, check=True)
    messages = json.loads(found.stderr)["messages"]
    return [f"{Path(each['url']).stem}:{each.get('lastLine')}: {each['message']}" for each in messages]


@cache
def vnu() -> str:
    """The path of the Java that runs vnu; without both the test is skipped."""
    java = shutil.which("java")
    if java is None:
        cannot_run_here(
            "vnu on pages and emails (no java on the PATH; on Debian: sudo apt-get install default-jre-headless)"
        )
    if not VNU.exists():
        cannot_run_here("vnu is missing in .tools: run make test-long")
    return str(java)
