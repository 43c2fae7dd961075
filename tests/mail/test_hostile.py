"""Hostile mails through the whole of receiving, each in a process of its own that holds what it holds on Lambda."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice

import pytest

from tests.mail.hostile import LARGEST, hostile, repeated, with_head
from tests.mail.weighing import FUNCTION, MAX_MEMORY, MAX_SECONDS, Scales, Weighed, weighed_all

pytestmark = pytest.mark.timeout(1800)  # it is slow on a busy machine, and ends by itself

FULL_CORE = 1769
"""MB of memory that buy one whole core (Lambda guide, "Configure Lambda function memory")."""
COLD_START = 5.0
"""Seconds of CPU that are set aside for the first mail of a process."""


@pytest.fixture(scope="module")
def scales() -> Iterator[Scales]:
    with Scales() as scales:
        yield scales


@pytest.mark.parametrize(("size", "every"), [(4000, 8), pytest.param(1_000_000, 1, marks=pytest.mark.long)])
def test_r5_r25_no_hostile_mail_takes_the_handler_too_long_or_too_much(scales: Scales, size: int, every: int) -> None:
    results = list(weighed_all(scales, size, every))

    assert [str(result) for result in results if result.bad] == []
    assert len(results) > 600 // every
    assert {*LARGEST} <= {result.name for result in results}


def test_every_hostile_mail_has_a_name_of_its_own() -> None:
    assert [name for name, times in Counter(name for name, _ in hostile()).items() if times > 1] == []


def test_what_is_over_a_bound_or_was_not_done_is_bad() -> None:
    assert not Weighed("a mail", MAX_SECONDS, MAX_MEMORY).bad
    assert Weighed("a mail", MAX_SECONDS + 0.01, 0).bad
    assert Weighed("a mail", 0, MAX_MEMORY + 1).bad
    assert Weighed("a mail", 0, 0, "KeyError").bad


def test_the_scales_weigh_the_handler_s_own_process(scales: Scales) -> None:
    """Python and boto3 at least, and nothing of the local cloud, which would weigh twice as much."""
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
"""Those that take longest, the longest first."""


def test_r25_a_batch_of_the_worst_mails_ends_in_time_and_their_neighbour_is_done(scales: Scales) -> None:
    """In CPU time, of which Lambda gives a share of a core: how fast this machine is hardly matters."""
    (source,) = (one for one in scales.world.event_sources if one.function.name == FUNCTION)
    seconds = source.function.timeout * min(1, source.function.memory / FULL_CORE)
    assert source.batch_size * MAX_SECONDS + COLD_START <= seconds, "if each took as long as a mail may take"

    words = "I was the neighbour of many bad mails."
    batch = [make() for make in islice(WORST, source.batch_size - 1)]
    weighed = scales.weighed("a batch", *batch, with_head(words.encode()))

    assert not weighed.error, "none comes back, so none goes to the dead letters"
    assert weighed.seconds + COLD_START < seconds * 2 / 3
    assert weighed.memory < source.function.memory * 2**20 / 2
    assert words in texts(scales)
    assert all(not queue.waiting for queue in scales.world.queues() if queue.is_dead_letters)
