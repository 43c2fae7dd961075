"""The table Reflections: nothing is overwritten, and everything is found again or deleted in time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aws.reflections import SET_ASIDE, SET_ASIDE_LIFE, Reflections, SetAside
from course.reflection import NotTaken, Reflection, Why
from tests.aws.dynalite import asked_for

if TYPE_CHECKING:
    from tests.aws.dynalite import Database


NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
times = st.integers(0, 2_000_000_000).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))
some = st.text(min_size=1, max_size=40)


@pytest.fixture
def reflections(database: "Database") -> Reflections:
    return Reflections(database.client, database.table("Reflections"))


@pytest.fixture
def aside(reflections: Reflections, database: "Database") -> SetAside:
    return SetAside(database.client, reflections._table)


# ---------------------------------------------------------------- reflections

_mails = count(1)


def reflection(**changed: Any) -> Reflection:
    known: dict[str, Any] = {
        "subscriber": "annannannannanna",
        "round": 1,
        "lesson": "acknowledge",
        "received_at": NOW,
        "mail_id": f"mail-{next(_mails):04}",
        "text": "I raised my voice.\n\nThen I left.",
        "attributed_by": "token",
        "proven": True,
        "cut": False,
    }
    return Reflection(**known | changed)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    written=st.builds(
        reflection,
        round=st.integers(1, 99_999),
        lesson=st.just("") | some.filter(lambda lesson: "#" not in lesson),
        received_at=times,
        text=st.text(min_size=1, max_size=2000),
        attributed_by=st.sampled_from(["token", "in-reply-to"]),
        proven=st.booleans(),
        cut=st.booleans(),
    )
)
def test_a_reflection_is_read_as_it_was_stored(reflections: Reflections, written: Reflection) -> None:
    reflections.add(written)
    assert written in reflections.of("annannannannanna")


def test_no_reflection_is_overwritten(reflections: Reflections) -> None:
    """Two mails to one lesson in one second are two reflections; the same mail again is the same one."""
    first, second = reflection(text="One thing."), reflection(text="And another.")
    for written in (first, second, first, replace(first, text="Something else.")):
        reflections.add(written)
    assert list(reflections.of("annannannannanna")) == [first, second]


def test_reflections_of_one_subscriber_are_read_in_order_of_their_rounds(reflections: Reflections) -> None:
    tenth, second, other = reflection(round=10), reflection(round=2), reflection(subscriber="bobbobbobbobbobb")
    for written in (tenth, second, other):
        reflections.add(written)
    assert list(reflections.of("annannannannanna")) == [second, tenth]


def test_a_long_reflection_is_kept_whole(reflections: Reflections) -> None:
    long = reflection(text="ä" * (128 * 1024))
    reflections.add(long)
    assert list(reflections.of("annannannannanna")) == [long]


def test_mail_set_aside_belongs_to_no_subscriber_and_holds_no_words(
    reflections: Reflections, aside: SetAside, database: "Database"
) -> None:
    aside.add("mail-1", NOW, NotTaken(Why.NO_ADDRESS))
    aside.add("mail-2", NOW, NotTaken(Why.SPAM))
    assert list(reflections.of("annannannannanna")) == []
    first, second = sorted(database.items(reflections._table), key=lambda item: str(item["key"]))
    assert first["subscriber"] == second["subscriber"] == {"S": SET_ASIDE}
    assert [first["reason"], second["reason"]] == [{"S": "no valid reply address"}, {"S": "spam"}]
    assert first["expires_at"] == {"N": str(int((NOW + SET_ASIDE_LIFE).timestamp()))}
    assert set(first) == {"subscriber", "key", "mail_id", "reason", "expires_at"}


def test_reflections_by_one_mail_or_by_all_are_erased_for_one_subscriber_only(reflections: Reflections) -> None:
    first, second, other = reflection(), reflection(), reflection(subscriber="bobbobbobbobbobb", mail_id="mail-x")
    for written in (first, second, other):
        reflections.add(written)
    reflections.erase("annannannannanna", second.mail_id)
    reflections.erase("annannannannanna", "mail-x")
    assert list(reflections.of("annannannannanna")) == [first]
    for written in list(reflections.of("annannannannanna")):
        reflections.delete(written)
    assert list(reflections.of("annannannannanna")) == []
    assert list(reflections.of("bobbobbobbobbobb")) == [other]


def test_forget_deletes_reflections_of_given_subscribers_before_a_time(
    reflections: Reflections, aside: SetAside
) -> None:
    recent = reflection(received_at=NOW)
    other = reflection(subscriber="bobbobbobbobbobb", received_at=NOW - timedelta(days=200))
    for written in (recent, other, *(reflection(received_at=NOW - timedelta(days=200)) for _ in range(30))):
        reflections.add(written)
    aside.add("mail-1", NOW - timedelta(days=200), NotTaken(Why.SPAM))
    assert reflections.forget({"annannannannanna", "cececececececece"}, NOW - timedelta(days=90)) == 30
    assert list(reflections.of("annannannannanna")) == [recent]
    assert list(reflections.of("bobbobbobbobbobb")) == [other]


def test_forget_reads_every_page_and_leaves_mail_set_aside(
    reflections: Reflections, aside: SetAside, database: "Database"
) -> None:
    aside.add("mail-1", NOW, NotTaken(Why.SPAM))
    for _ in range(12):
        reflections.add(reflection())
    with asked_for(database, "Scan", Limit=5):
        forgotten = [reflections.forget({"annannannannanna"}, NOW + timedelta(days=90)) for _ in range(2)]
    assert forgotten == [12, 0]
    assert [item["subscriber"] for item in database.items(reflections._table)] == [{"S": SET_ASIDE}]
