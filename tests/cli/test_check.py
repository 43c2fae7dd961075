"""`email-course check`: there is nothing to change in the emails; each mistake is named with its file and line."""

import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from shutil import copytree

import pytest

from cli.check import accept, check, colours, commands, mails, support
from cli.check.finding import Finding
from cli.check.helplines import stale
from cli.samples import samples
from content.lessons import load, usable
from local_cloud.cloud import TEMPLATE

EMAILS = TEMPLATE.parent / "emails"
LESSON = "rebuild-trust/02-own-it.md.j2"
LAYOUT = "layout.html.j2"
Fault = Callable[[Path], None]


@pytest.fixture
def emails(tmp_path: Path) -> Path:
    """A copy of `emails/` to break."""
    return copytree(EMAILS, tmp_path / "emails")


def findings(emails: Path) -> list[str]:
    """The findings as printed, with paths relative to `emails/`."""
    found = check(emails, TEMPLATE)
    assert [(each.path, each.line) for each in found] == sorted((each.path, each.line) for each in found)
    return as_printed(found, emails)


def as_printed(found: list[Finding], emails: Path) -> list[str]:
    return [f"{Path(each.path).relative_to(emails)}:{each.line}: {each.message}" for each in found]


def change(name: str, old: str, new: str) -> Fault:
    def make(emails: Path) -> None:
        source = (emails / name).read_text("utf-8")
        assert old in source
        (emails / name).write_text(source.replace(old, new), "utf-8")

    return make


def add(name: str, text: str) -> Fault:
    def make(emails: Path) -> None:
        path = emails / name
        path.write_text(path.read_text("utf-8") + text, "utf-8")

    return make


def rename(old: str, new: str) -> Fault:
    def make(emails: Path) -> None:
        (emails / old).rename(emails / new)

    return make


def lines(name: str) -> int:
    return (EMAILS / name).read_text("utf-8").count("\n")


def test_there_is_nothing_to_change() -> None:
    assert check(EMAILS, TEMPLATE) == []


PAUSED = "en/notices/paused.md.j2"
LAST = lines(LESSON)
ADDED = f"{LESSON}:{LAST + 2}:"
IN_LAYOUT = f"{LAYOUT}:"
TOP = f"{LAYOUT}:1:"
THIRD = "rebuild-trust/03-apology-in-action.md.j2:1:"


@pytest.mark.parametrize(
    ("fault", "where", "what"),
    [
        (rename(LESSON, "rebuild-trust/07-own-it.md.j2"), THIRD, "02 is missing"),
        (lambda emails: (emails / LESSON).unlink(), THIRD, "02 is missing"),
        (rename(LESSON, "rebuild-trust/02-acknowledge.md.j2"), "rebuild-trust/02-acknowledge", "has the id"),
        (change(LESSON, 'subject = "Say what you did, all of it"', 'subject = " "'), f"{LESSON}:2:", "has no subject"),
        (change("en/notices/help.md.j2", "subject =", "subjekt ="), "en/notices/help.md.j2:2:", "subjekt"),
        (add(LESSON, "\n{{ frist_name }}\n"), ADDED, "uses frist_name, which is not known"),
        (add(LESSON, "\n{% if False %}\n{{ frist_name }}\n{% endif %}\n"), f"{LESSON}:{LAST + 3}:", "uses frist_name"),
        (add(LESSON, "\n\n{{ course.titel }}\n"), f"{LESSON}:{LAST + 3}:", "course.titel"),
        (add(LESSON, "\n{{ words.nothing_like_it }}\n"), ADDED, "nothing_like_it"),
        (add(LESSON, "\n{{ 1 // 0 }}\n"), ADDED, "zero"),
        (add(LESSON, "\n{% endfor %}\n"), ADDED, "endfor"),
        (add(LESSON, "\n[The next step](next.html)\n"), ADDED, "next.html leads nowhere"),
        (add(LESSON, "\n[The practice](#practice)\n"), ADDED, "#practice leads to no place"),
        (add(LESSON, "\n[The shop]({{ site_url }}/shop)\n"), ADDED, "no page /shop"),
        (add(LESSON, "\n[The page](https://)\n"), ADDED, "is not an address"),
        (add(LESSON, "\n[The page]()\n"), ADDED, "leads nowhere"),
        (add("rebuild-trust/about.md", "\n[More](more.html)\n"), "rebuild-trust/about.md:", "more.html"),
        (change(LAYOUT, '"{{ unsubscribe_url }}"', '"{{ me_url }}"'), TOP, "no way to unsubscribe"),
        (change("layout.txt.j2", "{{ unsubscribe_url }}", ""), "layout.txt.j2:1:", "no way to unsubscribe"),
        (change("en/email.toml", " by {address}", ""), TOP, "no postal address"),
        (change(LAYOUT, "{{ dial(line.number) }}", ""), TOP, "does not show every helpline"),
        (change("layout.txt.j2", "{{ country.emergency }}", ""), "layout.txt.j2:1:", "does not show every helpline"),
        (add(LESSON, "\n" + "A long way round. " * 6000 + "\n"), f"{LESSON}:1:", "KB as an email"),
    ],
    ids=[
        *("gap by renumbering", "gap", "duplicate id", "empty subject", "misspelt subject", "undefined name"),
        *("undefined name in a dead branch", "undefined attribute", "undefined word", "division by zero"),
        *("broken Jinja", "relative link", "unknown anchor", "unknown page", "link without host", "empty link"),
        *("link in about.md", "no unsubscribe in HTML", "no unsubscribe in text", "no postal address"),
        *("no helpline", "no emergency number in text", "over 102 KB"),
    ],
)  # fmt: skip
def test_a1_a_mistake_is_named_with_its_file_and_line(emails: Path, fault: Fault, where: str, what: str) -> None:
    fault(emails)
    found = findings(emails)
    assert any(each.startswith(where) and what in each for each in found), found


def renamed(emails: Path, was: str = "") -> None:
    """Renames the file of the lesson own-it, and changes the lesson that quotes it."""
    old = emails / LESSON
    old.write_text(old.read_text("utf-8").replace("+++\n", f"+++\n{was}\n", 1), "utf-8")
    old.rename(emails / "rebuild-trust" / "02-say-it.md.j2")
    change("rebuild-trust/03-apology-in-action.md.j2", "['own-it']", "['say-it']")(emails)


def test_a4_a_renamed_lesson_without_its_old_id_is_named(emails: Path) -> None:
    renamed(emails)
    (found,) = findings(emails)
    line = (emails / "rebuild-trust/lessons.lock").read_text("utf-8").splitlines().index("own-it") + 1
    assert found.startswith(f"rebuild-trust/lessons.lock:{line}: ")
    assert "the lesson own-it was deployed and is missing: " in found
    assert 'write was = ["own-it"] into 02-say-it.md.j2, or delete this line' in found


def test_a4_a_renamed_lesson_with_its_old_id_is_accepted_and_kept_in_the_lock(emails: Path) -> None:
    """The lock keeps the old id even if the lesson later loses it."""
    renamed(emails, 'was = ["own-it"]')
    assert findings(emails) == []
    accept(emails)
    lock = (emails / "rebuild-trust/lessons.lock").read_text("utf-8")
    assert {"own-it", "say-it"} <= set(lock.splitlines())
    usable.cache_clear()
    accept(emails)
    assert (emails / "rebuild-trust/lessons.lock").read_text("utf-8") == lock
    change("rebuild-trust/02-say-it.md.j2", 'was = ["own-it"]\n', "")(emails)
    (found,) = findings(emails)
    assert 'write was = ["own-it"] into the file that has it now' in found


def test_a4_a_removed_lesson_is_named_until_its_line_is_deleted(emails: Path) -> None:
    (emails / "rebuild-trust/01-acknowledge.md.j2").unlink()
    change("rebuild-trust/lessons.lock", "acknowledge\n", "")(emails)
    assert not any("lessons.lock" in each for each in findings(emails))


def test_a4_the_command_writes_the_lock_only_if_there_is_nothing_to_change(emails: Path) -> None:
    (emails / "rebuild-trust/lessons.lock").unlink()
    template = emails.parent / "template.yaml"
    template.write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    add(LESSON, "\n{{ nothing }}\n")(emails)
    written = emails / "rebuild-trust/lessons.lock"
    assert run("--accept", "--template", str(template)).returncode == 1
    assert not written.exists()
    change(LESSON, "\n{{ nothing }}\n", "")(emails)
    assert run("--accept", "--template", str(template)).returncode == 0
    assert written.read_text("utf-8") == (EMAILS / "rebuild-trust/lessons.lock").read_text("utf-8")


def test_a5_a_lesson_named_after_a_notice_is_refused(emails: Path) -> None:
    """Two replies “Yes” to this lesson would erase everything."""
    (emails / LESSON).rename(emails / "rebuild-trust/02-erase.md.j2")
    change("rebuild-trust/03-apology-in-action.md.j2", "['own-it']", "['erase']")(emails)
    (found,) = findings(emails)
    assert "no lesson can have the id erase: another email has it, so choose another id" in found


def test_a6_a_helpline_that_the_plain_page_lacks_is_named(emails: Path) -> None:
    change("helplines.toml", 'number = "016"', 'number = "017"')(emails)
    assert any("017 of “Servicio 016" in each and "pages/plain" in each for each in findings(emails))


def test_a1_a_file_that_is_not_utf_8_is_named_with_the_line_of_the_byte(emails: Path) -> None:
    path = emails / LESSON
    path.write_bytes(path.read_bytes().replace("“It was only once.”".encode(), "“It was only once.”".encode("cp1252")))
    (found,) = findings(emails)
    line = path.read_bytes().partition(b"\x93")[0].count(b"\n") + 1
    assert found.startswith(f"{LESSON}:{line}: is not UTF-8")


@pytest.mark.parametrize(("method", "opens"), [("ANY", True), ("GET", True), ("POST", False)])
def test_a_page_is_a_route_that_a_link_can_open(emails: Path, method: str, opens: bool) -> None:
    written = TEMPLATE.read_text("utf-8")
    route = r'Method: \w+, Path: "/unsubscribe/\{token\}"'
    assert len(re.findall(route, written)) == 1
    template = emails.parent / "template.yaml"
    template.write_text(re.sub(route, f'Method: {method}, Path: "/unsubscribe/{{token}}"', written), "utf-8")
    found = [each.message for each in check(emails, template)]
    assert opens == (not found)
    assert all(each.startswith("there is no page /unsubscribe/") for each in found)


def test_several_mistakes_are_named_at_once(emails: Path) -> None:
    add(LESSON, "\n{{ one }}\n")(emails)
    add("en/notices/help.md.j2", "\n{{ two }}\n")(emails)
    change("rebuild-trust/course.toml", "tagline", "tagging")(emails)
    assert len(findings(emails)) == 3


def test_a_language_that_lacks_a_word_is_named(emails: Path) -> None:
    change("es/email.toml", "reply_note =", "reply_knot =")(emails)
    assert [each.partition(" has ")[0] for each in findings(emails)] == ["en/email.toml:1:", "es/email.toml:1:"]


@pytest.mark.parametrize(("code", "named"), [("SP", "“SP” of “Spain”"), ("es", "“es” of “Spain”"), ("GB", "“GB” of")])
def test_a_wrong_or_repeated_country_code_is_named(emails: Path, code: str, named: str) -> None:
    change("helplines.toml", 'code = "ES"', f'code = "{code}"')(emails)
    assert all(named in found and "is not a country's code, or is used twice" in found for found in findings(emails))
    assert findings(emails)


@pytest.mark.parametrize("key", ["last_verified", "source", "emergency", "code"])
def test_a_helpline_needs_its_source_and_the_day_it_was_verified(emails: Path, key: str) -> None:
    lines = (emails / "helplines.toml").read_text("utf-8").splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if line.startswith(f"{key} ="))
    heading = max(number for number, line in enumerate(lines[:first], 1) if line.startswith("["))
    (emails / "helplines.toml").write_text("".join(lines[:first] + lines[first + 1 :]), "utf-8")
    (found,) = findings(emails)
    assert found.startswith(f"helplines.toml:{heading}: ")
    assert f"has no {key}" in found


HELP = "{}/notices/help.md.j2"


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("en", "**SKIP**", "**JUMP**"),
        ("en", "**SKIP**", "`JUMP`"),
        ("en", "**HELP**", "**Assistance**"),
        ("en", "TIME 7:30", "TIME 7:75"),
        ("en", "PAUSE 10 DAYS", "PAUSE 10 HOURS"),
        ("es", "**PARA**", "**DETENTE AHI**"),
        ("es", "PAUSA HASTA EL LUNES", "PAUSA HASTA MI CUMPLE"),
    ],
)
def test_a_help_notice_that_advertises_an_unknown_command_is_named(emails: Path, code: str, old: str, new: str) -> None:
    name = HELP.format(code)
    line = next(at for at, text in enumerate((EMAILS / name).read_text("utf-8").splitlines(), 1) if old in text)
    change(name, old, new)(emails)
    assert [each.partition(", ")[0] for each in findings(emails)] == [f"{name}:{line}: advertises {new.strip('*`')}"]


def test_a_line_of_help_that_advertises_another_command_is_named(tmp_path: Path) -> None:
    notice = tmp_path / HELP.format("en")
    notice.parent.mkdir(parents=True)
    notice.write_text(
        '+++\nskip = "**STOP** ends it."\n"yes not-yet" = "**YES** or **NOT YET**."\n+++\n**PAUSE**\n', "utf-8"
    )
    assert commands.check(tmp_path) == [Finding(str(notice), 2, "advertises STOP, which is obeyed as stop")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Reply **STOP**, or `skip it`, {{ OR_NOT }} if I may say so.", ["STOP", "skip it"]),
        (
            "PAUSE 10 DAYS or PAUSE UNTIL MONDAY. A day later: TIME 7.30!",
            ["PAUSE 10 DAYS", "PAUSE UNTIL MONDAY", "TIME 7.30"],
        ),
        ("«SÍ» o TODAVÍA NO; 30 días", ["SÍ", "TODAVÍA NO"]),
        ("PAUSE FOR A WEEK", ["PAUSE FOR A WEEK"]),
        ("You have 10 days.", []),
    ],
)
def test_advertised_replies_are_found_in_a_line(line: str, said: list[str]) -> None:
    assert commands.advertised(line) == said


def test_a_helpline_that_nobody_has_verified_for_180_days_is_a_warning() -> None:
    verified = date(2026, 11, 1)
    never = stale(EMAILS, verified + timedelta(days=180))
    late = [each for each in stale(EMAILS, verified + timedelta(days=181)) if each not in never]
    assert len(late) == 5, "four countries and the directory"
    assert all("was last verified on 2026-11-01: call" in each.message for each in late)


def test_a_helpline_that_nobody_has_ever_verified_is_a_warning() -> None:
    """A whole country, or a line that was added to its country later."""
    named = [re.findall("“(.+)” was never verified: call", each.message) for each in stale(EMAILS, date(2026, 11, 1))]
    line_of = ("Samaritans", "988 Suicide & Crisis Lifeline", "Lifeline", "Línea 024 (conducta suicida)")
    assert named == [[name] for name in (*line_of, "Germany")]


def test_a_language_that_no_course_uses_yet_is_checked_too(emails: Path) -> None:
    add("es/notices/paused.md.j2", "\n{{ course.days + 'x' }}\n")(emails)
    (found,) = findings(emails)
    assert found.startswith(f"es/notices/paused.md.j2:{lines(PAUSED) + 2}: ")
    change("es/notices/paused.md.j2", "{{ course.days + 'x' }}", "# Loud")(emails)
    (found,) = findings(emails)
    assert "second heading of the first level" in found


# ---------------------------------------------------------------- what readers and mail clients need


def line_in_layout(text: str) -> int:
    return next(n for n, line in enumerate((EMAILS / LAYOUT).read_text("utf-8").splitlines(), 1) if text in line)


HTML = f"{LAYOUT}:{line_in_layout('<html')}:"
HEADING = f"{LAYOUT}:{line_in_layout('.letter h1 {')}:"


@pytest.mark.parametrize(
    ("fault", "where", "what"),
    [
        (change(LAYOUT, '<html lang="{{ course.language.code }}"', "<html"), HTML, 'needs lang="en"'),
        (change(LAYOUT, "<title>{{ subject }}</title>", ""), IN_LAYOUT, "<title>"),
        (change(LAYOUT, "<h1>{{ subject }}</h1>", "<p>{{ subject }}</p>"), IN_LAYOUT, "needs an <h1>"),
        (add(LESSON, "\n# Loud\n"), ADDED, "second heading of the first level"),
        (add(LESSON, "\n#### Deep\n"), ADDED, "skips a level"),
        (change(LAYOUT, '<table role="presentation" class="sheet"', '<table class="sheet"'), IN_LAYOUT, "presentation"),
        (add(LESSON, "\nRead [here](https://example.org/).\n"), ADDED, "“here” does not say"),
        (add(LESSON, "\n[https://example.org](https://example.org)\n"), ADDED, "does not say"),
        (add(LESSON, "\nA [](https://example.org) b\n"), ADDED, "no words"),
        (add(LESSON, "\n![A house](https://example.org/a.png)\n"), ADDED, "<img>"),
        (add(LESSON, "\n<b>Loud</b>\n"), ADDED, "plain text"),
        (change(LAYOUT, "font-size: 16px", "font-size: 14px"), IN_LAYOUT, "make it 16px at least"),
        (change(LAYOUT, "color: #5c5346", "color: #9c9386"), IN_LAYOUT, "in light mode"),
        (change(LAYOUT, ".foot { color: #bdb5a7 !", ".foot { color: #5d5547 !"), IN_LAYOUT, "in dark mode"),
        (change(LAYOUT, "#1a1d29 !important; color: #ece5d8", "#1a1d29 !important; color: #2b2722"), IN_LAYOUT, "dark"),
        (change(LAYOUT, "td { background-color: #2f3a6e", "td { background-color: #7fa0ff"), IN_LAYOUT, "inverts"),
        (change(LAYOUT, "37px; font-weight", "37px; filter: none; font-weight"), HEADING, "property filter"),
        (change(LAYOUT, "0 0 24px; font-size: 29px", "0 0 2rem; font-size: 29px"), HEADING, "0 0 2rem"),
        (change(LAYOUT, ".letter h1 { margin", ".letter > h1 { margin"), HEADING, "the selector .letter > h1"),
        (change(LAYOUT, "@media (min-width: 600px)", "@supports (min-width: 600px)"), IN_LAYOUT, "@supports"),
        (change(LAYOUT, "{{ subject }}</h1>", "<b>{{ subject }}</b></h1>"), IN_LAYOUT, "<b>"),
        (change(LAYOUT, '<td class="letter">', '<td class="letter" onclick="">'), IN_LAYOUT, "onclick"),
        (change(LAYOUT, '<td class="letter">', '<td class="letter" style="">'), IN_LAYOUT, "write styles in <style>"),
        (change(LAYOUT, ":root {", f"/*{'x' * 8192}*/ :root {{"), IN_LAYOUT, "Gmail drops it"),
    ],
    ids=[
        *("no lang", "no title", "no h1", "second h1", "skipped level", "table without role", "link named here"),
        *("bare address", "link without words", "image", "HTML", "small letters", "faint in light mode"),
        *("faint in dark mode", "dark words on dark", "faint when inverted", "unknown property", "unknown value"),
        *("unknown selector", "unknown rule", "unknown element", "unknown attribute", "style attribute", "long style"),
    ],
)  # fmt: skip
def test_a_barrier_for_readers_is_named(emails: Path, fault: Fault, where: str, what: str) -> None:
    """Tests one email; the tests above show that every email is checked."""
    fault(emails)
    usable.cache_clear()
    lesson = [sample for sample in samples(load(emails), emails) if sample.source == emails / LESSON]
    found = as_printed(mails.check(lesson, emails), emails)
    assert any(each.startswith(where) and what in each for each in found), found


def test_contrast_is_that_of_wcag() -> None:
    assert colours.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colours.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_table_says_what_readers_see_in_a_client_without_support() -> None:
    table = support.table()
    clients = {*table["clients"]}
    for section in ("css", "rules", "elements", "attributes"):
        for name, known in table[section].items():
            assert {*known.get("without", [])} <= clients
            assert known.get("then") or not known.get("without"), f"{section}.{name}"


# ---------------------------------------------------------------- the command, and links to other sites


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "email-course"), "check", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=TEMPLATE.parent)


def test_the_command_says_that_there_is_nothing_to_change() -> None:
    done = run()
    assert done.returncode == 0
    assert re.fullmatch(r"\d+ emails, and nothing to change\.\n", done.stdout)


def test_the_command_prints_one_line_per_finding_and_fails(emails: Path) -> None:
    add(LESSON, "\n{{ frist_name }}\n")(emails)
    (emails.parent / "template.yaml").write_text(TEMPLATE.read_text("utf-8"), "utf-8")
    done = run("--template", str(emails.parent / "template.yaml"))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout == f"{emails / LESSON}:{LAST + 2}: uses frist_name, which is not known here\n"


class _Site(BaseHTTPRequestHandler):
    """Answers /there, and /no-head only to GET; every other path with 404."""

    def do_HEAD(self) -> None:
        self._answer({"/there": 200, "/no-head": 405}.get(self.path, 404))

    def do_GET(self) -> None:
        self._answer(200 if self.path in ("/there", "/no-head") else 404)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def website() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_dead_link_is_named_if_links_are_requested(emails: Path) -> None:
    with website() as site:
        change("helplines.toml", "https://findahelpline.com", f"{site}/there")(emails)
        add(LESSON, f"\n[The book]({site}/no-head) and [the film]({site}/gone)\n")(emails)
        assert findings(emails) == [], "no link is requested without the option"
        found = [str(each) for each in check(emails, TEMPLATE, ask_the_network=True)]
    assert found == [f"{emails / LESSON}:{LAST + 2}: the link {site}/gone does not answer: HTTP 404"]
