"""`lessons.lock` of each course: the ids that its lessons were deployed with, so that none is lost unnoticed."""

from collections.abc import Iterator
from pathlib import Path

from cli.check.finding import Finding
from content.lessons import Course, Library

LOCK = "lessons.lock"
_HEAD = """# The ids of the lessons that people were sent. `email-course check --accept` adds those that are new.
# A lesson whose file was renamed says in its front matter which id it had: was = ["old-id"].
# To take a lesson out of the course for good, delete its line here as well.
"""


def check(library: Library, emails: Path) -> list[Finding]:
    """Lessons that were deployed and are gone, with the file that is most likely to be the lesson now."""
    return [finding for course in library.courses.values() for finding in _missing(course, emails / course.id)]


def accept(library: Library, emails: Path) -> None:
    """Writes down the ids that all lessons have and had. None is ever taken out."""
    for course in library.courses.values():
        path = emails / course.id / LOCK
        known = dict.fromkeys([*_deployed(path), *course.plan, *course.renamed])
        path.write_text(_HEAD + "".join(f"{lesson}\n" for lesson in known), "utf-8")


def _missing(course: Course, folder: Path) -> Iterator[Finding]:
    path = folder / LOCK
    deployed = _deployed(path)
    new = [lesson for lesson in course.plan if lesson not in deployed]
    for lesson, line in deployed.items():
        if lesson not in course.plan and lesson not in course.renamed:
            says = f'was = ["{lesson}"]'
            files = sorted(each.name for one in new for each in folder.glob(f"*-{one}.md.j2"))
            where = f"{says} belongs into {' or '.join(files) or 'the file that has it now'}"
            what = f"people were sent the lesson {lesson}, which is gone: {where}, or delete this line"
            yield Finding(str(path), line, what)


def _deployed(path: Path) -> dict[str, int]:
    """Each id of a lock with its line; none without a lock."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {line.strip(): number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")}
