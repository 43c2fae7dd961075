"""Journal link in a notice → a page with a button. The button → the journal, its download, and ways to delete it.

No GET shows a reflection: link scanners follow links, but press no buttons.
"""

from collections.abc import Mapping

from aws_lambda_powertools.event_handler import Response

from aws import clients
from aws.log import observed
from aws.web import NOTHING, Pages, download, page
from content.lessons import Course
from content.pages import errors_in_words, export_values, journal_text, journal_values
from course.errors import InvalidForm
from course.fields.names import checked_name
from course.subscriber import Subscriber
from services import written
from services.links import journal_page

pages = Pages()
handler = observed(pages.resolve)


@pages.get("/journal/<token>")
def show(token: str) -> Response[str]:
    """Shows a button and nothing else."""
    _, course = journal_page.opened(token, clients.now())
    return page("journal-closed", course=course, token=token)


@pages.get("/journal/<token>/<_action>")
def again(token: str, _action: str) -> Response[str]:
    """Shows the same page when a browser reloads or goes back."""
    return show(token)


@pages.post("/journal/<token>")
def read(token: str) -> Response[str]:
    """Shows the journal, with its buttons."""
    return _page(token, *journal_page.opened(token, clients.now()))


@pages.post("/journal/<token>/text")
def as_text(token: str) -> Response[str]:
    """Downloads the journal as plain text."""
    subscriber, course = journal_page.opened(token, clients.now())
    text = journal_text(subscriber, course, written.beginning(subscriber, course))
    return download("journal.txt", "text/plain; charset=utf-8", text)


@pages.post("/journal/<token>/data")
def offer(token: str) -> Response[str]:
    """Shows what the download contains, with a button for each of its parts."""
    subscriber, course = journal_page.opened(token, clients.now())
    shown = export_values(written.parts(subscriber, pages.posted.get("after", "")), pages.posted.get("from", ""))
    return page("export", course=course, token=token, **shown)


@pages.post("/journal/<token>/export")
def take(token: str) -> Response[bytes]:
    """Downloads one part of the data as a zip file. Data that is too large for one file has several parts."""
    subscriber, course = journal_page.opened(token, clients.now())
    archive = journal_page.archive(subscriber, course, pages.posted.get("after", ""), clients.now())
    return download("my-data.zip", "application/zip", archive)


@pages.post("/journal/<token>/take-back")
def take_back(token: str) -> Response[str]:
    """Deletes the reflection of one mail. Two presses delete it once."""
    subscriber, course = journal_page.opened(token, clients.now())
    round_number, _, which = pages.posted.get("which", "").partition("#")
    lesson, _, mail_id = which.partition("#")
    if round_number.isdecimal() and len(round_number) < 6:
        journal_page.take_back(subscriber, course, int(round_number), lesson, mail_id)
    return _page(token, subscriber, course, message="taken_back")


@pages.post("/journal/<token>/name")
def rename(token: str) -> Response[str]:
    """Changes or removes the first name."""
    subscriber, course = journal_page.opened(token, clients.now())
    try:
        named = journal_page.rename(subscriber, checked_name(pages.posted.get("first_name", "")))
    except InvalidForm as error:
        return _page(token, subscriber, course, errors={"first_name": str(error)})
    return _page(token, named or subscriber, course, message="named")


@pages.post("/journal/<token>/end-links")
def end_links(token: str) -> Response[str]:
    """Ends every link that was sent; this one too, if a new one can be sent."""
    subscriber, course = journal_page.opened(token, clients.now())
    journal_page.end_links(subscriber, token)
    return page("links-ended", course=course, reachable=subscriber.reachable)


@pages.post("/journal/<token>/erase")
def erase(token: str) -> Response[str]:
    """Asks once more, then erases everything."""
    if pages.posted.get("sure") == "yes":
        return page("erased", language=journal_page.erase(token, clients.now()))
    subscriber, course = journal_page.opened(token, clients.now())
    return page("erase", course=course, token=token, reachable=subscriber.reachable)


def _page(
    token: str, subscriber: Subscriber, course: Course, *, message: str = "", errors: Mapping[str, str] = NOTHING
) -> Response[str]:
    shown = journal_values(subscriber, course, written.beginning(subscriber, course))
    shown |= {"message": message, "errors": errors_in_words(errors, course.language)}
    shown |= {"reachable": subscriber.reachable, "first_name": pages.posted.get("first_name", subscriber.first_name)}
    return page("journal", 400 if errors else 200, course=course, token=token, **shown)
