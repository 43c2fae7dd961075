"""The pages of /_local: mailboxes and their emails, replies, SES events, the clock, and the cloud's contents.

A GET changes nothing; every change is a POST of a form on one of these pages.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect

from cli.schemes import in_the_dark, in_the_light
from local_cloud import clients, desk_data
from local_cloud.cloud import World
from local_cloud.functions import command_in
from local_cloud.mime import SentEmail

PAGES = Path(__file__).parent / "pages"
STATIC = {"desk.css": "text/css; charset=utf-8", "desk.js": "text/javascript; charset=utf-8"}
VIEWS = ("html", "phone", "text", "source")
# The email is shown as in a mail client: no scripts, no requests, links open in a new window.
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin"
)
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'"
)
CLOCK = {"hour": timedelta(hours=1), "day": timedelta(days=1)}
LOG_LINES = 300

URLS = Map(
    [
        Rule("/_local", endpoint="mailboxes", methods=["GET"]),
        Rule("/_local/mailbox/<address>", endpoint="mailbox", methods=["GET"]),
        Rule("/_local/mail/<mail_id>", endpoint="mail", methods=["GET"]),
        Rule("/_local/mail/<mail_id>/body", endpoint="body", methods=["GET"]),
        Rule("/_local/mail/<mail_id>/mail.eml", endpoint="eml", methods=["GET"]),
        Rule("/_local/reply/<mail_id>", endpoint="reply", methods=["GET"]),
        Rule("/_local/emails", endpoint="emails", methods=["GET"]),
        Rule("/_local/emails/<path:name>/<any('light', 'dark'):scheme>", endpoint="email_body", methods=["GET"]),
        Rule("/_local/inside", endpoint="inside", methods=["GET"]),
        Rule("/_local/pulse", endpoint="pulse", methods=["GET"]),
        Rule("/_local/<any('desk.css', 'desk.js'):name>", endpoint="static", methods=["GET"]),
        Rule("/_local/2015-03-31/functions/<name>/invocations", endpoint="invoke", methods=["POST"]),
        Rule("/_local/clock", endpoint="clock", methods=["POST"]),
        Rule("/_local/mail/<mail_id>/reply", endpoint="send_reply", methods=["POST"]),
        Rule("/_local/mail/<mail_id>/out-of-office", endpoint="out_of_office", methods=["POST"]),
        Rule("/_local/mail/<mail_id>/<any(delivered, bounced, complained):news>", endpoint="news", methods=["POST"]),
    ],
    strict_slashes=False,
)


class Desk:
    """Answers every request below /_local."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._notes: dict[str, str] = {}
        self._became: dict[str, str] = {}  # outcomes by SES's id of a reply that was written here
        self._numbers = count(1)
        self._pages = Environment(
            loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
        )
        self._pages.globals.update(
            local_time=desk_data.local_time, quote=quote, clients=clients.CLIENTS, places=clients.Place
        )
        self._pages.filters.update(readable=desk_data.readable, pretty=desk_data.pretty)

    def answer(self, request: Request) -> Response:
        try:
            endpoint, values = URLS.bind_to_environ(request.environ).match()
            if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
                return Response("Only the pages of this server can act.", 403)
            handler: Callable[..., Response] = getattr(self, f"_{endpoint}")
            with self.world.lock:
                return handler(request, **values)
        except HTTPException as error:
            if isinstance(error, NotFound):
                with self.world.lock:
                    return self._page(request, "not-found", status=404)
            return Response(error.get_body(), error.code or 500, error.get_headers())

    def _invoke(self, request: Request, name: str) -> Response:
        """Answers as Lambda's own API: the email-course command calls it as it calls AWS."""
        named = {arn.rpartition(":")[2]: function for arn, function in self.world.functions.by_arn.items()}
        if name not in named:
            return _json(
                {"Message": f"Function not found: {name}"}, 404, {"x-amzn-ErrorType": "ResourceNotFoundException"}
            )
        outcome = self.world.invoke(named[name].name, json.loads(request.get_data() or b"{}"))
        if outcome.error:
            failed = {"errorType": type(outcome.error).__name__, "errorMessage": str(outcome.error)}
            return _json(failed, 200, {"X-Amz-Function-Error": "Unhandled"})
        return _json(outcome.payload, 200, {})

    # ---------------------------------------------------------------- pages

    def _mailboxes(self, request: Request) -> Response:
        return self._page(request, "mailboxes", mailboxes=desk_data.mailboxes(self.world))

    def _mailbox(self, request: Request, address: str) -> Response:
        return self._page(request, "mailbox", mailbox=desk_data.mailbox(self.world, address))

    def _mail(self, request: Request, mail_id: str) -> Response:
        email = self._find(mail_id)
        view = request.args.get("view", "html")
        return self._page(
            request,
            "mail",
            mail=email,
            view=view if view in VIEWS else "html",
            views=VIEWS,
            mailbox=desk_data.mailbox(self.world, email.address),
            events=[event for event in self.world.ses.events if event.email is email],
            reply_to=clients.reply_address(email),
            source=email.raw.decode("utf-8", errors="replace"),
        )

    def _body(self, _: Request, mail_id: str) -> Response:
        email = self._find(mail_id)
        html = email.html or "<p>This email has no HTML part.</p>"
        return _mail_body(html)

    def _eml(self, _: Request, mail_id: str) -> Response:
        return Response(self._find(mail_id).raw, content_type="message/rfc822")

    def _reply(self, request: Request, mail_id: str) -> Response:
        reply = next((reply for reply in self.world.received if reply.id == mail_id), None)
        if reply is None:
            raise NotFound
        box = desk_data.mailbox(self.world, reply.mailbox)
        kept = desk_data.kept_as(self.world, reply)
        source = reply.raw.decode("utf-8", errors="replace")
        became = self._became.get(mail_id, "")
        return self._page(request, "reply", reply=reply, mailbox=box, kept=kept, became=became, source=source)

    def _emails(self, request: Request) -> Response:
        """Shows every email of every course as a reader would get it, sent or not."""
        name = request.args.get("name", "")
        every = desk_data.samples(self.world)
        shown = next((sample for sample in every if sample.name == name), every[0])
        return self._page(request, "emails", samples=every, shown=shown)

    def _email_body(self, _: Request, name: str, scheme: str) -> Response:
        sample = next((sample for sample in desk_data.samples(self.world) if sample.name == name), None)
        if sample is None:
            raise NotFound
        html = sample.email.html
        return _mail_body(in_the_dark(html) if scheme == "dark" else in_the_light(html))

    def _inside(self, request: Request) -> Response:
        keys = {
            name: [key["AttributeName"] for key in given["KeySchema"]]
            for name, given in self.world.resources.resources("AWS::DynamoDB::Table")
        }
        return self._page(
            request,
            "inside",
            tables={name: self.world.rows(name) for name in keys},
            keys=keys,
            row_title=desk_data.row_title,
            queues=self.world.queues(),
            events=list(reversed(self.world.ses.events)),
            account=self.world.ses.account(),
            schedules=self.world.schedules,
            failures=self.world.failures,
            logs=self.world.logs[-LOG_LINES:],
        )

    def _pulse(self, _: Request) -> Response:
        """Tells the page's script how many emails there are, and the time."""
        news = {"mails": len(self.world.emails), "now": self._now()}
        return Response(json.dumps(news), content_type="application/json")

    def _static(self, _: Request, name: str) -> Response:
        return Response((PAGES / name).read_bytes(), content_type=STATIC[name])

    # ---------------------------------------------------------------- actions

    def _clock(self, request: Request) -> Response:
        by = request.form.get("by", "")
        before, failures = len(self.world.emails), len(self.world.failures)
        if by in CLOCK:
            self.world.advance(CLOCK[by])
            came = len(self.world.emails) - before
            note = f"{came} {'email' if came == 1 else 'emails'} came." if came else "No email came."
        elif by == "email":
            email = self.world.next_email()
            note = f"“{email.subject}” came for {email.address}." if email else "No email came in three days."
        else:
            raise NotFound
        if len(self.world.failures) > failures:
            note += " A function failed: see the logs under Inside."
        return self._back(request, note)

    def _send_reply(self, request: Request, mail_id: str) -> Response:
        email, text = self._find(mail_id), request.form.get("text", "")
        client = request.form.get("client", "")
        if client not in clients.CLIENTS:
            raise NotFound
        if not text.strip():
            return self._back(request, "Nothing was written, so nothing was sent.")
        try:
            place = clients.Place(request.form.get("place", clients.Place.ABOVE))
            raw = clients.reply(client, email, "\n".join(text.splitlines()), self._writer_time(email), place)
        except ValueError as error:
            return self._back(request, f"Not sent: {error}.")
        return self._delivered(request, email, raw, email.address)

    def _out_of_office(self, request: Request, mail_id: str) -> Response:
        email = self._find(mail_id)
        return self._delivered(request, email, clients.out_of_office(email, self._writer_time(email)), "")

    def _delivered(self, request: Request, email: SentEmail, raw: bytes, sender: str) -> Response:
        lines, failures = len(self.world.logs), len(self.world.failures)
        received = self.world.deliver(raw, clients.reply_address(email), sender=sender)
        command = command_in(self.world.logs[lines:])
        failed = len(self.world.failures) > failures
        self._became[received.id] = desk_data.became(self.world, received, command, failed)
        return self._back(request, f"Sent. {self._became[received.id]}")

    def _news(self, request: Request, mail_id: str, news: str) -> Response:
        getattr(self.world, news)(self._find(mail_id))
        return self._back(request, f"SES reported: {news}.")

    # ---------------------------------------------------------------- helpers

    def _find(self, mail_id: str) -> SentEmail:
        for email in self.world.emails:
            if email.id == mail_id:
                return email
        raise NotFound

    def _writer_time(self, email: SentEmail) -> datetime:
        return self.world.now().astimezone(ZoneInfo(desk_data.mailbox(self.world, email.address).zone))

    def _now(self) -> str:
        return desk_data.local_time(self.world.now())

    def _back(self, request: Request, note: str) -> Response:
        """Redirects to the page of the form, with a note on what happened."""
        number = next(self._numbers)
        self._notes[str(number)] = note
        path = request.form.get("back", "/_local")
        path = path if path.startswith("/_local") and path.isprintable() else "/_local"
        separator = "&" if "?" in path else "?"
        return redirect(f"{path}{separator}note={number}", 303)

    def _page(self, request: Request, name: str, *, status: int = 200, **context: Any) -> Response:
        query = "&".join(f"{key}={quote(value)}" for key, value in request.args.items() if key != "note")
        html = self._pages.get_template(f"{name}.html.j2").render(
            here=quote(request.path) + (f"?{query}" if query else ""),
            note=self._notes.get(request.args.get("note", ""), ""),
            now=self._now(),
            utc=datetime.now(UTC),
            mail_count=len(self.world.emails),
            site=self.world.parameters["SiteUrl"],
            **context,
        )
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(html, status, headers, content_type="text/html; charset=utf-8")


def _mail_body(html: str) -> Response:
    return Response(
        f'<base target="_blank">{html}',
        content_type="text/html; charset=utf-8",
        headers={"Content-Security-Policy": MAIL_POLICY, "Cache-Control": "no-store"},
    )


def _json(body: Any, status: int, headers: dict[str, str]) -> Response:
    return Response(json.dumps(body), status, headers, content_type="application/json")
