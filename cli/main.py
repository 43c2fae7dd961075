"""The email-course command: the whole system on this machine, and the operators' requests to a deployed stack."""

import json
import signal
import sys
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    from content.lessons import Course
    from local_cloud.functions import Failure

Answer = TypeVar("Answer")

# Each command imports what it needs inside its function: `email-course --help` must not import moto.
TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
STACK = "email-course"

app = typer.Typer(
    help="An email course on AWS Lambda: the whole system on this machine, and the operators' requests to a stack.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
inbox_app = typer.Typer()
app.add_typer(inbox_app, name="inbox")
StackOption = Annotated[str, typer.Option("--stack", help="The stack's name on AWS.")]
LocalOption = Annotated[
    str, typer.Option("--local", help="Ask `email-course run` instead: its address, such as http://localhost:8000.")
]
TemplateOption = Annotated[Path, typer.Option("--template", help="The SAM template to run.")]


@app.command()
def run(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    smtp: Annotated[
        int | None, typer.Option(help="Port for replies from a mail program; 0 takes a free one.", min=0, max=65535)
    ] = None,
    relay: Annotated[
        str, typer.Option(help="SMTP server on this machine that gets every email, such as localhost:1025.")
    ] = "",
    template: TemplateOption = TEMPLATE,
) -> None:
    """Run the whole system here: sign up in a browser, read the emails at /_local, move the clock."""
    from local_cloud.cloud import World
    from local_cloud.intrinsics import TemplateError
    from local_cloud.smtp import Incoming, Relay
    from local_cloud.web import DESK, Listener, PortTaken, Server

    # While a function runs, sys.stdout and sys.stderr go to its log: keep the streams on which the user reads.
    terminal, errors = sys.stdout, sys.stderr
    mailbox = _relay(relay)
    try:
        listener = Listener(host, port)
        mail_listener = Listener(host, smtp, "--smtp") if smtp is not None else None
        world = World(template, parameters={"SiteUrl": listener.url})
        with ExitStack() as running:
            running.enter_context(world)
            world.functions.on_failure = _teller(errors)
            server = running.enter_context(Server(world, listener))
            ended = _interrupted()
            print(f"Sign-up page    {server.url}/", file=terminal)
            print(f"Local cloud     {server.url}{DESK}   (mailboxes, replies, clock, tables)", file=terminal)
            if mail_listener:
                running.enter_context(Incoming(world, mail_listener))
                print(f"Replies to      {mail_listener.address}   (SMTP, no encryption, no password)", file=terminal)
            if mailbox:
                running.enter_context(Relay(world, *mailbox, lambda line: print(line, file=errors, flush=True)))
                print(f"Emails go to    {relay}   (SMTP)", file=terminal)
            about = "The whole system of template.yaml runs on this machine: no email leaves it. Ctrl-C ends it."
            print(about, file=terminal, flush=True)
            while not ended.wait(0.5):  # without a timeout, Windows never sees the signal
                pass
    except (PortTaken, TemplateError) as error:
        _fail(str(error))
    print("\nEnded. Nothing is kept.")


@app.command()
def simulate(
    course: Annotated[str, typer.Argument(help="Id of a course; the first course if not given.")] = "",
    zone: Annotated[str, typer.Option(help="The subscriber's time zone, an IANA name.")] = "Europe/Berlin",
    hour: Annotated[int, typer.Option(help="The subscriber's hour, 0 to 23.")] = 7,
    start: Annotated[
        str, typer.Option(help="Time of the sign-up, ISO 8601; without a zone, in the subscriber's zone.")
    ] = "",
    replies: Annotated[Path | None, typer.Option(help="YAML file with the subscriber's replies.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for every email as .eml, .html and .txt.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and no timeline.")] = False,
    template: TemplateOption = TEMPLATE,
) -> None:
    """Take one subscriber through a whole course in seconds, and show everything that happened, with its time."""
    where = _zone(zone)
    if not 0 <= hour <= 23:
        _fail(f"--hour must be 0 to 23, is {hour}", usage=True)
    begin = _start(start, where)
    chosen = _course(course, template.parent / "emails")

    from cli.replies import RepliesError, read
    from cli.simulate import Simulation, SimulationError, save
    from cli.timeline import timeline
    from local_cloud.cloud import World
    from local_cloud.intrinsics import TemplateError

    try:
        planned = read(replies, list(chosen.plan)) if replies else []
        if out:  # fail before the simulation if the folder cannot be made
            out.mkdir(parents=True, exist_ok=True)
        with World(template, begin) as world:
            result = Simulation(world, chosen, zone, hour, planned).run()
        saved = save(result, out) if out else 0
    except (RepliesError, SimulationError, TemplateError) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{out}: {error.strerror}")
    print(result.as_json() if as_json else timeline(result))
    if saved:
        print(f"{saved} emails are in {out}", file=sys.stderr)
    for note in result.notes:
        print(note, file=sys.stderr)


@app.command()
def check(
    links: Annotated[
        bool, typer.Option("--links", help="Also request every link to other sites, and name those that do not answer.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Also write the lessons' ids into lessons.lock. Do this before you deploy.")
    ] = False,
    template: TemplateOption = TEMPLATE,
) -> None:
    """Check every email of every course against what readers and mail clients need. Fails if anything must change."""
    _import_functions()
    from cli import check as rules

    emails = template.parent / "emails"
    findings = rules.check(emails, template, ask_the_network=links)
    for finding in findings:
        print(finding)
    if not findings:
        for warning in rules.helplines.stale(emails, datetime.now(UTC).date()):
            print(f"warning: {warning}", file=sys.stderr)
    if findings:
        raise typer.Exit(1)
    if accept:
        rules.accept(emails)
    print(f"{rules.looked_at(emails)} emails, and nothing to change.")


@app.command()
def preview(
    lesson: Annotated[
        str, typer.Argument(help="Id of a lesson or notice, such as own-it; all emails if not given.")
    ] = "",
    course: Annotated[str, typer.Option(help="Id of a course; all courses if not given.")] = "",
    shots: Annotated[
        Path | None, typer.Option(help="Folder for a picture of each email: phone, phone in dark mode, desktop.")
    ] = None,
    template: TemplateOption = TEMPLATE,
) -> None:
    """Show emails as readers get them: as files to open in a browser, or as pictures."""
    _import_functions()
    from cli import preview as previews
    from cli.chromium import NoChromium
    from cli.samples import samples
    from content.lessons import load
    from course.errors import CourseError

    emails = template.parent / "emails"
    try:
        every = list(samples(load(emails), emails))
        chosen = [one for one in every if course in ("", one.course.id) and lesson in ("", one.email_id)]
        if not chosen:
            ids = ", ".join(dict.fromkeys(one.email_id for one in every if course in ("", one.course.id)))
            _fail(f"no email {lesson!r}" + (f": the ids are {ids}" if ids else f" in a course {course!r}"), usage=True)
        if shots:
            previews.photograph(
                chosen, shots, lambda number, path: print(f"{number:3}/{len(chosen)}  {path}", flush=True)
            )
        else:
            print(*previews.write(chosen, template.parent / "build" / "preview"), sep="\n")
    except (CourseError, NoChromium) as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{error.filename}: {error.strerror}")


@app.command()
def template(path: Annotated[Path, typer.Argument(help="The SAM template.")] = TEMPLATE) -> None:
    """Print template.yaml as CloudFormation gets it from SAM, as JSON."""
    from local_cloud.intrinsics import TemplateError
    from local_cloud.template import translated

    try:
        print(json.dumps(translated(path), indent=2))
    except TemplateError as error:
        _fail(str(error))


@app.command()
def deployable(
    stack: Annotated[str, typer.Argument(help="The stack's name.")],
    region: Annotated[str, typer.Option(help="The stack's AWS region, such as eu-central-1.")],
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the template, as for sam.")
    ] = None,
    sam: Annotated[
        list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="What `sam deploy` will be given.")
    ] = None,
    template: TemplateOption = TEMPLATE,
) -> None:
    """Say why a stack of this name cannot be deployed to this region. Makes no call to AWS."""
    from cli.deployable import given_to_sam, refusals
    from local_cloud.intrinsics import TemplateError

    chosen = dict(_parameter(one) for one in given or [])
    try:
        found = list(refusals(template, stack, region, given_to_sam(sam or [], template.parent) | chosen))
    except (TemplateError, OSError, ValueError) as error:
        _fail(str(error))
    if found:
        _fail("\n".join(found))
    print(f"Found nothing that keeps {stack} from being deployed to {region}. AWS was not asked.")


def _parameter(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals:
        _fail(f"--set {given}: must be NAME=VALUE", usage=True)
    return name, value


@app.command()
def audit(
    stack: StackOption = STACK,
    local: LocalOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Print the account of the day: how many subscribers are in each state, and which are held and why."""
    from cli import operate

    answer = _asked(lambda: operate.Stack(stack, local).audit())
    print(json.dumps(answer, indent=2) if as_json else operate.account(answer))
    if not operate.adds_up(answer):
        raise typer.Exit(1)


@app.command()
def release(
    ids: Annotated[list[str], typer.Argument(help="Ids of held subscribers, as `email-course audit` lists them.")],
    arrived: Annotated[
        bool, typer.Option("--arrived", help="The email in doubt did arrive: count it as sent, and send the next.")
    ] = False,
    stack: StackOption = STACK,
    local: LocalOption = "",
) -> None:
    """Release held subscribers. An email in doubt is sent again, unless --arrived says that it arrived."""
    from cli import operate

    asked = operate.Stack(stack, local)
    every = True
    for subscriber in ids:
        answer = _asked(lambda subscriber=subscriber: asked.release(subscriber, arrived=arrived))  # type: ignore[misc]
        print(operate.released(subscriber, answer))
        every &= answer["released"]
    if not every:
        raise typer.Exit(1)


@app.command()
def resume_all(
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    stack: StackOption = STACK,
    local: LocalOption = "",
) -> None:
    """Resume sending after a table was restored from a backup or taken over from another stack."""
    from cli import operate

    asked = operate.Stack(stack, local)
    before = _asked(asked.audit)
    if not before["moved"]:
        print("There is nothing to resume: this stack sends from its table.")
        return
    print(operate.before_resuming(before))
    if not yes and not (_is_terminal() and typer.confirm("Send from this table?")):
        _fail("not resumed; --yes resumes without a question")
    answer = _asked(asked.resume_all)
    print(operate.account(answer))


@app.command()
def erase_all(
    stack: Annotated[str, typer.Argument(help="The name of the stack that was deleted.")],
    account: Annotated[str, typer.Option(help="The id of the stack's AWS account.")],
) -> None:
    """Erase everything that a deleted stack left: all subscribers' data, for ever. Asks twice, on a terminal."""
    from cli import erase

    left = erase.Leftovers(stack, account)
    found = _asked(left.found)
    if not found:
        print(f"Nothing is left of {stack} in account {account} in this region.")
        return
    print(left.about(found))
    if not _is_sure(stack):
        _fail("nothing was erased: this needs a yes and the stack's name, typed on a terminal")
    for arn in found:
        print(_asked(lambda arn=arn: left.erase(arn)))  # type: ignore[misc]
    print(f"Everything that {stack} left is erased. Backups in AWS Backup and restored tables do not belong to it.")


def _is_sure(stack: str) -> bool:
    """Whether the operator confirms twice that everything is to be erased."""
    if not _is_terminal():
        return False
    return typer.confirm("Erase all of it? Nobody can bring it back.") and typer.prompt("The stack's name") == stack


@inbox_app.callback(invoke_without_command=True)
def inbox(
    context: typer.Context,
    stack: StackOption = STACK,
    local: LocalOption = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """List the mail that was set aside: its time, its id and the reason, never its text."""
    if context.invoked_subcommand:
        return
    from cli import operate

    answer = _asked(operate.Stack(stack, local).inbox)
    print(json.dumps(answer, indent=2) if as_json else operate.inbox(answer))


@inbox_app.command()
def accept(
    mail: Annotated[str, typer.Argument(metavar="ID", help="Id of a mail, as `email-course inbox` lists it.")],
    subscriber: Annotated[str, typer.Option(help="Id of its subscriber, if the reply address doesn’t say.")] = "",
    lesson: Annotated[str, typer.Option(help="The lesson that it answers, if not that of its reply address.")] = "",
    stack: StackOption = STACK,
    local: LocalOption = "",
) -> None:
    """Turn a mail that was set aside into a reflection."""
    from cli import operate

    answer = _asked(lambda: operate.Stack(stack, local).accept(mail, subscriber, lesson))
    print(operate.accepted(mail, answer))
    if not answer["accepted"]:
        raise typer.Exit(1)


def _asked(ask: "Callable[[], Answer]") -> "Answer":
    from cli.operate import OperatorError

    try:
        return ask()
    except OperatorError as error:
        _fail(str(error))


def _is_terminal() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin.isatty()


def _import_functions() -> None:
    """Makes the functions' code importable, which reads and renders the emails."""
    sys.path.insert(0, str(TEMPLATE.parent / "functions"))


def _relay(given: str) -> "tuple[str, int] | None":
    from local_cloud.smtp import near

    try:
        return near(given) if given else None
    except ValueError as error:
        _fail(f"--relay: {given!r}: {error}", usage=True)


def _interrupted() -> threading.Event:
    """An event that Ctrl-C (SIGINT) and SIGTERM set."""
    ended = threading.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda *_: ended.set())
    return ended


def _teller(errors: TextIO) -> "Callable[[Failure], None]":
    """A function that prints each failure once: a message that failed is retried, and fails again."""
    told: set[str] = set()

    def tell(failure: "Failure") -> None:
        if failure.summary not in told:
            told.add(failure.summary)
            print(failure.summary, file=errors, flush=True)

    return tell


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        _fail(f"--zone: no time zone {name!r}: it is an IANA name such as Europe/Berlin", usage=True)


def _start(given: str, zone: ZoneInfo) -> datetime:
    if not given:
        return datetime.now(zone)
    try:
        at = datetime.fromisoformat(given)
    except ValueError:
        _fail(f"--start: {given!r} is not a time such as 2026-03-27T09:00", usage=True)
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _course(wanted: str, emails: Path) -> "Course":
    """The course with this id, or the first course, loaded as the functions load it."""
    _import_functions()
    from content.lessons import load
    from course.errors import CourseError

    try:
        found = load(emails).courses
    except CourseError as error:
        _fail(str(error))
    if wanted and wanted not in found:
        _fail(f"no course {wanted!r}: the ids are {', '.join(found)}", usage=True)
    return found[wanted or next(iter(found))]


def _fail(reason: str, *, usage: bool = False) -> NoReturn:
    print(f"email-course: {reason}", file=sys.stderr)
    raise typer.Exit(2 if usage else 1)
