"""Receives hostile mails completely, each in a separate process with the same contents as on Lambda."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.mail.hostile import LARGEST, hostile, repeated, with_head
from tests.mail.weighing import FUNCTION, MAX_MEMORY, MAX_SECONDS, Scales, Weighed, weighed_all

pytestmark = pytest.mark.timeout(1800)  # slow on a busy machine, but it ends by itself

FULL_CORE = 1769
"""The MB of memory at which Lambda gives one whole core (Lambda guide, "Configure Lambda function memory")."""
COLD_START = 5.0
"""The CPU time in seconds that is reserved for the start of a process."""


@pytest.fixture(scope="module")
def scales() -> Iterator[Scales]:
    with Scales() as scales:
        yield scales


@pytest.mark.parametrize(("size", "every"), [(4000, 8), pytest.param(1_000_000, 1, marks=pytest.mark.long)])
def test_r5_r25_no_hostile_mail_takes_too_much_time_or_memory(scales: Scales, size: int, every: int) -> None:
    results = list(weighed_all(scales, size, every))

    assert [str(result) for result in results if result.bad] == []
    assert len(results) > 600 // every
    assert {*LARGEST} <= {result.name for result in results}


def test_the_names_of_hostile_mails_are_unique() -> None:
    assert [name for name, times in Counter(name for name, _ in hostile()).items() if times > 1] == []


def test_a_mail_over_a_limit_or_with_an_error_is_bad() -> None:
    assert not Weighed("a mail", MAX_SECONDS, MAX_MEMORY).bad
    assert Weighed("a mail", MAX_SECONDS + 0.01, 0).bad
    assert Weighed("a mail", 0, MAX_MEMORY + 1).bad
    assert Weighed("a mail", 0, 0, "KeyError").bad


def test_the_measured_process_is_the_handlers(scales: Scales) -> None:
    """It holds at least Python and boto3, and no part of the local cloud, which would need twice the memory."""
    ordinary = scales.weighed("ordinary", with_head(b"I lied to her about the money."))
    assert not ordinary.bad
    assert 30 * 2**20 < ordinary.memory < 110 * 2**20
    assert scales.weighed("a large one", LARGEST["10 MB of signs"]()).memory > ordinary.memory + 50 * 2**20
    assert "I lied to her about the money." in texts(scales)

    scales.deliver(with_head(b"Its raw mail is gone."))
    scales.world.clients.s3.delete_object(
        Bucket=scales.world.resources.ref("RawMail"), Key=f"inbound/{scales.world.received[-1].id}"
    )
    assert scales.received("a mail that is gone").error.startswith("failed")


def texts(scales: Scales) -> list[object]:
    return [reflection["text"] for reflection in scales.ann.reflections]


# ---------------------------------------------------------------- a batch

WORST = (
    lambda: with_head(b'<p style="display:none">' + repeated("<p>x", 1_000_000), "text/html"),
    LARGEST["base64 of paragraphs"],
    LARGEST["10 MB of signs"],
    lambda: with_head(repeated("<li>", 1_000_000), "text/html"),
    LARGEST["10 MB of signs and spaces"],
    LARGEST["as many long lines as are read"],
    lambda: with_head(repeated("<br>", 1_000_000), "text/html"),
    lambda: with_head(repeated("[image: ", 1_000_000)),
    LARGEST["as many lines as are read"],
    LARGEST["line ends in quoted-printable"],
)
"""The slowest mails, slowest first."""


def test_r25_a_batch_of_the_slowest_mails_ends_in_time_with_its_good_mail(scales: Scales) -> None:
    """Measured as CPU time, because Lambda gives a share of a core: the machine's load hardly matters."""
    (source,) = (one for one in scales.world.event_sources if one.function.name == FUNCTION)
    seconds = source.function.timeout * min(1, source.function.memory / FULL_CORE)
    assert source.batch_size * MAX_SECONDS + COLD_START <= seconds, "even if each mail takes the longest allowed time"

    words = "I was the neighbour of many bad mails."
    batch = [make() for make in islice(WORST, source.batch_size - 1)]
    weighed = scales.weighed("a batch", *batch, with_head(words.encode()))

    assert not weighed.error, "no mail fails, so none becomes a dead letter"
    assert weighed.seconds + COLD_START < seconds * 2 / 3
    assert weighed.memory < source.function.memory * 2**20 / 2
    assert words in texts(scales)
    assert all(not queue.waiting for queue in scales.world.queues() if queue.is_dead_letters)
