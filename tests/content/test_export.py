"""The download: every value that is stored, in files that Lambda can hand out."""

import json
import random
from base64 import b64encode
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

from content import export
from course.record import Claim, SignUp, Status
from course.reflection import Reflection
from course.subscriber import Subscriber

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
LAMBDA_ANSWERS_WITH = 6 * 1024 * 1024


def reflection(number: int, text: str) -> Reflection:
    """The nth reply of somebody."""
    return Reflection(
        subscriber="abcdefghijklmnop",
        round=1,
        lesson="acknowledge",
        received_at=NOW + timedelta(minutes=number),
        mail_id=f"mail{number}",
        text=text,
        attributed_by="token",
        verified=True,
    )


def test_it_holds_every_value_that_is_stored() -> None:
    ann = Subscriber(
        id="abcdefghijklmnop",
        course="rebuild-trust",
        address="ann@example.net",
        status=Status.PAUSED,
        first_name="Zoë",
        sent={"intro": NOW},
        paused_until=date(2026, 12, 24),
        claim=Claim("attempt", "own-it", NOW, NOW, None, None),
        sign_up=SignUp(1, NOW, "Zoë", "UTC", 7),
    )
    with ZipFile(
        BytesIO(
            export.archive(
                ann, {"asked_at": NOW}, {"1": {"intro": "then"}}, [reflection(1, "“Sorry”\n💔")], "<h1>Zoë</h1>", NOW
            )
        )
    ) as bundle:
        assert bundle.testzip() is None
        assert {info.filename: info.date_time for info in bundle.infolist()} == {
            "journal.html": (2026, 11, 25, 8, 30, 0),
            "data.json": (2026, 11, 25, 8, 30, 0),
        }
        assert bundle.read("journal.html").decode() == "<h1>Zoë</h1>"
        data = json.loads(bundle.read("data.json"))
    assert data["subscriber"].keys() == {field.name for field in fields(Subscriber)}
    assert data["earlier_rounds"] == {"1": {"intro": "then"}}
    assert data["consent"] == {"asked_at": "2026-11-25T08:30:00+00:00"}
    assert data["reflections"][0].keys() == {field.name for field in fields(Reflection)}
    assert data["reflections"][0]["text"] == "“Sorry”\n💔"
    assert (data["subscriber"]["first_name"], data["subscriber"]["paused_until"]) == ("Zoë", "2026-12-24")
    assert data["subscriber"]["sent"] == {"intro": "2026-11-25T08:30:00+00:00"}


def test_one_file_is_enough_for_nearly_everybody() -> None:
    assert list(export.parts([])) == [[]]
    written = [reflection(number, "word " * 400) for number in range(300)]
    assert list(export.parts(written)) == [written]


def test_whatever_was_written_lambda_can_answer_with_each_part() -> None:
    """Text that hardly gets smaller, in the largest pieces that are kept, and once more as HTML."""
    some = random.Random(1)
    written = [
        reflection(number, "".join(chr(some.randrange(0x4E00, 0x9FFF)) for _ in range(87_000))) for number in range(12)
    ]
    parts = list(export.parts(written))
    assert len(parts) > 1
    assert [one for part in parts for one in part] == written
    subscriber = Subscriber("abcdefghijklmnop", "rebuild-trust", "ann@example.net")
    for part in parts:
        html = "".join(f"<p>{one.text}</p>" for one in part)
        assert len(b64encode(export.archive(subscriber, {}, {}, part, html, NOW))) < LAMBDA_ANSWERS_WITH - 10_000


def test_a_text_that_is_larger_than_a_file_has_one_of_its_own() -> None:
    large = [reflection(number, "x" * (export.IN_A_ZIP + 1)) for number in range(2)]
    assert list(export.parts(large)) == [[large[0]], [large[1]]], "no part is empty"
