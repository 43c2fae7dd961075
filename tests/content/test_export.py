"""The download: every stored value, in files that Lambda can return."""

import json
import random
from base64 import b64encode
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

from content import export
from course.record import Claim, SignUp, Status, as_stored
from course.reflection import Reflection
from course.subscriber import Subscriber

NOW = datetime(2026, 11, 25, 8, 30, tzinfo=UTC)
LAMBDA_ANSWERS_WITH = 6 * 1024 * 1024


def reflection(number: int, text: str) -> Reflection:
    """The reflection with this number."""
    return Reflection(
        subscriber="abcdefghijklmnop",
        round=1,
        lesson="acknowledge",
        received_at=NOW + timedelta(minutes=number),
        mail_id=f"mail{number}",
        text=text,
        attributed_by="token",
        proven=True,
    )


def test_the_archive_contains_every_stored_value() -> None:
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
    assert data["subscriber"].keys() == as_stored(ann).keys()
    assert "heard" in data["subscriber"], "the stored name, and not the one in the code"
    assert data["earlier_rounds"] == {"1": {"intro": "then"}}
    assert data["consent"] == {"asked_at": "2026-11-25T08:30:00+00:00"}
    assert {"verified", "text"} <= data["reflections"][0].keys()
    assert data["reflections"][0]["text"] == "“Sorry”\n💔"
    assert (data["subscriber"]["first_name"], data["subscriber"]["paused_until"]) == ("Zoë", "2026-12-24")
    assert data["subscriber"]["sent"] == {"intro": "2026-11-25T08:30:00+00:00"}


def test_a_usual_journal_fits_into_one_file() -> None:
    assert list(export.parts([])) == [[]]
    written = [reflection(number, "word " * 400) for number in range(300)]
    assert list(export.parts(written)) == [written]


def test_lambda_can_return_each_part_of_any_journal() -> None:
    """Text that hardly compresses, in reflections of the largest size, and again as HTML."""
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


def test_a_text_that_is_too_large_for_a_part_gets_a_separate_part() -> None:
    large = [reflection(number, "x" * (export.IN_A_ZIP + 1)) for number in range(2)]
    assert list(export.parts(large)) == [[large[0]], [large[1]]], "no part is empty"
