"""A copy of the system whose course has four lessons instead of seven, so that a scenario ends sooner."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_cloud.cloud import TEMPLATE


@contextmanager
def short_course() -> Iterator[Path]:
    """Yields the path of the copy's template. The code is a link to the real code."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "functions").symlink_to(TEMPLATE.parent / "functions")
        shutil.copy(TEMPLATE, root / "template.yaml")
        shutil.copytree(TEMPLATE.parent / "emails", root / "emails")
        for lesson in ("02-own-it", "03-apology-in-action", "04-no-rush-to-forgiveness"):
            (root / f"emails/rebuild-trust/{lesson}.md.j2").unlink()
        yield root / "template.yaml"
