"""One thing to change, and where."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bs4 import BeautifulSoup

from course.errors import CourseError


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Where, and what to change. Printed as one line, `file:line: what`, which editors and CI know how to follow."""

    path: str
    line: int
    message: str

    @classmethod
    def of(cls, error: CourseError) -> "Finding":
        """What the functions themselves say about a file."""
        return cls(error.path, error.line or 1, error.message)

    def __str__(self) -> str:
        path = Path(self.path)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        return f"{shown}:{self.line}: {self.message}"


def line_of(path: Path, *needles: str) -> int | None:
    """The first line that holds the first of these texts that is there at all."""
    text = path.read_text("utf-8")
    for needle in filter(None, needles):
        if (at := text.find(needle)) >= 0:
            return text.count("\n", 0, at) + 1
    return None


@lru_cache(maxsize=256)
def parsed(html: str) -> BeautifulSoup:
    """An email as its elements, only to read: several rules look at each."""
    return BeautifulSoup(html, "html.parser")
