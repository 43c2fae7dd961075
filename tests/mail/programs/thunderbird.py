"""Thunderbird, without a visible screen: a script in its main window opens the reply, presses the keys and sends."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from queue import Empty
from socket import create_connection
from time import monotonic, sleep
from typing import Any

from tests.mail.programs.cases import ABOVE, INSIDE, SIGNATURE, Case, cases
from tests.mail.programs.sink import sink

PACKAGES = ("thunderbird", "thunderbird-l10n-de", "thunderbird-l10n-es-es", "xvfb")

IDENTITY, DATE = "mail.identity.id1.", "intl.date_time.pattern_override."
PLAIN, SIGNATURE_ON_TOP = {f"{IDENTITY}compose_html": False}, {f"{IDENTITY}sig_bottom": False}
SIGNED = {f"{IDENTITY}htmlSigText": SIGNATURE}
OWN: dict[str, dict[str, Any]] = {
    "plain": PLAIN,
    "plain-signature": PLAIN | SIGNED | SIGNATURE_ON_TOP | {"mailnews.send_plaintext_flowed": False},
    "signature-on-top": SIGNED | SIGNATURE_ON_TOP,
    "author-only": {"mailnews.reply_header_type": 1},
    "custom-header": {"mailnews.reply_header_ondateauthorwrote": "Am #2 um #3 schrieb #1:"},
    "american": {f"{DATE}date_short": "M/d/yyyy", f"{DATE}time_short": "h:mm a"},  # as on Windows
    "body-text": {"mail.compose.default_to_paragraph": False},
    "other-keys": {},
}
"""The preferences that an option sets. With `other-keys`, Ctrl+Home moves the caret above, into the paragraph of the
quote header, and Enter is pressed in an HTML quote: Thunderbird then divides the quote and puts the text above our
outermost table. Without this option Shift+Enter is pressed, and Thunderbird takes that line as quoted."""
OPTIONS = OWN | {
    "signature": SIGNED,
    "german": {"intl.locale.requested": "de"},
    "spanish": {"intl.locale.requested": "es-ES"},
}
MORE = {
    "plain": ("below-paragraphs", "below-list", "above-long-line", "alone"),
    "plain-signature": ("above-long-line",),
    "signature": ("below-paragraphs",),
}

PREFERENCES = {
    "mail.accountmanager.accounts": "account1",
    "mail.accountmanager.localfoldersserver": "server1",
    "mail.account.account1.server": "server1",
    "mail.account.account1.identities": "id1",
    "mail.server.server1.type": "none",
    "mail.server.server1.hostname": "Local Folders",
    "mail.server.server1.userName": "nobody",
    f"{IDENTITY}fullName": "Someone",
    f"{IDENTITY}useremail": "someone@example.net",
    "spellchecker.dictionary": "en-US",
    "mail.smtpservers": "smtp1",
    "mail.smtpserver.smtp1.hostname": "127.0.0.1",
    "mail.smtpserver.smtp1.authMethod": 1,
    "extensions.autoDisableScopes": 0,  # enables the translations, which are add-ons
    "marionette.port": 0,  # a free port, which it writes into a file
    "focusmanager.testmode": True,  # because without a window manager no window has the focus
}

REPLY = r"""
const [original, place, text, question, breaks, otherKeys] = arguments;
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
const local = MailServices.accounts.localFoldersServer.rootFolder;
local.createSubfolder("Course", null);
const folder = local.getChildNamed("Course").QueryInterface(Ci.nsIMsgLocalMailFolder);
const header = folder.addMessage(original);
return new Promise(opened => {
  Services.ww.registerNotification((win, topic) => {
    if (topic != "domwindowopened") return;
    win.addEventListener("compose-window-init", () => win.gMsgCompose.RegisterStateListener({
      NotifyComposeFieldsReady() {}, ComposeProcessDone() {}, SaveInFolderDone() {},
      NotifyComposeBodyReady() { win.setTimeout(() => opened(win)); },
    }), { once: true, capture: true });
  });
  MailServices.compose.OpenComposeWindow(null, header, folder.getUriForMsg(header), Ci.nsIMsgCompType.ReplyToSender,
    Ci.nsIMsgCompFormat.Default, MailServices.accounts.allIdentities[0], null, null);
}).then(async win => {
  const editor = win.GetCurrentEditor(), body = editor.document.body;
  const tip = Cc["@mozilla.org/text-input-processor;1"].createInstance(Ci.nsITextInputProcessor);
  tip.beginInputTransactionForTests(win);
  const key = (way, name, code = 0) =>
    tip[way](new win.KeyboardEvent("", { key: name, keyCode: code }), code && tip.KEY_NON_PRINTABLE_KEY);
  const press = (...names) => { key("keydown", ...names); key("keyup", ...names); };
  const shift = way => { if (breaks) key(way, "Shift", 16); };
  const enter = () => { shift("keydown"); press("Enter", 13); shift("keyup"); };
  if (place == "alone") { win.goDoCommand("cmd_selectAll"); win.goDoCommand("cmd_delete"); }
  if (place == "above" && otherKeys) win.goDoCommand("cmd_moveTop");
  if (place == "inside") {
    const walker = editor.document.createTreeWalker(body, NodeFilter.SHOW_TEXT), nodes = [];
    while (walker.nextNode()) nodes.push(walker.currentNode);
    const found = new RegExp(question).exec(nodes.map(node => node.data).join(""));
    let offset = found.index + found[0].length, node;
    while (offset > (node = nodes.shift()).data.length) offset -= node.data.length;
    editor.selection.collapse(node, offset);
    enter();
  }
  for (const character of text) character == "\n" ? enter() : press(character);
  if (place == "above" && otherKeys) enter();
  const dictionary = new Promise(loaded => win.addEventListener("active-dictionaries-changed", loaded));
  if (!win.gMsgCompose.compFields.contentLanguage) await dictionary;
  win.goDoCommand("cmd_sendNow");
});
"""


TIMEOUT = 180  # seconds for one answer


class Marionette:
    """A connection to the remote-control port of a Mozilla program. A failed command raises RuntimeError.

    The context is the program's own windows (`chrome`) or the page that it shows (`content`).
    """

    def __init__(self, port: int, context: str = "chrome") -> None:
        with create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
            self.file = connection.makefile("rwb")  # keeps the connection open until it is closed
        self.read()
        self("WebDriver:NewSession")
        self("Marionette:SetContext", value=context)

    def close(self) -> None:
        self.file.close()

    def read(self) -> Any:
        """Reads one message: its length, a colon and JSON."""
        length = b""
        while (character := self.file.read(1)) not in (b":", b""):
            length += character
        return json.loads(self.file.read(int(length)))

    def __call__(self, command: str, **parameters: Any) -> Any:
        message = json.dumps([0, 1, command, parameters]).encode()
        self.file.write(b"%d:%b" % (len(message), message))
        self.file.flush()
        _, _, error, answer = self.read()
        if error:
            raise RuntimeError(error["message"])
        return answer.get("value") if isinstance(answer, dict) else answer


def written(sent: Path, home: Path) -> Iterator[tuple[Case, bytes]]:
    """Yields Thunderbird's replies, with a new profile for each case."""
    more = [
        replace(case, options=frozenset({option}))
        for option, kinds in MORE.items()
        for case in cases(f"thunderbird-{option}")
        if case.name.removeprefix(f"thunderbird-{option}-") in kinds
    ]
    with running(["Xvfb", "-displayfd", "1", "-nolisten", "tcp"], stdout=subprocess.PIPE) as server:
        assert server.stdout
        display = f":{int(server.stdout.readline())}"
        for case in (*cases("thunderbird", *OWN), *more):
            profile = home / case.name
            profile.mkdir()
            try:
                with sink() as (port, mails), thunderbird(case, profile, port, display) as marionette:
                    marionette("WebDriver:ExecuteScript", script=REPLY, args=arguments(case, sent))
                    yield case, mails.get(timeout=30)
            except (OSError, RuntimeError, ValueError, Empty) as problem:
                sys.stderr.write(f"{case.name}: skipped, {problem!r}\n")


def arguments(case: Case, sent: Path) -> list[Any]:
    """Returns the script's arguments. The question is a regular expression, as a plain-text quote wraps it."""
    question = (sent / f"{case.original}.txt").read_text("utf-8").partition("YOUR QUESTION\n\n")[2].partition("\n\n")[0]
    email = (sent / f"{case.original}.eml").read_bytes().decode("latin-1")
    other_keys = "other-keys" in case.options
    breaks = case.place == INSIDE and not other_keys and not case.options & {"plain", "plain-signature"}
    return [email, case.place, case.text, r"[\s>]+".join(map(re.escape, question.split())), breaks, other_keys]


@contextmanager
def thunderbird(case: Case, profile: Path, smtp: int, display: str) -> Iterator[Marionette]:
    """Starts Thunderbird with the case's preferences and an account that sends to a port of this machine."""
    preferences: dict[str, Any] = PREFERENCES | {"mail.smtpserver.smtp1.port": smtp}
    if case.place == ABOVE and "other-keys" not in case.options:
        preferences[f"{IDENTITY}reply_on_top"] = 1
    for option in case.options:
        preferences |= OPTIONS[option]
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in preferences.items()]
    (profile / "user.js").write_text("".join(lines))
    environment = {"PATH": os.environ["PATH"], "DISPLAY": display, "HOME": str(profile), "LANG": "C.UTF-8"}
    # Otherwise GTK starts a bus that runs on after the program.
    environment |= {"NO_AT_BRIDGE": "1", "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
    command = ["thunderbird", "--profile", str(profile), "--marionette", "--remote-allow-system-access"]
    with running(command, env=environment, stdout=subprocess.DEVNULL) as program:
        yield Marionette(marionette_port(profile, program))


def marionette_port(profile: Path, program: "subprocess.Popen[bytes]") -> int:
    """Returns the port that a program with `marionette.port` 0 writes into its profile. Raises TimeoutError."""
    port, deadline = profile / "MarionetteActivePort", monotonic() + 60
    while not (port.exists() and port.read_text()):
        if program.poll() is not None or monotonic() > deadline:
            raise TimeoutError(f"{program.args!r} does not start")
        sleep(0.1)
    return int(port.read_text())


@contextmanager
def running(command: list[str], **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """Starts a program, and ends it with everything that it started."""
    program = subprocess.Popen(command, stderr=subprocess.DEVNULL, start_new_session=True, **options)
    try:
        yield program
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)
        program.wait()
