"""A copy of the system whose course has four emails instead of seven, so that a life is over sooner."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_cloud.cloud import TEMPLATE


@contextmanager
def short_course() -> Iterator[Path]:
    """The template of it. The code is this one's."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "functions").symlink_to(TEMPLATE.parent / "functions")
        shutil.copy(TEMPLATE, root / "template.yaml")
        shutil.copytree(TEMPLATE.parent / "emails", root / "emails")
        for lesson in ("02-own-it", "03-apology-in-action", "04-no-rush-to-forgiveness"):
            (root / f"emails/rebuild-trust/{lesson}.md.j2").unlink()
        yield root / "template.yaml"
