"""A finding of the check: one thing to change, and its place."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bs4 import BeautifulSoup

from course.errors import CourseError


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A place, and what to change there. Prints as one line, `file:line: what`, which editors and CI can follow."""

    path: str
    line: int
    message: str

    @classmethod
    def of(cls, error: CourseError) -> "Finding":
        """The finding for an error that the functions themselves raise about a file."""
        return cls(error.path, error.line or 1, error.message)

    def __str__(self) -> str:
        path = Path(self.path)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        return f"{shown}:{self.line}: {self.message}"


def line_of(path: Path, *needles: str) -> int | None:
    """The number of the first line with the first needle that the file has; None if it has none."""
    text = path.read_text("utf-8")
    for needle in filter(None, needles):
        if (at := text.find(needle)) >= 0:
            return text.count("\n", 0, at) + 1
    return None


@lru_cache(maxsize=256)
def parsed(html: str) -> BeautifulSoup:
    """An email's elements. Do not change them: they are cached, since several rules read each email."""
    return BeautifulSoup(html, "html.parser")
