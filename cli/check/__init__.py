"""`email-course check`: tests every email of every course for what readers and mail clients need."""

from pathlib import Path

from cli.check import commands, files, helplines, links, lock, mails, tables
from cli.check.finding import Finding
from cli.samples import samples
from content.lessons import load, usable
from course.errors import CourseError


def check(emails: Path, template: Path, *, ask_the_network: bool = False) -> list[Finding]:
    """The findings, in the order of files and lines; empty if nothing must change."""
    found = files.check(emails) + tables.check()
    found = found or helplines.check(emails) + commands.check(emails)
    if not found:
        try:
            usable.cache_clear()
            library = load(emails)
        except CourseError as error:
            found = [Finding.of(error)]
        else:
            found = lock.check(library, emails) + files.check_templates(library, emails)
            if not found:
                every = list(samples(library, emails))
                found = mails.check(every, emails)
                found += links.check(every, library, emails, template, network=ask_the_network)
    return sorted(set(found))


def accept(emails: Path) -> None:
    """Writes the ids of all lessons into lessons.lock; called after a check without findings."""
    lock.accept(load(emails), emails)


def looked_at(emails: Path) -> int:
    """How many emails a check without findings has looked at."""
    return len(list(samples(load(emails), emails)))
