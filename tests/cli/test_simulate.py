"""`email-course simulate`: its output, its files, and its answers to mistakes."""

import email
import json
import re
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from typer.testing import CliRunner, Result

from cli.main import app

LESSONS = [
    "intro",
    "acknowledge",
    "own-it",
    "apology-in-action",
    "no-rush-to-forgiveness",
    "safety-first",
    "keep-showing-up",
]
EVENT = {
    "at": str,
    "local": str,
    "event": str,
    "lesson": str | None,
    "round": int | None,
    "subject": str | None,
    "text": str | None,
}
KINDS = {"sent", "reply", "reflection", "command", "status"}


def simulate(*arguments: str) -> Result:
    """Runs the command in this process."""
    return CliRunner().invoke(app, ["simulate", *arguments])


def simulated(*arguments: str) -> dict[str, Any]:
    """The parsed output of --json."""
    result = simulate("--json", *arguments)
    assert result.exit_code == 0, result.output
    whole: dict[str, Any] = json.loads(result.stdout)
    return whole


def is_of_the_schema(whole: dict[str, Any], zone: str, hour: int) -> None:
    """Asserts exactly the keys and types that the documentation promises to programs."""
    assert list(whole) == ["course", "subscriber", "events"]
    assert whole["course"] == "rebuild-trust"
    assert whole["subscriber"] == {"zone": zone, "hour": hour}
    for event in whole["events"]:
        assert list(event) == list(EVENT)
        for name, kind in EVENT.items():
            assert isinstance(event[name], kind), f"{name} of {event}"
        assert event["event"] in KINDS
        at, local = datetime.fromisoformat(event["at"]), datetime.fromisoformat(event["local"])
        assert at.utcoffset() == timedelta()
        assert local == at
        assert local.utcoffset() == at.astimezone(ZoneInfo(zone)).utcoffset()
    times = [event["at"] for event in whole["events"]]
    assert times == sorted(times)


def of_kind(whole: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [event for event in whole["events"] if event["event"] == kind]


def local(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["local"])


@pytest.mark.parametrize(
    ("zone", "hour", "start"),
    [
        pytest.param("Asia/Tokyo", 7, "2026-11-24T09:00", marks=pytest.mark.long),
        pytest.param("America/St_Johns", 7, "2026-11-24T09:00", marks=pytest.mark.long),
        ("Pacific/Kiritimati", 7, "2026-11-24T09:00"),
        # On the third day, 02:00 to 03:00 does not exist
        ("Europe/Berlin", 2, "2026-03-27T09:00"),
        # or comes twice.
        ("Europe/Berlin", 2, "2026-10-23T09:00"),
    ],
    ids=["Tokyo", "St John's", "Kiritimati", "Berlin in spring", "Berlin in autumn"],
)
def test_seven_emails_on_seven_consecutive_local_days(zone: str, hour: int, start: str) -> None:
    whole = simulated("--zone", zone, "--hour", str(hour), "--start", start)
    is_of_the_schema(whole, zone, hour)
    confirmation, *emails = of_kind(whole, "sent")
    assert confirmation["lesson"] is None
    assert [sent["lesson"] for sent in emails] == LESSONS
    first = date.fromisoformat(start[:10])
    assert [local(sent).date() for sent in emails] == [first + timedelta(days=n) for n in range(7)]
    for lesson in emails[1:]:
        skipped = local(lesson).date() == date(2026, 3, 29)
        assert local(lesson).hour == (hour + 1 if skipped else hour)
    assert [event["text"] for event in of_kind(whole, "status")] == ["pending", "active", "completed"]
    assert {event["event"] for event in whole["events"]} == {"sent", "status"}


# ---------------------------------------------------------------- replies

FIRST_WORDS = "I see how tired you are.\n\n  And I did not say it.\n\nTomorrow I will. 🌱"
REPLIES = f"""
- {{lesson: acknowledge, round: 2, after: 1h 30m, text: "The second time I listened."}}
- {{lesson: own-it, text: {json.dumps(FIRST_WORDS)}}}
- {{lesson: safety-first, after: 90m, text: Not yet}}
- {{lesson: own-it, round: 2, after: 20h, text: stop}}
"""


def test_not_yet_leads_to_a_second_round_and_every_email_is_in_the_folder(tmp_path: Path) -> None:
    file, out = tmp_path / "replies.yaml", tmp_path / "new" / "out"
    file.write_text(REPLIES, encoding="utf-8")
    whole = simulated("--start", "2026-11-24T09:00", "--replies", str(file), "--out", str(out))
    is_of_the_schema(whole, "Europe/Berlin", 7)

    sent = {(event["lesson"], event["round"]): local(event) for event in of_kind(whole, "sent")}
    replies = [(event["lesson"], event["round"], event["text"]) for event in of_kind(whole, "reply")]
    assert replies == [
        ("own-it", 1, FIRST_WORDS),
        ("safety-first", 1, "Not yet"),
        ("acknowledge", 2, "The second time I listened."),
        ("own-it", 2, "stop"),
    ]
    waited = [local(event) - sent[event["lesson"], event["round"]] for event in of_kind(whole, "reply")]
    planned = [timedelta(hours=2), timedelta(minutes=90), timedelta(minutes=90), timedelta(hours=20)]
    for after, plan in zip(waited, planned, strict=True):
        assert abs(after - plan) < timedelta(seconds=2)

    kept = [(event["lesson"], event["round"], event["text"]) for event in of_kind(whole, "reflection")]
    assert kept == [("own-it", 1, FIRST_WORDS), ("acknowledge", 2, "The second time I listened.")]
    assert [event["text"] for event in of_kind(whole, "command")] == ["not-yet", "stop"]
    assert of_kind(whole, "status")[-1]["text"] == "unsubscribed"
    assert sent["acknowledge", 2].date() == sent["safety-first", 1].date() + timedelta(days=1)
    assert ("apology-in-action", 2) not in sent
    again = next(event for event in of_kind(whole, "sent") if (event["lesson"], event["round"]) == ("own-it", 2))
    assert "I see how tired you are." in again["text"]

    mails = of_kind(whole, "sent")
    assert len(list(out.iterdir())) == 3 * len(mails)
    for raw, mail in zip(sorted(out.glob("*.eml")), mails, strict=True):
        assert mail["lesson"] is None or mail["lesson"] in raw.name
        parsed = email.message_from_bytes(raw.read_bytes(), policy=default)
        assert parsed["Subject"] == mail["subject"]
        assert part(parsed, "plain") == mail["text"] == raw.with_suffix(".txt").read_text(encoding="utf-8")
        assert part(parsed, "html") == raw.with_suffix(".html").read_text(encoding="utf-8")


def part(message: EmailMessage, kind: str) -> str:
    """The text of one alternative, with LF line ends: emails have CRLF."""
    found = message.get_body((kind,))
    assert found
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


def test_a_mapping_of_replies_is_read_and_a_timeline_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "replies.yaml"
    file.write_text("intro: Hello to you too.\nacknowledge: stop\nsafety-first: yes\n", encoding="utf-8")
    result = simulate("--start", "2026-11-24T09:00+01:00", "--zone", "Europe/Lisbon", "--replies", str(file))
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.stdout.splitlines()]
    assert ["lesson", "0", "1"] in lines
    assert ["kept", "✎"] in lines
    assert [" ".join(line[line.index("↩") :]) for line in lines if "↩" in line] == [
        "↩ writes “Hello to you too.”",
        "↩ writes “stop”",
    ]
    assert "taken as the command stop" in result.stdout
    assert result.stderr == "reply not sent: the lesson safety-first of round 1 never came\n"


# ---------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--zone", "Europe/Atlantis"], "--zone: no time zone 'Europe/Atlantis'"),
        (["--zone", "../../etc/passwd"], "--zone: no time zone"),
        (["--hour", "24"], "--hour must be 0 to 23, is 24"),
        (["--start", "tomorrow"], "--start: 'tomorrow' is not a time"),
        (["rebuild-tryst"], "no course 'rebuild-tryst': the ids are rebuild-trust"),
    ],
    ids=["zone", "path as zone", "hour", "start", "course"],
)
def test_a_bad_option_is_reported_in_one_line_that_names_it(arguments: list[str], complaint: str) -> None:
    result = simulate(*arguments)
    assert result.exit_code == 2
    is_one_line(result, complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        ("own-it: [", "not YAML"),
        (b"\xff\xfe\xff", "not YAML"),
        ("just words", "must be lesson id → text, or a list"),
        ("", "must be lesson id → text, or a list"),
        ("own-them: words", "reply 1: no lesson 'own-them': the course has intro, acknowledge"),
        ("own-it: ''", "reply 1: text is missing"),
        ("own-it: 12", "reply 1: text is missing, or is not text"),
        ("- words", "reply 1: must be {lesson, round, after, text}"),
        ("- {lesson: own-it, text: a}\n- {lesson: own-it, txt: a}", "reply 2: unknown key txt"),
        ("- {lesson: own-it, text: a, round: 0}", "reply 1: round must be 1, 2"),
        ("- {lesson: own-it, text: a, after: soon}", "reply 1: after must be like 90m, 2h or 1d, is 'soon'"),
        ("- {lesson: own-it, text: a, after: -2h}", "reply 1: after must be like"),
        ("- {lesson: own-it, text: a, after: 99999999999999d}", "reply 1: after must be at most 365d"),
        ('- {lesson: own-it, text: "\\ud83c"}', "reply 1: text contains half a character"),
        ("- {lesson: [own-it], text: a}", "reply 1: no lesson ['own-it']"),
    ],
)  # fmt: skip
def test_a_bad_replies_file_is_reported_in_one_line_that_names_it(
    tmp_path: Path, content: str | bytes | None, complaint: str
) -> None:
    file = tmp_path / "replies.yaml"
    if content is not None:
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    result = simulate("--replies", str(file))
    assert result.exit_code == 1
    is_one_line(result, complaint)
    assert str(file) in result.stderr


def test_a_folder_that_cannot_be_written_is_reported_before_the_simulation(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    result = simulate("--out", str(tmp_path / "file" / "out"))
    assert result.exit_code == 1
    is_one_line(result, f"{tmp_path / 'file' / 'out'}: Not a directory")


def is_one_line(result: Result, complaint: str) -> None:
    assert re.fullmatch(r"email-course: [^\n]+\n", result.stderr), result.output
    assert complaint in result.stderr
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit), "no traceback"
