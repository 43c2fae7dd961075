"""`lessons.lock` of each course: the ids of its deployed lessons, so that a lost lesson is noticed."""

from collections.abc import Iterator
from pathlib import Path

from cli.check.finding import Finding
from content.lessons import Course, Library

LOCK = "lessons.lock"
_HEAD = """# The ids of all lessons that were sent. `email-course check --accept` adds the new ones.
# A lesson with a renamed file names its former id in its front matter: was = ["old-id"].
# To remove a lesson from the course for good, delete its line here as well.
"""


def check(library: Library, emails: Path) -> list[Finding]:
    """Findings for deployed lessons that are missing, each with the file that is most likely the lesson now."""
    return [finding for course in library.courses.values() for finding in _missing(course, emails / course.id)]


def accept(library: Library, emails: Path) -> None:
    """Adds the present and former ids of all lessons to the lock. Never deletes one."""
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
            where = f"write {says} into {' or '.join(files) or 'the file that has it now'}"
            what = f"the lesson {lesson} was deployed and is missing: {where}, or delete this line"
            yield Finding(str(path), line, what)


def _deployed(path: Path) -> dict[str, int]:
    """Each id in a lock with its line number; empty if there is no lock."""
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    return {line.strip(): number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")}
