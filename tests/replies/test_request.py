"""The type of a request, and how little it loads."""

import subprocess
import sys
from pathlib import Path

FUNCTIONS = Path(__file__).parents[2] / "functions"


def test_the_type_of_a_request_loads_neither_the_reader_nor_the_email_package() -> None:
    code = "import sys, replies.request; print(*sys.modules)"

    result = subprocess.run([sys.executable, "-c", code], cwd=FUNCTIONS, capture_output=True, text=True, check=True)

    loaded = result.stdout.split()
    assert {name for name in loaded if name.startswith("replies")} == {"replies", "replies.request"}
    assert "email" not in loaded
